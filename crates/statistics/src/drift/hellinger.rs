//! Hellinger distance of two histograms; it needs no smoothing.
//!
//! Reference: E. Hellinger (1909), "Neue Begründung der Theorie quadratischer Formen von unendlichvielen
//! Veränderlichen", Journal für die reine und angewandte Mathematik 136.

use super::{Compared, Histograms};

/// `sqrt(sum((sqrt(p) - sqrt(q))^2) / 2)`, from 0 for equal shares to 1 for none in common. One pass.
#[must_use]
pub fn hellinger(histograms: &Histograms<'_>) -> f64 {
    let squares: f64 = histograms
        .shares()
        .map(|(p, q)| {
            let difference = libm::sqrt(p) - libm::sqrt(q);
            difference * difference
        })
        .sum();
    libm::sqrt(squares / 2.0)
}

/// The distance.
pub(super) fn values(compared: &Compared<'_>) -> [f64; 1] {
    [compared.histograms().map_or(0.0, |both| hellinger(&both))]
}
