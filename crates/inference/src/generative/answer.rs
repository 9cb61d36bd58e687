//! The body of an answer, in whichever form it comes, followed to its end; it decides no outcome.

use alloc::boxed::Box;

use crate::{
    generative::{
        dialect::{Dialect, Framing},
        document::Document,
        events::{Events, StreamEvent},
        facts::Facts,
        framing::Frames,
        timeline::Timeline,
        usage::{Settled, Usage},
    },
    outcome::BodyVerdict,
};
use driftline_statistics::time::Timestamp;
use driftline_wire::{encoding::Reservation, json::JsonEnd, json_array, ndjson, sse};

/// An answer in flight.
///
/// It takes the memory of one reader, about 1 KiB, whatever the model server sends.
#[derive(Debug)]
pub struct Answer {
    dialect: &'static Dialect,
    form: AnswerForm,
    /// Everything that whole events, or the whole document, said.
    pub facts: Facts,
    /// When output came; stays empty for an answer that is one document.
    pub timeline: Timeline,
    /// Events that were not JSON; 1 for a document that was not.
    pub malformed: u64,
    has_end_mark: bool,
    /// When the body's last byte came so far.
    last_byte_at: Timestamp,
    /// The body came to the end that its form requires. Set by [`Answer::finish`].
    is_whole: bool,
    /// What the token counts amount to. Set by [`Answer::finish`].
    settled: Settled,
}

#[derive(Debug)]
enum AnswerForm {
    /// Nothing is read: no head yet, or one that announces nothing that is known.
    Unread,
    /// The head announces text. The first byte decides the form, because content types are often wrong.
    Undecided(ExpectedResponse),
    Events(Box<Events>),
    Document(Box<Document>),
}

/// What is known of an answer before its first byte.
#[derive(Debug)]
pub struct ExpectedResponse {
    /// The request's dialect.
    pub dialect: &'static Dialect,
    /// The head says that it is one JSON document per line. The first byte overrules it.
    pub is_lines: bool,
    /// What the client asked for; `None` if it left that to the server.
    pub wants_stream: Option<bool>,
    /// The longest event that is not counted as too large.
    pub event_bytes_max: u64,
    /// Room to remember an event by; without it, each is read.
    pub repeats: Option<Reservation>,
}

impl Answer {
    /// An answer that is not read.
    pub fn unread(dialect: &'static Dialect) -> Answer {
        Answer {
            dialect,
            form: AnswerForm::Unread,
            facts: Facts::default(),
            timeline: Timeline::default(),
            malformed: 0,
            has_end_mark: false,
            last_byte_at: Timestamp(0),
            is_whole: false,
            settled: Settled::default(),
        }
    }

    /// An answer of any form.
    pub fn of(expected: ExpectedResponse) -> Answer {
        let unread = Answer::unread(expected.dialect);
        Answer { form: AnswerForm::Undecided(expected), ..unread }
    }

    /// Whether its body is read.
    pub fn is_read(&self) -> bool {
        !matches!(self.form, AnswerForm::Unread)
    }

    /// Takes the next piece of the body; calls `gap` with the microseconds between two pieces of
    /// output.
    pub fn read(&mut self, now: Timestamp, bytes: &[u8], mut gap: impl FnMut(u64)) {
        if !bytes.is_empty() {
            self.last_byte_at = now;
        }
        let bytes = self.decide(bytes);
        match &mut self.form {
            AnswerForm::Unread | AnswerForm::Undecided(_) => {}
            AnswerForm::Document(document) => document.read(bytes),
            AnswerForm::Events(events) => {
                let (facts, timeline) = (&mut self.facts, &mut self.timeline);
                let (malformed, has_end_mark) = (&mut self.malformed, &mut self.has_end_mark);
                events.read(bytes, |event| match event {
                    StreamEvent::Facts(event) => {
                        facts.update(event);
                        timeline.note(now, event).into_iter().for_each(&mut gap);
                    }
                    StreamEvent::EndMark => *has_end_mark = true,
                    StreamEvent::Malformed => *malformed = malformed.saturating_add(1),
                });
            }
        }
    }

    /// Ends the body; `gap` is as in [`Answer::read`]. `reached_end` says whether the proxy saw its end; if not, it
    /// broke off.
    pub fn finish(&mut self, reached_end: bool, mut gap: impl FnMut(u64)) {
        match &mut self.form {
            AnswerForm::Unread => {}
            // No byte came, as with status 204: nothing is missing.
            AnswerForm::Undecided(_) => self.is_whole = reached_end,
            AnswerForm::Document(document) => match document.finish() {
                (JsonEnd::Complete, facts) => {
                    self.facts = facts;
                    self.is_whole = true;
                    self.settle();
                }
                (JsonEnd::Empty | JsonEnd::Incomplete, _) => {}
                // A document that broke off is incomplete, not malformed. Nothing in one that is counts, but for an error.
                (_, facts) => {
                    self.facts.has_error = facts.has_error;
                    self.malformed = self.malformed.saturating_add(1);
                }
            },
            AnswerForm::Events(events) => {
                let (facts, timeline) = (&mut self.facts, &mut self.timeline);
                let (malformed, has_end_mark) = (&mut self.malformed, &mut self.has_end_mark);
                // An event that only the end of the body closes came with its last byte, however late the end is.
                let now = self.last_byte_at;
                events.finish(reached_end, |event| match event {
                    StreamEvent::Facts(event) => {
                        facts.update(event);
                        timeline.note(now, event).into_iter().for_each(&mut gap);
                    }
                    StreamEvent::EndMark => *has_end_mark = true,
                    StreamEvent::Malformed => *malformed = malformed.saturating_add(1),
                });
                let reached_end = reached_end || events.is_closed();
                let is_over = facts.is_finished || facts.is_endless || !self.dialect.announces_end;
                self.is_whole = *has_end_mark || facts.is_ended || (reached_end && is_over);
                self.settle();
                // The mark of the end may be in what is not understood.
                self.is_whole |= reached_end && self.is_not_understood();
            }
        }
    }

