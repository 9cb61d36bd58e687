//! Jensen-Shannon distance; it needs no smoothing, because its middle is empty only where both sides are.
//!
//! Reference: J. Lin (1991), "Divergence Measures Based on the Shannon Entropy", IEEE Transactions on Information
//! Theory 37(1); that its square root is a metric: D. M. Endres, J. E. Schindelin (2003), ibid. 49(7).

use super::{Compared, Histograms};

/// The distance: the square root of the divergence in nats, from 0 to `sqrt(ln 2)`, about 0.8326.
///
/// Beware of three things called by this name: the distance in nats (this one, SciPy's and Evidently's), the distance
/// in bits (1.2011 times as large) and the divergence (its square).
///
/// One pass with three logarithms per bin.
#[must_use]
pub fn jensen_shannon(histograms: &Histograms<'_>) -> f64 {
    // 0 * ln(0) is 0, by the limit.
    let term = |share: f64, middle: f64| {
        if share == 0.0 { 0.0 } else { share * (libm::log(share) - libm::log(middle)) }
    };
    let divergence: f64 = histograms
        .shares()
        .map(|(p, q)| {
            let middle = (p + q) / 2.0;
            (term(p, middle) + term(q, middle)) / 2.0
        })
        .sum();
    // Rounding may leave equal sides a little below 0.
    libm::sqrt(divergence.max(0.0))
}

/// The distance.
pub(super) fn values(compared: &Compared<'_>) -> [f64; 1] {
    [compared.histograms().map_or(0.0, |both| jensen_shannon(&both))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_from_zero_to_the_root_of_ln_2() {
        let of = |reference, live| jensen_shannon(&Histograms::new(reference, live).unwrap());
        assert_eq!(of(&[3, 5, 0], &[30, 50, 0]), 0.0);
        assert!((of(&[3, 0], &[0, 9]) - libm::sqrt(core::f64::consts::LN_2)).abs() < 1e-15);
    }
}
