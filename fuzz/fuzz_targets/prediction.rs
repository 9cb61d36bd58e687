//! Fuzzes the check `prediction` of `core/tests/properties`; it knows no format.

#![no_main]

mod bounded;
#[path = "../../core/tests/properties/checks/mod.rs"]
#[allow(dead_code, unused_imports, reason = "every target has one of the checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| bounded::run(
    &checks::CHECKS,
    "prediction",
    input,
    BYTES_MAX
));

/// Readers, and a decoder of 43 KiB for a message of either side that is compressed for itself.
const BYTES_MAX: usize = (64 + 2 * 43) << 10;
