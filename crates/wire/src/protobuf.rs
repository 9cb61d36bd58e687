//! An incremental reader of Protocol Buffers in their wire format, without a schema; it never buffers a field.
//!
//! Follows "Encoding" of the Protocol Buffers documentation: a tag, which is a field's number and its wire type, and
//! the value. The caller knows the schema: at the start of a field with a length it says whether that is a message
//! ([`Reader::enter`]), a run of packed numbers ([`Reader::unpack`]), or of no interest ([`Reader::skip`]). Otherwise
//! the field's bytes come as fragments.
//!
//! A number of more than 64 bits is broken: one with a tenth byte above 1, or with an eleventh. The parsers of protobuf
//! disagree: Go's refuses it (`protowire.ConsumeVarint`), C++'s takes a tenth byte of up to 127 and drops what is
//! beyond 64 bits (`VarintParseSlow64`). No encoder writes such a number, and with bits dropped it would be another
//! one.
//!
//! Also broken are: a tag with the field number 0 or beyond 2^29 - 1, a wire type that does not exist or that is a
//! group's (which the format gave up), a value that goes beyond the message that holds it, and more than [`DEPTH_MAX`]
//! messages within each other. Then the rest passes unread, one [`ProtobufStep::Broken`] says so, and
//! [`Reader::is_broken`] from then on.
//!
//! # Example
//!
//! ```
//! use driftline_wire::protobuf::{Reader, ProtobufStep};
//!
//! let mut reader = Reader::new();
//! let (mut name, mut shape) = (Vec::new(), Vec::new());
//! // `name: "x", shape: [3, 300]`, cut in the last number.
//! for mut input in [&b"\x0a\x01x\x1a\x03\x03\xac"[..], b"\x02"] {
//!     loop {
//!         let progress = reader.next(input);
//!         input = &input[progress.consumed..];
//!         match progress.step {
//!             ProtobufStep::Start { field: 3, .. } => reader.unpack(),
//!             ProtobufStep::Number { field: 3, value } => shape.push(value),
//!             ProtobufStep::Data(fragment) => name.extend_from_slice(fragment),
//!             ProtobufStep::InputEmpty => break,
//!             _ => {}
//!         }
//!     }
//! }
//! assert_eq!((name, shape), (b"x".to_vec(), vec![3, 300]));
//! assert!(reader.is_whole());
//! ```

#[cfg(test)]
mod tests;

/// Messages may nest this deep, the outermost one included.
pub const DEPTH_MAX: usize = 8;

/// The outcome of one [`Reader::next`] call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress<'i> {
    /// Bytes taken from the input. Pass `&input[consumed..]` next time.
    pub consumed: usize,
    /// Why the call returned.
    pub step: ProtobufStep<'i>,
}

/// Why a call returned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProtobufStep<'i> {
    /// A number, packed or not.
    Number {
        /// The field's number.
        field: u32,
        /// As it came; a negative `int32` or `int64` has all its high bits set.
        value: u64,
    },
    /// A `fixed32`, `sfixed32` or `float` that is not packed.
    Fixed32 {
        /// The field's number.
        field: u32,
        /// Its bits.
        bits: u32,
    },
    /// A `fixed64`, `sfixed64` or `double` that is not packed.
    Fixed64 {
        /// The field's number.
        field: u32,
        /// Its bits.
        bits: u64,
    },
    /// A field with a length begins: now is the time for [`Reader::enter`], [`Reader::unpack`] or [`Reader::skip`].
    Start {
        /// The field's number.
        field: u32,
        /// How many bytes it has.
        length: u64,
    },
    /// The next bytes of the field, at least one.
    Data(&'i [u8]),
    /// The field that began last, and was neither entered nor skipped, is over.
    End,
    /// The innermost message that was entered is over.
    MessageEnd,
    /// These bytes are not a message, or no longer one. Comes once.
    Broken,
    /// The whole input was consumed.
    InputEmpty,
}

/// A push reader. One value reads one message after the other, in about 100 bytes of memory.
#[derive(Clone, Debug)]
pub struct Reader {
    part: Part,
    /// Bytes of the outermost message so far.
    at: u64,
    /// Where the messages that are open end, the innermost at `depth - 1`. The outermost one has no known end.
    ends: [u64; DEPTH_MAX],
    depth: usize,
    field: u32,
    /// The number as far as it came.
    value: u64,
    /// Bits or bytes of it that came.
    taken: u32,
    /// Where the field with a length ends.
    end: u64,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Tag,
    Number,
    Fixed32,
    Fixed64,
    Length,
    /// Of a field with a length.
    Data,
    Packed,
    Skipped,
    /// Was to be entered, and there is no room.
    TooDeep,
    Broken,
}

