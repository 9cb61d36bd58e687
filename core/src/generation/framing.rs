//! The reader that tells the events of a stream from each other, whichever kind it is; it knows no dialect.

use crate::wire::{elements, frame::Progress, lines, sse};

/// A reader of events in one of the framings.
#[derive(Debug)]
pub(crate) enum Frames {
    ServerSentEvents(sse::Reader),
    Lines(lines::Reader),
    Elements(elements::Reader),
}

impl Frames {
    /// Reads up to the end of the next fragment or event, in the manner of all wire readers.
    pub(crate) fn next<'a>(&mut self, input: &'a [u8]) -> Progress<'a> {
        match self {
            Frames::ServerSentEvents(reader) => reader.next(input),
            Frames::Lines(reader) => reader.next(input),
            Frames::Elements(reader) => reader.next(input),
        }
    }

    /// Whether the frame itself said that no event comes any more.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Frames::Elements(reader) => reader.is_closed(),
            Frames::ServerSentEvents(_) | Frames::Lines(_) => false,
        }
    }

    /// What the frame calls the event that has just ended; empty if it has no name.
    pub(crate) fn event_name(&self) -> &[u8] {
        match self {
            Frames::ServerSentEvents(reader) => reader.event_name(),
            Frames::Lines(_) | Frames::Elements(_) => &[],
        }
    }
}
