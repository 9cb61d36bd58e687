//! The values that readers find, for tools that show them or make a profile of them; the filter itself keeps none.

use alloc::{string::String, vec::Vec};

use driftline_labels::Unbinned;
use driftline_statistics::{
    profile::Kind,
    value::{Cell, NullTexts},
};

use driftline_inference::generative::Feature;
pub use driftline_inference::predictive::Unlisted;
use driftline_metrics::series::SeriesId;

/// A value as it was read, before it fell into a bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Captured {
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
    Untyped(String),
    /// No value, and why: a word of the label `reason`.
    None(&'static str),
}

/// The features that a language model's profile can have: what each is called, and what its values are.
pub fn language_features() -> impl Iterator<Item = (&'static str, Kind)> {
    Feature::ALL.into_iter().map(|feature| (feature.name(), feature.kind()))
}

/// Whether values are kept, and those that nobody took yet; they are not unless a tool asks for it.
#[derive(Debug, Default)]
pub(crate) struct Capture(Option<Vec<Captured>>);

impl Capture {
    /// From now on every value of a monitored column is kept, without a bound.
    pub(crate) fn start(&mut self) {
        self.0.get_or_insert_default();
    }

    /// Hands out the values since the last call, in their order.
    pub(crate) fn take(&mut self) -> Vec<Captured> {
        self.0.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Keeps a value.
    #[inline]
    pub(crate) fn value(&mut self, column: Option<SeriesId>, cell: Cell<'_>) {
        if let (Some(kept), Some(column)) = (&mut self.0, column) {
            kept.push(Captured { column, value: Value::of(cell) });
        }
    }

    /// Keeps that a column is missing from this many rows.
    pub(crate) fn missing(&mut self, column: Option<SeriesId>, rows: u64) {
        if self.0.is_some() {
            for _ in 0..rows {
                self.value(column, Cell::Unbinned(Unbinned::Missing));
            }
        }
    }
}

impl Value {
    fn of(cell: Cell<'_>) -> Value {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        match cell {
            Cell::Number(_) | Cell::Rounded(..) => {
                let number = cell.number(&NullTexts::NONE);
                number.map_or_else(|reason| Value::None(reason.name()), Value::Number)
            }
            Cell::Boolean(value) => Value::Number(f64::from(u8::from(value))),
            Cell::Text(bytes) => Value::Text(text(bytes)),
            Cell::Untyped(bytes) => Value::Untyped(text(bytes)),
            Cell::Unbinned(reason) => Value::None(reason.name()),
        }
    }
}
