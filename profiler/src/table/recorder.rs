//! Records one reading of a table: counts its rows, selects those asked for, and passes them on; it opens nothing.

use std::{fmt, ops::RangeInclusive};

use driftline_statistics::{
    document::{Path, Problems},
    profile::Profile,
    time::hour::HourOfDay,
    value::is_index,
};

use super::{
    moments::{Moments, Row},
    options::Options,
    outcomes::{Labelled, Outcomes},
    selection::{self, Purpose},
    sink::TableSink,
};
use crate::{
    builder::ProfileBuilder, cell::Cell, column::ColumnOptions, place::Place, recount::Recount,
};

/// How many rows lie between two reports.
const ROWS_PER_REPORT: u64 = 1_000;

/// How far reading has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// 1, or 2 while rows that were too many to keep are counted.
    pub reading: u32,
    /// Rows so far in this reading, including those not asked for.
    pub rows: u64,
    /// Bytes so far in this reading.
    pub bytes: u64,
}

/// Where rows go.
pub(super) enum Pass {
    /// They are collected.
    First(ProfileBuilder),
    /// They are counted.
    Second(Recount),
    /// The profile is done, and only labelled rows are wanted.
    Done(Box<Profile>),
}

impl Pass {
    fn row<'c>(
        &mut self,
        cells: impl IntoIterator<Item = Cell<'c>>,
        hour: Option<HourOfDay>,
        place: Place,
    ) {
        match self {
            Pass::First(builder) => builder.row_in_hour(cells, hour, place),
            Pass::Second(recount) => recount.row_in_hour(cells, hour, place),
            Pass::Done(_) => {}
        }
    }
}

/// A reading that has ended.
pub(super) struct Finished {
    pub(super) nameless: Vec<usize>,
    pub(super) index: Vec<String>,
    /// Rows that do not say their hour, if they should.
    pub(super) without_hour: Option<u64>,
    pub(super) pass: Pass,
    /// `None` if rows have no labels.
    pub(super) labelled: Option<Labelled>,
}

/// Rows that were taken and do not say their hour.
#[derive(Debug, Default)]
struct WithoutHour {
    rows: u64,
    first: Option<Place>,
}

/// One reading of a table for its profile. The caller uses it as a [`TableSink`].
pub struct TableRecorder<'r> {
    options: &'r Options,
    problems: Problems,
    /// Columns without a name, counted from 1.
    nameless: Vec<usize>,
    /// Columns that are the index of a data frame, and those of them that are left out.
    index: Vec<String>,
    left_out: Vec<String>,
    pass: Pass,
    moments: Moments,
    /// `None` if rows have no labels.
    outcomes: Option<Outcomes>,
    /// How many rows were taken.
    taken: u64,
    without_hour: WithoutHour,
    range: RangeInclusive<u64>,
    row: u64,
    bytes: u64,
    /// No row was read, so the number of rows is not known.
    has_given_up: bool,
    progress: &'r mut dyn FnMut(Progress),
}

