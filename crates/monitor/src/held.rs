//! How often a column had a value in a body, and where that of the open row falls; it counts nothing.

use driftline_labels::Unbinned;
use driftline_statistics::{
    drift::Tail,
    value::{InBin, Placed},
};

/// What it takes of each column of a body.
pub(crate) const HELD_BYTES: usize = size_of::<HeldColumn>();

/// A column of a body.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct HeldColumn {
    /// How many values came.
    pub(crate) present: u32,
    /// The serial number of the last row that had one of them; 0 for none.
    row: u32,
    /// Its bin, or from [`NO_BIN`] on the reason why there is none, and how it is odd.
    bin: u32,
    /// How far out it is, if it is.
    far: u32,
}

/// More than bins there are.
const NO_BIN: u32 = 0xff00;
const OUTSIDE: u32 = 1 << 31;
const FAR: u32 = 1 << 30;
const HIGH: u32 = 1 << 29;
/// It is counted nowhere until its row is over.
const WITHHELD: u32 = 1 << 28;
const FLAGS: u32 = OUTSIDE | FAR | HIGH | WITHHELD;

impl HeldColumn {
    /// Notes the bin of a row's value.
    #[inline]
    pub(crate) fn set(&mut self, row: u32, bin: usize) {
        (self.row, self.bin) = (row, bin as u32);
    }

    /// The same of a value that is odd.
    #[inline(never)]
    pub(crate) fn set_odd(&mut self, row: u32, placed: Placed) {
        self.row = row;
        self.bin = match placed {
            Ok(InBin { bin, is_outside, tail_distance }) => {
                let outside = if is_outside { OUTSIDE } else { 0 };
                let far = tail_distance.map_or(0, |(tail, thousandths)| {
                    self.far = u32::try_from(thousandths).unwrap_or(u32::MAX);
                    if tail == Tail::High { FAR | HIGH } else { FAR }
                });
                bin as u32 | outside | far
            }
            Err(reason) => NO_BIN.saturating_add(reason as u32),
        };
    }

    /// Whether this row had a value that is counted, or one that is not yet.
    pub(crate) fn is_of(&self, row: u32, is_withheld: bool) -> bool {
        row != 0 && self.row == row && is_withheld == (self.bin & WITHHELD != 0)
    }

    /// From now on, its value is not counted yet, or counted again.
    pub(crate) fn withhold(&mut self, is_withheld: bool) {
        self.bin = if is_withheld { self.bin | WITHHELD } else { self.bin & !WITHHELD };
    }

    /// The value is none.
    pub(crate) fn forget(&mut self) {
        self.present = self.present.saturating_sub(1);
        self.row = 0;
    }

    pub(crate) fn placed(self) -> Placed {
        let HeldColumn { bin, far, .. } = self;
        if let Some(reason) = (bin & !FLAGS).checked_sub(NO_BIN) {
            let known = Unbinned::ALL.get(reason as usize).copied();
            return Err(known.unwrap_or(Unbinned::Missing));
        }
        let tail = if bin & HIGH == 0 { Tail::Low } else { Tail::High };
        Ok(InBin {
            bin: (bin & !FLAGS) as usize,
            is_outside: bin & OUTSIDE != 0,
            tail_distance: (bin & FAR != 0).then_some((tail, u64::from(far))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(placed: Placed) {
        let mut held = HeldColumn::default();
        assert!(!held.is_of(0, false) && !held.is_of(1, false));
        held.set_odd(7, placed);
        assert!(held.is_of(7, false) && !held.is_of(8, false) && !held.is_of(7, true));
        held.withhold(true);
        assert_eq!((held.is_of(7, true), held.placed()), (true, placed));
        held.withhold(false);
        assert_eq!(held.placed(), placed);
    }

    #[test]
    fn what_is_held_is_where_a_value_falls() {
        let mut plain = HeldColumn::default();
        plain.set(3, 5);
        assert_eq!(plain.placed(), Ok(InBin { bin: 5, ..InBin::default() }));
        Unbinned::ALL.into_iter().for_each(|reason| check(Err(reason)));
        for is_outside in [false, true] {
            for tail_distance in [None, Some((Tail::Low, 0)), Some((Tail::High, 1_000_000))] {
                check(Ok(InBin { bin: 101, is_outside, tail_distance }));
            }
        }
    }
}
