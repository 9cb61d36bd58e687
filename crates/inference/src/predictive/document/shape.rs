//! The shape that a document states for values in one list; it allocates nothing for it.

use super::{
    super::{Columns, Event, Fault, value::Next},
    At, Walk,
};
use driftline_wire::json::Token;

/// The number of rows, and how many values each has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    rows: Option<u64>,
    /// `None` if the product is too large, or a dimension is not a whole number.
    width: Option<u64>,
}

/// Above it, not every whole number is a double.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Shape {
    /// A shape without dimensions.
    pub(super) fn begin() -> Shape {
        Shape { rows: None, width: Some(1) }
    }

    /// Adds a dimension; `None` if it is not a number.
    pub(super) fn push(&mut self, dimension: Option<f64>) {
        let whole = dimension
            .filter(|number| (0.0..=EXACT_MAX).contains(number) && libm::trunc(*number) == *number);
        match whole.map(|number| number as u64) {
            None => self.width = None,
            Some(rows) if self.rows.is_none() => self.rows = Some(rows),
            Some(length) => self.width = self.width.and_then(|width| width.checked_mul(length)),
        }
    }

    /// The number of rows and of values in each, at least 1; `None` if that cannot be a shape.
    pub(super) fn known(self) -> Option<(u64, usize)> {
        let (rows, width) = (self.rows?, self.width?);
        rows.checked_mul(width)?;
        Some((rows, usize::try_from(width).ok().filter(|width| *width != 0)?))
    }
}

impl Walk {
    pub(super) fn enter_values(
        &mut self,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        self.has_rows = true;
        let Some((_, width)) = self.shape.known() else {
            self.fault(Fault::WrongShape, take);
            self.after_member();
            return Next::Skip;
        };
        let expected = self.head.expected(columns, width);
        if expected != 0 && width != expected {
            self.fault(Fault::WrongShape, take);
        }
        self.shaped_rows = 0;
        self.at = At::Values;
        Next::Read
    }

    pub(super) fn in_values(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        let (rows, width) = self.shape.known().unwrap_or_default();
        let is_over = token == Token::ArrayEnd;
        let is_whole = self.row.position == width;
        if is_whole || (is_over && self.row.position != 0) {
            let expected = self.head.expected(columns, width);
            // Of rows that are too wide, the shape has been told.
            self.row.has_extra &= expected == 0 || width <= expected;
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
}
