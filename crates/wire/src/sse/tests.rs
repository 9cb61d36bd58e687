//! The event reader against tables of streams, each cut everywhere; nothing here knows how it works inside.

use std::{format, string::String, vec::Vec};

use super::*;
use crate::frame::testing::read_pieces;
use driftline_cuts::every_cut;

/// Reads `pieces` and writes down each event as `name=data`, and what the end left open.
fn read(pieces: &[&[u8]]) -> (Vec<String>, Ending) {
    let mut reader = Reader::new();
    let mut events = Vec::new();
    let data = read_pieces(&mut reader, pieces, Reader::next, |reader, data| {
        let data = data.expect("text has no broken frames");
        events.push(written(reader.event_name(), &data));
    });
    if !data.is_empty() {
        events.push(format!("open {}", written(reader.event_name(), &data)));
    }
    let ending = reader.finish();
    assert_eq!(reader.event_name(), b"");
    (events, ending)
}

fn written(name: &[u8], data: &[u8]) -> String {
    let (name, data) = (name.escape_ascii(), String::from_utf8_lossy(data));
    format!("{name}={data}")
}

/// Declares one test per stream: the events it gives and its ending, however it is cut.
macro_rules! reads {
    ($($name:ident: $stream:expr => [$($event:expr),*], $ending:ident;)*) => {$(
        #[test]
        fn $name() {
            let expected: &[&str] = &[$($event),*];
            every_cut(&$stream[..], |pieces, name| {
                let (events, ending) = read(pieces);
                assert_eq!((events, ending), (expected.iter().map(|&event| event.into()).collect(), Ending::$ending), "{name}");
            });
        }
    )*};
}

