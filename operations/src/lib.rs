//! What operators copy, as text: proxy configurations, Prometheus rules, alerts and dashboards, all from the catalogue of
//! metrics. It reads and writes no file, and calls no server.

pub mod alerts;
pub mod dashboards;
pub mod objectives;
pub mod outcomes;
pub mod promql;
pub mod render;
pub mod rules;
pub mod settings;
pub mod slo;
pub mod stats;
pub mod time_scale;
pub mod yaml;

/// A file that an operator copies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// Where it lies, relative to the folder that all are written to; parts are separated by `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}
