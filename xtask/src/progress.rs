//! Reads from cargo's progress bar how far it has compiled, and estimates the rest. It never runs or counts anything
//! itself.

use std::time::Duration;

/// The start of the bar while cargo compiles. Other bars are about downloads.
const COMPILING: &str = "Building [";
/// There is no estimate before this share of the units is compiled and this much time has passed.
const SHARE_MIN: f64 = 0.1;
const ELAPSED_MIN: Duration = Duration::from_secs(5);
/// There is no estimate for fewer units than this.
const UNITS_MIN: usize = 20;

/// A state of cargo's progress bar.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bar {
    /// Finished units, including those of earlier runs. A unit is a library, a binary or a build script.
    pub done: usize,
    /// All units.
    pub total: usize,
    /// Units in progress, as cargo lists them.
    pub active: String,
}

impl Bar {
    /// Reads `Building [==>   ] 12/345: serde, syn(build.rs)`, without colours. `None` for any other line.
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

/// The progress of one cargo command. It has no clock.
#[derive(Debug, Default)]
pub struct Progress {
    /// Units of earlier runs: cargo counts them as done before it draws the first bar.
    fresh: Option<usize>,
    last: Option<Bar>,
}

impl Progress {
    /// Records the next bar.
    pub fn advance(&mut self, bar: Bar) {
        self.fresh.get_or_insert(bar.done);
        self.last = Some(bar);
    }

    /// A description of the last bar, `elapsed` after the start. `None` before the first bar.
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

    /// About how long the rest takes. `None` while too little is known.
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

/// The share of the time that a cold build takes for this share of its units.
///
/// Units differ: many small ones come first, and the workspace's own crates, which are large, come last. The form and
/// the numbers are fitted to a cold build of this workspace on two cores; 1.0 gives exactly 1.0.
fn share_of_time(share_of_units: f64) -> f64 {
    0.7 * share_of_units.powf(1.6) + 0.3 * share_of_units.powi(40)
}

/// Rounds up to a step that grows with the duration.
fn rounded(duration: Duration) -> Duration {
    let step = match duration.as_secs() {
        0..20 => 5,
        20..120 => 10,
        120..600 => 30,
        _ => 60,
    };
    Duration::from_secs(duration.as_secs().div_ceil(step).max(1) * step)
}

/// A duration in words: `45 s`, `2 min 5 s`.
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
    fn nothing_is_reported_before_the_first_bar() {
        assert_eq!(Progress::default().describe(Duration::from_secs(1)), None);
    }

    #[test]
    fn there_is_no_estimate_before_enough_is_known() {
        let mut progress = Progress::default();
        progress.advance(bar(0, 300, "libc(build.rs)"));
        let early = progress.describe(Duration::from_secs(2)).unwrap();
        assert_eq!(early, "0 of 300 units compiled after 2 s; now libc(build.rs)");
        progress.advance(bar(150, 300, "syn, cranelift-codegen"));
        let later = progress.describe(Duration::from_secs(65)).unwrap();
        assert_eq!(
            later,
            "150 of 300 units compiled after 1 min 5 s, about 4 min left; now syn, cranelift-codegen"
        );
    }

    #[test]
    fn units_of_an_earlier_run_do_not_enter_the_estimate() {
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
    fn the_curve_rises_to_one_where_nothing_is_left() {
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
    fn a_duration_is_rounded_and_put_in_words() {
        for (seconds, expected) in
            [(3, "5 s"), (19, "20 s"), (61, "1 min 10 s"), (130, "2 min 30 s"), (1201, "21 min")]
        {
            assert_eq!(spoken(rounded(Duration::from_secs(seconds))), expected);
        }
    }
}
