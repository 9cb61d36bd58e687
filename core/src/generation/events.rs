//! A streamed answer of server-sent events: each event's facts, the moment it is whole. No event is ever kept.

use core::mem;

use crate::{
    generation::{
        dialect::Dialect,
        facts::{Fact, Facts},
    },
    wire::{
        fields::FieldReader,
        json::Ending,
        sse::{self, Step},
    },
};

/// One event of a streamed answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    /// A JSON document with these facts.
    Facts(Facts),
    /// The mark that closes the stream.
    EndMark,
    /// No JSON document, or a broken one: nothing in it is believed.
    Malformed,
}

/// Reads a streamed answer as it passes.
#[derive(Debug)]
pub(crate) struct Events {
    reader: sse::Reader,
    fields: FieldReader<Fact>,
    open: OpenEvent,
    end_mark: &'static [u8],
    event_bytes_max: u64,
    /// Events beyond `event_bytes_max` so far. They are read all the same, in the same memory.
    pub(crate) large_events: u64,
}

/// What is known of the event that is not closed yet.
#[derive(Debug, Default)]
struct OpenEvent {
    facts: Facts,
    has_data: bool,
}

impl Events {
    pub(crate) fn new(dialect: &Dialect, event_bytes_max: u64) -> Events {
        Events {
            reader: sse::Reader::default(),
            fields: FieldReader::new(dialect.event),
            open: OpenEvent::default(),
            end_mark: dialect.end_mark,
            event_bytes_max,
            large_events: 0,
        }
    }

    /// Takes the next piece of the body; calls `take` with each event that it completes.
    pub(crate) fn read(&mut self, mut bytes: &[u8], mut take: impl FnMut(Event)) {
        loop {
            let progress = self.reader.next(bytes);
            match progress.step {
                Step::Data(data) => {
                    self.fields.read(data, &mut |fact, value| self.open.facts.note(fact, &value));
                    self.open.has_data = true;
                }
                Step::EventEnd => self.close().into_iter().for_each(&mut take),
                Step::InputEmpty => return,
            }
            bytes = bytes.get(progress.consumed..).unwrap_or_default();
        }
    }

    /// Ends the body. An open event counts if it is whole: some servers leave out the last blank
    /// line. One that broke off is no event; how the exchange ended tells of it.
    pub(crate) fn finish(&mut self, take: impl FnMut(Event)) {
        if !self.open.has_data {
            return;
        }
        self.close().filter(|event| *event != Event::Malformed).into_iter().for_each(take);
    }

    /// Whether the event consists of the end mark, which the reader's head of it is long enough to tell.
    /// White space behind it does no harm.
    fn is_end_mark(&self) -> bool {
        let head = self.reader.event_head();
        head.trim_ascii_end() == self.end_mark && self.reader.event_bytes() == head.len() as u64
    }

    fn close(&mut self) -> Option<Event> {
        let open = mem::take(&mut self.open);
        let ending = self.fields.finish();
        if self.event_bytes_max < self.reader.event_bytes() {
            self.large_events = self.large_events.saturating_add(1);
        }
        if self.is_end_mark() {
            return Some(Event::EndMark);
        }
        match ending {
            Ending::Empty => None,
            Ending::Complete => Some(Event::Facts(open.facts)),
            _ => Some(Event::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use super::*;
    use crate::generation::openai_chat::DIALECT;

    fn events(stream: &[u8], chunk: usize) -> Vec<Event> {
        let mut reader = Events::new(&DIALECT, 1024);
        let mut events = Vec::new();
        for piece in stream.chunks(chunk) {
            reader.read(piece, |event| events.push(event));
        }
        reader.finish(|event| events.push(event));
        events
    }

    #[track_caller]
    fn check(stream: &str, expected: &[Event]) {
        for chunk in 1..=stream.len() {
            assert_eq!(events(stream.as_bytes(), chunk), expected, "chunk {chunk}");
        }
    }

    fn visible() -> Event {
        Event::Facts(Facts { has_visible: true, ..Facts::default() })
    }

    #[test]
    fn role_comments_and_empty_deltas_are_no_output() {
        check(
            ": keep-alive\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
            &[Event::Facts(Facts::default())],
        );
    }

    #[test]
    fn content_is_visible_output() {
        check("data: {\"choices\":[{\"delta\":{\"content\":\"h\u{e9}\"}}]}\n\n", &[visible()]);
        check("data:{\"choices\":[{\"delta\":{\"content\":\"\\u00e9\"}}]}\r\n\r\n", &[visible()]);
    }

    #[test]
    fn the_end_mark_is_an_event_of_its_own() {
        check("data: [DONE]\n\n", &[Event::EndMark]);
        check("data: [DONE]", &[Event::EndMark]);
        check("data: [DONE] \n\n", &[Event::EndMark]);
        check("data: [DONE]x\n\n", &[Event::Malformed]);
        check("data: [DON\n\n", &[Event::Malformed]);
    }

    #[test]
    fn a_broken_event_does_not_derail_the_next_one() {
        check(
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}]}\n\n\
             data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n",
            &[Event::Malformed, visible()],
        );
    }

    #[test]
    fn an_event_that_breaks_off_is_none() {
        check("data: {\"choices\":[{\"delta\":{\"content\":\"a", &[]);
        check("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}", &[visible()]);
    }

    #[test]
    fn usage_is_read_at_its_depth_only() {
        let mut facts = Facts::default();
        facts.usage.output = Some(7);
        facts.usage.input = Some(0);
        check(
            "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"x\":{\"usage\":{\"completion_tokens\":99}}}],\
             \"usage\":{\"prompt_tokens\":0,\"completion_tokens\":7}}\n\n",
            &[Event::Facts(facts)],
        );
    }

    #[test]
    fn a_large_event_is_counted_and_still_read() {
        let padding = "x".repeat(2000);
        let stream = std::format!(
            "data: {{\"obfuscation\":\"{padding}\",\"usage\":{{\"completion_tokens\":3}}}}\n\n"
        );
        for chunk in [1, 7, 1000, 4000] {
            let mut reader = Events::new(&DIALECT, 1024);
            let mut found = vec![];
            for piece in stream.as_bytes().chunks(chunk) {
                reader.read(piece, |event| found.push(event));
            }
            reader.finish(|event| found.push(event));
            let mut facts = Facts::default();
            facts.usage.output = Some(3);
            assert_eq!((found, reader.large_events), (vec![Event::Facts(facts)], 1));
        }
    }
}
