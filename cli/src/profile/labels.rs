//! The options of `driftline profile` about rows with labels, and what it says of rows without; it reads nothing.

use driftline_profiler::{LeftOut, QualityOptions};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The column with the true outcome, a class or a number, which says how good the model was on these rows: the profile
    /// then has its quality. It is compared with --score or --prediction, and is no feature. Older filters refuse such a
    /// profile.
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// The column with the score of each prediction: the probability of the positive one of two classes, or of the class that
    /// was predicted. It is no feature. With --label and without --prediction it is the reference of the predictions;
    /// otherwise scores have a column of their own in the profile. Older filters refuse such a profile.
    #[arg(long, value_name = "COLUMN")]
    pub(super) score: Option<String>,
    /// Which of the two labels is the positive one. By default it is 1 of 0 and 1, true of false and true, yes of no and
    /// yes; of other labels it must be said.
    #[arg(long, value_name = "CLASS", requires = "label", allow_hyphen_values = true)]
    positive: Option<String>,
    /// Scores from here on are predicted as positive, unless --prediction names a column of classes; .5 by default.
    #[arg(long, value_name = "SCORE", requires = "label")]
    threshold: Option<f64>,
    /// Compare labels and predictions as numbers although there are only two different labels.
    #[arg(long, requires = "label", conflicts_with_all = ["score", "positive", "threshold"])]
    regression: bool,
    /// A feature by whose bins errors are told apart; may be given up to five times.
    #[arg(long, value_name = "FEATURE", requires = "label")]
    segment: Vec<String>,
    /// A column with what came of each row as a number, such as a click or revenue, under the name that feedback has for
    /// it; may be given up to eight times. It is no feature: the profile says what it was like, and the filter whether it
    /// has changed. It may be the label, too. Older filters refuse such a profile.
    #[arg(long, value_name = "COLUMN")]
    pub(super) kpi: Vec<String>,
}

impl Args {
    /// The predictions, if they are the scores that labels are compared with.
    pub(super) fn prediction(&self) -> Option<String> {
        self.label.as_ref().and(self.score.clone())
    }

    /// `None` if no column has labels.
    pub(super) fn options(&self) -> Option<QualityOptions> {
        Some(QualityOptions {
            label: self.label.clone()?,
            score: self.score.clone(),
            positive: self.positive.clone(),
            threshold: self.threshold,
            is_regression: self.regression,
            segments: self.segment.clone(),
        })
    }
}

/// How many rows say nothing about how good the model was, and why.
pub(super) fn left_out_said(left_out: LeftOut) -> String {
    let rows = if left_out.rows() == 1 { "row" } else { "rows" };
    format!("left out of the quality: {} {rows}, {left_out}", left_out.rows())
}
