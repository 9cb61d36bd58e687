//! The reader that cuts a stream into events, in any of the framings; it knows no dialect.

use alloc::boxed::Box;

use driftline_wire::{aws_event_stream, bedrock_payload, frame::Progress, json_array, ndjson, sse};

/// A reader of events in one of the framings.
#[derive(Debug)]
pub(super) enum Frames {
    ServerSentEvents(sse::Reader),
    Ndjson(ndjson::Reader),
    JsonArray(json_array::Reader),
    AwsEventStream(Box<aws_event_stream::Reader>),
    BedrockPayload(Box<bedrock_payload::Reader>),
}

impl Frames {
    /// Reads up to the end of the next fragment or event, in the manner of all wire readers.
    pub(super) fn next<'a>(&'a mut self, input: &'a [u8]) -> Progress<'a> {
        match self {
            Frames::ServerSentEvents(reader) => reader.next(input),
            Frames::Ndjson(reader) => reader.next(input),
            Frames::JsonArray(reader) => reader.next(input),
            Frames::AwsEventStream(reader) => reader.next(input),
            Frames::BedrockPayload(reader) => reader.next(input),
        }
    }

    /// Whether the next byte begins an event, or what lies between two, and a whole event may [pass](Self::pass).
    #[inline]
    pub(super) fn are_between_events(&self) -> bool {
        match self {
            Frames::ServerSentEvents(reader) => reader.is_between_events(),
            Frames::Ndjson(reader) => !reader.is_open(),
            Frames::JsonArray(_) | Frames::AwsEventStream(_) | Frames::BedrockPayload(_) => false,
        }
    }

    /// Lets a whole event pass that is known already, with all that ends it.
    #[inline]
    pub(super) fn pass(&mut self, event: &[u8]) {
        if let Frames::ServerSentEvents(reader) = self {
            reader.pass(event);
        }
    }

    /// Whether the frame itself says that no event follows.
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Frames::JsonArray(reader) => reader.is_closed(),
            Frames::ServerSentEvents(_)
            | Frames::Ndjson(_)
            | Frames::AwsEventStream(_)
            | Frames::BedrockPayload(_) => false,
        }
    }

    /// What the frame calls the event that has just ended; empty if it has no name.
    pub(super) fn event_name(&self) -> &[u8] {
        match self {
            Frames::ServerSentEvents(reader) => reader.event_name(),
            Frames::Ndjson(_) | Frames::JsonArray(_) => &[],
            Frames::AwsEventStream(reader) => message_name(reader),
            Frames::BedrockPayload(reader) => message_name(reader.messages()),
        }
    }

    /// Whether an event counts only once its frame is closed.
    pub(super) fn need_end(&self) -> bool {
        matches!(self, Frames::AwsEventStream(_) | Frames::BedrockPayload(_))
    }
}

/// The type of an event, or what the message is instead: `exception` and `error` have any number of types.
fn message_name(message: &aws_event_stream::Reader) -> &[u8] {
    match message.message_type() {
        b"event" => message.event_type(),
        other => other,
    }
}
