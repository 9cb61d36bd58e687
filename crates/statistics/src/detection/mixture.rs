//! A reference made of several, each by a weight: what rows would be like if so many of them came in this hour and so many
//! in that one. It does not know which hours.

use alloc::vec::Vec;

use super::{ReferenceRows, total};
use crate::float::rounded;

/// Mixed counts are of so many times the rows that the mixture is worth, so that rounding does not matter.
const SCALE: f64 = 16.0;

/// What is mixed so far; kept to be allocated once.
#[derive(Clone, Debug, Default)]
pub(super) struct Mixture {
    /// By bin.
    shares: Vec<f64>,
    /// Rows without a value, for each row with one.
    unset: f64,
    weight: f64,
    /// The sum of squared weights over rows.
    variance: f64,
    /// The counts, once it is whole.
    pub(super) bins: Vec<u64>,
}

/// A whole mixture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mixed {
    /// How many rows in bins it is worth.
    pub(super) effective: f64,
    /// Rows without a value, in the unit of the counts.
    pub(super) unset: u64,
}

impl Mixed {
    /// The mixture in place of the rows that it is a mixture of.
    pub(super) fn rows<'m>(
        self,
        mixture: &'m Mixture,
        whole: &ReferenceRows<'m>,
    ) -> ReferenceRows<'m> {
        let Mixed { effective, unset } = self;
        let bins = &mixture.bins;
        ReferenceRows { bins, binned: total(bins), effective, unset, ..*whole }
    }
}

impl Mixture {
    /// Begins anew, with so many bins.
    pub(super) fn begin(&mut self, bins: usize) {
        self.shares.clear();
        self.shares.resize(bins, 0.0);
        (self.unset, self.weight, self.variance) = (0.0, 0.0, 0.0);
    }

    /// Adds a part by its weight. Its rows are given by bin, and may be of fewer bins; `clusters` of them count as one.
    pub(super) fn add<N: Copy + Into<u64>>(
        &mut self,
        bins: &[N],
        unset: u64,
        weight: f64,
        clusters: f64,
    ) {
        let rows = total(bins) as f64;
        if rows == 0.0 || weight <= 0.0 {
            return;
        }
        let share = weight / rows;
        for (sum, &count) in self.shares.iter_mut().zip(bins) {
            *sum += share * count.into() as f64;
        }
        self.unset += share * unset as f64;
        self.weight += weight;
        self.variance += weight * weight * clusters / rows;
    }

    /// The mixture, whose counts are in `bins` from now on; `None` if nothing was added.
    pub(super) fn whole(&mut self) -> Option<Mixed> {
        if self.weight <= 0.0 {
            return None;
        }
        let effective = self.weight * self.weight / self.variance;
        let to_counts = effective * SCALE / self.weight;
        self.bins.clear();
        self.bins.extend(self.shares.iter().map(|share| rounded(share * to_counts)));
        Some(Mixed { effective, unset: rounded(self.unset * to_counts) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_count_by_their_weight_and_not_by_their_rows() {
        let mut mixture = Mixture::default();
        mixture.begin(3);
        mixture.add(&[100_u32, 0], 0, 3.0, 1.0);
        mixture.add(&[0_u64, 300, 100], 40, 1.0, 1.0);
        let mixed = mixture.whole().unwrap();
        // 16 over 9/100 and 1/400 rows.
        assert!((mixed.effective - 16.0 / 0.0925).abs() < 1e-9, "{mixed:?}");
        let rows = mixture.bins.iter().sum::<u64>() as f64;
        let shares = [0, 1, 2].map(|bin| mixture.bins[bin] as f64 / rows);
        for (found, expected) in shares.into_iter().zip([0.75, 0.1875, 0.0625]) {
            assert!((found - expected).abs() < 1e-3, "{shares:?}");
        }
        assert!((mixed.unset as f64 / rows - 0.025).abs() < 1e-3);
        mixture.begin(3);
        mixture.add(&[0_u32; 3], 5, 1.0, 1.0);
        assert!(mixture.whole().is_none(), "a part without rows is none");
    }
}
