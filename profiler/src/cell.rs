//! One cell of a table, as its file has it; it decides nothing about the column, and nothing about words.

use driftline_labels::Unbinned;
use driftline_statistics::value::{self, Norm, NullTexts, Precision, Reading, reading};

use crate::list::{NO_ELEMENT, norm_of};

/// The content of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'c> {
    /// Nothing.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A number, possibly not finite; NaN is nothing.
    Number(f64),
    /// A number of single precision, where the format says so.
    Single(f32),
    /// Text in a format that has numbers of their own. A column of text alone is one of categories, unless its type is
    /// given.
    Text(&'c str),
    /// A cell of a format that has only text, such as CSV: [`reading`] says what it is in a column of numbers.
    Untyped(&'c str),
    /// A list. A column of lists alone is one of vector norms.
    List(List<'c>),
    /// A text, as the number of its characters; only for columns of the type `text_length`.
    Length(f64),
    /// A list of numbers, as its Euclidean norm; only for columns of the type `vector_norm`.
    Norm(f64),
    /// A moment, in seconds since 1970, where the format has a type for such.
    Moment(f64),
    /// A moment, as the seconds from it until the row was made; only for columns of timestamps.
    Age(f64),
    /// Something that is no value, in words for a message: `an object`.
    Other(&'static str),
}

/// A list: its norm, and its element if it has just one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct List<'c> {
    pub(crate) norm: Norm,
    only: Option<value::Cell<'c>>,
}

/// How a moment of unknown age is shown.
pub(crate) const WITHOUT_AS_OF: &str = "a date or time (whose age is unknown without --as-of)";

/// What a cell shows of the kind of its column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shown<'c> {
    /// This value, which is untyped no more.
    Value(Cell<'c>),
    /// A word that is nothing among numbers, and itself among texts.
    NullWord(&'c str),
}

impl<'c> Cell<'c> {
    /// A list of these elements, in their order. Elements that are lists or objects are of the wrong type.
    #[must_use]
    pub fn list(elements: impl IntoIterator<Item = value::Cell<'c>>) -> Cell<'c> {
        let (mut norm, mut only, mut count) = (Norm::default(), None, 0_u64);
        for element in elements {
            norm.add(element);
            only = Some(element);
            count += 1;
        }
        Cell::List(List { norm, only: only.filter(|_| count == 1) })
    }

    /// A list of numbers or truth values that a text has as JSON; `None` for every other text. It is not taken for its only
    /// element, because in such a format only vectors are lists.
    pub(crate) fn numbers(text: &str) -> Option<Cell<'c>> {
        let norm = norm_of(text)?;
        let is_one = norm.cell() != Cell::NO_ELEMENT;
        is_one.then_some(Cell::List(List { norm, only: None }))
    }

    /// An element of a list that is no single value.
    pub const NO_ELEMENT: value::Cell<'static> = NO_ELEMENT;

    /// The cell in the terms of the filter, which decide what it is in a column of single values; `None` for what such a
    /// column cannot have. A list of one is the one.
    #[must_use]
    pub fn single(self) -> Option<value::Cell<'c>> {
        Some(match self {
            Cell::Null => value::Cell::Unbinned(Unbinned::Null),
            Cell::Boolean(value) => value::Cell::Boolean(value),
            Cell::Number(number) => value::Cell::Number(number),
            Cell::Single(number) => value::Cell::Rounded(number.into(), Precision::Single),
            Cell::Text(text) => value::Cell::Text(text.as_bytes()),
            Cell::Untyped(text) => value::Cell::Untyped(text.as_bytes()),
            Cell::List(list) => list.only?,
            Cell::Length(_) | Cell::Norm(_) | Cell::Moment(_) | Cell::Age(_) | Cell::Other(_) => {
                return None;
            }
        })
    }

    /// The moment in the cell, in seconds since 1970, whatever its form; `None` if it is none.
    #[must_use]
    pub fn moment(self, nulls: &NullTexts) -> Option<f64> {
        match self {
            Cell::Moment(seconds) => Some(seconds),
            cell => cell.single()?.moment(nulls).ok(),
        }
    }

    /// What the cell shows of the kind of its column, by itself.
    pub(crate) fn shown(self, nulls: &NullTexts) -> Shown<'c> {
        let (text, is_typed) = match self {
            Cell::Text(text) => (text, true),
            Cell::Untyped(text) => (text, false),
            Cell::Number(number) if number.is_nan() => return Shown::Value(Cell::Null),
            Cell::Single(number) if number.is_nan() => return Shown::Value(Cell::Null),
            cell => return Shown::Value(cell),
        };
        match reading(text.as_bytes(), nulls) {
            Reading::Null => Shown::Value(Cell::Null),
            Reading::NullWord(_) => Shown::NullWord(text.trim()),
            Reading::Number(number) if !is_typed => Shown::Value(Cell::Number(number)),
            Reading::Boolean(value) if !is_typed => Shown::Value(Cell::Boolean(value)),
            Reading::Text(list) if !is_typed && list.starts_with(b"[") => {
                Shown::Value(Cell::numbers(text).unwrap_or(Cell::Text(text)))
            }
            Reading::Number(_) | Reading::Boolean(_) | Reading::Text(_) => {
                Shown::Value(Cell::Text(text))
            }
        }
    }
}

/// Whether a text looks like a number with a comma in it: `0,5`, `1,234`.
pub(crate) fn has_comma_in_number(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b',' || byte == b'.');
    is_plain
        && digits.contains(',')
        && digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.ends_with(|last: char| last.is_ascii_digit())
}

