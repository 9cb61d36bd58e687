//! Reads and writes moments as RFC 3339 spells them (`2026-11-25T12:00:00Z`); it knows no calendar but the Gregorian, and no clock.

use core::fmt;

/// The longest fraction of a second that is looked at; further digits are read and dropped.
const FRACTION_DIGITS_MAX: usize = 9;
const SECONDS_PER_DAY: i64 = 86_400;

/// A moment as time since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct UnixTime {
    /// Whole seconds, negative before 1970.
    pub seconds: i64,
    /// What is added to them, under 1,000,000,000.
    pub nanoseconds: u32,
}

impl UnixTime {
    /// The moment so many nanoseconds after 1970 began, as hosts tell the time.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: u64) -> UnixTime {
        UnixTime {
            seconds: (nanoseconds / 1_000_000_000).cast_signed(),
            nanoseconds: (nanoseconds % 1_000_000_000) as u32,
        }
    }

    /// Reads a date and time with its offset from UTC, as RFC 3339, section 5.6 has it.
    ///
    /// `t` and `z` may be small letters and a space may stand for the `T`, which the RFC allows. A fraction may have any
    /// number of digits, of which nine count. Second 60, a leap second, is the next minute's second 0. `None` for
    /// anything else, days that a month has not included.
    #[must_use]
    pub fn from_rfc3339(text: &[u8]) -> Option<UnixTime> {
        let mut text = Text(text);
        let year = text.digits(4)?;
        text.one_of(b"-")?;
        let month = text.digits(2)?;
        text.one_of(b"-")?;
        let day = text.digits(2)?;
        if !(1..=12).contains(&month) || day < 1 || days_in_month(year, month) < day {
            return None;
        }
        text.one_of(b"Tt ")?;
        let hour = text.digits(2).filter(|hour| *hour < 24)?;
        text.one_of(b":")?;
        let minute = text.digits(2).filter(|minute| *minute < 60)?;
        text.one_of(b":")?;
        let second = text.digits(2).filter(|second| *second <= 60)?;
        let nanoseconds = if text.one_of(b".").is_some() { text.fraction()? } else { 0 };
        let offset_minutes = match text.one_of(b"Zz+-")? {
            sign @ (b'+' | b'-') => {
                let hours = text.digits(2).filter(|hours| *hours < 24)?;
                text.one_of(b":")?;
                let minutes = text.digits(2).filter(|minutes| *minutes < 60)?;
                let minutes = hours.saturating_mul(60).saturating_add(minutes);
                if sign == b'+' { minutes } else { minutes.saturating_neg() }
            }
            _ => 0,
        };
        if !text.0.is_empty() {
            return None;
        }
        let seconds = days_since_1970(year, month, day)
            .saturating_mul(SECONDS_PER_DAY)
            .saturating_add(hour.saturating_mul(3600))
            .saturating_add(minute.saturating_mul(60))
            .saturating_add(second)
            .saturating_sub(offset_minutes.saturating_mul(60));
        Some(UnixTime { seconds, nanoseconds })
    }
}

impl fmt::Display for UnixTime {
    /// Writes the moment in UTC to the second, which is what [`UnixTime::from_rfc3339`] reads back.
    ///
    /// Years beyond 9999 have more digits and are not RFC 3339 any more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, day] = date(self.seconds.div_euclid(SECONDS_PER_DAY));
        let second = self.seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
    }
}

/// What is left to read.
struct Text<'t>(&'t [u8]);

impl Text<'_> {
    /// The number that exactly `count` digits make.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0_i64, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| digit.saturating_sub(b'0'))?;
            number.checked_mul(10)?.checked_add(i64::from(digit))
        })
    }

    /// The next byte, if it is one of these; else it stays.
    fn one_of(&mut self, allowed: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        allowed.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// Nanoseconds from the digits after the point, of which there is at least one.
    fn fraction(&mut self) -> Option<u32> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) =
            self.0.split_at_checked(count).filter(|(digits, _)| !digits.is_empty())?;
        self.0 = rest;
        let padded = digits.iter().chain(core::iter::repeat(&b'0')).take(FRACTION_DIGITS_MAX);
        Some(padded.fold(0_u32, |number, digit| {
            number.saturating_mul(10).saturating_add(u32::from(digit.saturating_sub(b'0')))
        }))
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date (H. Hinnant, `chrono`-Compatible Low-Level Date Algorithms, `days_from_civil`).
///
/// Years begin in March there, so that the leap day is a year's last day.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year.saturating_sub(1) } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = month.saturating_add(9) % 12;
    let day_of_year = (month_from_march.saturating_mul(153).saturating_add(2) / 5)
        .saturating_add(day)
        .saturating_sub(1);
    let day_of_era = year_of_era
        .saturating_mul(365)
        .saturating_add(year_of_era / 4)
        .saturating_sub(year_of_era / 100)
        .saturating_add(day_of_year);
    era.saturating_mul(146_097).saturating_add(day_of_era).saturating_sub(719_468)
}

