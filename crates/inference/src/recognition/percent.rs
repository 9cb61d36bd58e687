//! Percent-decoding of names in paths; it fails on nothing.

use alloc::{borrow::Cow, vec::Vec};

/// A piece of a path with its `%XX` decoded. What is no such escape stays as it is. Allocates only if there is a `%`.
pub(super) fn decoded(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'%') {
        return Cow::Borrowed(raw);
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let escaped = match after {
            [high, low, after @ ..] if byte == b'%' => {
                hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after))
            }
            _ => None,
        };
        match escaped {
            Some((escaped, after)) => {
                decoded.push(escaped);
                rest = after;
            }
            None => decoded.push(byte),
        }
    }
    Cow::Owned(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_a_path_are_decoded() {
        for (raw, expected) in [
            ("anthropic.claude-3%3A0", "anthropic.claude-3:0"),
            ("a%2fb%2Fc", "a/b/c"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%%41", "%A"),
            ("a+b", "a+b"),
        ] {
            assert_eq!(decoded(raw.as_bytes()), expected.as_bytes(), "{raw}");
        }
    }
}
