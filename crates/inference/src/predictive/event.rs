//! What readers of rows report, whatever the format; it holds no more than one value.

use super::Cell;

/// Something read from a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// The value of a column in a row of the body. Within a row each column comes at most once.
    ///
    /// What a row lacks is not reported: the number of values says it once the body is over.
    Cell {
        /// The column's number, or that of a [`Part`](super::Part) of an answer.
        column: usize,
        /// The row's, from 0.
        row: u64,
        /// The value.
        cell: Cell<'a>,
    },
    /// A value at a path of the document, in no row. There may be several for a column.
    Value {
        /// The column's number.
        column: usize,
        /// The value.
        cell: Cell<'a>,
    },
    /// This many more rows ended, at least 1; a format by columns reports all of them once they are known.
    Rows(u64),
    /// The row of the last value is one, in a format whose rows are reported once all of them are known.
    RowEnd,
    /// The values since the last row ended belong to no row: the row broke off, or was the document around others.
    NoRow,
    /// The body can be read, but differs from what the columns expect.
    Fault(Fault),
}

/// How a body's rows differ from what is expected of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// A value, column or tensor that no column looks for, or that a row had under this name already, once for each
    /// row, or once for all of its rows.
    ExtraColumn,
    /// Rows of another width than the columns, columns or tensors of different lengths, a shape that is not that of the
    /// data. Once for each row, or once for all.
    WrongShape,
}
