//! Total variation distance of two histograms; it does not know the order of the bins.
//!
//! Reference: A. L. Gibbs, F. E. Su (2002), "On Choosing and Bounding Probability Metrics", International Statistical
//! Review 70(3).

use super::{Compared, Histograms};

/// `sum(|p - q|) / 2`, from 0 to 1: the share of rows that would have to change bins. One pass.
#[must_use]
pub fn total_variation(histograms: &Histograms<'_>) -> f64 {
    let differences: f64 = histograms.shares().map(|(p, q)| libm::fabs(p - q)).sum();
    differences / 2.0
}

/// The distance.
pub(super) fn values(compared: &Compared<'_>) -> [f64; 1] {
    [compared.histograms().map_or(0.0, |both| total_variation(&both))]
}
