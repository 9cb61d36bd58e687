//! Population stability index, from the counts of the same bins on two sides; it never sees a value.
//!
//! References:
//! - S. Kullback, R. A. Leibler (1951), "On Information and Sufficiency", Annals of Mathematical
//!   Statistics 22(1): the symmetric divergence J.
//! - B. Yurdakul, J. Naranjo (2020), "Statistical properties of the population stability index",
//!   Journal of Risk Model Validation 14(4): its distribution when nothing has drifted.

/// The index together with the value that pure sampling noise would give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Psi {
    /// The index, in nats. 0 for equal shares, unbounded above.
    pub value: f64,
    /// The mean index of two samples of these sizes from one distribution.
    ///
    /// A `value` near this is what "no drift" looks like, however large it is: with 20 bins and
    /// 100 live rows the mean alone is about 0.19.
    pub expected_without_drift: f64,
}

/// Added to every count, so that a bin which one side never filled stays finite.
///
/// Half a count is the Jeffreys prior of a multinomial. It fades as samples grow, which a fixed
/// floor on the shares does not, and PromQL can compute it.
const PRIOR_COUNT: f64 = 0.5;

/// Measures how far `live` has moved from `reference`.
///
/// With shares `p` (reference) and `q` (live), each count raised by one half, the index is
/// `sum((q - p) * ln(q / p))`. It is symmetric and does not depend on the order of the bins.
///
/// # Shapes
///
/// `reference[i]` and `live[i]` are the row counts of the same bin `i`. The bins come from the
/// reference alone; letting live rows shape them would let drift hide itself.
///
/// Returns `None` if there are fewer than two bins, the lengths differ, or either side is empty
/// or counts more than 2^64 - 1 rows.
///
/// # Cost
///
/// One pass for the sums and one with two logarithms per bin; no allocation.
///
/// # Example
///
/// ```
/// use driftline_core::drift::psi;
///
/// let same = psi(&[500, 300, 200], &[50, 30, 20]).unwrap();
/// assert!(same.value < same.expected_without_drift);
///
/// let moved = psi(&[500, 300, 200], &[20, 30, 50]).unwrap();
/// assert!(0.4 < moved.value);
/// ```
#[must_use]
pub fn psi(reference: &[u64], live: &[u64]) -> Option<Psi> {
    let bins = reference.len();
    if bins != live.len() || bins < 2 {
        return None;
    }
    let reference_rows = rows(reference)? as f64;
    let live_rows = rows(live)? as f64;

    let prior_rows = PRIOR_COUNT * bins as f64;
    let reference_total = reference_rows + prior_rows;
    let live_total = live_rows + prior_rows;
    let value = reference
        .iter()
        .zip(live)
        .map(|(&reference_count, &live_count)| {
            let p = (reference_count as f64 + PRIOR_COUNT) / reference_total;
            let q = (live_count as f64 + PRIOR_COUNT) / live_total;
            // The difference of logarithms, not the logarithm of the quotient: only this form is
            // exactly symmetric in floating point. `libm`, because its bits are the same in wasm.
            (q - p) * (libm::log(q) - libm::log(p))
        })
        .sum();

    let degrees_of_freedom = bins as f64 - 1.0;
    let sampling = 1.0 / reference_rows + 1.0 / live_rows;
    Some(Psi { value, expected_without_drift: degrees_of_freedom * sampling })
}

/// The sum of the counts, if there is anything in it and it fits.
fn rows(counts: &[u64]) -> Option<u64> {
    counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count)).filter(|rows| *rows != 0)
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    #[test]
    fn equal_shares_score_zero() {
        assert_eq!(psi(&[5, 3, 2], &[5, 3, 2]).unwrap().value, 0.0);
    }

    /// The cases and their results come from numpy: see tests/data/vectors/README.md.
    #[test]
    fn known_values_of_numpy() {
        let file: Value =
            serde_json::from_str(include_str!("../../../tests/data/vectors/binned.json")).unwrap();
        let cases: BTreeMap<_, _> = file["cases"].as_object().unwrap().iter().collect();
        assert_eq!(cases.len(), 19);
        for (name, case) in cases {
            let counts = |side: &str| -> Vec<u64> {
                case[side].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect()
            };
            let expected = case["psi_laplace_0.5_both"].as_f64().unwrap();
            let found = psi(&counts("ref_counts"), &counts("cur_counts")).unwrap().value;
            assert!((found - expected).abs() < 1e-9, "{name}: {found}, expected {expected}");
        }
    }

    #[test]
    fn swapping_the_sides_changes_nothing() {
        let (a, b) = ([70, 20, 10], [30, 30, 40]);
        assert_eq!(psi(&a, &b).unwrap().value, psi(&b, &a).unwrap().value);
    }

    #[test]
    fn a_bin_never_seen_stays_finite() {
        assert!(psi(&[10, 0], &[0, 10]).unwrap().value.is_finite());
        assert!(psi(&[u64::MAX, 0], &[0, u64::MAX]).unwrap().value.is_finite());
    }

    #[test]
    fn mismatched_or_empty_input_has_no_answer() {
        assert_eq!(psi(&[1, 2], &[1, 2, 3]), None);
        assert_eq!(psi(&[10], &[10]), None);
        assert_eq!(psi(&[0, 0], &[1, 2]), None);
        assert_eq!(psi(&[1, 2], &[0, 0]), None);
        assert_eq!(psi(&[], &[]), None);
        assert_eq!(psi(&[u64::MAX, 1], &[1, 2]), None);
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
            let found = psi(&draw(reference_rows), &draw(live_rows)).unwrap();
            total += found.value;
            promised = found.expected_without_drift;
        }
        let mean = total / f64::from(rounds);
        assert!((mean / promised - 1.0).abs() < 0.05, "mean {mean}, promised {promised}");
    }
}
