//! One record of feedback, as its values come in: kept until it ends, because its model may come last. It judges nothing.

use alloc::{boxed::Box, vec::Vec};

use driftline_statistics::{
    fingerprint::Fingerprint,
    value::{Cell, NullTexts},
};

use super::{columns::member, predictions::request_name};
use crate::memory::BLOCK_BYTES;

/// The longest id, in bytes. Readers keep one byte more, so that a longer one can be told.
const ID_BYTES_MAX: usize = 255;

/// What a value takes at most: readers report texts of up to 256 bytes, and a buffer that grows is up to twice as long.
const VALUE_BYTES_MAX: usize = size_of::<Held>() + 512 + BLOCK_BYTES;

/// The record at hand.
#[derive(Debug)]
pub(crate) struct Record {
    values: Box<[Held]>,
}

/// A value of it.
#[derive(Debug, Default)]
struct Held {
    kind: Kind,
    number: f64,
    /// It holds for all records of its request.
    is_for_all: bool,
    /// Kept to be allocated once.
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Kind {
    #[default]
    Nothing,
    Number,
    Boolean,
    Text,
    Untyped,
    Other,
}

/// What a record says of the request that it is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SaidId {
    /// Nothing.
    None,
    /// What it is called, and the number of the row.
    Called(Fingerprint, u64),
    /// Something that is no id.
    Unusable,
}

impl Record {
    /// What the values of a record with this many columns take at most, in bytes.
    pub(crate) const fn bytes_max(columns: usize) -> usize {
        columns.saturating_mul(VALUE_BYTES_MAX)
    }

    /// An empty record of this many columns.
    pub(crate) fn new(columns: usize) -> Record {
        Record { values: (0..columns).map(|_| Held::default()).collect() }
    }

    /// Begins with nothing but what holds for all records.
    pub(crate) fn clear(&mut self) {
        let of_one = self.values.iter_mut().filter(|held| !held.is_for_all);
        of_one.for_each(|held| held.kind = Kind::Nothing);
    }

    /// Keeps a value for this record and all that follow.
    pub(crate) fn set_for_all(&mut self, column: usize, cell: Cell<'_>) {
        self.set(column, cell);
        if let Some(held) = self.values.get_mut(column) {
            held.is_for_all = true;
        }
    }

    /// Keeps a value. A null is none.
    pub(crate) fn set(&mut self, column: usize, cell: Cell<'_>) {
        let Some(held) = self.values.get_mut(column) else { return };
        let (kind, text): (_, &[u8]) = match cell {
            Cell::Number(number) | Cell::Rounded(number, _) => {
                held.number = number;
                (Kind::Number, &[])
            }
            Cell::Boolean(value) => {
                held.number = if value { 1.0 } else { 0.0 };
                (Kind::Boolean, &[])
            }
            Cell::Text(text) => (Kind::Text, text),
            Cell::Untyped(text) => (Kind::Untyped, text),
            Cell::Unbinned(driftline_labels::Unbinned::Null) => (Kind::Nothing, &[]),
            Cell::Unbinned(_) => (Kind::Other, &[]),
        };
        held.kind = kind;
        held.text.clear();
        held.text.extend_from_slice(text);
    }

    /// A value; `None` if there is none, or one that says so.
    pub(crate) fn get(&self, column: usize) -> Option<Cell<'_>> {
        let held = self.values.get(column)?;
        let cell = match held.kind {
            Kind::Nothing => return None,
            Kind::Number => Cell::Number(held.number),
            Kind::Boolean => Cell::Boolean(held.number != 0.0),
            Kind::Text => Cell::Text(&held.text),
            Kind::Untyped => Cell::Untyped(&held.text),
            Kind::Other => Cell::Unbinned(driftline_labels::Unbinned::WrongType),
        };
        let is_null = cell.category(&NullTexts::NONE) == Err(driftline_labels::Unbinned::Null);
        (!is_null).then_some(cell)
    }

    /// The text of a value, a number as it is written; `None` if there is none.
    pub(crate) fn text(&self, column: usize) -> Option<Text<'_>> {
        Text::of(self.get(column)?)
    }

    /// The id, and the row.
    pub(crate) fn id(&self) -> SaidId {
        let Some(cell) = self.get(member::ID) else { return SaidId::None };
        let row = match self.get(member::ROW).map(|row| (row, row.number(&NullTexts::NONE))) {
            None => Some(0),
            Some((Cell::Boolean(_), _)) => None,
            Some((_, Ok(row))) if (0.0..9e15).contains(&row) && libm::trunc(row) == row => {
                Some(row as u64)
            }
            Some(_) => None,
        };
        match (id_name(cell), row) {
            (Some(name), Some(row)) => SaidId::Called(name, row),
            _ => SaidId::Unusable,
        }
    }
}