reads! {
    nothing: b"" => [], Closed;
    one_event: b"data: a\n\n" => ["=a"], Closed;
    two_events: b"data: a\n\ndata: b\n\n" => ["=a", "=b"], Closed;
    only_the_first_space_is_dropped: b"data:  a\n\n" => ["= a"], Closed;
    no_space_is_needed: b"data:a\n\n" => ["=a"], Closed;
    a_tab_is_no_space: b"data:\ta\n\n" => ["=\ta"], Closed;
    a_space_before_the_colon_is_another_field: b"data : a\n\n" => [], Closed;
    a_space_before_the_name_is_another_field: b" data: a\n\n" => [], Closed;
    lines_of_one_event_are_joined: b"data: a\ndata: b\n\n" => ["=a\nb"], Closed;
    crlf_is_one_line_ending: b"data: a\r\ndata: b\r\n\r\n" => ["=a\nb"], Closed;
    a_lone_cr_ends_a_line: b"data: a\r\rdata: b\r\r" => ["=a", "=b"], Closed;
    line_endings_may_be_mixed: b"data: a\r\n\ndata: b\n\r\ndata: c\r\r\n\n" => ["=a", "=b", "=c"], Closed;
    lf_cr_is_two_line_endings: b"data: a\n\rdata: b\n\r" => ["=a", "=b"], Closed;
    comments_keep_the_connection_alive: b": ping\n\ndata: a\n\n" => ["=a"], Closed;
    a_comment_within_an_event: b"data: a\n:\n:data: x\ndata: b\n\n" => ["=a\nb"], Closed;
    other_fields_are_passed_over: b"id: 7\ndata: a\nretry: 9\ndate: x\n\n" => ["=a"], Closed;
    a_longer_name_is_another_field: b"database: a\nevents: b\n\n" => [], Closed;
    a_shorter_name_is_another_field: b"dat: a\neven: b\nd\ne\n\n" => [], Closed;
    names_are_lower_case: b"Data: a\nDATA: a\nEvent: b\n\n" => [], Closed;
    a_bare_name_is_an_empty_value: b"data\n\n" => ["="], Closed;
    an_empty_value_is_data: b"data:\n\n" => ["="], Closed;
    a_space_alone_is_an_empty_value: b"data: \n\n" => ["="], Closed;
    an_empty_value_still_separates: b"data\ndata\n\n" => ["=\n"], Closed;
    an_empty_line_of_data_in_the_middle: b"data: a\ndata:\ndata: b\n\n" => ["=a\n\nb"], Closed;
    blank_lines_alone_are_no_events: b"\n\n\r\n\r" => [], Closed;
    colons_in_a_value: b"data: a: b:\n\n" => ["=a: b:"], Closed;
    byte_order_mark_is_skipped: b"\xef\xbb\xbfdata: a\n\n" => ["=a"], Closed;
    only_one_byte_order_mark_is_skipped: b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n" => [], Closed;
    a_broken_byte_order_mark_is_a_name: b"\xef\xbbdata: a\ndata: b\n\n" => ["=b"], Closed;
    a_byte_order_mark_later_is_a_name: b"data: a\n\n\xef\xbb\xbfdata: b\n\n" => ["=a"], Closed;
    multi_byte_text: "data: h\u{e9}\u{1f980}\n\n".as_bytes() => ["=h\u{e9}\u{1f980}"], Closed;
    a_line_of_errors_is_an_event_that_is_called_so: b"data: a\n\nerror: {}\n\ndata: b\n\n" => ["=a", "error={}", "=b"], Closed;
    an_error_line_beside_data_names_what_follows_it: b"data: a\nerror:b\n\nerror\ndata: c\n\n" => ["error=a\nb", "=\nc"], Closed;
    longer_and_shorter_words_are_no_errors: b"errors: a\nerr: b\n\n" => [], Closed;
    a_document_without_a_field_is_data: b"data: a\n\n{\"error\":1}\n\n" => ["=a", "={\"error\":1}"], Closed;
    a_document_over_several_lines: b"{\n  \"a\": [\n\t1\n  ]\n}\ndata: b\n\n" => ["={\n  \"a\": [\n\t1\n  ]\n}\nb"], Closed;
    a_page_is_data: b"data: a\n\n<html>\n <p>\n</html>" => ["=a", "open =<html>\n <p>\n</html>"], OpenWithData;
    lines_like_those_of_a_document_are_none_after_a_field: b"data: {\n \"a\"\n}\n\n" => ["={"], Closed;
    a_name_before_the_data: b"event: delta\ndata: a\n\n" => ["delta=a"], Closed;
    a_name_behind_the_data: b"data: a\nevent: delta\n\n" => ["delta=a"], Closed;
    a_name_without_a_space: b"event:delta\ndata:a\n\n" => ["delta=a"], Closed;
    the_last_name_counts: b"event: one\nevent: two\ndata: a\n\n" => ["two=a"], Closed;
    a_bare_event_field_clears_the_name: b"event: one\nevent\ndata: a\n\n" => ["=a"], Closed;
    a_name_lasts_for_one_event: b"event: one\ndata: a\n\ndata: b\n\n" => ["one=a", "=b"], Closed;
    a_name_without_data_is_no_event: b"event: ping\n\ndata: b\n\n" => ["=b"], Closed;
    an_open_line: b"data: a\n\ndata: b" => ["=a", "open =b"], OpenWithData;
    an_open_event: b"data: a\n\ndata: b\n" => ["=a", "open =b"], OpenWithData;
    an_open_event_after_crlf: b"data: b\r\n" => ["open =b"], OpenWithData;
    an_open_empty_value: b"data:" => [], OpenWithData;
    an_open_name: b"event: delta\n" => [], OpenWithoutData;
    half_a_field_name: b"data: a\n\ndat" => ["=a"], OpenWithoutData;
    an_open_unknown_field: b"id: 7" => [], OpenWithoutData;
    a_comment_at_the_end_opens_nothing: b"data: a\n\n: bye" => ["=a"], Closed;
    comment_lines_at_the_end_open_nothing: b"data: a\n\n: bye\n" => ["=a"], Closed;
    a_chat_stream: b"data: {\"n\":1}\n\ndata: {\"n\":2}\n\ndata: [DONE]\n\n"
        => ["={\"n\":1}", "={\"n\":2}", "=[DONE]"], Closed;
    a_stream_of_anthropic: b"event: ping\ndata: {\"type\": \"ping\"}\n\nevent: message_stop\ndata: {}\n\n"
        => ["ping={\"type\": \"ping\"}", "message_stop={}"], Closed;
    a_stream_of_gemini: b"data: {\"a\": 1}\r\n\r\ndata: {\"a\": 2}\r\n\r\n" => ["={\"a\": 1}", "={\"a\": 2}"], Closed;
}

#[test]
fn a_long_name_is_cut_at_the_limit() {
    for length in [NAME_BYTES_MAX - 1, NAME_BYTES_MAX, NAME_BYTES_MAX + 1, 300] {
        let stream = format!("event: {}\ndata: a\n\ndata: b\n\n", "n".repeat(length));
        let first = format!("{}=a", "n".repeat(length.min(NAME_BYTES_MAX)));
        every_cut(stream.as_bytes(), |pieces, name| {
            let expected = (Vec::from([first.clone(), String::from("=b")]), Ending::Closed);
            assert_eq!(read(pieces), expected, "{name}");
        });
    }
}

#[test]
fn a_name_that_came_first_is_known_at_the_data() {
    let mut reader = Reader::new();
    let input = b"event: delta\ndata: a\n\n";
    assert_eq!(reader.next(input).step, FrameStep::Data(b"a"));
    assert_eq!(reader.event_name(), b"delta");
}

#[test]
fn the_blank_line_ends_the_event_at_its_first_byte() {
    let mut reader = Reader::new();
    assert_eq!(reader.next(b"data: a\r\n\r").step, FrameStep::Data(b"a"));
    let end = reader.next(b"\r\n\r");
    assert_eq!((end.step, end.consumed), (FrameStep::EventEnd, 3));
    assert_eq!(reader.next(b"\n").step, FrameStep::InputEmpty);
    assert_eq!(reader.finish(), Ending::Closed);
}

#[test]
fn a_reader_is_about_100_bytes() {
    assert!(size_of::<Reader>() <= 104, "{}", size_of::<Reader>());
}
