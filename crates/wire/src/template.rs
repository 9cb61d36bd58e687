//! What consecutive documents of one stream have in common: bytes that repeat, and single values between them that differ.
//! It knows no field and decides nothing.
//!
//! A server that streams sends hundreds of documents that differ in a string or two and a number. A [`Template`] keeps one
//! of them, byte by byte, and where the strings and numbers lie that may differ. The next document is compared with it:
//! what lies between these values must be the same to the byte, and each value must be a whole string or number of the same
//! kind. Then the two have the same tokens but for these values, so whoever knows what the values mean knows the document
//! without reading it. What does not fit is read in full; nothing is ever guessed.
//!
//! The idea is that of speculative parsing by structure, as in Li et al., "Mison: A Fast JSON Parser for Data Analytics"
//! (VLDB 2017), taken to its end: not only where fields lie is remembered, but every byte between them.
//!
//! # Example
//!
//! ```
//! use driftline_wire::template::{Kind, Template};
//!
//! let mut template = Template::new();
//! let first = br#"data: {"n":1,"text":"one"}"#;
//! assert!(template.keep(first, |_, _, _| Some(0)));
//! // Both values differ; that is how the template learns which do.
//! let second = br#"data: {"n":20,"text":"two"}"#;
//! assert_eq!(template.fit(second, |_, _, _| true), None);
//! assert!(template.merge(second));
//! let mut texts = Vec::new();
//! let third = br#"data: {"n":3,"text":"three"}, and more"#;
//! let fitted = template.fit(third, |kind, _, value| {
//!     if kind == Kind::Text {
//!         texts.push(value.to_vec());
//!     }
//!     true
//! });
//! assert_eq!((fitted, &*texts[0]), (Some(28), &b"three"[..]));
//! ```

#[cfg(test)]
mod tests;

use crate::scan;

/// Longer documents have no template.
pub const BYTES_MAX: usize = 512;
/// How many values may differ; further ones are taken for bytes that repeat.
pub const VALUES_MAX: usize = 24;

/// What a value is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A string, without its quotes.
    Text,
    /// A number.
    Number,
}

/// A document, and where it may differ.
#[derive(Clone, Debug)]
pub struct Template {
    bytes: [u8; BYTES_MAX],
    length: u16,
    values: [Value; VALUES_MAX],
    count: u8,
}

/// A value that may differ.
#[derive(Clone, Copy, Debug)]
struct Value {
    start: u16,
    end: u16,
    kind: Kind,
    tag: u8,
    /// It has differed, so it is not compared.
    differs: bool,
}

impl Default for Template {
    fn default() -> Template {
        Template::new()
    }
}

impl Template {
    /// One that nothing fits.
    #[must_use]
    pub const fn new() -> Template {
        let none = Value { start: 0, end: 0, kind: Kind::Number, tag: 0, differs: false };
        Template { bytes: [0; BYTES_MAX], length: 0, values: [none; VALUES_MAX], count: 0 }
    }

    /// Keeps a whole document in place of the one before; false if it is too long, and then nothing fits.
    ///
    /// `may_differ` is asked of each string that is no key and of each number, by its kind, its bytes and where it ends, a
    /// string with its quote: `Some` if another value of that kind would be as good, with a tag. A value
    /// whose tag is not 0 is never compared, and always handed to what takes values in [`Template::fit`].
    #[cold]
    pub fn keep(
        &mut self,
        document: &[u8],
        mut may_differ: impl FnMut(Kind, &[u8], usize) -> Option<u8>,
    ) -> bool {
        self.length = 0;
        self.count = 0;
        let Some(bytes) = self.bytes.get_mut(..document.len()) else { return false };
        bytes.copy_from_slice(document);
        let mut at = 0_usize;
        while let Some(&byte) = document.get(at) {
            let rest = document.get(at..).unwrap_or_default();
            let (kind, start, length) = match byte {
                b'"' => {
                    let inner = rest.get(1..).unwrap_or_default();
                    let Some(length) = text(inner) else { return false };
                    (Kind::Text, at.wrapping_add(1), length)
                }
                b'-' | b'0'..=b'9' => {
                    let Some(length) = number(rest) else { return false };
                    (Kind::Number, at, length)
                }
                _ => {
                    at = at.wrapping_add(1);
                    continue;
                }
            };
            let end = start.wrapping_add(length);
            at = if kind == Kind::Text { end.wrapping_add(1) } else { end };
            let after = document.get(at..).unwrap_or_default().trim_ascii_start();
            let is_key = kind == Kind::Text && after.first() == Some(&b':');
            let value = document.get(start..end).unwrap_or_default();
            let tag = if is_key { None } else { may_differ(kind, value, at) };
            if let Some(tag) = tag {
                let place = self.values.get_mut(usize::from(self.count));
                let (Some(place), Ok(start), Ok(end)) =
                    (place, u16::try_from(start), u16::try_from(end))
                else {
                    continue;
                };
                *place = Value { start, end, kind, tag, differs: tag != 0 };
                self.count = self.count.wrapping_add(1);
            }
        }
        self.length = u16::try_from(document.len()).unwrap_or(0);
        true
    }

