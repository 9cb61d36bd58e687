//! One cell of a table, and how CSV spells it; it decides nothing about the column.

use driftline_statistics::{profile::Kind, time::moment};

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'c> {
    /// Nothing, or a word for it.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A number, possibly not finite.
    Number(f64),
    /// Text; a column that holds nothing but such is one of categories, unless something else is said.
    Text(&'c str),
    /// A list of numbers, as its Euclidean norm; a column that holds nothing but such is one of vector norms.
    List(f64),
    /// A text, as the number of its characters; only for columns that are said to be of text lengths.
    Length(f64),
    /// A moment, in seconds since 1970, where the format has a type for such.
    Moment(f64),
    /// What had passed since a moment when the row was made, in seconds; only for columns of timestamps.
    Age(f64),
    /// Something that can be no value, in words for a message: `an object`.
    Other(&'static str),
}

/// What a moment is shown as whose age is not known.
pub(crate) const WITHOUT_AS_OF: &str = "a date or time (whose age nobody knows without --as-of)";

/// Words for a missing value, in lower case; any case is understood.
const NULLS: [&str; 4] = ["", "na", "nan", "null"];

impl<'c> Cell<'c> {
    /// A list of numbers.
    #[must_use]
    pub fn list(numbers: impl IntoIterator<Item = f64>) -> Cell<'c> {
        // In the order of the numbers, as the filter adds them.
        Cell::List(numbers.into_iter().fold(0.0_f64, |sum, x| sum + x * x).sqrt())
    }

    /// The moment that the cell says, in seconds since 1970, in whichever form; `None` if it says none.
    #[must_use]
    pub fn moment(self) -> Option<f64> {
        match self {
            Cell::Moment(seconds) => Some(seconds),
            Cell::Number(number) => moment::from_number(number),
            Cell::Text(text) => moment::from_text(text.as_bytes()),
            _ => None,
        }
    }

    /// Reads the text of a cell, without the white space around it.
    ///
    /// Empty, `NA`, `NaN` and `null` are [`Cell::Null`], `true` and `false` are booleans, all in any
    /// case. Numbers are what Rust's `f64` reads, `inf` and `1e400` included, which are infinite.
    #[must_use]
    pub fn from_text(text: &'c str) -> Cell<'c> {
        let text = text.trim();
        if NULLS.iter().any(|null| text.eq_ignore_ascii_case(null)) {
            Cell::Null
        } else if text.eq_ignore_ascii_case("true") {
            Cell::Boolean(true)
        } else if text.eq_ignore_ascii_case("false") {
            Cell::Boolean(false)
        } else {
            text.parse().map_or(Cell::Text(text), Cell::Number)
        }
    }

    /// Reads the text of a cell in a column whose kind was said.
    ///
    /// A category may be called `NA` or `7`, so only nothing is null there, and every character of a text counts where
    /// its length does. A vector is written as JSON: `[1, 2.5]`.
    #[must_use]
    pub fn from_text_of(text: &'c str, kind: Option<Kind>) -> Cell<'c> {
        match kind {
            Some(Kind::Category) if text.trim().is_empty() => Cell::Null,
            Some(Kind::Category) => Cell::Text(text.trim()),
            Some(Kind::TextLength) if text.is_empty() => Cell::Null,
            Some(Kind::TextLength) => Cell::Text(text),
            Some(Kind::VectorNorm) => match serde_json::from_str::<Vec<f64>>(text) {
                Ok(numbers) => Cell::list(numbers),
                Err(_) => Cell::from_text(text),
            },
            Some(Kind::Number | Kind::Integer | Kind::Boolean | Kind::Timestamp) | None => {
                Cell::from_text(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_a_cell() {
        for (text, cell) in [
            ("", Cell::Null),
            ("  ", Cell::Null),
            ("NA", Cell::Null),
            ("nan", Cell::Null),
            ("NULL", Cell::Null),
            ("True", Cell::Boolean(true)),
            (" false ", Cell::Boolean(false)),
            ("-1.5e3", Cell::Number(-1500.0)),
            ("+7", Cell::Number(7.0)),
            ("inf", Cell::Number(f64::INFINITY)),
            ("1e400", Cell::Number(f64::INFINITY)),
            ("1,5", Cell::Text("1,5")),
            ("0x10", Cell::Text("0x10")),
            (" N/E ", Cell::Text("N/E")),
        ] {
            assert_eq!(Cell::from_text(text), cell, "{text:?}");
            assert_eq!(Cell::from_text_of(text, Some(Kind::Integer)), cell, "{text:?}");
        }
    }

    #[test]
    fn a_kind_that_was_said_decides_how_a_cell_reads() {
        for (text, kind, cell) in [
            ("NA", Kind::Category, Cell::Text("NA")),
            (" 007 ", Kind::Category, Cell::Text("007")),
            ("true", Kind::Category, Cell::Text("true")),
            ("  ", Kind::Category, Cell::Null),
            (" 12 ", Kind::TextLength, Cell::Text(" 12 ")),
            ("null", Kind::TextLength, Cell::Text("null")),
            ("", Kind::TextLength, Cell::Null),
            ("[3, -4.0]", Kind::VectorNorm, Cell::List(5.0)),
            ("[]", Kind::VectorNorm, Cell::List(0.0)),
            ("null", Kind::VectorNorm, Cell::Null),
            ("[1, null]", Kind::VectorNorm, Cell::Text("[1, null]")),
        ] {
            assert_eq!(Cell::from_text_of(text, Some(kind)), cell, "{text:?} {kind:?}");
        }
    }
}
