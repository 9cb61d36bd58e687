//! Spans of time as Prometheus writes them, true or shortened for rehearsals. It knows no rule.

use std::num::NonZeroU32;

/// How many times shorter than true every span is written, so that an alert of hours is rehearsed in seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeScale(NonZeroU32);

const UNITS: [(u64, &str); 5] =
    [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];

impl TimeScale {
    /// Spans as they are.
    pub const TRUE: TimeScale = TimeScale(NonZeroU32::MIN);

    /// Spans divided by this.
    #[must_use]
    pub fn divided_by(times: NonZeroU32) -> TimeScale {
        TimeScale(times)
    }

    /// Whether spans are true.
    #[must_use]
    pub fn is_true(self) -> bool {
        self == TimeScale::TRUE
    }

    /// This many true seconds, in one unit: `1h`, `90s`, `1250ms`. A millisecond at least.
    #[must_use]
    pub fn span(self, seconds: u64) -> String {
        let milliseconds = (seconds.saturating_mul(1000) / u64::from(self.0.get())).max(1);
        let whole = UNITS.into_iter().find(|(unit, _)| milliseconds.is_multiple_of(*unit));
        let (unit, name) = whole.unwrap_or((1, "ms"));
        format!("{}{name}", milliseconds / unit)
    }

    /// This many true seconds, in shortened ones.
    #[must_use]
    pub fn seconds(self, seconds: f64) -> f64 {
        seconds / f64::from(self.0.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_the_largest_unit_that_divides_it() {
        for (seconds, expected) in
            [(5400, "90m"), (3600, "1h"), (300, "5m"), (259_200, "3d"), (15, "15s"), (0, "1ms")]
        {
            assert_eq!(TimeScale::TRUE.span(seconds), expected);
        }
    }

    #[test]
    fn a_rehearsal_shortens_all_alike() {
        let rehearsal = TimeScale::divided_by(NonZeroU32::new(240).unwrap());
        for (seconds, expected) in [(3600, "15s"), (300, "1250ms"), (259_200, "18m")] {
            assert_eq!(rehearsal.span(seconds), expected);
        }
        assert!((rehearsal.seconds(120.0) - 0.5).abs() < 1e-12);
    }
}
