//! How far cargo has compiled, read from its progress bar, and about how long the rest takes. It compiles nothing
//! itself, and never counts what cargo has counted.

use std::time::Duration;

/// How cargo's bar says that it compiles; other bars fetch.
const COMPILING: &str = "Building [";
/// Before this share is compiled, and this much time has passed, an estimate would be a guess.
const SHARE_MIN: f64 = 0.1;
const ELAPSED_MIN: Duration = Duration::from_secs(5);
/// Fewer units than this say nothing about each other.
const UNITS_MIN: usize = 20;

/// What cargo's progress bar says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bar {
    /// Units that are compiled, those from an earlier run included. A unit is a library, a binary or a build script.
    pub done: usize,
    /// All units.
    pub total: usize,
    /// Units that are being compiled now, as cargo lists them.
    pub active: String,
}

impl Bar {
    /// Reads cargo's bar, `Building [==>   ] 12/345: serde, syn(build.rs)`, without colours. `None` for any other line.
    #[must_use]
    pub fn read(line: &str) -> Option<Bar> {
        let (_, state) = line.trim().strip_prefix(COMPILING)?.split_once("] ")?;
        let (counts, active) = state.split_once(": ").unwrap_or((state, ""));
        let (done, total) = counts.trim_end_matches(':').split_once('/')?;
        Some(Bar {
            done: done.trim().parse().ok()?,
            total: total.trim().parse().ok()?,
            active: active.trim().to_owned(),
        })
    }
}

/// Follows the bars of one cargo command. Time is given, not read.
#[derive(Debug, Default)]
pub struct Progress {
    /// Units that an earlier run had compiled: cargo counts them as done within the first moments.
    fresh: Option<usize>,
    last: Option<Bar>,
}

impl Progress {
    /// Takes the next bar over.
    pub fn advance(&mut self, bar: Bar) {
        self.fresh.get_or_insert(bar.done);
        self.last = Some(bar);
    }

    /// What to say of the last bar, `elapsed` after the start; `None` before the first one.
    #[must_use]
    pub fn describe(&self, elapsed: Duration) -> Option<String> {
        let Bar { done, total, active } = self.last.as_ref()?;
        let mut text = format!("{done} of {total} units compiled after {}", spoken(elapsed));
        if let Some(rest) = self.remaining(elapsed) {
            text += &format!(", about {} left", spoken(rounded(rest)));
        }
        if !active.is_empty() {
            text += &format!("; now {active}");
        }
        Some(text)
    }

    /// About how long the rest takes, or `None` while that would be a guess.
    fn remaining(&self, elapsed: Duration) -> Option<Duration> {
        let bar = self.last.as_ref()?;
        let fresh = self.fresh?;
        let units = bar.total.checked_sub(fresh).filter(|units| UNITS_MIN <= *units)?;
        let share = bar.done.checked_sub(fresh)? as f64 / units as f64;
        if share < SHARE_MIN || elapsed < ELAPSED_MIN {
            return None;
        }
        Some(elapsed.mul_f64(1.0 / share_of_time(share) - 1.0))
    }
}

/// The share of time after which this share of the units is compiled, in a build from nothing.
///
/// Units are not alike: many small ones come first, and the workspace's own crates, which are large, come last. The
/// form and the numbers are fitted to a cold build of this workspace on two cores; 1.0 gives exactly 1.0.
fn share_of_time(share_of_units: f64) -> f64 {
    0.65 * share_of_units.powf(1.3) + 0.35 * share_of_units.powi(12)
}

/// A number of seconds that does not pretend to be exact.
fn rounded(duration: Duration) -> Duration {
    let step = match duration.as_secs() {
        0..20 => 5,
        20..120 => 10,
        120..600 => 30,
        _ => 60,
    };
    Duration::from_secs(duration.as_secs().div_ceil(step).max(1) * step)
}

/// A duration for people: `45 s`, `2 min 5 s`.
#[must_use]
pub fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(done: usize, total: usize, active: &str) -> Bar {
        Bar { done, total, active: active.to_owned() }
    }

    #[test]
    fn a_bar_is_read_as_cargo_prints_it() {
        for (line, expected) in [
            (
                "    Building [===>       ] 2/12: anyhow(build), cfg-if      ",
                Some(bar(2, 12, "anyhow(build), cfg-if")),
            ),
            ("    Building [           ] 0/345", Some(bar(0, 345, ""))),
            ("    Building [==========>] 345/345: ", Some(bar(345, 345, ""))),
            (" Downloading [====>      ] 3/9: serde", None),
            ("   Compiling serde v1.0.229", None),
            ("    Building [===>       ] soon", None),
        ] {
            assert_eq!(Bar::read(line), expected, "{line}");
        }
    }

    #[test]
    fn nothing_is_said_before_there_is_a_bar() {
        assert_eq!(Progress::default().describe(Duration::from_secs(1)), None);
    }

    #[test]
    fn an_estimate_waits_until_it_can_be_one() {
        let mut progress = Progress::default();
        progress.advance(bar(0, 300, "libc(build.rs)"));
        let early = progress.describe(Duration::from_secs(2)).unwrap();
        assert_eq!(early, "0 of 300 units compiled after 2 s; now libc(build.rs)");
        progress.advance(bar(150, 300, "syn, cranelift-codegen"));
        let later = progress.describe(Duration::from_secs(65)).unwrap();
        assert_eq!(
            later,
            "150 of 300 units compiled after 1 min 5 s, about 3 min 30 s left; now syn, cranelift-codegen"
        );
    }

    #[test]
    fn units_of_an_earlier_run_say_nothing_of_the_rest() {
        let mut progress = Progress::default();
        progress.advance(bar(200, 300, "a"));
        progress.advance(bar(205, 300, "b"));
        assert_eq!(progress.remaining(Duration::from_secs(60)), None, "5 of 100 units");
        progress.advance(bar(250, 300, "b"));
        let half = progress.remaining(Duration::from_secs(60)).unwrap();
        assert!((60..300).contains(&half.as_secs()), "{half:?}");

        let mut few = Progress::default();
        few.advance(bar(290, 300, "a"));
        few.advance(bar(299, 300, "b"));
        assert_eq!(few.remaining(Duration::from_secs(60)), None, "ten units are too few");
    }

    #[test]
    fn the_curve_rises_from_nothing_to_all_and_nothing_is_left_then() {
        assert!((share_of_time(1.0) - 1.0).abs() < 1e-12);
        let shares: Vec<f64> =
            (1..=10).map(|tenth| share_of_time(f64::from(tenth) / 10.0)).collect();
        assert!(shares.is_sorted(), "{shares:?}");
        let mut progress = Progress::default();
        progress.advance(bar(0, 300, ""));
        progress.advance(bar(300, 300, ""));
        assert_eq!(progress.remaining(Duration::from_secs(60)), Some(Duration::ZERO));
    }

    #[test]
    fn a_duration_is_rounded_and_spoken() {
        for (seconds, expected) in
            [(3, "5 s"), (19, "20 s"), (61, "1 min 10 s"), (130, "2 min 30 s"), (1201, "21 min")]
        {
            assert_eq!(spoken(rounded(Duration::from_secs(seconds))), expected);
        }
    }
}
