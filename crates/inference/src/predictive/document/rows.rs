//! Rows that are lists, objects or single values, and the values in them; it does not find the rows.

use super::{
    super::{
        COLUMNS_MAX, Columns, Event,
        value::{BASE64, Next, ValueStep},
    },
    At, IsRow, WRAPPED_MAX, Walk, skip_if_opens,
};
use driftline_wire::json::Token;

impl Walk {
    pub(super) fn in_rows(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        match token {
            Token::ArrayStart | Token::ObjectStart if self.wants_nothing() => {
                self.row.end(0, take);
                return Next::Skip;
            }
            Token::ArrayStart => self.at = self.list_row(),
            Token::ObjectStart => self.at = At::ObjectRow,
            Token::ArrayEnd => self.after_member(),
            // One row, if rows have more than one value.
            token if self.path.is_some() && 1 < columns.width() => {
                self.list = None;
                self.row.is_list = true;
                return self.element(token, columns, take, At::ListRow);
            }
            token => return self.single_value(token, columns, take),
        }
        Next::Read
    }

    /// A row begins that is a list.
    pub(super) fn list_row(&mut self) -> At {
        self.row.is_list = true;
        if self.wants.is_some_and(|wants| wants.vectors) { At::VectorRow } else { At::ListRow }
    }

    /// A row that is a single value, which this token begins.
    pub(super) fn single_value(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        self.row.is_list = true;
        let next = self.element(token, columns, take, At::RowEnd);
        if self.at == At::RowEnd {
            self.end_row(columns, take);
        }
        next
    }

    /// The value at the next position.
    #[inline]
    pub(super) fn element(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
        back: At,
    ) -> Next {
        let position = self.row.position;
        self.row.position = position.saturating_add(1);
        match self.column_at(columns, position) {
            Some(column) if self.mark(column) => {
                self.column = column;
                self.value(token, columns, take, back)
            }
            _ => {
                self.pass_extra(position);
                self.at = back;
                skip_if_opens(token)
            }
        }
    }

    /// A value that no column looks for.
    #[cold]
    fn pass_extra(&mut self, position: usize) {
        self.row.has_extra |= !self.head.leaves_out(position);
    }

    #[inline]
    fn column_at(&self, columns: &Columns, position: usize) -> Option<usize> {
        match self.tensor {
            None => self.head.at(columns, position),
            Some(tensor) => columns.in_tensor(tensor, position),
        }
    }

    /// Marks the column as read; false if its value came before.
    #[inline]
    fn mark(&mut self, column: usize) -> bool {
        !self.columnar.has(column) && self.row.mark(column)
    }

    /// A token of the value of the current column, after which reading goes on at `back`.
    #[inline]
    pub(super) fn value(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
        back: At,
    ) -> Next {
        let (column, reads) = (self.column, columns.reads(self.column).unwrap_or_default());
        match self.value.step(token, reads) {
            ValueStep::More(next) => {
                self.back = back;
                self.at = At::Value;
                next
            }
            ValueStep::Done(cell, next) => {
                let row = self.row.index.saturating_add(self.columnar.offset());
                take(Event::Cell { column, row, cell });
                self.at = back;
                if matches!(back, At::ColumnRows | At::ColumnEnd) {
                    self.columnar.end_row();
                }
                next
            }
        }
    }

    pub(super) fn in_list_row(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        if token != Token::ArrayEnd {
            return self.element(token, columns, take, At::ListRow);
        }
        if core::mem::take(&mut self.is_wrapped_list) {
            self.at = At::ObjectRow;
        } else {
            self.end_row(columns, take);
        }
        Next::Read
    }

    pub(super) fn in_vector_row(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        self.at = At::ListRow;
        match (token, columns.at(0)) {
            (Token::ArrayStart | Token::ArrayEnd, _) | (_, None) => {
                self.in_list_row(token, columns, take)
            }
            (token, Some(column)) => {
                self.row.position = 1;
                self.column = column;
                self.mark(column);
                self.value.begin_vector();
                self.value(token, columns, take, At::RowEnd)
            }
        }
    }

