//! What a share of values does not exceed. It weighs no value.

/// The value that has this share of all below it; infinite of none.
#[must_use]
pub fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len() as f64 * share) as usize;
    let last = values.len().saturating_sub(1);
    values.get(index.min(last)).copied().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_or_the_one_above_it() {
        assert_eq!(quantile(vec![3.0, f64::INFINITY, 1.0], 0.5), 3.0);
        assert_eq!(quantile(vec![4.0, 1.0, 3.0, 2.0], 0.5), 3.0);
        assert_eq!(quantile(vec![2.0, 1.0], 1.0), 2.0);
        assert_eq!(quantile(Vec::new(), 0.5), f64::INFINITY);
    }
}
