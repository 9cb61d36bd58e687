//! Policy: what a configuration asks for, who is counted under what, what the counters say.

pub mod capture;
pub mod config;
pub mod evaluator;
pub mod host;
pub mod label_table;
pub mod layout;
pub mod lease;
pub(crate) mod model;
pub(crate) mod names;
pub(crate) mod registry;
