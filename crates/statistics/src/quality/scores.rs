//! Binary scores in bins: how well they rank the rows and how well they are calibrated; it never sees a single score.
//!
//! The bins divide the scores in their order. Rows of one bin have an order among themselves that the counters do not
//! carry, so measures of rank come with the bounds that no order of these rows exceeds. Of a good model with quantile
//! bins, and 5,000 rows of which a quarter is positive:
//!
//! | bins | AUC is off by | its bounds, half their distance | average precision is off by | its bounds |
//! | --- | --- | --- | --- | --- |
//! | 10 | .005 | .028 | .029 | .101 |
//! | 20 | .001 | .014 | .008 | .052 |
//! | 50 | .0002 | .006 | .001 | .019 |
//!
//! References: D. Bamber (1975), "The Area above the Ordinal Dominance Graph and the Area below the Receiver Operating
//! Characteristic Graph", Journal of Mathematical Psychology 12(4); J. Davis, M. Goadrich (2006), "The Relationship
//! Between Precision-Recall and ROC Curves", ICML; M. P. Naeini, G. F. Cooper, M. Hauskrecht (2015), "Obtaining Well
//! Calibrated Probabilities Using Bayesian Binning", AAAI.

use crate::counts::total;

/// What a sum of scores counts, in parts of 1.
const MILLIONTHS: f64 = 1e6;
/// How many reciprocals are added one by one. The integral over the others is off by less than 1e-4 of the first one.
const RECIPROCALS: u8 = 16;

/// Counts of rows by score bin.
#[derive(Clone, Copy, Debug)]
pub struct BinnedScores<'a> {
    positives: &'a [u64],
    negatives: &'a [u64],
}

/// A measure that the counters carry in part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded {
    /// The best guess.
    pub value: f64,
    /// What the exact value is not below.
    pub low: f64,
    /// What the exact value is not above.
    pub high: f64,
}

/// How far scores are from being probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationError {
    /// The expected calibration error, from 0 to 1: the mean over all rows of how far the mean score of their bin is
    /// from the share of positives in it.
    pub value: f64,
    /// What the value is on average, by chance alone, if every score is the probability of its row. It falls with the
    /// root of the rows.
    pub by_chance: f64,
    /// Mean score less share of positives, from -1 to 1: above 0 if scores are too high all in all.
    pub bias: f64,
}

