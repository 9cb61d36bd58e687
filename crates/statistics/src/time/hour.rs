//! Hours of the day in UTC; it knows no time zone, and reads no clock.

use super::moment::SECONDS_PER_DAY;

/// How many hours a day has.
pub const HOURS: usize = 24;
const SECONDS_PER_HOUR: f64 = 3600.0;
const LAST: u8 = 23;

/// An hour of the day in UTC, from 0 to 23.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct HourOfDay(u8);

impl HourOfDay {
    /// The hour of a moment, in seconds since 1970; `None` if it is not finite.
    #[must_use]
    pub fn of(seconds: f64) -> Option<HourOfDay> {
        if !seconds.is_finite() {
            return None;
        }
        let of_day = seconds - libm::floor(seconds / SECONDS_PER_DAY) * SECONDS_PER_DAY;
        // The cast saturates: a moment just before midnight may be rounded to it.
        let hour = libm::floor(of_day / SECONDS_PER_HOUR) as u8;
        Some(HourOfDay(hour.min(LAST)))
    }

    /// The hour of this number; `None` from 24 on.
    #[must_use]
    pub const fn new(index: u8) -> Option<HourOfDay> {
        if index <= LAST { Some(HourOfDay(index)) } else { None }
    }

    /// All of them, from midnight on.
    pub fn all() -> impl Iterator<Item = HourOfDay> {
        (0..=LAST).map(HourOfDay)
    }

    /// From 0 to 23.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: f64, hour: Option<usize>) {
        assert_eq!(HourOfDay::of(seconds).map(HourOfDay::index), hour, "{seconds}");
    }

    #[test]
    fn an_hour_is_that_of_the_day_in_utc() {
        // 2026-11-25T12:00:00Z
        const NOON: f64 = 1_795_608_000.0;
        check(NOON, Some(12));
        check(NOON - 0.001, Some(11));
        check(NOON + 3_599.999, Some(12));
        check(NOON + 43_200.0, Some(0));
        check(0.0, Some(0));
        check(86_399.9, Some(23));
    }

    #[test]
    fn before_1970_days_have_the_same_hours() {
        check(-1.0, Some(23));
        check(-86_400.0, Some(0));
        check(-1e-20, Some(23));
        check(1e300, Some(0));
        check(f64::NAN, None);
        check(f64::NEG_INFINITY, None);
    }

    #[test]
    fn a_day_has_24_of_them() {
        let all: alloc::vec::Vec<usize> = HourOfDay::all().map(HourOfDay::index).collect();
        assert_eq!(all, (0..HOURS).collect::<alloc::vec::Vec<_>>());
    }
}