/// A varint has at most ten bytes, and the tenth holds one bit: 0 or 1.
const LAST_SHIFT: u32 = 63;
const FIELD_MAX: u64 = (1 << 29) - 1;

/// The value of a result, or a return that says why there is none. With `?`, each step would be wrapped in a result of
/// its own, which costs about ten more instructions for each number.
macro_rules! whole {
    ($reader:expr, $rest:expr, $value:expr) => {
        match $value {
            Ok(value) => value,
            Err(Stop::Open) => return ProtobufStep::InputEmpty,
            Err(Stop::Broken) => return $reader.refuse($rest),
        }
    };
}

impl Default for Reader {
    fn default() -> Self {
        Reader::new()
    }
}

impl Reader {
    /// A reader at the start of a message.
    #[must_use]
    pub const fn new() -> Reader {
        Reader {
            part: Part::Tag,
            at: 0,
            ends: [u64::MAX; DEPTH_MAX],
            depth: 1,
            field: 0,
            value: 0,
            taken: 0,
            end: 0,
        }
    }

    /// Reads up to the end of the next value.
    ///
    /// # Termination
    ///
    /// Consumes at least one byte of an input that is not empty, except for the end of a field or message, which
    /// consumes none. Runs in time linear in the bytes consumed.
    #[inline]
    pub fn next<'i>(&mut self, input: &'i [u8]) -> Progress<'i> {
        let mut rest = input;
        let step = self.advance(&mut rest);
        Progress { consumed: input.len().saturating_sub(rest.len()), step }
    }

    /// Right after [`ProtobufStep::Start`], reads the field as a message. At any other time, does nothing.
    pub fn enter(&mut self) {
        if self.part != Part::Data {
            return;
        }
        match self.ends.get_mut(self.depth) {
            Some(end) => {
                *end = self.end;
                self.depth = self.depth.saturating_add(1);
                self.part = Part::Tag;
            }
            None => self.part = Part::TooDeep,
        }
    }

    /// Right after [`ProtobufStep::Start`], reads the field as packed varints, each of which becomes a
    /// [`ProtobufStep::Number`]. At any other time, does nothing.
    ///
    /// Packed numbers of a fixed size need no such call: they are the field's bytes, little-endian.
    pub fn unpack(&mut self) {
        if self.part == Part::Data {
            self.part = Part::Packed;
        }
    }

    /// Right after [`ProtobufStep::Start`], skips the field without a further step. At any other time, does nothing.
    pub fn skip(&mut self) {
        if self.part == Part::Data {
            self.part = Part::Skipped;
        }
    }

    /// Whether the message could end here: between two fields of the outermost one.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self.part, Part::Tag) && self.depth == 1 && self.taken == 0
    }

    /// The rest passes unread.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.part == Part::Broken
    }

    /// Messages that are open, the outermost one included.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    fn advance<'i>(&mut self, rest: &mut &'i [u8]) -> ProtobufStep<'i> {
        loop {
            match self.part {
                Part::Tag if self.is_at_message_end() => {
                    self.depth = self.depth.saturating_sub(1);
                    return ProtobufStep::MessageEnd;
                }
                Part::Tag => {
                    let tag = whole!(self, rest, self.varint(rest, self.message_end()));
                    self.part = whole!(self, rest, self.begin(tag));
                }
                Part::Number => {
                    let value = whole!(self, rest, self.varint(rest, self.message_end()));
                    self.part = Part::Tag;
                    return ProtobufStep::Number { field: self.field, value };
                }
                Part::Fixed32 => {
                    let bits = whole!(self, rest, self.fixed(rest, 4)) as u32;
                    self.part = Part::Tag;
                    return ProtobufStep::Fixed32 { field: self.field, bits };
                }
                Part::Fixed64 => {
                    let bits = whole!(self, rest, self.fixed(rest, 8));
                    self.part = Part::Tag;
                    return ProtobufStep::Fixed64 { field: self.field, bits };
                }
                Part::Length => {
                    let length = whole!(self, rest, self.varint(rest, self.message_end()));
                    let end = self.at.checked_add(length).filter(|&end| end <= self.message_end());
                    self.end = whole!(self, rest, end.ok_or(Stop::Broken));
                    self.part = Part::Data;
                    return ProtobufStep::Start { field: self.field, length };
                }
                Part::Data if self.at == self.end => {
                    self.part = Part::Tag;
                    return ProtobufStep::End;
                }
                Part::Data => return ProtobufStep::Data(whole!(self, rest, self.run(rest))),
                Part::Skipped if self.at == self.end => self.part = Part::Tag,
                Part::Skipped => {
                    whole!(self, rest, self.run(rest));
                }
                Part::Packed if self.at == self.end && self.taken == 0 => {
                    self.part = Part::Tag;
                    return ProtobufStep::End;
                }
                Part::Packed => {
                    let value = whole!(self, rest, self.varint(rest, self.end));
                    return ProtobufStep::Number { field: self.field, value };
                }
                Part::TooDeep => return self.refuse(rest),
                Part::Broken => {
                    *rest = &[];
                    return ProtobufStep::InputEmpty;
                }
            }
        }
    }

    /// What follows a tag, if there is such a tag.
    fn begin(&mut self, tag: u64) -> Result<Part, Stop> {
        let field = tag >> 3;
        if field == 0 || FIELD_MAX < field {
            return Err(Stop::Broken);
        }
        self.field = field as u32;
        match tag & 7 {
            0 => Ok(Part::Number),
            1 => Ok(Part::Fixed64),
            2 => Ok(Part::Length),
            5 => Ok(Part::Fixed32),
            _ => Err(Stop::Broken),
        }
    }

    /// Whether the innermost message is over. The outermost one has no known end.
    #[inline]
    fn is_at_message_end(&self) -> bool {
        1 < self.depth && self.at == self.message_end() && self.taken == 0
    }

    /// Where the innermost message ends.
    #[inline]
    fn message_end(&self) -> u64 {
        self.ends.get(self.depth.wrapping_sub(1)).copied().unwrap_or(0)
    }

    /// Takes bytes of a varint that must not go beyond `end`.
    #[inline]
    fn varint(&mut self, rest: &mut &[u8], end: u64) -> Result<u64, Stop> {
        while let Some((&byte, after)) = rest.split_first() {
            if end <= self.at || (self.taken == LAST_SHIFT && 1 < byte) {
                return Err(Stop::Broken);
            }
            *rest = after;
            self.at = self.at.saturating_add(1);
            self.value |= u64::from(byte & 0x7f) << self.taken;
            if byte & 0x80 == 0 {
                return Ok(self.whole());
            }
            self.taken = self.taken.saturating_add(7);
        }
        Err(if end <= self.at { Stop::Broken } else { Stop::Open })
    }

    /// Takes bytes of a little-endian number.
    fn fixed(&mut self, rest: &mut &[u8], bytes: u32) -> Result<u64, Stop> {
        let end = self.message_end();
        while let Some((&byte, after)) = rest.split_first() {
            if end <= self.at {
                return Err(Stop::Broken);
            }
            *rest = after;
            self.at = self.at.saturating_add(1);
            self.value |= u64::from(byte) << self.taken.saturating_mul(8);
            self.taken = self.taken.saturating_add(1);
            if self.taken == bytes {
                return Ok(self.whole());
            }
        }
        Err(if end <= self.at { Stop::Broken } else { Stop::Open })
    }

    fn whole(&mut self) -> u64 {
        self.taken = 0;
        core::mem::take(&mut self.value)
    }

    /// Takes as much of the field's bytes as there are, at least one.
    fn run<'i>(&mut self, rest: &mut &'i [u8]) -> Result<&'i [u8], Stop> {
        let left = self.end.saturating_sub(self.at);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX);
        let (run, after) = rest.split_at_checked(wanted).unwrap_or((rest, &[]));
        *rest = after;
        self.at = self.at.saturating_add(run.len() as u64);
        if run.is_empty() { Err(Stop::Open) } else { Ok(run) }
    }

    #[cold]
    fn refuse<'i>(&mut self, rest: &mut &'i [u8]) -> ProtobufStep<'i> {
        self.part = Part::Broken;
        *rest = &[];
        ProtobufStep::Broken
    }
}

/// Why there is no next value.
enum Stop {
    /// More bytes must come.
    Open,
    /// A number is too long, or a value goes beyond the end of what holds it.
    Broken,
}
