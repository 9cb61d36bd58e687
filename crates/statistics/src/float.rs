//! What floats become as counts, and their powers of two; it knows nothing of what they measure.

/// As `libm::round`, of a number that is not negative, in a third of the instructions of wasm, which has none for it. The
/// cast saturates, and takes NaN to 0.
pub(crate) fn rounded(x: f64) -> u64 {
    let whole = x as u64;
    whole.saturating_add(u64::from(0.5 <= x - whole as f64))
}

/// The power of two at or below the size of a number, to the bit; 0 below the smallest normal number.
#[must_use]
pub fn power_of_two(x: f64) -> f64 {
    /// The exponent of a double.
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    f64::from_bits(x.to_bits() & EXPONENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_rounded_as_libm_does() {
        for x in [0.0, 0.25, 0.5, 0.75, 1.5, 2.5, 999_999.5, 1e15 + 0.5, 1e300, f64::INFINITY] {
            assert_eq!(rounded(x), libm::round(x) as u64, "{x}");
        }
        for x in [f64::NAN, -0.0, -0.5, -3.0] {
            assert_eq!(rounded(x), 0, "{x}");
        }
        assert_eq!(rounded(0.5_f64.next_down()), 0);
    }

    #[test]
    fn a_power_of_two_is_that_of_the_size() {
        let found = [1.0, 1.9, -3.0, 0.3, 1e-320].map(power_of_two);
        assert_eq!(found, [1.0, 1.0, 2.0, 0.25, 0.0]);
    }
}
