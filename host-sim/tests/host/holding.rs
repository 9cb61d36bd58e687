//! Filters that hold, answer and close streams, and what a client and an upstream see of it.

use host_sim::{World, WorldOptions};

use crate::guest::{guest, seen, statuses, traced, world};

const PAUSE: &str = "(return (i32.const 1))";
const REPLY: &str = r#"$call send_local_response (i32.const 418) @"own_words" @"I am a teapot" @{x-a=1} (i32.const -1);"#;

/// A filter that holds everything at one callback and lets it go at a tick.
fn held_until_tick(callback: &str, continue_kind: u32) -> World {
    let resume = format!(
        "$call set_effective_context (i32.const 2); $call continue_stream (i32.const {continue_kind});"
    );
    let tick = "$call set_tick_period_milliseconds (i32.const 10);";
    let world = world(&[("configure", tick), (callback, PAUSE), ("tick", &resume)]);
    world.trace().take();
    world
}

#[test]
fn a_request_that_is_held_at_its_headers_reaches_the_upstream_when_it_is_let_go() {
    let world = held_until_tick("request_headers", 0);
    let exchange = world.exchange(0).post("/", "abc");
    assert!(exchange.request_is_held());
    assert_eq!(exchange.so_far().upstream.headers, None);
    assert_eq!(seen(&world), ["context_create(2, 1)", "request_headers(2, 7, 0)"]);

    world.advance(std::time::Duration::from_millis(10)).unwrap();

    assert!(!exchange.request_is_held());
    // The body is shown to the filter only now.
    assert_eq!(seen(&world), ["tick(1)", "request_body(2, 3, 0)", "request_body(2, 0, 1)"]);
    let outcome = exchange.answer(200, "ok").outcome();
    assert_eq!(&outcome.upstream.body[..], b"abc");
    assert!(outcome.upstream.complete && outcome.client.complete);
}

#[test]
fn an_upstream_that_was_asked_nothing_answers_nothing() {
    let world = held_until_tick("request_headers", 0);
    let outcome = world.exchange(0).get("/").answer(200, "ok").outcome();
    assert_eq!((outcome.status(), outcome.text(), outcome.over), (None, "".into(), false));
}

#[test]
fn a_body_that_is_buffered_is_shown_whole_every_time() {
    let world = held_until_tick("response_body", 1);
    let exchange = world.exchange(0).get("/").response(200, &[]);
    let exchange = exchange.response_chunk("abc").response_chunk("de");
    let chunks: Vec<_> =
        seen(&world).into_iter().filter(|call| call.contains("response_body")).collect();
    assert_eq!(chunks, ["response_body(2, 3, 0)", "response_body(2, 5, 0)"]);
    assert_eq!(exchange.so_far().text(), "");
    world.advance(std::time::Duration::from_millis(10)).unwrap();
    assert_eq!(exchange.so_far().text(), "abcde");
}

#[test]
fn a_request_that_is_buffered_beyond_the_limit_is_refused_through_the_filter() {
    let world = world(&[("request_body", PAUSE)]);
    world.trace().take();
    let exchange = world.exchange(0).request("POST", "/", &[]).request_chunk(vec![0; 600_000]);
    assert!(!exchange.is_over());
    let outcome = exchange.request_chunk(vec![0; 600_000]).outcome();
    assert_eq!((outcome.status(), outcome.local_reply), (Some(413), true));
    assert_eq!(outcome.details.as_deref(), Some("request_payload_too_large"));
    assert!(seen(&world).contains(&"response_body(2, 17, 1)".to_string()));
}

#[test]
fn a_response_that_is_buffered_beyond_the_limit_is_cut() {
    let world = world(&[("response_body", PAUSE)]);
    let exchange = world.exchange(0).get("/").response(200, &[]);
    let outcome = exchange.response_chunk(vec![0; 1_100_000]).outcome();
    assert_eq!((outcome.status(), outcome.client.complete), (Some(200), false));
    assert_eq!(outcome.details.as_deref(), Some("response_payload_too_large"));
}

#[test]
fn headers_that_are_held_for_ever_meet_only_the_log() {
    let world = world(&[("response_headers", PAUSE)]);
    world.trace().take();
    let exchange = world.exchange(0).get("/").response(200, &[]).response_chunk("abc");
    let outcome = exchange.times_out().outcome();
    assert_eq!(outcome.status(), None);
    let expected = "context_create request_headers response_headers log done delete";
    let calls = seen(&world);
    let names: Vec<_> = calls.iter().map(|call| call.split('(').next().unwrap()).collect();
    assert_eq!(names.join(" "), expected);
}

#[test]
fn a_filters_own_answer_is_seen_by_itself() {
    for action in ["", PAUSE] {
        let body = format!("{REPLY}{action}");
        let world = world(&[("request_headers", &body)]);
        world.trace().take();
        let outcome = world.exchange(0).get("/").outcome();
        assert_eq!(outcome.status(), Some(418));
        assert_eq!(outcome.text(), "I am a teapot");
        assert_eq!(outcome.details.as_deref(), Some("own_words"));
        assert_eq!(outcome.client.headers.unwrap().get_str("x-a"), Some("1"));
        assert_eq!(outcome.upstream.headers, None);
        assert_eq!(
            seen(&world),
            [
                "context_create(2, 1)",
                "request_headers(2, 6, 1)",
                "response_headers(2, 4, 0)",
                "response_body(2, 13, 1)",
                "log(2)",
                "done(2)",
                "delete(2)"
            ]
        );
    }
}

