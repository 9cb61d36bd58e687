//! Where the bins of numbers lie on their line, and how far their outer ones reach; it keeps no value.
//!
//! Inner bins lie at the mean that the reference has in them, on both sides of a comparison. The outer ones have no
//! other end, so live rows there lie at their own mean, which two sums tell: those of [`BinPositions::tail_distance`]. Without them
//! rows far outside would hardly count; with them the error of the distance is a few thousandths of a standard
//! deviation. Live rows below and above all values of value bins have bins of their own, which lie at their own mean,
//! too.

use alloc::vec::Vec;

use crate::float::rounded;

/// How many live bins value bins have beside those of the reference: for numbers below and above all values.
pub(crate) const BEYOND: usize = 2;

/// The most that one value adds to a sum of tail_distance, so that one that is out of this world does not drown all others.
pub const EXCESS_THOUSANDTHS_MAX: u64 = 1_000_000;

/// A line with the bins of a reference on it.
#[derive(Clone, Debug, PartialEq)]
pub struct BinPositions {
    /// By bin, ascending. Fewer than bins if some have no place: the bin of all values that have none of their own.
    at: Vec<f64>,
    deviation: f64,
    /// A thousandth of this is what sums of tail_distance count.
    unit: f64,
    tails: Option<Tails>,
    is_of_values: bool,
}

/// The outermost edges, or the lowest and the highest value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tails {
    low: f64,
    high: f64,
}

