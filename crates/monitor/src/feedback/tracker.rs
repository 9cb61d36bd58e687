//! The predictions of one exchange on their way to the table: in which segments each row is, and what it is called once its
//! request's id is known. It holds a bounded number of rows.

use alloc::{boxed::Box, vec::Vec};

use driftline_labels::Untracked;
use driftline_metrics::buffer::MetricBuffer;
use driftline_statistics::{fingerprint::Fingerprint, value::Cell};

use super::{
    predictions::{Noted, Prediction, PredictionId},
    record::id_name,
};
use crate::labelled::{Cells, LabelledModel};

/// Of how many rows segments are kept until their predictions come, and predictions until their id does.
pub(crate) const HELD_MAX: usize = 128;

/// Puts a prediction into the table.
pub(crate) type Note<'a> = &'a dyn Fn(PredictionId, f64, u32, &LabelledModel) -> Noted;

/// The rows of one exchange.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    /// What the request is called.
    name: Option<Fingerprint>,
    /// Segments by row of the request; beyond those the first one's header values alone are known.
    cells: Vec<Cells>,
    of_headers: Option<Cells>,
    /// Rows and predictions that wait for the name.
    waiting: Vec<(u64, f64)>,
    /// The next row of values that come outside of rows.
    next_row: u64,
}

impl Tracker {
    /// What it takes at most, in bytes.
    pub(crate) const BYTES_MAX: usize = size_of::<Tracker>()
        + HELD_MAX * (size_of::<Cells>() + size_of::<(u64, f64)>())
        + 2 * crate::memory::BLOCK_BYTES;

    /// Takes the id of the request, if this is one. The first one counts.
    pub(crate) fn take_id(&mut self, cell: Cell<'_>) {
        if self.name.is_none() {
            self.name = id_name(cell);
        }
    }

    /// Takes in which cells all rows are by the values of headers.
    pub(crate) fn take_headers(&mut self, cells: Cells) {
        self.of_headers = Some(cells);
    }

    /// Takes the bin of a feature in a row of the request; `None` as the row is for all of them.
    pub(crate) fn take_bin(
        &mut self,
        model: &LabelledModel,
        feature: usize,
        row: Option<u64>,
        bin: usize,
    ) {
        let segments = &model.segments;
        let Some(row) = row else {
            let cells = self.of_headers.unwrap_or_else(|| segments.unknown());
            self.of_headers = Some(segments.with_bin(cells, feature, bin));
            return;
        };
        let Some(row) = usize::try_from(row).ok().filter(|&row| row < HELD_MAX) else { return };
        if self.cells.len() <= row {
            let unknown = self.of_headers.unwrap_or_else(|| segments.unknown());
            self.cells.reserve_exact(HELD_MAX.saturating_sub(self.cells.len()));
            self.cells.resize(row.saturating_add(1), unknown);
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
        &self,
        model: &LabelledModel,
        row: u64,
        predicted: f64,
        buffer: &mut MetricBuffer,
        note: Note<'_>,
    ) {
        let Some(name) = self.name else { return };
        let known = usize::try_from(row).ok().and_then(|row| self.cells.get(row).copied());
        let cells = known.or(self.of_headers).unwrap_or_else(|| model.segments.unknown());
        match note(PredictionId::new(name, row), predicted, cells.0, model) {
            Noted::Added | Noted::Evicted { .. } => model.count_tracked(buffer, false),
            Noted::Replaced => model.count_tracked(buffer, true),
            Noted::Refused => model.count_untracked(buffer, Untracked::Refused, 1),
        }
    }
}

/// A tracker, where the configuration has a table.
pub(crate) type Tracked = Option<Box<Tracker>>;

/// What is in the table of a prediction at this moment.
pub(crate) fn prediction(value: f64, segments: u32, model: u32, seconds: u64) -> Prediction {
    Prediction { value, seconds: u32::try_from(seconds).unwrap_or(u32::MAX), model, segments }
}
