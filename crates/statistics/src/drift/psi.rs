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
    /// The index without drift, less [`Psi::unfilled`] and divided by this, is distributed as chi-square with
    /// [`Histograms::degrees_of_freedom`].
    sampling: f64,
    /// What the bins that the reference leaves empty add to the index while they stay so: half a count is another share
    /// of few rows than of many.
    unfilled: f64,
}

impl Psi {
    /// The value that two samples of these sizes from one distribution exceed as rarely as chi-square exceeds
    /// `chi_square_quantile`, whose degrees of freedom are [`Histograms::degrees_of_freedom`].
    ///
    /// Bins that the reference leaves empty are no degree of freedom: without drift they stay empty, and add a constant.
    /// Holds from about ten live rows per filled bin on; below that it is exceeded more rarely than promised.
    #[must_use]
    pub fn critical(&self, chi_square_quantile: f64) -> f64 {
        self.sampling * chi_square_quantile + self.unfilled
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
    let value = histograms.raised_shares().map(term).sum();
    let sampling = 1.0 / histograms.reference_rows() + 1.0 / histograms.live_rows();
    let unfilled = histograms.unfilled() * term(histograms.raised_share_of_none());
    let expected_without_drift = histograms.degrees_of_freedom() * sampling + unfilled;
    Psi { value, expected_without_drift, sampling, unfilled }
}

/// What a bin of these shares adds to the index.
fn term((p, q): (f64, f64)) -> f64 {
    // The difference of logarithms, not the logarithm of the quotient: only this form is
    // exactly symmetric in floating point. `libm`, because its bits are the same in wasm.
    (q - p) * (libm::log(q) - libm::log(p))
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use driftline_random::Random;

    use super::*;
    use crate::drift::probability::chi_square_quantile;

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

    /// Rows of bins with these shares of 16.
    fn draw(random: &mut Random, rows: u64, sixteenths: &[usize], bins: usize) -> Vec<u64> {
        let by_word: Vec<usize> =
            sixteenths.iter().enumerate().flat_map(|(bin, &share)| vec![bin; share]).collect();
        let mut counts = vec![0; bins];
        let mut word = 0;
        for row in 0..rows {
            // A word is enough for sixteen rows.
            word = if row % 16 == 0 { random.word() } else { word >> 4 };
            counts[by_word[(word % 16) as usize]] += 1;
        }
        counts
    }

    /// How often windows of the reference's own law are beyond the critical value of 5 %, with bins that neither fills.
    #[track_caller]
    fn check_critical(sixteenths: &[usize], bins: usize, reference_rows: u64, live_rows: u64) {
        let mut random = Random::new(reference_rows + live_rows + bins as u64);
        let (references, windows) = (if reference_rows < 2000 { 8_000 } else { 400 }, 8_000);
        let (mut beyond, mut mean) = (0, 0.0);
        for _ in 0..references {
            let reference = draw(&mut random, reference_rows, sixteenths, bins);
            for _ in 0..windows / references {
                let live = draw(&mut random, live_rows, sixteenths, bins);
                let histograms = Histograms::new(&reference, &live).unwrap();
                let quantile = chi_square_quantile(0.05, histograms.degrees_of_freedom());
                let found = psi(&histograms);
                beyond += u32::from(found.critical(quantile) < found.value);
                mean += found.value / found.expected_without_drift / f64::from(windows);
            }
        }
        let share = f64::from(beyond) / f64::from(windows);
        let case = std::format!("{sixteenths:?} in {bins} bins, {reference_rows}, {live_rows}");
        assert!((0.04..=0.06).contains(&share), "{case}: {share}");
        assert!((0.95..=1.05).contains(&mean), "{case}: {mean} of the mean that was promised");
    }

    #[test]
    fn bins_that_the_reference_leaves_empty_do_not_hide_drift() {
        // A flag, with `other`.
        for (reference_rows, live_rows) in
            [(500, 500), (1000, 200), (10_000, 500), (10_000, 100), (300, 900)]
        {
            check_critical(&[4, 12], 3, reference_rows, live_rows);
        }
        // Categories, some of which are only in the schema, and values.
        check_critical(&[4, 4, 3, 3, 2], 9, 10_000, 500);
        check_critical(&[2; 8], 9, 1000, 500);
    }

    #[test]
    fn a_constant_has_room_for_its_noise_and_sees_what_is_new() {
        for rows in [60, 1000, 100_000] {
            let of = |new| of(&[20_000, 0], &[rows - new, new]);
            let critical = of(0).critical(chi_square_quantile(0.05, 1.0));
            assert!(of(0).value < critical, "{rows}");
            assert!(critical < of(rows / 20).value, "{rows}");
        }
    }
}
