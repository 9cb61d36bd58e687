//! How good the model was on the reference rows that have labels: counts, of which every measure of quality is made. It
//! holds no label and no score.

use alloc::{string::String, vec::Vec};

use crate::quality::{LossSums, RegressionSums};

/// The most features by whose bins errors may be told apart.
pub const SEGMENTS_MAX: usize = 5;
/// The most edges of scores.
pub const SCORE_EDGES_MAX: usize = 63;
/// The most edges of absolute errors.
pub const ERROR_EDGES_MAX: usize = 31;

/// What labels say of the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// What is predicted.
    pub task: Task,
    /// Errors by bins of features, at most [`SEGMENTS_MAX`].
    pub segments: Vec<Segment>,
}

/// What is predicted, and how well.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// One of several classes.
    Classes(Classes),
    /// A number.
    Regression(Regression),
}

/// A classifier on the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    /// From 2 to 32 classes, as texts; unique, and each fit for a label.
    pub names: Vec<String>,
    /// Rows, row-major: the row is the class by its label, the column the predicted class.
    pub confusion: Vec<u64>,
    /// Of a model of two classes that answers a score.
    pub scores: Option<Scores>,
}

/// Probabilities of the positive class.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The number of the positive class: 0 or 1.
    pub positive: usize,
    /// Scores from here on are predicted as positive. One of `edges`.
    pub threshold: f64,
    /// Bounds of the bins, rising, at most [`SCORE_EDGES_MAX`]: a score that is an edge falls into the bin above it.
    pub edges: Vec<f64>,
    /// Rows of the positive class by bin, one bin more than edges.
    pub positives: Vec<u64>,
    /// Rows of the other class by bin.
    pub negatives: Vec<u64>,
    /// The sum of the scores in each bin, in millionths.
    pub sums: Vec<u64>,
    /// Squared errors and log losses.
    pub losses: LossSums,
}

/// A regression on the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// The mean of the labels, in their unit.
    pub mean: f64,
    /// Their standard deviation, above 0.
    pub deviation: f64,
    /// Sums of errors and labels, in the units of [`crate::quality::TargetScale`] of this mean and deviation.
    pub sums: RegressionSums,
    /// Bounds of the bins of absolute errors, rising, in the unit of the label, at most [`ERROR_EDGES_MAX`]: an error
    /// that is an edge falls into the bin above it.
    pub error_edges: Vec<f64>,
    /// Rows by bin of their absolute error, one bin more than edges.
    pub error_counts: Vec<u64>,
}

/// Errors of the reference by the bins of a feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// The name of the feature.
    pub feature: String,
    /// Rows by cell: the bins of the feature as live values have them, and after them one cell for rows without a bin.
    pub rows: Vec<u64>,
    /// Errors by cell, in thousandths: 1000 for a wrong class; the absolute error of a regression in thousandths of the
    /// label's deviation, [`crate::quality::DEVIATIONS_MAX`] deviations at most.
    pub errors: Vec<u64>,
}
