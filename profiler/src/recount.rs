//! Counts rows that were too many to keep, in a second reading, into bins that are fixed; it moves none.

use driftline_statistics::{
    bins::Bins,
    document::{Path, Problems},
    profile::{Column, Kind, Profile},
    time::hour::HourOfDay,
    value::NullTexts,
};

use crate::{
    assembly::{Named, Role, assembled},
    bin_counts::BinCounts,
    cell::Cell,
    column::Collected,
    hour_rows::HourRows,
    place::Place,
    settings::Settings,
    value::Value,
};

/// A column in the second reading.
#[derive(Debug)]
pub(crate) enum ColumnRecount {
    Done(Column),
    /// Also those whose numbers were all kept: counting them again costs less than telling them apart.
    Counting(BinCounts),
}

impl From<Collected> for ColumnRecount {
    fn from(collected: Collected) -> ColumnRecount {
        match collected {
            Collected::Column(column) => ColumnRecount::Done(column),
            Collected::Values(plan, ..) | Collected::ReadAgain(plan) => {
                ColumnRecount::Counting(BinCounts::new(plan))
            }
        }
    }
}

/// A profile whose bins are fixed and whose rows are to be counted.
///
/// Add the same rows again, with the same cells, in any order, then [`build`](Recount::build).
#[derive(Debug)]
pub struct Recount {
    settings: Settings,
    nulls: NullTexts,
    rows_expected: u64,
    rows: u64,
    hours_expected: HourRows,
    hours: HourRows,
    columns: Vec<Named<ColumnRecount>>,
    /// Whether a cell did not fit its column.
    has_changed: bool,
}

impl Recount {
    pub(crate) fn new(
        settings: Settings,
        rows: u64,
        hours: HourRows,
        columns: Vec<Named<Collected>>,
    ) -> Recount {
        let columns = columns.into_iter().map(|named| named.map(ColumnRecount::from)).collect();
        let nulls = settings.nulls();
        Recount {
            settings,
            nulls,
            rows_expected: rows,
            rows: 0,
            hours_expected: hours,
            hours: HourRows::default(),
            columns,
            has_changed: false,
        }
    }

    /// What a feature is, and its bins, which are fixed.
    pub(crate) fn bins_of_feature(&self, name: &str) -> Option<(Kind, Bins)> {
        let is_it = |it: &&Named<ColumnRecount>| it.role == Role::Feature && it.name == name;
        self.columns.iter().find(is_it).map(|named| match &named.column {
            ColumnRecount::Done(column) => (column.kind, column.bins.clone()),
            ColumnRecount::Counting(counts) => (counts.kind(), counts.bins().clone()),
        })
    }

    /// Counts a row: one cell per column, as in the first reading.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, place: Place) {
        self.row_in_hour(cells, None, place);
    }

    /// Counts a row in its hour of the day, as in the first reading.
    pub fn row_in_hour<'c>(
        &mut self,
        cells: impl IntoIterator<Item = Cell<'c>>,
        hour: Option<HourOfDay>,
        _place: Place,
    ) {
        self.rows += 1;
        self.hours.add(hour, 1);
        let mut cells = cells.into_iter();
        for Named { column, .. } in &mut self.columns {
            let cell = cells.next().unwrap_or(Cell::Null);
            if let ColumnRecount::Counting(counts) = column {
                match Value::new(cell, counts.kind(), &self.nulls) {
                    Value::Null => {}
                    Value::Number(value) => counts.add(value, hour),
                    Value::Category(_) | Value::Unfit => self.has_changed = true,
                }
            }
        }
    }

    /// The profile.
    ///
    /// # Errors
    ///
    /// If the rows were not those of the first reading.
    pub fn build(self) -> Result<Profile, Problems> {
        let Recount {
            settings,
            rows_expected,
            rows,
            hours_expected,
            hours,
            columns,
            has_changed,
            ..
        } = self;
        let all = columns.len();
        let is_complete = |named: &Named<ColumnRecount>| match &named.column {
            ColumnRecount::Done(_) => true,
            ColumnRecount::Counting(counts) => counts.is_complete(),
        };
        let has_changed = has_changed || rows != rows_expected || hours != hours_expected;
        if has_changed || !columns.iter().all(is_complete) {
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
            named.map(|recount| match recount {
                ColumnRecount::Done(column) => column,
                ColumnRecount::Counting(counts) => counts.column(all),
            })
        });
        Ok(assembled(settings, rows, columns))
    }
}
