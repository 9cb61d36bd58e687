//! ADWIN, adaptive windowing: has the mean of a stream changed anywhere in the longest window that has one mean? It
//! never keeps an observation, only sums over more of them the older they are.
//!
//! The window is cut in two at each boundary of its buckets. If the means of both parts differ by more than chance
//! allows, the oldest bucket is dropped, and all boundaries are looked at again.
//!
//! Fed one by one, the detector decides as river 0.26.1 does. A [`Batch`] enters as one bucket of its own size, so a
//! tick costs the same whatever traffic it had. The order within a batch is lost, so a change is found at the end of a
//! tick.
//!
//! The bound is one for observations from 0 to 1. It has two terms: one is a multiple of the window's deviation, and
//! one is absolute. Divide other numbers by a scale first, so that most of them are between 0 and 1: five standard
//! deviations are a good one. Of much smaller numbers no change is large enough. Of much larger ones the absolute term
//! protects from nothing: log-normal errors with a sigma of 1 raise several false alarms in a million rows as they are,
//! and none divided by five standard deviations. Even heavier tails always raise some.
//!
//! Reference: A. Bifet, R. Gavaldà (2007), "Learning from Time-Changing Data with Adaptive Windowing", Proceedings of
//! the 2007 SIAM International Conference on Data Mining.

mod batch;
mod window;

#[cfg(test)]
mod tests;

pub use self::{
    batch::Batch,
    window::{Bucket, LEVELS_MAX, Window},
};

use super::signal::{Signal, is_usable};

/// What it takes to signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How often a cut of one window may be taken for a change by chance, between 0 and 1: 0.002.
    pub delta: f64,
    /// The window is looked at once in this many observations: 32. Fed by batches, at most once a batch.
    pub clock: u32,
    /// How many buckets each level holds, from 1 to [`Settings::BUCKETS_MAX`]: 5.
    pub buckets_max: u8,
    /// The fewest observations on either side of a cut: 5.
    pub part_min: u32,
    /// A window of no more observations than this is not looked at: 10.
    pub grace: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { delta: 0.002, clock: 32, buckets_max: 5, part_min: 5, grace: 10 }
    }
}

impl Settings {
    /// The most that `buckets_max` can be.
    pub const BUCKETS_MAX: u8 = 64;

    fn are_valid(&self) -> bool {
        0.0 < self.delta
            && self.delta < 1.0
            && self.clock != 0
            && (1..=Settings::BUCKETS_MAX).contains(&self.buckets_max)
    }

    /// What detectors with these settings take at most, in bytes: 6,648 by default.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        size_of::<Adwin>().saturating_add(Window::heap_bytes_max(self.buckets_max))
    }
}

/// The detector.
///
/// # Cost
///
/// A window of `w` observations has at most `buckets_max * (log2(w) + 2)` buckets of 32 bytes. Usually there are fewer:
/// one by one, a million observations take 3 KB; in ticks of 50, 2 KB. No window takes more than
/// [`Settings::bytes_max`]: beyond some 10^12 observations, the oldest are forgotten.
///
/// A look at the window costs a logarithm, and a square root for each bucket; an observation without a look, next to
/// nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Adwin {
    settings: Settings,
    window: Window,
    /// How many observations there were since a multiple of `clock`.
    since_multiple: u32,
    signal: Signal,
}

impl Default for Adwin {
    fn default() -> Adwin {
        let settings = Settings::default();
        let window = Window::new(settings.buckets_max);
        Adwin { settings, window, since_multiple: 0, signal: Signal::Stable }
    }
}

impl Adwin {
    /// A detector that has seen nothing; `None` if a setting is out of its range.
    #[must_use]
    pub fn new(settings: Settings) -> Option<Adwin> {
        Adwin::restored(settings, Window::new(settings.buckets_max), 0, Signal::Stable)
    }

    /// A detector as it was stored, made of what its accessors return; `None` if it cannot be one.
    #[must_use]
    pub fn restored(
        settings: Settings,
        window: Window,
        since_multiple: u32,
        signal: Signal,
    ) -> Option<Adwin> {
        let is_possible = settings.are_valid()
            && window.buckets_max() == settings.buckets_max
            && since_multiple < settings.clock
            && signal != Signal::Warning;
        is_possible.then_some(Adwin { settings, window, since_multiple, signal })
    }

    /// Observes a number. One beyond [`VALUE_MAX`](super::VALUE_MAX) or that is none is ignored.
    pub fn update(&mut self, value: f64) -> Signal {
        match Batch::of_one(value) {
            Some(one) if is_usable(value) => self.update_batch(&one),
            _ => {
                self.forget_after_drift();
                self.signal
            }
        }
    }

    /// Observes many numbers at once.
    pub fn update_batch(&mut self, batch: &Batch) -> Signal {
        self.forget_after_drift();
        self.window.push(batch);
        let since = u64::from(self.since_multiple).saturating_add(batch.count());
        let clock = u64::from(self.settings.clock);
        let rest = since.checked_rem(clock).unwrap_or(0);
        self.since_multiple = u32::try_from(rest).unwrap_or(0);
        if clock <= since && u64::from(self.settings.grace) < self.window.width() {
            while self.has_cut() {
                self.window.drop_oldest();
                self.signal = Signal::Drift;
            }
        }
        self.signal
    }

    fn forget_after_drift(&mut self) {
        if self.signal == Signal::Drift {
            self.window = Window::new(self.settings.buckets_max);
            self.since_multiple = 0;
            self.signal = Signal::Stable;
        }
    }

    /// Whether the means of both sides differ beyond chance at any boundary of buckets.
    fn has_cut(&self) -> bool {
        let width = self.window.width() as f64;
        let confidence = libm::log(2.0 * libm::log(width) / self.settings.delta);
        let variance = self.window.squared_deviations() / width;
        let part_min = f64::from(self.settings.part_min);
        let (mut older, mut newer) = ((0.0, 0.0), (width, self.window.total()));
        self.window.buckets().iter().any(|bucket| {
            let count = bucket.count as f64;
            older = (older.0 + count, older.1 + bucket.sum);
            newer = (newer.0 - count, newer.1 - bucket.sum);
            // After the newest bucket there is no other side.
            if newer.0 < part_min.max(1.0) || older.0 < part_min {
                return false;
            }
            let inverse = 1.0 / (older.0 - part_min + 1.0) + 1.0 / (newer.0 - part_min + 1.0);
            let bound = libm::sqrt(2.0 * inverse * variance * confidence)
                + 2.0 / 3.0 * confidence * inverse;
            bound < libm::fabs(older.1 / older.0 - newer.1 / newer.0)
        })
    }

    /// What it takes now, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Adwin>().saturating_add(self.window.heap_bytes())
    }

    /// What was found at the last observation: stable or drift.
    #[must_use]
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// What it takes to signal.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The observations that have one mean, as far as is known. At a drift, roughly those after the change.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// How many observations there were since a multiple of `clock`.
    #[must_use]
    pub fn since_multiple(&self) -> u32 {
        self.since_multiple
    }
}
