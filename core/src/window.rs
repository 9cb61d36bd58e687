//! What counters grew by, slot of time after slot of time, in a ring; it keeps no rows and never asks for the time.
//!
//! Slots have absolute numbers, time divided by their length, so that whoever finds a written ring later knows which
//! of its slots still count.

use alloc::{vec, vec::Vec};
use core::ops::Range;

use crate::time::Timestamp;

/// A ring of slots over a fixed number of cells.
///
/// # Cost
///
/// Memory is `slots * cells * 4` bytes, all of it allocated by [`Ring::new`]. A cell of one slot counts to 2^32 - 1 and
/// stays there.
#[derive(Debug)]
pub struct Ring {
    slot_ns: u64,
    slots: u64,
    cells: usize,
    /// The number of the slot that grows.
    current: u64,
    /// Slot `n` lies at place `n % slots`.
    counts: Vec<u32>,
}

impl Ring {
    /// An empty ring whose current slot is that of `now`. No slots, and slots of no length, count as one.
    #[must_use]
    pub fn new(slot_ns: u64, slots: usize, cells: usize, now: Timestamp) -> Ring {
        let (slot_ns, slots) = (slot_ns.max(1), slots.max(1));
        Ring {
            slot_ns,
            slots: u64::try_from(slots).unwrap_or(u64::MAX),
            cells,
            current: now.0.checked_div(slot_ns).unwrap_or(0),
            counts: vec![0; slots.saturating_mul(cells)],
        }
    }

    /// Makes the slot of `now` the current one and empties those in between. Whether that is a new slot; time that goes
    /// backwards changes nothing.
    pub fn advance(&mut self, now: Timestamp) -> bool {
        let number = self.number(now);
        if number <= self.current {
            return false;
        }
        let passed = number.saturating_sub(self.current).min(self.slots);
        self.current = number;
        for back in 0..passed {
            if let Some(slot) = self.slot_mut(back) {
                slot.fill(0);
            }
        }
        true
    }

    /// Whether [`Ring::advance`] would come to a new slot.
    #[must_use]
    pub fn ends_by(&self, now: Timestamp) -> bool {
        self.current < self.number(now)
    }

    /// Adds to a cell of the current slot.
    pub fn add(&mut self, cell: usize, amount: u64) {
        if let Some(count) = self.slot_mut(0).and_then(|slot| slot.get_mut(cell)) {
            *count = count.saturating_add(u32::try_from(amount).unwrap_or(u32::MAX));
        }
    }

    /// Adds up some cells over the slots that lie so far back, 0 being the current one, and puts the sums into `sums`.
    /// Slots that the ring does not have are empty.
    pub fn sum(&self, back: Range<u64>, cells: Range<usize>, sums: &mut Vec<u64>) {
        sums.clear();
        sums.resize(cells.len(), 0);
        for back in back {
            let counts = self.slot(back).and_then(|slot| slot.get(cells.clone()));
            for (sum, &count) in sums.iter_mut().zip(counts.unwrap_or_default()) {
                *sum = sum.saturating_add(u64::from(count));
            }
        }
    }

    /// Some cells of every slot in which they are not all 0, each with the slot's number; the oldest slot first.
    pub fn written(&self, cells: Range<usize>) -> impl Iterator<Item = (u64, &[u32])> {
        (0..self.slots).rev().filter_map(move |back| {
            let number = self.current.checked_sub(back)?;
            let counts = self.slot(back)?.get(cells.clone())?;
            counts.iter().any(|&count| count != 0).then_some((number, counts))
        })
    }

    /// Puts counts back into the slot with this number, from cell `first` on; does nothing if the ring does not reach
    /// that slot.
    pub fn restore(&mut self, number: u64, first: usize, counts: impl IntoIterator<Item = u32>) {
        let back = self.current.checked_sub(number);
        let cells = back.and_then(|back| self.slot_mut(back)?.get_mut(first..));
        for (cell, count) in cells.unwrap_or_default().iter_mut().zip(counts) {
            *cell = count;
        }
    }

