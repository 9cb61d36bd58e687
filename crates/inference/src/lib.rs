//! What an HTTP exchange with a model says: dialects, bodies, outcomes, load reports. It knows no metric and no policy.
//!
//! [`recognition`] says what a request speaks; an [`exchange::Exchange`] follows it to its end, as an
//! [`exchange::Observation`]. It has no clock and no I/O, never allocates without a bound, and cannot panic.

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

pub mod dialect;
pub mod exchange;
pub mod feedback;
pub mod generative;
pub mod glob;
pub mod known;
pub mod load;
mod media_type;
pub mod outcome;
pub mod predictive;
pub mod recognition;
