//! Takes the rows of a file, makes batches of their records, and hands each full one over; it holds one batch at most.

use std::{fmt, mem, ops::RangeInclusive};

use driftline_profiler::{Cell, ColumnOptions, Place, TableSink};
use driftline_statistics::{
    document::{Path, Problems},
    profile::Kind,
};

use super::{
    columns::{Columns, Member},
    record::{Record, Unusable, Writer},
};

/// A batch is sent before it would have more bytes than this, unless it is one row.
const BATCH_BYTES_MAX: usize = 256 << 10;
/// So many rows are read in search for columns that JSON lines do not have yet.
const SEARCHED_ROWS: u64 = 10_000;
/// How many rows lie between two reports.
const ROWS_PER_REPORT: u64 = 1_000;

/// Records on their way, as JSON lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Batch {
    pub(super) body: Vec<u8>,
    /// The places of the records in the file.
    pub(super) rows: Vec<Place>,
    /// How many of them have an id.
    pub(super) with_id: usize,
}

/// Takes batches.
pub(super) trait Outlet {
    /// Takes a batch; `false` if no further one is of use.
    fn take(&mut self, batch: Batch) -> bool;

    /// How far reading has come.
    fn report(&mut self, rows: u64, bytes: u64);
}

/// Which rows are read, and how.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) separator: Option<u8>,
    pub(super) decimal_comma: bool,
    pub(super) rows: RangeInclusive<u64>,
    /// The most rows of a batch.
    pub(super) batch_rows: usize,
}

/// A reading of a file.
pub(super) struct Sink<O> {
    columns: Columns,
    writer: Writer,
    reading: Reading,
    pub(super) outlet: O,
    /// Names of all columns so far, and what those that are read become.
    names: Vec<String>,
    members: Vec<Vec<Member>>,
    batch: Batch,
    /// Of the file, up to the row that is read.
    bytes: u64,
    pub(super) found: Found,
    /// The outlet wants no more, or the file cannot be used.
    is_over: bool,
    /// The row that is read has a problem of its source.
    is_bad_row: bool,
}

/// What a reading has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: u64,
    /// Of those asked for.
    pub(super) unlabelled: u64,
    pub(super) unusable: u64,
    pub(super) records: u64,
    pub(super) problems: Problems,
}

impl<O: Outlet> Sink<O> {
    pub(super) fn new(columns: Columns, writer: Writer, reading: Reading, outlet: O) -> Sink<O> {
        Sink {
            columns,
            writer,
            reading,
            outlet,
            names: Vec::new(),
            members: Vec::new(),
            batch: Batch::default(),
            bytes: 0,
            found: Found::default(),
            is_over: false,
            is_bad_row: false,
        }
    }

    /// Hands over what is left, after the last row.
    pub(super) fn finish(&mut self) {
        let (first, rows) = (*self.reading.rows.start(), self.found.rows);
        if !self.is_over && self.found.problems.is_empty() && rows < first {
            self.add(format_args!("found {rows} rows, expected row {first} to exist"));
        }
        if !self.is_over {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.batch.rows.is_empty() {
            self.outlet.report(self.found.rows, self.bytes);
            self.is_over |= !self.outlet.take(mem::take(&mut self.batch));
        }
    }

    fn push(&mut self, record: &Record, place: Place) {
        let bytes = record.json.len() + 1;
        if BATCH_BYTES_MAX < self.batch.body.len() + bytes {
            self.flush();
        }
        // What follows a failure is not sent.
        if self.is_over {
            return;
        }
        self.found.records += 1;
        self.batch.body.extend_from_slice(record.json.as_bytes());
        self.batch.body.push(b'\n');
        self.batch.rows.push(place);
        self.batch.with_id += usize::from(record.has_id);
        if self.batch.rows.len() == self.reading.batch_rows {
            self.flush();
        }
    }

    /// Adds a problem that is none of a row.
    pub(super) fn add(&mut self, problem: fmt::Arguments<'_>) {
        self.found.problems.add(&Path::ROOT, problem);
    }
}

impl<O: Outlet> TableSink for Sink<O> {
    fn separator(&self) -> Option<u8> {
        self.reading.separator
    }

    fn has_decimal_comma(&self) -> bool {
        self.reading.decimal_comma
    }

    // An index is a column like any other, if an option names it.
    fn index(&mut self, _: Vec<String>) {}

    fn column_at(&mut self, name: &str, _: usize) -> Option<ColumnOptions> {
        let members = self.columns.members_of(name.trim());
        // A second column of the same name is not the one that was asked for.
        let is_new = !self.names.iter().any(|known| known.trim() == name.trim());
        self.names.push(name.to_owned());
        if !is_new || members.is_empty() {
            return None;
        }
        // A comma in a name or an id is one.
        let kind = members.iter().all(Member::is_text).then_some(Kind::Category);
        self.members.push(members);
        Some(ColumnOptions { kind, bin_by_value: false })
    }

    fn check_names(&mut self, names: &[String]) {
        // Where reading has ended early, further columns may have followed.
        if self.is_over {
            return;
        }
        if names.is_empty() {
            self.add(format_args!("found no row, expected one at least"));
            return;
        }
        for missing in self.columns.missing(names) {
            self.add(format_args!("{missing}"));
        }
        for (index, name) in names.iter().enumerate() {
            let is_second = names[..index].iter().any(|first| first.trim() == name.trim());
            if is_second && !self.columns.members_of(name.trim()).is_empty() {
                self.add(format_args!("found several columns `{name}`, expected each name once"));
            }
        }
    }

    fn note(&mut self, problem: fmt::Arguments<'_>) {
        if 0 < self.found.rows && !mem::replace(&mut self.is_bad_row, true) {
            self.found.unusable += 1;
        }
        // A header without what is needed says it already.
        if 0 < self.found.rows || self.found.problems.is_empty() {
            self.add(problem);
        }
    }

    fn gives_up(&mut self) -> bool {
        self.is_over |= !self.found.problems.is_empty();
        self.is_over
    }

    fn wants_rows(&self) -> bool {
        !self.is_over && self.found.rows < *self.reading.rows.end()
    }

    fn rows(&self) -> u64 {
        self.found.rows
    }

    fn next_row(&mut self, line: Option<u64>, bytes: u64) -> Option<Place> {
        self.is_bad_row = false;
        self.found.rows += 1;
        self.bytes = bytes;
        let rows = self.found.rows;
        if rows.is_multiple_of(ROWS_PER_REPORT) {
            self.outlet.report(rows, bytes);
        }
        if rows == SEARCHED_ROWS && self.found.records == 0 {
            let names = mem::take(&mut self.names);
            self.check_names(&names);
            self.names = names;
            self.is_over = !self.found.problems.is_empty();
        }
        self.reading.rows.contains(&rows).then_some(Place { row: rows, line })
    }

    fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, place: Place) {
        if self.is_bad_row {
            return;
        }
        let cells = self.members.iter().zip(cells);
        let cells = cells.flat_map(|(members, cell)| members.iter().map(move |it| (it, cell)));
        match self.writer.record(cells) {
            Ok(record) => self.push(&record, place),
            Err(Unusable::NoLabel) => self.found.unlabelled += 1,
            Err(Unusable::Problem(problem)) => {
                self.found.unusable += 1;
                self.add(format_args!("{place}, {problem}"));
            }
        }
    }
}
