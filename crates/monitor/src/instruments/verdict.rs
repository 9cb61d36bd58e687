//! Whether a window has drifted: both beyond chance and by enough to matter; it keeps no state.

use driftline_labels::{EnumMap, Verdict};
use driftline_statistics::{
    drift::{Compared, NullCounts, null_ratio, psi},
    profile::Quantiles,
};

use super::{DriftSettings, Evaluation};
use crate::model::{Cells, MonitoredColumn};
use driftline_metrics::{buffer::MetricBuffer, series::SeriesId};

/// How many rows of a window there must be for each bin if the configuration does not say. From about ten on the
/// critical value of PSI is what it promises.
const ROWS_PER_BIN: u64 = 20;

/// By how much the share of rows without a value must change to matter.
const MATERIAL_NULL_CHANGE: f64 = 0.05;

/// What a window is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thresholds {
    pub(crate) rows_min: u64,
    pub(crate) material_psi: f64,
    pub(crate) chi_square: Quantiles,
    /// The standard errors beyond which the share of rows without a value has changed, all columns of the model
    /// accounted for.
    pub(crate) null_z: f64,
}

/// A judged window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judged {
    /// 0 for an empty window.
    pub(crate) psi: f64,
    /// What chance exceeds in 5 % of all windows.
    pub(crate) critical: f64,
    pub(crate) verdict: Verdict,
}

impl Thresholds {
    /// Those of a column of the model at hand.
    pub(super) fn of(column: &MonitoredColumn, evaluation: &Evaluation<'_>) -> Thresholds {
        let DriftSettings { rows_min, material_psi, .. } = *evaluation.settings;
        let bins = u64::try_from(column.reference.len()).unwrap_or(u64::MAX);
        Thresholds {
            rows_min: rows_min.unwrap_or(bins.saturating_mul(ROWS_PER_BIN)),
            material_psi,
            chi_square: column.chi_square,
            null_z: evaluation.model.null_z,
        }
    }

    /// Judges a window. Two logarithms per bin.
    ///
    /// PSI is judged if the bins hold `rows_min` rows, the share of rows without a value if all rows are as many: a
    /// feature that only comes as null has drifted, although its bins are empty.
    pub(crate) fn judge(&self, it: &Compared<'_>) -> Judged {
        let found = it.histograms().map(|both| psi(&both));
        let (psi, critical) = found.map_or((0.0, 0.0), |found| {
            (found.value, found.critical(self.chi_square.five_percent))
        });
        let NullCounts { nulls, rows } = it.live_presence;
        let has_values = self.rows_min <= rows.saturating_sub(nulls);
        let has_rows = self.rows_min <= rows;
        let has_moved = found.is_some_and(|found| {
            found.critical(self.chi_square.family) < found.value && self.material_psi <= found.value
        });
        let has_lost_values =
            null_ratio(it.reference_presence, it.live_presence).is_some_and(|it| {
                self.null_z < libm::fabs(it.z) && MATERIAL_NULL_CHANGE <= libm::fabs(it.change)
            });
        let verdict = if (has_values && has_moved) || (has_rows && has_lost_values) {
            Verdict::Drift
        } else if has_values {
            Verdict::Ok
        } else {
            Verdict::Insufficient
        };
        Judged { psi, critical, verdict }
    }
}

/// Live rows of a column, by cell, beside its reference.
pub(super) fn compared<'a>(
    column: &'a MonitoredColumn,
    cells: Cells,
    sums: &'a [u64],
) -> Compared<'a> {
    let (live, nulls, live_tail_distance) = cells.split(sums);
    Compared {
        reference: &column.reference,
        live,
        scale: column.scale.as_ref(),
        live_tail_distance,
        reference_presence: column.reference_presence,
        live_presence: NullCounts { nulls, rows: rows(live).saturating_add(nulls) },
    }
}

/// All rows of some bins.
pub(super) fn rows(bins: &[u64]) -> u64 {
    bins.iter().fold(0, |sum, &count| sum.saturating_add(count))
}

/// One gauge for each verdict.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerdictGauges(pub(super) EnumMap<Verdict, SeriesId>);

impl VerdictGauges {
    /// Makes this one hold, and no other.
    pub(super) fn set(&self, buffer: &mut MetricBuffer, verdict: Verdict) {
        for (other, id) in self.0 {
            buffer.set(id, u64::from(other == verdict));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three bins of 1,000 rows each and 100 rows without a value; at least 60 rows.
    #[track_caller]
    fn check(live: [u64; 3], nulls: u64, verdict: Verdict) {
        let thresholds = Thresholds {
            rows_min: 60,
            material_psi: 0.1,
            // scipy.stats.chi2.isf([0.05, 0.01, 0.001], 2)
            chi_square: Quantiles { five_percent: 5.991, one_percent: 9.210, family: 13.816 },
            null_z: 3.29,
        };
        let rows = live.iter().sum::<u64>() + nulls;
        let compared = Compared {
            reference: &[1000, 1000, 1000],
            live: &live,
            scale: None,
            live_tail_distance: [0, 0],
            reference_presence: NullCounts { nulls: 100, rows: 3100 },
            live_presence: NullCounts { nulls, rows },
        };
        let found = thresholds.judge(&compared);
        assert_eq!(found.verdict, verdict, "{live:?} and {nulls} nulls: {found:?}");
    }

    #[test]
    fn few_rows_are_not_judged() {
        check([0, 0, 0], 0, Verdict::Insufficient);
        check([59, 0, 0], 0, Verdict::Insufficient);
        check([60, 0, 0], 0, Verdict::Drift);
        check([20, 20, 20], 0, Verdict::Ok);
    }

    #[test]
    fn a_drift_is_beyond_chance_and_material() {
        check([30, 20, 10], 0, Verdict::Ok);
        check([3000, 2000, 1000], 0, Verdict::Drift);
        check([110_000, 100_000, 90_000], 0, Verdict::Ok);
    }

    #[test]
    fn a_feature_that_is_always_null_has_drifted_without_a_value() {
        check([0, 0, 0], 60, Verdict::Drift);
        check([0, 0, 0], 59, Verdict::Insufficient);
        check([300, 300, 300], 100, Verdict::Drift);
        check([300, 300, 300], 70, Verdict::Ok);
        check([3000, 3000, 3000], 500, Verdict::Ok);
    }
}
