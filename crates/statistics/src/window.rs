//! What counters grew by, slot of time after slot of time, in a ring; it keeps no rows and never asks for the time.
//!
//! Slots have absolute numbers, time divided by their length, so that the reader of a stored ring knows which of its
//! slots still count.

use alloc::{boxed::Box, vec, vec::Vec};
use core::ops::Range;

use crate::time::Timestamp;

/// A ring of slots over a fixed number of cells.
///
/// # Cost
///
/// Memory is `slots * cells * 2` bytes, all of it allocated by [`Ring::new`]. It is twice as much, and a byte for each slot,
/// as long as any cell of any slot has counted beyond 2^16 - 1. A cell of one slot counts to 2^32 - 1 and stays there.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    slot_ns: u64,
    slots: u16,
    cells: u16,
    /// Where the slot lies that grows; the one before it lies at the place before, and the first place follows the last one.
    place: u16,
    /// The number of that slot.
    current: u64,
    /// The lower halves of counts, place by place.
    lower: Box<[u16]>,
    /// The upper halves; `None` while all are 0.
    upper: Option<Box<Upper>>,
}

/// The upper halves of counts.
#[derive(Clone, Debug)]
struct Upper {
    counts: Box<[u16]>,
    /// By place: whether any count of the slot has an upper half that is not 0. Most slots have none, and are added up in
    /// half the time.
    is_large: Box<[bool]>,
}

impl Ring {
    /// The most slots that one has.
    pub const SLOTS_MAX: u16 = u16::MAX;

    /// An empty ring whose current slot is that of `now`. No slots, and slots of no length, count as one; more than
    /// [`Ring::SLOTS_MAX`] slots, or 2^16 - 1 cells, as so many.
    #[must_use]
    pub fn new(slot_ns: u64, slots: usize, cells: usize, now: Timestamp) -> Ring {
        let slots = u16::try_from(slots.max(1)).unwrap_or(Ring::SLOTS_MAX);
        let cells = u16::try_from(cells).unwrap_or(u16::MAX);
        let slot_ns = slot_ns.max(1);
        Ring {
            slot_ns,
            slots,
            cells,
            current: now.0.checked_div(slot_ns).unwrap_or(0),
            place: 0,
            lower: vec![0; usize::from(slots).saturating_mul(usize::from(cells))]
                .into_boxed_slice(),
            upper: None,
        }
    }

    /// What a ring of so many slots of so many cells takes at most beside itself, in bytes.
    #[must_use]
    pub fn bytes_max(slots: usize, cells: usize) -> usize {
        let counts = slots.saturating_mul(cells).saturating_mul(size_of::<u32>());
        counts.saturating_add(slots).saturating_add(size_of::<Upper>())
    }

    /// Makes the slot of `now` the current one and empties those in between. Whether that is a new slot; time that goes
    /// backwards changes nothing.
    pub fn advance(&mut self, now: Timestamp) -> bool {
        let number = self.number(now);
        let Some(passed) = number.checked_sub(self.current).filter(|&passed| passed != 0) else {
            return false;
        };
        self.current = number;
        for _ in 0..usize::try_from(passed).unwrap_or(usize::MAX).min(usize::from(self.slots)) {
            let next = self.place.saturating_add(1);
            self.place = if next < self.slots { next } else { 0 };
            let place = usize::from(self.place);
            let cells = self.cells_at(place);
            self.lower.get_mut(cells.clone()).unwrap_or_default().fill(0);
            if let Some(Upper { counts, is_large }) = self.upper.as_deref_mut()
                && let Some(is_large) = is_large.get_mut(place)
            {
                counts.get_mut(cells).unwrap_or_default().fill(0);
                *is_large = false;
            }
        }
        self.upper.take_if(|upper| upper.is_large.iter().all(|&is_large| !is_large));
        true
    }

