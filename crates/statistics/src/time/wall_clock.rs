//! What the time of day was at moments of a host's clock, which counts from anywhere; it reads no clock.

use super::{Timestamp, rfc3339::UnixTime};

/// A difference that is no correction of the clock, but what passes between two looks at two clocks.
const NOISE_NS: u64 = 1_000_000_000;

/// How far the wall clock is ahead of [`Timestamp`]s.
///
/// Timestamps are of a clock that nobody sets, so that spans are right. In Envoy it counts from when the machine started.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WallClock {
    /// In nanoseconds.
    ahead: i64,
}

impl WallClock {
    /// By what both clocks say at once.
    #[must_use]
    pub fn at(now: Timestamp, wall: UnixTime) -> WallClock {
        let wall =
            wall.seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(wall.nanoseconds));
        WallClock { ahead: wall.saturating_sub(i64::try_from(now.0).unwrap_or(i64::MAX)) }
    }

    /// The newer one if the wall clock was set since, and else this one, by which moments do not waver.
    #[must_use]
    pub fn updated(self, newer: WallClock) -> WallClock {
        if self.ahead.abs_diff(newer.ahead) < NOISE_NS { self } else { newer }
    }

    /// Seconds since 1970 at a moment; negative before.
    #[must_use]
    pub fn seconds(self, at: Timestamp) -> f64 {
        // Apart, because together they have more digits than a double.
        let (ahead, part) =
            (self.ahead.div_euclid(1_000_000_000), self.ahead.rem_euclid(1_000_000_000));
        ahead as f64 + (part as f64 / 1e9 + at.seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_a_time_of_day_whatever_their_clock_counts_from() {
        let wall = UnixTime { seconds: 1_795_608_000, nanoseconds: 250_000_000 };
        let clock = WallClock::at(Timestamp(3_000_000_000), wall);
        assert_eq!(clock.seconds(Timestamp(3_000_000_000)), 1_795_608_000.25);
        assert_eq!(clock.seconds(Timestamp(0)), 1_795_607_997.25);
        let early = WallClock::at(Timestamp(u64::MAX), UnixTime { seconds: -5, nanoseconds: 0 });
        assert!(early.seconds(Timestamp(0)) < 0.0);
        assert_eq!(WallClock::default().seconds(Timestamp(1_500_000_000)), 1.5);
    }

    #[test]
    fn only_a_clock_that_was_set_is_followed() {
        let of = |ahead| WallClock { ahead };
        assert_eq!(of(0).updated(of(900_000_000)), of(0));
        assert_eq!(of(0).updated(of(-1_000_000_000)), of(-1_000_000_000));
    }
}
