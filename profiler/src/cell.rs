//! One cell of a table, and how CSV spells it; it decides nothing about the column.

use driftline_statistics::{profile::Kind, time::moment};

/// The content of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'c> {
    /// Nothing, or a word for a missing value.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A number, possibly not finite.
    Number(f64),
    /// Text. A column of text alone is one of categories, unless its type is given.
    Text(&'c str),
    /// A list of numbers, as its Euclidean norm. A column of lists alone is one of vector norms.
    List(f64),
    /// A text, as the number of its characters; only for columns of the type `text_length`.
    Length(f64),
    /// A moment, in seconds since 1970, where the format has a type for such.
    Moment(f64),
    /// A moment, as the seconds from it until the row was made; only for columns of timestamps.
    Age(f64),
    /// Something that is no value, in words for a message: `an object`.
    Other(&'static str),
}

/// How a moment of unknown age is shown.
pub(crate) const WITHOUT_AS_OF: &str = "a date or time (whose age is unknown without --as-of)";

/// Words for a missing value, in lower case; the case does not matter.
const NULLS: [&str; 4] = ["", "na", "nan", "null"];

impl<'c> Cell<'c> {
    /// A list of numbers.
    #[must_use]
    pub fn list(numbers: impl IntoIterator<Item = f64>) -> Cell<'c> {
        // In the order of the numbers, as the filter adds them.
        Cell::List(numbers.into_iter().fold(0.0_f64, |sum, x| sum + x * x).sqrt())
    }

    /// The moment in the cell, in seconds since 1970, whatever its form; `None` if it is none.
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
    /// Empty, `NA`, `NaN` and `null` are [`Cell::Null`]; `true` and `false` are booleans. The case does not matter.
    /// Numbers are what Rust's `f64` reads, including `inf` and `1e400`, which are infinite.
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

    /// Reads the text of a cell in a column of a given kind.
    ///
    /// A category may be called `NA` or `7`, so only an empty cell is null. For a text length, white space counts.
    /// A vector is written as JSON: `[1, 2.5]`.
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
