//! Callbacks that do not return, and the limit of time that ends them.

use std::time::{Duration, Instant};

use host_sim::{Error, Filter, World, WorldOptions};

use crate::guest::{filter_of, guest};

const FOR_EVER: &str = "(loop $again (br $again))";

fn limited(filter: &Filter, limit: Option<Duration>) -> Result<World, Error> {
    let mut options = WorldOptions::default();
    options.callback_time_max = limit;
    World::new(filter, options)
}

#[test]
fn a_callback_that_never_returns_fails_by_name_and_with_its_limit() {
    let filter = guest(&[("request_headers", FOR_EVER)]);
    let world = limited(&filter, Some(Duration::from_millis(200))).unwrap();
    let start = Instant::now();
    let outcome = world.exchange(0).get("/").answer(200, "ok").outcome();
    assert!(Duration::from_millis(200) <= start.elapsed());
    let Some(Error::Trap { callback, message }) = outcome.error else { panic!("no trap") };
    assert_eq!(callback, "proxy_on_request_headers");
    let expected = "it was still running after 200ms, which is callback_time_max";
    assert!(message.starts_with(expected), "{message}");
    assert!(world.worker(0).borrow().is_dead());
    // As after any trap.
    let next = world.exchange(0).get("/").answer(200, "ok").outcome();
    assert_eq!(next.status(), Some(503));
    assert!(next.error.unwrap().to_string().contains(expected));
}

#[test]
fn a_start_and_an_allocation_that_never_return_fail_too() {
    for (start, allocate, expected) in
        [(FOR_EVER, "", "_initialize"), ("", FOR_EVER, "proxy_on_configure")]
    {
        let text = format!(
            r#"(module (import "env" "proxy_get_buffer_bytes"
                 (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
                 (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1"))
                 (func (export "_initialize") {start})
                 (func (export "malloc") (param i32) (result i32) {allocate} (i32.const 1024))
                 (func (export "proxy_on_configure") (param i32 i32) (result i32)
                   (drop (call $buffer (i32.const 7) (i32.const 0) (i32.const -1) (i32.const 16) (i32.const 20)))
                   (i32.const 1)))"#
        );
        let filter = filter_of(&text);
        let mut options = WorldOptions::with_config("abcd");
        options.callback_time_max = Some(Duration::from_millis(100));
        let error = World::new(&filter, options).unwrap_err();
        assert!(matches!(error, Error::Trap { callback, .. } if callback == expected), "{error}");
    }
}

#[test]
fn a_table_ends_where_v8_ends_it() {
    // As Envoy's V8: there is room for nine million more, and not for two million beside them.
    let text = r#"(module (table $t 1 funcref) (memory (export "memory") 1)
        (func (export "proxy_abi_version_0_2_1")) (func (export "_initialize"))
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (i32.and
            (i32.eq (table.grow $t (ref.null func) (i32.const 9000000)) (i32.const 1))
            (i32.eq (table.grow $t (ref.null func) (i32.const 2000000)) (i32.const -1)))))"#;
    limited(&filter_of(text), None).unwrap();
}

#[test]
fn time_between_callbacks_does_not_count_and_a_world_without_a_limit_has_none() {
    let filter = guest(&[("request_headers", "(return (i32.const 0))")]);
    let hasty = limited(&filter, Some(Duration::from_millis(500))).unwrap();
    let patient = limited(&filter, None).unwrap();
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(200));
        for world in [&hasty, &patient] {
            assert_eq!(world.exchange(0).get("/").answer(200, "ok").outcome().error, None);
        }
    }
}
