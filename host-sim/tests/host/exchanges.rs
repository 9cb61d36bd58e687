//! What filters can learn of each way in which an exchange ends: flags and details as Envoy has them.

use host_sim::{Exchange, World, flags};

use crate::guest::{seen, world};

#[track_caller]
fn ends(world: &World, tell: impl Fn(Exchange) -> Exchange, flags: u64, details: &str) {
    let outcome = tell(world.exchange(0)).outcome();
    assert_eq!((outcome.flags, outcome.details.as_deref()), (flags, Some(details)));
}

#[test]
fn every_end_has_its_flags_and_its_words() {
    let world = world(&[]);
    ends(&world, |e| e.get("/").answer(200, "ok"), 0, "via_upstream");
    let disconnect = "downstream_remote_disconnect";
    let dc = flags::DOWNSTREAM_CONNECTION_TERMINATION;
    ends(&world, |e| e.request("POST", "/", &[]).client_aborts(), dc, disconnect);
    ends(&world, |e| e.get("/").client_aborts(), dc, disconnect);
    ends(&world, |e| e.get("/").response(200, &[]).client_aborts(), dc, disconnect);
    let reset = flags::DOWNSTREAM_REMOTE_RESET;
    ends(&world, |e| e.http2().get("/").client_aborts(), reset, "http2.remote_reset");
    ends(
        &world,
        |e| e.get("/").response(200, &[]).response_chunk("a").upstream_resets(),
        flags::UPSTREAM_PROTOCOL_ERROR,
        "upstream_reset_after_response_started{protocol_error}",
    );
    ends(
        &world,
        |e| e.get("/").upstream_resets(),
        flags::UPSTREAM_CONNECTION_TERMINATION,
        "upstream_reset_before_response_started{connection_termination}",
    );
    let ur = flags::UPSTREAM_REMOTE_RESET;
    let uc = flags::UPSTREAM_CONNECTION_TERMINATION;
    let begun = |e: Exchange| e.upstream_http2().get("/").response(200, &[]);
    let before = |reason: &str| format!("upstream_reset_before_response_started{{{reason}}}");
    let after = |reason: &str| format!("upstream_reset_after_response_started{{{reason}}}");
    let asked = |e: Exchange| e.upstream_http2().get("/");
    ends(&world, |e| asked(e).upstream_resets(), ur, &before("remote_reset"));
    ends(&world, |e| begun(e).upstream_resets(), ur, &after("remote_reset"));
    ends(&world, |e| asked(e).upstream_disconnects(), uc, &before("connection_termination"));
    ends(&world, |e| begun(e).upstream_disconnects(), uc, &after("connection_termination"));
    ends(
        &world,
        |e| e.websocket("/", &[]).switches_protocols(&[]).upstream_resets(),
        uc,
        &after("connection_termination"),
    );
    let unsuccessful = "websocket_handshake_unsuccessful";
    ends(&world, |e| e.websocket("/", &[]).answer(200, "no"), 0, unsuccessful);
    let dpe = flags::DOWNSTREAM_PROTOCOL_ERROR;
    let begun = |e: Exchange| e.request("POST", "/", &[]).request_chunk("a");
    ends(&world, |e| begun(e).client_breaks_the_protocol(), dpe, "http1.codec_error");
    ends(
        &world,
        |e| begun(e).response(200, &[]).client_breaks_the_protocol(),
        dpe,
        "http1.codec_error",
    );
    ends(
        &world,
        |e| e.get("/").upstream_is_unreachable(),
        flags::UPSTREAM_CONNECTION_FAILURE,
        "upstream_reset_before_response_started{remote_connection_failure|\
         delayed_connect_error:_Connection_refused}",
    );
    let timeout = flags::UPSTREAM_REQUEST_TIMEOUT;
    ends(&world, |e| e.get("/").times_out(), timeout, "response_timeout");
    ends(&world, |e| e.get("/").response(200, &[]).times_out(), timeout, "response_timeout");
    ends(&world, |e| e.get("/").direct_response(200, "hi"), 0, "direct_response");
    ends(&world, |e| e.without_host(), 0, "missing_host_header");
    ends(&world, |e| e.garbage(), flags::DOWNSTREAM_PROTOCOL_ERROR, "http1.codec_error");
}

