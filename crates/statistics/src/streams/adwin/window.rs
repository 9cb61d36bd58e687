//! The exponential histogram of ADWIN: sums over the newest observations, in buckets that are larger the older they
//! are. It compares nothing.
//!
//! Buckets have levels, which never rise from the oldest to the newest. A bucket of level `i` has at most `2^(i+1) - 1`
//! observations. Each level holds a limited number of buckets; of one more, the two oldest become one of the next
//! level. Observations that come one by one enter at level 0, and all is as in river: a bucket of level `i` has `2^i`.
//!
//! A batch of `n` enters at level `log2(n)`, rounded down. Buckets of lower levels are older than it, so they are
//! lifted to its level; neighbours of them are joined until they have at least half of its least size. So a level never
//! fills with buckets that are much too small for it, and the number of levels stays about the logarithm of the width.
//! Ticks of equal size are never joined before their level is full: the newest boundaries are those of ticks.

use alloc::vec::Vec;

use super::{super::signal::is_usable, Batch};

/// How many levels there are. Beyond them, the oldest observations are forgotten.
pub const LEVELS_MAX: u8 = 40;

/// Observations that followed each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Which level it is of, below [`LEVELS_MAX`].
    pub level: u8,
    /// How many there are: at least one, and fewer than `2^(level + 1)`.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squared deviations from their mean.
    pub squared_deviations: f64,
}

impl Bucket {
    fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// Adds what came right after it, and stays at its level.
    fn join(&mut self, newer: &Bucket) {
        let (n, m) = (self.count as f64, newer.count as f64);
        let apart = self.mean() - newer.mean();
        self.squared_deviations += newer.squared_deviations + n * m * apart * apart / (n + m);
        self.sum += newer.sum;
        self.count = self.count.saturating_add(newer.count);
    }

    fn is_possible(&self) -> bool {
        self.level < LEVELS_MAX
            && self.count.checked_ilog2().is_some_and(|it| it <= u32::from(self.level))
            && is_usable(self.mean())
            && 0.0 <= self.squared_deviations
            && self.squared_deviations.is_finite()
    }
}

/// The window.
///
/// Its width, total and squared deviations are those of all observations in it, however they are spread over buckets.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    buckets_max: u8,
    /// The oldest first.
    buckets: Vec<Bucket>,
    width: u64,
    total: f64,
    squared_deviations: f64,
}

impl Window {
    /// An empty one with this many buckets for each level. Zero counts as one. It allocates nothing.
    pub(super) fn new(buckets_max: u8) -> Window {
        Window {
            buckets_max: buckets_max.max(1),
            buckets: Vec::new(),
            width: 0,
            total: 0.0,
            squared_deviations: 0.0,
        }
    }

    /// A window as it was stored, made of what its accessors return; `None` if it cannot be one.
    #[must_use]
    pub fn restored(
        buckets_max: u8,
        mut buckets: Vec<Bucket>,
        total: f64,
        squared_deviations: f64,
    ) -> Option<Window> {
        let is_sorted = buckets.is_sorted_by(|older, newer| newer.level <= older.level);
        let is_full = |same: &[Bucket]| usize::from(buckets_max) < same.len();
        let is_possible = buckets_max != 0
            && is_sorted
            && buckets.iter().all(Bucket::is_possible)
            && !buckets.chunk_by(|a, b| a.level == b.level).any(is_full)
            && total.is_finite()
            && squared_deviations.is_finite()
            && 0.0 <= squared_deviations
            && (!buckets.is_empty() || (total, squared_deviations) == (0.0, 0.0));
        buckets.shrink_to_fit();
        let width = buckets.iter().fold(0_u64, |sum, it| sum.saturating_add(it.count));
        is_possible.then_some(Window { buckets_max, buckets, width, total, squared_deviations })
    }

    /// What a window takes at most beside itself, in bytes.
    pub(super) fn heap_bytes_max(buckets_max: u8) -> usize {
        let levels = usize::from(LEVELS_MAX).saturating_add(1);
        levels.saturating_mul(usize::from(buckets_max)).saturating_mul(size_of::<Bucket>())
    }

