//! The few distributions that tests need: how rarely chance alone goes so far; no table, no allocation, the same bits in wasm.
//!
//! References: DLMF 8.11 and 8.9 for the incomplete gamma function; W. H. Press et al. (2007), "Numerical Recipes",
//! 3rd edition, 6.2 for where its series and its continued fraction converge, and 6.14 for Kolmogorov's two series.

use core::f64::consts::PI;

/// Terms after which a series is given up; the slowest one here converges in about as many as the square root of its
/// parameter times ten.
const TERMS_MAX: u32 = 10_000;
/// What no longer changes a sum of doubles.
const NEGLIGIBLE: f64 = 1e-17;
/// Stands in for 0 in Lentz' method.
const TINY: f64 = 1e-300;

/// How often chi-square of so many degrees of freedom is larger than `x`. 1 for `x` of 0 or less.
#[must_use]
pub fn chi_square_survival(x: f64, degrees_of_freedom: f64) -> f64 {
    if x <= 0.0 || degrees_of_freedom <= 0.0 {
        return 1.0;
    }
    upper_gamma(degrees_of_freedom / 2.0, x / 2.0)
}

/// What chi-square of so many degrees of freedom exceeds with this probability, between 0 and 1.
///
/// Found by bisection to the last bit or two: meant for once per configuration, not for every evaluation.
#[must_use]
pub fn chi_square_quantile(exceeded: f64, degrees_of_freedom: f64) -> f64 {
    quantile(exceeded, degrees_of_freedom.max(1.0), |x| chi_square_survival(x, degrees_of_freedom))
}

/// What a standard normal variable exceeds with this probability, between 0 and one half.
///
/// Found in the same way.
#[must_use]
pub fn normal_quantile(exceeded: f64) -> f64 {
    quantile(exceeded, 1.0, normal_survival)
}

/// Where a survival function that falls from 0 on goes below `exceeded`; looked for up to `high`, then beyond.
fn quantile(exceeded: f64, mut high: f64, survival: impl Fn(f64) -> f64) -> f64 {
    let mut low = 0.0;
    while exceeded < survival(high) && high < 1e6 {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if middle <= low || high <= middle {
            break;
        }
        if exceeded < survival(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// How often Kolmogorov's statistic, the distance times the root of the effective sample size, is larger than `x`.
#[must_use]
pub fn kolmogorov_survival(x: f64) -> f64 {
    // Below this the alternating series has not begun to fall; the other one falls at once.
    const CROSSOVER: f64 = 1.18;
    if x <= 0.0 {
        return 1.0;
    }
    let mut sum = 0.0;
    if x < CROSSOVER {
        let scale = PI * PI / (8.0 * x * x);
        for k in 1..TERMS_MAX {
            let odd = 2.0 * f64::from(k) - 1.0;
            let term = libm::exp(-odd * odd * scale);
            sum += term;
            if term <= NEGLIGIBLE * sum {
                break;
            }
        }
        return (1.0 - libm::sqrt(2.0 * PI) / x * sum).clamp(0.0, 1.0);
    }
    for k in 1..TERMS_MAX {
        let index = f64::from(k);
        let term = libm::exp(-2.0 * index * index * x * x);
        sum += if k % 2 == 1 { term } else { -term };
        if term <= NEGLIGIBLE * sum {
            break;
        }
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

/// How often a standard normal variable is larger than `x`.
#[must_use]
pub fn normal_survival(x: f64) -> f64 {
    libm::erfc(x / core::f64::consts::SQRT_2) / 2.0
}

/// The regularised upper incomplete gamma function Q(a, x), for positive `a` and `x`.
fn upper_gamma(a: f64, x: f64) -> f64 {
    let scale = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 { 1.0 - scale * lower_series(a, x) } else { scale * upper_fraction(a, x) }
}

/// The series of P(a, x), less its scale.
fn lower_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    let mut next = a;
    for _ in 0..TERMS_MAX {
        next += 1.0;
        term *= x / next;
        sum += term;
        if term <= NEGLIGIBLE * sum {
            break;
        }
    }
    sum
}

/// The continued fraction of Q(a, x), less its scale, by Lentz' method.
fn upper_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut value = d;
    for i in 1..TERMS_MAX {
        let index = f64::from(i);
        let numerator = -index * (index - a);
        b += 2.0;
        d = away_from_zero(numerator * d + b);
        c = away_from_zero(b + numerator / c);
        d = 1.0 / d;
        let factor = d * c;
        value *= factor;
        if libm::fabs(factor - 1.0) < 1e-16 {
            break;
        }
    }
    value
}

fn away_from_zero(x: f64) -> f64 {
    if libm::fabs(x) < TINY { TINY } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hangs_or_leaves_its_range_on_odd_arguments() {
        for x in [-1.0, 0.0, 1e-300, 1e-3, 1.0, 1e3, 1e9, 1e300, f64::INFINITY, f64::NAN] {
            for degrees in [0.0, 0.5, 1.0, 99.0, 1e6] {
                let survival = chi_square_survival(x, degrees);
                assert!(
                    survival.is_nan() || (-1e-9..=1.0 + 1e-9).contains(&survival),
                    "{x} {degrees}: {survival}"
                );
            }
            let survival = kolmogorov_survival(x);
            assert!(survival.is_nan() || (0.0..=1.0).contains(&survival), "{x}: {survival}");
        }
    }

    #[test]
    fn quantiles_and_survivals_are_each_others_inverse() {
        for degrees in [1.0, 2.0, 9.0, 19.0, 98.0] {
            for exceeded in [0.5, 0.1, 0.05, 0.01, 1e-6] {
                let back = chi_square_survival(chi_square_quantile(exceeded, degrees), degrees);
                assert!((back / exceeded - 1.0).abs() < 1e-10, "{degrees} {exceeded}: {back}");
            }
        }
    }
}
