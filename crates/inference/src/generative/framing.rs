//! The reader that tells the events of a stream from each other, whichever kind it is; it knows no dialect.

use alloc::boxed::Box;

use driftline_wire::{aws_event_stream, bedrock_payload, frame::Progress, json_array, ndjson, sse};

/// A reader of events in one of the framings.
#[derive(Debug)]
pub(super) enum Frames {
    ServerSentEvents(sse::Reader),
    Lines(ndjson::Reader),
    Elements(json_array::Reader),
    Messages(Box<aws_event_stream::Reader>),
    WrappedMessages(Box<bedrock_payload::Reader>),
}

impl Frames {
    /// Reads up to the end of the next fragment or event, in the manner of all wire readers.
    pub(super) fn next<'a>(&'a mut self, input: &'a [u8]) -> Progress<'a> {
        match self {
            Frames::ServerSentEvents(reader) => reader.next(input),
            Frames::Lines(reader) => reader.next(input),
            Frames::Elements(reader) => reader.next(input),
            Frames::Messages(reader) => reader.next(input),
            Frames::WrappedMessages(reader) => reader.next(input),
        }
    }

    /// Whether the frame itself said that no event comes any more.
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Frames::Elements(reader) => reader.is_closed(),
            Frames::ServerSentEvents(_)
            | Frames::Lines(_)
            | Frames::Messages(_)
            | Frames::WrappedMessages(_) => false,
        }
    }

    /// What the frame calls the event that has just ended; empty if it has no name.
    pub(super) fn event_name(&self) -> &[u8] {
        match self {
            Frames::ServerSentEvents(reader) => reader.event_name(),
            Frames::Lines(_) | Frames::Elements(_) => &[],
            Frames::Messages(reader) => message_name(reader),
            Frames::WrappedMessages(reader) => message_name(reader.messages()),
        }
    }

    /// Whether an event is one only when its frame was closed.
    pub(super) fn need_end(&self) -> bool {
        matches!(self, Frames::Messages(_) | Frames::WrappedMessages(_))
    }
}

/// The type of an event or, of anything else, that it is none: `exception` and `error` have names without number.
fn message_name(message: &aws_event_stream::Reader) -> &[u8] {
    match message.message_type() {
        b"event" => message.event_type(),
        other => other,
    }
}
