//! The edges of quantile bins over sorted values, without interpolation; it keeps no values.

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
}
