//! Rows and columns in a JSON document, value by value, where a table says that they stand. No row is kept.

mod classes;
mod columnar;
mod shape;
mod table;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;

use self::{
    classes::Classes,
    columnar::Columnar,
    shape::Shape,
    table::{Members, PATH_MAX},
};
use super::{
    Columns, Event, Fault, Reads,
    columns::Tensor,
    head::Head,
    row::Row,
    value::{BASE64, Next, Step, ValueReader},
};
use crate::wire::json::{Ending, Token, Tokenizer};

pub(crate) use self::table::{Holds, Member, Table};

/// Objects behind a wrapper's name may nest this deep in a row.
const WRAPPED_MAX: u8 = 4;

/// Reads rows from documents that arrive in pieces, one document after the other.
#[derive(Debug)]
pub(crate) struct DocumentReader {
    tokenizer: Tokenizer,
    walk: Walk,
}

/// How far the document is read.
#[derive(Debug)]
struct Walk {
    table: &'static Table,
    wants: Option<Wants>,
    at: At,
    /// For each open object on the way of a path, outermost first: the members whose paths go on inside it.
    inside: [Members; PATH_MAX],
    depth: usize,
    /// Right behind a name: the members that go through it or end there.
    next: Members,
    has_rows: bool,
    /// Where the row goes on that is not the only one.
    list: Option<At>,
    /// The document itself is a row.
    is_row: IsRow,
    row: Row,
    /// Open objects behind wrappers in the open row.
    wrapped: u8,
    /// The open list of values stands behind a wrapper.
    is_wrapped_list: bool,
    /// The column whose value is open, and what follows behind it.
    column: usize,
    back: At,
    value: ValueReader,
    head: Head,
    shape: Shape,
    /// Rows that ended, of those that the shape promises.
    shaped_rows: u64,
    columnar: Columnar,
    /// Where positions of the open row lead; `None` for the usual places.
    tensor: Option<Tensor>,
    classes: Option<Box<Classes>>,
}

/// What is looked for, found once.
#[derive(Clone, Copy, Debug)]
struct Wants {
    /// Nothing at all; rows are counted.
    nothing: bool,
    /// A row that is a list of numbers is the one value that is looked for.
    vectors: bool,
}

/// Whether the root of the document is a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum IsRow {
    No,
    Yes,
    /// It would be, but it has a member that holds rows.
    HoldsRows,
}

/// Where in the document the next token stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum At {
    Root,
    /// In an object on the way of a path.
    Members,
    /// Right behind the name of one of its members.
    Member,
    Rows,
    ListRow,
    /// At the start of a row that may itself be the vector that is looked for.
    VectorRow,
    ObjectRow,
    /// Right behind the name of a column in a row that is an object.
    ObjectValue,
    /// Right behind a wrapper's name.
    Wrapped,
    /// In a value of more than one token.
    Value,
    /// A row that was a single value is over. No token stands here.
    RowEnd,
    /// In an object of columns.
    Columns,
    /// Right behind a column's name.
    Column,
    /// In the list that is a column.
    ColumnRows,
    /// A column that was a single value is over. No token stands here.
    ColumnEnd,
    /// In the list, or one within it, that is a row of a column of several values.
    TensorRow,
    Names,
    Shape,
    Values,
    ClassRows,
    ClassRow,
    ClassPair,
    Behind,
}

impl DocumentReader {
    /// A reader of documents with these members.
    pub(crate) fn new(table: &'static Table) -> DocumentReader {
        DocumentReader { tokenizer: Tokenizer::new(), walk: Walk::new(table) }
    }

    /// Takes the next piece of the document; calls `take` with everything it completes.
    pub(crate) fn read(
        &mut self,
        mut bytes: &[u8],
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        self.walk.wants(columns);
        loop {
            let progress = self.tokenizer.next(bytes);
            let consumed = progress.consumed;
            let Some(token) = progress.token else { return };
            match self.walk.step(token, columns, take) {
                Next::Read => {}
                Next::Skip => self.tokenizer.skip(),
                Next::Pieces => self.tokenizer.pieces(),
            }
            bytes = bytes.get(consumed..).unwrap_or_default();
        }
    }

    /// Ends the document, and is ready for the next one, whose rows are numbered on.
    pub(crate) fn finish(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) -> Ending {
        let finish = self.tokenizer.finish();
        if let Some(token) = finish.token {
            self.walk.wants(columns);
            self.walk.step(token, columns, take);
        }
        self.walk.restart();
        finish.ending
    }

