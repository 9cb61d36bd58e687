//! An incremental reader of Server-Sent Events that hands the data on as slices of its input; it never copies them.
//!
//! Follows "Interpreting an event stream" in the WHATWG HTML standard, section 9.2.6. Kept are `data` and `event`;
//! `id` and `retry` are passed over, because nothing here reconnects.
//!
//! The data of an event come in fragments, cut wherever the network or a line end cuts them, because what reads them
//! next ([`json`](super::json)) takes any cut. Several `data` lines of one event are joined by the
//! fragment [`JOINT`]. LF, CR and CRLF end a line, also when cut between the two; a byte order mark at the start, a
//! missing space after the colon, comments and unknown fields are understood.
//!
//! Four things differ from the standard, because servers differ from it:
//!
//! - An event name is kept up to [`NAME_BYTES_MAX`] only.
//! - An event that the end of the stream leaves open is not dropped in silence. Its data have been handed out already;
//!   [`Reader::finish`] says that it was open, and the caller decides, because vendors do end without the blank line.
//! - A line of the field `error` is data of an event that is called `error`.
//! - A line that begins with `{` or `<` is data, too: what fails in the middle of a stream often says so without any
//!   field. So are the lines after it that begin as lines of such a document do.
//!
//! # Example
//!
//! ```
//! use driftline_wire::sse::{Reader, FrameStep};
//!
//! let mut reader = Reader::new();
//! let mut data = Vec::new();
//! // The event arrives in two pieces; the first one closes nothing.
//! for mut input in [&b"event: delta\ndata: {\"n\""[..], &b":1}\n\n"[..]] {
//!     loop {
//!         let progress = reader.next(input);
//!         input = &input[progress.consumed..];
//!         match progress.step {
//!             FrameStep::Data(fragment) => data.extend_from_slice(fragment),
//!             FrameStep::EventEnd => assert_eq!(reader.event_name(), b"delta"),
//!             FrameStep::EventBroken => unreachable!("text has no broken frames"),
//!             FrameStep::InputEmpty => break,
//!         }
//!     }
//! }
//! assert_eq!(data, b"{\"n\":1}");
//! ```

#[cfg(test)]
mod tests;

/// Of a longer event name, only this many bytes are kept.
pub const NAME_BYTES_MAX: usize = 64;

/// The fragment between two lines of one event's data. No other fragment has a line end.
///
/// Servers that leave out the empty line between two events have each on a line of its own: whoever finds a whole
/// document before this fragment may take it for an event.
pub const JOINT: &[u8] = b"\n";

use super::{name::Name, scan};

pub use super::frame::{FrameStep, Progress};

/// What the end of the stream left behind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Every event was closed, or there was none.
    Closed,
    /// An event was begun that has no data yet: a name, an unknown field or the first bytes of a line.
    OpenWithoutData,
    /// An event with data lacks its blank line. The standard drops it.
    OpenWithData,
}

