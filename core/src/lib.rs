//! Everything Driftline decides, without a host: it reads wires, follows exchanges, counts and compares.
//! It has no clock and no I/O, never allocates without a bound, and cannot panic.

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

pub mod inference;
pub mod metrics;
pub mod monitor;
