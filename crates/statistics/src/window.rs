//! What counters grew by, slot of time after slot of time, in a ring; it keeps no rows and never asks for the time.
//!
//! Slots have absolute numbers, time divided by their length, so that whoever finds a written ring later knows which
//! of its slots still count.

use alloc::{boxed::Box, vec, vec::Vec};
use core::ops::Range;

use crate::time::Timestamp;

/// A ring of slots over a fixed number of cells.
///
/// # Cost
///
/// Memory is `slots * cells * 2` bytes, all of it allocated by [`Ring::new`], and `cells * 2` more for each slot in which
/// a cell counts beyond 2^16 - 1, as long as the slot is there: twice as much at most. A cell of one slot counts to
/// 2^32 - 1 and stays there.
#[derive(Debug)]
pub struct Ring {
    slot_ns: u64,
    slots: u64,
    cells: usize,
    /// The number of the slot that grows.
    current: u64,
    /// The lower halves of counts; slot `n` lies at place `n % slots`.
    counts: Vec<u16>,
    /// By the place of the slot.
    uppers: Vec<Uppers>,
}

/// The upper halves of a slot's counts; `None` if all are 0.
type Uppers = Option<Box<[u16]>>;

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
            uppers: vec![None; slots],
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
            if let Some((counts, uppers)) = self.slot_mut(back) {
                counts.fill(0);
                *uppers = None;
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
        let before = self.slot_counts(0, cell..cell.saturating_add(1)).and_then(|mut it| it.next());
        if let (Some(before), Some((counts, uppers))) = (before, self.slot_mut(0)) {
            let amount = u32::try_from(amount).unwrap_or(u32::MAX);
            set(counts, uppers, cell, before.saturating_add(amount));
        }
    }

    /// Adds up some cells over the slots that lie so far back, 0 being the current one, and puts the sums into `sums`.
    /// Slots that the ring does not have are empty.
    pub fn sum(&self, back: Range<u64>, cells: Range<usize>, sums: &mut Vec<u64>) {
        sums.clear();
        sums.resize(cells.len(), 0);
        for back in back {
            if let Some(counts) = self.small_counts(back, cells.clone()) {
                for (sum, &count) in sums.iter_mut().zip(counts) {
                    *sum = sum.saturating_add(u64::from(count));
                }
                continue;
            }
            let counts = self.slot_counts(back, cells.clone()).into_iter().flatten();
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum = sum.saturating_add(u64::from(count));
            }
        }
    }

    /// Some cells of every slot in which they are not all 0, each with the slot's number; the oldest slot first.
    pub fn written(
        &self,
        cells: Range<usize>,
    ) -> impl Iterator<Item = (u64, impl Iterator<Item = u32>)> {
        (0..self.slots).rev().filter_map(move |back| {
            let number = self.current.checked_sub(back)?;
            let is_empty = match self.small_counts(back, cells.clone()) {
                Some(counts) => counts.iter().all(|&count| count == 0),
                None => self.slot_counts(back, cells.clone())?.all(|count| count == 0),
            };
            let counts = self.slot_counts(back, cells.clone())?;
            (!is_empty).then_some((number, counts))
        })
    }

    /// Puts counts back into the slot with this number, from cell `first` on; does nothing if the ring does not reach
    /// that slot.
    pub fn restore(&mut self, number: u64, first: usize, counts: impl IntoIterator<Item = u32>) {
        let back = self.current.checked_sub(number);
        if let Some((slot, uppers)) = back.and_then(|back| self.slot_mut(back)) {
            for (cell, count) in (first..slot.len()).zip(counts) {
                set(slot, uppers, cell, count);
            }
        }
    }

    fn number(&self, now: Timestamp) -> u64 {
        now.0.checked_div(self.slot_ns).unwrap_or(0)
    }

    /// What cells of a slot have counted; `None` if there is no such slot, or no such cells.
    fn slot_counts(&self, back: u64, cells: Range<usize>) -> Option<impl Iterator<Item = u32>> {
        let place = self.place(back)?;
        let uppers = self.uppers.get(place)?.as_deref();
        let counts = self.counts.get(self.range(place))?.get(cells.clone())?;
        Some(counts.iter().zip(cells).map(move |(&lower, cell)| {
            let upper = uppers.and_then(|uppers| uppers.get(cell)).map_or(0, |&upper| upper);
            (u32::from(upper) << 16) | u32::from(lower)
        }))
    }

    /// The same, quickly, of a slot in which no count is large; `None` otherwise.
    fn small_counts(&self, back: u64, cells: Range<usize>) -> Option<&[u16]> {
        let place = self.place(back)?;
        let is_small = self.uppers.get(place)?.is_none();
        self.counts.get(self.range(place))?.get(cells).filter(|_| is_small)
    }

    fn slot_mut(&mut self, back: u64) -> Option<(&mut [u16], &mut Uppers)> {
        let place = self.place(back)?;
        let range = self.range(place);
        Some((self.counts.get_mut(range)?, self.uppers.get_mut(place)?))
    }

    fn place(&self, back: u64) -> Option<usize> {
        if self.slots <= back {
            return None;
        }
        usize::try_from(self.current.checked_sub(back)?.checked_rem(self.slots)?).ok()
    }

    fn range(&self, place: usize) -> Range<usize> {
        let start = place.saturating_mul(self.cells);
        start..start.saturating_add(self.cells)
    }
}

