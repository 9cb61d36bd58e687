//! What a detector says after an observation; it says nothing of how it came to that.

/// What a detector has found.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Signal {
    /// Nothing.
    #[default]
    Stable,
    /// A drift may have begun. ADWIN and Page-Hinkley never say so.
    Warning,
    /// A drift. The detector forgets everything at its next observation.
    Drift,
}

/// The largest observation, in either direction. Detectors ignore larger ones, infinity and NaN, so that squares of
/// sums stay finite.
pub const VALUE_MAX: f64 = 1e100;

/// Whether a detector may observe it.
pub(super) fn is_usable(value: f64) -> bool {
    // False for NaN, too.
    libm::fabs(value) <= VALUE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_not_observed() {
        assert!([0.0, -1.0, VALUE_MAX, -VALUE_MAX].into_iter().all(is_usable));
        assert!(![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e101].into_iter().any(is_usable));
    }
}
