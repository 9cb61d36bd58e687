//! The shape that a document states for values in one list; nothing in it is believed before it was computed.

/// The number of rows, and how many values each has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    rows: Option<u64>,
    /// `None` if the product is too large, or a dimension is no whole number.
    width: Option<u64>,
}

/// Beyond it not every whole number is a double.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Shape {
    /// A shape that has no dimension yet.
    pub(super) fn begin() -> Shape {
        Shape { rows: None, width: Some(1) }
    }

    /// The next dimension; `None` if it is no number.
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
