//! Policy: what a configuration asks for, who is counted under what, what the counters say. It reads no byte of a body.
//!
//! A [`session::Session`] is one configuration at work within one VM of a [`host::Host`]. It has no clock and no I/O of
//! its own, and cannot panic.

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

mod admission;
mod answer;
pub mod capture;
pub(crate) mod codec;
pub mod config;
pub mod drift_settings;
pub(crate) mod feedback;
mod held;
pub mod host;
mod host_series;
pub mod ids;
pub mod instruments;
pub mod label_table;
pub(crate) mod labelled;
pub mod layout;
pub(crate) mod leader_lease;
pub mod memory;
mod metric_ids;
pub(crate) mod model;
pub(crate) mod names;
pub mod native;
mod record;
mod recorder;
pub(crate) mod registry;
mod rows;
mod series_limit;
pub mod session;
pub mod tick;
