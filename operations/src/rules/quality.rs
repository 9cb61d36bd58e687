//! Renders the recording rules of quality: how right predictions were of which labels came, whether labels come, and what
//! they earned. It spells no metric of the filter and judges nothing.

mod labels;
mod regression;
mod scores;

use driftline_labels::QualityMeasure;
use driftline_metrics::catalogue::{Label, Metric};

use super::{Group, INTERVAL_SECONDS, Rule, RuleFile, over::Over, rule};
use crate::{
    promql::{increase, labels as names, right, right_cells},
    settings::Settings,
};

const HEAD: &str = "\
# Generated from the catalogue of metrics and the profiles of a configuration: operations/src/rules/quality.rs.
#
# Quality of each model over all pods together, as recording rules for Prometheus 2.42 or later: of classes, scores and
# regressions, of the labels themselves, and business figures. Without labels there is no sample. See
# docs/reading-metrics.md.
";

/// The text of the file.
#[must_use]
pub fn render(settings: &Settings<'_>) -> String {
    let by = By::new();
    let bins = scores::bins(settings.config);
    let mut rules = labels::units(settings.config);
    for over in Over::all(settings) {
        let mut of_lookback = classes(&by);
        of_lookback.extend(scores::rules(&by, bins));
        of_lookback.extend(regression::rules(&by));
        of_lookback.extend(labels::rules(&by));
        rules.extend(over.rules(of_lookback));
    }
    let group = Group::new("driftline_quality", INTERVAL_SECONDS, rules, settings);
    RuleFile { groups: vec![group] }.text(HEAD)
}

/// The labels to sum by and to join on.
struct By {
    model: String,
    class: String,
    kpi: String,
    /// Joins a left side with more labels with a right side by model.
    group_left: String,
}

impl By {
    fn new() -> By {
        let model = names(&[Label::Model, Label::Version]);
        let group_left = format!("on ({model}) group_left ()");
        let class = names(&[Label::Model, Label::Version, Label::Class]);
        let kpi = names(&[Label::Model, Label::Version, Label::Kpi]);
        By { model, class, kpi, group_left }
    }
}

/// What rules of a measure are called.
fn measure(name: QualityMeasure) -> String {
    format!("model:{}@", name.name())
}

/// Measures of a class against all others. A digit at their end would run into the length of time.
const OF_CLASSES: [&str; 3] = ["precision", "recall", "f1_score"];

/// Accuracy, and of each class against all others precision, recall and F1; of the model their means over the classes that
/// occur, plain and weighted by rows. A class that was never predicted has no precision and one without rows no recall; the
/// means count these as 0, as scikit-learn does.
fn classes(By { model, class, .. }: &By) -> Vec<Rule> {
    let [actual, predicted, label] =
        [Label::Actual, Label::Predicted, Label::Class].map(Label::name);
    let confusion = "driftline:model:confusion@";
    let rows = format!("sum by ({model}) ({confusion})");
    let as_class = |vector: &str, from: &str| {
        format!("label_replace({vector}, \"{label}\", \"$1\", \"{from}\", \"(.*)\")")
    };
    let by = |from: &str| {
        let sum = as_class(&format!("sum by ({model}, {from}) ({confusion})"), from);
        format!("sum by ({class}) ({sum})")
    };
    let right_of_class =
        format!("sum by ({model}, {actual}) (\n  {}\n)", right_cells(model, confusion));
    let right_of_class = as_class(&right_of_class, actual);
    let (hits, of_class, as_such) =
        ("driftline:class:right@", "driftline:class:rows@", "driftline:class:predicted@");
    let means = |name: &str| {
        let of = format!("driftline:class:{name}@");
        [
            rule(
                &format!("model:macro_{name}@"),
                format!(
                    "sum by ({model}) ({of})\n/ count by ({model}) ({of_class} + {as_such} > 0)"
                ),
            ),
            rule(
                &format!("model:weighted_{name}@"),
                format!(
                    "sum by ({model}) ({of} * {of_class})\n/ (sum by ({model}) ({of_class}) > 0)"
                ),
            ),
        ]
    };
    let mut rules = vec![
        rule(
            "model:confusion@",
            format!(
                "sum by ({model}, {actual}, {predicted}) ({})",
                increase(Metric::ConfusionRows.definition().name)
            ),
        ),
        rule("model:labelled_rows@", format!("{rows} > 0")),
        rule(
            &measure(QualityMeasure::Accuracy),
            format!(
                "({} or {rows} * 0)\n/ driftline:model:labelled_rows@",
                right(model, confusion)
            ),
        ),
        rule("class:rows@", format!("{}\nor {} * 0", by(actual), by(predicted))),
        rule("class:predicted@", format!("{}\nor {of_class} * 0", by(predicted))),
        rule("class:right@", format!("sum by ({class}) ({right_of_class})\nor {of_class} * 0")),
        rule("class:precision@", format!("{hits} / ({as_such} > 0)")),
        rule("class:recall@", format!("{hits} / ({of_class} > 0)")),
        rule("class:f1_score@", format!("2 * {hits} / ({of_class} + {as_such} > 0)")),
    ];
    rules.extend(OF_CLASSES.into_iter().flat_map(means));
    rules
}
