//! What counts as an event of each objective, and which events are bad. It knows no budget.

use driftline_labels::{LabelOutcome, Outcome, QualityMeasure, RequestResult};
use driftline_metrics::catalogue::{Label, Metric};
use driftline_statistics::profile::quality::{Regression, Task};

use super::Slo;
use crate::{
    objectives::Objectives,
    outcomes::pattern,
    promql::{at_most, constant, increase, labels, none_of, relabelled, right, selected, settled},
    rules::{Rule, rule, with_labels},
    settings::{Lookback, Settings},
};

/// Errors of a regression in the bins that held this part of the reference's errors, the largest of them, are wrong.
const LARGEST_ERRORS: f64 = 0.1;

const EVENTS: &str = "driftline:slo:events@";

/// The events of an objective over a lookback, and the bad ones among them; by model.
pub(super) fn rules(slo: Slo, settings: &Settings<'_>) -> Vec<Rule> {
    let model = Label::Model.name();
    let objectives = &settings.objectives;
    let sum = |metric: &str| format!("sum by ({model}) ({})", increase(metric));
    let counted =
        |events: String, bad: String| vec![rule("slo:events@", events), rule("slo:bad@", bad)];
    let of_slo = selected(EVENTS, &[(super::SLO, "=", slo.name())]);
    let less = |good: &str| format!("sum without ({}) ({of_slo}) - {good}", super::SLO);
    match slo {
        Slo::Availability => {
            let bad = objectives.availability.as_ref().map_or(&[][..], |it| &it.bad_outcomes);
            let requests = Metric::Requests.definition().name;
            let outcome = Label::Outcome.name();
            // Neither good nor bad, unless the operator says so.
            let is_left_out = !bad.contains(&Outcome::ClientCancel);
            let left_out = [(outcome, "!=", Outcome::ClientCancel.name())];
            let events = if is_left_out { &left_out[..] } else { &[] };
            let is_bad = [(outcome, "=~", &*pattern(bad.iter().copied()))];
            let events = sum(&selected(requests, events));
            counted(
                events,
                format!(
                    "{}\nor sum without ({}) ({of_slo}) * 0",
                    sum(&selected(requests, &is_bad)),
                    super::SLO
                ),
            )
        }
        Slo::Ttft | Slo::Tpot => {
            let (metric, promise) = match slo {
                Slo::Ttft => (Metric::TimeToFirstToken, objectives.ttft),
                _ => (Metric::TimePerOutputToken, objectives.tpot),
            };
            let success = [(Label::Result.name(), "=", RequestResult::Success.name())];
            let bound = promise.map_or(0, |it| it.microseconds);
            counted(
                sum(&at_most(metric, None, &success)),
                less(&sum(&at_most(metric, Some(bound), &success))),
            )
        }
        Slo::Freshness => {
            let bound = objectives.freshness.map_or(0, |it| it.seconds);
            counted(
                sum(&at_most(Metric::FeatureAge, None, &[])),
                less(&sum(&at_most(Metric::FeatureAge, Some(bound), &[]))),
            )
        }
        Slo::Quality => quality(),
        Slo::Labels => {
            let counts =
                [LabelOutcome::Joined, LabelOutcome::WithPrediction].map(LabelOutcome::name);
            let labels = Metric::Labels.definition().name;
            let good = selected(labels, &[(Label::Outcome.name(), "=~", &counts.join("|"))]);
            counted(
                format!(
                    "{}\nand on ({model}) {}",
                    sum(Metric::Predictions.definition().name),
                    sum(labels)
                ),
                format!("{}\nor sum without ({}) ({of_slo})", less(&sum(&good)), super::SLO),
            )
        }
    }
}

