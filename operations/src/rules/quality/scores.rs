//! The rules of scores: how well they rank, with the bounds of what bins hide, and how well they are calibrated, as
//! `crates/statistics/src/quality/scores.rs` and `losses.rs` have it.

use driftline_labels::{Polarity, QualityMeasure};
use driftline_metrics::catalogue::{Label, Metric};
use driftline_monitor::config::Config;
use driftline_statistics::profile::quality::Task;

use super::{By, measure};
use crate::{
    promql::{increase, selected},
    rules::{Rule, rule, with_labels},
};

/// How many bins of scores there are rules for if no profile says it: as many as the profiler makes.
const BINS_UNKNOWN: usize = 20;

const POSITIVES: &str = "driftline:score:positives@";
const NEGATIVES: &str = "driftline:score:negatives@";
const ALL_POSITIVES: &str = "driftline:model:positives@";
const ALL_NEGATIVES: &str = "driftline:model:negatives@";

/// How many bins the scores of the configured profiles have, the most of any.
pub(super) fn bins(config: &Config) -> usize {
    let profiles =
        config.models.iter().filter_map(|model| model.profile.as_ref()?.quality.as_ref());
    let bins = profiles.filter_map(|quality| match &quality.task {
        Task::Classes(classes) => Some(classes.scores.as_ref()?.edges.len().saturating_add(1)),
        Task::Regression(_) => None,
    });
    bins.max().unwrap_or(BINS_UNKNOWN)
}

/// All of them, for this many bins.
pub(super) fn rules(by: &By, bins: usize) -> Vec<Rule> {
    let mut all = counts(by);
    all.extend(below(by, bins));
    all.extend(area(by, bins));
    all.extend(calibration(by));
    all
}

/// Labelled rows by bin of their score, a series for every bin that any row of the model fell into.
fn counts(By { model, .. }: &By) -> Vec<Rule> {
    let [bin, actual] = [Label::Bin, Label::Actual].map(Label::name);
    let of = |polarity: Polarity| {
        let series =
            selected(Metric::LabelledScores.definition().name, &[(actual, "=", polarity.name())]);
        format!("sum by ({model}, {bin}) ({})", increase(&series))
    };
    let (positives, negatives) = (of(Polarity::Positive), of(Polarity::Negative));
    vec![
        rule("score:positives@", format!("{positives}\nor {negatives} * 0")),
        rule("score:negatives@", format!("{negatives}\nor {POSITIVES} * 0")),
        rule("model:positives@", format!("sum by ({model}) ({POSITIVES})")),
        rule("model:negatives@", format!("sum by ({model}) ({NEGATIVES})")),
        rule("model:scored_rows@", format!("({ALL_POSITIVES} + {ALL_NEGATIVES}) > 0")),
    ]
}

/// Negatives with a score in a lower bin. PromQL has no running sum, so each bin is a rule, which adds to what the one before
/// it has recorded for this moment.
fn below(By { model, .. }: &By, bins: usize) -> Vec<Rule> {
    let label = Label::Bin.name();
    let of_bin = |bin: usize| {
        let sum = match bin.checked_sub(1) {
            None => format!("{ALL_NEGATIVES} * 0"),
            Some(before) => {
                let [below, within] = ["driftline:score:negatives_below@", NEGATIVES].map(|it| {
                    let series = selected(it, &[(label, "=", &format!("{before:02}"))]);
                    format!("sum by ({model}) ({series})")
                });
                format!("{below} + ({within} or {ALL_NEGATIVES} * 0)")
            }
        };
        with_labels(rule("score:negatives_below@", sum), [(label, format!("{bin:02}"))])
    };
    (0..bins).map(of_bin).collect()
}

/// The area under the ROC curve, rows of a bin taken for ties, and by how much it may differ from the exact one: by half
/// the share of pairs that share a bin.
fn area(By { model, .. }: &By, bins: usize) -> Vec<Rule> {
    let pairs = format!("({ALL_POSITIVES} * {ALL_NEGATIVES} > 0)");
    let ordered = format!("sum by ({model}) ({POSITIVES} * driftline:score:negatives_below@)");
    let tied = format!("0.5 * sum by ({model}) ({POSITIVES} * {NEGATIVES})");
    // More bins than there are rules for, and the area would be another one.
    let known = format!("and count by ({model}) ({POSITIVES}) <= {bins}");
    vec![
        rule(
            &measure(QualityMeasure::AucRoc),
            format!("(\n  {ordered}\n  + {tied}\n)\n/ {pairs}\n{known}"),
        ),
        rule(&measure(QualityMeasure::AucRocError), format!("{tied} / {pairs}\n{known}")),
    ]
}

/// Log loss and Brier score, and the expected calibration error over the bins.
fn calibration(By { model, .. }: &By) -> Vec<Rule> {
    let bin = Label::Bin.name();
    let rows = "driftline:model:scored_rows@";
    let mean = |metric: Metric| {
        let sum = increase(metric.definition().name);
        format!("(sum by ({model}) ({sum}) or {rows} * 0) / 1e6 / {rows}")
    };
    let sums = increase(Metric::LabelledScoreSum.definition().name);
    vec![
        rule(&measure(QualityMeasure::LogLoss), mean(Metric::ScoreLogLoss)),
        rule(&measure(QualityMeasure::Brier), mean(Metric::ScoreSquaredError)),
        rule(
            &measure(QualityMeasure::CalibrationError),
            format!(
                "sum by ({model}) (\n  abs((sum by ({model}, {bin}) ({sums}) or {POSITIVES} * 0) / 1e6 - {POSITIVES})\n)\n/ {rows}"
            ),
        ),
    ]
}
