//! What the built filter takes of its VM's linear memory, which only ever grows: nothing for a longer body or a larger
//! event, and little for a stream in flight.

use std::time::Duration;

use driftline_support::uniform_profile;
use host_sim::{Stream, World};
use serde_json::{Value, json};

use crate::{
    phrases::{CHAT, CONFIG, token},
    stage::{among_others, world},
};

/// Bodies are handed over in pieces as large as those of a busy proxy.
const PIECE_BYTES: usize = 64 << 10;
const MEGABYTE: usize = 1_000_000;

/// A stream whose answer has begun, with this content type.
fn begun(world: &World, path: &str, content_type: &str) -> Stream {
    let mut stream = world.stream(0).unwrap();
    let head = [(":path", path), (":method", "POST"), ("content-type", "application/json")];
    stream.request_headers(&head, false).unwrap();
    stream.request_body(r#"{"model":"demo-llm","stream":true}"#, true).unwrap();
    stream.update(|info| info.code_details = Some("via_upstream".to_owned()));
    stream.response_headers(&[(":status", "200"), ("content-type", content_type)], false).unwrap();
    stream
}

fn memory(world: &World) -> usize {
    world.worker(0).borrow().memory_bytes()
}

/// Sends `piece` again and again after `opening`, and compares the memory at 1 MB with that at 100 MB.
#[track_caller]
fn check_body(content_type: &str, opening: &str, piece: &str) {
    let world = world(CONFIG);
    let mut stream = begun(&world, CHAT, content_type);
    stream.response_body(opening.to_owned(), false).unwrap();
    let piece = piece.repeat(PIECE_BYTES.div_ceil(piece.len()));
    let mut sent = 0;
    let mut send_up_to = |megabytes: usize| {
        while sent < megabytes * MEGABYTE {
            let passed = stream.response_body(piece.clone(), false).unwrap();
            assert_eq!(passed.as_ref(), piece.as_bytes());
            sent += piece.len();
        }
        memory(&world)
    };
    let at_one = send_up_to(1);
    assert_eq!(send_up_to(100), at_one, "bytes of linear memory at 100 MB, and at 1 MB");
}

#[test]
fn a_stream_of_a_hundred_megabytes_takes_no_more_memory_than_one_of_one() {
    let _among_others = among_others();
    check_body("text/event-stream", "", &token("a word and another one"));
}

#[test]
fn an_event_of_a_hundred_megabytes_takes_no_more_memory_than_one_of_one() {
    let _among_others = among_others();
    let opening = r#"data: {"choices":[{"index":0,"delta":{"content":""#;
    check_body("text/event-stream", opening, "words that do not end, \\u00e9 or \\\"so\\\", ");
}

#[test]
fn a_document_of_a_hundred_megabytes_takes_no_more_memory_than_one_of_one() {
    let _among_others = among_others();
    let opening = r#"{"choices":[{"index":0,"message":{"content":""#;
    check_body("application/json", opening, "words that do not end, \\u00e9 or \\\"so\\\", ");
}

/// Opens streams that stand in the middle of an event, and gives what each of them takes.
fn bytes_per_stream(path: &str, content_type: &str, event: &[u8]) -> usize {
    const BEFORE: usize = 500;
    const STREAMS: usize = 4_000;
    let world = world(CONFIG);
    let mut streams = Vec::new();
    let mut open = |count: usize| {
        for _ in 0..count {
            let mut stream = begun(&world, path, content_type);
            stream.response_body(event.to_vec(), false).unwrap();
            streams.push(stream);
        }
        memory(&world)
    };
    let before = open(BEFORE);
    (open(STREAMS) - before) / STREAMS
}

#[test]
fn a_stream_in_flight_stays_within_its_budget_whatever_its_framing() {
    let _among_others = among_others();
    let sse = br#"data: {"choices":[{"index":0,"delta":{"content":"never to be clo"#;
    // The prelude of a message of 256 bytes and the beginning of its one header.
    let mut message = vec![0, 0, 1, 0, 0, 0, 0, 32];
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message.extend(b"\x0b:event-type\x07\x00\x05chu");
    // What each of them takes of its VM's account.
    let (usual, aws) = (2048, 2816);
    let cases: [(&str, &str, &[u8], usize); 6] = [
        (CHAT, "text/event-stream", sse, usual),
        ("/v1/responses", "text/event-stream", sse, usual),
        ("/v1/messages", "text/event-stream", sse, usual),
        (
            "/v1beta/models/m:streamGenerateContent",
            "application/json",
            b"[{\"candidates\":[{\"con",
            usual,
        ),
        ("/model/m/converse-stream", "application/vnd.amazon.eventstream", &message, aws),
        (
            "/model/m/invoke-with-response-stream",
            "application/vnd.amazon.eventstream",
            &message,
            aws,
        ),
    ];
    for (path, content_type, event, bytes_max) in cases {
        let bytes = bytes_per_stream(path, content_type, event);
        println!("{path}: {bytes} bytes per stream in flight");
        // That many at least, or nothing was measured.
        assert!((1 << 10..=bytes_max).contains(&bytes), "{path}: {bytes}");
    }
}

/// The linear memory of the VM that evaluates and of the one that has the traffic: once they are configured, and a day
/// later.
fn of_both_vms(model: &Value) -> [[usize; 2]; 2] {
    let config = json!({"models": [model], "tick_milliseconds": 60_000});
    let world = world(&config.to_string());
    let memory =
        |world: &World| [world.main(), world.worker(0)].map(|vm| vm.borrow().memory_bytes());
    let configured = memory(&world);
    world
        .exchange(0)
        .post("/v1/models/m:predict", r#"{"instances":[[1,2,3]]}"#)
        .answer(200, "{}")
        .outcome();
    world.advance(Duration::from_secs(26 * 3600)).unwrap();
    [configured, memory(&world)]
}

#[test]
fn fifty_features_of_twenty_bins_take_a_quarter_of_a_mebibyte_of_a_vm() {
    let _among_others = among_others();
    let [_, without] = of_both_vms(&json!({"name": "m", "type": "predictive"}));
    let with = of_both_vms(&json!({"name": "m", "profile": uniform_profile::profile(50, 20)}));
    let taken = with.map(|with| [0, 1].map(|vm| (with[vm] - without[vm]) >> 10));
    println!("{taken:?} KiB more, configured and after a day");
    assert!(taken.iter().flatten().all(|taken| (128..=256).contains(taken)), "{taken:?} KiB");
}