    /// What it takes now beside itself, in bytes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.buckets.capacity().saturating_mul(size_of::<Bucket>())
    }

    /// Adds the newest observations.
    pub(super) fn push(&mut self, added: &Batch) {
        let (n, width) = (added.count() as f64, self.width as f64);
        if self.width == 0 {
            self.squared_deviations = added.squared_deviations();
        } else {
            let apart = added.mean() - self.total / width;
            self.squared_deviations +=
                added.squared_deviations() + n * width * apart * apart / (n + width);
        }
        self.total += added.sum();
        self.width = self.width.saturating_add(added.count());

        let level = added.count().checked_ilog2().unwrap_or(0);
        let level = u8::try_from(level).unwrap_or(LEVELS_MAX).min(LEVELS_MAX.saturating_sub(1));
        self.lift(level);
        if self.buckets.len() == self.buckets.capacity() {
            // Not twice as many, which is what a vector would take.
            self.buckets.reserve_exact(usize::from(self.buckets_max));
        }
        self.buckets.push(Bucket {
            level,
            count: added.count(),
            sum: added.sum(),
            squared_deviations: added.squared_deviations(),
        });
        self.compress(level);
    }

    /// Makes all buckets be of this level at least.
    fn lift(&mut self, level: u8) {
        if self.buckets.last().is_none_or(|newest| level <= newest.level) {
            return;
        }
        let enough = 1_u64.checked_shl(u32::from(level)).unwrap_or(u64::MAX) >> 1;
        self.buckets.dedup_by(|newer, older| {
            let is_joined = older.level < level && older.count < enough;
            if is_joined {
                older.join(newer);
            }
            is_joined
        });
        for lower in self.buckets.iter_mut().rev().take_while(|it| it.level < level) {
            lower.level = level;
        }
    }

    /// Joins the oldest buckets of each level that has too many, beginning with this one.
    fn compress(&mut self, lowest: u8) {
        for level in lowest..LEVELS_MAX {
            let mut is_changed = false;
            loop {
                let first = self.buckets.partition_point(|it| level < it.level);
                let end = self.buckets.partition_point(|it| level <= it.level);
                if end.saturating_sub(first) <= usize::from(self.buckets_max) {
                    break;
                }
                is_changed = true;
                self.raise(first);
            }
            if !is_changed {
                return;
            }
        }
    }

    /// Joins the bucket at this place and the next one to one of the next level. If there is none, the oldest is
    /// dropped.
    fn raise(&mut self, place: usize) {
        let next = place.saturating_add(1);
        let level = self.buckets.get(place).map_or(0, |it| it.level).saturating_add(1);
        if LEVELS_MAX <= level || self.buckets.len() <= next {
            return self.drop_oldest();
        }
        let newer = self.buckets.remove(next);
        if let Some(older) = self.buckets.get_mut(place) {
            older.join(&newer);
            older.level = level;
        }
    }

    /// Forgets the oldest bucket.
    pub(super) fn drop_oldest(&mut self) {
        if self.buckets.len() <= 1 {
            *self = Window::new(self.buckets_max);
            return;
        }
        let oldest = self.buckets.remove(0);
        self.width = self.width.saturating_sub(oldest.count);
        self.total -= oldest.sum;
        let (n, width) = (oldest.count as f64, self.width as f64);
        let apart = oldest.mean() - self.total / width;
        let lost = oldest.squared_deviations + n * width * apart * apart / (n + width);
        // Rounding may leave less than nothing.
        self.squared_deviations = (self.squared_deviations - lost).max(0.0);
    }

    /// How many buckets each level holds.
    #[must_use]
    pub fn buckets_max(&self) -> u8 {
        self.buckets_max
    }

    /// Its buckets, the oldest first.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// How many observations are in it.
    #[must_use]
    pub fn width(&self) -> u64 {
        self.width
    }

    /// Their sum.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The sum of their squared deviations from their mean, which river calls variance.
    #[must_use]
    pub fn squared_deviations(&self) -> f64 {
        self.squared_deviations
    }

    /// Their mean; `None` if there are none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.width != 0).then(|| self.total / self.width as f64)
    }
}
