//! How long the two windows of a configuration are, which slots of their rings they cover, and what the one before is
//! called; it reads no clock.

use core::ops::Range;

use crate::{time::Timestamp, window::Ring};
use driftline_labels::{Baseline, DAY_BEFORE, WEEK_BEFORE};

/// A window slides in steps of its length divided by this, so it spans between 7/8 and 8/8 of its length.
const STEPS_PER_WINDOW: u64 = 8;

/// Half a step, in quarters.
const FRESH_SLOTS: usize = 2;

const DAY_SECONDS: u64 = 24 * 60 * 60;
const WEEK_SECONDS: u64 = 7 * DAY_SECONDS;

/// The windows of one configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WindowLengths {
    /// The length of the fast window, in seconds.
    pub window_seconds: u64,
    /// How many of these make up the slow window.
    pub slow_windows: u64,
    /// How many of these make up the season, a day or a week, that windows are compared over; 0 for none.
    pub season_windows: u64,
}

impl WindowLengths {
    /// The length of the fast window.
    #[must_use]
    pub const fn window_ns(self) -> u64 {
        self.window_seconds.saturating_mul(1_000_000_000)
    }

    /// For how long a drift must have been gone if nobody says: a quarter of the fast window.
    #[must_use]
    pub const fn recovery_seconds(self) -> u64 {
        self.window_seconds.div_ceil(4)
    }

    /// The length of a step, in whole seconds.
    #[must_use]
    pub const fn step_seconds(self) -> u64 {
        self.window_seconds.div_ceil(STEPS_PER_WINDOW)
    }

    /// The number of the whole window that a moment is in.
    #[must_use]
    pub fn window(self, at: Timestamp) -> u64 {
        at.0.checked_div(self.window_ns().max(1)).unwrap_or(0)
    }

    fn step_ns(self) -> u64 {
        self.window_ns().checked_div(STEPS_PER_WINDOW).unwrap_or(0).max(1)
    }

    /// The number of the step that a moment is in: the fast window moves when it rises.
    #[must_use]
    pub fn step(self, at: Timestamp) -> u64 {
        at.0.checked_div(self.step_ns()).unwrap_or(0)
    }

    /// When the step of a moment ends.
    #[must_use]
    pub fn step_end(self, at: Timestamp) -> Timestamp {
        Timestamp(self.step(at).saturating_add(1).saturating_mul(self.step_ns()))
    }

    fn quarter_ns(self) -> u64 {
        self.step_ns().checked_div(4).unwrap_or(1).max(1)
    }

    /// When the quarter of a step that a moment is in ends.
    #[must_use]
    pub fn quarter_end(self, at: Timestamp) -> Timestamp {
        let quarter = at.0.checked_div(self.quarter_ns()).unwrap_or(0);
        Timestamp(quarter.saturating_add(1).saturating_mul(self.quarter_ns()))
    }

    /// A ring of quarters of a step, of which half a step is looked at.
    #[must_use]
    pub fn fresh_ring(self, cells: usize, now: Timestamp) -> Ring {
        Ring::new(self.quarter_ns(), FRESH_SLOTS, cells, now)
    }

    /// A ring of steps: the fast window, and the one before it.
    #[must_use]
    pub fn fast_ring(self, cells: usize, now: Timestamp) -> Ring {
        Ring::new(self.step_ns(), slots(STEPS_PER_WINDOW.saturating_mul(2)), cells, now)
    }

    /// A ring of whole fast windows: the slow window, and two more, of which one ended a slow window earlier than the
    /// last whole one. With a season it reaches back to the slow window that is one earlier.
    #[must_use]
    pub fn slow_ring(self, cells: usize, now: Timestamp) -> Ring {
        Ring::new(self.window_ns(), slots(self.slow_slots()), cells, now)
    }

    fn slow_slots(self) -> u64 {
        let of_season = match self.season_windows {
            0 => 0,
            season => season.saturating_add(self.slow_windows),
        };
        self.slow_windows.saturating_add(2).max(of_season)
    }

    /// What all three rings take at most, in bytes.
    #[must_use]
    pub fn rings_bytes_max(self, cells: usize) -> usize {
        let fast = Ring::bytes_max(slots(STEPS_PER_WINDOW.saturating_mul(2)), cells);
        let slow = Ring::bytes_max(slots(self.slow_slots()), cells);
        fast.saturating_add(slow).saturating_add(Ring::bytes_max(FRESH_SLOTS, cells))
    }

    /// What the season takes of that.
    #[must_use]
    pub fn season_bytes_max(self, cells: usize) -> usize {
        let without = WindowLengths { season_windows: 0, ..self };
        self.rings_bytes_max(cells).saturating_sub(without.rings_bytes_max(cells))
    }

    /// The slots of the fast window in its ring.
    #[must_use]
    pub const fn fast(self) -> Range<u64> {
        0..STEPS_PER_WINDOW
    }

    /// The slots of the window before.
    #[must_use]
    pub const fn before(self) -> Range<u64> {
        STEPS_PER_WINDOW..STEPS_PER_WINDOW.saturating_mul(2)
    }

    /// The slots of the slow window in its ring.
    #[must_use]
    pub const fn slow(self) -> Range<u64> {
        0..self.slow_windows
    }

    /// The slot of the last whole fast window in the slow ring.
    #[must_use]
    pub const fn last_whole(self) -> Range<u64> {
        1..2
    }

    /// The slot of the one that ended a slow window earlier.
    #[must_use]
    pub const fn slow_before(self) -> Range<u64> {
        self.slow_windows.saturating_add(1)..self.slow_windows.saturating_add(2)
    }

    /// The label value of a baseline: a slow window of a day or a week is called so.
    #[must_use]
    pub fn word(self, baseline: Baseline) -> &'static str {
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
        let lengths = WindowLengths { window_seconds, slow_windows, season_windows: 0 };
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
    fn a_season_takes_one_coarse_ring() {
        let of = |season_windows| {
            let lengths = WindowLengths { window_seconds: 3600, slow_windows: 24, season_windows };
            lengths.season_bytes_max(20)
        };
        // Each window more has 4 bytes a cell, and a note.
        assert_eq!([of(0), of(24), of(168)], [0, 22 * 81, 166 * 81]);
    }

    #[test]
    fn a_step_ends_where_the_next_one_begins() {
        let lengths = WindowLengths { window_seconds: 800, slow_windows: 3, season_windows: 0 };
        let at = |seconds: u64| Timestamp(seconds * 1_000_000_000);
        assert_eq!((lengths.step(at(99)), lengths.step_end(at(99))), (0, at(100)));
        assert_eq!((lengths.step(at(100)), lengths.step_end(at(100))), (1, at(200)));
    }
}
