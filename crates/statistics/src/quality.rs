//! How good a model is, from counters that add up over workers, pods and windows; it keeps no rows and answers `None`
//! rather than NaN.
//!
//! | file | what is counted | what it says |
//! | --- | --- | --- |
//! | [`classes`](ClassNames) | | which class a label says |
//! | [`confusion`](Confusion) | rows by class and predicted class | accuracy, precision, recall, F1, Matthews correlation |
//! | [`scores`](BinnedScores) | positives and negatives by score bin, sums of scores | AUC, average precision, calibration error |
//! | [`losses`](LossSums) | sums of squared errors and of log losses | Brier score, log loss |
//! | [`regression`](RegressionSums) | sums of errors and of labels | MAE, MSE, RMSE, bias, R², MAPE |
//! | [`estimate`](Unlabelled) | live rows by score bin, without labels | accuracy, F1 and AUC to expect |
//!
//! All sums are whole numbers that never fall: a signed sum is two, of what is above and what is below. Each says its
//! unit. No sum overflows in 10^12 rows, whatever the rows are.
//!
//! Where counters do not carry all of a measure, as bins do not carry the order of the rows in them, the answer comes
//! with the bounds between which the exact one lies: [`Bounded`].
//!
//! # Example
//!
//! ```
//! use driftline_statistics::quality::{BinnedScores, Confusion};
//!
//! // By row a class, by column what was predicted.
//! let confusion = Confusion::new(&[245, 44, 24, 87], 2).unwrap();
//! assert_eq!(confusion.accuracy(), Some(0.83));
//! assert_eq!(confusion.class(1).unwrap().recall(), Some(87.0 / 111.0));
//!
//! // Two bins: low scores and high ones.
//! let auc = BinnedScores::new(&[24, 87], &[245, 44]).unwrap().auc_roc().unwrap();
//! assert!(auc.low < 0.7 && 0.8 < auc.value && auc.value < auc.high);
//! ```

mod classes;
mod confusion;
mod estimate;
mod losses;
mod measures;
mod regression;
mod scores;
mod sums;

#[cfg(test)]
mod known_answers;
#[cfg(test)]
mod weather;

pub use self::{
    classes::ClassNames,
    confusion::{Average, CLASSES_MAX, CLASSES_MIN, ClassCounts, Confusion, right_and_wrong},
    estimate::{Expected, ReferenceBins, Threshold, Unlabelled},
    losses::{LOG_LOSS_CLIP, LossSums, score_millionths},
    measures::{ClassifierCounts, Measures, ScoreCounts, of_classifier, of_regression},
    regression::{DEVIATIONS_MAX, RELATIVE_MAX, RegressionSums, TargetScale},
    scores::{BinnedScores, Bounded, CalibrationError},
};
