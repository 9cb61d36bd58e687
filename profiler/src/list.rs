//! Lists that are written in JSON, and what their elements are to the filter; it decides nothing about a column.

use driftline_labels::Unbinned;
use driftline_statistics::value::{Cell, Norm};

/// An element that is no single value.
pub(crate) const NO_ELEMENT: Cell<'static> = Cell::Unbinned(Unbinned::WrongType);

/// The norm of a list that is written in JSON; `None` for any other text.
pub(crate) fn norm_of(text: &str) -> Option<Norm> {
    // JSON has no NaN, and the filter reads Python's.
    let text = text.trim().replace("NaN", "null");
    let elements = serde_json::from_str::<Vec<serde_json::Value>>(&text).ok()?;
    let mut norm = Norm::default();
    elements.iter().for_each(|element| norm.add(element_of(element)));
    Some(norm)
}

/// An element of a list in JSON.
#[must_use]
pub fn element_of(element: &serde_json::Value) -> Cell<'_> {
    match element {
        serde_json::Value::Null => Cell::Unbinned(Unbinned::Null),
        serde_json::Value::Bool(value) => Cell::Boolean(*value),
        serde_json::Value::Number(number) => number.as_f64().map_or(NO_ELEMENT, Cell::Number),
        serde_json::Value::String(text) => Cell::Text(text.as_bytes()),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => NO_ELEMENT,
    }
}
