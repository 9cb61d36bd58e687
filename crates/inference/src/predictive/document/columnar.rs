//! Columns that are lists of their own: what is known of all rows while one column after the other is read.

use super::{
    super::{
        COLUMNS_MAX, Columns, Event, Fault, Projection, columns::Tensor, row::ColumnSet,
        value::Next,
    },
    At, Walk, skip_if_opens,
};
use driftline_wire::json::Token;

/// The columns of one table so far.
#[derive(Debug, Default)]
pub(super) struct Columnar {
    /// Columns that came.
    done: ColumnSet,
    /// Those of the current column, which may be several values wide.
    open: ColumnSet,
    kind: Kind,
    /// Columns before this one.
    ordinal: usize,
    /// Rows of the current column that are over.
    offset: u64,
    /// The rows of the longest column; `None` before the first one.
    rows: Option<u64>,
    /// Lists that are open in a row that is several values wide.
    lists: usize,
}

/// What the current column is.
#[derive(Clone, Copy, Debug, Default)]
enum Kind {
    /// No column's. Its rows may count.
    #[default]
    Unknown,
    Plain(usize),
    /// Of several values, each by its index.
    Tensor(Tensor),
}

impl Columnar {
    /// Whether the column came before.
    #[inline]
    pub(super) fn has(&self, column: usize) -> bool {
        self.done.has(column)
    }

    /// How many rows of the current column are over.
    #[inline]
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// A row of the current column is over.
    pub(super) fn end_row(&mut self) {
        self.offset = self.offset.saturating_add(1);
    }

    /// The rows that are known so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows.unwrap_or(0).max(self.offset)
    }
}

impl Walk {
    /// Between columns.
    pub(super) fn in_columns(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        let Token::Key(key) = token else {
            let rows = self.columnar.rows.unwrap_or(0);
            if rows != 0 {
                take(Event::Rows(rows));
            }
            self.row.index = self.row.index.saturating_add(rows);
            self.columnar = Columnar::default();
            self.after_member();
            return Next::Read;
        };
        let ordinal = self.columnar.ordinal;
        self.columnar.ordinal = ordinal.saturating_add(1);
        let named = columns.named(key.bytes).filter(|column| *column < COLUMNS_MAX);
        let plain = named.map(Kind::Plain);
        let is_left_out = plain.is_none() && Columns::leaves_out(key.bytes);
        let tensor =
            || columns.tensor(key.bytes, ordinal).filter(|_| !is_left_out).map(Kind::Tensor);
        self.columnar.kind = plain.or_else(tensor).unwrap_or_default();
        match self.columnar.kind {
            Kind::Unknown => {
                if !is_left_out {
                    self.fault(Fault::ExtraColumn, take);
                }
                // Its rows may be the only ones that say how many there are.
                if self.columnar.rows.is_some() {
                    return Next::Skip;
                }
            }
            Kind::Plain(column) => {
                if self.columnar.has(column) {
                    self.fault(Fault::ExtraColumn, take);
                    return Next::Skip;
                }
                self.columnar.open.add(column);
            }
            Kind::Tensor(_) => {}
        }
        self.columnar.offset = 0;
        self.at = At::Column;
        Next::Read
    }

    /// Right after a column's name.
    pub(super) fn at_column(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        if token == Token::ArrayStart {
            self.at = At::ColumnRows;
            return Next::Read;
        }
        // There is one row, and this is its value.
        let next = self.column_row(token, columns, take, At::ColumnEnd);
        if self.at == At::ColumnEnd {
            self.end_column(take);
        }
        next
    }

    /// Between the rows of a column.
    pub(super) fn in_column(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        if token == Token::ArrayEnd {
            self.end_column(take);
            return Next::Read;
        }
        self.column_row(token, columns, take, At::ColumnRows)
    }

    /// A row of a column begins, after which reading goes on at `back`.
    fn column_row(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
        back: At,
    ) -> Next {
        match self.columnar.kind {
            Kind::Unknown => {
                self.columnar.end_row();
                self.at = back;
                skip_if_opens(token)
            }
            Kind::Plain(column) => {
                self.column = column;
                self.value(token, columns, take, back)
            }
            Kind::Tensor(tensor) => {
                // A list of single values under a name that no column has is one more column and not the only input,
                // unless only one value is looked for.
                let is_other = tensor.is_nameless() && columns.width() != 1;
                let is_wide = token == Token::ArrayStart;
                let first = columns.in_tensor(tensor, 0).filter(|_| is_wide || !is_other);
                let reads = first.and_then(|column| columns.reads(column));
                if is_wide && reads != Some(Projection::VectorNorm) {
                    self.tensor = Some(tensor);
                    self.columnar.lists = 1;
                    self.at = At::TensorRow;
                    return Next::Read;
                }
                match first.filter(|column| !self.columnar.has(*column)) {
                    Some(column) => {
                        self.columnar.open.add(column);
                        self.column = column;
                        self.value(token, columns, take, back)
                    }
                    None => {
                        self.row.has_extra = true;
                        self.columnar.end_row();
                        self.at = back;
                        skip_if_opens(token)
                    }
                }
            }
        }
    }

    /// In a row of several values, in lists that nest at any depth.
    pub(super) fn in_tensor_row(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        match token {
            Token::ArrayStart => self.columnar.lists = self.columnar.lists.saturating_add(1),
            Token::ArrayEnd => {
                self.columnar.lists = self.columnar.lists.saturating_sub(1);
                if self.columnar.lists == 0 {
                    let has_extra = self.row.has_extra;
                    self.row.move_seen(&mut self.columnar.open);
                    self.row.restart();
                    // Reported once for all rows of the column.
                    self.row.has_extra = has_extra;
                    self.tensor = None;
                    self.columnar.end_row();
                    self.at = At::ColumnRows;
                }
            }
            token => return self.element(token, columns, take, At::TensorRow),
        }
        Next::Read
    }

    /// The current column is over.
    pub(super) fn end_column(&mut self, take: &mut impl FnMut(Event<'_>)) {
        if self.row.has_extra {
            self.fault(Fault::ExtraColumn, take);
        }
        self.row.restart();
        let columnar = &mut self.columnar;
        columnar.done.take(&mut columnar.open);
        let (rows, offset) = (columnar.rows, core::mem::take(&mut columnar.offset));
        columnar.rows = rows.max(Some(offset));
        if rows.is_some_and(|rows| rows != offset) {
            self.fault(Fault::WrongShape, take);
        }
        self.at = At::Columns;
    }
}