    /// Whether a member with rows came by, in any document so far.
    pub(crate) fn has_rows(&self) -> bool {
        self.walk.has_rows
    }
}

impl Walk {
    fn new(table: &'static Table) -> Walk {
        Walk {
            table,
            wants: None,
            at: At::Root,
            inside: [0; PATH_MAX],
            depth: 0,
            next: 0,
            has_rows: false,
            list: None,
            is_row: IsRow::No,
            row: Row::default(),
            wrapped: 0,
            is_wrapped_list: false,
            column: 0,
            back: At::Root,
            value: ValueReader::default(),
            head: Head::default(),
            shape: Shape::default(),
            shaped_rows: 0,
            columnar: Columnar::default(),
            tensor: None,
            classes: None,
        }
    }

    /// Forgets the document. A row that broke off keeps its number for itself.
    fn restart(&mut self) {
        if !matches!(self.at, At::Root | At::Behind) {
            self.row.index = self.row.index.saturating_add(self.columnar.rows()).saturating_add(1);
        }
        self.row.restart();
        self.value.reset();
        self.head.clear();
        self.columnar = Columnar::default();
        (self.at, self.depth, self.list, self.is_row) = (At::Root, 0, None, IsRow::No);
        (self.wrapped, self.is_wrapped_list) = (0, false);
        (self.tensor, self.shape) = (None, Shape::default());
    }

    fn wants(&mut self, columns: &Columns) -> Wants {
        *self.wants.get_or_insert_with(|| {
            let reads = || (0..columns.count()).filter_map(|column| columns.reads(column));
            let first = columns.at(0).and_then(|column| columns.reads(column));
            Wants {
                nothing: reads().next().is_none(),
                vectors: columns.width() == 1 && first == Some(Reads::VectorNorm),
            }
        })
    }

    fn wants_nothing(&self) -> bool {
        self.wants.is_some_and(|wants| wants.nothing)
    }

