//! Finds the column and the row of each element of a tensor, as the elements come one after the other; it keeps none.
//!
//! The first dimension of a tensor counts rows, and the further ones make up a row. So a tensor of shape `[N]` or `[N,
//! 1]` is a column, one of `[N, D]` has D columns by index, and of higher ranks all further dimensions are flattened.
//! All tensors of a body have the same rows.

use super::shape::Shape;
use crate::predictive::{
    Cell, Columns, Event, Fault, Projection, Unbinned,
    columns::{FoundTensor, Tensor},
    row::ColumnSet,
};
use driftline_statistics::value::{Norm, length};
use driftline_wire::json::characters;

/// A tensor as it is described before its elements come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Description {
    /// Where in the columns it is looked for, if it is.
    tensor: Option<Tensor>,
    /// `None` if it cannot be a shape.
    shape: Option<Shape>,
    /// Its wrong shape has been reported.
    is_wrong: bool,
}

/// An element, or what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Element<'a> {
    Cell(Cell<'a>),
    /// A text with this many characters, if [`Filler::wants_characters`].
    Characters(u64),
}

/// Follows the tensors of one body, or of one message of a stream.
#[derive(Debug, Default)]
pub(super) struct Filler {
    /// Rows of all messages before this one.
    rows_before: u64,
    /// Rows of this one so far.
    rows: u64,
    /// How many rows the first tensor states; all others must state the same.
    rows_promised: Option<u64>,
    tensors: usize,
    /// Columns of the tensors before this one: of two tensors with one name the first one counts.
    earlier: ColumnSet,
    cursor: Cursor,
}

/// The tensor that is being read.
#[derive(Debug, Default)]
struct Cursor {
    /// `None` between tensors.
    tensor: Option<Tensor>,
    shape: Shape,
    row: u64,
    index: u64,
    /// In a row with brackets of its own, which end it.
    is_in_brackets: bool,
    /// The column of the next element.
    next: Option<usize>,
    columns: ColumnSet,
    /// The column that takes the norm of each row, and the norm so far.
    norm: Option<(usize, Norm)>,
    has_wrong_shape: bool,
    has_extra: bool,
}

impl Description {
    /// Whether any column looks for its elements.
    pub(super) const fn is_wanted(&self) -> bool {
        self.tensor.is_some() && self.shape.is_some()
    }

