//! What each host function answers: the statuses of Envoy 1.40, by phase and by argument.

use std::collections::BTreeSet;

use host_sim::{LogLevel, World, WorldOptions};

use crate::guest::{guest, seen, statuses, traced, world};

/// Runs one whole exchange through a filter with these bodies; returns the statuses of `function`.
#[track_caller]
fn check(bodies: &[(&str, &str)], function: &str, expected: &[u32]) {
    let world = world(bodies);
    world.trace().take();
    let exchange = world.exchange(0).post("/p", "abc").response(200, &[]);
    exchange.response_chunk("d").response_trailers(&[("t", "v")]).outcome();
    assert_eq!(statuses(world.trace(), function), expected);
}

#[test]
fn a_header_map_is_readable_in_its_own_callback_and_in_log() {
    let read = r#"$call get_header_map_value (i32.const 0) @":path" (i32.const 0) (i32.const 4);"#;
    for (callback, expected) in [
        ("request_headers", &[0][..]),
        ("request_body", &[2, 2]),
        ("response_headers", &[2]),
        ("log", &[0]),
        ("done", &[2]),
    ] {
        check(&[(callback, read)], "get_header_map_value", expected);
    }
}

#[test]
fn of_the_trailers_only_the_responses_are_readable_in_log() {
    let read = |kind: u32| {
        format!("$call get_header_map_value (i32.const {kind}) @\"t\" (i32.const 0) (i32.const 4);")
    };
    check(&[("log", &read(3))], "get_header_map_value", &[0]);
    check(&[("log", &read(1))], "get_header_map_value", &[1]);
}

#[test]
fn pairs_of_a_map_that_is_not_there_are_none_and_its_size_is_a_bad_argument() {
    let pairs = "$call get_header_map_pairs (i32.const 0) (i32.const 0) (i32.const 4);";
    let size = "$call get_header_map_size (i32.const 0) (i32.const 0);";
    check(&[("response_headers", pairs)], "get_header_map_pairs", &[0]);
    check(&[("response_headers", size)], "get_header_map_size", &[2]);
    check(&[("request_headers", size)], "get_header_map_size", &[0]);
    let beyond = "$call get_header_map_pairs (i32.const 8) (i32.const 0) (i32.const 4);";
    check(&[("request_headers", beyond)], "get_header_map_pairs", &[2]);
}

#[test]
fn asking_for_trailers_in_the_last_chunk_makes_them() {
    let size = "$call get_header_map_size (i32.const 1) (i32.const 0);";
    // The first chunk is not the last.
    check(&[("request_body", size)], "get_header_map_size", &[2, 0]);
}

#[test]
fn a_counter_only_goes_up_and_a_gauge_wraps() {
    let define = "$call define_metric (i32.const 0) @\"c\" (i32.const 0);
                  $call define_metric (i32.const 0) @\"c\" (i32.const 4);
                  $call define_metric (i32.const 1) @\"g\" (i32.const 8);
                  $call define_metric (i32.const 2) @\"h\" (i32.const 12);
                  $call define_metric (i32.const 3) @\"x\" (i32.const 16);";
    let use_them = "$call increment_metric (i32.load (i32.const 0)) (i64.const 2);
                    $call increment_metric (i32.load (i32.const 4)) (i64.const 3);
                    $call increment_metric (i32.load (i32.const 0)) (i64.const 0);
                    $call increment_metric (i32.load (i32.const 0)) (i64.const -1);
                    $call increment_metric (i32.load (i32.const 8)) (i64.const -1);
                    $call increment_metric (i32.load (i32.const 12)) (i64.const 1);
                    $call increment_metric (i32.const 400) (i64.const 1);
                    $call record_metric (i32.load (i32.const 0)) (i64.const 5);
                    $call record_metric (i32.load (i32.const 12)) (i64.const 5);
                    $call record_metric (i32.const 402) (i64.const 5);
                    $call get_metric (i32.load (i32.const 12)) (i32.const 24);";
    let world = world(&[("configure", define), ("request_headers", use_them)]);
    assert_eq!(statuses(world.trace(), "define_metric"), [0, 0, 0, 0, 2]);
    // Every call gives a new number, even for one name.
    let trace = world.trace().take();
    world.exchange(0).get("/").answer(200, "").outcome();
    assert_eq!(statuses(world.trace(), "increment_metric"), [0, 0, 2, 2, 0, 2, 1]);
    assert_eq!(statuses(world.trace(), "record_metric"), [0, 0, 1]);
    assert_eq!(statuses(world.trace(), "get_metric"), [2]);
    assert_eq!(world.stats().counter_value("c"), Some(10));
    assert_eq!(world.stats().gauge_value("g"), Some(u64::MAX));
    assert!(!trace.is_empty());
}

#[test]
fn a_body_can_be_prepended_to_and_appended_to_and_not_cut_in_the_middle() {
    let write = "$call set_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 1) @\"xy\";
                 $call set_buffer_bytes (i32.const 0) (i32.const 99) (i32.const 0) @\"z\";
                 $call set_buffer_bytes (i32.const 0) (i32.const 1) (i32.const 1) @\"q\";
                 (return (i32.const 0))";
    let world = world(&[("request_body", write)]);
    let outcome = world.exchange(0).http2().post("/", "abc").answer(200, "").outcome();
    assert_eq!(statuses(world.trace(), "set_buffer_bytes"), [0, 0, 2]);
    assert_eq!(&outcome.upstream.body[..], b"xybcz");
}

