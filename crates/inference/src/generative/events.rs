//! A streamed answer, event by event: the facts of each, the moment it is whole. No event is ever kept.

use crate::generative::{
    dialect::{Dialect, EventKind},
    framing::Frames,
    {facts::Facts, meaning::Fact, repeats::Repeats},
};
use driftline_wire::{
    encoding::Reservation, fields::FieldReader, frame::FrameStep, json::JsonEnd, sse,
};

/// One event of a streamed answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum StreamEvent<'e> {
    /// A JSON document with these facts.
    Facts(&'e Facts),
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
    /// What events have said that the next ones may say again.
    repeats: Repeats,
    /// Earlier events brought output in pieces.
    has_pieces: bool,
    event_bytes_max: u64,
    /// Events longer than `event_bytes_max` so far. They are read all the same, in the same memory.
    pub large_events: u64,
}

/// What an event turned out to be when it was closed.
#[derive(Clone, Copy, Debug)]
enum Closed {
    /// None: it has no data, or broke off.
    Nothing,
    Facts,
    EndMark,
    Malformed,
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
    pub(super) fn new(
        dialect: &'static Dialect,
        frames: Frames,
        event_bytes_max: u64,
        room: Option<Reservation>,
    ) -> Events {
        Events {
            dialect,
            frames,
            fields: FieldReader::new(*dialect.event),
            open: OpenEvent::default(),
            repeats: Repeats::new(room),
            has_pieces: false,
            event_bytes_max,
            large_events: 0,
        }
    }

