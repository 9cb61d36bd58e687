//! The Euclidean norm of a vector, element by element. It keeps none.

use driftline_labels::Unbinned;

use super::{Cell, NullTexts, Precision};

/// The norm of the elements so far.
///
/// Elements are numbers, or truth values, which count as 1 and 0. A vector with a null or a NaN among them has no norm
/// and is null; one with an infinity is not finite; one with a text, a list or an object is of the wrong type, whatever
/// else it has.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Norm {
    squares: f64,
    /// Of the elements: that of the last one that has less than a single.
    precision: Precision,
    /// Why there is none, if there is none.
    fault: Option<Unbinned>,
}

impl Norm {
    /// Adds an element.
    #[inline]
    pub fn add(&mut self, element: Cell<'_>) {
        let number = match element {
            Cell::Number(number) if number.is_finite() => Ok(number),
            Cell::Rounded(number, precision) if number.is_finite() => {
                self.precision = precision;
                Ok(number)
            }
            Cell::Text(_) | Cell::Untyped(_) => Err(Unbinned::WrongType),
            other => other.number(&NullTexts::NONE),
        };
        match number {
            Ok(number) => self.squares += number * number,
            Err(reason) => self.spoil(reason),
        }
    }

    /// The norm, or why there is none. An empty vector has the norm 0.
    #[must_use]
    pub fn cell(self) -> Cell<'static> {
        match self.fault {
            Some(reason) => Cell::Unbinned(reason),
            None if self.squares.is_finite() => {
                Cell::Rounded(libm::sqrt(self.squares), self.precision.of_norm())
            }
            None => Cell::Unbinned(Unbinned::NotFinite),
        }
    }

    fn spoil(&mut self, reason: Unbinned) {
        let rank = |reason| match reason {
            Unbinned::Null | Unbinned::Missing => 0,
            Unbinned::NotFinite => 1,
            Unbinned::WrongType => 2,
        };
        if self.fault.is_none_or(|known| rank(known) < rank(reason)) {
            self.fault = Some(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(elements: &[Cell<'_>], expected: Cell<'_>) {
        let mut norm = Norm::default();
        elements.iter().for_each(|element| norm.add(*element));
        assert_eq!(norm.cell(), expected, "{elements:?}");
    }

    #[test]
    fn a_norm_is_of_numbers_and_truth_values() {
        use Cell::{Boolean, Number, Text, Unbinned as Not};
        let norm = |x| Cell::Rounded(x, Precision::Norm);
        check(&[], norm(0.0));
        check(&[Number(3.0), Number(-4.0)], norm(5.0));
        check(&[Boolean(true), Boolean(false)], norm(1.0));
        let half = |x| Cell::Rounded(x, Precision::Half);
        check(&[half(3.0), half(-4.0)], Cell::Rounded(5.0, Precision::HalfNorm));
        let (null, infinite, wrong) =
            (Not(Unbinned::Null), Not(Unbinned::NotFinite), Not(Unbinned::WrongType));
        check(&[Number(1.0), Number(f64::NAN)], null);
        check(&[Number(f64::NAN), Number(f64::INFINITY), null], infinite);
        check(&[Number(1e200), Number(1e200)], infinite);
        check(&[Text(b"1"), Number(f64::INFINITY)], wrong);
        check(&[wrong, null, Number(1.0)], wrong);
    }
}
