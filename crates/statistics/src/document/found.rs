//! Quotes outside text in a message: cut after [`QUOTE_CHARS_MAX`] characters, without control characters.
//! It never copies more than it shows.

use core::fmt::{self, Write as _};

use super::Value;

/// A quoted value is cut after this many characters, and then ends in `...`.
pub(super) const QUOTE_CHARS_MAX: usize = 60;

/// Shows any value as compact JSON, its numbers as they are written.
pub(super) struct Found<'v>(pub(super) &'v Value<'v>);

/// Shows a field name or other text, in double quotes.
pub(super) struct Quoted<'t>(pub(super) &'t str);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        cut(f, |cut| value(cut, self.0))
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        cut(f, |cut| text(cut, self.0))
    }
}

/// Recurses as deep as the value is nested, which the parser bounds, and stops at the first character too many.
fn value(cut: &mut Cut<'_, '_>, found: &Value<'_>) -> fmt::Result {
    match found {
        Value::Null => cut.write_str("null"),
        Value::Bool(true) => cut.write_str("true"),
        Value::Bool(false) => cut.write_str("false"),
        Value::Number(found) => cut.write_str(found),
        Value::Text(found) => text(cut, found),
        Value::Array(items) => {
            cut.write_str("[")?;
            for (index, item) in items.iter().enumerate() {
                cut.write_str(if index == 0 { "" } else { "," })?;
                value(cut, item)?;
            }
            cut.write_str("]")
        }
        Value::Object(fields) => {
            cut.write_str("{")?;
            for (index, (name, field)) in fields.iter().enumerate() {
                cut.write_str(if index == 0 { "" } else { "," })?;
                text(cut, name)?;
                cut.write_str(":")?;
                value(cut, field)?;
            }
            cut.write_str("}")
        }
    }
}

fn text(cut: &mut Cut<'_, '_>, found: &str) -> fmt::Result {
    cut.write_str("\"")?;
    for character in found.chars() {
        if matches!(character, '"' | '\\') {
            cut.write_str("\\")?;
        }
        // A log line must stay a line, and a terminal must not be driven by its input.
        cut.write_char(if character.is_control() { '\u{fffd}' } else { character })?;
    }
    cut.write_str("\"")
}

fn cut(
    f: &mut fmt::Formatter<'_>,
    show: impl FnOnce(&mut Cut<'_, '_>) -> fmt::Result,
) -> fmt::Result {
    // The writer's error is how a long value is stopped early; an error of the target shows again below.
    let stopped = show(&mut Cut { inner: f, chars_left: QUOTE_CHARS_MAX }).is_err();
    if stopped { f.write_str("...") } else { Ok(()) }
}

struct Cut<'w, 'f> {
    inner: &'w mut fmt::Formatter<'f>,
    chars_left: usize,
}

impl fmt::Write for Cut<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.chars_left = self.chars_left.checked_sub(1).ok_or(fmt::Error)?;
            self.inner.write_char(character)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::{
        super::{Problems, parse},
        *,
    };

    #[test]
    fn short_values_are_shown_whole() {
        assert_eq!(Found(&Value::Text(r#"a"b\c"#.into())).to_string(), r#""a\"b\\c""#);
        let json = br#"{"a": [1, 2.50, null], "b": {"c": true}, "a b": 1E2}"#;
        let value = parse(json, 100, &mut Problems::default()).unwrap();
        assert_eq!(Found(&value).to_string(), r#"{"a":[1,2.50,null],"b":{"c":true},"a b":1E2}"#);
        assert_eq!(Quoted("a\u{1b}[2J").to_string(), "\"a\u{fffd}[2J\"");
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let shown = Found(&Value::Text("é".repeat(5000).into())).to_string();
        assert_eq!(shown.chars().count(), QUOTE_CHARS_MAX + 3);
        assert!(shown.starts_with("\"éé") && shown.ends_with("é..."), "{shown}");
        let exact = "x".repeat(QUOTE_CHARS_MAX - 2);
        assert!(Quoted(&exact).to_string().ends_with("x\""));
    }
}