    /// Reports that its shape is not that of its elements, once.
    pub(super) fn say_wrong_shape(&mut self, take: &mut impl FnMut(Event<'_>)) {
        if !core::mem::replace(&mut self.is_wrong, true) {
            take(Event::Fault(Fault::WrongShape));
        }
    }
}

impl Filler {
    /// The next tensor of the body, and where it is looked for, if it is; `shape` is `None` if it cannot be a shape.
    pub(super) fn describe(
        &mut self,
        found: FoundTensor,
        shape: Option<Shape>,
        take: &mut impl FnMut(Event<'_>),
    ) -> Description {
        if found != FoundTensor::LeftOut {
            self.tensors = self.tensors.saturating_add(1);
        }
        if found == FoundTensor::Extra {
            take(Event::Fault(Fault::ExtraColumn));
        }
        let is_wrong = match shape {
            Some(shape) => {
                let promised = *self.rows_promised.get_or_insert(shape.rows);
                promised != shape.rows || shape.elements().is_none()
            }
            None => true,
        };
        if is_wrong {
            take(Event::Fault(Fault::WrongShape));
        }
        Description { tensor: found.wanted(), shape, is_wrong }
    }

    /// Which tensor of the body the next one is, from 0.
    pub(super) const fn ordinal(&self) -> usize {
        self.tensors
    }

    /// Begins the elements of a tensor.
    pub(super) fn begin(&mut self, description: Description, columns: &Columns) {
        let Description { tensor, shape, is_wrong } = description;
        let next = tensor.and_then(|tensor| columns.in_tensor(tensor, 0));
        let takes_norm = |&column: &usize| columns.reads(column) == Some(Projection::VectorNorm);
        self.cursor = Cursor {
            tensor,
            shape: shape.unwrap_or(Shape::NONE),
            next,
            norm: next.filter(takes_norm).map(|column| (column, Norm::default())),
            has_wrong_shape: is_wrong,
            ..Cursor::default()
        };
    }

    /// Whether the characters of the next element are to be counted, if it is a text.
    #[inline]
    pub(super) fn wants_characters(&self, columns: &Columns) -> bool {
        self.cursor.next.is_some_and(|column| columns.reads(column) == Some(Projection::TextLength))
    }

    /// Takes the next element.
    #[inline]
    pub(super) fn element(
        &mut self,
        element: Element<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        let Cursor { shape, row, index, .. } = self.cursor;
        if shape.rows <= row || shape.width <= index {
            self.wrong_shape(take);
            return;
        }
        let column = self.cursor.next;
        if let Some((_, norm)) = &mut self.cursor.norm {
            norm.add(element.cell());
        }
        match column {
            // It takes the row as a whole.
            Some(_) if index == 0 && self.cursor.norm.is_some() => {}
            Some(column) => {
                let cell = read(element, columns.reads(column));
                self.give(column, cell, take);
            }
            None if self.cursor.norm.is_some() => {}
            None => self.extra(take),
        }
        self.cursor.index = index.saturating_add(1);
        if self.cursor.index < shape.width {
            self.cursor.next = self.column_at(columns);
        } else {
            self.end_norm(take);
            if !self.cursor.is_in_brackets {
                self.next_row(columns);
            }
        }
    }

    /// Begins a row that has brackets of its own, unless the shape says that elements have none.
    pub(super) fn open_row(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        if self.cursor.shape.is_flat {
            return;
        }
        if self.cursor.index != 0 {
            self.wrong_shape(take);
            self.next_row(columns);
        }
        self.cursor.is_in_brackets = true;
    }

    /// Ends a row that has brackets of its own.
    pub(super) fn close_row(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        if !core::mem::take(&mut self.cursor.is_in_brackets) {
            return;
        }
        let Cursor { shape, row, index, .. } = self.cursor;
        if index < shape.width || shape.rows <= row {
            self.wrong_shape(take);
        }
        self.next_row(columns);
    }

    /// Ends the elements of a tensor; `is_cut` if some of them did not come.
    pub(super) fn end(&mut self, is_cut: bool, take: &mut impl FnMut(Event<'_>)) {
        let Cursor { shape, row, index, .. } = self.cursor;
        if shape.width != 0 && row < shape.rows {
            self.wrong_shape(take);
        }
        // A row that broke off with the body did not end.
        let begun = row.saturating_add(u64::from(index != 0 && !is_cut));
        self.rows = self.rows.max(begun.min(shape.rows));
        if self.cursor.tensor.is_some() {
            take(if is_cut && index != 0 && self.rows <= row {
                Event::NoRow
            } else {
                Event::RowEnd
            });
        }
        self.earlier.take(&mut self.cursor.columns);
        self.cursor = Cursor::default();
    }

    /// Reports that the tensor's shape is not that of its elements, once.
    pub(super) fn wrong_shape(&mut self, take: &mut impl FnMut(Event<'_>)) {
        if !core::mem::replace(&mut self.cursor.has_wrong_shape, true) {
            take(Event::Fault(Fault::WrongShape));
        }
    }

    /// Skips a tensor that no column looks for, whose bytes had room for this many elements: its shape counts up to
    /// that.
    pub(super) fn pass(
        &mut self,
        mut description: Description,
        elements_max: u64,
        take: &mut impl FnMut(Event<'_>),
    ) {
        let Some(shape) = description.shape else { return };
        let rows_max = elements_max.checked_div(shape.width).unwrap_or(0);
        self.rows = self.rows.max(rows_max.min(shape.rows));
        if shape.width != 0 && rows_max < shape.rows {
            description.say_wrong_shape(take);
        }
    }

    /// Skips a tensor of which no element came.
    pub(super) fn lacks(&self, mut description: Description, take: &mut impl FnMut(Event<'_>)) {
        if description.shape.and_then(Shape::elements) != Some(0) {
            description.say_wrong_shape(take);
        }
    }

    /// Ends the body, or the message: its rows are known.
    pub(super) fn end_body(&mut self, take: &mut impl FnMut(Event<'_>)) {
        if self.rows != 0 {
            take(Event::Rows(self.rows));
        }
        *self =
            Filler { rows_before: self.rows_before.saturating_add(self.rows), ..Filler::default() };
    }

    fn next_row(&mut self, columns: &Columns) {
        self.cursor.row = self.cursor.row.saturating_add(1);
        self.cursor.index = 0;
        if let Some((_, norm)) = &mut self.cursor.norm {
            *norm = Norm::default();
        }
        self.cursor.next = self.column_at(columns);
    }

    #[inline]
    fn column_at(&self, columns: &Columns) -> Option<usize> {
        columns.in_tensor(self.cursor.tensor?, usize::try_from(self.cursor.index).ok()?)
    }

    /// Ends a row whose norm is wanted.
    fn end_norm(&mut self, take: &mut impl FnMut(Event<'_>)) {
        if let Some((column, norm)) = self.cursor.norm {
            self.give(column, norm.cell(), take);
        }
    }

    #[inline]
    fn give(&mut self, column: usize, cell: Cell<'_>, take: &mut impl FnMut(Event<'_>)) {
        if !self.earlier.has(column) {
            self.cursor.columns.add(column);
            let row = self.rows_before.saturating_add(self.cursor.row);
            take(Event::Cell { column, row, cell });
        } else {
            // A tensor of the same name counted before.
            self.extra(take);
        }
    }

    fn extra(&mut self, take: &mut impl FnMut(Event<'_>)) {
        if !core::mem::replace(&mut self.cursor.has_extra, true) {
            take(Event::Fault(Fault::ExtraColumn));
        }
    }
}

impl<'a> Element<'a> {
    /// A text whose characters were counted is text, whatever it was.
    #[inline]
    fn cell(self) -> Cell<'a> {
        match self {
            Element::Cell(cell) => cell,
            Element::Characters(_) => Cell::Unbinned(Unbinned::WrongType),
        }
    }
}

/// What a column takes of an element.
#[inline]
fn read(element: Element<'_>, reads: Option<Projection>) -> Cell<'_> {
    match (reads.unwrap_or_default(), element) {
        (Projection::Value, element) => element.cell(),
        (Projection::TextLength, Element::Characters(count)) => length(count),
        (Projection::TextLength, Element::Cell(Cell::Text(text) | Cell::Untyped(text))) => {
            length(characters(text))
        }
        (Projection::TextLength, Element::Cell(cell)) => cell.misfit(),
        // One element of many is a list of one.
        (Projection::VectorNorm, element) => {
            let mut norm = Norm::default();
            norm.add(element.cell());
            norm.cell()
        }
    }
}
