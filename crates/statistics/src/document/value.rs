//! What a JSON document holds, as little memory as it may take; numbers stay as they are written until someone asks.
//! It does not know where a value stands.

use alloc::boxed::Box;

/// A value of a document, which lends it the numbers.
///
/// Not `serde_json`'s own: with that one its reader and its printer of floating-point numbers, each with its tables, would
/// be in the filter besides those of `core`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'t> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written, by the rules of JSON.
    Number(&'t str),
    /// Text, without its escapes.
    Text(Box<str>),
    /// The elements of an array.
    Array(Box<[Value<'t>]>),
    /// The fields of an object in their order; no two have one name.
    Object(Box<[(Box<str>, Value<'t>)]>),
}

impl<'t> Value<'t> {
    /// The number that is closest to the one that is written, to the last bit; infinite beyond what a double can hold.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        let Value::Number(written) = self else { return None };
        written.parse().ok()
    }

    /// A number that is written as a whole one, without a sign, below 2^64.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        let Value::Number(written) = self else { return None };
        written.parse().ok()
    }

    /// Text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }
}

/// The numbers of a JSON document one by one, as they are written.
pub(super) struct Numbers<'t> {
    rest: &'t [u8],
}

impl<'t> Numbers<'t> {
    pub(super) fn of(json: &'t [u8]) -> Numbers<'t> {
        Numbers { rest: json }
    }
}

impl<'t> Iterator for Numbers<'t> {
    type Item = &'t str;

    /// Right as far as the document is JSON, which it does not check.
    fn next(&mut self) -> Option<&'t str> {
        while let Some((first, after)) = self.rest.split_first() {
            match first {
                b'"' => self.rest = after_text(after),
                b'-' | b'0'..=b'9' => {
                    let goes_on =
                        |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                    let end = self.rest.iter().position(|byte| !goes_on(byte));
                    let (number, rest) =
                        self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
                    self.rest = rest;
                    return str::from_utf8(number).ok();
                }
                _ => self.rest = after,
            }
        }
        None
    }
}

/// What comes after the quote that ends the text.
fn after_text(json: &[u8]) -> &[u8] {
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            // The byte after it ends nothing, not even if it is a quote.
            b'\\' => _ = bytes.next(),
            _ => {}
        }
    }
    bytes.as_slice()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn numbers_within_texts_are_none() {
        let json = br#"{"1": [-1.50, "2\"3\\", 4e-5,"6\\\"7"], "8\u0039": {"": 0}, "x": [true, false], "y": 1E+2}"#;
        assert_eq!(Numbers::of(json).collect::<Vec<_>>(), ["-1.50", "4e-5", "0", "1E+2"]);
        assert_eq!(Numbers::of(b"7").collect::<Vec<_>>(), ["7"]);
        assert_eq!(Numbers::of(br#""7\"#).count(), 0);
    }

    #[test]
    fn a_value_takes_no_more_than_three_words() {
        assert_eq!(size_of::<Value<'_>>(), 3 * size_of::<usize>());
    }

    #[test]
    fn a_number_is_asked_for_as_it_is_needed() {
        let numbers = |written| (Value::Number(written).as_u64(), Value::Number(written).as_f64());
        assert_eq!(numbers("18446744073709551615"), (Some(u64::MAX), Some(18446744073709551616.0)));
        assert_eq!(numbers("18446744073709551616"), (None, Some(18446744073709551616.0)));
        assert_eq!(numbers("-0"), (None, Some(-0.0)));
        assert_eq!(numbers("3e3"), (None, Some(3000.0)));
        assert_eq!(numbers("1.7976931348623159e308"), (None, Some(f64::INFINITY)));
        assert_eq!(Value::Text("7".into()).as_u64(), None);
    }
}
