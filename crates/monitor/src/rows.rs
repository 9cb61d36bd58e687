//! What one body with rows brought: which rows count, and how many values each column had. It keeps no value.

use alloc::{boxed::Box, vec, vec::Vec};

use driftline_labels::Direction;
use driftline_statistics::value::{Cell, InBin, NullTexts, Placed};

use crate::{
    answer::AnswerRow,
    capture::Capture,
    feedback::tracker::{Note, Tracker},
    held::HeldColumn,
    labelled::LabelledModel,
    model::{PredictionSeries, RowViolation},
};
use driftline_inference::predictive::{Event, Fault, Part, PathStep};
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
    /// From the beginning of the body on.
    body: Option<Box<RowsOfBody>>,
    /// Values of the headers in which anything is looked for, in the layout's order; `None` for one that is not there.
    headers: Vec<Option<Vec<u8>>>,
}

/// The number of no row.
const NO_ROW: u64 = u64::MAX;
/// Its serial number.
const NO_SERIAL: u32 = 0;

/// The rows of a body.
#[derive(Debug, Default)]
struct RowsOfBody {
    /// By number.
    columns: Box<[HeldColumn]>,
    /// The row of the last value.
    row: u64,
    /// Its number among all of them: in a format by columns, rows have the same numbers again.
    serial: u32,
    /// That row may not be over.
    is_open: bool,
    /// Some of its values are not in the buffer, because they came in earlier callbacks.
    has_withheld: bool,
    /// The open row of an answer whose parts say the prediction.
    answer: Option<Box<AnswerRow>>,
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
    /// The score of the prediction at hand, if its answer has one.
    pub(crate) score: Option<f64>,
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
        let columns = vec![HeldColumn::default(); to.series.columns.len()].into();
        let mut body = Box::new(RowsOfBody { columns, row: NO_ROW, ..RowsOfBody::default() });
        let selectors = to.series.selectors(to.direction);
        for (column, name) in &selectors.headers {
            let position = header_names.iter().position(|known| known == name);
            let value = position.and_then(|position| self.headers.get(position)?.as_deref());
            match value {
                Some(value) => {
                    body.count(*column, NO_ROW, Cell::Untyped(value), to);
                }
                None => count_missing(*column, 1, to),
            }
        }
        self.body = Some(body);
    }

    /// Rows that ended.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes what was read.
    #[inline]
    pub(crate) fn take(&mut self, event: Event<'_>, to: &mut Counting<'_, '_>) {
        let Some(body) = &mut self.body else { return };
        match event {
            Event::Cell { column, row, cell } => {
                if to.series.sampling.keeps(row) {
                    body.count(column, row, cell, to);
                }
            }
            Event::Value { column, cell } => body.count(column, NO_ROW, cell, to),
            Event::Rows(ended) => {
                body.end_row(to);
                self.rows = self.rows.saturating_add(ended);
                to.buffer.add(rows_series(to), ended);
            }
            Event::RowEnd => body.end_row(to),
            Event::NoRow => body.drop_row(to),
            Event::Fault(fault) => {
                let violation = match fault {
                    Fault::ExtraColumn => RowViolation::ExtraColumn,
                    Fault::WrongShape => RowViolation::WrongShape,
                };
                if let (Fault::ExtraColumn, Some(answer)) = (fault, &mut body.answer) {
                    answer.note_extra();
                }
                breach(to, violation);
            }
        }
    }

    /// Ends the callback: what the open row has counted stays with it until it is over.
    #[inline]
    pub(crate) fn end_callback(&mut self, to: &mut Counting<'_, '_>) {
        if let Some(body) = &mut self.body
            && body.is_open
        {
            body.withhold(to);
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
            let present = self.body.as_ref().and_then(|body| body.columns.get(column));
            let present = present.map_or(0, |it| u64::from(it.present));
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

impl RowsOfBody {
    /// Counts a value of a column, which is in a row or of the whole body.
    #[inline(never)]
    fn count(&mut self, column: usize, row: u64, cell: Cell<'_>, to: &mut Counting<'_, '_>) {
        let mut serial = self.serial;
        if row != self.row {
            serial = self.begin_row(row, to);
        }
        let (Some(held), Some(monitored)) =
            (self.columns.get_mut(column), to.series.columns.get(column))
        else {
            return self.count_other(column, cell, to);
        };
        held.present = held.present.saturating_add(1);
        let cell = monitored.aged(cell, to.asked_at);
        let placed = monitored.place(cell);
        if let Some(labelled) = &to.series.labelled {
            follow(labelled, column, Some(row).filter(|&row| row != NO_ROW), cell, placed, to);
        }
        // Most values are not odd in any way, and have it quicker.
        match placed {
            Ok(InBin { bin, is_outside: false, tail_distance: None }) => {
                held.set(serial, bin);
                monitored.count_bin(to.buffer, bin);
            }
            odd => {
                held.set_odd(serial, odd);
                monitored.count(to.buffer, odd);
            }
        }
        to.monitored = to.monitored.saturating_add(1);
        to.capture.value(monitored.first_bin(), cell);
        if monitored.has_ages() {
            monitored.count_age(to.buffer, cell);
            if to.buffer.is_full() {
                self.withhold(to);
                (to.host.flush)(to.buffer);
            }
        }
    }

    /// A value of another row than the last one comes, or of no row. The serial number of its row.
    #[inline(never)]
    fn begin_row(&mut self, row: u64, to: &mut Counting<'_, '_>) -> u32 {
        if row == NO_ROW {
            return NO_SERIAL;
        }
        self.end_row(to);
        (self.row, self.is_open) = (row, true);
        self.serial = self.serial.wrapping_add(1).max(NO_SERIAL + 1);
        self.serial
    }

    /// Takes what is no column of the profile: a part of an answer, or what the request is called.
    #[inline(never)]
    fn count_other(&mut self, column: usize, cell: Cell<'_>, to: &mut Counting<'_, '_>) {
        if let (Some(part), Some(form)) = (Part::of(column), &to.series.answer) {
            self.answer.get_or_insert_default().take(self.row, part, cell, form);
        } else if let (Some(labelled), Some(tracker)) = (&to.series.labelled, &mut to.tracker) {
            tracker.take_id(cell);
            tracker.flush(labelled, to.buffer, to.host.note);
        }
    }

    /// Ends the row, which is one.
    #[inline]
    fn end_row(&mut self, to: &mut Counting<'_, '_>) {
        if self.answer.is_some() {
            self.count_answer(to);
        }
        if self.has_withheld {
            self.has_withheld = false;
            let counted = self.turn(to.series, to.buffer, false);
            to.monitored = to.monitored.saturating_add(counted);
        }
        self.is_open = false;
    }

    /// Takes what the open row has counted back from the buffer, because it may turn out to be none.
    #[inline(never)]
    fn withhold(&mut self, to: &mut Counting<'_, '_>) {
        self.has_withheld = true;
        let mut taken = 0;
        to.buffer.take_back(|buffer| taken = self.turn(to.series, buffer, true));
        to.monitored = to.monitored.saturating_sub(taken);
    }

    /// Withholds the values of the open row, or counts those again that are withheld. How many these are.
    #[inline(never)]
    fn turn(
        &mut self,
        series: &PredictionSeries,
        buffer: &mut MetricBuffer,
        withholds: bool,
    ) -> u64 {
        let mut turned: u64 = 0;
        for (held, monitored) in self.columns.iter_mut().zip(&series.columns) {
            if held.is_of(self.serial, !withholds) {
                monitored.count(buffer, held.placed());
                held.withhold(withholds);
                turned = turned.saturating_add(1);
            }
        }
        turned
    }

    /// Drops the open row, which is none.
    #[inline(never)]
    fn drop_row(&mut self, to: &mut Counting<'_, '_>) {
        self.withhold(to);
        for held in self.columns.iter_mut().filter(|held| held.is_of(self.serial, true)) {
            held.forget();
        }
        (self.has_withheld, self.is_open) = (false, false);
        if let Some(answer) = &mut self.answer {
            answer.drop_row();
        }
    }

    /// Counts what the parts of an answer's row say.
    #[inline(never)]
    fn count_answer(&mut self, to: &mut Counting<'_, '_>) {
        let Some(mut answer) = self.answer.take() else { return };
        if let Some(form) = &to.series.answer
            && let Some((row, said)) = answer.said(form)
        {
            if said.has_extra {
                breach(to, RowViolation::ExtraColumn);
            }
            if said.has_wrong_shape {
                breach(to, RowViolation::WrongShape);
            }
            // The score comes first, because labels want it.
            let share = said.score.filter(|_| said.is_share);
            to.score = share.and_then(|share| share.number(&NullTexts::NONE).ok());
            let score = form.score.zip(said.score);
            let is_new = |column: usize| {
                let is_of = |held: &HeldColumn, withheld| held.is_of(self.serial, withheld);
                self.columns.get(column).is_some_and(|it| !is_of(it, false) && !is_of(it, true))
            };
            if let Some((column, score)) = score.filter(|(column, _)| is_new(*column)) {
                self.count(column, row, score, to);
            }
            if let (Some(cell), Some(column)) =
                (said.prediction, to.series.columns.get(form.prediction))
            {
                let classes = form.shares.as_ref().map(|it| it.classes.as_slice());
                let cell = column.class_cell(cell, classes.unwrap_or_default());
                self.count(form.prediction, row, cell, to);
            }
            to.score = None;
        }
        answer.drop_row();
        self.answer = Some(answer);
    }
}

/// The counter of rows in this direction.
fn rows_series(to: &Counting<'_, '_>) -> SeriesId {
    match to.direction {
        Direction::Request => to.series.instances,
        Direction::Response => to.series.predictions,
    }
}

/// Counts a breach of the schema by a row.
fn breach(to: &mut Counting<'_, '_>, violation: RowViolation) {
    if let Some(violations) = &to.series.violations {
        violations.count(to.buffer, violation);
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
    // Whether the score is one of its own.
    if column != to.series.features().len() {
        return;
    }
    let Some(predicted) = labelled.predicted(cell, to.score) else { return };
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
