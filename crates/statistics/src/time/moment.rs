//! Timestamps as data has them, texts and numbers, as seconds since 1970; it guesses no time zone but UTC.

use super::rfc3339::UnixTime;

/// From here on a number of seconds would be a moment after the year 5138, so it is one of milliseconds, and so on by
/// thousands up to nanoseconds.
const SECONDS_MAX: f64 = 1e11;
/// A day has no leap second here, as in all numbers since 1970.
pub(super) const SECONDS_PER_DAY: f64 = 86_400.0;
/// How many of each unit make a second, from the largest unit to the smallest.
const PER_SECOND: [f64; 4] = [1.0, 1e3, 1e6, 1e9];
/// The longest text that is looked at.
const TEXT_BYTES_MAX: usize = 64;

/// The moment that a text says, in seconds since 1970: RFC 3339, or a part of it.
///
/// Without an offset it is in UTC, as data frames write it; a date alone is its midnight. `None` for anything else,
/// texts that hold a number included.
#[must_use]
pub fn from_text(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii();
    let length = text.len();
    let completed = |rest: &[u8]| {
        let mut whole = [0_u8; TEXT_BYTES_MAX];
        let end = length.checked_add(rest.len())?;
        whole.get_mut(..length)?.copy_from_slice(text);
        whole.get_mut(length..end)?.copy_from_slice(rest);
        UnixTime::from_rfc3339(whole.get(..end)?)
    };
    let time = UnixTime::from_rfc3339(text)
        .or_else(|| completed(b"Z"))
        .or_else(|| completed(b"T00:00:00Z"))?;
    Some(seconds(time))
}

/// The moment that a number says, in seconds since 1970.
///
/// A magnitude below 1e11 is one of seconds, one below 1e14 of milliseconds, one below 1e17 of microseconds, and one
/// below 1e20 of nanoseconds: moments before 1973 are only understood in seconds. `None` for larger ones, and for NaN.
#[must_use]
pub fn from_number(number: f64) -> Option<f64> {
    let magnitude = libm::fabs(number);
    let unit = PER_SECOND.into_iter().find(|per_second| magnitude < SECONDS_MAX * per_second)?;
    Some(number / unit)
}

/// Seconds since 1970 as a double, which tells microseconds apart in our time.
#[must_use]
pub fn seconds(time: UnixTime) -> f64 {
    time.seconds as f64 + f64::from(time.nanoseconds) / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<f64>) {
        assert_eq!(from_text(text.as_bytes()), expected, "{text:?}");
    }

    #[test]
    fn a_text_is_a_moment_in_utc_unless_it_says_an_offset() {
        const NOON: f64 = 1_795_608_000.0;
        check("2026-11-25T12:00:00Z", Some(NOON));
        check("2026-11-25T14:30:00+02:30", Some(NOON));
        check("2026-11-25T12:00:00", Some(NOON));
        check(" 2026-11-25 12:00:00.250 ", Some(NOON + 0.25));
        check("2026-11-25", Some(NOON - 43_200.0));
        check("1969-12-31T23:59:59.5Z", Some(-0.5));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in ["", "1795608000", "25.11.2026", "2026-11", "2026-02-30", "2026-11-25T12:00"] {
            check(text, None);
        }
        check("2026-11-25T12:00:00.000000000000000000000000000000000000000000000000000000", None);
    }

    #[test]
    fn the_size_of_a_number_says_its_unit() {
        for (number, expected) in [
            (0.0, Some(0.0)),
            (-86_400.0, Some(-86_400.0)),
            (1_795_608_000.0, Some(1_795_608_000.0)),
            (1_795_608_000.5, Some(1_795_608_000.5)),
            (1_795_608_000_250.0, Some(1_795_608_000.25)),
            (1_795_608_000_250_000.0, Some(1_795_608_000.25)),
            (1.795_608e18, Some(1_795_608_000.0)),
            (99_999_999_999.0, Some(99_999_999_999.0)),
            (1e11, Some(1e8)),
            (1e20, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(from_number(number), expected, "{number}");
        }
    }
}