/// Year, month and day that many days after 1970-01-01 (the same, `civil_from_days`).
fn date(days: i64) -> [i64; 3] {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = day_of_era
        .saturating_sub(day_of_era / 1_460)
        .saturating_add(day_of_era / 36_524)
        .saturating_sub(day_of_era / 146_096)
        / 365;
    let day_of_year = day_of_era
        .saturating_sub(year_of_era.saturating_mul(365))
        .saturating_sub(year_of_era / 4)
        .saturating_add(year_of_era / 100);
    let month_from_march = day_of_year.saturating_mul(5).saturating_add(2) / 153;
    let day = day_of_year
        .saturating_sub(month_from_march.saturating_mul(153).saturating_add(2) / 5)
        .saturating_add(1);
    let month = (month_from_march.saturating_add(2) % 12).saturating_add(1);
    let year = era.saturating_mul(400).saturating_add(year_of_era);
    [if month <= 2 { year.saturating_add(1) } else { year }, month, day]
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    /// The seconds are those of GNU `date --utc --date=TEXT +%s`.
    #[track_caller]
    fn check(text: &str, expected: Option<(i64, u32)>) {
        let found = UnixTime::from_rfc3339(text.as_bytes());
        assert_eq!(found.map(|time| (time.seconds, time.nanoseconds)), expected, "{text:?}");
    }

    #[test]
    fn moments_are_seconds_since_1970() {
        check("1970-01-01T00:00:00Z", Some((0, 0)));
        check("2026-11-25T12:00:00Z", Some((1_795_608_000, 0)));
        check("2000-02-29T23:59:59Z", Some((951_868_799, 0)));
        check("1969-12-31T23:59:59Z", Some((-1, 0)));
        check("9999-12-31T23:59:59Z", Some((253_402_300_799, 0)));
        check("0000-01-01T00:00:00Z", Some((-62_167_219_200, 0)));
        check("2100-03-01T00:00:00Z", Some((4_107_542_400, 0)));
    }

    #[test]
    fn offsets_and_fractions_count() {
        check("2026-11-25T14:30:00+02:30", Some((1_795_608_000, 0)));
        check("2026-11-25T04:00:00-08:00", Some((1_795_608_000, 0)));
        check("1970-01-01T00:00:00+23:59", Some((-86_340, 0)));
        check("2026-11-25t12:00:00.5z", Some((1_795_608_000, 500_000_000)));
        check("2026-11-25 12:00:00.0000000019Z", Some((1_795_608_000, 1)));
        check("2016-12-31T23:59:60Z", Some((1_483_228_800, 0)));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "2026-11-25",
            "2026-11-25T12:00Z",
            "2026-11-25T12:00:00",
            "2026-11-25T12:00:00Zz",
            "2026-11-25T12:00:00.Z",
            "2026-11-25T12:00:00+0200",
            "2026-11-25T12:00:00+24:00",
            "2026-11-25T24:00:00Z",
            "2026-11-25T12:60:00Z",
            "2026-11-25T12:00:61Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-04-00T00:00:00Z",
            "+026-04-01T00:00:00Z",
            "２026-04-01T00:00:00Z",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn every_day_of_eight_centuries_reads_back() {
        let mut expected = (1600, 1, 1);
        for day in -135_140..157_054 {
            let seconds = day * SECONDS_PER_DAY + 3_723;
            let text = format!("{}", UnixTime { seconds, nanoseconds: 7 });
            let (year, month, day) = expected;
            assert_eq!(text, format!("{year:04}-{month:02}-{day:02}T01:02:03Z"));
            check(&text, Some((seconds, 0)));
            expected = if day < days_in_month(year, month) {
                (year, month, day + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
        }
        assert_eq!(expected, (2400, 1, 1));
    }
}
