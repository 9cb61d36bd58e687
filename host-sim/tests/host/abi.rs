//! What links and what does not: Envoy's rules for modules; no callback runs here but the ones of the start.

use host_sim::{Error, Filter, World, WorldOptions};

use crate::guest::{filter_of, module_of};

#[track_caller]
fn refuses(wat: &str, expected: &str) {
    let error = Filter::from_bytes(&module_of(wat)).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    for bytes in [&b"(module)"[..], b"\0asm", b""] {
        let error = Filter::from_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains("the filter cannot be loaded"), "{error}");
    }
}

#[test]
fn a_module_without_the_abi_marker_is_refused() {
    refuses(
        "(module)",
        "must export proxy_abi_version_0_2_1 or proxy_abi_version_0_2_0, found no marker",
    );
    refuses(
        r#"(module (func (export "proxy_abi_version_0_1_0")))"#,
        "found proxy_abi_version_0_1_0",
    );
}

#[test]
fn every_import_that_envoy_lacks_is_named() {
    refuses(
        r#"(module (import "env" "proxy_a" (func)) (import "wasi_unstable" "b" (func))
            (func (export "proxy_abi_version_0_2_1"))
            (func (export "malloc") (param i32) (result i32) (i32.const 1024)))"#,
        "missing import env.proxy_a, missing import wasi_unstable.b",
    );
}

#[test]
fn a_wrong_signature_does_not_link() {
    refuses(
        r#"(module (import "env" "proxy_log" (func (param i64)))
            (func (export "proxy_abi_version_0_2_1"))
            (func (export "malloc") (param i32) (result i32) (i32.const 1024)))"#,
        "import type mismatch",
    );
}

#[test]
fn only_logging_is_allowed_before_the_vm_has_started() {
    let filter = filter_of(
        r#"(module (import "env" "proxy_done" (func $done (result i32))) (memory (export "memory") 1)
            (func (export "proxy_abi_version_0_2_1"))
            (func (export "malloc") (param i32) (result i32) (i32.const 1024))
            (func (export "_initialize") (drop (call $done))))"#,
    );
    let error = World::new(&filter, WorldOptions::default()).unwrap_err();
    let Error::Trap { callback: "_initialize", message } = &error else { panic!("{error}") };
    assert!(message.contains("restricted_callback"), "{message}");
}

#[test]
fn a_module_without_an_allocator_is_refused() {
    let marker = r#"(func (export "proxy_abi_version_0_2_1"))"#;
    refuses(
        &format!("(module {marker})"),
        "must export malloc or proxy_on_memory_allocate, found neither",
    );
    refuses(
        &format!(r#"(module {marker} (func (export "malloc")))"#),
        "export malloc must take an i32 and give one",
    );
}

#[test]
fn the_abi_before_only_lacks_the_log_level() {
    let module = |import: &str| {
        format!(
            r#"(module {import} (memory (export "memory") 1)
                (func (export "proxy_abi_version_0_2_0")) (func (export "_start"))
                (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024)))"#
        )
    };
    let filter = filter_of(&module(""));
    let world = World::new(&filter, WorldOptions::default()).unwrap();
    assert_eq!(world.exchange(0).get("/").answer(200, "ok").outcome().text(), "ok");
    refuses(
        &module(r#"(import "env" "proxy_get_log_level" (func (param i32) (result i32)))"#),
        "missing import env.proxy_get_log_level",
    );
}

#[track_caller]
fn start(exports: &str) -> Result<World, Error> {
    let wat = format!(
        r#"(module (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1"))
            (func (export "malloc") (param i32) (result i32) (i32.const 1024)) {exports})"#
    );
    World::new(&filter_of(&wat), WorldOptions::default())
}

#[test]
fn main_runs_after_initialize_with_no_arguments_and_under_either_name() {
    for (main, name) in [
        (r#"(func (export "main") (param i32 i32) (result i32) unreachable)"#, "main"),
        (r#"(func (export "__main_void") (result i32) unreachable)"#, "__main_void"),
    ] {
        let error = start(&format!(r#"(func (export "_initialize")) {main}"#)).unwrap_err();
        let Error::Trap { callback, .. } = error else { panic!("{name}: {error}") };
        assert_eq!(callback, name);
        // Without `_initialize` it is no start function.
        assert!(start(main).is_ok(), "{name}");
    }
}

#[test]
fn a_callback_with_another_signature_is_refused_by_name() {
    for export in [
        r#"(func (export "_initialize")) (func (export "main") (result i32) (i32.const 0))"#,
        r#"(func (export "_initialize")) (func (export "proxy_on_tick"))"#,
    ] {
        let error = start(export).unwrap_err();
        let Error::Link(message) = &error else { panic!("{error}") };
        assert!(message.contains("export main") || message.contains("export proxy_on_tick"));
    }
}
