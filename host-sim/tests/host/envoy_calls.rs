//! Small filters that call the host, beside what a real Envoy answered them: every call, argument and status.

use std::{fs, time::Duration};

use host_sim::{Exchange, HttpAnswer, World, WorldOptions, trace::normalised};

use crate::guest::{guest, traced};

const PAUSE: &str = "(return (i32.const 1))";
const REPLY: &str = r#"$call send_local_response (i32.const 418) @"own_words" @"I am a teapot" @{x-a=1} (i32.const -1);"#;
const ANSWERED: &str =
    "$call set_effective_context (i32.const 2); $call continue_stream (i32.const 0);";

/// Plays one request to a filter with these bodies, and compares all of its calls.
#[track_caller]
fn check(name: &str, bodies: &[(&str, &str)], tell: impl FnOnce(&World)) {
    let mut options = traced(WorldOptions::default());
    options.clusters = ["up", "dead"].map(String::from).into();
    options.buffer_bytes_max = 16_384;
    let world = World::new(&guest(bodies), options).unwrap();
    world.trace().take();
    tell(&world);
    let path = format!("{}/tests/data/envoy-calls/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let (expected, found) =
        (normalised(&fs::read_to_string(path).unwrap()), normalised(&world.trace().text()));
    assert!(
        expected == found,
        "{name}: Envoy has\n{}\nwe have\n{}",
        expected.join("\n"),
        found.join("\n")
    );
}

const CURL: [(&str, &str); 3] =
    [("host", "localhost"), ("user-agent", "curl/8"), ("accept", "*/*")];

fn get(world: &World) -> Exchange {
    world.exchange(0).request_without_body("GET", "/json", &CURL)
}

fn post(world: &World, kind: &str) -> Exchange {
    let headers = [&CURL[..], &[("content-length", "1"), ("content-type", kind)]].concat();
    world.exchange(0).request("POST", "/json", &headers)
}

fn json(exchange: Exchange) {
    let headers = [("content-type", "application/json"), ("content-length", "113")];
    exchange.response(200, &headers).response_last_chunk(vec![b'j'; 113]).outcome();
}

#[test]
fn a_reply_at_the_requests_headers() {
    check("reply_to_request", &[("request_headers", REPLY)], |world| drop(get(world)));
    let paused = format!("{REPLY}{PAUSE}");
    check("reply_to_request_and_pause", &[("request_headers", &paused)], |world| drop(get(world)));
    check("reply_to_head", &[("request_headers", REPLY)], |world| {
        drop(world.exchange(0).request_without_body("HEAD", "/json", &CURL));
    });
    check("reply_to_grpc", &[("request_headers", REPLY)], |world| {
        drop(post(world, "application/grpc").request_last_chunk("x"));
    });
}

#[test]
fn a_reply_in_the_response() {
    let at_headers = [("response_headers", REPLY)];
    check("reply_to_response_headers", &at_headers, |world| json(get(world)));
    check("reply_to_response_body", &[("response_body", REPLY)], |world| json(get(world)));
}

#[test]
fn a_body_that_is_held() {
    check("buffered_response", &[("response_body", PAUSE)], |world| {
        let headers = [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")];
        let answered = get(world).response(200, &headers);
        let answered = (0..3).fold(answered, |answer, _| answer.response_chunk(vec![b'd'; 50]));
        answered.response_end().client_aborts().outcome();
    });
    check("buffered_request_too_large", &[("request_body", PAUSE)], |world| {
        let asked = post(world, "application/x-www-form-urlencoded");
        asked.request_chunk(vec![0; 10_000]).request_chunk(vec![0; 10_000]).outcome();
    });
}

#[test]
fn a_call_that_is_not_answered() {
    let ask = |cluster: &str, timeout: u32| {
        format!(
            "$call http_call @\"{cluster}\" @{{:path=/hang;:method=GET;:authority=auth}} @\"\" @{{}} \
             (i32.const {timeout}) (i32.const 8); {PAUSE}"
        )
    };
    let read = format!(
        "$call get_header_map_pairs (i32.const 6) (i32.const 8) (i32.const 12);
         $call get_status (i32.const 16) (i32.const 20) (i32.const 24); {ANSWERED}"
    );
    let bodies = [("request_headers", &*ask("up", 100)), ("http_call_response", &*read)];
    check("call_times_out", &bodies, |world| {
        let asked = get(world);
        world.advance(Duration::from_millis(100)).unwrap();
        json(asked);
    });
    let read = format!(
        "$call get_status (i32.const 16) (i32.const 20) (i32.const 24);
         $call get_header_map_value (i32.const 6) @\":status\" (i32.const 8) (i32.const 12);
         $call get_buffer_bytes (i32.const 4) (i32.const 0) (i32.const 99) (i32.const 8) (i32.const 12);
         {ANSWERED}"
    );
    let bodies = [("request_headers", &*ask("dead", 1_000)), ("http_call_response", &*read)];
    check("call_to_nobody", &bodies, |world| {
        let asked = get(world);
        let call = world.http_calls().remove(0);
        world.answer_http_call(&call, HttpAnswer::unreachable()).unwrap();
        json(asked);
    });
}

#[test]
fn calls_that_are_refused() {
    let ask = r#"$call http_call @"nowhere" @{:path=/;:method=GET;:authority=a} @"" @{} (i32.const 5) (i32.const 8);
                 $call http_call @"up" @{:path=/} @"" @{} (i32.const 5) (i32.const 8);
                 $call grpc_call @"nowhere" @"a.B" @"C" @{} @"" (i32.const 100) (i32.const 8);
                 $call grpc_send (i32.const 5) @"x" (i32.const 0);
                 $call grpc_send (i32.const 66) @"x" (i32.const 0);
                 $call grpc_cancel (i32.const 66);
                 $call grpc_close (i32.const 66);
                 $call continue_stream (i32.const 2);
                 $call continue_stream (i32.const 9);
                 $call close_stream (i32.const 9);
                 $call close_stream (i32.const 2);
                 $call get_status (i32.const 16) (i32.const 20) (i32.const 24);"#;
    check("refused_calls", &[("request_headers", ask)], |world| json(get(world)));
}

#[test]
fn streams_that_the_filter_breaks() {
    let clear = "$call set_header_map_pairs (i32.const 2) (i32.const 8) (i32.const 3);";
    check("unreadable_pairs", &[("response_headers", clear)], |world| json(get(world)));
    let close = "$call close_stream (i32.const 1);";
    check("closed_stream", &[("response_headers", close)], |world| json(get(world)));
}

#[test]
fn trailers_and_bodies_that_the_filter_makes() {
    let add =
        r#"(if (local.get $2) (then $call add_header_map_value (i32.const 3) @"x-sum" @"7";))"#;
    check("made_trailers", &[("response_body", add)], |world| json(get(world)));
    let edit = r#"$call set_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 1) @"xy";
                  $call set_buffer_bytes (i32.const 0) (i32.const 99) (i32.const 0) @"z";
                  $call set_buffer_bytes (i32.const 0) (i32.const 1) (i32.const 1) @"q";"#;
    let wrong = r#"$call set_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 1);
                   $call set_buffer_bytes (i32.const 6) (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 1);
                   $call get_buffer_bytes (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 12);
                   $call get_buffer_bytes (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 12);
                   $call get_buffer_bytes (i32.const 7) (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 12);
                   $call get_header_map_size (i32.const 6) (i32.const 8);
                   $call get_header_map_pairs (i32.const 6) (i32.const 8) (i32.const 12);
                   $call get_header_map_value (i32.const 6) @"x" (i32.const 8) (i32.const 12);
                   $call get_header_map_value (i32.const 8) @"x" (i32.const 8) (i32.const 12);
                   $call add_header_map_value (i32.const 0) @"x" @"y";
                   $call remove_header_map_value (i32.const 0) @"x";
                   $call replace_header_map_value (i32.const 0) @"x" @"y";
                   $call set_header_map_pairs (i32.const 0) @{a=b};"#;
    check("edited_body", &[("request_body", edit), ("response_headers", wrong)], |world| {
        json(post(world, "application/x-www-form-urlencoded").request_last_chunk("abc"));
    });
}

#[test]
fn foreign_functions() {
    let call = r#"$call call_foreign_function @"no_such_thing" @"" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"clear_route_cache" @"" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"declare_property" @"junk" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"set_envoy_filter_state" @"junk" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"compress" @"aaaaaaaaaaaaaaaaaaaaaaaa" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"uncompress" (i32.load (i32.const 24)) (i32.load (i32.const 28)) (i32.const 8) (i32.const 12);
                  $call call_foreign_function @"uncompress" @"no zlib" (i32.const 16) (i32.const 20);"#;
    check("foreign_functions", &[("request_headers", call)], |world| json(get(world)));
}

#[test]
fn a_shared_queue() {
    let register = r#"$call register_shared_queue @"jobs" (i32.const 8);"#;
    let write = r#"$call resolve_shared_queue @"" @"jobs" (i32.const 12);
                   $call resolve_shared_queue @"" @"nothing" (i32.const 16);
                   $call enqueue_shared_queue (i32.load (i32.const 12)) @"one";
                   $call enqueue_shared_queue (i32.load (i32.const 12)) @"two";
                   $call enqueue_shared_queue (i32.const 99) @"lost";"#;
    let read = "$call dequeue_shared_queue (local.get $1) (i32.const 8) (i32.const 12);
                $call dequeue_shared_queue (local.get $1) (i32.const 8) (i32.const 12);";
    let bodies = [("configure", register), ("request_headers", write), ("queue_ready", read)];
    check("shared_queue", &bodies, |world| {
        let asked = get(world);
        world.deliver().unwrap();
        json(asked);
    });
}
