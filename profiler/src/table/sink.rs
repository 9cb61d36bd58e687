//! What a reader of a table hands columns and rows to; it opens nothing, and decides nothing about cells.

use std::fmt;

use crate::{cell::Cell, column::ColumnOptions, place::Place};

/// Takes a table. The reader of a source announces the columns, then hands over row after row:
///
/// ```text
/// header(names)             or, where names come with the rows, column_at(name, position) for each, and check_names(names) last
/// while wants_rows():
///     next_row(...)         counts a row
///     row(cells, place)     takes it, if next_row returned its place
/// ```
pub trait TableSink {
    /// What separates the cells of CSV; `None` for commas, and for an error where a header has none but something else.
    fn separator(&self) -> Option<u8>;

    /// Whether numbers of CSV have a comma before their fraction.
    fn has_decimal_comma(&self) -> bool;

    /// Says which columns are the index of a data frame, beside those that are called so, before
    /// [`header`](TableSink::header): they number the rows, and nothing else unless the sink was asked for them by name.
    fn index(&mut self, names: Vec<String>);

    /// Announces all columns, for a source that names them before its rows, and checks the names that were asked for.
    ///
    /// Returns the columns that rows must have a cell for, counted from 0, with what is known of each.
    fn header(&mut self, names: &[String]) -> Vec<(usize, ColumnOptions)> {
        self.check_names(names);
        let mut chosen = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if let Some(options) = self.column_at(name.trim(), index) {
                chosen.push((index, options));
            }
        }
        chosen
    }

    /// Announces a column; earlier rows count as null. Returns what is known of it if rows must have a cell for it, in the
    /// order of these calls, and `None` if it is left out. Blanks around the name are not part of it; `position` counts
    /// from 0.
    fn column_at(&mut self, name: &str, position: usize) -> Option<ColumnOptions>;

    /// Notes each column that was asked for and that the table does not have; `names` are all of the table's.
    fn check_names(&mut self, names: &[String]);

    /// Notes a problem of the source.
    fn note(&mut self, problem: fmt::Arguments<'_>);

    /// Whether there are problems already, so that no row need be read.
    fn gives_up(&mut self) -> bool;

    /// Whether a further row is of use.
    fn wants_rows(&self) -> bool;

    /// The rows so far.
    fn rows(&self) -> u64;

    /// Counts a row, which ends `bytes` into the source. Returns its place if it was asked for.
    fn next_row(&mut self, line: Option<u64>, bytes: u64) -> Option<Place>;

    /// Takes the cells of a row that was asked for.
    fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, place: Place);
}
