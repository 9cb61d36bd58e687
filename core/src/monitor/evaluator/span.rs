//! The two horizons over which windows look, and the rings that hold them; it reads no clock.

use core::ops::Range;

use driftline_statistics::{time::Timestamp, window::Ring};

/// A window slides in steps of its length divided by this, so it spans between 7/8 and 8/8 of its length.
pub const STEPS_PER_WINDOW: u64 = 8;

/// How far back a window looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Span {
    /// The window of `window_seconds`.
    Fast,
    /// `slow_windows` of these, the last one not yet whole.
    Slow,
}

impl Span {
    /// Both; a span's position here is its discriminant.
    pub const ALL: [Span; 2] = [Span::Fast, Span::Slow];

    /// The label value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Span::Fast => "fast",
            Span::Slow => "slow",
        }
    }
}

/// The windows of one configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Horizons {
    pub(crate) window_seconds: u64,
    pub(crate) slow_windows: u64,
}

impl Horizons {
    /// The length of the fast window.
    pub(crate) const fn window_ns(self) -> u64 {
        self.window_seconds.saturating_mul(1_000_000_000)
    }

    /// A ring of steps: the fast window, and the one before it.
    pub(crate) fn fast_ring(self, cells: usize, now: Timestamp) -> Ring {
        let step_ns = self.window_ns().checked_div(STEPS_PER_WINDOW).unwrap_or(0);
        Ring::new(step_ns, slots(STEPS_PER_WINDOW.saturating_mul(2)), cells, now)
    }

    /// A ring of whole fast windows: the slow window, and two more, of which one ended a slow window earlier than the
    /// last whole one.
    pub(crate) fn slow_ring(self, cells: usize, now: Timestamp) -> Ring {
        Ring::new(self.window_ns(), slots(self.slow_windows.saturating_add(2)), cells, now)
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
}

fn slots(slots: u64) -> usize {
    usize::try_from(slots).unwrap_or(usize::MAX)
}