/// Makes a cell of a slot hold this.
fn set(counts: &mut [u16], uppers: &mut Uppers, cell: usize, count: u32) {
    let cells = counts.len();
    let Some(lower) = counts.get_mut(cell) else {
        return;
    };
    *lower = (count & 0xffff) as u16;
    let upper = (count >> 16) as u16;
    if upper != 0 || uppers.is_some() {
        let uppers = uppers.get_or_insert_with(|| vec![0; cells].into_boxed_slice());
        if let Some(it) = uppers.get_mut(cell) {
            *it = upper;
        }
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
    fn large_counts_are_exact_whatever_grows_beside_them() {
        let mut ring = Ring::new(10, 3, 5, Timestamp(0));
        let mut expected = [0_u64; 5];
        for step in 0..60_u64 {
            let (cell, amount) = ((step * 7 % 5) as usize, step * 4_001);
            ring.add(cell, amount);
            expected[cell] += amount;
            let mut sums = Vec::new();
            ring.sum(0..1, 1..4, &mut sums);
            assert_eq!(sums, expected[1..4], "step {step}");
        }
        let written: Vec<u32> = ring.written(0..5).flat_map(|(_, counts)| counts).collect();
        assert!(written.iter().copied().map(u64::from).eq(expected) && 1 << 16 < written[0]);
        let mut later = Ring::new(10, 3, 5, Timestamp(9));
        later.restore(0, 0, [u32::MAX, 1 << 16, 0, 0, 3]);
        later.restore(0, 0, written);
        let mut sums = Vec::new();
        later.sum(0..1, 0..5, &mut sums);
        assert_eq!(sums, expected);
        later.advance(Timestamp(10));
        later.sum(0..1, 0..5, &mut sums);
        assert_eq!(sums, [0; 5], "the next slot begins at nothing");
        later.advance(Timestamp(30));
        later.sum(0..3, 0..5, &mut sums);
        assert_eq!(sums, [0; 5], "and nothing large is left over");
    }

    #[test]
    fn slots_that_are_written_down_are_put_back_where_they_belong() {
        let mut ring = ring();
        ring.add(1, 3);
        ring.advance(Timestamp(115));
        ring.add(0, 4);
        let written: Vec<(u64, Vec<u32>)> =
            ring.written(0..2).map(|(number, counts)| (number, counts.collect())).collect();
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
