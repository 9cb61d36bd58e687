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

pub mod bins;
pub mod catalogue;
pub mod config;
mod directory;
pub mod document;
pub mod drift;
pub mod encoding;
pub mod evaluator;
pub mod exchange;
pub mod fingerprint;
mod generation;
pub mod glob;
pub mod known;
pub mod lease;
pub mod ledger;
pub mod load;
pub mod measure;
mod model;
pub mod monitor;
mod names;
pub mod outcome;
mod prediction;
pub mod profile;
pub mod roster;
pub mod series;
pub mod tap;
pub mod time;
pub mod window;
pub mod wire;