    /// When the next slot begins that `now` is in or beyond; `None` if the current one is that of `now`. Of a pause that is
    /// longer than the ring only the last slots are told.
    #[must_use]
    pub fn next_slot(&self, now: Timestamp) -> Option<Timestamp> {
        let number = self.number(now);
        let slots = u64::from(self.slots);
        let next = self.current.saturating_add(1).max(number.saturating_sub(slots));
        (next <= number).then(|| Timestamp(next.saturating_mul(self.slot_ns)))
    }

    /// When the slot so far back began; `None` if the ring does not reach it.
    #[must_use]
    pub fn began(&self, back: u64) -> Option<Timestamp> {
        self.place_of(back)?;
        Some(Timestamp(self.current.checked_sub(back)?.saturating_mul(self.slot_ns)))
    }

    /// Adds to a cell of the current slot.
    pub fn add(&mut self, cell: usize, amount: u64) {
        if cell < self.cells() {
            let place = usize::from(self.place);
            let at = self.cells_at(place).start.saturating_add(cell);
            let amount = u32::try_from(amount).unwrap_or(u32::MAX);
            self.set(place, at, self.count(at).saturating_add(amount));
        }
    }

    /// Adds up some cells over the slots that lie so far back, 0 being the current one, and puts the sums into `sums`.
    /// Slots that the ring does not have are empty.
    pub fn sum(&self, back: Range<u64>, cells: Range<usize>, sums: &mut Vec<u64>) {
        sums.clear();
        sums.resize(cells.len(), 0);
        self.add_sum(back, cells, sums);
    }

    /// As [`Ring::sum`], on top of what the sums are already.
    pub fn add_sum(&self, back: Range<u64>, cells: Range<usize>, sums: &mut [u64]) {
        // Nothing was counted before the clock began.
        let end = back.end.min(self.current.saturating_add(1));
        for place in (back.start..end).filter_map(|back| self.place_of(back)) {
            let start = self.cells_at(place).start;
            let cells = start.saturating_add(cells.start)..start.saturating_add(cells.end);
            // Counts of 32 bits do not overflow these sums in any number of slots that memory holds, and to saturate would
            // take a third of the time.
            let add = |sum: &mut u64, count| *sum = sum.wrapping_add(count);
            let lower = self.lower.get(cells.clone()).unwrap_or_default();
            sums.iter_mut().zip(lower).for_each(|(sum, &count)| add(sum, u64::from(count)));
            if let Some(upper) = self.upper.as_ref().and_then(|upper| upper.of(place, cells)) {
                sums.iter_mut()
                    .zip(upper)
                    .for_each(|(sum, &count)| add(sum, u64::from(count) << 16));
            }
        }
    }

    /// The cells of every slot in which they are not all 0, each with the slot's number; the oldest slot first.
    pub fn filled(&self) -> impl Iterator<Item = (u64, impl Iterator<Item = u32>)> {
        let backs = 0..u64::from(self.slots);
        backs.rev().filter_map(move |back| {
            let number = self.current.checked_sub(back)?;
            let cells = self.cells_at(self.place_of(back)?);
            let counts = move || cells.clone().map(|at| self.count(at));
            counts().any(|count| count != 0).then(|| (number, counts()))
        })
    }

    /// Puts counts back into the slot with this number; does nothing if the ring does not reach that slot.
    pub fn restore(&mut self, number: u64, counts: impl IntoIterator<Item = u32>) {
        let back = self.current.checked_sub(number);
        if let Some(place) = back.and_then(|back| self.place_of(back)) {
            self.cells_at(place).zip(counts).for_each(|(at, count)| self.set(place, at, count));
        }
    }

    /// How many cells each slot has.
    #[must_use]
    pub fn cells(&self) -> usize {
        usize::from(self.cells)
    }

    fn number(&self, now: Timestamp) -> u64 {
        now.0.checked_div(self.slot_ns).unwrap_or(0)
    }

    fn place_of(&self, back: u64) -> Option<usize> {
        let back = u16::try_from(back).ok().filter(|&back| back < self.slots)?;
        let place = match self.place.checked_sub(back) {
            Some(place) => Some(place),
            None => self.place.saturating_add(self.slots).checked_sub(back),
        };
        place.map(usize::from)
    }

