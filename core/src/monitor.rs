//! Policy: what a configuration asks for, who is counted under what, what the counters say.

mod admission;
pub mod capture;
pub mod config;
pub mod evaluator;
pub mod host;
pub mod ids;
pub mod label_table;
pub mod layout;
pub mod lease;
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