/// Labelled rows, and those that were wrong: of the wrong class, or with an error among the largest of a regression.
fn quality() -> Vec<Rule> {
    let model = Label::Model.name();
    let [actual, predicted] = [Label::Actual, Label::Predicted].map(Label::name);
    let by_version = labels(&[Label::Model, Label::Version]);
    let by_bin = labels(&[Label::Model, Label::Version, Label::Bin]);
    let confusion = "driftline:slo:confusion@";
    let errors = increase(Metric::AbsoluteErrorRows.definition().name);
    let rows = format!("sum by ({model}) ({confusion})");
    let right = right(model, confusion);
    let all_errors =
        format!("sum by ({model}) ({errors} and on ({by_version}) driftline:bin:wrong)");
    vec![
        rule(
            "slo:confusion@",
            format!(
                "sum by ({model}, {actual}, {predicted}) ({})",
                increase(Metric::ConfusionRows.definition().name)
            ),
        ),
        rule("slo:events@", format!("{rows}\nor {all_errors}")),
        rule(
            "slo:bad@",
            format!(
                "{rows} - ({right}\n  or {rows} * 0)\n\
                 or sum by ({model}) ({errors} * on ({by_bin}) group_left () driftline:bin:wrong)\nor {none}",
                none = none_of(&all_errors),
            ),
        ),
    ]
}

/// What the references say of errors: which share of rows was wrong, and which errors of a regression are. Gauges say it of
/// classes, and only the profiles of regressions.
pub(super) fn constants(settings: &Settings<'_>) -> Vec<Rule> {
    let Objectives { quality: Some(_), .. } = &settings.objectives else { return Vec::new() };
    let by = labels(&[Label::Model, Label::Version]);
    let accuracy = selected(
        Metric::ReferenceQuality.definition().name,
        &[(Label::Measure.name(), "=", QualityMeasure::Accuracy.name())],
    );
    let accuracy = settled(&accuracy, &Lookback::HOUR.range(settings.scale));
    let mut rules =
        vec![rule("version:reference_errors", format!("1 - max by ({by}) ({accuracy} > 0) / 1e6"))];
    for model in &settings.config.models {
        let quality = model.profile.as_ref().and_then(|it| it.quality.as_ref());
        let Some(Task::Regression(regression)) = quality.map(|it| &it.task) else { continue };
        let Some((bins, share)) = largest_errors(regression) else { continue };
        let of_model = |name: &str, expression: String| {
            let version = model.version.clone().unwrap_or_default();
            let labels =
                [(Label::Model.name(), model.name.clone()), (Label::Version.name(), version)];
            with_labels(rule(name, expression), labels)
        };
        let bins = bins.map(|bin| relabelled("vector(1)", Label::Bin.name(), &format!("{bin:02}")));
        let bins: Vec<String> = bins.collect();
        rules.push(of_model("bin:wrong", bins.join("\nor ")));
        rules.push(of_model("version:reference_errors", constant(share)));
    }
    rules
}

/// The bins of the largest errors that held at least [`LARGEST_ERRORS`] of the reference, and which share that was; `None`
/// without rows.
fn largest_errors(regression: &Regression) -> Option<(std::ops::Range<usize>, f64)> {
    let counts = &regression.error_counts;
    let all: u64 = counts.iter().sum();
    let share = |from: usize| {
        let rows: u64 = counts.get(from..).unwrap_or_default().iter().sum();
        rows as f64 / all as f64
    };
    let from = (0..counts.len()).rev().find(|&from| LARGEST_ERRORS <= share(from))?;
    Some((from..counts.len(), share(from)))
}

#[cfg(test)]
mod tests {
    use driftline_statistics::quality::RegressionSums;

    use super::*;

    #[track_caller]
    fn check(error_counts: Vec<u64>, expected: Option<(std::ops::Range<usize>, f64)>) {
        let sums = RegressionSums::default();
        let error_edges = vec![1.0; error_counts.len() - 1];
        let regression = Regression { mean: 0.0, deviation: 1.0, sums, error_edges, error_counts };
        assert_eq!(largest_errors(&regression), expected);
    }

    #[test]
    fn the_largest_errors_are_at_least_a_tenth_of_the_reference() {
        check(vec![50, 30, 12, 8], Some((2..4, 0.2)));
        check(vec![50, 30, 10, 10], Some((3..4, 0.1)));
        check(vec![100, 0, 0], Some((0..3, 1.0)));
        check(vec![0, 0], None);
    }
}
