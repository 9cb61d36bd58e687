//! Which class a label or a prediction says, in whatever spelling; it counts none.

use alloc::{boxed::Box, string::String, vec::Vec};

use driftline_labels::Unbinned;

use crate::value::{Categories, Category, Cell, NullTexts, Precision, Said};

/// The classes of a classifier, by number.
#[derive(Clone, Debug)]
pub struct ClassNames {
    names: Box<[Box<str>]>,
    /// Those that say numbers or truth values.
    said: Categories,
}

impl ClassNames {
    /// Classes with these names, of which there are fewer than 2^16.
    #[must_use]
    pub fn new(names: &[String]) -> ClassNames {
        let bins = names.iter().zip(0..);
        let said = bins.map(|(name, bin)| (name.as_str(), Category { bin, is_allowed: true }));
        ClassNames {
            said: Categories::new(said),
            names: names.iter().map(|name| name.as_str().into()).collect::<Vec<_>>().into(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The name of one.
    #[must_use]
    pub fn name(&self, class: usize) -> Option<&str> {
        self.names.get(class).map(|name| &**name)
    }

    /// The class that a cell says. A truth value is also the number 1 or 0, and these are also truth values, if no class
    /// is called so: labels come from other programs than training data. Compares with each name.
    ///
    /// # Errors
    ///
    /// Why there is none; [`Unbinned::WrongType`] for what is none of the classes.
    pub fn class_of(&self, cell: Cell<'_>) -> Result<usize, Unbinned> {
        match cell.category(&NullTexts::NONE) {
            Ok(text) => {
                if let Some(class) = self.names.iter().position(|name| name.as_bytes() == text) {
                    return Ok(class);
                }
            }
            Err(Unbinned::WrongType) => {}
            Err(reason) => return Err(reason),
        }
        let said = cell.said().ok_or(Unbinned::WrongType)?;
        let found = self.said.of(said).or_else(|| self.said.of(otherwise(said)?));
        found.map(|it| usize::from(it.bin)).ok_or(Unbinned::WrongType)
    }
}

/// A truth value as a number, and the other way round.
fn otherwise(said: Said) -> Option<Said> {
    match said {
        Said::Truth(value) => Some(Said::Number(f64::from(u8::from(value)), Precision::Single)),
        Said::Number(0.0, _) => Some(Said::Truth(false)),
        Said::Number(1.0, _) => Some(Said::Truth(true)),
        Said::Number(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], cell: Cell<'_>, expected: Result<usize, Unbinned>) {
        let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
        assert_eq!(ClassNames::new(&names).class_of(cell), expected, "{cell:?}");
    }

    #[test]
    fn a_class_is_found_in_any_spelling() {
        for (cell, class) in [
            (Cell::Number(1.0), 1),
            (Cell::Number(-0.0), 0),
            (Cell::Boolean(true), 1),
            (Cell::Untyped(b" 1.0 "), 1),
            (Cell::Text(b"0"), 0),
            (Cell::Text(b"true"), 1),
            (Cell::Untyped(b"False"), 0),
        ] {
            check(&["0", "1"], cell, Ok(class));
            check(&["false", "true"], cell, Ok(class));
        }
        check(&["cat", "dog"], Cell::Text(b"dog "), Ok(1));
        check(&["10", "2"], Cell::Number(2.0), Ok(1));
    }

    #[test]
    fn what_is_none_of_them_is_said() {
        check(&["0", "1"], Cell::Number(2.0), Err(Unbinned::WrongType));
        check(&["0", "1"], Cell::Text(b"yes"), Err(Unbinned::WrongType));
        check(&["cat", "dog"], Cell::Boolean(true), Err(Unbinned::WrongType));
        check(&["cat", "dog"], Cell::Text(b" "), Err(Unbinned::Null));
        check(&["0", "1"], Cell::Number(f64::NAN), Err(Unbinned::Null));
        check(&["0", "1"], Cell::Unbinned(Unbinned::Missing), Err(Unbinned::Missing));
    }
}
