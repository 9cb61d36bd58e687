//! The reader of wrapped events against payloads whole and broken, each cut everywhere.

use std::{format, string::String, vec::Vec};

use super::*;
use crate::frame::testing::read_pieces;
use driftline_cuts::every_cut;

/// A message without headers around `payload`.
fn message(payload: &str) -> Vec<u8> {
    let mut message = Vec::new();
    message.extend((16 + payload.len() as u32).to_be_bytes());
    message.extend([0; 4]);
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message.extend(payload.as_bytes());
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message
}

/// The data of each message of these payloads; `None` for a broken one.
#[track_caller]
fn check(payloads: &[&str], expected: &[Option<&str>]) {
    let stream: Vec<u8> = payloads.iter().flat_map(|payload| message(payload)).collect();
    every_cut(&stream, |pieces, name| {
        assert_eq!(
            read(pieces),
            expected.iter().map(|data| data.map(String::from)).collect::<Vec<_>>(),
            "{payloads:?}, {name}"
        );
    });
}

fn next<'a>(reader: &'a mut Reader, input: &'a [u8]) -> Progress<'a> {
    let progress = reader.next(input);
    assert!(0 < progress.consumed || input.is_empty());
    progress
}

fn read(pieces: &[&[u8]]) -> Vec<Option<String>> {
    let mut reader = Reader::new();
    let mut events = Vec::new();
    read_pieces(&mut reader, pieces, next, |_, event| {
        events.push(event.map(|event| String::from_utf8(event).unwrap()));
    });
    events
}

#[test]
fn an_event_is_the_text_of_bytes() {
    check(&[r#"{"bytes":"eyJhIjoxfQ==","p":"abc"}"#], &[Some(r#"{"a":1}"#)]);
    check(&[r#"{"p":{"bytes":"eA=="},"bytes":"eHk=","q":["bytes"]}"#], &[Some("xy")]);
    check(&[r#"{"bytes":"\u0065Hk\u003d"}"#, r#"{"bytes":""}"#], &[Some("xy"), Some("")]);
}

#[test]
fn an_event_of_any_length_passes() {
    let text = "x".repeat(3 * PIECE_BYTES);
    let payload = format!(r#"{{"bytes":"{}"}}"#, "eHh4".repeat(PIECE_BYTES));
    check(&[&payload], &[Some(&text)]);
}

#[test]
fn a_payload_without_bytes_has_no_data() {
    check(
        &[r#"{"message":"no"}"#, "", r#"{"bytes":null}"#, r#"[{"bytes":"eA=="}]"#],
        &[Some(""); 4],
    );
}

#[test]
fn a_broken_payload_breaks_its_message_only() {
    check(&[r#"{"bytes":"eHk"#, r#"{"bytes":"eHk="}"#], &[None, Some("xy")]);
    check(&[r#"{"bytes":"e!k="}"#, r#"{"bytes":"eHk="}"#], &[None, Some("xy")]);
    check(&[r#"{"bytes":"eHk=="}"#, "nothing", r#"{"bytes":"eHk="}"#], &[None, None, Some("xy")]);
}

#[test]
fn a_wrong_checksum_leaves_nothing_behind() {
    let mut broken = message(r#"{"bytes":"eHk"}"#);
    broken[20] ^= 1;
    let stream = [broken, message(r#"{"bytes":"eHk="}"#)].concat();
    every_cut(&stream, |pieces, name| {
        assert_eq!(read(pieces), [None, Some(String::from("xy"))], "{name}");
    });
}

#[test]
fn a_reader_is_less_than_a_kilobyte() {
    assert!(size_of::<Reader>() <= 1024, "{}", size_of::<Reader>());
}
