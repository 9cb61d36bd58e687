//! What the dimensions of a tensor say about its rows; nothing is allocated for what they state.

/// Dimensions, folded as they come: the first one counts rows, all others make up a row.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Shape {
    /// 1 for a tensor without dimensions, which is a single value.
    pub(super) rows: u64,
    /// Elements of a row. Beyond 64 bits it is `u64::MAX`, which no body reaches.
    pub(super) width: u64,
    /// At most one dimension, so deeper nesting has no meaning.
    pub(super) is_flat: bool,
    dimensions: u8,
}

impl Shape {
    /// No dimension yet.
    pub(super) const EMPTY: Shape = Shape { rows: 1, width: 1, is_flat: true, dimensions: 0 };

    /// Without any element.
    pub(super) const NONE: Shape = Shape { rows: 0, width: 0, is_flat: true, dimensions: 0 };

    /// The same with one more dimension; `None` if there is no such shape.
    pub(super) fn with(self, dimension: i64) -> Option<Shape> {
        let dimension = u64::try_from(dimension).ok()?;
        Some(match self.dimensions {
            0 => Shape { rows: dimension, dimensions: 1, ..self },
            dimensions => Shape {
                width: self.width.saturating_mul(dimension),
                is_flat: false,
                dimensions: dimensions.saturating_add(1),
                ..self
            },
        })
    }

    /// The same with one more dimension that came as a number of JSON.
    pub(super) fn with_number(self, dimension: f64) -> Option<Shape> {
        // A cast keeps what is integer and in range; all else differs afterwards.
        let integer = dimension as i64;
        if integer as f64 == dimension { self.with(integer) } else { None }
    }

    /// How many elements there must be; `None` if no body could have that many.
    pub(super) fn elements(self) -> Option<u64> {
        self.rows.checked_mul(self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dimensions: &[f64], expected: Option<(u64, u64)>) {
        let shape =
            dimensions.iter().try_fold(Shape::EMPTY, |shape, &next| shape.with_number(next));
        assert_eq!(shape.map(|shape| (shape.rows, shape.width)), expected, "{dimensions:?}");
    }

    #[test]
    fn the_first_dimension_counts_rows() {
        check(&[], Some((1, 1)));
        check(&[3.0], Some((3, 1)));
        check(&[3.0, 1.0], Some((3, 1)));
        check(&[3.0, 2.0, 5.0], Some((3, 10)));
        check(&[0.0, 2.0], Some((0, 2)));
        check(&[2.0, 0.0, 7.0], Some((2, 0)));
    }

    #[test]
    fn dimensions_are_integers_from_0() {
        check(&[-1.0, 4.0], None);
        check(&[1.5], None);
        check(&[1.0, -0.5], None);
    }

    #[test]
    fn a_product_that_overflows_is_no_number() {
        let elements = |dimensions: &[i64]| {
            dimensions.iter().try_fold(Shape::EMPTY, |shape, &next| shape.with(next))?.elements()
        };
        assert_eq!(elements(&[2, 3, 4]), Some(24));
        assert_eq!(elements(&[1 << 32, 1 << 32]), None);
        assert_eq!(elements(&[2, i64::MAX, i64::MAX]), None);
        assert_eq!(elements(&[0, i64::MAX, i64::MAX]), Some(0));
    }
}
