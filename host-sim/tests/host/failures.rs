//! A filter that crashes, under each of Envoy's policies; updates of code; limits of memory.

use std::time::Duration;

use host_sim::{EndInfo, Error, Exchange, FailurePolicy, World, WorldOptions};

use crate::guest::{guest, seen, traced, world};

/// Crashes over requests with a body.
const CRASH: &[(&str, &str)] = &[("request_body", "unreachable")];

fn crashing(policy: FailurePolicy) -> World {
    let mut options = traced(WorldOptions::default());
    options.failure_policy = policy;
    World::new(&guest(CRASH), options).unwrap()
}

/// The four cells of a policy's row: the request that crashes, a stream in flight, one that has no response yet, a new request.
fn row(policy: FailurePolicy) -> [String; 4] {
    let world = crashing(policy);
    let streaming = world.exchange(0).get("/stream").response(200, &[]).response_chunk("a");
    let waiting = world.exchange(0).get("/wait");
    let crash = world.exchange(0).post("/crash", "x").answer(200, "ok");
    let streaming = streaming.response_chunk("b").response_end();
    let waiting = waiting.answer(200, "ok");
    let new = world.exchange(0).get("/new").answer(200, "ok");
    [crash, streaming, waiting, new].map(shown)
}

fn shown(exchange: Exchange) -> String {
    let outcome = exchange.outcome();
    let status = outcome.status().map_or("none".into(), |status| status.to_string());
    format!("{status}{}", if outcome.client.complete { "" } else { " cut" })
}

#[test]
fn the_panic_row_of_each_policy_is_envoys() {
    assert_eq!(row(FailurePolicy::Closed), ["503", "200 cut", "503", "503"]);
    assert_eq!(row(FailurePolicy::Open), ["503", "200 cut", "503", "200"]);
    // The crash is within the back-off of the start, so that no new VM comes yet.
    assert_eq!(row(FailurePolicy::Reload), ["503", "200 cut", "503", "503"]);
    assert_eq!(row(FailurePolicy::FailOpen), ["200", "200", "200", "200"]);
}

#[test]
fn a_crash_in_a_response_cuts_it() {
    for (policy, expected) in [
        (FailurePolicy::Closed, "200 cut"),
        (FailurePolicy::Open, "200 cut"),
        (FailurePolicy::Reload, "200 cut"),
        (FailurePolicy::FailOpen, "200"),
    ] {
        let mut options = traced(WorldOptions::default());
        options.failure_policy = policy;
        let world = World::new(&guest(&[("response_body", "unreachable")]), options).unwrap();
        assert_eq!(shown(world.exchange(0).get("/").answer(200, "x")), expected, "{policy:?}");
    }
}

#[test]
fn a_filter_that_crashes_fails_its_test_unless_the_test_says_otherwise() {
    assert_eq!(WorldOptions::default().failure_policy, FailurePolicy::Closed);
}

#[test]
fn whatever_comes_after_a_crash_says_so_under_every_policy() {
    for policy in
        [FailurePolicy::Closed, FailurePolicy::Open, FailurePolicy::Reload, FailurePolicy::FailOpen]
    {
        let world = crashing(policy);
        let over = world.exchange(0).get("/over").answer(200, "ok");
        let streaming = world.exchange(0).get("/stream").response(200, &[]).response_chunk("a");
        let idle = world.exchange(0).get("/idle");
        let crash = world.exchange(0).post("/crash", "x").answer(200, "ok").outcome().error;
        let Some(crash) = crash else { panic!("{policy:?} hides the crash itself") };
        assert!(matches!(crash, Error::Trap { callback: "proxy_on_request_body", .. }), "{crash}");
        let dead = Some(Error::Dead { crash: Box::new(crash) });
        let new = world.exchange(0).get("/new").answer(200, "ok");
        for (what, exchange) in
            [("in flight", streaming.response_end()), ("silent", idle), ("new", new)]
        {
            assert_eq!(exchange.outcome().error, dead, "{what} under {policy:?}");
        }
        assert_eq!(over.outcome().error, None, "{policy:?}: it was over before");
    }
}

#[test]
fn an_exchange_that_survives_its_vm_says_so_after_a_reload_and_a_new_one_does_not() {
    let world = crashing(FailurePolicy::Reload);
    let old = world.exchange(0).get("/old");
    world.exchange(0).post("/crash", "x").outcome();
    world.advance(Duration::from_secs(2)).unwrap();
    assert_eq!(world.exchange(0).get("/new").answer(200, "ok").outcome().error, None);
    assert!(matches!(old.answer(200, "ok").outcome().error, Some(Error::Dead { .. })));
}

#[test]
fn a_tick_that_crashed_is_told_by_every_exchange_that_follows() {
    let tick = [
        ("configure", "$call set_tick_period_milliseconds (i32.const 1000);"),
        ("tick", "unreachable"),
    ];
    let world = World::new(&guest(&tick), traced(WorldOptions::default())).unwrap();
    world.advance(Duration::from_secs(1)).unwrap_err();
    let outcome = world.exchange(0).get("/").answer(200, "ok").outcome();
    assert_eq!(outcome.status(), Some(503));
    let said = outcome.error.unwrap().to_string();
    assert!(
        said.starts_with(
            "the filter's VM was dead already, because the filter crashed in proxy_on_tick"
        ),
        "{said}"
    );
    // A bare stream has no client who could be told.
    assert!(matches!(world.stream(0), Err(Error::Dead { .. })));
}

