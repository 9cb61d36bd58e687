//! Which columns say how good the model was, and how; it sees none.

/// Scores from here on are predicted as positive, unless the options say otherwise.
pub(super) const THRESHOLD_DEFAULT: f64 = 0.5;

/// Which columns say how good the model was. What the model predicted is in
/// [`Options::prediction`](crate::Options::prediction).
#[derive(Clone, Debug, Default)]
pub struct QualityOptions {
    /// The column with the true outcome: a class or a number. It is no feature.
    pub label: String,
    /// The column with the probability of the positive one of two classes. It is no feature.
    pub score: Option<String>,
    /// The positive class, in any spelling. If it is `None`, it is `1` of `0` and `1`, `true` of `false` and `true`, and
    /// `yes` of `no` and `yes`.
    pub positive: Option<String>,
    /// Scores from here on are predicted as positive; .5 if it is `None`.
    pub threshold: Option<f64>,
    /// Whether labels and predictions are numbers to be compared by their difference, although there are only two
    /// different labels.
    pub is_regression: bool,
    /// Features by whose bins errors are told apart, at most
    /// [`SEGMENTS_MAX`](driftline_statistics::profile::quality::SEGMENTS_MAX).
    pub segments: Vec<String>,
}
