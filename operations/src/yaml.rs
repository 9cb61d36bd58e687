//! Documents as YAML text, long strings as blocks. It knows no schema.

use serde::Serialize;
use serde_saphyr::{ser_options, to_string_with_options};

/// The text of one document.
///
/// # Panics
///
/// If the value has a form that YAML has none for, such as a map whose keys are maps.
#[must_use]
pub fn document(value: &impl Serialize) -> String {
    let options = ser_options! { compact_list_indent: false, folded_wrap_chars: 110 };
    to_string_with_options(value, options)
        .expect("all documents are made of maps, lists and scalars")
}
