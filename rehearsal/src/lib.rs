//! Each alert, fired and silenced: faults under load on a real Envoy, seen by a real Prometheus with the rendered rules, an
//! hour of which takes 15 seconds. It proves what alerts say, and measures nothing else.

pub mod knobs;
pub mod load;
pub mod loans;
pub(crate) mod modules;
pub mod play;
pub mod report;
pub mod scenario;
pub mod stage;
