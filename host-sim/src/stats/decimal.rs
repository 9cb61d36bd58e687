//! Numbers as C's `%.32g` prints them, which is how Envoy writes sums and bounds; it never rounds on its own.

/// `%.32g`: up to 32 significant digits, trailing zeros dropped.
///
/// Every `f64` has an exact decimal expansion; the digits beyond the 17th that
/// Envoy prints are that expansion and not noise.
pub(super) fn significant_32(value: f64) -> String {
    const DIGITS: i32 = 32;
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf".into() } else { "inf".into() };
    }
    let scientific = format!("{value:.31e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..DIGITS).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
    without_zeros(&format!("{value:.decimals$}")).to_string()
}

fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_envoy_prints() {
        for (value, text) in [
            (0.0, "0"),
            (0.5, "0.5"),
            (3_600_000.0, "3600000"),
            (21_945.338_112_422, "21945.338112421999539947137236595"),
            (194.871_794_871_794_87, "194.87179487179486159220687113702"),
            (0.1, "0.10000000000000000555111512312578"),
            (1e40, "1.0000000000000000303786028427004e+40"),
        ] {
            assert_eq!(significant_32(value), text);
        }
    }
}
