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

/// One reading of a table. The caller announces the columns, then hands over row after row:
///
/// ```text
/// header(names)             or, where names come with the rows, column_at(name, position) for each, and check_names(names) last
/// while wants_rows():
///     next_row(...)         counts a row
///     row(cells, place)     takes it, if next_row returned its place
/// ```
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

    /// Says which columns are the index of a data frame, beside those that are called so, before [`header`](TableRecorder::header): they number the rows,
    /// and are no features unless the options name them.
    pub fn index(&mut self, names: Vec<String>) {
        self.index = names;
    }

    /// What to make a profile of.
    #[must_use]
    pub fn options(&self) -> &'r Options {
        self.options
    }

    /// Announces all columns, for a source that names them before its rows, and checks the names in the options.
    ///
    /// Returns the columns that rows must have a cell for, counted from 0, with what the options say of each. Columns
    /// without a name, and those of an [index](TableRecorder::index), are left out.
    pub fn header(&mut self, names: &[String]) -> Vec<(usize, ColumnOptions)> {
        self.check_names(names);
        let mut chosen = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let name = name.trim();
            if let Some(options) = self.column_at(name, index) {
                chosen.push((index, options));
            }
        }
        chosen
    }

    /// Announces a column; earlier rows count as null. Returns what the options say of it if rows must have a cell for
    /// it, in the order of these calls, and `None` if it is left out. Blanks around the name are not part of it.
    ///
    /// A column without a name, and one of an [index](TableRecorder::index), is left out; `position` counts from 0.
    pub fn column_at(&mut self, name: &str, position: usize) -> Option<ColumnOptions> {
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

    /// Notes each column that the options name and the table does not have; `names` are all of the table's.
    pub fn check_names(&mut self, names: &[String]) {
        selection::check(names, self.options, &mut self.problems);
    }

    /// Notes a problem; there will be no profile.
    pub fn note(&mut self, problem: fmt::Arguments<'_>) {
        self.problems.add(&Path::ROOT, problem);
    }

    /// Whether there are problems already, so that no row need be read.
    pub fn gives_up(&mut self) -> bool {
        self.has_given_up = !self.problems.is_empty();
        self.has_given_up
    }

    /// Whether a further row is of use.
    pub fn wants_rows(&self) -> bool {
        self.row < *self.range.end()
    }

    /// The rows so far.
    pub fn rows(&self) -> u64 {
        self.row
    }

    /// Counts a row, which ends `bytes` into the source. Returns its place if it was asked for.
    pub fn next_row(&mut self, line: Option<u64>, bytes: u64) -> Option<Place> {
        self.row += 1;
        self.bytes = bytes;
        if self.row.is_multiple_of(ROWS_PER_REPORT) {
            self.report();
        }
        self.range.contains(&self.row).then_some(Place { row: self.row, line })
    }

    /// Takes the cells of a row that was asked for.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, place: Place) {
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

/// A single problem.
pub(super) fn problem(what: fmt::Arguments<'_>) -> Problems {
    let mut problems = Problems::default();
    problems.add(&Path::ROOT, what);
    problems
}
