//! Sums of what scores are off by, row by row, and the Brier score and log loss that they say; it knows no bins.
//!
//! A score is the probability of the positive class. Each row adds its squared error and its log loss in millionths,
//! rounded, so that the means are exact to half a millionth and most often to far less.
//!
//! References: G. W. Brier (1950), "Verification of Forecasts Expressed in Terms of Probability", Monthly Weather
//! Review 78(1); I. J. Good (1952), "Rational Decisions", Journal of the Royal Statistical Society B 14(1).

use super::sums::sums;
use crate::float::rounded;

/// How close to 0 and to 1 a score may be in the log loss, which is 18.4 nats there.
///
/// No score of single precision lies closer to 1 without being 1. It is the smallest power of ten of which 10^12 losses
/// in millionths fit into 64 bits. scikit-learn clips doubles at 2.2e-16, or 36 nats: a model that is certain, and
/// wrong, has a larger loss there.
pub const LOG_LOSS_CLIP: f64 = 1e-8;

const MILLIONTHS: f64 = 1e6;

sums! {
    /// Counters of labelled scores, of one row or of any number of them. They add up.
    pub struct LossSums {
        /// Rows.
        pub rows: u64,
        /// The sum of squared differences of score and label, 0 or 1, in millionths.
        pub squared_error: u64,
        /// The sum of log losses, in millionths of a nat.
        pub log_loss: u64,
    }
}

impl LossSums {
    /// What one row adds. `None` for a score that is no probability: below 0, above 1, or NaN. One logarithm.
    #[must_use]
    pub fn of_row(score: f64, is_positive: bool) -> Option<LossSums> {
        score_millionths(score)?;
        let given = if is_positive { score } else { 1.0 - score };
        let missed = if is_positive { 1.0 - score } else { score };
        // Of a score near 0 the rest keeps more digits than the difference from 1.
        let log =
            if given < 0.5 { libm::log(given.max(LOG_LOSS_CLIP)) } else { libm::log1p(-missed) };
        Some(LossSums {
            rows: 1,
            squared_error: millionths(missed * missed),
            log_loss: millionths(-log),
        })
    }

    /// The mean squared error of the scores, from 0 to 1; `None` without rows. The sums of scores by bin and class
    /// cannot say it, since the squares differ within a bin.
    #[must_use]
    pub fn brier(&self) -> Option<f64> {
        self.mean(self.squared_error)
    }

    /// The mean negative logarithm of the probability that the scores gave the labels, in nats, each clipped at
    /// [`LOG_LOSS_CLIP`]; `None` without rows.
    #[must_use]
    pub fn log_loss(&self) -> Option<f64> {
        self.mean(self.log_loss)
    }

    fn mean(&self, sum: u64) -> Option<f64> {
        (self.rows != 0).then(|| sum as f64 / MILLIONTHS / self.rows as f64)
    }
}

/// What a score adds to the sum of scores of its bin, in millionths. `None` for one that is no probability.
#[must_use]
pub fn score_millionths(score: f64) -> Option<u64> {
    (0.0..=1.0).contains(&score).then(|| millionths(score))
}

/// Of a number that is not negative.
fn millionths(x: f64) -> u64 {
    rounded(x * MILLIONTHS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(score: f64, is_positive: bool, squared_error: u64, log_loss: u64) {
        let expected = LossSums { rows: 1, squared_error, log_loss };
        assert_eq!(LossSums::of_row(score, is_positive), Some(expected), "{score}");
    }

    #[test]
    fn a_row_adds_its_losses() {
        check(0.5, true, 250_000, 693_147);
        check(0.5, false, 250_000, 693_147);
        check(0.9, true, 10_000, 105_361);
        check(0.9, false, 810_000, 2_302_585);
        check(1.0, true, 0, 0);
        check(0.0, false, 0, 0);
        check(1e-3, false, 1, 1001);
    }

    #[test]
    fn certain_and_wrong_is_clipped() {
        check(1.0, false, 1_000_000, 18_420_681);
        check(0.0, true, 1_000_000, 18_420_681);
        check(1e-300, true, 1_000_000, 18_420_681);
        check(1e-7, true, 1_000_000, 16_118_096);
    }

    #[test]
    fn what_is_no_probability_adds_nothing() {
        for score in [-1e-9, 1.000_000_1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(LossSums::of_row(score, true), None, "{score}");
            assert_eq!(score_millionths(score), None, "{score}");
        }
        assert_eq!(
            [0.0, -0.0, 0.123_456_7, 1.0].map(score_millionths),
            [0, 0, 123_457, 1_000_000].map(Some)
        );
        assert_eq!((LossSums::default().brier(), LossSums::default().log_loss()), (None, None));
    }

    #[test]
    fn no_sum_overflows_in_a_trillion_rows() {
        let worst = LossSums::of_row(1.0, false).unwrap();
        for sum in [worst.squared_error, worst.log_loss] {
            assert!(sum.checked_mul(1_000_000_000_000).is_some(), "{sum}");
        }
        let full = LossSums { rows: u64::MAX, squared_error: u64::MAX, log_loss: u64::MAX };
        assert_eq!(full.plus(worst), full);
    }
}