    pub(super) fn in_object_row(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        let Token::Key(key) = token else {
            if self.wrapped == 0 {
                self.end_row(columns, take);
            }
            self.wrapped = self.wrapped.saturating_sub(1);
            return Next::Read;
        };
        let named = columns.named(key.bytes);
        if let Some(column) = named.filter(|column| *column < COLUMNS_MAX) {
            if !self.mark(column) {
                // The first value has been counted. Most servers take the last one, so it may not be what they saw.
                self.row.has_extra = true;
                return Next::Skip;
            }
            self.column = column;
            self.at = At::ObjectValue;
            return Next::Read;
        }
        if self.is_row != IsRow::No && self.list.is_none() && self.wrapped == 0 {
            let from = self.inside.first().copied().unwrap_or(0);
            self.next = self.with_key(from, 0, key.bytes);
            if self.next != 0 {
                self.is_row = IsRow::HoldsRows;
                // It is no row itself, and the member may hold none.
                self.has_rows = false;
                self.drop_row(take);
                self.at = At::Member;
                return Next::Read;
            }
        }
        if self.table.wraps(key.bytes) && self.wrapped < WRAPPED_MAX {
            self.at = At::Wrapped;
            return Next::Read;
        }
        if key.bytes == BASE64
            && !self.row.is_list
            && let Some(column) = self.column_at(columns, 0)
            && self.mark(column)
        {
            // The row is not an object, but a single value.
            self.row.is_list = true;
            self.row.position = 1;
            self.column = column;
            self.value.begin_base64();
            (self.at, self.back) = (At::Value, At::RowEnd);
            return Next::Pieces;
        }
        let part = named.or_else(|| self.other_member(columns, key.bytes));
        if let Some(column) = part {
            self.column = column;
            self.at = At::Part;
            return Next::Read;
        }
        self.row.has_extra |= !Columns::leaves_out(key.bytes);
        Next::Skip
    }

    /// The part of an answer that a member is whose name means nothing.
    fn other_member(&mut self, columns: &Columns, name: &[u8]) -> Option<usize> {
        if self.row.is_list || Columns::leaves_out(name) {
            return None;
        }
        let before = self.row.position;
        let found = columns.other_member(before)?;
        self.row.position = before.saturating_add(1);
        Some(found)
    }

    /// Right after the name of a part of an answer, which may be a list of shares.
    #[inline(never)]
    pub(super) fn at_part(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        if token == Token::ArrayStart && columns.shares() != 0 {
            self.row.position = 0;
            return self.at_wrapper(token);
        }
        if !self.mark(self.column) {
            self.row.has_extra = true;
            self.at = At::ObjectRow;
            return skip_if_opens(token);
        }
        self.value(token, columns, take, At::ObjectRow)
    }

    pub(super) fn at_wrapper(&mut self, token: Token<'_>) -> Next {
        match token {
            Token::ArrayStart => {
                self.row.is_list = true;
                self.is_wrapped_list = true;
                self.at = At::ListRow;
                Next::Read
            }
            Token::ObjectStart => {
                self.wrapped = self.wrapped.saturating_add(1);
                self.at = At::ObjectRow;
                Next::Read
            }
            _ => {
                self.row.has_extra = true;
                self.at = At::ObjectRow;
                Next::Read
            }
        }
    }

    /// The open row is over.
    pub(super) fn end_row(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        if self.is_row == IsRow::HoldsRows && self.list.is_none() && self.depth == 1 {
            // What looked like a row was the document.
            self.drop_row(take);
        } else {
            self.count_row(self.head.expected(columns, self.row.position), take);
        }
        match self.list {
            Some(at) => self.at = at,
            None => {
                if self.is_row != IsRow::No && self.depth == 1 {
                    self.depth = 0;
                }
                self.after_member();
            }
        }
    }

    /// Forgets the open row, and reports that its values belong to none, if it had any.
    pub(super) fn drop_row(&mut self, take: &mut impl FnMut(Event<'_>)) {
        if self.row.has_seen() {
            take(Event::NoRow);
        }
        self.row.restart();
    }

    /// Reports that the open row is over, which should have this many values; 0 if that is not known.
    pub(super) fn count_row(&mut self, expected: usize, take: &mut impl FnMut(Event<'_>)) {
        if self.wants_nothing() {
            self.row.restart();
        }
        self.row.end(expected, take);
    }
}
