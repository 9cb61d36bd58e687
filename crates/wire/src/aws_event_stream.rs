//! An incremental reader of `application/vnd.amazon.eventstream` that hands payloads on as slices; it copies none.
//!
//! Follows the Amazon Event Stream Specification. A message is a prelude (its length, the length of its headers, a
//! CRC-32 of both), headers, a payload and a CRC-32 of all before it; numbers are big-endian. Of the headers, the
//! three that say what the message is are kept, each up to [`NAME_BYTES_MAX`].
//!
//! A payload is handed out before its checksum came. When that is wrong, or the headers are not what the format says,
//! the message ends with [`FrameStep::EventBroken`] in place of [`FrameStep::EventEnd`], and the next one is read again: the
//! prelude, which has a checksum of its own, said where it begins. When the prelude itself is wrong, nobody knows where
//! the next message begins. Then the rest of the body passes unread, one last [`FrameStep::EventBroken`] says so, and
//! [`Reader::is_lost`] from then on.
//!
//! # Example
//!
//! ```
//! use driftline_wire::aws_event_stream::{Reader, FrameStep};
//!
//! let message = b"\0\0\0\x1d\0\0\0\0\xfdR\x8cZ{'foo':'bar'}\xc3e96";
//! let mut reader = Reader::new();
//! let mut payload = Vec::new();
//! // The message arrives in two pieces, cut in its prelude.
//! for mut input in [&message[..7], &message[7..]] {
//!     loop {
//!         let progress = reader.next(input);
//!         input = &input[progress.consumed..];
//!         match progress.step {
//!             FrameStep::Data(fragment) => payload.extend_from_slice(fragment),
//!             FrameStep::EventEnd => assert_eq!(payload, b"{'foo':'bar'}"),
//!             FrameStep::EventBroken => unreachable!("its checksums are right"),
//!             FrameStep::InputEmpty => break,
//!         }
//!     }
//! }
//! ```

mod headers;
#[cfg(test)]
mod tests;

use self::headers::Headers;
use super::binary::{Number, take_run};

pub use self::headers::NAME_BYTES_MAX;
pub use super::frame::{FrameStep, Progress};

/// A push reader. One value reads one body, in about 200 bytes of memory.
#[derive(Clone, Debug)]
pub struct Reader {
    part: Part,
    /// The prelude or the last checksum, as far as it came.
    number: Number,
    headers_left: u32,
    payload_left: u32,
    headers: Headers,
    /// Of all bytes of the open message so far.
    checksum: crc32fast::Hasher,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Prelude,
    Headers,
    Payload,
    Checksum,
    /// Nothing that could be told from anything else.
    Lost,
}

const PRELUDE_BYTES: u8 = 12;
const CHECKSUM_BYTES: u8 = 4;

/// What a message has beside its headers and its payload.
const OVERHEAD_BYTES: u32 = 16;

impl Default for Reader {
    fn default() -> Self {
        Reader::new()
    }
}

impl Reader {
    /// A reader at the start of a body.
    #[must_use]
    pub fn new() -> Reader {
        Reader {
            part: Part::Prelude,
            number: Number::ZERO,
            headers_left: 0,
            payload_left: 0,
            headers: Headers::new(),
            checksum: crc32fast::Hasher::new(),
        }
    }

    /// Reads up to the end of the next fragment or message.
    ///
    /// # Termination
    ///
    /// Consumes at least one byte of an input that is not empty. Runs in time linear in the bytes consumed.
    pub fn next<'i>(&mut self, input: &'i [u8]) -> Progress<'i> {
        let mut rest = input;
        let step = self.advance(&mut rest);
        Progress { consumed: input.len().saturating_sub(rest.len()), step }
    }

    /// The `:message-type` of the message, cut at [`NAME_BYTES_MAX`]: `event`, `exception` or `error`. Empty if it has
    /// none.
    ///
    /// Like the other two, known before the message's first data, and until the next call after its end.
    #[must_use]
    pub fn message_type(&self) -> &[u8] {
        self.headers.message_type()
    }

    /// The `:event-type` of the message.
    #[must_use]
    pub fn event_type(&self) -> &[u8] {
        self.headers.event_type()
    }

    /// The `:exception-type` of the message.
    #[must_use]
    pub fn exception_type(&self) -> &[u8] {
        self.headers.exception_type()
    }

    /// A message has begun and not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.part {
            Part::Prelude => self.number.is_open(),
            Part::Headers | Part::Payload | Part::Checksum => true,
            Part::Lost => false,
        }
    }

    /// The rest of the body passes unread, because a prelude was broken.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.part == Part::Lost
    }

    fn advance<'i>(&mut self, rest: &mut &'i [u8]) -> FrameStep<'i> {
        while !rest.is_empty() {
            match self.part {
                Part::Prelude => {
                    let Some(prelude) = self.number.take(rest, PRELUDE_BYTES) else { continue };
                    self.begin(prelude);
                    if self.is_lost() {
                        return FrameStep::EventBroken;
                    }
                }
                Part::Headers => {
                    let run = take_run(rest, &mut self.headers_left);
                    self.checksum.update(run);
                    self.headers.read(run);
                    if self.headers_left == 0 {
                        self.headers.end();
                        self.part = self.part_behind_headers();
                    }
                }
                Part::Payload => {
                    let run = take_run(rest, &mut self.payload_left);
                    self.checksum.update(run);
                    if self.payload_left == 0 {
                        self.part = Part::Checksum;
                    }
                    if !self.headers.is_broken() {
                        return FrameStep::Data(run);
                    }
                }
                Part::Checksum => {
                    let Some(expected) = self.number.take(rest, CHECKSUM_BYTES) else { continue };
                    self.part = Part::Prelude;
                    let is_right = u128::from(self.checksum.clone().finalize()) == expected;
                    return if is_right && !self.headers.is_broken() {
                        FrameStep::EventEnd
                    } else {
                        FrameStep::EventBroken
                    };
                }
                Part::Lost => *rest = &[],
            }
        }
        FrameStep::InputEmpty
    }

    /// Begins a message, if its prelude can be believed.
    fn begin(&mut self, prelude: u128) {
        let [total, headers, checksum] =
            [prelude >> 64, prelude >> 32, prelude].map(|number| number as u32);
        self.checksum.reset();
        self.checksum.update(&total.to_be_bytes());
        self.checksum.update(&headers.to_be_bytes());
        let is_right = self.checksum.clone().finalize() == checksum;
        self.checksum.update(&checksum.to_be_bytes());
        let payload = total.checked_sub(OVERHEAD_BYTES).and_then(|rest| rest.checked_sub(headers));
        self.headers.clear();
        match payload {
            Some(payload) if is_right => {
                self.headers_left = headers;
                self.payload_left = payload;
                self.part = if headers == 0 { self.part_behind_headers() } else { Part::Headers };
            }
            _ => self.part = Part::Lost,
        }
    }

    fn part_behind_headers(&self) -> Part {
        if self.payload_left == 0 { Part::Checksum } else { Part::Payload }
    }
}
