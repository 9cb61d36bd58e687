//! Stats as Envoy keeps them: one store of counters, gauges and histograms for all VMs; it forgets one only with the last VM that has it.

mod config;
mod decimal;
mod histogram;
mod prometheus;
mod store;
mod tags;
mod text;

pub use config::{StatsConfig, StatsConfigError};
pub use histogram::Histogram;
pub use store::{Metric, Stats};

/// What Envoy puts before the name of every stat that a filter defines.
pub(crate) const PREFIX: &str = "wasmcustom.";
