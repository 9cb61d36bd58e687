//! What the moments in a row say: ages, as of the moment that the row was made, and its hour of the day; it reads no clock.

use driftline_statistics::{profile::Kind, time::hour::HourOfDay, value::NullTexts};

use super::{
    options::{AsOf, Options},
    selection::{self, Purpose},
};
use crate::{
    cell::{Cell, WITHOUT_AS_OF},
    column::ColumnOptions,
};

const WITHOUT_MOMENT: &str = "a date or time in a row that does not say when it was made";

/// Which cells of a row are moments, as of when they have an age, and which one says the hour of the row.
#[derive(Debug)]
pub(super) struct Moments {
    /// As of when, if it is the same for all rows.
    moment: Option<f64>,
    /// Whether it differs from row to row.
    differs_by_row: bool,
    /// The cell of a row that says it, once its column is announced.
    as_of: Option<usize>,
    /// Whether the hour of a row is asked for.
    has_hours: bool,
    /// The cell that says it, once its column is announced.
    hour: Option<usize>,
    /// The cells that are no part of the profile, in their order.
    apart: Vec<usize>,
    /// By cell: whether its column is given as a timestamp.
    is_timestamp: Vec<bool>,
    nulls: NullTexts,
}

/// A row as the profile takes it.
pub(super) struct Row<'c> {
    pub(super) cells: Vec<Cell<'c>>,
    pub(super) hour: Option<HourOfDay>,
}

impl Moments {
    pub(super) fn new(options: &Options) -> Moments {
        let (moment, differs_by_row) = match &options.as_of {
            Some(AsOf::Moment(seconds)) => (Some(*seconds), false),
            Some(AsOf::Column(_)) => (None, true),
            None => (None, false),
        };
        Moments {
            moment,
            differs_by_row,
            as_of: None,
            has_hours: options.by_hour.is_some(),
            hour: None,
            apart: Vec::new(),
            is_timestamp: Vec::new(),
            nulls: options.settings.nulls(),
        }
    }

    /// Announces the next cell of each row, of a column of this name.
    pub(super) fn column(
        &mut self,
        name: &str,
        purpose: Purpose,
        of_column: ColumnOptions,
        options: &Options,
    ) {
        let cell = self.is_timestamp.len();
        if selection::says_as_of(name, options) {
            self.as_of = Some(cell);
        }
        if selection::says_hour(name, options) {
            self.hour = Some(cell);
        }
        if !matches!(purpose, Purpose::Column(_)) {
            self.apart.push(cell);
        }
        self.is_timestamp.push(of_column.kind == Some(Kind::Timestamp));
    }

    /// Whether rows have to be [taken](Moments::take): they may hold moments that need an age, or say their hour.
    pub(super) fn are_asked_for(&self) -> bool {
        self.moment.is_some()
            || self.differs_by_row
            || self.has_hours
            || !self.apart.is_empty()
            || self.is_timestamp.contains(&true)
    }

    /// The cells of a row with ages in place of moments, without those that only say when the row was made; and its hour.
    pub(super) fn take<'c>(&self, cells: impl IntoIterator<Item = Cell<'c>>) -> Row<'c> {
        let mut cells: Vec<Cell<'c>> = cells.into_iter().collect();
        let moment_in = |cell: usize| cells.get(cell).and_then(|cell| cell.moment(&self.nulls));
        let as_of = match self.as_of {
            Some(cell) => moment_in(cell),
            None => self.moment,
        };
        let hour = self.hour.and_then(moment_in).and_then(HourOfDay::of);
        for (cell, is_timestamp) in cells.iter_mut().zip(&self.is_timestamp) {
            if !*is_timestamp && !matches!(cell, Cell::Moment(_)) {
                continue;
            }
            *cell = match (*cell, cell.moment(&self.nulls), as_of) {
                (Cell::Null, ..) => Cell::Null,
                (_, Some(moment), Some(as_of)) => Cell::Age(as_of - moment),
                (_, Some(_), None) if self.differs_by_row => Cell::Other(WITHOUT_MOMENT),
                (_, Some(_), None) => Cell::Other(WITHOUT_AS_OF),
                // It is no moment, and will be refused as what it is.
                (other, None, _) => other,
            };
        }
        for cell in self.apart.iter().rev() {
            if *cell < cells.len() {
                cells.remove(*cell);
            }
        }
        Row { cells, hour }
    }
}
