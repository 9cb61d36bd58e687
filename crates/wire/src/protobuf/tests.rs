//! Messages by hand, each cut everywhere.

use std::{format, string::String, vec, vec::Vec};

use super::*;
use driftline_cuts::every_cut;

/// Reads a message of which field 1 is a message, 2 is packed, 3 is skipped, and all others are bytes.
#[track_caller]
fn check(message: &[u8], expected: &str, is_whole: bool) {
    every_cut(message, |pieces, name| {
        let mut reader = Reader::new();
        let (mut found, mut data) = (Vec::new(), Vec::new());
        for piece in pieces {
            let mut input = *piece;
            loop {
                let progress = reader.next(input);
                input = &input[progress.consumed..];
                found.push(match progress.step {
                    ProtobufStep::Number { field, value } => format!("{field}:{value}"),
                    ProtobufStep::Fixed32 { field, bits } => {
                        format!("{field}:{:?}", f32::from_bits(bits))
                    }
                    ProtobufStep::Fixed64 { field, bits } => {
                        format!("{field}:{:?}", f64::from_bits(bits))
                    }
                    ProtobufStep::Start { field: 1, .. } => {
                        reader.enter();
                        String::from("{")
                    }
                    ProtobufStep::Start { field: 2, .. } => {
                        reader.unpack();
                        String::from("[")
                    }
                    ProtobufStep::Start { field: 3, length } => {
                        reader.skip();
                        format!("3~{length}")
                    }
                    ProtobufStep::Start { field, length } => format!("{field}={length}"),
                    ProtobufStep::Data(fragment) => {
                        assert_ne!(fragment, b"");
                        data.extend_from_slice(fragment);
                        continue;
                    }
                    ProtobufStep::End => format!("'{}'", core::mem::take(&mut data).escape_ascii()),
                    ProtobufStep::MessageEnd => String::from("}"),
                    ProtobufStep::Broken => String::from("broken"),
                    ProtobufStep::InputEmpty => break,
                });
            }
            assert_eq!(input, b"", "all is consumed");
        }
        assert_eq!(found.join(" "), expected, "{name}");
        assert_eq!(reader.is_whole(), is_whole, "{name}");
        assert_eq!(reader.is_broken(), expected.ends_with("broken"), "{name}");
    });
}

#[test]
fn every_wire_type_is_read() {
    check(b"", "", true);
    check(b"\x20\x96\x01", "4:150", true);
    check(b"\x22\x03abc\x2a\x00", "4=3 'abc' 5=0 ''", true);
    check(b"\x25\x00\x00\x20\x40", "4:2.5", true);
    check(b"\x21\x00\x00\x00\x00\x00\x00\x04\xc0", "4:-2.5", true);
    check(b"\x82\x01\x01a\xf8\xff\xff\xff\x0f\x01", "16=1 'a' 536870911:1", true);
    let minus_one = b"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    check(minus_one, &format!("4:{}", u64::MAX), true);
    // Longer than needed, and no more than a number may be.
    check(b"\x20\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00", "4:1", true);
}

#[test]
fn messages_within_messages_end_where_they_said() {
    check(b"\x0a\x00", "{ }", true);
    check(b"\x0a\x06\x0a\x02\x20\x01\x20\x02\x20\x03", "{ { 4:1 } 4:2 } 4:3", true);
    check(b"\x0a\x04\x0a\x02\x0a\x00", "{ { { } } }", true);
}

#[test]
fn packed_numbers_are_numbers_of_their_field() {
    check(b"\x12\x04\x01\xac\x02\x03\x10\x07", "[ 2:1 2:300 2:3 '' 2:7", true);
    check(b"\x12\x00", "[ ''", true);
}

#[test]
fn what_is_skipped_is_not_looked_at() {
    check(b"\x1a\x03\xff\xff\xff\x20\x01", "3~3 4:1", true);
    check(b"\x0a\x05\x1a\x03\xff\xff\xff\x20\x01", "{ 3~3 } 4:1", true);
}

#[test]
fn a_message_that_breaks_off_is_not_whole() {
    check(b"\x20", "", false);
    check(b"\x20\x80", "", false);
    check(b"\x0a\x02\x20", "{", false);
    check(b"\x25\x00\x00", "", false);
    check(b"\x1a\x03\xff", "3~3", false);
}

#[test]
fn what_is_no_message_is_broken() {
    check(b"\x00\x01", "broken", false);
    check(b"\x23\x24", "broken", false);
    check(b"\x26", "broken", false);
    check(b"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "broken", false);
    check(b"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", "broken", false);
    check(b"\x82\x80\x80\x80\x10\x00", "broken", false);
    // Beyond the message, or the run, that holds them.
    check(b"\x0a\x02\x22\x01a", "{ broken", false);
    check(b"\x0a\x02\x20\x80\x01", "{ broken", false);
    check(b"\x0a\x03\x25\x00\x00\x00\x00", "{ broken", false);
    check(b"\x12\x01\x80\x01", "[ broken", false);
    check(b"\x22\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a", "broken", false);
}

#[test]
fn messages_that_nest_too_deep_are_broken() {
    let nested = |depth: usize| {
        let mut message = vec![];
        for left in (0..depth).rev() {
            message.extend_from_slice(&[0x0a, u8::try_from(2 * left).unwrap()]);
        }
        message
    };
    let opened = "{ ".repeat(DEPTH_MAX - 1);
    check(&nested(DEPTH_MAX - 1), format!("{opened}{}", "} ".repeat(DEPTH_MAX - 1)).trim(), true);
    check(&nested(DEPTH_MAX), &format!("{opened}{{ broken"), false);
}
