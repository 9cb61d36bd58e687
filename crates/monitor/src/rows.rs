//! What one body with rows brought: which rows count, and how many values each column had. It keeps no value.

use alloc::{boxed::Box, vec, vec::Vec};

use driftline_labels::Direction;
use driftline_statistics::value::{Cell, InBin, Placed};

use crate::{
    capture::Capture,
    feedback::tracker::{Note, Tracker},
    labelled::LabelledModel,
    model::{PredictionSeries, RowViolation},
};
use driftline_inference::predictive::{Event, Fault, PathStep};
use driftline_metrics::{buffer::MetricBuffer, series::SeriesId};

/// Counts what a reader reports of one body.
///
/// What rows lack is known only when the body is over, because a format by columns brings rows last: so it is a
/// difference, taken once by [`RowRecorder::end`]. That also makes an empty row, which is two bytes, cheap.
#[derive(Debug, Default)]
pub(crate) struct RowRecorder {
    has_begun: bool,
    /// Rows that ended.
    rows: u64,
    /// By column: how many values came, of rows that count.
    present: Box<[u32]>,
    /// Values of the headers in which anything is looked for, in the layout's order; `None` for one that is not there.
    headers: Vec<Option<Vec<u8>>>,
}

/// What a [`RowRecorder`] counts with.
pub(crate) struct Counting<'a, 'm> {
    pub(crate) series: &'m PredictionSeries,
    pub(crate) direction: Direction,
    /// When the request came, in seconds since 1970, if that is known.
    pub(crate) asked_at: Option<f64>,
    pub(crate) buffer: &'a mut MetricBuffer,
    /// How many values have yet to be added to the counter of all monitored ones.
    pub(crate) monitored: u64,
    pub(crate) capture: &'a mut Capture,
    /// `None` where predictions do not wait for labels.
    pub(crate) tracker: Option<&'a mut Tracker>,
    pub(crate) host: HostCalls<'a>,
}

/// What may be asked of the host while a body is read.
#[derive(Clone, Copy)]
pub(crate) struct HostCalls<'a> {
    /// Hands over what is in a buffer.
    pub(crate) flush: &'a dyn Fn(&mut MetricBuffer),
    /// Puts a prediction where its label finds it.
    pub(crate) note: Note<'a>,
}

impl RowRecorder {
    /// Keeps the values of headers until the body begins.
    pub(crate) fn keep_headers(&mut self, values: Vec<Option<Vec<u8>>>) {
        self.headers = values;
    }

    /// Whether a body that may have rows has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Begins a body, and counts what is looked for in its headers, whose names are these. Again, if the body turns out to
    /// name another model.
    pub(crate) fn begin(&mut self, header_names: &[Box<str>], to: &mut Counting<'_, '_>) {
        self.has_begun = true;
        self.rows = 0;
        self.present = vec![0; to.series.columns.len()].into();
        let selectors = to.series.selectors(to.direction);
        for (column, name) in &selectors.headers {
            let position = header_names.iter().position(|known| known == name);
            let value = position.and_then(|position| self.headers.get(position)?.as_deref());
            match value {
                Some(value) => {
                    count(&mut self.present, *column, None, Cell::Untyped(value), to);
                }
                None => count_missing(*column, 1, to),
            }
        }
    }

    /// Takes what was read.
    #[inline]
    pub(crate) fn take(&mut self, event: Event<'_>, to: &mut Counting<'_, '_>) {
        match event {
            Event::Cell { column, row, cell } => {
                if to.series.sampling.keeps(row) {
                    count(&mut self.present, column, Some(row), cell, to);
                }
            }
            Event::Value { column, cell } => count(&mut self.present, column, None, cell, to),
            Event::Rows(ended) => {
                self.rows = self.rows.saturating_add(ended);
                to.buffer.add(rows_series(to), ended);
            }
            // Its cells count all the same.
            Event::NoRow => {}
            Event::Fault(fault) => {
                let violation = match fault {
                    Fault::ExtraColumn => RowViolation::ExtraColumn,
                    Fault::WrongShape => RowViolation::WrongShape,
                };
                if let Some(violations) = &to.series.violations {
                    violations.count(to.buffer, violation);
                }
            }
        }
    }

