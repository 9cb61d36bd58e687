//! A streamed answer, event by event: the facts of each, the moment it is whole. No event is ever kept.

use core::mem;

use crate::generative::{
    dialect::{Dialect, EventKind},
    framing::Frames,
    {facts::Facts, meaning::Fact},
};
use driftline_wire::{fields::FieldReader, frame::FrameStep, json::JsonEnd, sse};

/// One event of a streamed answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum StreamEvent {
    /// A JSON document with these facts.
    Facts(Facts),
    /// The mark that closes the stream.
    EndMark,
    /// No JSON document, or a broken one: nothing in it counts.
    Malformed,
}

/// Reads a streamed answer as it passes.
#[derive(Debug)]
pub(super) struct Events {
    dialect: &'static Dialect,
    frames: Frames,
    fields: FieldReader<Fact>,
    open: OpenEvent,
    /// Earlier events brought output in pieces.
    has_pieces: bool,
    event_bytes_max: u64,
    /// Events longer than `event_bytes_max` so far. They are read all the same, in the same memory.
    pub large_events: u64,
}

/// What is known of the event that is not closed yet.
#[derive(Debug, Default)]
struct OpenEvent {
    facts: Facts,
    bytes: u64,
    /// The first bytes, enough to tell an end mark from JSON.
    head: [u8; HEAD_BYTES_MAX],
}

const HEAD_BYTES_MAX: usize = 8;

impl Events {
    pub(super) fn new(dialect: &'static Dialect, frames: Frames, event_bytes_max: u64) -> Events {
        Events {
            dialect,
            frames,
            fields: FieldReader::new(dialect.event),
            open: OpenEvent::default(),
            has_pieces: false,
            event_bytes_max,
            large_events: 0,
        }
    }

    /// Takes the next piece of the body; calls `take` with each event that it completes.
    pub(super) fn read(&mut self, mut bytes: &[u8], mut take: impl FnMut(StreamEvent)) {
        loop {
            let progress = self.frames.next(bytes);
            let consumed = progress.consumed;
            match progress.step {
                // The line before is a document of its own: the server left out the empty line between two events.
                FrameStep::Data(data) if data == sse::JOINT && self.fields.is_whole() => {
                    self.close(false).into_iter().for_each(&mut take);
                }
                FrameStep::Data(data) => {
                    let (dialect, facts) = (self.dialect, &mut self.open.facts);
                    self.fields.read(data, &mut |fact, value| facts.note(dialect, fact, &value));
                    self.open.count(data);
                }
                FrameStep::EventEnd => self.close(false).into_iter().for_each(&mut take),
                FrameStep::EventBroken => {
                    self.take_open();
                    self.fields.reset();
                    take(StreamEvent::Malformed);
                }
                FrameStep::InputEmpty => return,
            }
            bytes = bytes.get(consumed..).unwrap_or_default();
        }
    }

    /// Whether the stream's frame was closed, so that nothing is missing if the connection breaks now.
    pub(super) fn is_closed(&self) -> bool {
        self.frames.is_closed()
    }

    /// Ends the body. An open event counts if it is whole and its framing lets it: some servers leave out the last
    /// blank line. One that broke off is malformed if this is the body's own end; if not, the exchange's outcome says what
    /// happened.
    pub(super) fn finish(&mut self, reached_end: bool, take: impl FnMut(StreamEvent)) {
        if self.open.bytes == 0 || self.frames.need_end() {
            return;
        }
        self.close(!reached_end).into_iter().for_each(take);
    }

    /// Ends the open event, which may be cut if the body broke off.
    fn close(&mut self, may_be_cut: bool) -> Option<StreamEvent> {
        let mut open = self.take_open();
        let ending = self.fields.finish();
        if open.is(self.dialect.end_mark) {
            return Some(StreamEvent::EndMark);
        }
        let name = self.frames.event_name();
        match ending {
            // An error may have a name and no data.
            JsonEnd::Empty if self.dialect.kind(name).is_none() => None,
            JsonEnd::Empty | JsonEnd::Complete => {
                open.facts.settle(self.dialect, name, self.has_pieces);
                self.has_pieces |= open.facts.has_pieces;
                Some(StreamEvent::Facts(open.facts))
            }
            // What an error says may be a text.
            _ if self.dialect.kind(name) == Some(EventKind::Error) => {
                Some(StreamEvent::Facts(Facts { has_error: true, ..Facts::default() }))
            }
            JsonEnd::Incomplete if may_be_cut => None,
            _ => Some(StreamEvent::Malformed),
        }
    }

    fn take_open(&mut self) -> OpenEvent {
        let open = mem::take(&mut self.open);
        if self.event_bytes_max < open.bytes {
            self.large_events = self.large_events.saturating_add(1);
        }
        open
    }
}

impl OpenEvent {
    fn count(&mut self, data: &[u8]) {
        let kept = usize::try_from(self.bytes).unwrap_or(HEAD_BYTES_MAX);
        if let Some(room) = self.head.get_mut(kept..) {
            for (slot, &byte) in room.iter_mut().zip(data) {
                *slot = byte;
            }
        }
        self.bytes = self.bytes.saturating_add(data.len() as u64);
    }