impl<'r> TableRecorder<'r> {
    /// # Errors
    ///
    /// If the rows asked for are no range.
    pub(super) fn new(
        options: &'r Options,
        pass: Pass,
        labelled: Option<Labelled>,
        progress: &'r mut dyn FnMut(Progress),
    ) -> Result<TableRecorder<'r>, Problems> {
        if let Some(rows) =
            options.rows.as_ref().filter(|rows| *rows.start() == 0 || rows.is_empty())
        {
            return Err(problem(format_args!(
                "found the rows {} to {}, expected a range that begins at 1 or later and is not empty",
                rows.start(),
                rows.end()
            )));
        }
        Ok(TableRecorder {
            options,
            problems: Problems::default(),
            nameless: Vec::new(),
            index: Vec::new(),
            left_out: Vec::new(),
            pass,
            moments: Moments::new(options),
            outcomes: labelled.map(|labelled| Outcomes::new(labelled, options)),
            taken: 0,
            without_hour: WithoutHour::default(),
            range: options.rows.clone().unwrap_or(1..=u64::MAX),
            row: 0,
            bytes: 0,
            has_given_up: false,
            progress,
        })
    }

    /// # Errors
    ///
    /// What was noted while reading, and rows that were asked for but do not exist.
    pub(super) fn finish(mut self) -> Result<Finished, Problems> {
        self.report();
        if self.options.rows.is_some() && self.wants_rows() && !self.has_given_up {
            let (first, last) = (self.range.start(), self.range.end());
            self.problems.add(
                &Path::ROOT,
                format_args!("found {} rows, expected rows {first} to {last} to exist", self.row),
            );
        }
        let WithoutHour { rows, first } = self.without_hour;
        if let (Some(column), Some(first)) = (&self.options.by_hour, first)
            && rows == self.taken
            && self.problems.is_empty()
        {
            self.problems.add(
                &Path::ROOT,
                format_args!(
                    "the column `{column}` says no moment in any of {rows} rows, from {first} on, so none has an hour; \
                     expected moments (RFC 3339, or numbers since 1970)"
                ),
            );
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let without_hour = self.options.by_hour.as_ref().map(|_| rows);
        let TableRecorder { nameless, left_out, pass, outcomes, .. } = self;
        let labelled = outcomes.map(|outcomes| outcomes.labelled);
        Ok(Finished { nameless, index: left_out, without_hour, pass, labelled })
    }

    fn report(&mut self) {
        let reading = match self.pass {
            Pass::First(_) => 1,
            Pass::Second(_) | Pass::Done(_) => 2,
        };
        (self.progress)(Progress { reading, rows: self.row, bytes: self.bytes });
    }
}

impl TableSink for TableRecorder<'_> {
    fn separator(&self) -> Option<u8> {
        self.options.separator
    }

    fn has_decimal_comma(&self) -> bool {
        self.options.decimal_comma
    }

    fn index(&mut self, names: Vec<String>) {
        self.index = names;
    }

    fn column_at(&mut self, name: &str, position: usize) -> Option<ColumnOptions> {
        let name = name.trim();
        let is_index = is_index(name.as_bytes()) || self.index.iter().any(|it| it == name);
        if name.is_empty() {
            self.nameless.push(position + 1);
            return None;
        } else if is_index && !selection::wants(name, self.options) {
            self.left_out.push(name.to_owned());
            return None;
        }
        let (purpose, options) = selection::purpose(name, self.options)?;
        self.moments.column(name, purpose, options, self.options);
        if let Some(outcomes) = &mut self.outcomes {
            outcomes.column(name, purpose, options, self.options);
        }
        // In the second pass the columns are known.
        if let (Purpose::Column(role), Pass::First(builder)) = (purpose, &mut self.pass) {
            builder.column(name, role, options);
        }
        Some(options)
    }

    fn check_names(&mut self, names: &[String]) {
        selection::check(names, self.options, &mut self.problems);
    }

    fn note(&mut self, problem: fmt::Arguments<'_>) {
        self.problems.add(&Path::ROOT, problem);
    }

    fn gives_up(&mut self) -> bool {
        self.has_given_up = !self.problems.is_empty();
        self.has_given_up
    }

    fn wants_rows(&self) -> bool {
        self.row < *self.range.end()
    }

    fn rows(&self) -> u64 {
        self.row
    }

    fn next_row(&mut self, line: Option<u64>, bytes: u64) -> Option<Place> {
        self.row += 1;
        self.bytes = bytes;
        if self.row.is_multiple_of(ROWS_PER_REPORT) {
            self.report();
        }
        self.range.contains(&self.row).then_some(Place { row: self.row, line })
    }

    fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, place: Place) {
        self.taken += 1;
        if !self.moments.are_asked_for() && self.outcomes.is_none() {
            return self.pass.row(cells, None, place);
        }
        let Row { cells, hour } = match &mut self.outcomes {
            Some(outcomes) => {
                let all: Vec<Cell<'c>> = cells.into_iter().collect();
                let row = self.moments.take(all.iter().copied());
                outcomes.row(&all, &row.cells, place);
                row
            }
            None => self.moments.take(cells),
        };
        if hour.is_none() {
            self.without_hour.rows += 1;
            self.without_hour.first.get_or_insert(place);
        }
        self.pass.row(cells, hour, place);
    }
}

/// A single problem.
pub(super) fn problem(what: fmt::Arguments<'_>) -> Problems {
    let mut problems = Problems::default();
    problems.add(&Path::ROOT, what);
    problems
}
