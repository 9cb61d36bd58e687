//! Edges, means and deviations of sorted values; exact, in memory, and without interpolation.

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

/// The sum without the error that adding small to large numbers leaves (A. Neumaier, 1974).
pub(crate) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = sum + value;
        lost += if value.abs() <= sum.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

/// The mean of values between `sorted`'s ends; rounding cannot carry it beyond them. `None` for no values.
pub(crate) fn mean(sorted: &[f64]) -> Option<f64> {
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    Some((sum(sorted.iter().copied()) / sorted.len() as f64).clamp(first, last))
}

/// The population standard deviation around `mean`; 0 for no values.
pub(crate) fn deviation(sorted: &[f64], mean: f64) -> f64 {
    if sorted.first() == sorted.last() {
        // Equal values deviate by nothing, whatever rounding says.
        return 0.0;
    }
    (sum(sorted.iter().map(|value| (value - mean) * (value - mean))) / sorted.len() as f64).sqrt()
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

    #[test]
    fn sums_do_not_lose_the_small_numbers() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100].into_iter()), 2.0);
    }

    #[test]
    fn a_mean_lies_between_the_extremes() {
        assert_eq!(mean(&[0.1, 0.1, 0.1]), Some(0.1));
        assert_eq!(mean(&[]), None);
        assert_eq!(deviation(&[0.1, 0.1, 0.1], 0.1), 0.0);
        assert_eq!(deviation(&[1.0, 3.0], 2.0), 1.0);
    }
}
