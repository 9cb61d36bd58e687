//! The predictions of one exchange on their way to the table: in which segments each row is, and what it is called once its
//! request's id is known. It holds a bounded number of rows.

use alloc::{boxed::Box, vec::Vec};

use driftline_inference::predictive::PathReader;
use driftline_labels::Untracked;
use driftline_metrics::buffer::MetricBuffer;
use driftline_statistics::{document::LABEL_BYTES_MAX, fingerprint::Fingerprint, value::Cell};

use super::{IdPaths, predictions::PredictionId, record::id_name};
use crate::labelled::{Cells, LabelledModel};

/// Of how many rows segments are kept until their predictions come, and predictions until their id does.
pub(crate) const HELD_MAX: usize = 128;

/// Of how much of a body an id is looked for.
const ID_BYTES_READ_MAX: usize = 64 << 10;

/// Puts a prediction into the table, and counts it.
pub(crate) type Note<'a> = &'a dyn Fn(PredictionId, f64, Cells, &LabelledModel, &mut MetricBuffer);

/// The first document of a body, in which an id is looked for.
#[derive(Debug)]
struct IdDocument {
    reader: PathReader,
    /// Whether the document has begun: events of a stream have a name before it.
    has_begun: bool,
    /// How many bytes are still looked at.
    bytes_left: usize,
}

/// The rows of one exchange.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    /// What the request is called.
    name: Option<Fingerprint>,
    /// Segments by row of the request; beyond those the first one's header values alone are known.
    cells: Vec<Cells>,
    of_headers: Option<Cells>,
    /// The headers that segments are told apart by, until the model is known.
    headers: Vec<(Box<str>, Vec<u8>)>,
    /// Looks for the id in the document of a model that generates.
    document: Option<Box<IdDocument>>,
    /// Rows and predictions that wait for the name.
    waiting: Vec<(u64, f64)>,
    /// The next row of values that come outside of rows.
    next_row: u64,
}

impl Tracker {
    /// What it takes at most, in bytes.
    pub(crate) const BYTES_MAX: usize = size_of::<Tracker>()
        + size_of::<IdDocument>()
        + HELD_MAX * (size_of::<Cells>() + size_of::<(u64, f64)>())
        + 3 * crate::memory::BLOCK_BYTES;

    /// Takes the id of the request, if this is one. The first one counts.
    pub(crate) fn take_id(&mut self, cell: Cell<'_>) {
        if self.name.is_none() {
            self.name = id_name(cell);
        }
    }

    /// Whether the id is still looked for in the bodies of a model that generates.
    pub(crate) fn looks_for_id(&self) -> bool {
        self.name.is_none() && self.document.as_ref().is_none_or(|it| it.bytes_left != 0)
    }

    /// Looks for the id in the next piece of a body: in the first document of it, which in a stream is that of the first
    /// event.
    pub(crate) fn read_id(&mut self, paths: &IdPaths, mut bytes: &[u8]) {
        let new = || {
            let reader = PathReader::of_document();
            Box::new(IdDocument { reader, has_begun: false, bytes_left: ID_BYTES_READ_MAX })
        };
        let document = self.document.get_or_insert_with(new);
        if !document.has_begun {
            let Some(begin) = bytes.iter().position(|&byte| byte == b'{') else { return };
            bytes = bytes.get(begin..).unwrap_or_default();
            document.has_begun = true;
        }
        bytes = bytes.get(..document.bytes_left).unwrap_or(bytes);
        document.bytes_left = document.bytes_left.saturating_sub(bytes.len());
        let name = &mut self.name;
        document.reader.read(bytes, paths, &mut |_, cell| {
            *name = name.or_else(|| id_name(cell));
        });
    }

    /// Takes a header that segments are told apart by.
    pub(crate) fn take_header(&mut self, name: &str, value: &[u8]) {
        let value = value.get(..LABEL_BYTES_MAX).unwrap_or(value);
        if self.headers.iter().all(|(known, _)| **known != *name) {
            self.headers.push((name.into(), value.into()));
        }
    }

    /// In which cells rows are of which no more is known.
    fn usual(&mut self, model: &LabelledModel) -> Cells {
        let (segments, headers) = (&model.segments, &self.headers);
        *self.of_headers.get_or_insert_with(|| {
            segments.headers().fold(segments.unknown(), |cells, (number, name)| {
                let value = headers.iter().find(|(known, _)| **known == *name);
                value.map_or(cells, |(_, value)| segments.with_value(cells, number, value))
            })
        })
    }

    /// Takes the bin of a feature in a row of the request; `None` as the row is for all of them.
    pub(crate) fn take_bin(
        &mut self,
        model: &LabelledModel,
        feature: usize,
        row: Option<u64>,
        bin: usize,
    ) {
        let (segments, usual) = (&model.segments, self.usual(model));
        if segments.is_empty() {
            return;
        }
        let Some(row) = row else {
            self.of_headers = Some(segments.with_bin(usual, feature, bin));
            return;
        };
        let Some(row) = usize::try_from(row).ok().filter(|&row| row < HELD_MAX) else { return };
        if self.cells.len() <= row {
            self.cells.reserve(row.saturating_add(1).saturating_sub(self.cells.len()));
            self.cells.resize(row.saturating_add(1), usual);
        }
        if let Some(cells) = self.cells.get_mut(row) {
            *cells = segments.with_bin(*cells, feature, bin);
        }
    }

    /// Takes the prediction of a row of the answer.
    pub(crate) fn take_prediction(
        &mut self,
        model: &LabelledModel,
        row: Option<u64>,
        predicted: f64,
        buffer: &mut MetricBuffer,
        note: Note<'_>,
    ) {
        let row = row.unwrap_or(self.next_row);
        self.next_row = row.saturating_add(1);
        if self.name.is_some() {
            self.note(model, row, predicted, buffer, note);
        } else if self.waiting.len() < HELD_MAX {
            self.waiting.push((row, predicted));
        } else {
            model.count_untracked(buffer, Untracked::TooManyRows, 1);
        }
    }

    /// Puts what waits into the table, if the name is known.
    pub(crate) fn flush(
        &mut self,
        model: &LabelledModel,
        buffer: &mut MetricBuffer,
        note: Note<'_>,
    ) {
        if self.name.is_some() {
            for (row, predicted) in core::mem::take(&mut self.waiting) {
                self.note(model, row, predicted, buffer, note);
            }
        }
    }

    /// Ends the exchange: what still waits has no name.
    pub(crate) fn end(&mut self, model: &LabelledModel, buffer: &mut MetricBuffer, note: Note<'_>) {
        self.flush(model, buffer, note);
        let waiting = u64::try_from(self.waiting.len()).unwrap_or(u64::MAX);
        if waiting != 0 {
            model.count_untracked(buffer, Untracked::NoId, waiting);
        }
        self.waiting = Vec::new();
    }

    fn note(
        &mut self,
        model: &LabelledModel,
        row: u64,
        predicted: f64,
        buffer: &mut MetricBuffer,
        note: Note<'_>,
    ) {
        let Some(name) = self.name else { return };
        let known = usize::try_from(row).ok().and_then(|row| self.cells.get(row).copied());
        let cells = known.unwrap_or_else(|| self.usual(model));
        note(PredictionId::new(name, row), predicted, cells, model, buffer);
    }
}

/// A tracker, where the configuration has a table.
pub(crate) type Tracked = Option<Box<Tracker>>;
