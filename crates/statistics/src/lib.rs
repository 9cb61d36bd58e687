//! Numbers and what is said of them: bins, reference profiles, measures of drift, quality of models, windows over counters.
//! It knows no bytes, no HTTP and no metric, and has no clock.

#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod bins;
mod counts;
pub mod detection;
pub mod document;
pub mod drift;
pub mod fingerprint;
pub mod float;
pub mod profile;
pub mod quality;
pub mod streams;
pub mod time;
pub mod value;
pub mod window;
