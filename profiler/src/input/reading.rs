//! One reading of a source, whatever its format: counts rows, picks those asked for, and hands them on; it opens nothing.

use std::ops::RangeInclusive;

use driftline_statistics::document::{Path, Problems};

use super::{Options, ProfilerError, Progress, ages::Ages, chosen::Part};
use crate::{Cell, Place, ProfileBuilder, Recount, Wish};

/// How many rows come by between two reports.
const ROWS_PER_REPORT: u64 = 1_000;

/// Where rows go.
pub(super) enum Pass {
    /// They are collected.
    First(ProfileBuilder),
    /// They are counted.
    Second(Recount),
}

impl Pass {
    fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, place: Place) {
        match self {
            Pass::First(builder) => builder.row(cells, place),
            Pass::Second(recount) => recount.row(cells, place),
        }
    }
}

/// What is known while a source is read.
pub(super) struct Reading<'r> {
    pub(super) options: &'r Options,
    pub(super) problems: Problems,
    /// Columns without a name, counted from 1.
    pub(super) nameless: Vec<usize>,
    pass: Pass,
    ages: Ages,
    range: RangeInclusive<u64>,
    row: u64,
    bytes: u64,
    /// No row was looked at, so how many there are is not known.
    has_given_up: bool,
    progress: &'r mut dyn FnMut(Progress),
}

impl<'r> Reading<'r> {
    /// # Errors
    ///
    /// If the rows that are asked for are no range.
    pub(super) fn new(
        options: &'r Options,
        pass: Pass,
        progress: &'r mut dyn FnMut(Progress),
    ) -> Result<Reading<'r>, ProfilerError> {
        let mut problems = Problems::default();
        if let Some(rows) =
            options.rows.as_ref().filter(|rows| *rows.start() == 0 || rows.is_empty())
        {
            problems.add(
                &Path::ROOT,
                format_args!(
                    "found the rows {} to {}, expected a range that begins at 1 or later and is not empty",
                    rows.start(),
                    rows.end()
                ),
            );
            return Err(ProfilerError::Refused(problems));
        }
        let range = options.rows.clone().unwrap_or(1..=u64::MAX);
        let ages = Ages::new(options.as_of.as_ref());
        Ok(Reading {
            options,
            problems,
            nameless: Vec::new(),
            pass,
            ages,
            range,
            row: 0,
            bytes: 0,
            has_given_up: false,
            progress,
        })
    }

    /// Announces a column; its cells stand in this order in each row.
    pub(super) fn column(&mut self, name: &str, part: Part, wish: Wish) {
        self.ages.column(part, wish);
        let Part::Column(role) = part else { return };
        match &mut self.pass {
            Pass::First(builder) => builder.column(name, role, wish),
            // It knows its columns.
            Pass::Second(_) => {}
        }
    }

    /// Whether a further row is of use.
    pub(super) fn goes_on(&self) -> bool {
        self.row < *self.range.end()
    }

    /// Whether there are problems already, so that no row is looked at.
    pub(super) fn gives_up(&mut self) -> bool {
        self.has_given_up = !self.problems.is_empty();
        self.has_given_up
    }

    /// How many rows were found so far.
    pub(super) fn rows(&self) -> u64 {
        self.row
    }

    /// Counts a row that was found, `bytes` into the source, and says where it is if it was asked for.
    pub(super) fn next(&mut self, line: Option<u64>, bytes: u64) -> Option<Place> {
        self.row += 1;
        self.bytes = bytes;
        if self.row.is_multiple_of(ROWS_PER_REPORT) {
            self.report();
        }
        self.range.contains(&self.row).then_some(Place { row: self.row, line })
    }

    /// Takes the cells of a row that was asked for.
    pub(super) fn take<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, place: Place) {
        if self.ages.is_asked_for() {
            let cells = self.ages.take(cells);
            self.pass.row(cells, place);
        } else {
            self.pass.row(cells, place);
        }
    }

    /// # Errors
    ///
    /// What was noted while reading, and rows that were asked for but never came.
    pub(super) fn finish(mut self) -> Result<(Vec<usize>, Pass), ProfilerError> {
        self.report();
        if self.options.rows.is_some() && self.goes_on() && !self.has_given_up {
            self.problems.add(
                &Path::ROOT,
                format_args!(
                    "found {} rows, expected rows {} to {} to exist",
                    self.row,
                    self.range.start(),
                    self.range.end()
                ),
            );
        }
        if self.problems.is_empty() {
            Ok((self.nameless, self.pass))
        } else {
            Err(ProfilerError::Refused(self.problems))
        }
    }

    fn report(&mut self) {
        let reading = match self.pass {
            Pass::First(_) => 1,
            Pass::Second(_) => 2,
        };
        (self.progress)(Progress { reading, rows: self.row, bytes: self.bytes });
    }
}
