//! Population stability index, with what sampling noise alone would give; it never sees a value.
//!
//! References:
//! - S. Kullback, R. A. Leibler (1951), "On Information and Sufficiency", Annals of Mathematical
//!   Statistics 22(1): the symmetric divergence J.
//! - B. Yurdakul, J. Naranjo (2020), "Statistical properties of the population stability index",
//!   Journal of Risk Model Validation 14(4): its distribution when nothing has drifted.

use super::Histograms;

/// The index together with what pure sampling noise would give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Psi {
    /// The index, in nats. 0 for equal shares, unbounded above.
    pub value: f64,
    /// The mean index of two samples of these sizes from one distribution.
    ///
    /// A `value` near this is what "no drift" looks like, however large it is: with 20 bins and
    /// 100 live rows the mean alone is about 0.19.
    pub expected_without_drift: f64,
    /// The index without drift, divided by this, is distributed as chi-square with one degree of freedom less than
    /// there are bins: see [`Psi::critical`].
    sampling: f64,
}

impl Psi {
    /// The value that two samples of these sizes from one distribution exceed as rarely as chi-square exceeds
    /// `chi_square_quantile`, whose degrees of freedom are the bins less one.
    ///
    /// Holds from about ten live rows per bin on; below that it is exceeded more rarely than promised.
    #[must_use]
    pub fn critical(&self, chi_square_quantile: f64) -> f64 {
        self.sampling * chi_square_quantile
    }
}

/// Measures how far the live rows have moved.
///
/// With shares `p` (reference) and `q` (live), each count raised by one half, the index is
/// `sum((q - p) * ln(q / p))`. It is symmetric and does not depend on the order of the bins.
///
/// # Cost
///
/// One pass with two logarithms per bin; no allocation.
///
/// # Example
///
/// ```
/// use driftline_statistics::drift::{Histograms, psi};
///
/// let same = psi(&Histograms::new(&[500, 300, 200], &[50, 30, 20]).unwrap());
/// assert!(same.value < same.expected_without_drift);
///
/// let moved = psi(&Histograms::new(&[500, 300, 200], &[20, 30, 50]).unwrap());
/// assert!(0.4 < moved.value);
/// // 5.99 is what chi-square with two degrees of freedom exceeds in 5 % of all cases.
/// assert!(moved.critical(5.99) < moved.value);
/// ```
#[must_use]
pub fn psi(histograms: &Histograms<'_>) -> Psi {
    let value = histograms
        .raised_shares()
        // The difference of logarithms, not the logarithm of the quotient: only this form is
        // exactly symmetric in floating point. `libm`, because its bits are the same in wasm.
        .map(|(p, q)| (q - p) * (libm::log(q) - libm::log(p)))
        .sum();
    let degrees_of_freedom = histograms.bins() as f64 - 1.0;
    let sampling = 1.0 / histograms.reference_rows() + 1.0 / histograms.live_rows();
    Psi { value, expected_without_drift: degrees_of_freedom * sampling, sampling }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    fn of(reference: &[u64], live: &[u64]) -> Psi {
        psi(&Histograms::new(reference, live).unwrap())
    }

    #[test]
    fn equal_shares_score_zero() {
        assert_eq!(of(&[5, 3, 2], &[5, 3, 2]).value, 0.0);
    }

    #[test]
    fn swapping_the_sides_changes_nothing() {
        let (a, b) = ([70, 20, 10], [30, 30, 40]);
        assert_eq!(of(&a, &b).value, of(&b, &a).value);
    }

    #[test]
    fn a_bin_never_seen_stays_finite() {
        assert!(of(&[10, 0], &[0, 10]).value.is_finite());
        assert!(of(&[u64::MAX, 0], &[0, u64::MAX]).value.is_finite());
    }

    /// Draws many pairs of samples from one distribution and checks that the promised mean is the
    /// mean one sees.
    #[test]
    fn expectation_without_drift_matches_simulation() {
        let (bins, reference_rows, live_rows, rounds) = (20, 10_000, 1_000, 400);
        let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut draw = |rows: usize| -> Vec<u64> {
            let mut counts = vec![0; bins];
            for _ in 0..rows {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                counts[(seed % bins as u64) as usize] += 1;
            }
            counts
        };
        let (mut total, mut promised) = (0.0, 0.0);
        for _ in 0..rounds {
            let found = of(&draw(reference_rows), &draw(live_rows));
            total += found.value;
            promised = found.expected_without_drift;
        }
        let mean = total / f64::from(rounds);
        assert!((mean / promised - 1.0).abs() < 0.05, "mean {mean}, promised {promised}");
    }
}