    /// Finds out what the token counts amount to.
    fn settle(&mut self) {
        let Dialect { excludes, generates_tokens, .. } = *self.dialect;
        self.settled = self.facts.reported().settle(excludes, generates_tokens);
    }

    /// Whether anything in it is of the dialect.
    pub fn is_recognised(&self) -> bool {
        let facts = &self.facts;
        facts.has_place
            || facts.has_output()
            || facts.is_finished
            || facts.has_error
            || !facts.reported().is_empty()
    }

    /// Whether the answer has output in a form that no table has: there is something that no table knows, and the server
    /// says that there is visible output, or that the answer is over, and none was seen.
    pub fn is_not_understood(&self) -> bool {
        let facts = &self.facts;
        let has_more = facts.has_unknown || (facts.has_foreign && !facts.has_place);
        if facts.has_visible || !has_more {
            return false;
        }
        let usage = self.usage();
        match usage.output {
            _ if !self.dialect.generates_tokens => usage.input.is_some_and(|tokens| tokens != 0),
            Some(output) => usage.reasoning.unwrap_or(0) < output,
            None => facts.finish().is_some(),
        }
    }

    /// What the body says about itself; final after [`Answer::finish`].
    pub fn verdict(&self) -> BodyVerdict {
        match self.form {
            AnswerForm::Unread => BodyVerdict::Unreadable,
            _ if self.facts.has_error => BodyVerdict::Error,
            AnswerForm::Document(_) if self.malformed != 0 => BodyVerdict::Empty,
            _ if !self.is_whole => BodyVerdict::Partial,
            _ if self.facts.has_output() || self.is_not_understood() => BodyVerdict::Whole,
            _ => BodyVerdict::Empty,
        }
    }

    /// Whether the answer is a stream of events, so that its tokens have a time.
    pub fn is_streamed(&self) -> bool {
        matches!(self.form, AnswerForm::Events(_))
    }

    /// Token counts in Driftline's meaning; final after [`Answer::finish`].
    #[inline]
    pub fn usage(&self) -> Usage {
        let usage = self.settled.usage;
        let counted =
            self.dialect.has_token_per_event && self.facts.has_token && self.is_streamed();
        Usage { output: usage.output.or(counted.then_some(self.facts.pieces)), ..usage }
    }

    /// Whether the server's token counts contradict each other; final after [`Answer::finish`].
    pub fn has_inconsistent_usage(&self) -> bool {
        self.settled.is_inconsistent
    }

    /// Events that were longer than the configured limit.
    pub fn large_events(&self) -> u64 {
        match &self.form {
            AnswerForm::Events(events) => events.large_events,
            _ => 0,
        }
    }

    /// Decides the form by the first byte that is neither white space nor of a byte order mark, and returns the bytes
    /// from there on.
    fn decide<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let AnswerForm::Undecided(expected) = &mut self.form else {
            return bytes;
        };
        let decides = |byte: &u8| !byte.is_ascii_whitespace() && !BYTE_ORDER_MARK.contains(byte);
        let start = bytes.iter().position(decides).unwrap_or(bytes.len());
        let bytes = bytes.get(start..).unwrap_or_default();
        if let Some(&first) = bytes.first() {
            self.form = AnswerForm::begun_by(first, expected);
        }
        bytes
    }
}

impl AnswerForm {
    /// The form of an answer whose first byte is this one.
    fn begun_by(first: u8, expected: &mut ExpectedResponse) -> AnswerForm {
        let ExpectedResponse { dialect, event_bytes_max, .. } = *expected;
        // A document may have one line or many, so a reader of lines is used only where it is needed.
        let is_one_document = expected.wants_stream == Some(false) && !expected.is_lines;
        let frames = match (first, dialect.framing) {
            (b'{', Framing::Ndjson) if !is_one_document => {
                Frames::Ndjson(ndjson::Reader::default())
            }
            (b'{', _) if expected.is_lines => Frames::Ndjson(ndjson::Reader::default()),
            (b'[', Framing::EventsOrJsonArray) => Frames::JsonArray(json_array::Reader::default()),
            (b'{' | b'[', _) => return AnswerForm::Document(Box::new(Document::new(dialect))),
            (_, Framing::Ndjson) => Frames::Ndjson(ndjson::Reader::default()),
            (_, Framing::AwsEventStream) => Frames::AwsEventStream(Box::default()),
            (_, Framing::BedrockPayload) => Frames::BedrockPayload(Box::default()),
            _ => Frames::ServerSentEvents(sse::Reader::new()),
        };
        AnswerForm::Events(Box::new(Events::new(
            dialect,
            frames,
            event_bytes_max,
            expected.repeats.take(),
        )))
    }
}

/// None of its bytes begins a document or a field of an event, so each can be skipped alone.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
