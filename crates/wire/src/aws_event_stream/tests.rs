//! The message reader against the messages of botocore's own tests and broken ones, each cut everywhere.

use std::{format, string::String, vec, vec::Vec};

use super::*;
use crate::frame::testing::read_pieces;
use driftline_cuts::every_cut;

const EMPTY: &[u8] = b"\0\0\0\x10\0\0\0\0\x05\xc2H\xeb}\x98\xc8\xff";
const PAYLOAD: &[u8] = b"\0\0\0\x1d\0\0\0\0\xfdR\x8cZ{'foo':'bar'}\xc3e96";
const ONE_HEADER: &[u8] =
    b"\0\0\0=\0\0\0 \x07\xfd\x83\x96\x0ccontent-type\x07\0\x10application/json\
    {'foo':'bar'}\x8d\x9c\x08\xb1";
const ALL_TYPES: &[u8] = b"\0\0\0\x62\0\0\0\x52\x03\xb5\xcb\x9c\
    \x010\0\x011\x01\x012\x02\x02\x013\x03\0\x03\x014\x04\0\0\0\x04\x015\x05\0\0\0\0\0\0\0\x05\
    \x016\x06\0\x05bytes\x017\x07\0\x04utf8\x018\x08\0\0\0\0\0\0\0\x08\x019\x090123456789abcdef\x63\x35\x36\x71";
const ERROR: &[u8] = b"\0\0\0\x52\0\0\0\x42\xbf\x23\x63\x7e\x0d:message-type\x07\0\x05error\
    \x0b:error-code\x07\0\x04code\x0e:error-message\x07\0\x07message\x6b\x6c\xea\x3d";
const INITIAL_RESPONSE: &[u8] = b"\0\0\0~\0\0\0O\xc5\xa3\xdd\xc6\r:message-type\x07\0\x05event\
    \x0b:event-type\x07\0\x10initial-response\r:content-type\x07\0\ttext/json\
    {\"InitialResponse\": \"sometext\"}\xf6\x98$\x83";

const CORRUPTED_LENGTH: &[u8] = b"\x01\0\0\x1d\0\0\0\0\xfdR\x8cZ{'foo':'bar'}\xc3e96";
const CORRUPTED_HEADERS_LENGTH: &[u8] =
    b"\0\0\0=\xff\0\x01\x02\x07\xfd\x83\x96\x0ccontent-type\x07\0\
    \x10application/json{'foo':'bar'}\x8d\x9c\x08\xb1";
const CORRUPTED_HEADERS: &[u8] = b"\0\0\0=\0\0\0 \x07\xfd\x83\x96\x0ccontent+type\x07\0\x10\
    application/json{'foo':'bar'}\x8d\x9c\x08\xb1";
const CORRUPTED_PAYLOAD: &[u8] = b"\0\0\0\x1d\0\0\0\0\xfdR\x8cZ{'foo':'bar'\x8d\xc3e96";

/// A message whose checksums are right, whatever its headers.
fn message(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    for length in [16 + headers.len() + payload.len(), headers.len()] {
        message.extend((length as u32).to_be_bytes());
    }
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message.extend([headers, payload].concat());
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message
}

fn header(name: &str, value: &str) -> Vec<u8> {
    let length = (value.len() as u16).to_be_bytes();
    [&[name.len() as u8], name.as_bytes(), &[7], &length, value.as_bytes()].concat()
}

fn next<'a>(reader: &'a mut Reader, input: &'a [u8]) -> Progress<'a> {
    let progress = reader.next(input);
    assert!(0 < progress.consumed || input.is_empty());
    progress
}

/// Each message as `message-type/event-type/exception-type=payload`, a broken one as `broken`; and whether one is open.
fn read(pieces: &[&[u8]]) -> (Vec<String>, bool) {
    let mut reader = Reader::new();
    let mut messages = Vec::new();
    read_pieces(&mut reader, pieces, next, |reader, payload| {
        messages.push(payload.map_or("broken".into(), |payload| written(reader, &payload)));
    });
    (messages, reader.is_open())
}

#[track_caller]
fn check(stream: &[u8], expected: &[&str], is_open: bool) {
    let expected: Vec<String> = expected.iter().map(|&message| message.into()).collect();
    let expected = (expected, is_open);
    every_cut(stream, |pieces, name| assert_eq!(read(pieces), expected, "{name}"));
}

fn written(reader: &Reader, payload: &[u8]) -> String {
    let [message, event, exception, payload] =
        [reader.message_type(), reader.event_type(), reader.exception_type(), payload]
            .map(String::from_utf8_lossy);
    format!("{message}/{event}/{exception}={payload}")
}