    /// Whether the event consists of `mark`. White space may follow it.
    fn is(&self, mark: &[u8]) -> bool {
        let head = usize::try_from(self.bytes).ok().and_then(|bytes| self.head.get(..bytes));
        !mark.is_empty() && head.is_some_and(|head| head.trim_ascii_end() == mark)
    }
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use super::*;
    use crate::generative::{dialects::DIALECTS, usage::Counted};
    use driftline_wire::fields::Value;

    fn chat() -> Events {
        let chat = DIALECTS.iter().find(|dialect| dialect.name == "openai_chat").unwrap();
        Events::new(chat, Frames::ServerSentEvents(sse::Reader::new()), 1024)
    }

    fn events(stream: &[u8], chunk: usize) -> Vec<StreamEvent> {
        let mut reader = chat();
        let mut events = Vec::new();
        for piece in stream.chunks(chunk) {
            reader.read(piece, |event| events.push(event));
        }
        reader.finish(false, |event| events.push(event));
        events
    }

    #[track_caller]
    fn check(stream: &str, expected: &[StreamEvent]) {
        for chunk in 1..=stream.len() {
            assert_eq!(events(stream.as_bytes(), chunk), expected, "chunk {chunk}");
        }
    }

    fn visible(characters: u64) -> StreamEvent {
        StreamEvent::Facts(Facts {
            has_visible: true,
            has_pieces: true,
            has_place: true,
            pieces: 1,
            characters,
            ..Facts::default()
        })
    }

    #[test]
    fn role_comments_and_empty_deltas_are_no_output() {
        check(
            ": keep-alive\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
            &[StreamEvent::Facts(Facts { has_place: true, ..Facts::default() })],
        );
    }

    #[test]
    fn content_is_visible_output() {
        check("data: {\"choices\":[{\"delta\":{\"content\":\"h\u{e9}\"}}]}\n\n", &[visible(2)]);
        check("data:{\"choices\":[{\"delta\":{\"content\":\"\\u00e9\"}}]}\r\n\r\n", &[visible(1)]);
    }

    #[test]
    fn the_end_mark_is_an_event_of_its_own() {
        check("data: [DONE]\n\n", &[StreamEvent::EndMark]);
        check("data: [DONE]", &[StreamEvent::EndMark]);
        check("data: [DONE] \n\n", &[StreamEvent::EndMark]);
        check("data: [DONE]x\n\n", &[StreamEvent::Malformed]);
        check("data: [DON\n\n", &[StreamEvent::Malformed]);
    }

    #[test]
    fn a_broken_event_does_not_derail_the_next_one() {
        check(
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}]}\n\n\
             data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n",
            &[StreamEvent::Malformed, visible(1)],
        );
    }

    #[test]
    fn lines_without_an_empty_one_between_them_are_events_if_each_is_a_document() {
        let chunk = |text: &str| {
            std::format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n")
        };
        check(
            &[chunk("a"), chunk("bc"), "data: [DONE]\n".into()].concat(),
            &[visible(1), visible(2), StreamEvent::EndMark],
        );
        check("data: {\"choices\":\ndata: [{\"text\":\"a\"}]}\n\n", &[visible(1)]);
    }

    #[test]
    fn an_error_needs_no_frame_and_no_json() {
        let error = StreamEvent::Facts(Facts { has_error: true, ..Facts::default() });
        check("error: {\"code\":500}\n\ndata: [DONE]\n\n", &[error, StreamEvent::EndMark]);
        check("error: no more memory\n\n", &[error]);
        check("event: error\ndata: no more memory\n\n", &[error]);
        check("{\"error\":{\"message\":\"gone\"}}\n", &[error]);
        check("{\n  \"error\": {\n    \"message\": \"gone\"\n  }\n}", &[error]);
    }

    #[test]
    fn an_event_that_breaks_off_is_none() {
        check("data: {\"choices\":[{\"delta\":{\"content\":\"a", &[]);
        check("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}", &[visible(1)]);
    }

    #[test]
    fn usage_is_read_at_its_depth_only() {
        let mut facts = Facts { has_place: true, ..Facts::default() };
        facts.usage.note(Counted::Output, &Value::Number(7.0));
        facts.usage.note(Counted::Input, &Value::Number(0.0));
        check(
            "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"x\":{\"usage\":{\"completion_tokens\":99}}}],\
             \"usage\":{\"prompt_tokens\":0,\"completion_tokens\":7}}\n\n",
            &[StreamEvent::Facts(facts)],
        );
    }

    #[test]
    fn a_large_event_is_counted_and_still_read() {
        let padding = "x".repeat(2000);
        let stream = std::format!(
            "data: {{\"obfuscation\":\"{padding}\",\"usage\":{{\"completion_tokens\":3}}}}\n\n"
        );
        for chunk in [1, 7, 1000, 4000] {
            let mut reader = chat();
            let mut found = vec![];
            for piece in stream.as_bytes().chunks(chunk) {
                reader.read(piece, |event| found.push(event));
            }
            reader.finish(false, |event| found.push(event));
            let mut facts = Facts::default();
            facts.usage.note(Counted::Output, &Value::Number(3.0));
            assert_eq!((found, reader.large_events), (vec![StreamEvent::Facts(facts)], 1));
        }
    }
}
