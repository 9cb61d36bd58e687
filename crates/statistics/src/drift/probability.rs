//! The few distributions that tests need: how rarely chance alone goes so far; no table, no allocation, the same bits in wasm.
//!
//! References: DLMF 8.11 and 8.9 for the incomplete gamma function; W. H. Press et al. (2007), "Numerical Recipes",
//! 3rd edition, 6.2 for where its series and its continued fraction converge, and 6.14 for Kolmogorov's two series.

use core::f64::consts::{LN_2, PI};

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

/// The natural logarithm of [`chi_square_survival`], also where that is too small for a double.
#[must_use]
pub fn chi_square_log_survival(x: f64, degrees_of_freedom: f64) -> f64 {
    if x <= 0.0 || degrees_of_freedom <= 0.0 {
        return 0.0;
    }
    let (a, x) = (degrees_of_freedom / 2.0, x / 2.0);
    if x < a + 1.0 {
        libm::log(upper_gamma(a, x))
    } else {
        log_scale(a, x) + libm::log(upper_fraction(a, x))
    }
}

/// What chi-square of so many degrees of freedom exceeds with this probability, between 0 and 1.
///
/// Found by bisection to the last bit or two: meant for once per configuration, not for every evaluation.
#[must_use]
pub fn chi_square_quantile(exceeded: f64, degrees_of_freedom: f64) -> f64 {
    quantile(exceeded, degrees_of_freedom.max(1.0), |x| chi_square_survival(x, degrees_of_freedom))
}

/// What chi-square of so many degrees of freedom, 1 at least, exceeds with a probability whose negative logarithm is `nats`,
/// 1 at least.
///
/// A few steps of Newton's method on the logarithm of the survival function. That is concave, so the steps come from one
/// side and cannot miss. A step has one logarithm or two, and no exponential where the probability is small.
#[must_use]
pub fn chi_square_beyond(nats: f64, degrees_of_freedom: f64) -> f64 {
    let a = degrees_of_freedom.max(1.0) / 2.0;
    let log_gamma = log_gamma(a);
    let mut x = a + nats;
    for _ in 0..50 {
        let log_scale = a * libm::log(x) - x - log_gamma;
        // The survival function is the scale times this, and the density the scale divided by `x`.
        let scaled = if x < a + 1.0 {
            libm::exp(-log_scale) - lower_series(a, x)
        } else {
            upper_fraction(a, x)
        };
        let step = (log_scale + libm::log(scaled) + nats) * scaled * x;
        if !step.is_finite() {
            break;
        }
        x += step;
        // Each step doubles the digits that are right.
        if libm::fabs(step) <= 1e-7 * x {
            break;
        }
    }
    2.0 * x
}

