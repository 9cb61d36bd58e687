//! How far live counts have moved from the counts of the reference; every measure is a pure function of two histograms.
//! It never sees a raw value, keeps no state, and answers `None` rather than NaN.

mod psi;

pub use psi::{Psi, psi};
