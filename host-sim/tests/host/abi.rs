//! What links and what does not: Envoy's rules for modules; no callback runs here but the ones of the start.

use host_sim::{Error, Filter, World, WorldOptions};

#[track_caller]
fn refuses(wat: &str, expected: &str) {
    let error = Filter::from_bytes(wat.as_bytes()).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    refuses("(module", "the filter cannot be loaded");
}

#[test]
fn a_module_without_the_abi_marker_is_refused() {
    refuses("(module)", "must export proxy_abi_version_0_2_1, found no marker");
    refuses(
        r#"(module (func (export "proxy_abi_version_0_1_0")))"#,
        "found proxy_abi_version_0_1_0",
    );
}

#[test]
fn every_import_that_envoy_lacks_is_named() {
    refuses(
        r#"(module (import "env" "proxy_a" (func)) (import "wasi_unstable" "b" (func))
            (func (export "proxy_abi_version_0_2_1")))"#,
        "missing import env.proxy_a, missing import wasi_unstable.b",
    );
}

#[test]
fn a_wrong_signature_does_not_link() {
    refuses(
        r#"(module (import "env" "proxy_log" (func (param i64)))
            (func (export "proxy_abi_version_0_2_1")))"#,
        "import type mismatch",
    );
}

#[test]
fn only_logging_is_allowed_before_the_vm_has_started() {
    let filter = Filter::from_bytes(
        br#"(module (import "env" "proxy_done" (func $done (result i32))) (memory (export "memory") 1)
            (func (export "proxy_abi_version_0_2_1"))
            (func (export "_initialize") (drop (call $done))))"#,
    )
    .unwrap();
    let error = World::new(&filter, WorldOptions::default()).unwrap_err();
    let Error::Trap { callback: "_initialize", message } = &error else { panic!("{error}") };
    assert!(message.contains("restricted_callback"), "{message}");
}
