//! Classes as Triton's classification extension writes them; it knows no profile.

use super::{NullTexts, Reading, reading, trim};

/// The score and the label in a text of the form `score:index:label`; without a label it is the index. `None` for any
/// other text.
#[must_use]
#[inline(never)]
pub fn class_of(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = text.splitn(3, |&byte| byte == b':');
    let (score, index) = (parts.next()?, parts.next()?);
    let is_score = matches!(reading(score, &NullTexts::NONE), Reading::Number(_));
    let is_index = !index.is_empty() && index.iter().all(u8::is_ascii_digit);
    (is_score && is_index).then(|| (score, parts.next().map_or(index, trim)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_or_else_the_index_is_the_class() {
        let found = |text: &'static str| class_of(text.as_bytes());
        assert_eq!(found("0.9:1:cat"), Some((&b"0.9"[..], &b"cat"[..])));
        assert_eq!(found("1e-3:12: a:b "), Some((&b"1e-3"[..], &b"a:b"[..])));
        assert_eq!(found("0.9:1"), Some((&b"0.9"[..], &b"1"[..])));
        for other in ["cat", "a:1:cat", "0.9:x:cat", "0.9", "0.9:", "::", "12:30:45 o'clock:"] {
            assert_eq!(found(other).is_some(), other.starts_with("12"), "{other}");
        }
    }
}