    fn cells_at(&self, place: usize) -> Range<usize> {
        let start = place.saturating_mul(self.cells());
        start..start.saturating_add(self.cells())
    }

    fn count(&self, at: usize) -> u32 {
        let half = |counts: &[u16]| counts.get(at).map_or(0, |&count| u32::from(count));
        (self.upper.as_ref().map_or(0, |upper| half(&upper.counts)) << 16) | half(&self.lower)
    }

    /// Makes a cell of the slot at this place hold this.
    fn set(&mut self, place: usize, at: usize, count: u32) {
        let (upper, lower) = ((count >> 16) as u16, (count & 0xffff) as u16);
        if let Some(it) = self.lower.get_mut(at) {
            *it = lower;
        }
        if upper != 0 || self.upper.is_some() {
            let (slots, places) = (usize::from(self.slots), self.lower.len());
            let all = self.upper.get_or_insert_with(|| Box::new(Upper::new(slots, places)));
            if let (Some(it), Some(is_large)) =
                (all.counts.get_mut(at), all.is_large.get_mut(place))
            {
                *it = upper;
                *is_large |= upper != 0;
            }
        }
    }
}

impl Upper {
    fn new(slots: usize, places: usize) -> Upper {
        Upper {
            counts: vec![0; places].into_boxed_slice(),
            is_large: vec![false; slots].into_boxed_slice(),
        }
    }

    /// Some of them, of the slot at this place; `None` if all of the slot are 0.
    fn of(&self, place: usize, cells: Range<usize>) -> Option<&[u16]> {
        self.counts.get(cells).filter(|_| self.is_large.get(place).is_some_and(|&it| it))
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
    fn slots_are_told_one_by_one() {
        let mut ring = ring();
        assert_eq!(ring.next_slot(Timestamp(99)), None);
        assert_eq!(ring.next_slot(Timestamp(125)), Some(Timestamp(100)));
        ring.advance(Timestamp(100));
        assert_eq!(ring.next_slot(Timestamp(125)), Some(Timestamp(110)));
        assert_eq!(ring.next_slot(Timestamp(10_005)), Some(Timestamp(9_960)));
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
        let filled: Vec<u32> = ring.filled().flat_map(|(_, counts)| counts).collect();
        assert!(filled.iter().copied().map(u64::from).eq(expected) && 1 << 16 < filled[0]);
        let mut later = Ring::new(10, 3, 5, Timestamp(9));
        later.restore(0, [u32::MAX, 1 << 16, 0, 0, 3]);
        later.restore(0, filled);
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
    fn large_counts_take_memory_until_the_last_of_them_is_forgotten() {
        let mut ring = ring();
        ring.add(1, 1 << 16);
        ring.advance(Timestamp(130));
        assert!(ring.upper.is_none(), "they are forgotten after four slots of ten nanoseconds");
        ring.add(0, 1 << 16);
        ring.advance(Timestamp(169));
        assert!(ring.upper.is_some());
        assert_eq!(sum(&ring, 0..4), [1 << 16, 0]);
        ring.advance(Timestamp(170));
        assert!(ring.upper.is_none());
        assert_eq!(sum(&ring, 0..4), [0, 0]);
    }

    #[test]
    fn stored_slots_are_put_back_where_they_belong() {
        let mut ring = ring();
        ring.add(1, 3);
        ring.advance(Timestamp(115));
        ring.add(0, 4);
        let filled: Vec<(u64, Vec<u32>)> =
            ring.filled().map(|(number, counts)| (number, counts.collect())).collect();
        assert_eq!(filled, [(9, vec![0, 3]), (11, vec![4, 0])]);
        let mut later = Ring::new(10, 4, 2, Timestamp(134));
        for (number, counts) in filled {
            later.restore(number, counts);
        }
        assert_eq!(sum(&later, 0..4), [4, 0], "slot 9 is too old by now");
        assert_eq!(sum(&later, 2..3), [4, 0], "slot 11 is two slots back");
        later.restore(99, [1, 1]);
        assert_eq!(sum(&later, 0..4), [4, 0], "slot 99 is yet to come");
    }
}
