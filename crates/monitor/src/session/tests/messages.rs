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
    let world = World::new(CONFIG);
    let grpc = ("content-type", "application/grpc");
    let mut stream = world.post("/inference.GRPCInferenceService/ModelStreamInfer", &[grpc]);
    stream.request_body(&frame(false, &field(1, b"rain")), true);
    let headers = named(&[(":status", "200"), grpc, ("grpc-encoding", "deflate")], &[]);
    stream.response_headers(headers, false);
    for message in messages {
        stream.response_body(&frame(true, message), false);
    }
    stream.response_body(b"", true);
    let outcome = stream.end(0).unwrap().outcome;
    let totals = world.changed();
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
    // The byte after the first one leaves no gap, so that the bomb alone says what is known of the whole: nothing.
    check(&[&surplus, &bomb, &bomb], Outcome::Complete, 1, &[malformed, dense]);
    check(&[&surplus, &good], Outcome::Complete, 2, &[malformed]);
    check(&[&good, cut_off, &bomb], Outcome::Truncated, 1, &[malformed, dense]);
}