#[test]
fn a_body_out_of_its_callback_is_there_and_empty() {
    let read = "$call get_buffer_bytes (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 4);
                $call get_buffer_bytes (i32.const 9) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4);
                $call get_buffer_bytes (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4);";
    check(&[("response_headers", read)], "get_buffer_bytes", &[0, 2, 0]);
}

#[test]
fn what_cannot_be_read_as_pairs_clears_the_map_and_a_response_needs_its_status() {
    let set = "$call set_header_map_pairs (i32.const 2) (i32.const 0) (i32.const 3);";
    let world = world(&[("response_headers", set)]);
    let outcome = world.exchange(0).get("/").answer(200, "x").outcome();
    assert_eq!(statuses(world.trace(), "set_header_map_pairs"), [0]);
    assert_eq!((outcome.status(), outcome.local_reply), (Some(502), true));
    assert_eq!(outcome.text(), "missing required header: :status");
}

#[test]
fn shared_data_is_compared_and_swapped() {
    let set = "$call get_shared_data @\"k\" (i32.const 0) (i32.const 4) (i32.const 8);
               $call set_shared_data @\"k\" @\"v\" (i32.const 0);
               $call get_shared_data @\"k\" (i32.const 0) (i32.const 4) (i32.const 8);
               $call set_shared_data @\"k\" @\"v\" (i32.const 99);
               $call set_shared_data @\"k\" @\"v\" (i32.load (i32.const 8));";
    let world = world(&[("request_headers", set)]);
    world.exchange(0).get("/").outcome();
    assert_eq!(statuses(world.trace(), "get_shared_data"), [1, 0]);
    assert_eq!(statuses(world.trace(), "set_shared_data"), [0, 8, 0]);
}

#[test]
fn the_effective_context_must_exist_and_root_sees_no_stream() {
    let set = r#"$call set_effective_context (i32.const 77);
                 $call set_effective_context (i32.const 1);
                 $call get_header_map_value (i32.const 0) @":path" (i32.const 0) (i32.const 4);"#;
    check(&[("request_headers", set)], "set_effective_context", &[2, 0]);
    check(&[("request_headers", set)], "get_header_map_value", &[2]);
}

#[test]
fn foreign_functions_are_envoys() {
    let call = r#"$call call_foreign_function @"no_such_thing" @"" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"clear_route_cache" @"" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"declare_property" @"\0a\01n" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"compress" @"aaaaaaaaaaaaaaaaaaaaaaaa" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"uncompress" (i32.load (i32.const 24)) (i32.load (i32.const 28)) (i32.const 8) (i32.const 12);
                  $call call_foreign_function @"uncompress" @"no zlib" (i32.const 16) (i32.const 20);
                  $call set_property @"out" (i32.load (i32.const 8)) (i32.load (i32.const 12));"#;
    let world = world(&[("request_headers", call)]);
    let mut stream = world.stream(0).unwrap();
    stream.request_headers(&[(":path", "/")], true).unwrap();
    let found = statuses(world.trace(), "call_foreign_function");
    // The third argument is text here, so its first byte is no field.
    assert_eq!(found, [1, 0, 2, 0, 0, 3]);
    assert_eq!(stream.property(b"out").unwrap(), "a".repeat(24));
}

#[test]
#[cfg(not(feature = "foreign-functions"))]
fn a_function_that_is_left_out_is_not_found_and_the_log_says_once_what_brings_it() {
    let call = r#"$call call_foreign_function @"no_such_thing" @"" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"expr_create" @"1 + 1" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"expr_evaluate" @"0000" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"expr_delete" @"0000" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"sign" @"" (i32.const 24) (i32.const 28);
                  $call call_foreign_function @"verify_signature" @"" (i32.const 24) (i32.const 28);"#;
    let world = world(&[("request_headers", call)]);
    for _ in 0..2 {
        world.exchange(0).get("/").answer(200, "x").outcome();
    }
    assert_eq!(statuses(world.trace(), "call_foreign_function"), [1; 12]);
    let lines = world.log().lines();
    let warnings: Vec<_> = lines.iter().filter(|line| line.level == LogLevel::Warn).collect();
    let [line] = warnings[..] else { panic!("{warnings:?}") };
    assert!(
        line.message.contains("expr_create") && line.message.contains("feature foreign-functions")
    );
}

#[test]
fn a_filter_without_a_capability_gets_a_status_and_runs_on() {
    let ask = "$call get_current_time_nanoseconds (i32.const 0);
               $call get_log_level (i32.const 0);";
    let mut options = traced(WorldOptions::default());
    let allowed = ["proxy_on_context_create", "proxy_on_request_headers", "proxy_get_log_level"];
    options.capabilities = allowed.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let world = World::new(&guest(&[("request_headers", ask)]), options).unwrap();
    world.trace().take();
    world.exchange(0).get("/").answer(200, "x").outcome();
    assert_eq!(statuses(world.trace(), "get_current_time_nanoseconds"), [10]);
    assert_eq!(statuses(world.trace(), "get_log_level"), [0]);
    assert_eq!(seen(&world), ["context_create(2, 1)", "request_headers(2, 6, 1)"]);
    let complaint = "Attempted call to restricted proxy-wasm capability: \
                     proxy_get_current_time_nanoseconds";
    let lines = world.log().lines();
    assert!(lines.iter().any(|line| line.level == LogLevel::Error && line.message == complaint));
}
