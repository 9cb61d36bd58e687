//! Documents as YAML text, long strings as blocks. It knows no schema.

use std::fmt::Write;

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

/// The text in double quotes, as JSON and every version of YAML read it alike.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            // YAML takes some of these for line ends, and others for no characters of a text.
            '\0'..='\x1f'
            | '\x7f'..='\u{a0}'
            | '\u{2028}'..='\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'..='\u{ffff}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_texts_are_those_of_json() {
        for text in [
            "",
            "a: b # c",
            "\"'\\",
            "é😀\u{85}\u{2028}\u{feff}\u{7f}",
            "\n\r\t\0\u{1b}",
            "{{ $x }}",
        ] {
            let read: String = serde_json::from_str(&quoted(text)).unwrap();
            assert_eq!(read, text);
            assert!(!quoted(text).contains(['\n', '\u{85}', '\u{2028}', '\u{feff}', '\u{7f}']));
        }
    }
}
