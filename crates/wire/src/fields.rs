//! Picks the values at given paths out of a document that arrives in pieces; it never searches for substrings.
//!
//! A [`FieldTable`] names what is wanted; all else is skipped by the tokenizer at the speed of its scan. A path
//! follows the nesting of the document, so `"usage"` in a user's text is not the usage of the answer, and keys match
//! after decoding, so `"us\u0061ge"` is.
//!
//! # Paths
//!
//! Keys are separated by dots, and `[]` means every element of an array: `choices[].delta.content`,
//! `instances[][]`, `[].candidates[].finishReason`. A path may end at a container, which is then reported at its
//! start, also when other paths go through it (`error` and `error.message`). Several fields may have the same path.
//! A key given twice in one object is reported twice.
//!
//! Three signs are for what has many names:
//!
//! - `*usage*` is any key that contains `usage`, in either case, and `*` any key at all: where no other path has the key.
//!   Of several patterns, the first one in the table counts.
//! - `!id` passes over `id`, so that no pattern sees it, and reports nothing.
//! - `data.usage=usage` says that `data.usage` has what `usage` has, which takes no room in the table.
//!
//! # Example
//!
//! ```
//! use driftline_wire::{
//!     field_table,
//!     fields::{FieldReader, FieldTable, Value},
//! };
//!
//! #[derive(Clone, Copy, Debug, PartialEq)]
//! enum Slot {
//!     Model,
//!     Content,
//! }
//!
//! static CHAT: FieldTable<Slot> =
//!     field_table![("model", Slot::Model), ("choices[].delta.content", Slot::Content)];
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

mod compile;
mod table;
#[cfg(test)]
mod tests;

use self::table::{Key, NodeId};
use super::json::{JsonEnd, Progress, Text, Token, Tokenizer};

pub use self::table::{FieldTable, STEPS_MAX};
#[doc(hidden)]
pub use self::{
    compile::{Compiled, ordered, paths_of, rows, slots_of},
    table::{Node, Tree},
};

/// The value at a path.
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

/// Reads documents against one table. Needs less than 700 bytes, whatever comes.
#[derive(Clone, Debug)]
pub struct FieldReader<T: 'static> {
    slots: &'static [T],
    tree: TreeReader,
}

/// The same for the tree of a table: fields have numbers.
#[derive(Clone, Debug)]
struct TreeReader {
    tree: Tree,
    tokenizer: Tokenizer,
    /// For each open container, outermost first: the node of an object, or that of an array's elements.
    inside: [NodeId; STEPS_MAX],
    /// Open containers; all of them are on the way of some path, because all others are skipped.
    depth: usize,
    /// The node of the value that comes next. In an object, a key will say.
    next: NodeId,
}

impl<T: Copy> FieldReader<T> {
    /// A reader at the start of a document. Costs nothing.
    #[must_use]
    pub const fn new(table: FieldTable<T>) -> FieldReader<T> {
        let tree = TreeReader {
            tree: table.tree,
            tokenizer: Tokenizer::new(),
            inside: [NodeId::NONE; STEPS_MAX],
            depth: 0,
            next: NodeId::ROOT,
        };
        FieldReader { slots: table.slots, tree }
    }

    /// Reads the next piece of the document and reports each value that ends in it and is at a path of the table.
    ///
    /// Values come in the order of the document; of several fields with one path, in the order of the table. The
    /// root value itself has no path. Takes the whole input. Runs in time linear in it; a key
    /// in a container on the way of a path is compared with each key that the table has there.
    #[inline]
    pub fn read(&mut self, input: &[u8], found: &mut impl FnMut(T, Value<'_>)) {
        self.read_at(input, &mut |slot, value, _| found(slot, value));
    }

    /// [`read`](Self::read), and says of each value how many bytes of the input are left after it.
    #[inline]
    pub fn read_at(&mut self, input: &[u8], found: &mut impl FnMut(T, Value<'_>, usize)) {
        let slots = self.slots;
        self.tree.read_by(Tokenizer::next, input, &mut |field, value, left| {
            if let Some(&slot) = slots.get(usize::from(field)) {
                found(slot, value, left);
            }
        });
    }

    /// [`read`](Self::read), in code that all tables share, for what is read less often than the events of a stream.
    #[inline]
    pub fn read_shared(&mut self, input: &[u8], found: &mut impl FnMut(T, Value<'_>)) {
        let slots = self.slots;
        self.tree.read_shared(input, &mut |field, value| {
            if let Some(&slot) = slots.get(usize::from(field)) {
                found(slot, value);
            }
        });
    }

    /// Whether the document at hand is whole, so that nothing but white space may follow.
    #[must_use]
    #[inline]
    pub const fn is_whole(&self) -> bool {
        self.tree.tokenizer.is_done()
    }

    /// Ends the document: says what it was, and is ready for the next one.
    pub fn finish(&mut self) -> JsonEnd {
        let ending = self.tree.tokenizer.finish().ending;
        self.reset();
        ending
    }

    /// Forgets the document and is ready for the next one.
    pub fn reset(&mut self) {
        self.tree.reset();
    }
}

impl TreeReader {
    #[inline(never)]
    fn read_shared(&mut self, input: &[u8], found: &mut dyn FnMut(u8, Value<'_>)) {
        self.read_by(Tokenizer::next_shared, input, &mut |field, value, _| found(field, value));
    }

    #[inline]
    fn read_by(
        &mut self,
        next: impl for<'a> Fn(&'a mut Tokenizer, &'a [u8]) -> Progress<'a>,
        input: &[u8],
        found: &mut impl FnMut(u8, Value<'_>, usize),
    ) {
        let mut rest = input;
        loop {
            let progress = next(&mut self.tokenizer, rest);
            let Some(token) = progress.token else { return };
            rest = rest.get(progress.consumed..).unwrap_or_default();
            let value = match token {
                Token::Key(key) => {
                    self.next = self.tree.member(innermost(&self.inside, self.depth), Key::of(key));
                    if self.next == NodeId::NONE {
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
                Token::Nan | Token::NotFinite => Value::NotFinite,
                Token::Bool(bool) => Value::Bool(bool),
                Token::Null => Value::Null,
                // They come where they were asked for, which is nowhere here.
                Token::Piece(_) | Token::PiecesEnd | Token::Passed => continue,
            };
            for field in self.tree.ending(self.next) {
                found(field, value, rest.len());
            }
            match value {
                Value::Object => self.open(self.tree.object(self.next)),
                Value::Array => self.open(self.tree.element(self.next)),
                _ => {}
            }
        }
    }

    fn reset(&mut self) {
        self.tokenizer.reset();
        self.depth = 0;
        self.next = NodeId::ROOT;
    }

    /// Goes on inside the container that has just begun, or skips it if no path leads there.
    #[inline]
    fn open(&mut self, inner: NodeId) {
        match self.inside.get_mut(self.depth) {
            Some(inside) if inner != NodeId::NONE => {
                *inside = inner;
                self.depth = self.depth.saturating_add(1);
                self.next = inner;
            }
            _ => self.tokenizer.skip(),
        }
    }
}

/// The innermost of `depth` open containers.
#[inline]
fn innermost(inside: &[NodeId; STEPS_MAX], depth: usize) -> NodeId {
    depth.checked_sub(1).and_then(|top| inside.get(top)).copied().unwrap_or(NodeId::NONE)
}
