//! Sums of errors and of labels of a regression, and the measures that they say; it keeps no label and no prediction.
//!
//! Errors and labels count in thousandths of the reference's standard deviation of the label, rounded, so that one unit
//! fits every target. Measures are exact for rows that are rounded so: MAE and bias are off by half a thousandth of a
//! deviation at most, RMSE too. Labels count from the reference's mean: without it, those of a target such as a year
//! would lie hundreds of deviations from 0.
//!
//! Squares are two sums, of whole squared deviations and of the millionths that are left. One sum of millionths would
//! overflow after 18 million rows that are 1,000 deviations off.
//!
//! | counter | unit | most of a row |
//! | --- | --- | --- |
//! | `above`, `below`, `label_above`, `label_below` | thousandths of a deviation | 10^6 |
//! | `squares`, `label_squares` | squared deviations | 10^6 |
//! | `square_millionths`, `label_square_millionths` | millionths of a squared deviation | 10^6 |
//! | `relative` | ten-thousandths of the label | 10^7 |
//! | `rows`, `relative_rows`, `clamped` | rows | 1 |
//!
//! Reference: R. J. Hyndman, A. B. Koehler (2006), "Another Look at Measures of Forecast Accuracy", International
//! Journal of Forecasting 22(4), which says what is wrong with percentages, too.

use super::sums::sums;
use crate::float::rounded;

/// Beyond this many deviations, an error or a label counts as this many: one row that is out of this world must not drown
/// all others, and no sum may overflow.
pub const DEVIATIONS_MAX: f64 = 1000.0;

/// Beyond this many times the label, a relative error counts as this many.
pub const RELATIVE_MAX: f64 = 1000.0;

/// What a deviation is in a sum of errors.
const THOUSANDTHS: f64 = 1000.0;
/// What a label is in a sum of relative errors.
const TEN_THOUSANDTHS: f64 = 1e4;
/// What a squared deviation is in squared thousandths.
const MILLIONTHS: u64 = 1_000_000;

/// Where the labels of the reference lie, and how far they spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetScale {
    mean: f64,
    deviation: f64,
}

sums! {
    /// Counters of labelled predictions, of one row or of any number of them. They add up.
    pub struct RegressionSums {
        /// Rows.
        pub rows: u64,
        /// The sum of errors, prediction less label, of predictions that are too high.
        pub above: u64,
        /// The sum of errors of predictions that are too low, as a positive number.
        pub below: u64,
        /// The sum of squared errors, the whole part of each.
        pub squares: u64,
        /// What is left of each.
        pub square_millionths: u64,
        /// The sum of how far labels lie above the reference's mean.
        pub label_above: u64,
        /// The sum of how far labels lie below it.
        pub label_below: u64,
        /// The sum of the squares of these distances, the whole part of each.
        pub label_squares: u64,
        /// What is left of each.
        pub label_square_millionths: u64,
        /// Rows with a label other than 0, which have a relative error.
        pub relative_rows: u64,
        /// The sum of absolute errors, each in parts of the size of its label.
        pub relative: u64,
        /// Rows with a value that counts as less than it is: see [`DEVIATIONS_MAX`] and [`RELATIVE_MAX`].
        pub clamped: u64,
    }
}

impl TargetScale {
    /// A mean of 0 and a deviation of 1.
    pub const UNIT: TargetScale = TargetScale { mean: 0.0, deviation: 1.0 };

    /// The mean and the standard deviation of the reference's labels, in their unit. `None` if either is not finite or
    /// the deviation is not above 0: errors of a constant have nothing to be measured in.
    #[must_use]
    pub fn new(mean: f64, deviation: f64) -> Option<TargetScale> {
        let is_fit = mean.is_finite() && deviation.is_finite() && 0.0 < deviation;
        is_fit.then_some(TargetScale { mean, deviation })
    }

