//! Many observations as their number, mean and sum of squared deviations; it never has their order.

use super::super::signal::is_usable;

/// Observations of one tick: at least one, and fewer than [`Batch::COUNT_MAX`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    count: u64,
    sum: f64,
    squared_deviations: f64,
}

impl Batch {
    /// The number of observations that is too many for one batch.
    pub const COUNT_MAX: u64 = 1 << 40;

    /// Of a number of observations, their mean, and the sum of their squared deviations from it. `None` if there are
    /// none or too many, if the mean is beyond [`VALUE_MAX`](crate::streams::VALUE_MAX), or if the deviations are
    /// negative or too large for such values.
    #[must_use]
    pub fn new(count: u64, mean: f64, squared_deviations: f64) -> Option<Batch> {
        Batch::of(count, mean * count as f64, squared_deviations)
    }

    /// Of three counters: the number of observations, their sum, and the sum of their squares. `None` as for
    /// [`Batch::new`].
    ///
    /// The deviations are a difference of two sums. If the mean is a million times as large as the deviation, four
    /// digits of them are left.
    #[must_use]
    pub fn from_sums(count: u64, sum: f64, sum_of_squares: f64) -> Option<Batch> {
        // Less than nothing is a matter of rounding; a NaN stays one, and is refused.
        let deviations = sum_of_squares - sum * (sum / count as f64);
        Batch::of(count, sum, if deviations < 0.0 { 0.0 } else { deviations })
    }

    /// Of rows that are errors, 1, or not, 0. `None` if there are no rows, too many, or more errors than rows.
    #[must_use]
    pub fn of_errors(errors: u64, rows: u64) -> Option<Batch> {
        let correct = rows.checked_sub(errors)? as f64;
        let (errors, all) = (errors as f64, rows as f64);
        Batch::of(rows, errors, errors * (correct / all))
    }

    /// Of a single one.
    pub(super) fn of_one(value: f64) -> Option<Batch> {
        Batch::of(1, value, 0.0)
    }

    fn of(count: u64, sum: f64, squared_deviations: f64) -> Option<Batch> {
        let batch = Batch { count, sum, squared_deviations };
        let is_possible = count != 0
            && count < Batch::COUNT_MAX
            && is_usable(batch.mean())
            && 0.0 <= squared_deviations
            && is_usable(libm::sqrt(squared_deviations));
        is_possible.then_some(batch)
    }

    /// How many observations there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Their mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// The sum of their squared deviations from the mean.
    #[must_use]
    pub fn squared_deviations(&self) -> f64 {
        self.squared_deviations
    }
}