/// The quantile of `others` degrees of freedom that is exceeded as often as this one of `degrees_of_freedom`.
///
/// As costly as [`chi_square_quantile`].
#[must_use]
pub fn chi_square_of_freedom(quantile: f64, degrees_of_freedom: f64, others: f64) -> f64 {
    chi_square_quantile(chi_square_survival(quantile, degrees_of_freedom), others)
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

/// Below this the alternating series of Kolmogorov's distribution has not begun to fall; the other one falls at once.
const CROSSOVER: f64 = 1.18;

/// The natural logarithm of [`kolmogorov_survival`], also where that is too small for a double.
#[must_use]
pub fn kolmogorov_log_survival(x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x < CROSSOVER {
        return libm::log(near_one(x));
    }
    // The first term of the alternating series taken out; of the others the third is below the last bit already.
    let square = x * x;
    let others = libm::exp(-16.0 * square) - libm::exp(-6.0 * square);
    LN_2 - 2.0 * square + libm::log1p(others)
}

/// A p-value by its natural logarithm as `-log10 p`: 3 for .001. Never below 0.
#[must_use]
pub fn significance(log_p_value: f64) -> f64 {
    // Rounding may take the logarithm of 1 a little above 0.
    (-log_p_value * core::f64::consts::LOG10_E).max(0.0)
}

/// How often Kolmogorov's statistic, the distance times the root of the effective sample size, is larger than `x`.
#[must_use]
pub fn kolmogorov_survival(x: f64) -> f64 {
    libm::exp(kolmogorov_log_survival(x))
}

/// Kolmogorov's survival function below [`CROSSOVER`].
fn near_one(x: f64) -> f64 {
    let mut sum = 0.0;
    let scale = PI * PI / (8.0 * x * x);
    for k in 1..TERMS_MAX {
        let odd = 2.0 * f64::from(k) - 1.0;
        let term = libm::exp(-odd * odd * scale);
        sum += term;
        if term <= NEGLIGIBLE * sum {
            break;
        }
    }
    (1.0 - libm::sqrt(2.0 * PI) / x * sum).clamp(0.0, 1.0)
}

/// How often a standard normal variable is larger than `x`.
#[must_use]
pub fn normal_survival(x: f64) -> f64 {
    libm::erfc(x / core::f64::consts::SQRT_2) / 2.0
}

/// The regularised upper incomplete gamma function Q(a, x), for positive `a` and `x`.
fn upper_gamma(a: f64, x: f64) -> f64 {
    let scale = libm::exp(log_scale(a, x));
    if x < a + 1.0 { 1.0 - scale * lower_series(a, x) } else { scale * upper_fraction(a, x) }
}

/// The logarithm of what both the series and the fraction are to be multiplied by.
fn log_scale(a: f64, x: f64) -> f64 {
    a * libm::log(x) - x - log_gamma(a)
}

/// The logarithm of the gamma function of a positive number, by Stirling's series (DLMF 5.11.1) where that has
/// converged. `libm::lgamma`, which is for all numbers, takes 2 KB of the filter.
fn log_gamma(a: f64) -> f64 {
    const CONVERGED: f64 = 20.0;
    let (mut a, mut product) = (a, 1.0);
    while a < CONVERGED {
        product *= a;
        a += 1.0;
    }
    let square = a * a;
    let correction =
        (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square) / square) / a;
    (a - 0.5) * libm::log(a) - a + libm::log(2.0 * PI) / 2.0 + correction - libm::log(product)
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

    #[track_caller]
    fn check_log(found: f64, expected: f64) {
        let is_near = (found - expected).abs() <= 1e-12 * expected.abs().max(1.0);
        assert!(is_near, "{found:e}, expected {expected:e}");
    }

    #[test]
    fn logarithms_go_on_where_probabilities_are_no_doubles() {
        // scipy.stats.chi2.logsf(x, df); where that is -inf, and everywhere to these digits, mpmath:
        // log(gammainc(mpf(df) / 2, mpf(x) / 2, inf, regularized=True))
        for (x, degrees, expected) in [
            (0.5, 1.0, -0.735_011_129_837_084_4),
            (3.8, 1.0, -2.970_989_265_016_551),
            (30.0, 19.0, -2.960_394_881_259_197_6),
            (25.0, 99.0, -2.282_874_256_196_225e-15),
            (500.0, 2.0, -250.0),
            (2000.0, 19.0, -952.964_885_847_216_3),
            (1e5, 99.0, -49_617.857_065_575_93),
            (1e7, 3.0, -4_999_992.166_743_427),
        ] {
            check_log(chi_square_log_survival(x, degrees), expected);
        }
        // scipy.stats.kstwobign.logsf(x); where that is -inf, mpmath: the logarithm of the alternating series.
        for (x, expected) in [
            (0.5, -0.036_720_787_162_354_87),
            (0.8, -0.608_544_280_404_183_8),
            (1.1799, -2.091_416_559_156_302),
            (1.18, -2.091_888_205_588_752_7),
            (1.5, -3.806_854_190_400_080_6),
            (3.0, -17.306_852_819_440_055),
            (25.0, -1_249.306_852_819_44),
            (300.0, -179_999.306_852_819_44),
        ] {
            check_log(kolmogorov_log_survival(x), expected);
        }
        assert_eq!([0.0, -1.0].map(|x| chi_square_log_survival(x, 3.0)), [0.0; 2]);
        assert_eq!([0.0, -1.0].map(kolmogorov_log_survival), [0.0; 2]);
    }

    #[test]
    fn the_gamma_function_is_that_of_libm() {
        for half in 1..400 {
            let a = f64::from(half) / 2.0;
            check_log(log_gamma(a), libm::lgamma(a));
        }
        check_log(log_gamma(5e5), libm::lgamma(5e5));
    }

    #[test]
    fn a_significance_is_the_digits_of_a_p_value() {
        check_log(significance(libm::log(0.001)), 3.0);
        check_log(significance(chi_square_log_survival(2000.0, 19.0)), 413.867_391_371_008_3);
        assert_eq!(significance(1e-17), 0.0);
    }

    #[test]
    fn a_quantile_of_other_degrees_is_exceeded_as_often() {
        // scipy.stats.chi2.isf([0.05, 0.0002], 2), and of 1.
        for (of_two, of_one) in
            [(5.991_464_547_107_979, 3.841_458_820_694_124), (17.034_386_382_832_472, 13.831_084)]
        {
            let found = chi_square_of_freedom(of_two, 2.0, 1.0);
            assert!((found - of_one).abs() < 1e-6, "{found}, expected {of_one}");
        }
    }

    #[test]
    fn the_quantile_of_nats_is_the_quantile() {
        for degrees in [1.0, 2.0, 19.0, 98.0] {
            for nats in [1.0, 5.0, 20.0, 40.0, 300.0] {
                let (found, expected) = (
                    chi_square_beyond(nats, degrees),
                    chi_square_quantile(libm::exp(-nats), degrees),
                );
                assert!(
                    (found / expected - 1.0).abs() < 1e-8,
                    "{degrees} {nats}: {found} {expected}"
                );
            }
            assert!(!chi_square_beyond(5000.0, degrees).is_nan());
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
