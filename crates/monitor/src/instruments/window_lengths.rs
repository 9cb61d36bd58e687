//! How long the two windows of a configuration are, which slots of their rings they cover, and what the one before is
//! called; it reads no clock.

use core::ops::Range;

use driftline_labels::{Baseline, DAY_BEFORE, WEEK_BEFORE};
use driftline_statistics::{time::Timestamp, window::Ring};

/// A window slides in steps of its length divided by this, so it spans between 7/8 and 8/8 of its length.
const STEPS_PER_WINDOW: u64 = 8;

const DAY_SECONDS: u64 = 24 * 60 * 60;
const WEEK_SECONDS: u64 = 7 * DAY_SECONDS;

/// The windows of one configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct WindowLengths {
    pub(crate) window_seconds: u64,
    pub(crate) slow_windows: u64,
}

impl WindowLengths {
    /// The length of the fast window.
    pub(crate) const fn window_ns(self) -> u64 {
        self.window_seconds.saturating_mul(1_000_000_000)
    }

    fn step_ns(self) -> u64 {
        self.window_ns().checked_div(STEPS_PER_WINDOW).unwrap_or(0).max(1)
    }

    /// The number of the step that a moment is in: the fast window moves when it rises.
    pub(crate) fn step(self, at: Timestamp) -> u64 {
        at.0.checked_div(self.step_ns()).unwrap_or(0)
    }

    /// When the step of a moment ends.
    pub(crate) fn step_end(self, at: Timestamp) -> Timestamp {
        Timestamp(self.step(at).saturating_add(1).saturating_mul(self.step_ns()))
    }

    /// A ring of steps: the fast window, and the one before it.
    pub(crate) fn fast_ring(self, cells: usize, now: Timestamp) -> Ring {
        Ring::new(self.step_ns(), slots(STEPS_PER_WINDOW.saturating_mul(2)), cells, now)
    }

    /// A ring of whole fast windows: the slow window, and two more, of which one ended a slow window earlier than the
    /// last whole one.
    pub(crate) fn slow_ring(self, cells: usize, now: Timestamp) -> Ring {
        Ring::new(self.window_ns(), slots(self.slow_windows.saturating_add(2)), cells, now)
    }

    /// What both rings take at most, in bytes.
    pub(crate) fn rings_bytes_max(self, cells: usize) -> usize {
        let fast = Ring::bytes_max(slots(STEPS_PER_WINDOW.saturating_mul(2)), cells);
        fast.saturating_add(Ring::bytes_max(slots(self.slow_windows.saturating_add(2)), cells))
    }

    /// The slots of the fast window in its ring.
    pub(crate) const fn fast(self) -> Range<u64> {
        0..STEPS_PER_WINDOW
    }

    /// The slots of the window before.
    pub(crate) const fn before(self) -> Range<u64> {
        STEPS_PER_WINDOW..STEPS_PER_WINDOW.saturating_mul(2)
    }

    /// The slots of the slow window in its ring.
    pub(crate) const fn slow(self) -> Range<u64> {
        0..self.slow_windows
    }

    /// The slot of the last whole fast window in the slow ring.
    pub(crate) const fn last_whole(self) -> Range<u64> {
        1..2
    }

    /// The slot of the one that ended a slow window earlier.
    pub(crate) const fn slow_before(self) -> Range<u64> {
        self.slow_windows.saturating_add(1)..self.slow_windows.saturating_add(2)
    }

    /// The label value of a baseline: a slow window of a day or a week is called so.
    pub(crate) fn word(self, baseline: Baseline) -> &'static str {
        match (baseline, self.window_seconds.saturating_mul(self.slow_windows)) {
            (Baseline::SlowWindowBefore, DAY_SECONDS) => DAY_BEFORE,
            (Baseline::SlowWindowBefore, WEEK_SECONDS) => WEEK_BEFORE,
            (baseline, _) => baseline.name(),
        }
    }
}

fn slots(slots: u64) -> usize {
    usize::try_from(slots).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(window_seconds: u64, slow_windows: u64, word: &str) {
        let lengths = WindowLengths { window_seconds, slow_windows };
        assert_eq!(Baseline::ALL.map(|it| lengths.word(it)), ["training", "window_before", word]);
    }

    #[test]
    fn a_day_is_called_a_day_and_a_week_a_week() {
        check(3600, 24, "day_before");
        check(7200, 12, "day_before");
        check(3600, 168, "week_before");
        check(86_400, 7, "week_before");
        check(3600, 23, "slow_window_before");
        check(60, 24, "slow_window_before");
    }

    #[test]
    fn a_step_ends_where_the_next_one_begins() {
        let lengths = WindowLengths { window_seconds: 800, slow_windows: 3 };
        let at = |seconds: u64| Timestamp(seconds * 1_000_000_000);
        assert_eq!((lengths.step(at(99)), lengths.step_end(at(99))), (0, at(100)));
        assert_eq!((lengths.step(at(100)), lengths.step_end(at(100))), (1, at(200)));
    }
}
