//! What other tools compute of two samples, by their own formulas and defaults; nothing of it is the filter's.

use driftline_statistics::drift::probability::{chi_square_survival, kolmogorov_survival};

/// Shares below this are taken for it, as is usual where the logarithm of PSI would have none.
const SHARE_MIN: f64 = 1e-4;

/// The p-value of the test of Kolmogorov and Smirnov on two sorted samples, by its limit distribution.
#[must_use]
pub fn kolmogorov_smirnov(one: &[f64], other: &[f64]) -> f64 {
    let (n, m) = (one.len() as f64, other.len() as f64);
    let mut distance = 0.0_f64;
    walk(one, other, |_, of_one, of_other| distance = distance.max((of_one - of_other).abs()));
    kolmogorov_survival(distance * libm::sqrt(n * m / (n + m)))
}

/// Wasserstein's distance of two sorted samples.
#[must_use]
pub fn wasserstein(one: &[f64], other: &[f64]) -> f64 {
    let mut distance = 0.0;
    walk(one, other, |width, of_one, of_other| distance += width * (of_one - of_other).abs());
    distance
}

/// For each value of either sample: how far the next one lies, and the shares that are no larger.
fn walk(one: &[f64], other: &[f64], mut step: impl FnMut(f64, f64, f64)) {
    let (mut i, mut j) = (0, 0);
    let first = |at: usize, sample: &[f64]| sample.get(at).copied().unwrap_or(f64::INFINITY);
    while i < one.len() || j < other.len() {
        let x = first(i, one).min(first(j, other));
        while one.get(i) == Some(&x) {
            i += 1;
        }
        while other.get(j) == Some(&x) {
            j += 1;
        }
        let next = first(i, one).min(first(j, other));
        let width = if next.is_finite() { next - x } else { 0.0 };
        step(width, i as f64 / one.len() as f64, j as f64 / other.len() as f64);
    }
}

/// Pearson's chi-square test on two rows of counts.
#[must_use]
pub fn chi_square(one: &[u64], other: &[u64]) -> f64 {
    let (n, m) = (rows(one), rows(other));
    let (mut statistic, mut filled) = (0.0, 0.0_f64);
    for (&a, &b) in one.iter().zip(other).filter(|&(&a, &b)| a + b != 0) {
        let (a, b) = (a as f64, b as f64);
        let difference = a * libm::sqrt(m / n) - b * libm::sqrt(n / m);
        statistic += difference * difference / (a + b);
        filled += 1.0;
    }
    if filled < 2.0 { 1.0 } else { chi_square_survival(statistic, filled - 1.0) }
}

/// The population stability index.
#[must_use]
pub fn psi(reference: &[u64], live: &[u64]) -> f64 {
    let (n, m) = (rows(reference), rows(live));
    let shares = reference.iter().zip(live);
    let terms = shares.map(|(&from, &to)| {
        let (from, to) = ((from as f64 / n).max(SHARE_MIN), (to as f64 / m).max(SHARE_MIN));
        (to - from) * libm::log(to / from)
    });
    terms.sum()
}

/// The distance of Jensen and Shannon: a root, to base 2.
#[must_use]
pub fn jensen_shannon(one: &[u64], other: &[u64]) -> f64 {
    let (n, m) = (rows(one), rows(other));
    let term = |share: f64, middle: f64| {
        if share == 0.0 { 0.0 } else { share * libm::log2(share / middle) / 2.0 }
    };
    let terms = one.iter().zip(other).map(|(&a, &b)| {
        let (a, b) = (a as f64 / n, b as f64 / m);
        let middle = f64::midpoint(a, b);
        term(a, middle) + term(b, middle)
    });
    libm::sqrt(terms.sum::<f64>().max(0.0))
}

fn rows(counts: &[u64]) -> f64 {
    counts.iter().sum::<u64>() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    }

    #[test]
    fn samples_are_compared_value_by_value() {
        let (one, other) = ([0.0, 1.0, 1.0, 3.0], [1.0, 4.0]);
        // |F - G| is 1/4 from 0 to 1, 1/4 from 1 to 3, and 1/2 from 3 to 4.
        check(wasserstein(&one, &other), 0.25 + 0.5 + 0.5);
        let expected = kolmogorov_survival(0.5 * libm::sqrt(8.0 / 6.0));
        check(kolmogorov_smirnov(&one, &other), expected);
        check(wasserstein(&one, &one), 0.0);
    }

    #[test]
    fn counts_are_compared_bin_by_bin() {
        check(psi(&[50, 50], &[25, 75]), 0.25 * libm::log(3.0));
        check(jensen_shannon(&[5, 0], &[0, 7]), 1.0);
        check(jensen_shannon(&[5, 5], &[7, 7]), 0.0);
        // scipy.stats.chi2_contingency([[10, 190], [20, 80]], correction=False).statistic is 16.6666...
        check(chi_square(&[10, 190], &[20, 80]), chi_square_survival(50.0 / 3.0, 1.0));
    }
}