    fn number(&self, now: Timestamp) -> u64 {
        now.0.checked_div(self.slot_ns).unwrap_or(0)
    }

    fn slot(&self, back: u64) -> Option<&[u32]> {
        self.counts.get(self.place(back)?)
    }

    fn slot_mut(&mut self, back: u64) -> Option<&mut [u32]> {
        let place = self.place(back)?;
        self.counts.get_mut(place)
    }

    fn place(&self, back: u64) -> Option<Range<usize>> {
        if self.slots <= back {
            return None;
        }
        let slot =
            usize::try_from(self.current.checked_sub(back)?.checked_rem(self.slots)?).ok()?;
        let start = slot.saturating_mul(self.cells);
        Some(start..start.saturating_add(self.cells))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four slots of ten nanoseconds.
    fn ring() -> Ring {
        Ring::new(10, 4, 2, Timestamp(95))
    }

    fn sum(ring: &Ring, back: Range<u64>) -> Vec<u64> {
        let mut sums = Vec::new();
        ring.sum(back, 0..2, &mut sums);
        sums
    }

    #[test]
    fn what_is_counted_ages_and_is_forgotten() {
        let mut ring = ring();
        ring.add(0, 5);
        ring.add(1, 1);
        assert_eq!(sum(&ring, 0..1), [5, 1]);
        assert!(!ring.advance(Timestamp(99)));
        assert!(ring.advance(Timestamp(100)));
        ring.add(0, 2);
        assert_eq!(
            (sum(&ring, 0..1), sum(&ring, 0..2), sum(&ring, 1..2)),
            (vec![2, 0], vec![7, 1], vec![5, 1])
        );
        assert!(ring.advance(Timestamp(125)));
        assert_eq!((sum(&ring, 0..3), sum(&ring, 0..4)), (vec![2, 0], vec![7, 1]));
        assert!(ring.advance(Timestamp(130)));
        assert_eq!((sum(&ring, 0..4), sum(&ring, 0..9)), (vec![2, 0], vec![2, 0]));
    }

    #[test]
    fn a_long_pause_empties_it() {
        for later in [140, 150, 10_000_000] {
            let mut ring = ring();
            ring.add(0, 5);
            ring.advance(Timestamp(later));
            assert_eq!(sum(&ring, 0..4), [0, 0], "{later}");
        }
    }

    #[test]
    fn time_that_goes_backwards_changes_nothing() {
        let mut ring = ring();
        ring.add(0, 5);
        assert!(!ring.advance(Timestamp(3)));
        assert_eq!(sum(&ring, 0..1), [5, 0]);
    }

    #[test]
    fn a_cell_stays_at_its_limit() {
        let mut ring = ring();
        ring.add(0, u64::MAX);
        ring.add(0, 1);
        ring.add(7, 1);
        assert_eq!(sum(&ring, 0..4), [u64::from(u32::MAX), 0]);
    }

    #[test]
    fn slots_that_are_written_down_are_put_back_where_they_belong() {
        let mut ring = ring();
        ring.add(1, 3);
        ring.advance(Timestamp(115));
        ring.add(0, 4);
        let written: Vec<(u64, Vec<u32>)> =
            ring.written(0..2).map(|(number, counts)| (number, counts.to_vec())).collect();
        assert_eq!(written, [(9, vec![0, 3]), (11, vec![4, 0])]);
        let mut later = Ring::new(10, 4, 3, Timestamp(134));
        for (number, counts) in written {
            later.restore(number, 1, counts);
        }
        let mut sums = Vec::new();
        later.sum(0..4, 0..3, &mut sums);
        assert_eq!(sums, [0, 4, 0], "slot 9 is too old by now");
        later.restore(99, 0, [1, 1]);
        later.sum(0..4, 0..3, &mut sums);
        assert_eq!(sums, [0, 4, 0], "slot 99 is yet to come");
    }
}
