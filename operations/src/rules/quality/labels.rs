//! The rules of the labels themselves, how many come and how late, and of business figures. They say nothing of quality.

use driftline_labels::LabelOutcome;
use driftline_metrics::catalogue::{Label, Metric};
use driftline_monitor::config::Config;
use driftline_statistics::drift::Tail;

use super::By;
use crate::{
    promql::{LE, constant, increase, none_of, selected},
    rules::{Rule, rule, serving::quantiles, with_labels},
};

/// The units in which the configured business figures are counted, as series of constants: no metric tells them.
pub(super) fn units(config: &Config) -> Vec<Rule> {
    let of_models = config.models.iter().flat_map(|model| {
        model.kpis.iter().map(move |kpi| {
            let labels = [
                (Label::Model.name(), model.name.clone()),
                (Label::Version.name(), model.version.clone().unwrap_or_default()),
                (Label::Kpi.name(), kpi.name.clone()),
            ];
            with_labels(rule("kpi:unit", constant(kpi.unit)), labels)
        })
    });
    of_models.collect()
}

/// All of them.
pub(super) fn rules(By { model, kpi, group_left, .. }: &By) -> Vec<Rule> {
    let outcome = Label::Outcome.name();
    let labels = Metric::Labels.definition().name;
    let came = "driftline:model:labels@";
    let counts = [LabelOutcome::Joined, LabelOutcome::WithPrediction].map(LabelOutcome::name);
    let counted = selected(labels, &[(outcome, "=~", &counts.join("|"))]);
    let sum = |by: &str, series: &str| format!("sum by ({by}) ({})", increase(series));
    let predictions = sum(model, Metric::Predictions.definition().name);
    let mut all = vec![
        rule("model:labels@", sum(model, labels)),
        // More than 1 where labels come faster than predictions do.
        rule(
            "model:label_coverage@",
            format!("({} or {})\n/ ({predictions} > 0)", sum(model, &counted), none_of(came)),
        ),
        rule(
            "model:label_ratio@",
            format!("{}\n/ {group_left} ({came} > 0)", sum(&format!("{model}, {outcome}"), labels)),
        ),
    ];
    all.extend(quantiles(
        "model:label_delay_seconds@",
        Metric::LabelDelay,
        &format!("by ({model}, {LE})"),
    ));
    let rows = sum(kpi, Metric::KpiRows.definition().name);
    let [high, low] = [Tail::High, Tail::Low].map(|side| {
        sum(
            kpi,
            &selected(
                Metric::KpiUnits.definition().name,
                &[(Label::Side.name(), "=", side.name())],
            ),
        )
    });
    all.extend([
        rule(
            "kpi:mean_units@",
            format!(
                "({high} - {low}\n  or {high}\n  or 0 - {low}\n  or {rows} * 0)\n/ ({rows} > 0)"
            ),
        ),
        // In its own unit, where the configuration says how large one is.
        rule("kpi:mean@", "driftline:kpi:mean_units@ * driftline:kpi:unit".to_owned()),
    ]);
    all
}