    /// Whether it has a document.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        self.length != 0
    }

    /// Compares the beginning of these bytes with the document. Returns how many of them are one that differs in nothing but
    /// the values that have differed before, all of which `take` accepts.
    ///
    /// Runs in time linear in the document, eight bytes at a time, and stops where the first byte differs.
    #[inline]
    pub fn fit(
        &self,
        bytes: &[u8],
        mut take: impl FnMut(Kind, u8, &[u8]) -> bool,
    ) -> Option<usize> {
        let document =
            self.bytes.get(..usize::from(self.length)).filter(|kept| !kept.is_empty())?;
        let (mut from, mut at) = (0_usize, 0_usize);
        for value in self.values.get(..usize::from(self.count))? {
            if !value.differs {
                continue;
            }
            let literal = document.get(from..usize::from(value.start))?;
            let end = at.checked_add(literal.len())?;
            if !scan::same(bytes.get(at..end)?, literal) {
                return None;
            }
            let rest = bytes.get(end..)?;
            let length = match value.kind {
                Kind::Text => text(rest)?,
                Kind::Number => number(rest)?,
            };
            if !take(value.kind, value.tag, rest.get(..length)?) {
                return None;
            }
            at = end.checked_add(length)?;
            from = usize::from(value.end);
        }
        let literal = document.get(from..)?;
        let end = at.checked_add(literal.len())?;
        scan::same(bytes.get(at..end)?, literal).then_some(end)
    }

    /// Compares a whole document with the one that is kept, whose values may all differ. If it is the same but for these,
    /// those that differ are no longer compared from here on; if not, nothing changes.
    #[cold]
    pub fn merge(&mut self, document: &[u8]) -> bool {
        let Some(kept) = self.bytes.get(..usize::from(self.length)) else { return false };
        let mut differing = 0_u32;
        let (mut from, mut at) = (0_usize, 0_usize);
        let values = self.values.get(..usize::from(self.count)).unwrap_or_default();
        for (place, value) in values.iter().enumerate() {
            let literal = kept.get(from..usize::from(value.start)).unwrap_or_default();
            let Some(rest) = document.get(at..).and_then(|rest| rest.strip_prefix(literal)) else {
                return false;
            };
            let length = match value.kind {
                Kind::Text => text(rest),
                Kind::Number => number(rest),
            };
            let Some(length) = length else { return false };
            let old = kept.get(usize::from(value.start)..usize::from(value.end));
            if rest.get(..length) != old {
                differing |= 1 << place;
            }
            at = at.saturating_add(literal.len()).saturating_add(length);
            from = usize::from(value.end);
        }
        if kept.get(from..) != document.get(at..) {
            return false;
        }
        for (place, value) in self.values.iter_mut().enumerate() {
            value.differs |= differing >> place & 1 == 1;
        }
        true
    }
}

/// How long the string is of which this is the inside and what follows; `None` if it does not end here or has what needs a
/// closer look: control characters, unknown escapes, and surrogates.
#[inline(never)]
fn text(bytes: &[u8]) -> Option<usize> {
    let mut at = scan::plain(bytes);
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => {
                at = at.checked_add(escape(bytes.get(at..)?)?)?;
                at = at.checked_add(scan::plain(bytes.get(at..)?))?;
            }
            _ => return None,
        }
    }
}

/// How long the escape is that begins here.
#[cold]
fn escape(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => {
            let digits = bytes.get(2..6)?;
            let is_surrogate =
                matches!(digits, [b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
            (digits.iter().all(u8::is_ascii_hexdigit) && !is_surrogate).then_some(6)
        }
        _ => None,
    }
}

/// How long the number is that begins here; `None` if it is none, or nothing follows that would end it.
#[inline(never)]
fn number(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())
    };
    let start = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(start);
    if whole == 0 || (whole != 1 && bytes.get(start) == Some(&b'0')) {
        return None;
    }
    let mut at = start.checked_add(whole)?;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at.checked_add(1)?);
        if fraction == 0 {
            return None;
        }
        at = at.checked_add(1)?.checked_add(fraction)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = at.checked_add(1)?;
        let from = sign.checked_add(usize::from(matches!(bytes.get(sign), Some(b'+' | b'-'))))?;
        let exponent = digits(from);
        if exponent == 0 {
            return None;
        }
        at = from.checked_add(exponent)?;
    }
    bytes.get(at).map(|_| at)
}

/// How many characters a string has that [`Template::fit`] handed out: an escape stands for one.
#[must_use]
pub fn characters(text: &[u8]) -> u64 {
    let mut count = crate::json::characters(text);
    if text.contains(&b'\\') {
        let mut rest = text;
        while let Some(at) = rest.iter().position(|&byte| byte == b'\\') {
            let escape = rest.get(at..).unwrap_or_default();
            let length: u64 = if escape.get(1) == Some(&b'u') { 6 } else { 2 };
            count = count.saturating_sub(length.saturating_sub(1));
            rest = escape.get(length as usize..).unwrap_or_default();
        }
    }
    count
}