/// A push reader. One value reads one response body, in about 100 bytes of memory.
#[derive(Clone, Debug)]
pub struct Reader {
    state: SseState,
    /// The previous byte was `\r`, so a `\n` right after it is the same line ending.
    after_cr: bool,
    /// The open event has a line that is not a comment.
    has_line: bool,
    /// The open event has a `data` field, even if an empty one.
    has_data: bool,
    /// The line at hand, or the last one with data, is of the field `error`.
    is_error: bool,
    /// The last line with data has no field: it is the text of a document as it is.
    is_bare: bool,
    /// The last step was [`FrameStep::EventEnd`]: its name stays readable until the next call.
    ended: bool,
    name: Name<NAME_BYTES_MAX>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum SseState {
    /// `n` bytes of a byte order mark have matched. Only at the very start.
    Start(u8),
    LineStart,
    /// `n` bytes of the name of a known field have matched.
    FieldName(Field, u8),
    /// Right after the colon, where one space is not part of the value.
    ValueStart(Field),
    Value(Field),
    /// At the first byte of a line that is data as it is.
    Bare,
    /// Inside a comment or a field that is not kept.
    Ignored,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Field {
    Data,
    Event,
    Error,
}

impl Field {
    const fn name(self) -> &'static [u8] {
        match self {
            Field::Data => b"data",
            Field::Event => b"event",
            Field::Error => b"error",
        }
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Default for Reader {
    fn default() -> Self {
        Reader::new()
    }
}

impl Reader {
    /// A reader at the start of a stream.
    #[must_use]
    pub const fn new() -> Reader {
        Reader {
            state: SseState::Start(0),
            after_cr: false,
            has_line: false,
            has_data: false,
            is_error: false,
            is_bare: false,
            ended: false,
            name: Name::new(),
        }
    }

    /// Reads up to the end of the next fragment or event.
    ///
    /// # Termination
    ///
    /// Consumes at least one byte of an input that is not empty, except for a [`JOINT`] before a line that is data as it
    /// is. Runs in time linear in the bytes consumed.
    pub fn next<'i>(&mut self, input: &'i [u8]) -> Progress<'i> {
        if core::mem::take(&mut self.ended) {
            self.name.clear();
            self.is_error = false;
        }
        let mut rest = input;
        let step = self.advance(&mut rest);
        Progress { consumed: input.len().saturating_sub(rest.len()), step }
    }

    /// The value of the open event's last `event` line, cut at [`NAME_BYTES_MAX`]; `error` after a line of that field;
    /// empty if there was neither.
    ///
    /// It is whole at the [`FrameStep::EventEnd`], and before that as soon as its line has ended, so before the data if it
    /// came first.
    #[must_use]
    pub fn event_name(&self) -> &[u8] {
        if self.is_error { Field::Error.name() } else { self.name.as_bytes() }
    }

    /// Whether no event is open, so that a whole one may pass: [`Reader::pass`].
    #[must_use]
    #[inline]
    pub fn is_between_events(&self) -> bool {
        matches!(self.state, SseState::LineStart)
            && !self.has_line
            && !self.has_data
            && (self.ended || self.name.as_bytes().is_empty())
    }

    /// Lets a whole event pass that is known from elsewhere, from between two events to its last byte.
    #[inline]
    pub fn pass(&mut self, event: &[u8]) {
        self.after_cr = event.last() == Some(&b'\r');
    }

    /// Ends the stream: says whether an event was left open, and is ready for the next stream.
    pub fn finish(&mut self) -> Ending {
        let ending = if self.has_data {
            Ending::OpenWithData
        } else if self.has_line {
            Ending::OpenWithoutData
        } else {
            Ending::Closed
        };
        self.reset();
        ending
    }

    /// Forgets the stream and is ready for the next one.
    pub const fn reset(&mut self) {
        *self = Reader::new();
    }

    fn advance<'i>(&mut self, rest: &mut &'i [u8]) -> FrameStep<'i> {
        loop {
            let Some((&byte, after)) = rest.split_first() else { return FrameStep::InputEmpty };
            if core::mem::take(&mut self.after_cr) && byte == b'\n' {
                *rest = after;
                continue;
            }
            match self.state {
                SseState::Value(Field::Data | Field::Error) => {
                    let run = until_line_end(rest);
                    if run.is_empty() {
                        self.end_line(rest);
                    } else {
                        *rest = rest.get(run.len()..).unwrap_or_default();
                        return FrameStep::Data(run);
                    }
                }
                SseState::LineStart => {
                    if is_line_end(byte) {
                        self.end_line(rest);
                        self.has_line = false;
                        if core::mem::take(&mut self.has_data) {
                            self.ended = true;
                            return FrameStep::EventEnd;
                        }
                        self.name.clear();
                        continue;
                    }
                    self.has_line |= byte != b':';
                    // Nearly all lines begin like this, and rarely is it cut.
                    if let Some(after) = rest.strip_prefix(b"data:") {
                        *rest = after;
                        self.state = SseState::ValueStart(Field::Data);
                        if let Some(step) = self.open_data() {
                            return step;
                        }
                        continue;
                    }
                    self.state = match byte {
                        b'd' => SseState::FieldName(Field::Data, 0),
                        b'e' => SseState::FieldName(Field::Event, 0),
                        _ if self.is_document(byte) => {
                            self.state = SseState::Bare;
                            if let Some(step) = self.open_data() {
                                return step;
                            }
                            continue;
                        }
                        _ => SseState::Ignored,
                    };
                }
                SseState::FieldName(field, matched) => {
                    let next = field.name().get(usize::from(matched));
                    if next == Some(&byte) {
                        *rest = after;
                        self.state = SseState::FieldName(field, matched.wrapping_add(1));
                    } else if next.is_none() && (byte == b':' || is_line_end(byte)) {
                        // A field without a colon has an empty value; the line end is left to that value.
                        self.state = SseState::Value(field);
                        if byte == b':' {
                            *rest = after;
                            self.state = SseState::ValueStart(field);
                        }
                        match field {
                            Field::Event => self.name.clear(),
                            Field::Data | Field::Error => {
                                if let Some(step) = self.open_data() {
                                    return step;
                                }
                            }
                        }
                    } else if field == Field::Event && matched == 1 && byte == b'r' {
                        // Both names begin with the same letter.
                        *rest = after;
                        self.state = SseState::FieldName(Field::Error, 2);
                    } else {
                        self.state = SseState::Ignored;
                    }
                }
                SseState::ValueStart(field) => {
                    if byte == b' ' {
                        *rest = after;
                    }
                    self.state = SseState::Value(field);
                    // Only now is the line before it over.
                    if field != Field::Event {
                        self.is_error = field == Field::Error;
                        self.is_bare = false;
                    }
                }
                SseState::Bare => {
                    self.state = SseState::Value(Field::Data);
                    (self.is_error, self.is_bare) = (false, true);
                }
                SseState::Value(Field::Event) => {
                    let run = until_line_end(rest);
                    self.name.push(run);
                    *rest = rest.get(run.len()..).unwrap_or_default();
                    self.end_line(rest);
                }
                SseState::Ignored => {
                    let run = until_line_end(rest);
                    *rest = rest.get(run.len()..).unwrap_or_default();
                    self.end_line(rest);
                }
                SseState::Start(matched) => {
                    if BYTE_ORDER_MARK.get(usize::from(matched)) == Some(&byte) {
                        *rest = after;
                        let done = usize::from(matched).wrapping_add(1) == BYTE_ORDER_MARK.len();
                        self.state = if done {
                            SseState::LineStart
                        } else {
                            SseState::Start(matched.wrapping_add(1))
                        };
                    } else if matched == 0 {
                        self.state = SseState::LineStart;
                    } else {
                        // A broken mark is the start of some unknown field name.
                        self.has_line = true;
                        self.state = SseState::Ignored;
                    }
                }
            }
        }
    }

    /// Steps over the line ending at the start of `rest`, if the input reaches that far.
    fn end_line(&mut self, rest: &mut &[u8]) {
        if let Some((&byte, after)) = rest.split_first() {
            self.after_cr = byte == b'\r';
            self.state = SseState::LineStart;
            *rest = after;
        }
    }

    /// Starts a line of data: a second one is joined to the first.
    fn open_data(&mut self) -> Option<FrameStep<'static>> {
        core::mem::replace(&mut self.has_data, true).then_some(FrameStep::Data(JOINT))
    }

    /// Whether a line that begins with this byte, and with no field, is a document or goes on with one.
    fn is_document(&self, byte: u8) -> bool {
        let goes_on = || self.has_data && self.is_bare && b" \t\"}]".contains(&byte);
        matches!(byte, b'{' | b'<') || goes_on()
    }
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn until_line_end(bytes: &[u8]) -> &[u8] {
    bytes.get(..scan::line(bytes)).unwrap_or(bytes)
}
