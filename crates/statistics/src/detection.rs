//! Whether a column has drifted: one decision from several lengths of window, whose false alarms are rationed for a model
//! and a day. It sees counts only, and knows no metric and no host.
//!
//! Live rows are looked at over several lengths, from a quarter of a step to the slow window: [`Length`]. A length has
//! drifted if something is beyond chance ([`evidence`]) and matters ([`Materiality`]), both for the same length.
//!
//! Evidence is counted in nats: the negative logarithm of how often chance alone goes so far. [`Budget`] says how many
//! nats a finding needs, so that all looks at all lengths of all columns together raise so many false alarms a day and no
//! more. Rows that come in clusters are fewer than they seem: [`Overdispersion`] says by which factor. [`Holding`] keeps a
//! verdict until what it says has been gone for a while. [`Detector`] puts these together for one column.

mod budget;
mod detector;
pub mod evidence;
mod holding;
mod judge;
mod kpi;
mod lengths;
mod materiality;
mod mixture;
mod overdispersion;
mod reference;
mod rows;
mod season;
mod window_lengths;

pub use crate::counts::total;

pub use self::{
    budget::Budget,
    detector::{Detector, LookScratch, Looked, Looking},
    evidence::TwoShares,
    holding::{Holding, Turned},
    judge::{Judge, Limits, ROWS_MIN},
    lengths::Length,
    materiality::{Materiality, ShareChange, debiased_psi, debiased_wasserstein},
    overdispersion::{ASSUMED, ASSUMED_DEGREES, Clusters, Overdispersion, SURPRISE_MAX},
    reference::{Reference, reasons},
    rows::{Cells, LiveRows, ReferenceRows},
    season::SeasonScratch,
    window_lengths::WindowLengths,
};
