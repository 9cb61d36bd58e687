//! Parts of a row of an answer, which together say the prediction: they have numbers beyond those of all columns. What is
//! made of them is decided elsewhere.

use super::COLUMNS_MAX;

/// The most classes whose shares are told apart.
pub const CLASSES_MAX: usize = 99;
/// The most names of a prediction.
const NAMES_MAX: usize = 5;
/// Numbers of columns and of parts are below this.
pub(super) const NUMBERS_MAX: usize = ELEMENTS + CLASSES_MAX + NAMES_MAX;
const ELEMENTS: usize = COLUMNS_MAX + 1;

/// A part of a row of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// The first value under a name that means nothing, or the share of the first class under its name.
    Unnamed,
    /// The value at this position.
    Element(usize),
    /// The value under this one of the prediction's names.
    Named(usize),
}

impl Part {
    /// The part of this number; `None` if it is that of a column.
    pub const fn of(column: usize) -> Option<Part> {
        match column {
            ..COLUMNS_MAX => None,
            COLUMNS_MAX => Some(Part::Unnamed),
            _ => {
                let element = column.saturating_sub(ELEMENTS);
                Some(match element.checked_sub(CLASSES_MAX) {
                    None => Part::Element(element),
                    Some(name) => Part::Named(name),
                })
            }
        }
    }

    /// Its number among those of columns.
    pub const fn column(self) -> usize {
        match self {
            Part::Unnamed => COLUMNS_MAX,
            Part::Element(element) => ELEMENTS.saturating_add(element),
            Part::Named(name) => (ELEMENTS + CLASSES_MAX).saturating_add(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_a_number_of_its_own() {
        assert_eq!(Part::of(COLUMNS_MAX - 1), None);
        let elements = (0..CLASSES_MAX).map(Part::Element);
        let parts =
            [Part::Unnamed].into_iter().chain(elements).chain((0..NAMES_MAX).map(Part::Named));
        for (number, part) in (COLUMNS_MAX..).zip(parts) {
            assert_eq!((part.column(), Part::of(number)), (number, Some(part)));
            assert!(number < NUMBERS_MAX);
        }
    }
}
