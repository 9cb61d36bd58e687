//! Sums that lose no small numbers; it keeps no values.

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

    /// The mean of `count` values between `low` and `high`, between which rounding keeps it. `None` for no values.
    pub(crate) fn mean(self, count: u64, low: f64, high: f64) -> Option<f64> {
        // `max` and `min`, because `clamp` panics when the ends are the wrong way round.
        (count != 0).then(|| (self.total() / count as f64).max(low).min(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
