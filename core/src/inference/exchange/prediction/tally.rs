//! What one body of an exchange brought: which rows counted, and which of them had each column. It keeps no value.

use alloc::{boxed::Box, vec};

use crate::{
    inference::predictive::{Cell, Event, Fault},
    metrics::{buffer::MetricBuffer, series::SeriesId},
    monitor::{
        config::Step,
        model::{ColumnSelectors, PredictionSeries, RowViolation},
    },
};
use driftline_wire::json::JsonEnd;

/// Counts what a reader reports.
///
/// What rows lack is known only when the body is over, because a format by columns brings rows last: so it is a
/// difference, taken once by [`Tally::close`]. That also makes an empty row, which is two bytes, cheap.
#[derive(Debug)]
pub(super) struct Tally {
    /// Rows that ended.
    pub(super) rows: u64,
    /// When the request came, in seconds since 1970, if that is known.
    asked_at: Option<f64>,
    /// By column: how many values came, of rows that count.
    present: Box<[u32]>,
}

impl Tally {
    pub(super) fn new(series: Option<&PredictionSeries>, asked_at: Option<f64>) -> Tally {
        let columns = series.map_or(0, |series| series.columns.len());
        Tally { rows: 0, asked_at, present: vec![0; columns].into() }
    }

    /// Takes what was read; `rows` is the counter of rows on this side.
    pub(super) fn take(
        &mut self,
        series: &PredictionSeries,
        rows: SeriesId,
        buffer: &mut MetricBuffer,
        event: Event<'_>,
    ) {
        match event {
            Event::Cell { column, row, cell } => {
                if series.sampling.keeps(row) {
                    self.count(series, buffer, column, cell);
                }
            }
            Event::Rows(ended) => {
                self.rows = self.rows.saturating_add(ended);
                buffer.add(rows, ended);
            }
            Event::Fault(fault) => {
                let violation = match fault {
                    Fault::ExtraColumn => RowViolation::ExtraColumn,
                    Fault::WrongShape => RowViolation::WrongShape,
                };
                if let Some(violations) = &series.violations {
                    violations.count(buffer, violation);
                }
            }
        }
    }

    /// Counts a value of a column.
    pub(super) fn count(
        &mut self,
        series: &PredictionSeries,
        buffer: &mut MetricBuffer,
        column: usize,
        cell: Cell<'_>,
    ) {
        if let (Some(present), Some(monitored)) =
            (self.present.get_mut(column), series.columns.get(column))
        {
            *present = present.saturating_add(1);
            let cell = if monitored.has_ages() { cell.aged(self.asked_at) } else { cell };
            monitored.count(buffer, monitored.place(cell));
            monitored.count_age(buffer, cell);
            buffer.capture(monitored.first_bin(), cell);
        }
    }

    /// Counts that a column has no value.
    pub(super) fn count_missing(
        &self,
        series: &PredictionSeries,
        buffer: &mut MetricBuffer,
        column: usize,
    ) {
        if let Some(monitored) = series.columns.get(column) {
            monitored.count_missing(buffer, 1);
            buffer.capture_missing(monitored.first_bin(), 1);
        }
    }

    /// Counts what was looked for and did not come. Once, at the end.
    ///
    /// A column of rows is missing from as many rows that count as had no value of it; one at a path with `[]` likewise
    /// from all rows; one at another path from the whole of a document that ended as one.
    pub(super) fn close(
        &self,
        series: &PredictionSeries,
        sources: &ColumnSelectors,
        buffer: &mut MetricBuffer,
        ending: JsonEnd,
    ) {
        let mut missing = |column: usize, expected: u64| {
            let present = self.present.get(column).copied().map_or(0, u64::from);
            if let Some(monitored) = series.columns.get(column) {
                let rows = expected.saturating_sub(present);
                monitored.count_missing(buffer, rows);
                buffer.capture_missing(monitored.first_bin(), rows);
            }
        };
        let kept = series.sampling.kept(self.rows);
        for column in 0..series.columns.len() {
            if sources.columns.reads(column).is_some() {
                missing(column, kept);
            }
        }
        for (column, steps) in &sources.paths {
            let is_of_rows = steps.contains(&Step::Elements);
            let whole = u64::from(ending == JsonEnd::Complete);
            missing(*column, if is_of_rows { self.rows } else { whole });
        }
    }
}
