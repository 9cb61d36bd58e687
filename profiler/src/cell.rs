//! One cell of a table, and how CSV spells it; it decides nothing about the column.

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'c> {
    /// Nothing, or a word for it.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A number, possibly not finite.
    Number(f64),
    /// Anything else; a column that holds nothing but such is one of categories.
    Text(&'c str),
}

/// Words for a missing value, in lower case; any case is understood.
const NULLS: [&str; 4] = ["", "na", "nan", "null"];

impl<'c> Cell<'c> {
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
        }
    }
}