impl<'a> BinnedScores<'a> {
    /// A view over the counts of rows by bin, lowest scores first; `None` for other than as many positives as
    /// negatives.
    #[must_use]
    pub fn new(positives: &'a [u64], negatives: &'a [u64]) -> Option<BinnedScores<'a>> {
        (positives.len() == negatives.len()).then_some(BinnedScores { positives, negatives })
    }

    /// The area under the ROC curve: how often a positive has a higher score than a negative, ties counting half.
    /// `None` without positives or without negatives. One pass.
    ///
    /// The value takes the rows of a bin for ties. The bounds are it less and plus half the share of pairs that share a
    /// bin, and both are reached. Where each bin has one score, the value is exact.
    #[must_use]
    pub fn auc_roc(&self) -> Option<Bounded> {
        area_under_roc(self.bins())
    }

    /// Average precision as scikit-learn has it: the mean over positives of the precision among rows with a score at
    /// least as high. `None` without positives. One pass, and two logarithms for each bin with positives.
    ///
    /// The value is the mean over all orders of the rows of a bin, none of them tied. The bounds are those of the best order, all
    /// positives of a bin tied above its negatives, and of the worst one.
    #[must_use]
    pub fn average_precision(&self) -> Option<Bounded> {
        let (mut hits, mut misses) = (0.0, 0.0);
        let mut sum = Bounded { value: 0.0, low: 0.0, high: 0.0 };
        for (positives, negatives) in self.bins().rev() {
            if 0.0 < positives {
                let above = hits + misses;
                let most = positives * ((hits + positives) / (above + positives));
                // The n-th positive, after all negatives: (hits + n) / (above + negatives + n).
                let after = reciprocals(above + negatives, positives);
                let least = (positives - (misses + negatives) * after).max(0.0).min(most);
                let mean = mean_precision((hits, above), (positives, negatives));
                sum.low += least;
                sum.value += mean.max(least).min(most);
                sum.high += most;
            }
            hits += positives;
            misses += negatives;
        }
        (0.0 < hits).then(|| Bounded {
            value: sum.value / hits,
            low: sum.low / hits,
            high: sum.high / hits,
        })
    }

    /// Average precision of scores of few values, each with a bin of its own: exact there, as scikit-learn takes rows of
    /// one score together. `None` without positives. One pass.
    ///
    /// Of bins with several scores it is less than [`BinnedScores::average_precision`] as a rule.
    #[must_use]
    pub fn average_precision_of_ties(&self) -> Option<f64> {
        let (mut hits, mut rows, mut sum) = (0.0, 0.0, 0.0);
        for (positives, negatives) in self.bins().rev() {
            hits += positives;
            rows += positives + negatives;
            if 0.0 < positives {
                sum += positives * (hits / rows);
            }
        }
        (0.0 < hits).then(|| sum / hits)
    }

    /// The calibration error of scores that are meant as probabilities of the positive class. `score_sums` is the sum
    /// of the scores by bin, in millionths: see [`score_millionths`](super::score_millionths). `None` without rows, or
    /// with other than as many sums as bins. One pass, a root for each bin.
    ///
    /// It is exact to half a millionth for these bins. Bins that divide them further never have a smaller error.
    #[must_use]
    pub fn calibration_error(&self, score_sums: &[u64]) -> Option<CalibrationError> {
        let rows = total(self.positives) as f64 + total(self.negatives) as f64;
        if score_sums.len() != self.positives.len() || rows == 0.0 {
            return None;
        }
        let mut found = CalibrationError { value: 0.0, by_chance: 0.0, bias: 0.0 };
        for ((positives, negatives), &sum) in self.bins().zip(score_sums) {
            let binned = positives + negatives;
            if 0.0 < binned {
                let expected = sum as f64 / MILLIONTHS;
                let share = (expected / binned).min(1.0);
                found.value += libm::fabs(expected - positives);
                found.bias += expected - positives;
                found.by_chance += libm::sqrt(binned * share * (1.0 - share));
            }
        }
        // The mean distance from the mean of a normal variable, in its deviations.
        let mean_distance = libm::sqrt(core::f64::consts::FRAC_2_PI);
        Some(CalibrationError {
            value: found.value / rows,
            by_chance: mean_distance * found.by_chance / rows,
            bias: found.bias / rows,
        })
    }

    /// Positives and negatives by bin.
    fn bins(&self) -> impl DoubleEndedIterator<Item = (f64, f64)> + use<'a> {
        let pairs = self.positives.iter().zip(self.negatives);
        pairs.map(|(&positives, &negatives)| (positives as f64, negatives as f64))
    }
}

/// [`BinnedScores::auc_roc`] of positives and negatives by bin, lowest scores first, which need not be whole.
pub(super) fn area_under_roc(bins: impl Iterator<Item = (f64, f64)>) -> Option<Bounded> {
    let (mut all_positives, mut below) = (0.0, 0.0);
    let (mut ordered, mut tied) = (0.0, 0.0);
    for (positives, negatives) in bins {
        ordered += positives * below;
        tied += positives * negatives;
        all_positives += positives;
        below += negatives;
    }
    let pairs = all_positives * below;
    let (low, half) = (ordered / pairs, tied / 2.0 / pairs);
    (0.0 < pairs).then_some(Bounded { value: low + half, low, high: low + half + half })
}

/// The sum of precisions at each positive of a bin, if all orders of its rows are equally likely. `hits` of the rows
/// `above` the bin are positives.
fn mean_precision((hits, above): (f64, f64), (positives, negatives): (f64, f64)) -> f64 {
    let rows = positives + negatives;
    // A row in place n is positive as often as any other one, and then so many of each row before it are.
    let others = if 1.0 < rows { (positives - 1.0) / (rows - 1.0) } else { 0.0 };
    // The n-th of the rows: (hits + 1 + others (n - 1)) / (above + n).
    let first = hits + 1.0 - others * (1.0 + above);
    positives / rows * (others * rows + first * reciprocals(above, rows))
}

/// `1 / (after + 1) + ... + 1 / (after + count)`; never less, by rounding apart, and more by less than 1e-4 / (after +
/// 1).
///
/// The rest is an integral from half a step before to half a step after. A reciprocal is convex, so that is more than
/// the sum.
fn reciprocals(after: f64, count: f64) -> f64 {
    let mut sum = 0.0;
    for n in 1..=RECIPROCALS {
        let n = f64::from(n);
        if count < n {
            return sum;
        }
        sum += 1.0 / (after + n);
    }
    let added = f64::from(RECIPROCALS);
    sum + libm::log1p((count - added) / (after + added + 0.5))
}

#[cfg(test)]
mod tests;
