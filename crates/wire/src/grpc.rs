//! An incremental reader of gRPC's length-prefixed messages that hands them on as slices; it decompresses nothing.
//!
//! Follows "gRPC over HTTP2", *Length-Prefixed-Message*: a flag that is 1 if the message is compressed, its length as a
//! big-endian number of four bytes, the message. A message may be empty, and the last one needs no end mark:
//! [`Reader::is_open`] says that it broke off.
//!
//! There is no checksum, but any other flag shows that this is no such stream, or no longer. Then the rest of the body
//! passes unread, one last [`FrameStep::EventBroken`] says so, and [`Reader::is_lost`] from then on.
//!
//! # Example
//!
//! ```
//! use driftline_wire::grpc::{Reader, FrameStep};
//!
//! let mut reader = Reader::new();
//! let mut message = Vec::new();
//! for mut input in [&b"\0\0\0\0"[..], b"\x03ab", b"c"] {
//!     loop {
//!         let progress = reader.next(input);
//!         input = &input[progress.consumed..];
//!         match progress.step {
//!             FrameStep::Data(fragment) => message.extend_from_slice(fragment),
//!             FrameStep::EventEnd => assert_eq!((&message[..], reader.is_compressed()), (&b"abc"[..], false)),
//!             FrameStep::EventBroken => unreachable!("its flag is 0"),
//!             FrameStep::InputEmpty => break,
//!         }
//!     }
//! }
//! ```

use super::binary::{Number, take_run};

pub use super::frame::{FrameStep, Progress};

/// A push reader. One value reads one body, in a few bytes of memory.
#[derive(Clone, Debug)]
pub struct Reader {
    part: Part,
    prefix: Number,
    left: u32,
    is_compressed: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Prefix,
    Message,
    /// Nothing that could be told from anything else.
    Lost,
}

const PREFIX_BYTES: u8 = 5;

impl Default for Reader {
    fn default() -> Self {
        Reader::new()
    }
}

impl Reader {
    /// A reader at the start of a body.
    #[must_use]
    pub const fn new() -> Reader {
        Reader { part: Part::Prefix, prefix: Number::ZERO, left: 0, is_compressed: false }
    }

    /// Reads up to the end of the next fragment or message.
    ///
    /// # Termination
    ///
    /// Consumes at least one byte of an input that is not empty, but for the end of a message that has data, which
    /// consumes none. Runs in time linear in the bytes consumed.
    pub fn next<'i>(&mut self, input: &'i [u8]) -> Progress<'i> {
        let mut rest = input;
        let step = self.advance(&mut rest);
        Progress { consumed: input.len().saturating_sub(rest.len()), step }
    }

    /// The message is compressed, by the algorithm that the header `grpc-encoding` names. Known before its first data,
    /// and until the next call after its end.
    #[must_use]
    pub const fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// Bytes of the message that have not come yet; at its first data, its length without that.
    #[must_use]
    pub const fn bytes_left(&self) -> u32 {
        self.left
    }

    /// A message has begun and not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.prefix.is_open() || self.part == Part::Message
    }

    /// The rest of the body passes unread, because a flag was neither 0 nor 1.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.part == Part::Lost
    }

    fn advance<'i>(&mut self, rest: &mut &'i [u8]) -> FrameStep<'i> {
        loop {
            match self.part {
                Part::Message if self.left == 0 => {
                    self.part = Part::Prefix;
                    return FrameStep::EventEnd;
                }
                Part::Message if !rest.is_empty() => {
                    return FrameStep::Data(take_run(rest, &mut self.left));
                }
                Part::Message => return FrameStep::InputEmpty,
                Part::Prefix => {
                    let Some(prefix) = self.prefix.take(rest, PREFIX_BYTES) else {
                        return FrameStep::InputEmpty;
                    };
                    let flag = prefix >> 32;
                    if 1 < flag {
                        self.part = Part::Lost;
                        return FrameStep::EventBroken;
                    }
                    self.is_compressed = flag == 1;
                    self.left = prefix as u32;
                    self.part = Part::Message;
                }
                Part::Lost => {
                    *rest = &[];
                    return FrameStep::InputEmpty;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{format, string::String, vec::Vec};

    use super::*;
    use crate::frame::testing::read_pieces;
    use driftline_cuts::every_cut;

    /// Each message as its flag and its text, a lost stream as `lost`.
    #[track_caller]
    fn check(stream: &[u8], expected: &[&str], is_open: bool) {
        every_cut(stream, |pieces, name| {
            let mut reader = Reader::new();
            let mut messages = Vec::new();
            read_pieces(&mut reader, pieces, Reader::next, |reader, message| {
                let Some(message) = message else { return messages.push(String::from("lost")) };
                assert_eq!(reader.bytes_left(), 0);
                let text = String::from_utf8(message).unwrap();
                messages.push(format!("{} {text}", u8::from(reader.is_compressed())));
            });
            assert_eq!(messages, expected, "{name}");
            assert_eq!(reader.is_open(), is_open, "{name}");
            assert_eq!(
                reader.is_lost(),
                messages.last().is_some_and(|last| last == "lost"),
                "{name}"
            );
        });
    }

    #[test]
    fn messages_are_told_by_their_lengths() {
        check(b"", &[], false);
        check(b"\0\0\0\0\x03abc", &["0 abc"], false);
        check(b"\x01\0\0\0\x03abc\0\0\0\0\x01d", &["1 abc", "0 d"], false);
        check(
            &[b"\0\0\0\x01\x02", &[b'x'; 258][..]].concat(),
            &[&format!("0 {}", "x".repeat(258))],
            false,
        );
    }

    #[test]
    fn a_message_may_be_empty() {
        check(b"\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\x01a", &["0 ", "1 ", "0 a"], false);
    }

    #[test]
    fn a_message_that_breaks_off_is_open() {
        for length in 1..8 {
            check(&b"\0\0\0\0\x03abc"[..length], &[], true);
        }
        check(b"\0\xff\xff\xff\xffabc", &[], true);
    }

    #[test]
    fn any_other_flag_loses_the_rest() {
        check(b"\0\0\0\0\x01a\x02\0\0\0\x01b\0\0\0\0\x01c", &["0 a", "lost"], false);
        check(b"HTTP/1.1 200 OK", &["lost"], false);
    }
}
