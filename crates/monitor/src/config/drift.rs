//! What an operator may say about windows, measures and verdicts; it judges nothing.

use alloc::{string::String, vec::Vec};
use core::ops::RangeInclusive;

use super::table::{Number, Shown, Then, Whole, Words, list, settings};
use driftline_statistics::drift::Measure;

/// What `slow_windows` may be: up to a week of hours.
pub const SLOW_WINDOWS: RangeInclusive<u64> = 2..=168;
/// What `rows_min` may be.
pub const ROWS_MIN: RangeInclusive<u64> = 1..=1_000_000_000;
/// What `material_psi` may be.
pub const MATERIAL_PSI: RangeInclusive<f64> = 0.001..=100.0;

settings! {
    /// How drift is detected, for all models.
    pub struct Drift reads DriftFields at "" {
        /// How many windows of `window_seconds` make up the slow window.
        slow_windows: u64 = Whole(SLOW_WINDOWS), [or 24], "12";
        /// How many rows a window must have to be judged.
        rows_min: Option<u64> = Whole(ROWS_MIN), [optional "20 for each bin of the feature"], "500";
        /// The PSI from which a drift that is beyond chance is material.
        material_psi: f64 = Number(MATERIAL_PSI), [or 0.1], "0.25";
        /// The measures that are exported in addition to PSI; `[]` for none.
        measures: Vec<Measure> = Then(Words(measures), in_order), [or Measure::ALL.to_vec()],
            r#"["jensen_shannon", "null_ratio"]"#;
    }
}

fn measures() -> Vec<(&'static str, Measure)> {
    Measure::ALL.map(|measure| (measure.word(), measure)).into()
}

/// Each of these once, in the order of [`Measure::ALL`].
fn in_order(listed: Vec<Measure>) -> Vec<Measure> {
    Measure::ALL.into_iter().filter(|measure| listed.contains(measure)).collect()
}

impl Shown for Vec<Measure> {
    fn shown(&self) -> String {
        list(self.iter().map(|measure| measure.word()))
    }
}
