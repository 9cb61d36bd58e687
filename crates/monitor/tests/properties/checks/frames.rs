//! The readers that tell events from each other: whole or cut, they find the same ones; what the events mean is not
//! looked at.

use driftline_wire::{
    aws_event_stream, bedrock_payload,
    frame::{FrameStep, Progress},
    grpc, json_array, ndjson, sse,
};

use super::input::{Cuts, Digest};

/// What a reader found in a body.
#[derive(Debug, PartialEq)]
struct Found {
    /// All events that were closed, in order.
    events: Digest,
    count: u64,
    broken: u64,
    /// What the reader says of itself in the end.
    state: u64,
}

/// Reads a body in these pieces.
fn read<'b, R>(
    pieces: impl Iterator<Item = &'b [u8]>,
    mut reader: R,
    next: impl for<'a> Fn(&'a mut R, &'a [u8]) -> Progress<'a>,
    name: impl Fn(&R, &mut Digest),
    state: impl Fn(&mut R) -> u64,
) -> Found {
    let mut found = Found { events: Digest::EMPTY, count: 0, broken: 0, state: 0 };
    let mut event = Digest::EMPTY;
    for piece in pieces {
        let mut input = piece;
        // Every step takes a byte, but for the end of an event after its last one.
        for left in (0..=2 * piece.len() + 2).rev() {
            assert_ne!(left, 0, "a reader that is called again and again comes to no end");
            let progress = next(&mut reader, input);
            let consumed = progress.consumed;
            match progress.step {
                FrameStep::Data(fragment) => {
                    assert!(!fragment.is_empty(), "a fragment of nothing");
                    event.bytes(fragment);
                }
                FrameStep::EventEnd => {
                    found.count += 1;
                    found.events.number(event.value());
                    name(&reader, &mut found.events);
                    event = Digest::EMPTY;
                }
                FrameStep::EventBroken => {
                    found.broken += 1;
                    // What was handed out of it is not to be believed, so it may differ.
                    event = Digest::EMPTY;
                }
                FrameStep::InputEmpty => {
                    assert_eq!(consumed, input.len(), "input that is used up was taken");
                    break;
                }
            }
            input = &input[consumed..];
        }
    }
    found.state = state(&mut reader);
    found
}

/// Whole and cut, a reader finds the same. `$state` says what is left of it in the end, as a number.
macro_rules! check {
    ($input:expr, $reader:expr, $name:expr, $state:expr) => {{
        let (cuts, body) = $input;
        let body: &[u8] = body;
        let whole =
            read([body].into_iter(), $reader, |reader, input| reader.next(input), $name, $state);
        let cut = read(cuts.of(body), $reader, |reader, input| reader.next(input), $name, $state);
        assert_eq!(whole, cut);
    }};
}

pub(crate) fn sse(input: &[u8]) {
    let name = |reader: &sse::Reader, events: &mut Digest| events.bytes(reader.event_name());
    check!(Cuts::take(input), sse::Reader::new(), name, |reader| reader.finish() as u64);
}

pub(crate) fn lines(input: &[u8]) {
    check!(Cuts::take(input), ndjson::Reader::default(), |_, _| (), |reader| reader
        .is_open()
        .into());
}

pub(crate) fn elements(input: &[u8]) {
    check!(Cuts::take(input), json_array::Reader::default(), |_, _| (), |reader| u64::from(
        reader.is_open()
    ) | u64::from(
        reader.is_closed()
    ) << 1);
}

pub(crate) fn eventstream(input: &[u8]) {
    let (cuts, body) = Cuts::take(input);
    let name =
        |reader: &aws_event_stream::Reader, events: &mut Digest| message_name(reader, events);
    let state = |reader: &mut aws_event_stream::Reader| {
        u64::from(reader.is_open()) | u64::from(reader.is_lost()) << 1
    };
    check!((cuts, body), aws_event_stream::Reader::new(), name, state);
    let mended = mended(body);
    check!((cuts, &mended), aws_event_stream::Reader::new(), name, state);
}

pub(crate) fn wrapped(input: &[u8]) {
    let (cuts, body) = Cuts::take(input);
    let name = |reader: &bedrock_payload::Reader, events: &mut Digest| {
        message_name(reader.messages(), events);
    };
    let state = |reader: &mut bedrock_payload::Reader| {
        let messages = reader.messages();
        u64::from(messages.is_open()) | u64::from(messages.is_lost()) << 1
    };
    check!((cuts, body), bedrock_payload::Reader::new(), name, state);
    let mended = mended(body);
    check!((cuts, &mended), bedrock_payload::Reader::new(), name, state);
}

pub(crate) fn grpc(input: &[u8]) {
    let name = |reader: &grpc::Reader, events: &mut Digest| {
        events.number(reader.is_compressed().into());
    };
    check!(Cuts::take(input), grpc::Reader::new(), name, |reader| u64::from(reader.is_open())
        | u64::from(reader.is_lost()) << 1
        | u64::from(reader.bytes_left()) << 2);
}

fn message_name(reader: &aws_event_stream::Reader, events: &mut Digest) {
    for name in [reader.message_type(), reader.event_type(), reader.exception_type()] {
        events.number(name.len() as u64);
        events.bytes(name);
    }
}

/// The same messages with the checksums that they should have, as far as their lengths can be followed: what is made up
/// at random would else never be believed.
pub(crate) fn mended(body: &[u8]) -> Vec<u8> {
    const PRELUDE_BYTES: usize = 12;
    const OVERHEAD_BYTES: usize = 16;
    let mut body = body.to_vec();
    let mut start = 0;
    while let Some(message) = body.get_mut(start..).filter(|rest| OVERHEAD_BYTES <= rest.len()) {
        let number = |at: usize| {
            u32::from_be_bytes([message[at], message[at + 1], message[at + 2], message[at + 3]])
                as usize
        };
        // A length that is too long is made one that fits: so there are more messages than one.
        let total = OVERHEAD_BYTES + number(0) % (message.len() - OVERHEAD_BYTES + 1);
        let headers = number(4) % (total - OVERHEAD_BYTES + 1);
        message[..4].copy_from_slice(&(total as u32).to_be_bytes());
        message[4..8].copy_from_slice(&(headers as u32).to_be_bytes());
        let prelude = crc32fast::hash(&message[..8]);
        message[8..PRELUDE_BYTES].copy_from_slice(&prelude.to_be_bytes());
        let checksum = crc32fast::hash(&message[..total - 4]);
        message[total - 4..total].copy_from_slice(&checksum.to_be_bytes());
        start += total;
    }
    body
}
