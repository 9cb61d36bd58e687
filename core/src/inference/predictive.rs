//! Exchanges with a model that predicts: rows of features in, rows of predictions out, one value at a time.
//! No row is kept; a batch of any size passes in the same memory, but for a tensor in JSON whose data comes first.

#[cfg(test)]
mod arbitrary;
mod columns;
mod csv;
mod dialect;
mod dialects;
mod document;
mod event;
mod head;
mod jsonlines;
mod paths;
mod reader;
#[cfg(test)]
mod render;
mod row;
mod sink;
mod tensors;
mod text;
mod unlisted;
mod value;

pub(crate) use self::{
    columns::{Columns, Place, Projection},
    dialect::{Dialect, Target, recognise},
    dialects::DIALECTS,
    event::{Event, Fault},
    paths::PathReader,
    reader::Reader,
    sink::Sink,
};
pub use self::{
    paths::{PATHS_MAX, PathStep, STEPS_MAX},
    unlisted::Unlisted,
};

use driftline_statistics::{bins::Bins, drift::Tail, time::moment};
use driftline_wire::json::Token;

/// Bytes that the reader of a body takes beside its exchange, whatever the format.
#[cfg(test)]
pub(crate) const READER_BYTES: usize = reader::BYTES_MAX;

/// A value where a feature or a prediction was expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    /// A finite number.
    Number(f64),
    /// A truth value: 0 or 1 where a number is expected, and no moment.
    Boolean(bool),
    /// Text, escapes decoded; of a very long one the beginning, which then is longer than any category.
    Text(&'a [u8]),
    /// A value in a format that has only text, such as a header: a number, `true` or `false` where one of these is
    /// expected, and a category where one is. Cut as [`Cell::Text`] is.
    Untyped(&'a [u8]),
    /// Why there is no value.
    Unbinned(Unbinned),
}

/// Where a value falls, or why it falls into no bin.
pub(crate) type Placed = Result<InBin, Unbinned>;

/// A value that has a bin.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct InBin {
    pub(crate) bin: usize,
    /// Whether the profile's schema does not allow it.
    pub(crate) is_outside: bool,
    /// How far it lies beyond the outermost edges: [`BinPositions::tail_distance`](driftline_statistics::drift::BinPositions::tail_distance).
    pub(crate) tail_distance: Option<(Tail, u64)>,
}

/// Why a value falls into no bin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unbinned {
    /// The value is null.
    Null,
    /// The row does not have the feature.
    Missing,
    /// The value is a list or an object, text where a number is expected, or the reverse.
    WrongType,
    /// The value is NaN or infinite, or too large for a double.
    NotFinite,
}

impl Unbinned {
    /// All reasons; a reason's position here is its discriminant.
    pub(crate) const ALL: [Unbinned; 4] =
        [Unbinned::Null, Unbinned::Missing, Unbinned::WrongType, Unbinned::NotFinite];

    /// The label value.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Unbinned::Null => "null",
            Unbinned::Missing => "missing",
            Unbinned::WrongType => "wrong_type",
            Unbinned::NotFinite => "not_finite",
        }
    }
}

impl<'a> Cell<'a> {
    /// What a JSON value is, or a container of which the start is given.
    pub(crate) fn of(token: Token<'a>) -> Cell<'a> {
        match token {
            Token::Number(number) => Cell::Number(number),
            Token::Bool(value) => Cell::Boolean(value),
            Token::NotFinite => Cell::Unbinned(Unbinned::NotFinite),
            Token::String(text) => Cell::Text(text.bytes),
            Token::Null => Cell::Unbinned(Unbinned::Null),
            _ => Cell::Unbinned(Unbinned::WrongType),
        }
    }

    /// The value as what bins of this kind expect: what is only written becomes a number or a text, and a truth value a
    /// number.
    pub(crate) fn read_for(self, bins: &Bins) -> Cell<'a> {
        match (self, bins) {
            (Cell::Untyped(text), Bins::Categories { .. }) => Cell::Text(text),
            (Cell::Untyped(text), _) => written_number(text),
            // For categories it is of the wrong type either way.
            (Cell::Boolean(value), _) => Cell::Number(truth(value)),
            (cell, _) => cell,
        }
    }

    /// Whatever says a moment as the age of that moment, in seconds at `now`, which is in seconds since 1970.
    ///
    /// Without a `now` there are no ages, and a moment is as good as none.
    pub(crate) fn aged(self, now: Option<f64>) -> Cell<'a> {
        let said = match self {
            Cell::Number(number) => moment::from_number(number),
            Cell::Text(text) => moment::from_text(text),
            // As a number it would be the first second of 1970.
            Cell::Boolean(_) => None,
            Cell::Untyped(text) => match moment::from_text(text) {
                Some(said) => Some(said),
                None => match written(text) {
                    Cell::Number(number) => moment::from_number(number),
                    Cell::Unbinned(reason) => return Cell::Unbinned(reason),
                    _ => None,
                },
            },
            Cell::Unbinned(_) => return self,
        };
        match (said, now) {
            (Some(said), Some(now)) => Cell::Number(now - said),
            _ => Cell::Unbinned(Unbinned::WrongType),
        }
    }

    /// The bin that the value falls into, or why it falls into none.
    pub(crate) fn place(self, bins: &Bins) -> Result<usize, Unbinned> {
        match (self, bins) {
            (Cell::Number(_), Bins::Categories { .. }) => Err(Unbinned::WrongType),
            (Cell::Number(number), _) => Ok(bins.of(number)),
            (Cell::Text(text), _) => bins.of_category(text).ok_or(Unbinned::WrongType),
            (Cell::Untyped(_) | Cell::Boolean(_), _) => self.read_for(bins).place(bins),
            (Cell::Unbinned(reason), _) => Err(reason),
        }
    }
}

