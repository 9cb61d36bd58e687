//! Renders the recording rules of single pods: the filter's own gauges in natural units, and what each pod serves. It adds
//! nothing up over pods, and keeps whatever labels they have.
//!
//! While Envoy restarts hot, the gauges of the old and the new process add up. One verdict of a subject holds in each
//! process, so the sum of a subject's verdicts is how many processes speak: 2 then, 1 otherwise, and 0 before the first
//! evaluation. Gauges are divided by it, and there is no sample while it is 0.

use driftline_labels::{Outcome, Window};
use driftline_metrics::catalogue::{Definition, Kind, Label, Metric};
use driftline_statistics::drift::Tail;

use super::{
    Group, INTERVAL_SECONDS, Rule, RuleFile,
    over::Over,
    rule,
    serving::{SERVER, TIMES, divided_by, quantiles, stem},
};
use crate::{
    promql::{labels, none_of, rate, selected},
    settings::Settings,
};

const HEAD: &str = "\
# Generated from the catalogue of metrics: operations/src/rules/pods.rs.
#
# Each pod for itself, as recording rules for Prometheus 2.42 or later: the filter's gauges in natural units, and what the
# pod serves. Ratios are shares of one, not parts per million. See docs/reading-metrics.md.
";

/// The text of the file.
#[must_use]
pub fn render(settings: &Settings<'_>) -> String {
    let mut rules = gauges();
    for over in Over::all_and_now(settings) {
        rules.extend(over.rules(serving()));
    }
    let group = Group::new("driftline_pods", INTERVAL_SECONDS, rules, settings);
    RuleFile { groups: vec![group] }.text(HEAD)
}

/// How many units of a gauge are one; `None` if it is in its natural unit.
fn per_unit(Definition { unit, .. }: &Definition) -> Option<u64> {
    match *unit {
        "parts per million" => Some(1_000_000),
        "thousandths" => Some(1000),
        _ => None,
    }
}

/// The verdicts that say how many processes speak of a gauge, and without which of its labels.
fn processes(metric: Metric, of: &[Label]) -> Option<(String, Vec<Label>)> {
    let fast = [(Label::Window.name(), "=", Window::Fast.name())];
    let verdicts = |verdict: Metric, matchers: &[(&str, &str, &str)], without: &[Label]| {
        let series = selected(verdict.definition().name, matchers);
        format!("(sum without ({}) ({series}) > 0)", labels(without))
    };
    let has = |label: Label| of.contains(&label);
    let of_feature = has(Label::Feature);
    // Sides are taken together.
    let is_beyond = |known: &[Label], it: &Label| !known.contains(it) && *it != Label::Side;
    let beyond = |known: &[Label]| of.iter().copied().filter(|it| is_beyond(known, it)).collect();
    const VERSION: [Label; 2] = [Label::Model, Label::Version];
    const FEATURE: [Label; 4] = [Label::Model, Label::Version, Label::Role, Label::Feature];
    if metric == Metric::FeatureSkewPsi {
        return Some((verdicts(Metric::FeatureSkewVerdict, &[], &[Label::Verdict]), Vec::new()));
    }
    if of_feature && has(Label::Window) {
        return Some((verdicts(Metric::FeatureVerdict, &[], &[Label::Verdict]), Vec::new()));
    }
    if of_feature {
        let without = [Label::Verdict, Label::Window];
        return Some((verdicts(Metric::FeatureVerdict, &fast, &without), beyond(&FEATURE)));
    }
    // A model without a verdict on its quality has a state of its labels.
    let state = verdicts(Metric::LabelsState, &[], &[Label::State]);
    (has(Label::Version) && metric != Metric::DriftEvidenceNeeded)
        .then(|| (state, beyond(&VERSION)))
}

/// Every gauge that is not in its natural unit.
fn gauges() -> Vec<Rule> {
    let all = Metric::ALL.iter().filter(|it| it.definition().kind == Kind::Gauge);
    let scaled = all.filter_map(|&metric| {
        let definition = metric.definition();
        let per_unit = per_unit(&definition)?;
        let (processes, beyond) = processes(metric, definition.labels)?;
        Some(rule(
            &format!("pod:{}", stem(metric)),
            format!("{} / {per_unit}\n/ {}{processes}", signed(&definition), ignoring(&beyond)),
        ))
    });
    let of_servers =
        SERVER.iter().filter(|(_, per_unit)| *per_unit != 1).map(|&(metric, per_unit)| {
            let reports = Metric::LoadReports.definition().name;
            rule(
                &format!("pod:{}", stem(metric)),
                format!("({} and {reports} > 0){}", metric.definition().name, divided_by(per_unit)),
            )
        });
    scaled.chain(of_servers).collect()
}

fn ignoring(beyond: &[Label]) -> String {
    match beyond {
        [] => String::new(),
        _ => format!("ignoring ({}) group_left () ", labels(beyond)),
    }
}

/// A gauge; of one with two sides, which are above 0 and below it, their difference.
fn signed(Definition { name, labels: of, .. }: &Definition) -> String {
    if !of.contains(&Label::Side) {
        return (*name).to_owned();
    }
    let [high, low] = [Tail::High, Tail::Low].map(|side| {
        let series = selected(name, &[(Label::Side.name(), "=", side.name())]);
        format!("sum without ({}) ({series})", Label::Side.name())
    });
    format!("({high} - {low})")
}

/// What the pod serves, from counters.
fn serving() -> Vec<Rule> {
    let requests = Metric::Requests.definition().name;
    let outcome = Label::Outcome.name();
    let without = labels(&[Label::Route, Label::Outcome]);
    let all = "driftline:pod:requests_per_second@";
    let failed = selected(requests, &[(outcome, "!=", Outcome::Complete.name())]);
    let failed = format!("sum without ({without}) ({})", rate(&failed));
    let mut rules = vec![
        rule("pod:requests_per_second@", format!("sum without ({without}) ({})", rate(requests))),
        rule("pod:failed_ratio@", format!("({failed} or {}) / ({all} > 0)", none_of(all))),
    ];
    for metric in TIMES {
        let record = format!("pod:{}_seconds@", stem(metric));
        rules.extend(quantiles(&record, metric, &format!("without ({})", Label::Route.name())));
    }
    if let Some([sum, _]) = Metric::RequestDuration.definition().companions() {
        let without = labels(&[Label::Route, Label::Result]);
        rules.push(rule(
            "pod:concurrency@",
            format!("sum without ({without}) ({}) / 1000000", rate(&sum.name)),
        ));
    }
    rules
}
