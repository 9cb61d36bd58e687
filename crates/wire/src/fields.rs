//! Picks the values at given paths out of a document that arrives in pieces; it never searches for substrings.
//!
//! A table of [`Field`]s names what is wanted; all else is skipped by the tokenizer at the speed of its scan. A path
//! follows the nesting of the document, so `"usage"` in a user's text is not the usage of the answer, and keys match
//! after decoding, so `"us\u0061ge"` is.
//!
//! # Paths
//!
//! Keys are parted by dots, and `[]` stands for every element of an array: `choices[].delta.content`,
//! `instances[][]`, `[].candidates[].finishReason`. A path may end at a container, which is then reported at its
//! start, also when other paths go through it (`error` and `error.message`). Several fields may have the same path.
//! A key given twice in one object is reported twice.
//!
//! # Example
//!
//! ```
//! use driftline_core::wire::fields::{Field, FieldReader, Value};
//!
//! #[derive(Clone, Copy, Debug, PartialEq)]
//! enum Slot {
//!     Model,
//!     Content,
//! }
//!
//! static CHAT: &[Field<Slot>] =
//!     &[Field::at("model", Slot::Model), Field::at("choices[].delta.content", Slot::Content)];
//!
//! let mut reader = FieldReader::new(CHAT);
//! let mut text = String::new();
//! for input in [r#"{"model":"m","choices":[{"delta":{"con"#, r#"tent":"Hi"}}]}"#] {
//!     reader.read(input.as_bytes(), &mut |slot, value| {
//!         if let (Slot::Content, Value::String(string)) = (slot, value) {
//!             text.push_str(std::str::from_utf8(string.bytes).unwrap());
//!         }
//!     });
//! }
//! assert_eq!(text, "Hi");
//! ```

mod path;
mod plan;
#[cfg(test)]
mod tests;

use self::{
    path::{Key, Path},
    plan::{Plan, Rows},
};
use super::json::{JsonEnd, Text, Token, Tokenizer};

pub use self::path::STEPS_MAX;

/// Fields of one table; further ones never match.
pub const FIELDS_MAX: usize = 64;

/// One row of a table: where a value stands, and what the caller calls it.
#[derive(Clone, Copy, Debug)]
pub struct Field<T> {
    path: Path,
    slot: T,
}

impl<T> Field<T> {
    /// A field at `path`.
    ///
    /// Meant for constants and statics, where a path that cannot be read does not compile: an empty one, one with an
    /// empty key or stray brackets, one of more than [`STEPS_MAX`] steps.
    pub const fn at(path: &'static str, slot: T) -> Field<T> {
        Field { path: Path::parse(path), slot }
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A string, cut at [`TEXT_BYTES_MAX`](super::json::TEXT_BYTES_MAX).
    String(Text<'a>),
    /// A finite number.
    Number(f64),
    /// `NaN`, an infinity, or a number beyond the range of a double.
    NotFinite,
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
    /// An object, given at its start.
    Object,
    /// An array, given at its start.
    Array,
}

/// Reads documents against one table. Needs less than 1 KiB, whatever comes.
#[derive(Clone, Debug)]
pub struct FieldReader<T: 'static> {
    table: &'static [Field<T>],
    plan: Plan,
    tokenizer: Tokenizer,
    /// For each open container, outermost first: the rows whose paths go on inside it.
    inside: [Rows; STEPS_MAX],
    /// Open containers; all of them are on the way of some path, because all others are skipped.
    depth: usize,
    /// The rows whose paths lead to the value that comes next, through it or ending there.
    next: Rows,
}

impl<T: Copy> FieldReader<T> {
    /// A reader at the start of a document.
    ///
    /// Costs time linear in the table; a reader that is used again, after [`finish`](Self::finish), costs nothing.
    /// Rows whose paths begin alike are matched together where they stand together.
    #[must_use]
    pub fn new(table: &'static [Field<T>]) -> FieldReader<T> {
        // There is no bit for a row beyond, and the place behind the last bit must be no row.
        let table = table.get(..FIELDS_MAX).unwrap_or(table);
        let plan = Plan::of(table);
        let next = plan.all();
        FieldReader {
            table,
            plan,
            tokenizer: Tokenizer::new(),
            inside: [0; STEPS_MAX],
            depth: 0,
            next,
        }
    }

    /// Reads the next piece of the document and reports each value that ends in it and stands at a path of the table.
    ///
    /// Values come in the order of the document; of several fields with one path, in the order of the table. The
    /// root value itself stands at no path. Takes the whole input. Runs in time linear in it; a key
    /// in a container on the way of a path is compared with each key that the table has there.
    pub fn read(&mut self, input: &[u8], found: &mut impl FnMut(T, Value<'_>)) {
        let mut rest = input;
        loop {
            let progress = self.tokenizer.next(rest);
            let Some(token) = progress.token else { return };
            rest = rest.get(progress.consumed..).unwrap_or_default();
            let value = match token {
                Token::Key(key) => {
                    let rows = innermost(&self.inside, self.depth);
                    let step = self.depth.saturating_sub(1);
                    self.next = self.plan.with_key(self.table, rows, step, Key::of(key));
                    if self.next == 0 {
                        self.tokenizer.skip();
                    }
                    continue;
                }
                Token::ObjectEnd | Token::ArrayEnd => {
                    self.depth = self.depth.saturating_sub(1);
                    self.next = innermost(&self.inside, self.depth);
                    continue;
                }
                Token::ObjectStart => Value::Object,
                Token::ArrayStart => Value::Array,
                Token::String(text) => Value::String(text),
                Token::Number(number) => Value::Number(number),
                Token::NotFinite => Value::NotFinite,
                Token::Bool(bool) => Value::Bool(bool),
                Token::Null => Value::Null,
                // They come where they were asked for, which is nowhere here.
                Token::Piece(_) | Token::PiecesEnd | Token::Passed => continue,
            };
            let mut ending = self.plan.ending(self.next, self.depth);
            while let Some(field) = self.table.get(ending.trailing_zeros() as usize) {
                found(field.slot, value);
                ending &= ending.wrapping_sub(1);
            }
            let inner = match value {
                Value::Object => self.plan.inside_object(self.next, self.depth),
                Value::Array => self.plan.inside_array(self.next, self.depth),
                _ => continue,
            };
            match self.inside.get_mut(self.depth) {
                Some(inside) if inner != 0 => {
                    *inside = inner;
                    self.depth = self.depth.saturating_add(1);
                    // In an array, every element is on the way of these; in an object, a key will say.
                    self.next = inner;
                }
                _ => self.tokenizer.skip(),
            }
        }
    }

    /// Ends the document: says what it was, and is ready for the next one.
    pub fn finish(&mut self) -> JsonEnd {
        let ending = self.tokenizer.finish().ending;
        self.reset();
        ending
    }

    /// Forgets the document and is ready for the next one.
    pub fn reset(&mut self) {
        self.tokenizer.reset();
        self.depth = 0;
        self.next = self.plan.all();
    }
}

/// The rows whose paths go on inside the innermost of `depth` open containers.
#[inline]
fn innermost(inside: &[Rows], depth: usize) -> Rows {
    depth.checked_sub(1).and_then(|top| inside.get(top)).copied().unwrap_or(0)
}