    /// What one row adds, `clamped` among it if its numbers are too large. `None` if either is not finite. Three
    /// divisions.
    #[must_use]
    pub fn row(&self, prediction: f64, label: f64) -> Option<RegressionSums> {
        if !prediction.is_finite() || !label.is_finite() {
            return None;
        }
        // Differences of finite numbers may be infinite, and then are clamped.
        let error = prediction - label;
        let [above, below, squares, square_millionths] = self.parts(error);
        let distance = label - self.mean;
        let [label_above, label_below, label_squares, label_square_millionths] =
            self.parts(distance);
        let has_relative = label != 0.0;
        let relative = if has_relative { libm::fabs(error) / libm::fabs(label) } else { 0.0 };
        let farthest = libm::fabs(error).max(libm::fabs(distance)) / self.deviation;
        let is_clamped = DEVIATIONS_MAX < farthest || RELATIVE_MAX < relative;
        Some(RegressionSums {
            rows: 1,
            above,
            below,
            squares,
            square_millionths,
            label_above,
            label_below,
            label_squares,
            label_square_millionths,
            relative_rows: u64::from(has_relative),
            relative: rounded(relative.min(RELATIVE_MAX) * TEN_THOUSANDTHS),
            clamped: u64::from(is_clamped),
        })
    }

    /// Above and below 0, and both parts of the square.
    fn parts(&self, distance: f64) -> [u64; 4] {
        let size = (libm::fabs(distance) / self.deviation).min(DEVIATIONS_MAX);
        let thousandths = rounded(size * THOUSANDTHS);
        let (above, below) = if distance < 0.0 { (0, thousandths) } else { (thousandths, 0) };
        // Of the rounded number, so that all measures are of the same rows.
        let square = thousandths.saturating_mul(thousandths);
        [above, below, square / MILLIONTHS, square % MILLIONTHS]
    }
}

impl RegressionSums {
    /// The mean absolute error, in the unit of the label; `None` without rows.
    #[must_use]
    pub fn mean_absolute_error(&self, scale: &TargetScale) -> Option<f64> {
        let size = self.above as f64 + self.below as f64;
        Some(self.mean(size)? / THOUSANDTHS * scale.deviation)
    }

    /// The mean of prediction less label, in the unit of the label; `None` without rows.
    #[must_use]
    pub fn bias(&self, scale: &TargetScale) -> Option<f64> {
        let size = self.above.abs_diff(self.below) as f64;
        let signed = if self.above < self.below { -size } else { size };
        Some(self.mean(signed)? / THOUSANDTHS * scale.deviation)
    }

    /// The mean squared error, in the squared unit of the label; `None` without rows.
    #[must_use]
    pub fn mean_squared_error(&self, scale: &TargetScale) -> Option<f64> {
        let squares = square_sum(self.squares, self.square_millionths) as f64;
        Some(self.mean(squares)? / MILLIONTHS as f64 * scale.deviation * scale.deviation)
    }

    /// The root of [`RegressionSums::mean_squared_error`], in the unit of the label.
    #[must_use]
    pub fn root_mean_squared_error(&self, scale: &TargetScale) -> Option<f64> {
        self.mean_squared_error(scale).map(libm::sqrt)
    }

    /// The share of the variance of the labels that the predictions explain, at most 1: R². `None` if the labels of all
    /// rows are one, to a thousandth of a deviation; scikit-learn says 1 or 0 there.
    ///
    /// Its variance is that of the live labels, not of the reference.
    #[must_use]
    pub fn r2(&self) -> Option<f64> {
        let rows = u128::from(self.rows);
        let sum = u128::from(self.label_above.abs_diff(self.label_below));
        let squares = square_sum(self.label_squares, self.label_square_millionths);
        // Far from the reference's mean doubles would cancel. 10^12 rows have no more than 10^36 here, and 128 bits
        // hold it.
        let spread = rows.saturating_mul(squares).saturating_sub(sum.saturating_mul(sum));
        let residual = square_sum(self.squares, self.square_millionths);
        (spread != 0).then(|| 1.0 - residual as f64 * rows as f64 / spread as f64)
    }

    /// The mean of absolute errors, each in parts of the size of its label: .05 for five percent. Rows with the label 0
    /// are left out, and `None` is said if there are no others. Exact to half a ten-thousandth.
    #[must_use]
    pub fn mean_absolute_percentage_error(&self) -> Option<f64> {
        let rows = (self.relative_rows != 0).then_some(self.relative_rows as f64)?;
        Some(self.relative as f64 / TEN_THOUSANDTHS / rows)
    }

    fn mean(&self, sum: f64) -> Option<f64> {
        (self.rows != 0).then(|| sum / self.rows as f64)
    }
}

/// In millionths. Two sums of 64 bits have at most 85.
fn square_sum(whole: u64, millionths: u64) -> u128 {
    let whole = u128::from(whole).saturating_mul(u128::from(MILLIONTHS));
    whole.saturating_add(u128::from(millionths))
}

#[cfg(test)]
mod tests;
