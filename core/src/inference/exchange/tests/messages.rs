//! Answers over gRPC whose messages are compressed each for itself: what a fault among them says of the whole.

use miniz_oxide::deflate::compress_to_vec_zlib;

use super::*;

/// A field whose type is a length and bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = std::vec![number << 3 | 2];
    let mut length = content.len();
    while 0x80 <= length {
        bytes.push(u8::try_from(length % 0x80).unwrap() | 0x80);
        length /= 0x80;
    }
    bytes.push(u8::try_from(length).unwrap());
    [bytes, content.to_vec()].concat()
}

fn frame(is_compressed: bool, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[u8::from(is_compressed)], &length[..], content].concat()
}

/// Plays a call of which the answer is made of these messages, each compressed as it is.
#[track_caller]
fn check(messages: &[&[u8]], expected: Outcome, rows: i64, problems: &[&str]) {
    let monitor = Monitor::new(&Config::from_json(CONFIG.as_bytes()).unwrap());
    let mut buffer = MetricBuffer::new(monitor.series().len());
    let head = RequestHead {
        method: b"POST",
        path: b"/inference.GRPCInferenceService/ModelStreamInfer",
        content_type: Some(b"application/grpc"),
        ..RequestHead::default()
    };
    let mut exchange = Exchange::start(&monitor, &mut buffer, Timestamp(0), &head).unwrap();
    exchange.request_body(&monitor, &mut buffer, &frame(false, &field(1, b"rain")));
    exchange.request_end();
    let head = ResponseHead {
        status: Some(200),
        content_type: Some(b"application/grpc"),
        message_encoding: Some(b"deflate"),
        ..ResponseHead::default()
    };
    exchange.response_head(&monitor, &mut buffer, &head);
    for message in messages {
        exchange.response_body(&monitor, &mut buffer, Timestamp(1_000_000), &frame(true, message));
    }
    exchange.response_end();
    let outcome = exchange.finish(&monitor, &mut buffer, Timestamp(2_000_000), 0);
    let totals = changed(&monitor, &mut buffer);
    assert_eq!(outcome, expected, "{totals:?}");
    assert_eq!(totals.get("predictions_total{rain}"), Some(&rows), "{totals:?}");
    for reason in ["encoding_malformed", "decoded_too_dense"] {
        let found = totals.get(&format!("read_problems_total{{rain,{reason}}}")).copied();
        assert_eq!(found, problems.contains(&reason).then_some(1), "{reason}: {totals:?}");
    }
}

#[test]
fn each_reason_counts_once_and_only_a_gap_says_that_an_answer_broke_off() {
    let tensor = [&field(1, b"p")[..], &field(2, b"INT8"), &field(3, &[1])].concat();
    let answer = [field(1, b"rain"), field(5, &tensor), field(6, &[1])].concat();
    let good = compress_to_vec_zlib(&field(2, &answer), 6);
    let bomb = compress_to_vec_zlib(&field(2, &field(3, &std::vec![0; 300 << 10])), 6);
    let surplus = [&good[..], b"!"].concat();
    let cut_off = &good[..8];
    let (malformed, dense) = ("encoding_malformed", "decoded_too_dense");
    check(&[&good, &good], Outcome::Complete, 2, &[]);
    check(&[&good, &bomb, &good], Outcome::Complete, 1, &[dense]);
    // The byte behind the first one leaves no gap, so that the bomb alone says what is known of the whole: nothing.
    check(&[&surplus, &bomb, &bomb], Outcome::Complete, 1, &[malformed, dense]);
    check(&[&surplus, &good], Outcome::Complete, 2, &[malformed]);
    check(&[&good, cut_off, &bomb], Outcome::Truncated, 1, &[malformed, dense]);
}