/// Whether a text is a number whose digits before the point are in groups of three: `1,234`, `-1,234,567.8`.
pub(crate) fn has_thousands(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = digits.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let mut others = groups.peekable();
    has_comma_in_number(text)
        && digits.matches('.').count() <= 1
        && others.peek().is_some()
        && (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && others.all(|group| group.len() == 3 && is_digits(group))
}

/// The number that a text with a comma before its fraction says, as a text with a point; `None` for any other text.
pub fn with_decimal_point(text: &str) -> Option<String> {
    let is_one = text.matches(',').count() == 1 && !text.contains('.');
    (is_one && has_comma_in_number(text)).then(|| text.replace(',', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cell: Cell<'_>, expected: Shown<'_>) {
        assert_eq!(cell.shown(&NullTexts::new(["?"])), expected, "{cell:?}");
    }

    #[test]
    fn a_cell_shows_what_it_could_be() {
        let value = Shown::Value;
        for text in ["", " ", "NaN", "?"] {
            check(Cell::Untyped(text), value(Cell::Null));
            check(Cell::Text(text), value(Cell::Null));
        }
        for cell in [Cell::Untyped(" NA "), Cell::Text("NA")] {
            check(cell, Shown::NullWord("NA"));
        }
        check(Cell::Untyped("+7"), value(Cell::Number(7.0)));
        check(Cell::Untyped("True"), value(Cell::Boolean(true)));
        check(Cell::Untyped("1,5"), value(Cell::Text("1,5")));
        check(Cell::Untyped("[a]"), value(Cell::Text("[a]")));
        check(Cell::Untyped("[\"a\"]"), value(Cell::Text("[\"a\"]")));
        let Shown::Value(Cell::List(list)) = Cell::Untyped(" [3, 4]").shown(&NullTexts::NONE)
        else {
            panic!()
        };
        assert_eq!(list.norm.cell(), value::Cell::Rounded(5.0, Precision::Norm));
        check(Cell::Text("7"), value(Cell::Text("7")));
        check(Cell::Number(f64::NAN), value(Cell::Null));
        check(Cell::Number(7.0), value(Cell::Number(7.0)));
    }

    #[test]
    fn a_list_of_one_is_the_one() {
        let one = value::Cell::Number(-7.0);
        assert_eq!(Cell::list([one]).single(), Some(one));
        assert_eq!(Cell::list([one, one]).single(), None);
        assert_eq!(Cell::list([]).single(), None);
        let Cell::List(list) = Cell::list([one, value::Cell::Boolean(true)]) else { panic!() };
        let norm = value::Cell::Rounded(50.0_f64.sqrt(), Precision::Norm);
        assert_eq!(list.norm.cell(), norm);
    }

    #[test]
    fn a_comma_in_a_number_is_told_from_one_in_a_text() {
        for text in ["0,921", "-1,5", "1,234,567", "1.234,5", " +7,0"] {
            assert!(has_comma_in_number(text), "{text}");
        }
        for text in ["a,b", "1", "1.5", ",5", "5,", "1, 2", ""] {
            assert!(!has_comma_in_number(text), "{text}");
        }
        for text in ["1,234", "-1,234,567.8", " 12,000 "] {
            assert!(has_thousands(text), "{text}");
        }
        for text in ["0,921", "1,5", "1234,567", "1.234,5", "1,234,5", "1.000,000"] {
            assert!(!has_thousands(text), "{text}");
        }
        assert_eq!(with_decimal_point("-0,456").as_deref(), Some("-0.456"));
        assert_eq!(with_decimal_point("1,234,567"), None);
        assert_eq!(with_decimal_point("1.234,5"), None);
    }
}
