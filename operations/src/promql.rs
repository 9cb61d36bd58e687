//! Pieces of PromQL that several rules and panels share. It names no metric.

use driftline_metrics::catalogue::Label;

/// Names of labels, as they stand in `by (...)`.
#[must_use]
pub fn labels(labels: &[Label]) -> String {
    let names: Vec<&str> = labels.iter().map(|label| label.name()).collect();
    names.join(", ")
}

/// The same samples with one label set.
#[must_use]
pub fn relabelled(vector: &str, label: &str, value: &str) -> String {
    format!("label_replace({vector}, \"{label}\", \"{value}\", \"\", \"\")")
}