#[test]
fn a_bare_stream_of_a_vm_that_died_is_an_error_but_where_it_is_spared() {
    for (policy, spared) in [(FailurePolicy::Closed, false), (FailurePolicy::FailOpen, true)] {
        let world = crashing(policy);
        let mut open = world.stream(0).unwrap();
        world.exchange(0).post("/crash", "x").outcome();
        assert_eq!(
            open.response_headers(&[(":status", "200")], true).is_ok(),
            spared,
            "{policy:?}"
        );
        assert_eq!(open.end(EndInfo::complete()).is_ok(), spared, "{policy:?}");
    }
}

#[test]
fn no_stream_of_a_dead_vm_is_logged() {
    for policy in [FailurePolicy::Closed, FailurePolicy::FailOpen] {
        let world = crashing(policy);
        let open = world.exchange(0).get("/");
        world.exchange(0).post("/crash", "x").outcome();
        world.trace().take();
        open.answer(200, "ok").outcome();
        assert_eq!(seen(&world), [""; 0], "{policy:?}");
    }
}

#[test]
fn a_reload_gives_a_new_vm_once_the_back_off_is_over() {
    let world = crashing(FailurePolicy::Reload);
    world.advance(Duration::from_secs(2)).unwrap();
    assert_eq!(shown(world.exchange(0).post("/crash", "x")), "503");
    world.trace().take();
    let outcome = world.exchange(0).get("/").answer(200, "ok").outcome();
    assert_eq!(outcome.status(), Some(200));
    let expected = ["context_create(1, 0)", "vm_start(1, 0)", "configure(1, 0)"];
    assert_eq!(seen(&world)[..3], expected);
    // It crashes again at once, and has to wait.
    assert_eq!(shown(world.exchange(0).post("/crash", "x")), "503");
    assert_eq!(shown(world.exchange(0).get("/").answer(200, "ok")), "503");
    world.advance(Duration::from_secs(2)).unwrap();
    assert_eq!(shown(world.exchange(0).get("/").answer(200, "ok")), "200");
}

#[test]
fn a_crash_stays_in_its_worker() {
    let mut options = traced(WorldOptions::default());
    options.failure_policy = FailurePolicy::Closed;
    options.workers = 2;
    let world = World::new(&guest(CRASH), options).unwrap();
    world.exchange(0).post("/crash", "x").outcome();
    assert_eq!(shown(world.exchange(0).get("/").answer(200, "ok")), "503");
    assert_eq!(shown(world.exchange(1).get("/").answer(200, "ok")), "200");
}

#[test]
fn memory_ends_at_its_limit_and_the_filter_sees_the_failure() {
    let grow = "(global.set $free (memory.grow (i32.const 16)))
                (return (i32.eq (global.get $free) (i32.const -1)))";
    let mut options = traced(WorldOptions::default());
    options.memory_bytes_max = 1024 * 1024;
    let world = World::new(&guest(&[("request_headers", grow)]), options).unwrap();
    // Two pages it had, and sixteen more would be more than a mebibyte.
    assert!(world.exchange(0).get("/").request_is_held());
    assert_eq!(world.worker(0).borrow().memory_bytes(), 2 * 65_536);
}

const COUNT: &[(&str, &str)] = &[
    ("configure", "$call define_metric (i32.const 0) @\"requests\" (i32.const 0);"),
    (
        "request_headers",
        "$call increment_metric (i32.load (i32.const 0)) (i64.const 1);
                         $call set_shared_data @\"k\" @\"v\" (i32.const 0);",
    ),
];

#[test]
fn new_code_takes_new_streams_while_the_old_serves_its_own() {
    let mut world = world(COUNT);
    let old = world.exchange(0).get("/old");
    let new_code = [COUNT[0], ("request_headers", "(return (i32.const 0))")];
    world.update_code(&guest(&new_code)).unwrap();
    assert_eq!(world.draining_vms(), 1);
    world.trace().take();
    let outcome = world.exchange(0).get("/new").answer(200, "ok").outcome();
    assert_eq!(outcome.status(), Some(200));
    // The new VM counts its contexts from the beginning.
    assert_eq!(seen(&world)[0], "context_create(2, 1)");
    old.answer(200, "ok").outcome();
    // The stream's end, then the old root's.
    let expected = ["log(2)", "done(2)", "delete(2)", "done(1)", "delete(1)"];
    assert_eq!(seen(&world)[3..], expected);
    assert_eq!(world.draining_vms(), 0);
}

#[test]
fn stats_survive_new_code_that_defines_them_in_time() {
    let mut world = world(COUNT);
    world.exchange(0).get("/").outcome();
    world.update_code(&guest(COUNT)).unwrap();
    world.exchange(0).get("/").outcome();
    assert_eq!(world.stats().counter_value("requests"), Some(2));
    let vm_id = WorldOptions::default().vm_id;
    assert!(world.shared_data().get(&vm_id, b"k").is_some());

    world.update_code(&guest(&[])).unwrap();
    assert_eq!(world.stats().counter_value("requests"), None);
    assert!(world.shared_data().get(&vm_id, b"k").is_some());
}

#[test]
fn code_that_is_refused_changes_nothing() {
    let mut world = world(COUNT);
    world.update_code(&guest(&[("configure", "(return (i32.const 0))")])).unwrap_err();
    world.exchange(0).get("/").outcome();
    assert_eq!(world.stats().counter_value("requests"), Some(1));
    assert_eq!(world.draining_vms(), 0);
}
