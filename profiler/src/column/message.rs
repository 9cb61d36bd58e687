//! How cells are shown in messages; it judges none.

use driftline_statistics::value::{self, NullTexts};

use crate::cell::{Cell, Shown, WITHOUT_AS_OF};

/// Quoted text is cut after this many characters.
const QUOTE_CHARS_MAX: usize = 40;

/// A cell in words.
pub(super) fn render(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => String::from("nothing"),
        Cell::Untyped(text) => match cell.shown(&NullTexts::NONE) {
            Shown::Value(Cell::Untyped(_) | Cell::Null | Cell::Text(_)) | Shown::NullWord(_) => {
                quoted(text)
            }
            Shown::Value(value) => render(value),
        },
        Cell::Boolean(value) => value.to_string(),
        Cell::Number(value) if value.abs() < 1e15 => format!("the number {value}"),
        Cell::Number(value) => format!("the number {value:e}"),
        Cell::Single(value) => render(Cell::Number(value.into())),
        Cell::Text(text) => quoted(text),
        Cell::List(list) => match list.norm.cell() {
            value::Cell::Number(norm) | value::Cell::Rounded(norm, _) => {
                format!("a list of the norm {norm:e}")
            }
            _ => String::from("a list of other things than numbers"),
        },
        Cell::Norm(norm) => format!("a list of the norm {norm:e}"),
        Cell::Length(length) => format!("a text of {length} characters"),
        // With --as-of it would be an age.
        Cell::Moment(_) => String::from(WITHOUT_AS_OF),
        Cell::Age(seconds) => format!("a moment {seconds} seconds ago"),
        Cell::Other(what) => String::from(what),
    }
}

/// The beginning of a text in quotes, with control characters replaced.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(QUOTE_CHARS_MAX)
        .map(|character| if character.is_control() { '\u{fffd}' } else { character })
        .collect();
    if text.chars().nth(QUOTE_CHARS_MAX).is_some() {
        shown.push_str("...");
    }
    format!("\"{shown}\"")
}
