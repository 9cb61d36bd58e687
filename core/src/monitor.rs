//! Policy: what a configuration asks for, who is counted under what, what the counters say.

mod admission;
pub mod capture;
pub(crate) mod codec;
pub mod config;
pub mod host;
pub mod host_series;
pub mod ids;
pub mod instruments;
pub mod label_table;
pub mod layout;
pub(crate) mod leader_lease;
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
