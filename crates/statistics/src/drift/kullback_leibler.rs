//! Kullback-Leibler divergence, both ways; it is no distance, and neither way is the other one's sign.
//!
//! Reference: S. Kullback, R. A. Leibler (1951), "On Information and Sufficiency", Annals of Mathematical Statistics
//! 22(1).

use super::{Compared, Histograms};

/// The divergence in nats, each count raised by one half so that it is finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KullbackLeibler {
    /// `sum(q * ln(q / p))`: what it costs to take live rows for reference rows. Large where live rows fall in bins
    /// that the reference hardly has.
    pub live_from_reference: f64,
    /// `sum(p * ln(p / q))`: large where live rows have left bins of the reference.
    pub reference_from_live: f64,
}

/// Measures both ways in one pass with two logarithms per bin. Their sum is the PSI.
#[must_use]
pub fn kullback_leibler(histograms: &Histograms<'_>) -> KullbackLeibler {
    let mut both = KullbackLeibler { live_from_reference: 0.0, reference_from_live: 0.0 };
    for (p, q) in histograms.raised_shares() {
        let log_ratio = libm::log(q) - libm::log(p);
        both.live_from_reference += q * log_ratio;
        both.reference_from_live -= p * log_ratio;
    }
    both
}

/// Live from reference, and the reverse.
pub(super) fn values(compared: &Compared<'_>) -> [f64; 2] {
    let found = compared.histograms().map(|both| kullback_leibler(&both));
    found.map_or([0.0; 2], |it| [it.live_from_reference, it.reference_from_live])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::psi;

    #[test]
    fn both_ways_together_are_the_psi() {
        let histograms = Histograms::new(&[70, 20, 10], &[3, 0, 4]).unwrap();
        let both = kullback_leibler(&histograms);
        let sum = both.live_from_reference + both.reference_from_live;
        assert!((sum - psi(&histograms).value).abs() < 1e-12);
        assert!(0.0 < both.live_from_reference && 0.0 < both.reference_from_live);
    }
}
