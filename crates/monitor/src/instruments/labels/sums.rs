//! Counters of both windows, of rows and of sums that are larger than a slot of a ring counts. It computes no measure.

use alloc::vec::Vec;

use driftline_labels::Window;
use driftline_statistics::{detection::WindowLengths, time::Timestamp, window::Ring};

use crate::codec::{Reader, Writer};

/// How many bits of a sum one cell of a ring adds up, the rest being added up by the next one: a slot stays exact for
/// 65,536 evaluations that each grow by less than 2^48.
const LOW_BITS: u32 = 16;
const LOW_MASK: u64 = (1 << LOW_BITS) - 1;

/// The windows of a model's counters.
#[derive(Debug)]
pub(super) struct SumWindows {
    fast: Ring,
    slow: Ring,
    /// Cells of rows; those of sums follow, two for each.
    narrow: usize,
}

/// How many cells the rings have for this many cells of rows and this many in all.
const fn ring_cells(narrow: usize, all: usize) -> usize {
    narrow.saturating_add(all.saturating_sub(narrow).saturating_mul(2))
}

/// Labels are not compared with those of a season before.
const fn without_season(lengths: WindowLengths) -> WindowLengths {
    WindowLengths { season_windows: 0, ..lengths }
}

impl SumWindows {
    /// Windows of `all` cells, of which the first `narrow` count rows.
    pub(super) fn new(
        lengths: WindowLengths,
        narrow: usize,
        all: usize,
        now: Timestamp,
    ) -> SumWindows {
        let (lengths, cells) = (without_season(lengths), ring_cells(narrow, all));
        SumWindows {
            fast: lengths.fast_ring(cells, now),
            slow: lengths.slow_ring(cells, now),
            narrow,
        }
    }

    /// What they take at most beside themselves, in bytes.
    pub(super) fn bytes_max(lengths: WindowLengths, narrow: usize, all: usize) -> usize {
        without_season(lengths).rings_bytes_max(ring_cells(narrow, all))
    }

    /// Counts growth, by cell.
    pub(super) fn count(&mut self, growth: &[u64], now: Timestamp) {
        for ring in [&mut self.fast, &mut self.slow] {
            ring.advance(now);
            for (cell, &grown) in growth.iter().enumerate().filter(|&(_, &grown)| grown != 0) {
                match cell.checked_sub(self.narrow) {
                    None => ring.add(cell, grown),
                    Some(place) => {
                        let low = self.narrow.saturating_add(place.saturating_mul(2));
                        ring.add(low, grown & LOW_MASK);
                        ring.add(low.saturating_add(1), grown >> LOW_BITS);
                    }
                }
            }
        }
    }

    /// Puts the sums of a window into `sums`, by cell.
    pub(super) fn sum(&self, window: Window, lengths: WindowLengths, sums: &mut Vec<u64>) {
        let (ring, slots) = match window {
            Window::Fast => (&self.fast, lengths.fast()),
            Window::Slow => (&self.slow, lengths.slow()),
        };
        ring.sum(slots, 0..ring.cells(), sums);
        let wide = sums.get(self.narrow..).unwrap_or_default();
        let (pairs, _) = wide.as_chunks();
        let joined: Vec<u64> = pairs
            .iter()
            .map(|[low, high]| low.saturating_add(high.saturating_mul(1 << LOW_BITS)))
            .collect();
        sums.truncate(self.narrow);
        sums.extend(joined);
    }

    pub(super) fn store(&self, record: &mut Writer<'_>) {
        record.ring(&self.fast);
        record.ring(&self.slow);
    }

    pub(super) fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        record.ring(&mut self.fast)?;
        record.ring(&mut self.slow)
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    #[test]
    fn sums_are_exact_however_large() {
        let lengths = WindowLengths { window_seconds: 8, slow_windows: 2, season_windows: 0 };
        let at = |seconds: u64| Timestamp(seconds * 1_000_000_000);
        let mut windows = SumWindows::new(lengths, 2, 4, at(100));
        let large = 3_000_000_000_000;
        for second in 100..104 {
            windows.count(&[1, 70_000, large, 0], at(second));
        }
        let mut sums = vec![9];
        windows.sum(Window::Fast, lengths, &mut sums);
        assert_eq!(sums, [4, 280_000, 4 * large, 0]);
        windows.count(&[0, 0, 0, 5], at(109));
        windows.sum(Window::Fast, lengths, &mut sums);
        assert_eq!(sums, [2, 140_000, 2 * large, 5], "two steps are too old");
        windows.sum(Window::Slow, lengths, &mut sums);
        assert_eq!(sums, [4, 280_000, 4 * large, 5]);
        let mut bytes = vec![];
        windows.store(&mut Writer::new(&mut bytes));
        let mut later = SumWindows::new(lengths, 2, 4, at(109));
        later.restore(&mut Reader::new(&bytes)).unwrap();
        later.sum(Window::Slow, lengths, &mut sums);
        assert_eq!(sums, [4, 280_000, 4 * large, 5]);
    }
}
