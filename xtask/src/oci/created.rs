//! When an image says that it was created. It never asks a clock.

use std::{env, fmt, process::Command};

use anyhow::{Context, Result};

use crate::{
    paths,
    process::{output, say},
};

/// Beyond it, the year 2242, the header of a tar archive has no place for a time.
const SECONDS_MAX: u64 = (1 << 33) - 1;

/// A moment in whole seconds since 1970, UTC. It is shown as RFC 3339 has it: `1970-01-01T00:00:00Z`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Created(u64);

impl Created {
    /// `SOURCE_DATE_EPOCH` if it is set, otherwise the time of the commit that is checked out, otherwise 1970.
    ///
    /// # Errors
    ///
    /// If `SOURCE_DATE_EPOCH` is no number of seconds.
    pub fn find() -> Result<Created> {
        if let Some(given) = env::var_os("SOURCE_DATE_EPOCH") {
            let given = given.to_string_lossy();
            return Created::parse(&given).with_context(|| {
                format!("SOURCE_DATE_EPOCH is `{given}`: allowed are the seconds since 1970, up to {SECONDS_MAX}")
            });
        }
        let mut git = Command::new("git");
        git.current_dir(paths::root()).args(["log", "-1", "--format=%ct"]);
        let of_commit = output(&mut git).ok().and_then(|printed| Created::parse(&printed));
        Ok(of_commit.unwrap_or_else(|| {
            say("no commit is checked out, so the images are dated 1970; SOURCE_DATE_EPOCH sets another time");
            Created(0)
        }))
    }

    fn parse(text: &str) -> Option<Created> {
        text.parse().ok().filter(|seconds| *seconds <= SECONDS_MAX).map(Created)
    }

    pub(super) fn seconds(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0 / 86_400, self.0 % 86_400);
        let (year, month, day) = date(days);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Year, month and day of a number of days since 1970. After "chrono-Compatible Low-Level Date Algorithms" (Howard
/// Hinnant): years begin in March, so that the leap day is the last one, and 400 of them repeat.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    // From the first of March of the year 0.
    let days = days + 719_468;
    let day_of_era = days % DAYS_OF_400_YEARS;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = days / DAYS_OF_400_YEARS * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are those of `date --utc --date @SECONDS`.
    #[test]
    fn a_moment_is_shown_as_rfc_3339_has_it() {
        let cases = [
            ("0", "1970-01-01T00:00:00Z"),
            ("68169600", "1972-02-29T00:00:00Z"),
            ("951868799", "2000-02-29T23:59:59Z"),
            ("951868800", "2000-03-01T00:00:00Z"),
            ("1796075101", "2026-11-30T21:45:01Z"),
            ("4107542400", "2100-03-01T00:00:00Z"),
            ("8589934591", "2242-03-16T12:56:31Z"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(Created::parse(seconds).unwrap().to_string(), expected, "{seconds}");
        }
    }

    #[test]
    fn what_is_no_number_of_seconds_is_refused() {
        for text in ["", "-1", "1.5", "now", "8589934592"] {
            assert_eq!(Created::parse(text), None, "{text}");
        }
    }
}
