//! What readers of rows report, whatever the format; it holds no more than one value.

use super::Cell;

/// Something read from a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// The value of a column in row `row` of the body, from 0. Within a row each column comes at most once.
    ///
    /// What a row lacks is not reported: whoever counts the values knows it once the body is over. A cell whose row
    /// then breaks off has come all the same.
    Cell { column: usize, row: u64, cell: Cell<'a> },
    /// The value of a column that stands at a path of the document, and in no row. There may be several.
    Value { column: usize, cell: Cell<'a> },
    /// So many more rows ended, at least 1; a format by columns reports all of them once they are known.
    Rows(u64),
    /// The body is read, but is not what the columns promise.
    Fault(Fault),
}

/// How a body's rows differ from what is expected of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// A value, column or tensor that no column looks for, or that a row had under this name already, once for each row, or once for all of its rows.
    ExtraColumn,
    /// Rows of another width than the columns, columns or tensors of different lengths, a shape that is not that of the
    /// data. Once for each row, or once for all.
    WrongShape,
}