/// What a truth value counts as among numbers.
fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

/// The number that a text says, or why it says none.
fn written_number(text: &[u8]) -> Cell<'static> {
    match written(text) {
        Cell::Boolean(value) => Cell::Number(truth(value)),
        cell => cell,
    }
}

/// The number or the truth value that a text says, or why it says none.
fn written(text: &[u8]) -> Cell<'static> {
    let text = str::from_utf8(text).unwrap_or_default().trim_ascii();
    match text {
        "" => Cell::Unbinned(Unbinned::Null),
        "true" | "True" | "TRUE" => Cell::Boolean(true),
        "false" | "False" | "FALSE" => Cell::Boolean(false),
        // Rust reads `nan`, `inf` and `infinity` in any case, as Python writes them.
        text => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Cell::Number(number),
            Ok(_) => Cell::Unbinned(Unbinned::NotFinite),
            Err(_) => Cell::Unbinned(Unbinned::WrongType),
        },
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<usize, Unbinned>) {
        let bins = Bins::Values { values: vec![0.0, 1.0, 2.5] };
        assert_eq!(Cell::Untyped(text.as_bytes()).place(&bins), expected, "{text}");
    }

    #[test]
    fn text_is_a_number_where_one_is_expected() {
        check("2.5", Ok(2));
        check(" 1e0\t", Ok(1));
        check("False", Ok(0));
        check("", Err(Unbinned::Null));
        check("NaN", Err(Unbinned::NotFinite));
        check("-Infinity", Err(Unbinned::NotFinite));
        check("1e400", Err(Unbinned::NotFinite));
        check("1,5", Err(Unbinned::WrongType));
        check("0x1", Err(Unbinned::WrongType));
    }

    /// Ages at 1,000 seconds after the moment 2026-11-25T12:00:00Z.
    #[track_caller]
    fn check_age(cell: Cell<'_>, expected: Result<f64, Unbinned>) {
        let found = cell.aged(Some(1_795_609_000.0));
        assert_eq!(found, expected.map_or_else(Cell::Unbinned, Cell::Number), "{cell:?}");
    }

    #[test]
    fn a_moment_is_as_old_as_it_is_in_whatever_form_it_comes() {
        check_age(Cell::Text(b"2026-11-25T12:00:00Z"), Ok(1_000.0));
        check_age(Cell::Text(b"2026-11-25"), Ok(44_200.0));
        check_age(Cell::Number(1_795_608_000.0), Ok(1_000.0));
        check_age(Cell::Number(1_795_608_000_500.0), Ok(999.5));
        check_age(Cell::Number(1_795_610_000.0), Ok(-1_000.0));
        check_age(Cell::Untyped(b" 2026-11-25 12:00:00 "), Ok(1_000.0));
        check_age(Cell::Untyped(b"1795608000"), Ok(1_000.0));
        check_age(Cell::Untyped(b"0"), Ok(1_795_609_000.0));
    }

    #[test]
    fn what_is_no_moment_has_no_age() {
        let wrong = Err(Unbinned::WrongType);
        check_age(Cell::Text(b"yesterday"), wrong);
        check_age(Cell::Text(b"1795608000"), wrong);
        check_age(Cell::Number(1e21), wrong);
        check_age(Cell::Untyped(b"true"), wrong);
        check_age(Cell::Boolean(true), wrong);
        check_age(Cell::Boolean(false), wrong);
        check_age(Cell::Untyped(b"soon"), wrong);
        check_age(Cell::Untyped(b""), Err(Unbinned::Null));
        check_age(Cell::Untyped(b"1e400"), Err(Unbinned::NotFinite));
        check_age(Cell::Unbinned(Unbinned::Null), Err(Unbinned::Null));
        assert_eq!(Cell::Number(0.0).aged(None), Cell::Unbinned(Unbinned::WrongType));
    }

    #[test]
    fn text_is_a_category_where_one_is_expected() {
        let bins = Bins::Categories { names: vec!["3".into()] };
        assert_eq!(Cell::Untyped(b"3").place(&bins), Ok(0));
        assert_eq!(Cell::Number(3.0).place(&bins), Err(Unbinned::WrongType));
    }

    #[test]
    fn a_truth_value_is_a_number_where_one_is_expected_and_never_a_category() {
        let values = Bins::Values { values: vec![0.0, 1.0] };
        assert_eq!(Cell::Boolean(false).place(&values), Ok(0));
        assert_eq!(Cell::Boolean(true).place(&values), Ok(1));
        assert_eq!(Cell::Boolean(true).place(&Bins::Quantile { edges: vec![0.5] }), Ok(1));
        let names = Bins::Categories { names: vec!["true".into(), "1".into()] };
        assert_eq!(Cell::Boolean(true).place(&names), Err(Unbinned::WrongType));
        assert_eq!(Cell::Untyped(b"true").place(&names), Ok(0));
    }
}