#[test]
fn the_last_of_all_retries_has_its_own_flag_when_it_fails_like_those_before() {
    let world = world(&[]);
    let urx = flags::UPSTREAM_RETRY_LIMIT_EXCEEDED;
    let uc = flags::UPSTREAM_CONNECTION_TERMINATION;
    let last = |e: Exchange| e.retries(2).get("/").attempt_fails().attempt_fails();
    let flags = |exchange: Exchange| exchange.outcome().flags;
    assert_eq!(flags(last(world.exchange(0)).answer(503, "no")), urx);
    assert_eq!(flags(last(world.exchange(0)).answer(200, "ok")), 0);
    assert_eq!(flags(last(world.exchange(0)).answer(404, "no")), 0);
    assert_eq!(flags(world.exchange(0).retries(0).get("/").answer(500, "no")), urx);
    assert_eq!(flags(world.exchange(0).get("/").attempt_fails().answer(503, "no")), 0);
    let outcome = last(world.exchange(0)).upstream_resets().outcome();
    assert_eq!(outcome.flags, urx | uc);
    assert!(outcome.text().contains("retried and the latest reset reason"), "{}", outcome.text());
}

#[test]
fn an_expectation_is_met_before_the_filter_sees_the_request() {
    let world = world(&[]);
    let headers = [("expect", "100-Continue"), ("content-length", "3")];
    let asked = world.exchange(0).request("POST", "/", &headers);
    let headers = asked.so_far().upstream.headers.unwrap();
    assert_eq!(headers.get("expect"), None);
    let other = world.exchange(0).request("POST", "/", &[("expect", "something else")]);
    assert!(other.so_far().upstream.headers.unwrap().get("expect").is_some());
}

#[test]
fn after_the_router_every_attempt_is_a_stream_and_none_is_logged() {
    let world = world(&[]);
    world.trace().take();
    for status in [503, 200] {
        world.upstream_exchange(0).get("/").answer(status, "x").outcome();
    }
    let calls = seen(&world);
    assert_eq!(calls.iter().filter(|call| call.starts_with("request_headers")).count(), 2);
    assert_eq!(calls.iter().filter(|call| call.starts_with("log")).count(), 0);
    assert_eq!(calls.last().unwrap(), "delete(3)");
}

#[test]
fn an_answer_that_comes_early_ends_the_request_callbacks() {
    let world = world(&[]);
    let exchange = world.exchange(0).request("POST", "/", &[]).request_chunk("abc");
    let exchange = exchange.answer(413, "too much");
    world.trace().take();
    let outcome = exchange.request_chunk("more").outcome();
    assert_eq!(seen(&world), [""; 0]);
    assert_eq!(outcome.status(), Some(413));
}

#[test]
fn an_exchange_that_is_dropped_is_a_client_that_hung_up() {
    let world = world(&[]);
    world.trace().take();
    drop(world.exchange(0).get("/"));
    assert_eq!(seen(&world)[2..], ["log(2)", "done(2)", "delete(2)"]);
    assert_eq!(world.worker(0).borrow().open_streams(), 0);
}

#[test]
fn trailers_that_a_filter_makes_in_the_last_chunk_are_sent() {
    let add =
        r#"(if (local.get $2) (then $call add_header_map_value (i32.const 3) @"x-sum" @"7";))"#;
    let world = world(&[("response_body", add)]);
    let outcome = world.exchange(0).get("/").answer(200, "abc").outcome();
    assert_eq!(outcome.client.trailers.unwrap().get_str("x-sum"), Some("7"));
    assert!(outcome.client.complete);
}
