//! Worlds without a network: who is configured, who ticks, and in which order a stream meets its callbacks.

use std::time::Duration;

use host_sim::{Clock, EndInfo, Error, FailurePolicy, World, WorldOptions, flags};

use crate::{callbacks, filter};

fn world(config: &'static str, workers: usize) -> World {
    World::new(&filter(), options(config, workers)).unwrap()
}

fn options(config: &'static str, workers: usize) -> WorldOptions {
    let mut options = WorldOptions::with_config(config);
    options.workers = workers;
    options.clock = Clock::virtual_from(Duration::from_secs(1_700_000_000));
    options
}

#[test]
fn a_stream_meets_its_callbacks_in_envoys_order() {
    let world = world("", 1);
    let mut stream = world.stream(0).unwrap();
    stream.request_headers(&[(":method", "POST"), (":path", "/x")], false).unwrap();
    stream.request_body("abc", false).unwrap();
    stream.request_body("", true).unwrap();
    stream.response_headers(&[(":status", "200")], false).unwrap();
    stream.response_body("hello", false).unwrap();
    stream.response_trailers(&[("x-t", "v")]).unwrap();
    stream.end(EndInfo::complete()).unwrap();
    assert_eq!(
        callbacks(world.log(), "worker 0"),
        [
            "create",
            "request_headers",
            "request_body",
            "request_body",
            "body end",
            "response_headers",
            "response_body",
            "response_trailer",
            "log",
            "done",
            "delete"
        ]
    );
    assert_eq!(world.stats().counter_value("requests"), Some(1));
    assert_eq!(world.stats().gauge_value("last_flags"), Some(0));
}

#[test]
fn a_rejected_request_only_ends() {
    let world = world("", 1);
    world.rejected_stream(0).unwrap();
    assert_eq!(callbacks(world.log(), "worker 0"), ["create", "log", "done", "delete"]);
    let flags = world.stats().gauge_value("last_flags");
    assert_eq!(flags, Some(flags::DOWNSTREAM_PROTOCOL_ERROR));
}

#[test]
fn a_dropped_stream_is_a_client_that_hung_up() {
    let world = world("", 1);
    drop(world.stream(0).unwrap());
    let flags = world.stats().gauge_value("last_flags");
    assert_eq!(flags, Some(flags::DOWNSTREAM_CONNECTION_TERMINATION));
}

#[test]
fn all_workers_share_one_store_of_stats() {
    let world = world("", 3);
    for worker in 0..6 {
        let mut stream = world.stream(worker).unwrap();
        stream.request_headers(&[(":path", "/")], true).unwrap();
    }
    assert_eq!(world.stats().counter_value("requests"), Some(6));
}

#[test]
fn a_refused_configuration_comes_with_the_filters_words() {
    let error = World::new(&filter(), WorldOptions::with_config("r")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the filter refused its configuration (proxy_on_configure answered false)\n  refused by test"
    );
}

#[test]
fn every_vm_ticks_at_its_time_and_the_canary_never() {
    let world = world("k", 2);
    world.advance(Duration::from_millis(999)).unwrap();
    assert_eq!(callbacks(world.log(), "main").len(), 0);
    world.advance(Duration::from_millis(2_001)).unwrap();
    for (vm, ticks) in [("canary", 0), ("main", 3), ("worker 0", 3), ("worker 1", 3)] {
        assert_eq!(callbacks(world.log(), vm), vec!["tick"; ticks], "{vm}");
    }
}

#[test]
fn a_refused_update_leaves_the_old_configuration_at_work() {
    let world = world("k", 1);
    assert!(matches!(world.reconfigure("r"), Err(Error::Refused { .. })));
    world.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(callbacks(world.log(), "worker 0"), ["tick"]);
}

#[test]
fn an_old_root_serves_its_streams_until_they_end() {
    let world = world("", 1);
    let stream = world.stream(0).unwrap();
    world.reconfigure("k").unwrap();
    assert_eq!(callbacks(world.log(), "worker 0"), ["create"]);
    stream.end(EndInfo::complete()).unwrap();
    // The stream's end, then the old root's.
    assert_eq!(
        callbacks(world.log(), "worker 0")[1..],
        ["log", "done", "delete", "done", "delete"]
    );
}

#[test]
fn a_pause_is_an_error_of_the_test() {
    let world = world("p", 1);
    let mut stream = world.stream(0).unwrap();
    let error = stream.request_headers(&[(":path", "/")], true).unwrap_err();
    assert_eq!(error, Error::Paused { callback: "proxy_on_request_headers", action: 1 });
}

#[test]
fn after_a_crash_streams_bypass_that_worker_only() {
    let mut options = options("t", 2);
    options.failure_policy = FailurePolicy::FailOpen;
    let world = World::new(&filter(), options).unwrap();
    let mut stream = world.stream(0).unwrap();
    let error = stream.request_body("abc", false).unwrap_err();
    assert!(matches!(error, Error::Trap { callback: "proxy_on_request_body", .. }), "{error}");
    // The stream that crashed goes on without the filter, and so does the next one.
    assert_eq!(stream.response_body("abc", true).unwrap(), "abc");
    let mut next = world.stream(0).unwrap();
    assert_eq!(next.request_body("abc", true).unwrap(), "abc");
    assert!(world.worker(0).borrow().is_dead());
    assert!(!world.worker(1).borrow().is_dead());
    assert!(!world.main().borrow().is_dead());
}

#[test]
fn stopping_ends_every_root() {
    let world = world("", 1);
    let seen = world.worker(0).clone();
    world.stop().unwrap();
    assert_eq!(seen.borrow().open_streams(), 0);
}