    /// Takes the next piece of the body; calls `take` with each event that it completes.
    pub(super) fn read(&mut self, mut bytes: &[u8], mut take: impl FnMut(StreamEvent<'_>)) {
        let mut watched = None;
        loop {
            if self.open.bytes == 0 && self.frames.are_between_events() {
                if let Some((event, facts)) = self.repeats.fit(bytes) {
                    take(StreamEvent::Facts(facts));
                    self.frames.pass(event);
                    bytes = bytes.get(event.len()..).unwrap_or_default();
                    continue;
                }
                watched = self.repeats.watch(bytes, self.has_pieces);
            }
            let progress = self.frames.next(bytes);
            let consumed = progress.consumed;
            let is_whole = match progress.step {
                // The line before is a document of its own: the server left out the empty line between two events.
                FrameStep::Data(data) if data == sse::JOINT && self.fields.is_whole() => true,
                FrameStep::Data(data) => {
                    let after = bytes.get(consumed..).unwrap_or_default();
                    let (dialect, facts) = (self.dialect, &mut self.open.facts);
                    if let Some(watched) = &mut watched {
                        let end = after.len();
                        watched.begin_data([end.saturating_add(data.len()), end]);
                    }
                    self.fields.read_at(data, &mut |fact, value, left| {
                        facts.note(dialect, fact, &value);
                        if let Some(watched) = &mut watched {
                            watched.note(fact, &value, left.saturating_add(after.len()));
                        }
                    });
                    self.open.count(data);
                    bytes = after;
                    continue;
                }
                FrameStep::EventEnd => true,
                FrameStep::EventBroken => false,
                FrameStep::InputEmpty => return,
            };
            let closed = if is_whole {
                self.close(false)
            } else {
                self.fields.reset();
                Closed::Malformed
            };
            bytes = bytes.get(consumed..).unwrap_or_default();
            if let (Closed::Facts, Some(watched)) = (closed, watched.take()) {
                self.repeats.learn(&watched, bytes.len(), &self.open.facts);
            }
            self.hand_on(closed, &mut take);
        }
    }

    /// Whether the stream's frame was closed, so that nothing is missing if the connection breaks now.
    pub(super) fn is_closed(&self) -> bool {
        self.frames.is_closed()
    }

    /// Ends the body. An open event counts if it is whole and its framing lets it: some servers leave out the last
    /// blank line. One that broke off is malformed if this is the body's own end; if not, the exchange's outcome says what
    /// happened.
    pub(super) fn finish(&mut self, reached_end: bool, mut take: impl FnMut(StreamEvent<'_>)) {
        if self.open.bytes == 0 || self.frames.need_end() {
            return;
        }
        let closed = self.close(!reached_end);
        self.hand_on(closed, &mut take);
    }

    /// Ends the open event, which may be cut if the body broke off.
    #[inline(never)]
    fn close(&mut self, may_be_cut: bool) -> Closed {
        let ending = self.fields.finish();
        if self.open.is(self.dialect.end_mark) {
            return Closed::EndMark;
        }
        let name = self.frames.event_name();
        let facts = &mut self.open.facts;
        match ending {
            // An error may have a name and no data.
            JsonEnd::Empty if self.dialect.kind(name).is_none() => Closed::Nothing,
            JsonEnd::Empty | JsonEnd::Complete => {
                facts.settle(self.dialect, name, self.has_pieces);
                self.has_pieces |= facts.has_pieces;
                Closed::Facts
            }
            // What an error says may be a text.
            _ if self.dialect.kind(name) == Some(EventKind::Error) => {
                *facts = Facts { has_error: true, ..Facts::default() };
                Closed::Facts
            }
            JsonEnd::Incomplete if may_be_cut => Closed::Nothing,
            _ => Closed::Malformed,
        }
    }

    /// Hands the closed event on, where it is: a copy would cost more than to read it. The next one begins.
    #[inline]
    fn hand_on(&mut self, closed: Closed, take: &mut impl FnMut(StreamEvent<'_>)) {
        match closed {
            Closed::Nothing => {}
            Closed::Facts => take(StreamEvent::Facts(&self.open.facts)),
            Closed::EndMark => take(StreamEvent::EndMark),
            Closed::Malformed => take(StreamEvent::Malformed),
        }
        if self.event_bytes_max < self.open.bytes {
            self.large_events = self.large_events.saturating_add(1);
        }
        self.open = OpenEvent::default();
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
    use std::{string::String, vec, vec::Vec};

    use driftline_random::Random;

    use super::*;
    use crate::generative::repeats::REPEATS_BYTES;
    use crate::generative::{dialects::DIALECTS, usage::Counted};
    use driftline_wire::{encoding::MemoryBudget, fields::Value};

    /// An event, kept.
    #[derive(Clone, Debug, PartialEq)]
    enum Kept {
        Facts(Facts),
        EndMark,
        Malformed,
    }

    impl From<StreamEvent<'_>> for Kept {
        fn from(event: StreamEvent<'_>) -> Kept {
            match event {
                StreamEvent::Facts(facts) => Kept::Facts(facts.clone()),
                StreamEvent::EndMark => Kept::EndMark,
                StreamEvent::Malformed => Kept::Malformed,
            }
        }
    }

    fn room() -> Option<Reservation> {
        MemoryBudget::new(REPEATS_BYTES).reserve(REPEATS_BYTES).ok()
    }

    fn chat() -> Events {
        let chat = DIALECTS.iter().find(|dialect| dialect.name == "openai_chat").unwrap();
        Events::new(chat, Frames::ServerSentEvents(sse::Reader::new()), 1024, room())
    }

    fn events(stream: &[u8], chunk: usize) -> Vec<Kept> {
        let mut reader = chat();
        let mut events = Vec::new();
        for piece in stream.chunks(chunk) {
            reader.read(piece, |event| events.push(event.into()));
        }
        reader.finish(false, |event| events.push(event.into()));
        events
    }

    #[track_caller]
    fn check(stream: &str, expected: &[Kept]) {
        for chunk in 1..=stream.len() {
            assert_eq!(events(stream.as_bytes(), chunk), expected, "chunk {chunk}");
        }
    }

    fn visible(characters: u64) -> Kept {
        Kept::Facts(Facts {
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
            &[Kept::Facts(Facts { has_place: true, ..Facts::default() })],
        );
    }

    #[test]
    fn content_is_visible_output() {
        check("data: {\"choices\":[{\"delta\":{\"content\":\"h\u{e9}\"}}]}\n\n", &[visible(2)]);
        check("data:{\"choices\":[{\"delta\":{\"content\":\"\\u00e9\"}}]}\r\n\r\n", &[visible(1)]);
    }

    #[test]
    fn the_end_mark_is_an_event_of_its_own() {
        check("data: [DONE]\n\n", &[Kept::EndMark]);
        check("data: [DONE]", &[Kept::EndMark]);
        check("data: [DONE] \n\n", &[Kept::EndMark]);
        check("data: [DONE]x\n\n", &[Kept::Malformed]);
        check("data: [DON\n\n", &[Kept::Malformed]);
    }

    #[test]
    fn a_broken_event_does_not_derail_the_next_one() {
        check(
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}]}\n\n\
             data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n",
            &[Kept::Malformed, visible(1)],
        );
    }

    #[test]
    fn lines_without_an_empty_one_between_them_are_events_if_each_is_a_document() {
        let chunk = |text: &str| {
            std::format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n")
        };
        check(
            &[chunk("a"), chunk("bc"), "data: [DONE]\n".into()].concat(),
            &[visible(1), visible(2), Kept::EndMark],
        );
        check("data: {\"choices\":\ndata: [{\"text\":\"a\"}]}\n\n", &[visible(1)]);
    }

    #[test]
    fn an_error_needs_no_frame_and_no_json() {
        let error = || Kept::Facts(Facts { has_error: true, ..Facts::default() });
        check("error: {\"code\":500}\n\ndata: [DONE]\n\n", &[error(), Kept::EndMark]);
        check("error: no more memory\n\n", &[error()]);
        check("event: error\ndata: no more memory\n\n", &[error()]);
        check("{\"error\":{\"message\":\"gone\"}}\n", &[error()]);
        check("{\n  \"error\": {\n    \"message\": \"gone\"\n  }\n}", &[error()]);
    }

    #[test]
    fn an_event_that_breaks_off_is_none() {
        check("data: {\"choices\":[{\"delta\":{\"content\":\"a", &[]);
        check("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}", &[visible(1)]);
    }

    #[test]
    fn usage_that_is_not_at_its_place_is_kept_apart() {
        let mut facts = Facts { has_place: true, ..Facts::default() };
        facts.usage.note(Counted::Output, &Value::Number(7.0));
        facts.usage.note(Counted::Input, &Value::Number(0.0));
        facts.usage_elsewhere.note(Counted::Output, &Value::Number(99.0));
        check(
            "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"x\":{\"usage\":{\"completion_tokens\":99}}}],\
             \"usage\":{\"prompt_tokens\":0,\"completion_tokens\":7}}\n\n",
            &[Kept::Facts(facts)],
        );
    }

    #[test]
    fn the_fourth_piece_of_a_kind_is_known_without_being_read() {
        let event = |id: u32, text: &str| {
            std::format!(
                "data: {{\"id\":{id},\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"
            )
        };
        let mut reader = chat();
        for (id, text) in [(1, "one"), (2, "two"), (30, "three")] {
            reader.read(event(id, text).as_bytes(), |_| {});
        }
        let fourth = event(4, "f\u{f6}ur");
        let (known, facts) = reader.repeats.fit(fourth.as_bytes()).unwrap();
        assert_eq!((known.len(), Kept::Facts(facts.clone())), (fourth.len(), visible(4)));
    }

    #[test]
    fn a_digit_in_the_name_of_an_event_is_no_value_that_may_differ() {
        let event = |name: u32| {
            std::format!(
                "event: e{name}\ndata: {{\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}]}}\nevent: e{name}\n\n"
            )
        };
        let mut reader = chat();
        for name in [1, 1, 2, 2, 3, 3, 4] {
            reader.read(event(name).as_bytes(), |_| {});
        }
        assert!(reader.repeats.fit(event(3).as_bytes()).is_some(), "the form is learnt");
        assert!(reader.repeats.fit(event(5).as_bytes()).is_none());
    }

    /// Events that repeat but for some values, each a little broken now and then. What is known without being read must be
    /// what reading says: byte by byte, no event lies whole in a piece.
    #[test]
    fn what_repeats_says_what_reading_says() {
        const TEXTS: [&str; 10] =
            ["a", "", "h\u{e9}", "\\n", "\\u00e9", "\\ud83d\\ude00", "\"", "\\", "{}", "0"];
        const FORMS: [&str; 6] = [
            r#"data: {"id":"I","n":N,"choices":[{"index":0,"delta":{"content":"T"},"finish_reason":null}]}"#,
            r#"data: {"id":"I","choices":[{"delta":{"reasoning_content":"T","content":null}}],"x":[N,"I"]}"#,
            r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"T"}}]}}]}"#,
            r#"data: {"choices":[{"index":N,"delta":{"content":"T","refusal":"T"}}],"usage":{"completion_tokens":N}}"#,
            r#"data: {"choices":[{"delta":{"content":"T"},"finish_reason":"I"}]}"#,
            r#"event: I
