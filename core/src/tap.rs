//! The values that readers find, for tools that show them or make a profile of them; the filter itself keeps none.

use alloc::{string::String, vec::Vec};

pub use crate::prediction::Unlisted;

use crate::{
    generation::Feature,
    ledger::Ledger,
    prediction::{Cell, Unbinned},
    profile::Kind,
    series::SeriesId,
};

/// A value as it was read, before it fell into a bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Tapped {
    /// The series of the first bin of its column: its labels tell the model and the column.
    pub column: SeriesId,
    /// What was read.
    pub value: Value,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A finite number; booleans are 0 and 1.
    Number(f64),
    /// Text, its first bytes at least; what is no UTF-8 in it is replaced.
    Text(String),
    /// A value of a format that has only text: a number if one is expected.
    Written(String),
    /// No value, and why: a word of the label `reason`.
    None(&'static str),
}

/// The features that a language model's profile can have: what each is called, and what its values are.
pub fn language_features() -> impl Iterator<Item = (&'static str, Kind)> {
    Feature::ALL.into_iter().map(|feature| (feature.name(), feature.kind()))
}

/// Whether values are kept for somebody, and those that nobody took yet.
#[derive(Debug, Default)]
pub(crate) struct Tap(Option<Vec<Tapped>>);

impl Ledger {
    /// From now on every value of a monitored column is kept until [`Ledger::tapped`] takes it: without a bound, so for
    /// tools only.
    pub fn open_tap(&mut self) {
        self.tap.0.get_or_insert_default();
    }

    /// Hands out the values that were read since the last call, in their order; none if the tap is closed.
    pub fn tapped(&mut self) -> Vec<Tapped> {
        self.tap.0.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Keeps a value, if the tap is open.
    #[inline]
    pub(crate) fn show(&mut self, column: Option<&SeriesId>, cell: Cell<'_>) {
        if let (Some(kept), Some(&column)) = (&mut self.tap.0, column) {
            kept.push(Tapped { column, value: Value::of(cell) });
        }
    }

    /// Keeps that a column is missing from so many rows, if the tap is open.
    pub(crate) fn show_missing(&mut self, column: Option<&SeriesId>, rows: u64) {
        if self.tap.0.is_some() {
            for _ in 0..rows {
                self.show(column, Cell::Unbinned(Unbinned::Missing));
            }
        }
    }
}

impl Value {
    fn of(cell: Cell<'_>) -> Value {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        match cell {
            Cell::Number(number) => Value::Number(number),
            Cell::Boolean(value) => Value::Number(f64::from(u8::from(value))),
            Cell::Text(bytes) => Value::Text(text(bytes)),
            Cell::Written(bytes) => Value::Written(text(bytes)),
            Cell::Unbinned(reason) => Value::None(reason.name()),
        }
    }
}
