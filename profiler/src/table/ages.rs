//! Turns the moments in a row into ages, as of the moment that the row was made; it reads no clock.

use driftline_statistics::{profile::Kind, value::NullTexts};

use super::{
    options::{AsOf, Options},
    selection::Purpose,
};
use crate::{
    cell::{Cell, WITHOUT_AS_OF},
    column::ColumnOptions,
};

const WITHOUT_MOMENT: &str = "a date or time in a row that does not say when it was made";

/// Which cells of a row are moments, and as of when they have an age.
#[derive(Debug)]
pub(super) struct Ages {
    /// As of when, if it is the same for all rows.
    moment: Option<f64>,
    /// Whether it differs from row to row.
    differs_by_row: bool,
    /// The cell of a row that says it, once its column is announced.
    column: Option<usize>,
    /// By cell: whether its column is given as a timestamp.
    is_timestamp: Vec<bool>,
    nulls: NullTexts,
}

impl Ages {
    pub(super) fn new(options: &Options) -> Ages {
        let (moment, differs_by_row) = match &options.as_of {
            Some(AsOf::Moment(seconds)) => (Some(*seconds), false),
            Some(AsOf::Column(_)) => (None, true),
            None => (None, false),
        };
        let nulls = options.settings.nulls();
        Ages { moment, differs_by_row, column: None, is_timestamp: Vec::new(), nulls }
    }

    /// Announces the next cell of each row.
    pub(super) fn column(&mut self, purpose: Purpose, options: ColumnOptions) {
        if purpose == Purpose::AsOf {
            self.column = Some(self.is_timestamp.len());
        }
        self.is_timestamp.push(options.kind == Some(Kind::Timestamp));
    }

    /// Whether rows may hold moments that need an age.
    pub(super) fn is_asked_for(&self) -> bool {
        self.moment.is_some() || self.differs_by_row || self.is_timestamp.contains(&true)
    }

    /// The cells of a row with ages in place of moments, without the cell that says when the row was made.
    pub(super) fn take<'c>(&self, cells: impl IntoIterator<Item = Cell<'c>>) -> Vec<Cell<'c>> {
        let mut cells: Vec<Cell<'c>> = cells.into_iter().collect();
        let as_of = match self.column {
            Some(column) => cells.get(column).and_then(|cell| cell.moment(&self.nulls)),
            None => self.moment,
        };
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
        if let Some(column) = self.column.filter(|column| *column < cells.len()) {
            cells.remove(column);
        }
        cells
    }
}
