//! Rows and columns in a JSON document, value by value, at the places of a table. No row is kept.

mod classes;
mod columnar;
mod rows;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod walk;

use alloc::{boxed::Box, rc::Rc, vec::Vec};

use self::{
    classes::Classes,
    columnar::Columnar,
    shape::Shape,
    table::{Members, PATH_MAX},
};
use super::{
    Columns, Event, Fault, Projection,
    columns::Tensor,
    head::Head,
    row::Row,
    step::PathStep,
    value::{Next, ValueReader, skip_if_opens},
};
use driftline_wire::json::{JsonEnd, Token, Tokenizer};

pub(super) use self::table::{Holds, Member, Table};

/// Wrappers may nest this deep in a row.
const WRAPPED_MAX: u8 = 4;

/// The names of members from the root on to that which holds rows, at most [`ROW_PATH_MAX`]; none for the root itself.
pub type RowPath = Rc<Vec<PathStep>>;

/// The most names of a [`RowPath`].
pub const ROW_PATH_MAX: usize = PATH_MAX;

/// Reads rows from documents that arrive in pieces, one document after the other.
#[derive(Debug)]
pub struct DocumentReader {
    tokenizer: Tokenizer,
    walk: Walk,
}

/// How far the document is read.
#[derive(Debug)]
struct Walk {
    table: &'static Table,
    /// Where its only member is, if a declaration says so.
    path: Option<RowPath>,
    wants: Option<Wants>,
    at: At,
    /// For each open object on the way of a path, outermost first: the members whose paths go on inside it.
    inside: [Members; PATH_MAX],
    depth: usize,
    /// Right after a name: the members that go through it or end there.
    next: Members,
    has_rows: bool,
    /// Where a row goes on that is one of a list.
    list: Option<At>,
    /// The document itself is a row.
    is_row: IsRow,
    row: Row,
    /// Open objects of wrappers in the open row.
    wrapped: u8,
    /// The open list of values is in a wrapper.
    is_wrapped_list: bool,
    /// The column whose value is open, and where to go on after it.
    column: usize,
    back: At,
    value: ValueReader,
    head: Head,
    shape: Shape,
    /// Rows that ended, of those that the shape states.
    shaped_rows: u64,
    columnar: Columnar,
    /// The columns at the positions of the open row; `None` for the usual ones.
    tensor: Option<Tensor>,
    classes: Option<Box<Classes>>,
}

/// What is looked for, found once.
#[derive(Clone, Copy, Debug)]
struct Wants {
    /// Nothing. Rows are counted.
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

/// Where in the document the next token is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum At {
    Root,
    /// In an object on the way of a path.
    Members,
    /// Right after the name of one of its members.
    Member,
    Rows,
    ListRow,
    /// At the start of a row that may itself be the vector that is looked for.
    VectorRow,
    ObjectRow,
    /// Right after the name of a column in a row that is an object.
    ObjectValue,
    /// Right after a wrapper's name.
    Wrapped,
    /// Right after the name of a part of an answer.
    Part,
    /// In a value of more than one token.
    Value,
    /// A row that was a single value is over. No token is here.
    RowEnd,
    /// In an object of columns.
    Columns,
    /// Right after a column's name.
    Column,
    /// In the list that is a column.
    ColumnRows,
    /// A column that was a single value is over. No token is here.
    ColumnEnd,
    /// In the list, or one within it, that is a row of a column of several values.
    TensorRow,
    Names,
    Shape,
    Values,
    ClassRows,
    ClassRow,
    ClassPair,
    After,
}

impl DocumentReader {
    /// A reader of documents with these members.
    pub fn new(table: &'static Table) -> DocumentReader {
        DocumentReader { tokenizer: Tokenizer::new(), walk: Walk::new(table) }
    }

    /// Looks for the only member of the table at this path.
    pub fn look_at(&mut self, path: &RowPath) {
        self.walk.path = Some(path.clone());
    }

    /// Takes the next piece of the document; calls `take` with everything it completes.
    pub fn read(&mut self, mut bytes: &[u8], columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
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
    pub fn finish(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) -> JsonEnd {
        let finish = self.tokenizer.finish();
        if let Some(token) = finish.token {
            self.walk.wants(columns);
            self.walk.step(token, columns, take);
        }
        self.walk.restart(take);
        finish.ending
    }

    /// Whether any document so far had a member with rows.
    pub fn has_rows(&self) -> bool {
        self.walk.has_rows
    }
}

impl Walk {
    fn new(table: &'static Table) -> Walk {
        Walk {
            table,
            path: None,
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

    /// Forgets the document. The number of a row that broke off is not used again.
    fn restart(&mut self, take: &mut impl FnMut(Event<'_>)) {
        if !matches!(self.at, At::Root | At::After) {
            self.row.index = self.row.index.saturating_add(self.columnar.rows()).saturating_add(1);
        }
        self.drop_row(take);
        // What came of columns is counted, so its rows are.
        let rows = core::mem::take(&mut self.columnar).rows();
        if rows != 0 {
            take(Event::Rows(rows));
        }
        self.value.reset();
        self.head.clear();
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
                vectors: columns.width() == 1 && first == Some(Projection::VectorNorm),
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

    // Two call it, and one of them once for a document.
    #[inline(never)]
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
            At::Wrapped => self.at_wrapper(token),
            At::Part => self.at_part(token, columns, take),
            At::ColumnRows => self.in_column(token, columns, take),
            At::TensorRow => self.in_tensor_row(token, columns, take),
            At::Columns => self.in_columns(token, columns, take),
            At::Column => self.at_column(token, columns, take),
            At::Values => self.in_values(token, columns, take),
            At::Names => self.in_names(token, columns),
            At::Shape => self.in_shape(token),
            At::ClassRows | At::ClassRow | At::ClassPair => self.in_classes(token, columns, take),
            At::Root => self.at_root(token, columns, take),
            At::Members => self.in_members(token),
            At::Member => self.at_member(token, columns, take),
            At::RowEnd | At::ColumnEnd | At::After => skip_if_opens(token),
        }
    }
}