#[test]
fn an_answer_in_place_of_the_upstreams_is_not_shown_again() {
    let world = world(&[("response_headers", REPLY)]);
    world.trace().take();
    let outcome = world.exchange(0).get("/").answer(200, "secret").outcome();
    assert_eq!((outcome.status(), outcome.text()), (Some(418), "I am a teapot".into()));
    assert!(!seen(&world).iter().any(|call| call.contains("response_body")));
}

#[test]
fn an_answer_after_the_headers_were_sent_cuts_the_stream() {
    let world = world(&[("response_body", REPLY)]);
    let outcome = world.exchange(0).get("/").answer(200, "secret").outcome();
    assert_eq!((outcome.status(), outcome.text()), (Some(200), String::new()));
    assert!(!outcome.client.complete);
}

#[test]
fn a_grpc_client_is_answered_in_headers() {
    let world = world(&[("request_headers", REPLY)]);
    let outcome = world.exchange(0).grpc("/a.B/C", &[]).outcome();
    let headers = outcome.client.headers.unwrap();
    assert_eq!(headers.get_str(":status"), Some("200"));
    assert_eq!(headers.get_str("grpc-message"), Some("I am a teapot"));
    assert!(outcome.client.complete);
}

#[test]
fn a_stream_that_the_filter_closes_is_reset() {
    let world = world(&[("response_headers", "$call close_stream (i32.const 1);")]);
    let outcome = world.exchange(0).get("/").answer(200, "abc").outcome();
    assert!(outcome.over && !outcome.client.complete);
    assert_eq!(statuses(world.trace(), "close_stream"), [0]);
    assert_eq!(outcome.details.as_deref(), Some("via_upstream"));
}

#[test]
fn streams_of_connections_are_not_there() {
    let ask = "$call continue_stream (i32.const 2); $call continue_stream (i32.const 9);
               $call close_stream (i32.const 9);";
    let world = world(&[("request_headers", ask)]);
    world.exchange(0).get("/").outcome();
    assert_eq!(statuses(world.trace(), "continue_stream"), [0, 2]);
    assert_eq!(statuses(world.trace(), "close_stream"), [2]);
}

/// A filter that stops at the headers of requests, in a world that shows it the body all the same.
fn stopping_only_at_headers(request_body: &str) -> World {
    let mut options = traced(WorldOptions::default());
    options.allow_on_headers_stop_iteration = true;
    options.buffer_bytes_max = 1_000;
    let bodies = [("request_headers", PAUSE), ("request_body", request_body)];
    let world = World::new(&guest(&bodies), options).unwrap();
    world.trace().take();
    world
}

const DRAIN: &str = "$call set_buffer_bytes (i32.const 0) (i32.const 0) (local.get $1) (i32.const 0) (i32.const 0);";

#[test]
fn a_body_that_is_drained_is_neither_held_nor_passed_on() {
    let world = stopping_only_at_headers(&format!("{DRAIN} {PAUSE}"));
    let exchange = world.exchange(0).request("POST", "/", &[]);
    let exchange = (0..9).fold(exchange, |exchange, _| exchange.request_chunk(vec![b'x'; 1_000]));
    assert!(exchange.request_is_held());
    let calls = seen(&world);
    let pieces = calls.iter().filter(|call| *call == "request_body(2, 1000, 0)").count();
    assert_eq!(pieces, 9, "{calls:?}");
    let outcome = exchange.client_aborts().outcome();
    assert_eq!(outcome.upstream.headers, None);
}

#[test]
fn a_piece_beyond_the_limit_is_refused_though_the_filter_drains_it() {
    let world = stopping_only_at_headers(&format!("{DRAIN} {PAUSE}"));
    let exchange = world.exchange(0).request("POST", "/", &[]).request_chunk(vec![0; 1_001]);
    assert!(!exchange.is_over(), "the first piece is not added to anything");
    let outcome = exchange.request_chunk(vec![0; 1_001]).outcome();
    assert_eq!(outcome.status(), Some(413));
    let world = stopping_only_at_headers(&format!("{DRAIN} (return (i32.const 2))"));
    let exchange = world.exchange(0).request("POST", "/", &[]).request_chunk(vec![0; 1_001]);
    assert!(!exchange.request_chunk(vec![0; 1_001]).is_over(), "nor is any with the watermark");
}

#[test]
fn headers_that_wait_go_with_the_body_that_is_let_go() {
    let world = stopping_only_at_headers("");
    let outcome = world.exchange(0).post("/", "abc").answer(200, "ok").outcome();
    assert_eq!((&outcome.upstream.body[..], outcome.upstream.complete), (&b"abc"[..], true));
    assert_eq!((outcome.status(), outcome.text()), (Some(200), "ok".into()));
}
