//! The second reading of rows that were too many to keep: it counts them into bins that are decided, and moves none.

use driftline_statistics::{
    document::{Path, Problems},
    profile::{Column, Profile},
};

use crate::{
    Cell, Place, Role,
    builder::{Settings, profile},
    chi_square::quantiles,
    column::{Collected, Value, tallied},
    tally::Tally,
};

/// Something of a column, with its name and what it is to the model.
#[derive(Debug)]
pub(crate) struct Named<T> {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) column: T,
}

impl<T> Named<T> {
    pub(crate) fn map<U>(self, into: impl FnOnce(T) -> U) -> Named<U> {
        Named { name: self.name, role: self.role, column: into(self.column) }
    }
}

/// What is left to do for a column.
#[derive(Debug)]
pub(crate) enum Counting {
    Done(Column),
    /// Also those whose numbers were all kept: counting them again costs less than telling them apart.
    Rows(Tally),
}

impl From<Collected> for Counting {
    fn from(collected: Collected) -> Counting {
        match collected {
            Collected::Column(column) => Counting::Done(column),
            Collected::Values(plan, _) | Collected::ReadAgain(plan) => {
                Counting::Rows(tallied(plan, &[]))
            }
        }
    }
}

/// A profile whose bins are decided and whose rows are to be counted.
///
/// Tell it the same rows again in any order, with the same cells, then [`build`](Recount::build).
#[derive(Debug)]
pub struct Recount {
    settings: Settings,
    rows_expected: u64,
    rows: u64,
    columns: Vec<Named<Counting>>,
    /// Whether a cell was none of its column.
    has_changed: bool,
}

impl Recount {
    pub(crate) fn new(settings: Settings, rows: u64, columns: Vec<Named<Counting>>) -> Recount {
        Recount { settings, rows_expected: rows, rows: 0, columns, has_changed: false }
    }

    /// Counts a row: one cell per column, as in the first reading.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, _place: Place) {
        self.rows += 1;
        let mut cells = cells.into_iter();
        for Named { column, .. } in &mut self.columns {
            let cell = cells.next().unwrap_or(Cell::Null);
            if let Counting::Rows(tally) = column {
                match Value::new(cell, tally.kind()) {
                    Value::Null => {}
                    Value::Number(value) => tally.add(value),
                    Value::Category(_) | Value::Unfit => self.has_changed = true,
                }
            }
        }
    }

    /// The profile.
    ///
    /// # Errors
    ///
    /// If these were not the rows of the first reading.
    pub fn build(self) -> Result<Profile, Problems> {
        let Recount { settings, rows_expected, rows, columns, has_changed } = self;
        let all = columns.len();
        let is_complete = |named: &Named<Counting>| match &named.column {
            Counting::Done(_) => true,
            Counting::Rows(tally) => tally.is_complete(),
        };
        if has_changed || rows != rows_expected || !columns.iter().all(is_complete) {
            let mut problems = Problems::default();
            problems.add(
                &Path::ROOT,
                format_args!(
                    "the data changed while it was read: it was not the same in the second reading"
                ),
            );
            return Err(problems);
        }
        let columns = columns.into_iter().map(|named| {
            named.map(|counting| match counting {
                Counting::Done(column) => column,
                Counting::Rows(tally) => tally.column(|bins| quantiles(bins, all)),
            })
        });
        Ok(profile(settings, rows, columns))
    }
}
