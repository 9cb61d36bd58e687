//! All measures of a model together, as they are exported: which ones a kind of model has, and their values. It holds no
//! formula of its own.

use driftline_labels::{
    EnumMap,
    QualityMeasure::{
        self, Accuracy, AucRoc, AucRocError, AveragePrecision, AveragePrecisionError, BiasAbove,
        BiasBelow, Brier, CalibrationError, F1, LogLoss, Mae, Mape, Mse, Precision, R2,
        R2BelowZero, Recall, Rmse, WeightedF1, WeightedPrecision, WeightedRecall,
    },
};

use super::{
    Average, BinnedScores, Confusion, LossSums, RegressionSums, TargetScale, confusion::CLASSES_MIN,
};

/// Counts of a classifier.
#[derive(Clone, Copy, Debug)]
pub struct ClassifierCounts<'a> {
    /// Rows by class and predicted class.
    pub confusion: Confusion<'a>,
    /// Of a model of two classes that answers scores.
    pub scores: Option<ScoreCounts<'a>>,
}

/// Counts of scores.
#[derive(Clone, Copy, Debug)]
pub struct ScoreCounts<'a> {
    /// The number of the positive class.
    pub positive: usize,
    /// By bin.
    pub positives: &'a [u64],
    /// By bin.
    pub negatives: &'a [u64],
    /// Sums of scores by bin, in millionths.
    pub sums: &'a [u64],
    /// Squared errors and log losses.
    pub losses: LossSums,
}

/// Values by measure; 0 for those that are not defined, and for those that the kind of model does not have.
pub type Measures = EnumMap<QualityMeasure, f64>;

const OF_SCORES: [QualityMeasure; 11] = [
    Accuracy,
    Precision,
    Recall,
    F1,
    AucRoc,
    AucRocError,
    AveragePrecision,
    AveragePrecisionError,
    LogLoss,
    Brier,
    CalibrationError,
];
const OF_CLASSES: [QualityMeasure; 7] =
    [Accuracy, Precision, Recall, F1, WeightedPrecision, WeightedRecall, WeightedF1];
const OF_REGRESSION: [QualityMeasure; 8] =
    [Mae, Mse, Rmse, BiasAbove, BiasBelow, R2, R2BelowZero, Mape];

/// The measures of a classifier, with scores or without.
#[must_use]
pub const fn of_classifier(has_scores: bool) -> &'static [QualityMeasure] {
    if has_scores { &OF_SCORES } else { &OF_CLASSES }
}

/// The measures of a regression.
#[must_use]
pub const fn of_regression() -> &'static [QualityMeasure] {
    &OF_REGRESSION
}

impl ClassifierCounts<'_> {
    /// All measures. Micro averages are the accuracy.
    #[must_use]
    pub fn measures(&self) -> Measures {
        let mut found = Measures::from_fn(|_| 0.0);
        let ClassifierCounts { confusion, scores } = self;
        found[Accuracy] = confusion.accuracy().unwrap_or(0.0);
        let positive = scores.and_then(|scores| confusion.class(scores.positive));
        let average = match positive {
            Some(class) if confusion.classes() == CLASSES_MIN => Average {
                precision: class.precision().unwrap_or(0.0),
                recall: class.recall().unwrap_or(0.0),
                f1: class.f1().unwrap_or(0.0),
            },
            _ => confusion.macro_average().unwrap_or(Average::ZERO),
        };
        (found[Precision], found[Recall], found[F1]) =
            (average.precision, average.recall, average.f1);
        let Some(scores) = scores else {
            let weighted = confusion.weighted_average().unwrap_or(Average::ZERO);
            (found[WeightedPrecision], found[WeightedRecall], found[WeightedF1]) =
                (weighted.precision, weighted.recall, weighted.f1);
            return found;
        };
        let ScoreCounts { positives, negatives, sums, losses, .. } = scores;
        if let Some(binned) = BinnedScores::new(positives, negatives) {
            let areas = [
                (AucRoc, AucRocError, binned.auc_roc()),
                (AveragePrecision, AveragePrecisionError, binned.average_precision()),
            ];
            for (value, error, area) in areas {
                if let Some(area) = area {
                    found[value] = area.value;
                    found[error] = (area.high - area.value).max(area.value - area.low);
                }
            }
            let calibration = binned.calibration_error(sums);
            found[CalibrationError] = calibration.map_or(0.0, |it| it.value);
        }
        found[LogLoss] = losses.log_loss().unwrap_or(0.0);
        found[Brier] = losses.brier().unwrap_or(0.0);
        found
    }
}

impl RegressionSums {
    /// All measures, of labels that are counted on this scale.
    #[must_use]
    pub fn measures(&self, scale: &TargetScale) -> Measures {
        let mut found = Measures::from_fn(|_| 0.0);
        found[Mae] = self.mean_absolute_error(scale).unwrap_or(0.0);
        found[Mse] = self.mean_squared_error(scale).unwrap_or(0.0);
        found[Rmse] = self.root_mean_squared_error(scale).unwrap_or(0.0);
        let bias = self.bias(scale).unwrap_or(0.0);
        (found[BiasAbove], found[BiasBelow]) = (bias.max(0.0), (-bias).max(0.0));
        let r2 = self.r2().unwrap_or(0.0);
        (found[R2], found[R2BelowZero]) = (r2.max(0.0), (-r2).max(0.0));
        found[Mape] = self.mean_absolute_percentage_error().unwrap_or(0.0);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classifier_with_scores_has_the_measures_of_its_positive_class() {
        let confusion = Confusion::new(&[245, 44, 24, 87], 2).unwrap();
        let losses = LossSums { rows: 400, squared_error: 48_000_000, log_loss: 160_000_000 };
        let scores = ScoreCounts {
            positive: 1,
            positives: &[24, 87],
            negatives: &[245, 44],
            sums: &[60_000_000, 100_000_000],
            losses,
        };
        let found = ClassifierCounts { confusion, scores: Some(scores) }.measures();
        assert_eq!((found[Accuracy], found[Recall]), (0.83, 87.0 / 111.0));
        assert_eq!((found[Brier], found[LogLoss]), (0.12, 0.4));
        let area = BinnedScores::new(&[24, 87], &[245, 44]).unwrap().auc_roc().unwrap();
        assert_eq!(found[AucRoc], area.value);
        assert!((area.value + found[AucRocError] - area.high).abs() < 1e-12);
        assert_eq!(found[Mae], 0.0);
        // Without scores there is no positive class.
        let plain = ClassifierCounts { confusion, scores: None }.measures();
        assert_eq!(plain[Recall], confusion.macro_average().unwrap().recall);
        assert_eq!(plain[WeightedF1], confusion.weighted_average().unwrap().f1);
    }

    #[test]
    fn signed_measures_are_two() {
        let scale = TargetScale::new(0.0, 1.0).unwrap();
        let low = scale.row(1.0, 2.0).unwrap().plus(scale.row(1.5, 2.5).unwrap());
        let found = low.measures(&scale);
        assert_eq!((found[BiasAbove], found[BiasBelow], found[Mae]), (0.0, 1.0, 1.0));
        assert_eq!((found[R2], found[R2BelowZero]), (0.0, 15.0));
        assert_eq!(RegressionSums::default().measures(&scale)[Mape], 0.0);
    }
}
