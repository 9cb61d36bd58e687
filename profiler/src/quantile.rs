//! Edges of sorted values, without interpolation, and sums that lose nothing; it keeps no values.

/// The edges of `bins` bins over `sorted`, which is in ascending order and not empty.
///
/// Edge `k` is the smallest value that at least `k/bins` of the values do not exceed, for `k` from
/// 1 to `bins - 1`; equal edges become one.
pub(crate) fn edges(sorted: &[f64], bins: usize) -> Vec<f64> {
    let mut edges: Vec<f64> = (1..bins)
        .filter_map(|k| {
            // Whole numbers throughout: 3000 * 0.15 in floating point may exceed 450.
            let rank = (sorted.len() as u128 * k as u128).div_ceil(bins as u128) as usize;
            sorted.get(rank.saturating_sub(1)).copied()
        })
        .collect();
    edges.dedup();
    edges
}

/// A sum without the error that adding small to large numbers leaves (A. Neumaier, 1974).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, value: f64) {
        let next = self.sum + value;
        self.lost += if value.abs() <= self.sum.abs() {
            (self.sum - next) + value
        } else {
            (value - next) + self.sum
        };
        self.sum = next;
    }

    pub(crate) fn total(self) -> f64 {
        self.sum + self.lost
    }

    /// The mean of `count` values that lie from `low` to `high`; rounding cannot carry it beyond them. `None` for no values.
    pub(crate) fn mean(self, count: u64, low: f64, high: f64) -> Option<f64> {
        // `max` and `min`, because `clamp` panics when the ends are the wrong way round.
        (count != 0).then(|| (self.total() / count as f64).max(low).min(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_values_that_hold_their_share_below_them() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(edges(&hundred, 4), [25.0, 50.0, 75.0]);
        assert_eq!(edges(&[1.0, 2.0, 3.0], 2), [2.0]);
        assert_eq!(edges(&[1.0], 20), [1.0]);
        // 3000 * 3 / 20 is exactly 450; 3000 * 0.15 is not.
        let many: Vec<f64> = (1..=3000).map(f64::from).collect();
        assert_eq!(edges(&many, 20)[2], 450.0);
    }

    #[test]
    fn tied_values_share_one_edge() {
        assert_eq!(edges(&[0.0, 0.0, 0.0, 0.0, 1.0, 2.0], 6), [0.0, 1.0]);
    }

    fn sum(values: &[f64]) -> Sum {
        let mut sum = Sum::default();
        values.iter().for_each(|&value| sum.add(value));
        sum
    }

    #[test]
    fn sums_do_not_lose_the_small_numbers() {
        assert_eq!(sum(&[1.0, 1e100, 1.0, -1e100]).total(), 2.0);
    }

    #[test]
    fn a_mean_lies_between_the_extremes() {
        assert_eq!(sum(&[0.1, 0.1, 0.1]).mean(3, 0.1, 0.1), Some(0.1));
        assert_eq!(sum(&[]).mean(0, 0.0, 0.0), None);
    }
}
