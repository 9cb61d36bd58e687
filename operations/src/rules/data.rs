//! Renders the recording rules of data: which values are missing, unusable, new or out of range, how old timestamps are,
//! and what was wrong from the start. It compares no distribution: that is drift's.

use driftline_labels::{Unbinned, Verdict};
use driftline_metrics::catalogue::{Label, Metric};

use super::{
    Group, INTERVAL_SECONDS, Rule, RuleFile,
    over::Over,
    rule,
    serving::{quantiles, stem},
};
use crate::{
    promql::{LE, at_most, increase, labels, none_of, selected},
    settings::Settings,
};

const HEAD: &str = "\
# Generated from the catalogue of metrics: operations/src/rules/data.rs.
#
# Data of each feature over all pods together, as recording rules for Prometheus 2.42 or later: values that are missing,
# unusable or new, breaches of the schema, ages of timestamps, training-serving skew. See docs/reading-metrics.md.
";

/// The text of the file.
#[must_use]
pub fn render(settings: &Settings<'_>) -> String {
    let feature = labels(&[Label::Model, Label::Version, Label::Role, Label::Feature]);
    let mut rules = skew(&feature);
    for over in Over::all(settings) {
        let mut of_lookback = values(&feature);
        of_lookback.extend(violations(&feature));
        of_lookback.extend(ages(&feature, settings));
        rules.extend(over.rules(of_lookback));
    }
    let group = Group::new("driftline_data", INTERVAL_SECONDS, rules, settings);
    RuleFile { groups: vec![group] }.text(HEAD)
}

/// Values per second, and the share of those without a bin, by reason, together and beside what the schema allows.
fn values(feature: &str) -> Vec<Rule> {
    let reason = Label::Reason.name();
    let sum = |metric: Metric, by: &str| {
        format!("sum by ({by}) ({})", increase(metric.definition().name))
    };
    let (binned, unbinned) =
        (sum(Metric::FeatureBin, feature), sum(Metric::FeatureUnbinned, feature));
    let values = "driftline:data:values@";
    let share = |metric: Metric| {
        let by = format!("{feature}, {reason}");
        format!("{}\n/ on ({feature}) group_left () {values}", sum(metric, &by))
    };
    let null = [Unbinned::Null, Unbinned::Missing].map(Unbinned::name).join("|");
    let unset = selected(Metric::FeatureUnbinned.definition().name, &[(reason, "=~", &null)]);
    vec![
        // A counter that is not there has counted none.
        rule(
            "data:values@",
            format!("(\n  {binned} + {unbinned}\n  or {binned}\n  or {unbinned}\n) > 0"),
        ),
        rule("data:unbinned_ratio@", share(Metric::FeatureUnbinned)),
        rule(
            "data:null_ratio@",
            format!(
                "(sum by ({feature}) ({}) or {}) / {values}",
                increase(&unset),
                none_of(values)
            ),
        ),
        rule("data:outside_ratio@", share(Metric::FeatureOutside)),
    ]
}

/// Breaches of the schema: of a feature for each of its values, of a model as a whole for each of its rows.
fn violations(feature: &str) -> Vec<Rule> {
    let reason = Label::Reason.name();
    let violations = Metric::SchemaViolations.definition().name;
    let model = labels(&[Label::Model, Label::Version]);
    let [of_features, of_models] = ["!=", "="]
        .map(|operator| increase(&selected(violations, &[(Label::Feature.name(), operator, "")])));
    let rows = increase(Metric::Instances.definition().name);
    vec![
        rule(
            "data:violations_per_value@",
            format!(
                "sum by ({feature}, {reason}) ({of_features})\n/ on ({feature}) group_left () driftline:data:values@"
            ),
        ),
        rule(
            "data:violations_per_row@",
            format!(
                "sum by ({model}, {reason}) ({of_models})\n/ on ({model}) group_left () (sum by ({model}) ({rows}) > 0)"
            ),
        ),
    ]
}

/// How old timestamps are, and which part of them is older than the objective of freshness, or still to come.
fn ages(feature: &str, settings: &Settings<'_>) -> Vec<Rule> {
    let mut rules =
        quantiles("data:age_seconds@", Metric::FeatureAge, &format!("by ({feature}, {LE})"));
    let sum = |series: &str| format!("sum by ({feature}) ({})", increase(series));
    let all = sum(&at_most(Metric::FeatureAge, None, &[]));
    if let Some(freshness) = settings.objectives.freshness {
        let fresh = sum(&at_most(Metric::FeatureAge, Some(freshness.seconds), &[]));
        rules.push(rule("data:stale_ratio@", format!("1 - {fresh} / ({all} > 0)")));
    }
    let in_future = sum(Metric::FeatureInFuture.definition().name);
    rules.push(rule("data:in_future_ratio@", format!("{in_future} / (({all} + {in_future}) > 0)")));
    rules
}

/// Skew, as the proxies see it: which part of those that judged their first rows calls them drifted, and how far these were
/// in the mean. Gauges of both processes of a hot restart add up above and below the line, so the means hold.
fn skew(feature: &str) -> Vec<Rule> {
    let verdict = Metric::FeatureSkewVerdict.definition().name;
    let psi = Metric::FeatureSkewPsi;
    let label = Label::Verdict.name();
    let of = |verdicts: &[Verdict]| {
        let words: Vec<&str> = verdicts.iter().map(|it| it.name()).collect();
        let series = selected(verdict, &[(label, "=~", &words.join("|"))]);
        format!("sum by ({feature}) ({series})")
    };
    let judged = format!("({} > 0)", of(&[Verdict::Ok, Verdict::Drift]));
    vec![
        rule("data:skewed_ratio", format!("{} / {judged}", of(&[Verdict::Drift]))),
        rule(
            &format!("data:{}", stem(psi).replace("feature_", "")),
            format!("sum by ({feature}) ({}) / 1e6 / {judged}", psi.definition().name),
        ),
    ]
}