    /// Counts what was looked for and did not come. Once, when the body is over; `is_whole` says that it was one whole
    /// document.
    ///
    /// A column of rows is missing from as many rows that count as had no value of it; one at a path with `[]` likewise
    /// from all rows; one at another path from the whole of a document that ended as one.
    pub(crate) fn end(&self, is_whole: bool, to: &mut Counting<'_, '_>) {
        let selectors = to.series.selectors(to.direction);
        let kept = to.series.sampling.kept(self.rows);
        let lacking = |column: usize, expected: u64| {
            let present = self.present.get(column).copied().map_or(0, u64::from);
            expected.saturating_sub(present)
        };
        for column in 0..to.series.columns.len() {
            if selectors.columns.reads(column).is_some() {
                count_missing(column, lacking(column, kept), to);
            }
        }
        for (column, _, steps) in &selectors.paths {
            let is_of_rows = steps.contains(&PathStep::Elements);
            let expected = if is_of_rows { self.rows } else { u64::from(is_whole) };
            count_missing(*column, lacking(*column, expected), to);
        }
    }
}

/// The counter of rows in this direction.
fn rows_series(to: &Counting<'_, '_>) -> SeriesId {
    match to.direction {
        Direction::Request => to.series.instances,
        Direction::Response => to.series.predictions,
    }
}

/// Counts a value of a column, which is in a row or of the whole body.
fn count(
    present: &mut [u32],
    column: usize,
    row: Option<u64>,
    cell: Cell<'_>,
    to: &mut Counting<'_, '_>,
) {
    if let (Some(present), Some(monitored)) =
        (present.get_mut(column), to.series.columns.get(column))
    {
        *present = present.saturating_add(1);
        let cell = monitored.aged(cell, to.asked_at);
        let placed = monitored.place(cell);
        if let Some(labelled) = &to.series.labelled {
            follow(labelled, column, row, cell, placed, to);
        }
        monitored.count(to.buffer, placed);
        to.monitored = to.monitored.saturating_add(1);
        monitored.count_age(to.buffer, cell);
        to.capture.value(monitored.first_bin(), cell);
        if to.buffer.is_full() {
            (to.host.flush)(to.buffer);
        }
    } else if let (Some(labelled), Some(tracker)) = (&to.series.labelled, &mut to.tracker) {
        // No column of the profile: what the request is called.
        tracker.take_id(cell);
        tracker.flush(labelled, to.buffer, to.host.note);
    }
}

/// Follows a value of a model that takes labels: the segment that it puts its row in, or the prediction that it is.
#[inline(never)]
fn follow(
    labelled: &LabelledModel,
    column: usize,
    row: Option<u64>,
    cell: Cell<'_>,
    placed: Placed,
    to: &mut Counting<'_, '_>,
) {
    if column < to.series.features().len() {
        if let (Some(tracker), Ok(InBin { bin, .. })) = (&mut to.tracker, placed) {
            tracker.take_bin(labelled, column, row, bin);
        }
        return;
    }
    let Some(predicted) = labelled.predicted(cell) else { return };
    labelled.count_prediction(to.buffer, predicted);
    if let Some(tracker) = &mut to.tracker {
        tracker.take_prediction(labelled, row, predicted, to.buffer, to.host.note);
    }
}

/// Counts that a column has no value in this many rows.
fn count_missing(column: usize, rows: u64, to: &mut Counting<'_, '_>) {
    if let Some(monitored) = to.series.columns.get(column) {
        monitored.count_missing(to.buffer, rows);
        to.monitored = to.monitored.saturating_add(rows);
        to.capture.missing(monitored.first_bin(), rows);
    }
}