/// What a request is called by this value; `None` for what is no id.
pub(crate) fn id_name(cell: Cell<'_>) -> Option<Fingerprint> {
    let text = Text::of(cell)?;
    let text = text.bytes();
    (!text.is_empty() && text.len() <= ID_BYTES_MAX).then(|| request_name(text))
}

/// A text, or a whole number as one.
#[derive(Debug)]
pub(crate) enum Text<'r> {
    /// As it came, without the blanks around it.
    Said(&'r [u8]),
    /// A number's digits.
    Number(Box<str>),
}

impl<'r> Text<'r> {
    /// That of a value; `None` for what is neither.
    pub(crate) fn of(cell: Cell<'r>) -> Option<Text<'r>> {
        use alloc::string::ToString as _;

        match cell {
            Cell::Text(text) | Cell::Untyped(text) => Some(Text::Said(text.trim_ascii())),
            Cell::Number(number) if libm::fabs(number) < 9e15 && libm::trunc(number) == number => {
                Some(Text::Number((number as i64).to_string().into()))
            }
            _ => None,
        }
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Text::Said(text) => text,
            Text::Number(digits) => digits.as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use driftline_labels::Unbinned;

    use super::*;

    #[track_caller]
    fn check(id: Option<Cell<'_>>, row: Option<Cell<'_>>, expected: SaidId) {
        let mut record = Record::new(member::OF_MODELS);
        for (column, cell) in [(member::ID, id), (member::ROW, row)] {
            if let Some(cell) = cell {
                record.set(column, cell);
            }
        }
        assert_eq!(record.id(), expected, "{id:?} {row:?}");
    }

    #[test]
    fn an_id_is_a_text_or_a_whole_number() {
        let called = |text: &str, row| SaidId::Called(request_name(text.as_bytes()), row);
        check(Some(Cell::Text(b"a-1")), None, called("a-1", 0));
        check(Some(Cell::Untyped(b" 7 ")), Some(Cell::Untyped(b"3")), called("7", 3));
        check(Some(Cell::Number(7.0)), Some(Cell::Number(3.0)), called("7", 3));
        check(None, Some(Cell::Number(3.0)), SaidId::None);
        check(Some(Cell::Unbinned(Unbinned::Null)), None, SaidId::None);
        check(Some(Cell::Text(b"")), None, SaidId::None);
        for unusable in [Cell::Number(0.5), Cell::Boolean(true), Cell::Text(&[b'x'; 256])] {
            check(Some(unusable), None, SaidId::Unusable);
        }
        for row in [Cell::Number(-1.0), Cell::Number(0.5), Cell::Text(b"x"), Cell::Boolean(true)] {
            check(Some(Cell::Text(b"a")), Some(row), SaidId::Unusable);
        }
    }

    #[test]
    fn a_record_that_is_cleared_has_nothing() {
        let mut record = Record::new(2);
        record.set(1, Cell::Text(b"x"));
        record.set(7, Cell::Text(b"no such column"));
        assert_eq!((record.get(0), record.get(1)), (None, Some(Cell::Text(b"x"))));
        record.set(1, Cell::Boolean(true));
        assert_eq!(record.get(1), Some(Cell::Boolean(true)));
        record.clear();
        assert_eq!(record.get(1), None);
    }
}
