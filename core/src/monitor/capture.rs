//! The values that readers find, for tools that show them or make a profile of them; the filter itself keeps none.

use alloc::{string::String, vec::Vec};

pub use crate::inference::predictive::Unlisted;

use crate::{
    inference::{
        generative::Feature,
        predictive::{Cell, Unbinned},
    },
    metrics::{buffer::MetricBuffer, series::SeriesId},
};
use driftline_statistics::profile::Kind;

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

/// Whether values are kept for somebody, and those that nobody took yet.
#[derive(Debug, Default)]
pub(crate) struct Capture(Option<Vec<Captured>>);

impl MetricBuffer {
    /// From now on every value of a monitored column is kept until [`MetricBuffer::captured`] takes it: without a bound, so for
    /// tools only.
    pub fn start_capture(&mut self) {
        self.capture.0.get_or_insert_default();
    }

    /// Hands out the values that were read since the last call, in their order; none if the capture is closed.
    pub fn captured(&mut self) -> Vec<Captured> {
        self.capture.0.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Keeps a value, if the capture is open.
    #[inline]
    pub(crate) fn capture(&mut self, column: Option<&SeriesId>, cell: Cell<'_>) {
        if let (Some(kept), Some(&column)) = (&mut self.capture.0, column) {
            kept.push(Captured { column, value: Value::of(cell) });
        }
    }

    /// Keeps that a column is missing from so many rows, if the capture is open.
    pub(crate) fn capture_missing(&mut self, column: Option<&SeriesId>, rows: u64) {
        if self.capture.0.is_some() {
            for _ in 0..rows {
                self.capture(column, Cell::Unbinned(Unbinned::Missing));
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
            Cell::Untyped(bytes) => Value::Untyped(text(bytes)),
            Cell::Unbinned(reason) => Value::None(reason.name()),
        }
    }
}