data: {"choices": [ {"delta" : {"content" : "T" , "content":"T"} } ] , "error" : null }"#,
        ];
        let mut random = Random::new(17);
        let mut draw = |end: usize| random.below(end);
        for _ in 0..400 {
            let form = FORMS[draw(FORMS.len())];
            let end = ["\n\n", "\r\n\r\n", "\r\r", "\n", "\n\n: ping\n\n"][draw(5)];
            let mut stream = String::new();
            for _ in 0..draw(20) {
                let form = if draw(8) == 0 { FORMS[draw(FORMS.len())] } else { form };
                let [numbers, ids] = if draw(4) == 0 { [6, 4] } else { [1, 1] };
                let number = ["1", "-2.5", "0", "1e3", "007", "NaN"][draw(numbers)];
                let id = ["x", "error", "stop", ""][draw(ids)];
                let mut event = form.replace('T', TEXTS[draw(TEXTS.len())]);
                event = event.replace('N', number).replace('I', id);
                if draw(12) == 0 {
                    let cut = (0..=draw(event.len())).rev().find(|at| event.is_char_boundary(*at));
                    event.truncate(cut.unwrap_or(0));
                }
                stream += &event;
                stream += end;
            }
            let bytes = stream.as_bytes();
            assert_eq!(events(bytes, bytes.len().max(1)), events(bytes, 1), "{stream}");
            assert_eq!(events(bytes, 1 + draw(300)), events(bytes, 1), "{stream}");
        }
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
                reader.read(piece, |event| found.push(event.into()));
            }
            reader.finish(false, |event| found.push(event.into()));
            let mut facts = Facts::default();
            facts.usage.note(Counted::Output, &Value::Number(3.0));
            assert_eq!((found, reader.large_events), (vec![Kept::Facts(facts)], 1));
        }
    }
}
