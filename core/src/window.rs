//! A sliding window over counters that only grow: a ring of snapshots, and the difference to the oldest one.
//! It keeps no rows and never asks for the time.

use alloc::{vec, vec::Vec};

use crate::time::Timestamp;

/// Snapshots per window. The window slides in steps of its length divided by this, so it spans
/// between 11/12 and 12/12 of its length.
pub const SNAPSHOTS_PER_WINDOW: u64 = 12;

/// One sliding window over a fixed list of counters.
///
/// # Cost
///
/// Memory is `(SNAPSHOTS_PER_WINDOW + 2) * counters * 8` bytes, all of it allocated by [`Window::new`].
#[derive(Debug)]
pub struct Window {
    span_ns: u64,
    counters: usize,
    snapshots: Vec<Snapshot>,
    /// How many of `snapshots` hold values, from the start.
    filled: usize,
    /// The slot that the next snapshot goes to once all are filled: the oldest.
    oldest: usize,
}

#[derive(Clone, Debug)]
struct Snapshot {
    taken_at: Timestamp,
    values: Vec<u64>,
}

impl Window {
    /// A window of this length over this many counters; it starts at the first [`Window::slide`].
    pub fn new(span_seconds: u64, counters: usize) -> Window {
        let empty = Snapshot { taken_at: Timestamp(0), values: vec![0; counters] };
        let slots = usize::try_from(SNAPSHOTS_PER_WINDOW).unwrap_or(0).saturating_add(2);
        Window {
            span_ns: span_seconds.saturating_mul(1_000_000_000),
            counters,
            snapshots: vec![empty; slots],
            filled: 0,
            oldest: 0,
        }
    }

    /// Moves the window's end to `now`, where the counters stand at `values`.
    ///
    /// Call it at least once per twelfth of the window. `values` beyond the number of counters
    /// are ignored, missing ones count as not increased.
    pub fn slide(&mut self, now: Timestamp, values: &[u64]) {
        let is_due = match self.newest() {
            Some(newest) => self.step_ns() <= now.nanoseconds_since(newest.taken_at),
            None => true,
        };
        if is_due {
            self.take(now, values);
        }
    }

    /// What each counter grew by within the window that ends at `now` with `values`.
    ///
    /// The base is the oldest snapshot that the window still covers; the newest one if none is
    /// young enough, as after a long pause of the host. A counter that went backwards, as after a
    /// restart of the proxy, has grown from zero.
    pub fn increase<'a>(
        &'a self,
        now: Timestamp,
        values: &'a [u64],
    ) -> impl Iterator<Item = u64> + 'a {
        let base = self.base(now);
        values.iter().take(self.counters).enumerate().map(move |(index, &value)| {
            let before = base.and_then(|base| base.values.get(index)).copied().unwrap_or(value);
            if value < before { value } else { value.saturating_sub(before) }
        })
    }

    fn step_ns(&self) -> u64 {
        self.span_ns.checked_div(SNAPSHOTS_PER_WINDOW).unwrap_or(u64::MAX)
    }

    fn base(&self, now: Timestamp) -> Option<&Snapshot> {
        self.held()
            .filter(|snapshot| now.nanoseconds_since(snapshot.taken_at) <= self.span_ns)
            .min_by_key(|snapshot| snapshot.taken_at)
            .or_else(|| self.newest())
    }

    fn newest(&self) -> Option<&Snapshot> {
        self.held().max_by_key(|snapshot| snapshot.taken_at)
    }

    fn held(&self) -> impl Iterator<Item = &Snapshot> {
        self.snapshots.iter().take(self.filled)
    }

    fn take(&mut self, now: Timestamp, values: &[u64]) {
        let slot = if self.filled < self.snapshots.len() {
            let slot = self.filled;
            self.filled = self.filled.saturating_add(1);
            slot
        } else {
            let slot = self.oldest;
            self.oldest = slot.saturating_add(1).checked_rem(self.snapshots.len()).unwrap_or(0);
            slot
        };
        if let Some(snapshot) = self.snapshots.get_mut(slot) {
            snapshot.taken_at = now;
            for (kept, &value) in snapshot.values.iter_mut().zip(values) {
                *kept = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// Slides a 12 s window each second over a counter that grows by one per second, then holds.
    #[track_caller]
    fn increase_after(growing_seconds: u64, still_seconds: u64) -> u64 {
        let mut window = Window::new(12, 1);
        let mut last = 0;
        for second in 0..=growing_seconds + still_seconds {
            let now = Timestamp(second * SECOND);
            let values = [second.min(growing_seconds)];
            window.slide(now, &values);
            last = window.increase(now, &values).next().unwrap();
        }
        last
    }

    #[test]
    fn it_holds_all_rows_while_it_is_young() {
        assert_eq!(increase_after(0, 0), 0);
        assert_eq!(increase_after(5, 0), 5);
        assert_eq!(increase_after(12, 0), 12);
    }

    #[test]
    fn it_forgets_what_is_older_than_itself() {
        assert_eq!(increase_after(1000, 0), 12);
        assert_eq!(increase_after(1000, 5), 7);
        assert_eq!(increase_after(1000, 12), 0);
    }

    #[test]
    fn ticks_that_come_more_often_than_the_steps_lose_nothing() {
        let mut window = Window::new(12, 1);
        for tenth in 0..=600 {
            let now = Timestamp(tenth * SECOND / 10);
            window.slide(now, &[tenth]);
            let increase = window.increase(now, &[tenth]).next().unwrap();
            assert!((110..=120).contains(&increase) || tenth <= 120, "{tenth}: {increase}");
        }
    }

    #[test]
    fn a_long_pause_falls_back_to_the_newest_snapshot() {
        let mut window = Window::new(12, 1);
        window.slide(Timestamp(0), &[5]);
        let later = Timestamp(3600 * SECOND);
        assert_eq!(window.increase(later, &[9]).next(), Some(4));
    }

    #[test]
    fn a_counter_that_went_backwards_has_grown_from_zero() {
        let mut window = Window::new(12, 1);
        window.slide(Timestamp(0), &[100]);
        assert_eq!(window.increase(Timestamp(SECOND), &[3]).next(), Some(3));
    }

    #[test]
    fn a_window_that_never_slid_has_seen_no_increase() {
        let window = Window::new(12, 1);
        assert_eq!(window.increase(Timestamp(0), &[7]).next(), Some(0));
    }
}
