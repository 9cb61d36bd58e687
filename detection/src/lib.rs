//! What is detected when, and how often for nothing: months of traffic in virtual time, through the filter's own
//! detectors. It judges the verdict, and changes nothing of it.
//!
//! ```text
//! law ──▶ traffic ──▶ model ──▶ healthy, delays, injected, agreement ──┐
//!   └──▶ training ──────┘                                              ├──▶ claims, report ──▶ docs/detection.md
//!          └──▶ rivals ────────────────────────────────────────────────┘
//! ```

pub mod agreement;
pub mod bound;
pub mod claims;
pub mod column;
pub mod defaults;
pub mod delays;
pub mod healthy;
pub mod injected;
pub mod law;
pub mod model;
pub mod page;
pub mod plot;
pub mod quantile;
pub mod report;
pub mod rivals;
pub mod service;
pub mod settings;
pub mod traffic;
pub mod training;
pub mod work;

/// How much is simulated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Size {
    /// What the documentation says: an hour on two cores.
    Full,
    /// A fixed part of it: three minutes.
    Replay,
}
