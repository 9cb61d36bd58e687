//! Metrics as Prometheus sees them: the catalogue, the series of a configuration, changes on their way. It reads no body.

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

pub mod buckets;
pub mod buffer;
pub mod catalogue;
pub mod series;