driftline_labels::labels! {
    /// A tail of the reference's distribution.
    pub enum Tail {
        /// Below the lowest edge, or the lowest of values with bins of their own.
        Low = "low",
        /// Above the highest edge or value.
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
        BinPositions {
            at: at.collect(),
            deviation,
            unit: deviation,
            tails: tails.filter(|_| 0.0 < deviation),
            is_of_values: false,
        }
    }

    /// The line of values with a bin each. The bin of values between two of them is not on it. Those of values below and
    /// above all of them are, if there are any: see [`Bins::live_count`](crate::bins::Bins::live_count).
    ///
    /// A constant has no deviation. How far new values lie from it counts in its own size, or in ones if it is 0.
    #[must_use]
    pub fn of_values(values: &[f64], deviation: f64) -> BinPositions {
        let ends = values.first().zip(values.last());
        let size = ends.map_or(0.0, |(low, high)| libm::fabs(*low).max(libm::fabs(*high)));
        let units = [deviation, size];
        BinPositions {
            at: values.to_vec(),
            deviation,
            unit: units.into_iter().find(|&unit| 0.0 < unit).unwrap_or(1.0),
            tails: ends.map(|(&low, &high)| Tails { low, high }),
            is_of_values: true,
        }
    }

    /// Whether the last two of this many bins are those below and above all values.
    pub(super) fn has_beyond(&self, bins: usize) -> bool {
        let of_reference = self.at.len().saturating_add(1);
        self.is_of_values && bins == of_reference.saturating_add(BEYOND)
    }

    /// Where the bins of the reference lie, as far as they have places.
    #[must_use]
    pub fn at(&self) -> &[f64] {
        &self.at
    }

    /// The standard deviation of the reference.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// What distances count in: the deviation, or the size of a constant.
    #[must_use]
    pub fn unit(&self) -> f64 {
        self.unit
    }

    /// Beyond which two places values are in a tail.
    #[must_use]
    pub fn ends(&self) -> Option<[f64; 2]> {
        self.tails.map(|Tails { low, high }| [low, high])
    }

    /// Whether values can lie beyond the edges, or beyond all values with bins of their own.
    #[must_use]
    pub fn has_tails(&self) -> bool {
        self.tails.is_some()
    }

    /// How far a value lies beyond the outermost edge or value, in thousandths of the standard deviation, and on which
    /// side; [`EXCESS_THOUSANDTHS_MAX`] at most. `None` between them.
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
        Some((side, rounded(distance / self.unit * 1e3).min(EXCESS_THOUSANDTHS_MAX)))
    }

    /// What the sums of [`BinPositions::tail_distance`] would be if live rows lay as far out as those of the reference in
    /// the same bins.
    pub(crate) fn usual_tails(&self, live: &[u64]) -> [u64; 2] {
        let usual = |distance: f64, bin: Option<usize>| {
            let rows = bin.and_then(|bin| live.get(bin)).copied().unwrap_or(0);
            rounded(distance.max(0.0) / self.deviation * 1e3 * rows as f64)
        };
        let last = self.at.len().checked_sub(1);
        match (self.tails, self.at.first(), self.at.last()) {
            (Some(tails), Some(low), Some(high)) => {
                [usual(tails.low - low, Some(0)), usual(high - tails.high, last)]
            }
            _ => [0, 0],
        }
    }

    /// Where the rows of each bin lie, ascending, and how many these are; those that have no place are left out.
    /// `tail_distance` is the sum of [`BinPositions::tail_distance`] over the rows of either side, if these are live rows:
    /// those of the reference lie where the reference says. `None` if there are fewer bins than places.
    pub(super) fn on_line<'a>(
        &'a self,
        rows: &'a [u64],
        tail_distance: Option<[u64; 2]>,
    ) -> Option<impl Iterator<Item = (f64, u64)> + Clone + 'a> {
        let placed = rows.get(..self.at.len())?;
        // Between edges no row is beyond the outer bins, and these lie at the mean of their live rows.
        let beyond = match rows.last_chunk::<BEYOND>() {
            Some(beyond) if self.has_beyond(rows.len()) => *beyond,
            _ => [0; BEYOND],
        };
        let [below, above] = beyond;
        let of_tails = match self.is_of_values {
            true => [Some(below), Some(above)],
            false => [placed.first().copied(), placed.last().copied()],
        };
        let mean = |tail: usize| {
            let rows = of_tails.get(tail).copied().flatten().filter(|&rows| rows != 0)?;
            let distance = tail_distance?.get(tail).copied()?;
            Some(distance as f64 / rows as f64 / 1e3 * self.unit)
        };
        let low = self.tails.zip(mean(0)).map(|(tails, mean)| tails.low - mean);
        let high = self.tails.zip(mean(1)).map(|(tails, mean)| tails.high + mean);
        let last = self.at.len();
        // One more at either end.
        let places = 0..last.saturating_add(BEYOND);
        Some(places.map(move |place| {
            let bin = place.saturating_sub(1);
            let own = match self.is_of_values {
                true => (place == 0, place > last),
                false => (place == 1, place == last),
            };
            let at = match own {
                (true, _) => low,
                (_, true) => high,
                _ => None,
            };
            let rows = match place {
                0 => below,
                _ => placed.get(bin).copied().unwrap_or(above),
            };
            (at.or(self.at.get(bin).copied()).unwrap_or(0.0), rows)
        }))
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
        let distance = booleans.wasserstein(&[1, 1, 0, 0, 0], &[1, 3, 96, 0, 0], [0, 0]);
        assert_eq!(distance, Some(0.25));
    }

    /// A tenth of the reference at each value from 0 to 9; the distance is scipy.stats.wasserstein_distance of the rows.
    #[test]
    fn values_beyond_all_others_lie_at_their_own_mean() {
        let values: [f64; 10] = core::array::from_fn(|value| value as f64);
        let line = BinPositions::of_values(&values, 2.5);
        assert_eq!(line.tail_distance(-1.0), Some((Tail::Low, 400)));
        assert_eq!(line.tail_distance(14.0), Some((Tail::High, 2000)));
        assert_eq!([0.0, 4.5, 9.0].map(|x| line.tail_distance(x)), [None; 3]);
        let reference = [&[10; 10][..], &[0; 3]].concat();
        let of = |live: [u64; 10], beyond: [u64; 3], tail_distance: [u64; 2]| {
            line.wasserstein(&reference, &[&live[..], &beyond].concat(), tail_distance)
        };
        // wasserstein_distance(range(10), [-1, 9])
        assert_eq!(of([0, 0, 0, 0, 0, 0, 0, 0, 0, 5], [0, 5, 0], [2000, 0]), Some(2.5));
        // wasserstein_distance(range(10), [-1, -3, 14]): the two below lie at their mean, with the same result.
        let all_new = of([0; 10], [0, 2, 1], [1600, 2000]).unwrap();
        assert!((all_new - 5.3).abs() < 1e-9, "{all_new}");
        assert_eq!(of([0; 10], [9, 0, 0], [0, 0]), None, "between two values, nobody knows where");
    }

    #[test]
    fn from_a_constant_the_distance_counts_in_its_own_size() {
        for (constant, x, thousandths, distance) in
            [(-200.0, -150.0, 250, 50.0), (0.0, 3.5, 3500, 3.5), (1e9, 2e12, 1_000_000, 1e12)]
        {
            let line = BinPositions::of_values(&[constant], 0.0);
            assert_eq!(line.tail_distance(x), Some((Tail::High, thousandths)), "{constant}");
            let found = line.wasserstein(&[9, 0, 0, 0], &[0, 0, 0, 1], [0, thousandths]);
            assert_eq!(found, Some(distance), "{constant}");
        }
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
