//! Metrics as Prometheus sees them: the catalogue, the series of a configuration, changes on their way. It reads no body.

pub mod buffer;
pub mod catalogue;
pub mod measures;
pub mod series;