    fn fault(&self, fault: Fault, take: &mut impl FnMut(Event<'_>)) {
        if !self.wants_nothing() {
            take(Event::Fault(fault));
        }
    }

    fn step(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        match self.at {
            At::ListRow => self.in_list_row(token, columns, take),
            At::ObjectRow => self.in_object_row(token, columns, take),
            At::ObjectValue => self.value(token, columns, take, At::ObjectRow),
            At::Value => {
                let next = self.value(token, columns, take, self.back);
                match self.at {
                    At::RowEnd => self.end_row(columns, take),
                    At::ColumnEnd => self.end_column(take),
                    _ => {}
                }
                next
            }
            At::Rows => self.in_rows(token, columns, take),
            At::VectorRow => self.in_vector_row(token, columns, take),
            At::Wrapped => self.behind_wrapper(token),
            At::ColumnRows => self.in_column(token, columns, take),
            At::TensorRow => self.in_tensor_row(token, columns, take),
            At::Columns => self.in_columns(token, columns, take),
            At::Column => self.behind_column(token, columns, take),
            At::Values => self.in_values(token, columns, take),
            At::Names => self.in_names(token, columns),
            At::Shape => self.in_shape(token),
            At::ClassRows | At::ClassRow | At::ClassPair => self.in_classes(token, columns, take),
            At::Root => self.at_root(token, columns, take),
            At::Members => self.in_members(token),
            At::Member => self.behind_member(token, columns, take),
            At::RowEnd | At::ColumnEnd | At::Behind => skip_if_opens(token),
        }
    }

    // The way to the members.

    fn at_root(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        self.next = Members::MAX;
        self.behind_member(token, columns, take)
    }

    fn in_members(&mut self, token: Token<'_>) -> Next {
        let Token::Key(key) = token else {
            // Nothing but the end of the object can stand in a name's place.
            self.depth = self.depth.saturating_sub(1);
            self.after_member();
            return Next::Read;
        };
        let depth = self.depth.saturating_sub(1);
        let from = self.inside.get(depth).copied().unwrap_or(0);
        self.next = self.table.with_key(from, depth, key.bytes);
        if self.next == 0 {
            return Next::Skip;
        }
        self.at = At::Member;
        Next::Read
    }

    fn behind_member(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        if let Some(holds) = self.table.holds(self.next, self.depth)
            && let Some(next) = self.enter(holds, token, columns, take)
        {
            return next;
        }
        let below = self.table.below(self.next, self.depth);
        if token == Token::ObjectStart && below != 0 {
            self.descend(below);
            self.at = At::Members;
            return Next::Read;
        }
        self.after_member();
        skip_if_opens(token)
    }

    /// Enters an object on the way of these.
    fn descend(&mut self, below: Members) {
        if let Some(inside) = self.inside.get_mut(self.depth) {
            *inside = below;
            self.depth = self.depth.saturating_add(1);
        }
    }

    /// Goes on behind a member.
    fn after_member(&mut self) {
        self.list = None;
        self.tensor = None;
        self.at = match self.depth {
            0 => At::Behind,
            1 if self.is_row != IsRow::No => At::ObjectRow,
            _ => At::Members,
        };
    }

    /// Begins with what a member holds; `None` if it cannot hold that.
    fn enter(
        &mut self,
        holds: Holds,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Option<Next> {
        let opens = matches!(token, Token::ArrayStart | Token::ObjectStart);
        let (list, at) = match (holds, token) {
            (Holds::Rows | Holds::RowOrRows | Holds::Columns, Token::ArrayStart) => {
                (Some(At::Rows), At::Rows)
            }
            (Holds::Classes, Token::ArrayStart) => (Some(At::ClassRows), At::ClassRows),
            (Holds::Columns, Token::ObjectStart) => (None, At::Columns),
            (Holds::Row | Holds::RowOrRows, Token::ObjectStart) => (None, At::ObjectRow),
            (Holds::Row, Token::ArrayStart) => (None, self.list_row()),
            (Holds::Row | Holds::RowOrRows, _) if !opens => (None, At::RowEnd),
            (Holds::Names, Token::ArrayStart) => {
                self.head.clear();
                self.at = At::Names;
                return Some(Next::Read);
            }
            (Holds::Shape, Token::ArrayStart) => {
                self.shape = Shape::begin();
                self.at = At::Shape;
                return Some(Next::Read);
            }
            (Holds::Values, Token::ArrayStart) => return Some(self.enter_values(columns, take)),
            _ => return None,
        };
        self.has_rows = true;
        (self.list, self.at) = (list, at);
        match at {
            At::ClassRows => self.classes = Some(Box::default()),
            At::Columns => self.columnar = Columnar::default(),
            At::ObjectRow if self.depth == 0 => {
                self.is_row = IsRow::Yes;
                self.descend(self.table.below(self.next, 0));
            }
            At::RowEnd => return Some(self.single_value(token, columns, take)),
            _ => {}
        }
        Some(Next::Read)
    }

    // Rows.

    fn in_rows(
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
            token => return self.single_value(token, columns, take),
        }
        Next::Read
    }

    /// A row begins that is a list.
    fn list_row(&mut self) -> At {
        self.row.is_list = true;
        if self.wants.is_some_and(|wants| wants.vectors) { At::VectorRow } else { At::ListRow }
    }

    /// A row that is a single value, which this token begins.
    fn single_value(
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
    fn element(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
        back: At,
    ) -> Next {
        let position = self.row.position;
        self.row.position = position.saturating_add(1);
        match self.column_at(columns, position) {
            Some(column) if self.tell(column) => {
                self.column = column;
                self.value(token, columns, take, back)
            }
            found => {
                self.row.has_extra |= found.is_none();
                self.at = back;
                skip_if_opens(token)
            }
        }
    }

    #[inline]
    fn column_at(&self, columns: &Columns, position: usize) -> Option<usize> {
        match self.tensor {
            None => self.head.at(columns, position),
            Some(tensor) => columns.in_tensor(tensor, position),
        }
    }

    /// Marks the column as told; false if its value came before.
    #[inline]
    fn tell(&mut self, column: usize) -> bool {
        !self.columnar.has(column) && self.row.mark(column)
    }

    /// A token of the value of the column at hand, behind which reading goes on at `back`.
    #[inline]
    fn value(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
        back: At,
    ) -> Next {
        let (column, reads) = (self.column, columns.reads(self.column).unwrap_or_default());
        match self.value.step(token, reads) {
            Step::More(next) => {
                self.back = back;
                self.at = At::Value;
                next
            }
            Step::Done(cell, next) => {
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

    fn in_list_row(
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

    fn in_vector_row(
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
                self.tell(column);
                self.value.begin_vector();
                self.value(token, columns, take, At::RowEnd)
            }
        }
    }

    fn in_object_row(
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
        if let Some(column) = columns.named(key.bytes) {
            if !self.tell(column) {
                return Next::Skip;
            }
            self.column = column;
            self.at = At::ObjectValue;
            return Next::Read;
        }
        if self.is_row != IsRow::No && self.list.is_none() && self.wrapped == 0 {
            let from = self.inside.first().copied().unwrap_or(0);
            self.next = self.table.with_key(from, 0, key.bytes);
            if self.next != 0 {
                self.is_row = IsRow::HoldsRows;
                self.row.restart();
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
            && self.tell(column)
        {
            // The row is no object, but a single value.
            self.row.is_list = true;
            self.row.position = 1;
            self.column = column;
            self.value.begin_base64();
            (self.at, self.back) = (At::Value, At::RowEnd);
            return Next::Pieces;
        }
        self.row.has_extra = true;
        Next::Skip
    }

    fn behind_wrapper(&mut self, token: Token<'_>) -> Next {
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
    fn end_row(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        if self.is_row == IsRow::HoldsRows && self.list.is_none() && self.depth == 1 {
            // What looked like a row was the document.
            self.row.restart();
        } else {
            self.count_row(self.head.expected(columns), take);
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

    /// Reports that the open row is over, which should have so many values; 0 if nobody knows.
    fn count_row(&mut self, expected: usize, take: &mut impl FnMut(Event<'_>)) {
        if self.wants_nothing() {
            self.row.restart();
        }
        self.row.end(expected, take);
    }

    // What tells of rows.

    fn in_names(&mut self, token: Token<'_>, columns: &Columns) -> Next {
        match token {
            Token::String(name) => self.head.push(columns.named(name.bytes)),
            Token::ArrayEnd => self.after_member(),
            _ => self.head.refuse(),
        }
        skip_if_opens(token)
    }

    fn in_shape(&mut self, token: Token<'_>) -> Next {
        match token {
            Token::ArrayEnd => self.after_member(),
            Token::Number(number) => self.shape.push(Some(number)),
            _ => self.shape.push(None),
        }
        skip_if_opens(token)
    }

    // All values in one list.

    fn enter_values(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) -> Next {
        self.has_rows = true;
        let Some((_, width)) = self.shape.known() else {
            self.fault(Fault::WrongShape, take);
            self.after_member();
            return Next::Skip;
        };
        let expected = self.head.expected(columns);
        if expected != 0 && width != expected {
            self.fault(Fault::WrongShape, take);
        }
        self.shaped_rows = 0;
        self.at = At::Values;
        Next::Read
    }

    fn in_values(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        let (rows, width) = self.shape.known().unwrap_or_default();
        let is_over = token == Token::ArrayEnd;
        let is_whole = self.row.position == width;
        if is_whole || (is_over && self.row.position != 0) {
            self.count_row(0, take);
            self.shaped_rows = self.shaped_rows.saturating_add(1);
        }
        if !is_over {
            return self.element(token, columns, take, At::Values);
        }
        if self.shaped_rows != rows || !(is_whole || rows == 0) {
            self.fault(Fault::WrongShape, take);
        }
        self.after_member();
        Next::Read
    }

    // Labels and scores.

    fn in_classes(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        let Some(classes) = &mut self.classes else { return skip_if_opens(token) };
        match (self.at, token) {
            (At::ClassRows, Token::ArrayStart) => {
                classes.begin_row();
                self.at = At::ClassRow;
            }
            (At::ClassRows, Token::ArrayEnd) => self.after_member(),
            (At::ClassRows, token) => return self.single_value(token, columns, take),
            (At::ClassRow, Token::ArrayStart) => {
                classes.begin_pair();
                self.at = At::ClassPair;
            }
            (At::ClassRow, Token::ArrayEnd) => {
                let row = self.row.index;
                if let Some((label, score)) = classes.best() {
                    let label_column = columns.named(b"label").or_else(|| columns.at(0));
                    let score_column = columns.named(b"score").or_else(|| columns.at(1));
                    let cells = [(label_column, label), (score_column, score)];
                    for (column, cell) in cells {
                        if let Some(column) = column.filter(|column| self.row.mark(*column)) {
                            take(Event::Cell { column, row, cell });
                        }
                    }
                }
                self.end_row(columns, take);
            }
            (At::ClassPair, Token::ArrayEnd) => self.at = At::ClassRow,
            (At::ClassPair, token) => {
                classes.value(token);
                return skip_if_opens(token);
            }
            (_, token) => return skip_if_opens(token),
        }
        Next::Read
    }
}

/// What the token opens, if it does, passes unread.
fn skip_if_opens(token: Token<'_>) -> Next {
    match token {
        Token::ObjectStart | Token::ArrayStart => Next::Skip,
        _ => Next::Read,
    }
}
