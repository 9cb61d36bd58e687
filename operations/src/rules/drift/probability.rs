//! How rarely chance goes so far, as PromQL: it has neither a gamma function nor loops, so series are written out to as
//! many terms as they need. The same functions in a proxy are those of `crates/statistics/src/drift/probability.rs`.

use std::f64::consts::PI;

use driftline_statistics::drift::probability::chi_square_quantile;

/// How far the argument of Stirling's series is moved up.
const STIRLING_FROM: u32 = 4;
/// Levels of the continued fraction for p-values: from where it is used on, it is off by a part in a million of the p-value
/// at most, for up to 99 degrees of freedom.
const LEVELS: u32 = 15;
/// Terms of the series below that, for no bins. One more for every other bin keeps it exact to a part in ten million.
const TERMS: usize = 16;
/// Below this Kolmogorov's distribution has the series of theta functions, above it the alternating one; three terms of
/// either are exact to 1e-11 here.
const CROSSOVER: f64 = 1.18;
/// No statistic of so few rows is as small; its p-value is 1.
const KOLMOGOROV_LEAST: f64 = 0.1;

/// The negative logarithm of how often twice a gamma variable of this shape, a chi-square of twice as many degrees of
/// freedom, exceeds twice `x`: by Legendre's continued fraction, where `x` is more than `shape + 1`.
pub(super) fn chi_square_tail_nats(x: &str, shape: &str, levels: u32) -> String {
    let mut fraction = format!("({x} - {shape} + {})", levels.saturating_mul(2).saturating_add(1));
    for level in (1..=levels).rev() {
        let odd = level.saturating_mul(2).saturating_sub(1);
        fraction =
            format!("({x} - {shape} + {odd} - {level} * ({level} - {shape})\n  / {fraction})");
    }
    format!("{}\n  + ln{fraction}", scale_nats(x, shape))
}

/// The same for any `x`, infinity included: below `shape + 1` by the series of the lower incomplete gamma function, with
/// enough terms for this many bins.
pub(super) fn chi_square_nats(x: &str, shape: &str, bins: usize) -> String {
    let terms = TERMS.saturating_add(bins / 2);
    let mut series = "1".to_owned();
    for term in (1..=terms).rev() {
        series = match term {
            _ if term == terms => format!("(1 + {x} / ({shape} + {term}))"),
            _ => format!("(1 + {x} / ({shape} + {term})\n  * {series})"),
        };
    }
    // Beyond this it no longer matters, and infinity less infinity is no number.
    let far = format!("clamp_max({x}, 1e6)");
    format!(
        "(clamp_min({tail}, 0)\n  and {x} > {shape} + 1)\n\
         or -ln(1 - exp(-({scale})) / {shape}\n  * {series})",
        tail = chi_square_tail_nats(&far, shape, LEVELS),
        scale = scale_nats(x, shape),
    )
}

/// The negative logarithm of `x^shape e^-x / gamma(shape)`.
fn scale_nats(x: &str, shape: &str) -> String {
    // Stirling's series for the logarithm of the gamma function, some places further up.
    let z = format!("({shape} + {STIRLING_FROM})");
    let stirling = format!(
        "({z} - 0.5) * ln({z}) - {z} + {half_log_of_two_pi} + 1 / (12 * {z}) - 1 / (360 * {z} ^ 3) + 1 / (1260 * {z} ^ 5)",
        half_log_of_two_pi = 0.918_938_533_204_672_8,
    );
    let steps: Vec<String> = (0..STIRLING_FROM).map(|step| format!("({shape} + {step})")).collect();
    format!("{x} - {shape} * ln({x})\n  + {stirling}\n  - ln({})", steps.join(" * "))
}

/// The negative logarithm of how often Kolmogorov's variable exceeds this.
pub(super) fn kolmogorov_nats(x: &str) -> String {
    let square = format!("{x} ^ 2");
    let alternating = format!(
        "2 * {square} - {ln_2} - ln(1 - exp(-6 * {square}) + exp(-16 * {square}))",
        ln_2 = std::f64::consts::LN_2
    );
    let least = format!("clamp_min({x}, {KOLMOGOROV_LEAST})");
    let terms = [1.0, 9.0, 25.0].map(|odd| {
        let exponent = odd * PI * PI / 8.0;
        format!("exp(-{exponent} / {least} ^ 2)")
    });
    let theta = format!("{} / {least} * ({})", (2.0 * PI).sqrt(), terms.join(" + "));
    format!("({alternating} and {x} >= {CROSSOVER})\nor clamp_min(-ln(1 - {theta}), 0)")
}

/// What chi-square exceeds with this probability, for each sample of `degrees`, a whole number of 1 to `most`.
pub(super) fn chi_square_quantiles(exceeded: f64, degrees: &str, most: usize) -> String {
    let of = |freedom: usize| {
        let quantile = chi_square_quantile(exceeded, freedom as f64);
        format!("clamp({degrees} == {freedom}, {quantile}, {quantile})")
    };
    let all: Vec<String> = (1..=most.max(1)).map(of).collect();
    all.join("\n  or ")
}
