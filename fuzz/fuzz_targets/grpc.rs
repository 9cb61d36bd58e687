//! Fuzzes the check `grpc` of `crates/monitor/tests/properties`; it knows no format.

#![no_main]

mod bounded;
#[path = "../../crates/monitor/tests/properties/checks/mod.rs"]
#[allow(dead_code, unused_imports, reason = "every target has one of the checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| bounded::run(&checks::CHECKS, "grpc", input, 64 << 10));
