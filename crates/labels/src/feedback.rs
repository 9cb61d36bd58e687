//! The words of feedback and of what labels say: what became of a label, why one was refused, which measure, which
//! detector. They compute nothing.

crate::labels! {
    /// What became of a label that was not refused.
    pub enum LabelOutcome {
        /// Its id led to the prediction that it belongs to. It counts.
        Joined = "joined",
        /// It brought the prediction along. It counts.
        WithPrediction = "with_prediction",
        /// Its id led to no prediction: it was overwritten, seen by another proxy, or never made.
        Unmatched = "unmatched",
        /// The prediction that its id led to has a label already.
        Duplicate = "duplicate",
    }
}

crate::labels! {
    /// Why a record of feedback was refused.
    pub enum LabelRefused {
        /// It is for no model of the configuration, or for one that takes no labels.
        UnknownModel = "unknown_model",
        /// It has neither a label nor a KPI.
        LabelMissing = "label_missing",
        /// Its label is none of the classes of the model, or no number.
        LabelUnusable = "label_unusable",
        /// It has neither a prediction, nor a score, nor an id.
        PredictionMissing = "prediction_missing",
        /// Its prediction is none of the classes of the model, or no number; its score is no probability.
        PredictionUnusable = "prediction_unusable",
        /// A KPI is no number, or beyond its bounds.
        KpiUnusable = "kpi_unusable",
        /// Its id is longer than 255 bytes, or neither a text nor a whole number; or its row is no whole number from 0 on.
        IdUnusable = "id_unusable",
    }
}

crate::labels! {
    /// How a request with feedback ended.
    pub enum FeedbackOutcome {
        /// All of it was read; single records may have been refused.
        Accepted = "accepted",
        /// Its body could not be read to its end.
        Malformed = "malformed",
        /// Its body is longer than `bytes_max`.
        TooLarge = "too_large",
        /// It lacks the secret.
        Unauthorized = "unauthorized",
        /// It is no POST.
        OtherMethod = "other_method",
        /// The client left before its end.
        BrokenOff = "broken_off",
        /// The VM has no memory left for it.
        NoRoom = "no_room",
    }
}

crate::labels! {
    /// Why a prediction was not noted for its label.
    pub enum Untracked {
        /// It has no id.
        NoId = "no_id",
        /// Its batch has more rows than are held until the id comes.
        TooManyRows = "too_many_rows",
        /// The proxy did not take it.
        Refused = "refused",
    }
}

crate::labels! {
    /// A measure of quality.
    pub enum QualityMeasure {
        /// The share of rows that are predicted correctly.
        Accuracy = "accuracy",
        /// Of the positive class; of more than two classes the plain mean over classes.
        Precision = "precision",
        /// Of the positive class; of more than two classes the plain mean over classes.
        Recall = "recall",
        /// Of the positive class; of more than two classes the plain mean over classes.
        F1 = "f1",
        /// Precision, each class as often as it has rows.
        WeightedPrecision = "weighted_precision",
        /// Recall, each class as often as it has rows.
        WeightedRecall = "weighted_recall",
        /// F1, each class as often as it has rows.
        WeightedF1 = "weighted_f1",
        /// The area under the ROC curve, from score bins.
        AucRoc = "auc_roc",
        /// How far the exact area may be from it.
        AucRocError = "auc_roc_error",
        /// Average precision, from score bins.
        AveragePrecision = "average_precision",
        /// How far the exact one may be from it.
        AveragePrecisionError = "average_precision_error",
        /// The mean negative logarithm of the probability that scores gave the labels, in nats.
        LogLoss = "log_loss",
        /// The mean squared error of scores.
        Brier = "brier",
        /// The expected calibration error.
        CalibrationError = "calibration_error",
        /// The mean absolute error, in the unit of the label.
        Mae = "mae",
        /// The mean squared error, in that unit squared.
        Mse = "mse",
        /// Its root.
        Rmse = "rmse",
        /// By how much predictions are too high in the mean; 0 if they are too low.
        BiasAbove = "bias_above",
        /// By how much they are too low; 0 if they are too high.
        BiasBelow = "bias_below",
        /// R2; 0 if it is negative.
        R2 = "r2",
        /// How far R2 is below 0; 0 if it is not.
        R2BelowZero = "r2_below_zero",
        /// The mean absolute percentage error, of rows whose label is not 0, as a share.
        Mape = "mape",
    }
}

crate::labels! {
    /// A detector of change in a stream.
    pub enum StreamDetector {
        /// Adaptive windowing.
        Adwin = "adwin",
        /// The drift detection method, of errors of 0 and 1.
        Ddm = "ddm",
        /// The Page-Hinkley test.
        PageHinkley = "page_hinkley",
    }
}

crate::labels! {
    /// What a detector says.
    pub enum DetectorState {
        /// Nothing has changed.
        Stable = "stable",
        /// Something may be about to.
        Warning = "warning",
        /// Something has, less than `recovery_seconds` ago.
        Drift = "drift",
    }
}

crate::labels! {
    /// Whether labels tell how good a model is.
    pub enum LabelsState {
        /// There are none in the slow window: all that is known is an estimate, which cannot see concept drift.
        None = "none",
        /// There are, but fewer than `rows_min` in the fast window, or later than a window.
        Late = "late",
        /// There are enough in the fast window, and no later than a window.
        Live = "live",
    }
}

crate::labels! {
    /// What a quality is estimated of.
    pub enum EstimateOf {
        /// All predictions of the window, whether they have labels or not.
        Predictions = "predictions",
        /// The predictions that got their labels in the window, of which the true quality is known as well.
        Labelled = "labelled",
    }
}

crate::labels! {
    /// A quality that can be estimated without labels.
    pub enum EstimatedMeasure {
        /// The share of rows that are predicted correctly.
        Accuracy = "accuracy",
        /// F1 of the positive class.
        F1 = "f1",
        /// The area under the ROC curve.
        AucRoc = "auc_roc",
    }
}

crate::labels! {
    /// Whether a row is of the positive class.
    pub enum Polarity {
        /// It is.
        Positive = "positive",
        /// It is of the other one.
        Negative = "negative",
    }
}
