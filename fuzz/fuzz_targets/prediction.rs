//! Fuzzes the check `prediction` of `crates/monitor/tests/properties`; it knows no format.

#![no_main]

mod bounded;
#[path = "../../crates/monitor/tests/properties/checks/mod.rs"]
#[allow(dead_code, unused_imports, reason = "every target has one of the checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| bounded::run(
    &checks::CHECKS,
    "prediction",
    input,
    BYTES_MAX
));

/// As for the target `encodings`: all decoders together have 16 MiB, and messages may be compressed each for itself.
const BYTES_MAX: usize = 17 << 20;
