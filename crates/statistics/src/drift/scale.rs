//! Where the bins of numbers lie on their line, and how far their outer ones reach; it keeps no value.
//!
//! Inner bins lie at the mean that the reference has in them, on both sides of a comparison. The outer ones have no
//! other end, so live rows there lie at their own mean, which two sums tell: those of [`BinPositions::tail_distance`]. Without them
//! rows far outside would hardly count; with them the error of the distance is a few thousandths of a standard
//! deviation.

use alloc::vec::Vec;

/// The most that one value adds to a sum of tail_distance, so that one that is out of this world does not drown all others.
pub const EXCESS_THOUSANDTHS_MAX: u64 = 1_000_000;

/// A line with the bins of a reference on it.
#[derive(Clone, Debug, PartialEq)]
pub struct BinPositions {
    /// By bin, ascending. Fewer than bins if some have no place: the bin of all values that have none of their own.
    at: Vec<f64>,
    deviation: f64,
    tails: Option<Tails>,
}

/// The outermost edges.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tails {
    low: f64,
    high: f64,
}

driftline_labels::labels! {
    /// A tail of the reference's distribution.
    pub enum Tail {
        /// Below the lowest edge.
        Low = "low",
        /// Above the highest edge.
        High = "high",
    }
}

impl BinPositions {
    /// The line of bins between edges. `means` are those of the reference rows in each bin, where there are any;
    /// `deviation` is the standard deviation of all.
    #[must_use]
    pub fn of_edges(edges: &[f64], means: &[Option<f64>], deviation: f64) -> BinPositions {
        let middle = |bin: usize| {
            let below = bin.checked_sub(1).and_then(|edge| edges.get(edge));
            match (below, edges.get(bin)) {
                (Some(below), Some(above)) => below + (above - below) / 2.0,
                (Some(&only), None) | (None, Some(&only)) => only,
                (None, None) => 0.0,
            }
        };
        let at = means.iter().enumerate().map(|(bin, mean)| mean.unwrap_or_else(|| middle(bin)));
        let tails = edges.first().zip(edges.last()).map(|(&low, &high)| Tails { low, high });
        BinPositions { at: at.collect(), deviation, tails: tails.filter(|_| 0.0 < deviation) }
    }

    /// The line of values with a bin each. The last bin, of all other values, is not on it.
    #[must_use]
    pub fn of_values(values: &[f64], deviation: f64) -> BinPositions {
        BinPositions { at: values.to_vec(), deviation, tails: None }
    }

    /// The standard deviation of the reference.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// Whether values can lie beyond the edges.
    #[must_use]
    pub fn has_tails(&self) -> bool {
        self.tails.is_some()
    }

    /// How far a value lies beyond the outermost edge, in thousandths of the standard deviation, and on which side;
    /// [`EXCESS_THOUSANDTHS_MAX`] at most. `None` between the edges.
    #[must_use]
    pub fn tail_distance(&self, x: f64) -> Option<(Tail, u64)> {
        let tails = self.tails?;
        let (side, distance) = if x < tails.low {
            (Tail::Low, tails.low - x)
        } else if tails.high < x {
            (Tail::High, x - tails.high)
        } else {
            return None;
        };
        // The cast saturates.
        let thousandths = libm::round(distance / self.deviation * 1e3) as u64;
        Some((side, thousandths.min(EXCESS_THOUSANDTHS_MAX)))
    }

    /// Where the reference rows of each bin lie; ascending.
    pub(super) fn of_reference(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.at.iter().copied()
    }

    /// Where the live rows of each bin lie. `tail_distance` is the sum of [`BinPositions::tail_distance`] over the live
    /// rows of either side.
    pub(super) fn of_live(
        &self,
        live: &[u64],
        tail_distance: [u64; 2],
    ) -> impl ExactSizeIterator<Item = f64> + '_ {
        let last = self.at.len().checked_sub(1);
        let mean = |tail_distance: u64, bin: Option<usize>| {
            let rows = live.get(bin?).copied().filter(|&rows| rows != 0)?;
            Some(tail_distance as f64 / rows as f64 / 1e3 * self.deviation)
        };
        let [low, high] = tail_distance;
        let low = self.tails.zip(mean(low, Some(0))).map(|(tails, mean)| tails.low - mean);
        let high = self.tails.zip(mean(high, last)).map(|(tails, mean)| tails.high + mean);
        self.at.iter().enumerate().map(move |(bin, &at)| {
            let at = low.filter(|_| bin == 0).unwrap_or(at);
            high.filter(|_| Some(bin) == last).unwrap_or(at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bins around 0 and 10, with a deviation of 2.
    fn scale() -> BinPositions {
        BinPositions::of_edges(&[0.0, 10.0], &[Some(-1.0), Some(4.0), None], 2.0)
    }

    #[test]
    fn excess_counts_from_the_outermost_edges() {
        for (x, tail_distance) in [
            (0.0, None),
            (10.0, None),
            (-0.5, Some((Tail::Low, 250))),
            (11.0, Some((Tail::High, 500))),
            (10.000_01, Some((Tail::High, 0))),
            (1e308, Some((Tail::High, EXCESS_THOUSANDTHS_MAX))),
            (f64::MIN, Some((Tail::Low, EXCESS_THOUSANDTHS_MAX))),
        ] {
            assert_eq!(scale().tail_distance(x), tail_distance, "{x}");
        }
    }

    #[track_caller]
    fn check(scale: &BinPositions, live: &[u64], tail_distance: [u64; 2], distance: Option<f64>) {
        let found = scale.wasserstein(&[1, 1, 0], live, tail_distance);
        assert_eq!(found, distance);
    }

    #[test]
    fn live_rows_of_the_outer_bins_lie_at_their_own_mean() {
        // Of two rows each: at -1 and 4 in the reference.
        check(&scale(), &[1, 1, 0], [500, 0], Some(0.0));
        check(&scale(), &[1, 1, 0], [1500, 0], Some(1.0));
        check(&scale(), &[2, 2, 0], [3000, 0], Some(1.0));
        check(&scale(), &[0, 0, 3], [0, 3000], Some(10.5));
    }

    #[test]
    fn a_value_without_a_bin_is_not_on_the_line() {
        let booleans = BinPositions::of_values(&[0.0, 1.0], 0.5);
        check(&booleans, &[1, 3, 0], [0, 0], Some(0.25));
        check(&booleans, &[1, 3, 96], [0, 0], Some(0.25));
        check(&booleans, &[0, 0, 9], [0, 0], None);
        assert_eq!(booleans.tail_distance(7.0), None);
    }

    #[test]
    fn a_constant_has_no_tails() {
        assert!(!BinPositions::of_edges(&[3.0], &[Some(3.0), None], 0.0).has_tails());
    }

    /// Rare rows far outside, which bins alone do not see: 2 % at eight deviations.
    #[test]
    fn tail_sums_see_what_bins_do_not() {
        let edges = [-1.0, 0.0, 1.0];
        let scale =
            BinPositions::of_edges(&edges, &[Some(-1.5), Some(-0.5), Some(0.5), Some(1.5)], 1.0);
        let reference = [160, 340, 340, 160];
        let live = [157, 333, 333, 177];
        let blind = scale.wasserstein(&reference, &live, [78_500, 88_500]).unwrap();
        let far = 157 * 500 + 20 * 7_000;
        let seeing = scale.wasserstein(&reference, &live, [78_500, far]).unwrap();
        assert!(blind < 0.06 && 0.14 < seeing, "{blind} {seeing}");
    }
}