#[test]
fn messages_are_told_by_their_lengths() {
    check(EMPTY, &["//="], false);
    check(PAYLOAD, &["//={'foo':'bar'}"], false);
    check(ONE_HEADER, &["//={'foo':'bar'}"], false);
    check(
        &[PAYLOAD, EMPTY, ONE_HEADER].concat(),
        &["//={'foo':'bar'}", "//=", "//={'foo':'bar'}"],
        false,
    );
    check(b"", &[], false);
}

#[test]
fn headers_of_every_type_are_passed_over() {
    check(ALL_TYPES, &["//="], false);
}

#[test]
fn what_a_message_is_stands_in_its_headers() {
    check(ERROR, &["error//="], false);
    check(
        INITIAL_RESPONSE,
        &["event/initial-response/={\"InitialResponse\": \"sometext\"}"],
        false,
    );
    let exception =
        [header(":exception-type", "throttlingException"), header(":message-type", "exception")]
            .concat();
    check(
        &[message(&exception, b"{}"), EMPTY.to_vec()].concat(),
        &["exception//throttlingException={}", "//="],
        false,
    );
}

#[test]
fn a_value_is_cut_and_a_longer_name_is_another_one() {
    let long = "e".repeat(NAME_BYTES_MAX + 9);
    let expected = format!("/{}/=", "e".repeat(NAME_BYTES_MAX));
    check(&message(&header(":event-type", &long), b""), &[&expected], false);
    check(&message(&header(":exception-typeX", "x"), b""), &["//="], false);
    check(&message(&header(":event-type", ""), b""), &["//="], false);
}

#[test]
fn a_wrong_checksum_breaks_its_message_only() {
    check(&[CORRUPTED_PAYLOAD, PAYLOAD].concat(), &["broken", "//={'foo':'bar'}"], false);
    check(&[CORRUPTED_HEADERS, PAYLOAD].concat(), &["broken", "//={'foo':'bar'}"], false);
}

#[test]
fn no_bit_that_was_turned_around_is_believed() {
    let stream = [INITIAL_RESPONSE, PAYLOAD].concat();
    let whole = read(&[&stream]).0;
    for bit in 0..8 * stream.len() {
        let mut spoilt = stream.clone();
        spoilt[bit / 8] ^= 1 << (bit % 8);
        let (messages, _) = read(&[&spoilt]);
        let is_right = |message: &String| message == "broken" || whole.contains(message);
        assert!(messages.iter().all(is_right) && messages != whole, "bit {bit}: {messages:?}");
    }
}

#[test]
fn headers_that_are_none_break_their_message_only() {
    let overlong = [&header("a", "bc")[..4], &[200]].concat();
    for headers in [&[0][..], b"\x01a\x0a", b"\x09a", b"\x01a\x07\0", b"\x01a", &overlong] {
        check(&[message(headers, b"x"), EMPTY.to_vec()].concat(), &["broken", "//="], false);
        check(&[message(headers, b""), EMPTY.to_vec()].concat(), &["broken", "//="], false);
    }
}

#[test]
fn a_wrong_prelude_loses_the_rest() {
    for corrupted in [CORRUPTED_LENGTH, CORRUPTED_HEADERS_LENGTH] {
        check(&[EMPTY, corrupted, PAYLOAD].concat(), &["//=", "broken"], false);
    }
}

#[test]
fn impossible_lengths_lose_the_rest_though_their_checksum_is_right() {
    for (total, headers) in [(15_u32, 0_u32), (0, 0), (20, 5), (u32::MAX, u32::MAX)] {
        let lengths = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        let prelude = [&lengths[..], &crc32fast::hash(&lengths).to_be_bytes()].concat();
        check(&[&prelude, PAYLOAD].concat(), &["broken"], false);
    }
}

#[test]
fn a_message_that_breaks_off_is_open() {
    for length in 1..ONE_HEADER.len() {
        check(&ONE_HEADER[..length], &[], true);
    }
}

#[test]
fn the_longest_message_is_read_in_the_same_memory() {
    let lengths = [u32::MAX.to_be_bytes(), 0_u32.to_be_bytes()].concat();
    let mut reader = Reader::new();
    let prelude = [&lengths[..], &crc32fast::hash(&lengths).to_be_bytes()].concat();
    assert_eq!(reader.next(&prelude).step, FrameStep::InputEmpty);
    let piece = vec![b'x'; 1 << 16];
    for _ in 0..4 {
        assert_eq!(
            reader.next(&piece),
            Progress { consumed: piece.len(), step: FrameStep::Data(&piece) }
        );
    }
    assert!(reader.is_open() && size_of::<Reader>() <= 384, "{}", size_of::<Reader>());
}
