//! Policy: what a configuration asks for, who is counted under what, what the counters say.

pub mod capture;
pub(crate) mod codec;
pub mod config;
pub mod host;
pub mod host_series;
pub mod instruments;
pub mod label_table;
pub mod layout;
pub(crate) mod leader_lease;
pub(crate) mod model;
pub(crate) mod names;
pub(crate) mod registry;
pub mod tick;
