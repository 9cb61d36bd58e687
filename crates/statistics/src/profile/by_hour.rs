//! The rows of a column by hour of the day, beside the whole; it knows no bounds of bins, and no time zone but UTC.

use alloc::{boxed::Box, vec};

use crate::time::hour::{HOURS, HourOfDay};

/// Rows of the reference in each bin, and rows without a value, for each hour of the day in UTC.
///
/// Rows that do not say when they were made are in no hour, so the hours may add up to less than the whole.
///
/// Memory: one block of 4 bytes for each hour and bin, and 4 more for each hour.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ByHour {
    /// At least 1.
    bins: usize,
    /// Hour by hour: the rows in each bin, then those without a value.
    rows: Box<[u32]>,
}

impl ByHour {
    /// No rows in any hour, for a column of so many bins.
    #[must_use]
    pub fn new(bins: usize) -> ByHour {
        ByHour { bins, rows: vec![0; cells(bins).saturating_mul(HOURS)].into_boxed_slice() }
    }

    /// Counts rows in a bin, or without a value where `bin` is `None`. What is more than 32 bits hold stays at their most.
    pub fn add(&mut self, hour: HourOfDay, bin: Option<usize>, rows: u32) {
        let cells = cells(self.bins);
        let cell = bin.unwrap_or(self.bins);
        if self.bins < cell {
            return;
        }
        let index = hour.index().saturating_mul(cells).saturating_add(cell);
        if let Some(count) = self.rows.get_mut(index) {
            *count = count.saturating_add(rows);
        }
    }

    /// The rows in each bin in this hour.
    #[must_use]
    pub fn bins(&self, hour: HourOfDay) -> &[u32] {
        self.hour(hour).get(..self.bins).unwrap_or_default()
    }

    /// The rows without a value in this hour.
    #[must_use]
    pub fn nulls(&self, hour: HourOfDay) -> u32 {
        self.hour(hour).last().copied().unwrap_or(0)
    }

    /// Hour by hour: the rows in each bin, then those without a value.
    pub fn hours(&self) -> impl Iterator<Item = &[u32]> {
        self.rows.chunks(cells(self.bins))
    }

    /// The same, to be filled.
    pub(super) fn hours_mut(&mut self) -> impl Iterator<Item = &mut [u32]> {
        self.rows.chunks_mut(cells(self.bins))
    }

    /// How many bytes it takes beside itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.rows)
    }

    fn hour(&self, hour: HourOfDay) -> &[u32] {
        self.hours().nth(hour.index()).unwrap_or_default()
    }
}

/// What one hour has: each bin, and the rows without a value.
const fn cells(bins: usize) -> usize {
    bins.saturating_add(1)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn each_hour_has_its_own_rows() {
        let [first, .., last] = HourOfDay::all().collect::<Vec<_>>()[..] else { panic!() };
        let mut by_hour = ByHour::new(3);
        by_hour.add(first, Some(0), 2);
        by_hour.add(last, Some(2), 1);
        by_hour.add(last, None, 5);
        by_hour.add(last, Some(4), 7);
        assert_eq!((by_hour.bins(first), by_hour.nulls(first)), (&[2, 0, 0][..], 0));
        assert_eq!((by_hour.bins(last), by_hour.nulls(last)), (&[0, 0, 1][..], 5));
        let rows: u32 = by_hour.hours().flatten().sum();
        assert_eq!((rows, by_hour.hours().count()), (8, HOURS));
        by_hour.add(first, Some(0), u32::MAX);
        assert_eq!(by_hour.bins(first)[0], u32::MAX, "it stays at the most");
    }

    #[test]
    fn fifty_features_of_twenty_bins_take_less_than_128_kib() {
        let of_column = size_of::<ByHour>() + ByHour::new(20).bytes();
        assert!(50 * of_column <= 128 << 10, "{of_column} bytes each");
        // As large as it may be, with the bin of all other values.
        assert_eq!(ByHour::new(100).bytes(), 24 * 101 * 4);
    }
}
