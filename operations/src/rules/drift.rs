//! Renders the recording rules that compute drift over all pods in PromQL, from the counters of bins. It spells no
//! metric of the filter.
//!
//! Counters of bins add up over pods, and `increase` handles restarts. So the measures are what a single proxy with all
//! of the traffic would give, and the [`verdict`] is its decision for a window as long as the lookback.
//!
//! All rules are one group: Prometheus evaluates a group rule by rule for one moment, but groups at moments of their own.
//! Counts of a bin and of all bins that are a minute apart would look like evidence.

mod evidence;
mod measures;
mod order;
mod positions;
mod probability;
mod verdict;

use driftline_metrics::catalogue::{Label, Metric};
use driftline_statistics::bins::{ABOVE, BELOW, OTHER};

use self::{positions::Widest, verdict::Limits};
use super::{Group, INTERVAL_SECONDS, Rule, RuleFile, over::Over, rule};
use crate::{
    promql::{labels, relabelled, settled},
    settings::{Lookback, Settings},
};

const HEAD: &str = "\
# Generated from the catalogue of metrics and the profiles of a configuration: operations/src/rules/drift.rs.
#
# Drift over all pods together, as recording rules for Prometheus 2.42 or later. The filter's own gauges are those of one
# pod. A feature without traffic has no sample. See docs/reading-metrics.md.
";

/// The text of the file.
#[must_use]
pub fn render(settings: &Settings<'_>) -> String {
    let by = By::new();
    let limits = Limits::of(settings.config);
    let widest = Widest::of(settings.config);
    let mut rules = reference(&by, settings, widest);
    for over in Over::all(settings) {
        let mut of_lookback = live(&by);
        of_lookback.extend(measures::rules(&by, widest.all));
        of_lookback.extend(order::rules(&by, widest.numbered));
        of_lookback.extend(verdict::rules(&by, &limits, over));
        of_lookback.extend(measures::null_ratio(&by));
        rules.extend(over.rules(of_lookback));
    }
    let group = Group::new("driftline_drift", INTERVAL_SECONDS, rules, settings);
    RuleFile { groups: vec![group] }.text(HEAD)
}

/// The labels to sum by and to join on.
struct By {
    feature: String,
    bin: String,
    model: String,
    /// Joins a left side by bin with a right side by feature.
    group_left: String,
    /// Joins a left side by feature with a right side by model.
    of_model: String,
}

impl By {
    fn new() -> By {
        let feature = labels(&[Label::Model, Label::Version, Label::Role, Label::Feature]);
        let bin = labels(&[Label::Model, Label::Version, Label::Role, Label::Feature, Label::Bin]);
        let model = labels(&[Label::Model, Label::Version]);
        let group_left = format!("on ({feature}) group_left ()");
        let of_model = format!("on ({model}) group_left ()");
        By { feature, bin, model, group_left, of_model }
    }
}

/// What does not depend on traffic: the reference by bin, its shares, and what the profiles alone know.
fn reference(by: &By, settings: &Settings<'_>, widest: Widest) -> Vec<Rule> {
    let By { feature, bin, group_left, .. } = by;
    let settled =
        |metric: Metric| settled(metric.definition().name, &Lookback::HOUR.range(settings.scale));
    let mut rules = vec![
        rule("bin:reference", format!("max by ({bin}) ({})", settled(Metric::ReferenceBinRows))),
        rule("feature:reference", format!("sum by ({feature}) (driftline:bin:reference)")),
        rule("feature:bins", format!("count by ({feature}) (driftline:bin:reference)")),
        rule("feature:filled", format!("count by ({feature}) (driftline:bin:reference > 0)")),
        rule(
            "feature:half_degrees",
            "0.5 * (clamp_min(driftline:feature:filled, 2) - 1)".to_owned(),
        ),
        rule(
            "bin:reference_share",
            format!("driftline:bin:reference / {group_left} (driftline:feature:reference > 0)"),
        ),
    ];
    rules.extend(verdict::reference(by, settled));
    rules.extend(positions::rules(settings.config));
    rules.extend(order::reference(by, widest.numbered));
    rules
}

/// Live rows, and the share of each bin of the reference. Live bins that the reference does not have, those beyond all
/// values of value bins, count as its last one; bins that no counter is there for have no row.
fn live(By { feature, bin, group_left, .. }: &By) -> Vec<Rule> {
    let live = Metric::FeatureBin.definition().name;
    vec![
        rule("bin:live@", format!("sum by ({bin}) (increase({live}[@]))")),
        rule("bin:folded@", folded(bin, feature)),
        rule("feature:live@", format!("sum by ({feature}) (driftline:bin:live@) > 0")),
        rule(
            "bin:live_share@",
            format!("driftline:bin:folded@ / {group_left} driftline:feature:live@"),
        ),
        // Of values with bins of their own: how many they are, and the live shares below and above all of them.
        rule(
            "feature:values@",
            format!("driftline:feature:bins - 1 and {}", beyond(feature, bin, BELOW)),
        ),
        rule("feature:below_share@", beyond_share(feature, bin, BELOW)),
        rule("feature:above_share@", beyond_share(feature, bin, ABOVE)),
        // The shares between two of them: half of what live rows have more than the reference, and half of both.
        rule("feature:between_surplus@", between(feature, "-")),
        rule("feature:between_half@", between(feature, "+")),
    ]
}

/// Live rows in the bins of the reference, and in the last one those of live bins that it does not have.
fn folded(bin: &str, feature: &str) -> String {
    let beyond = format!(
        "sum by ({feature}) (driftline:bin:live@ unless on ({bin}) driftline:bin:reference)"
    );
    let beyond = relabelled(&beyond, Label::Bin.name(), OTHER);
    // Another label keeps apart what is to be added up.
    let beyond = relabelled(&beyond, "beyond", "yes");
    format!(
        "sum by ({bin}) (\n  (driftline:bin:live@ and on ({bin}) driftline:bin:reference)\n  or {beyond}\n  \
         or clamp(driftline:bin:reference, 0, 0)\n)"
    )
}

/// Live rows of a bin that the reference does not have: a category may be called the same.
fn beyond(feature: &str, bin: &str, name: &str) -> String {
    let label = Label::Bin.name();
    format!(
        "sum by ({feature}) (driftline:bin:live@{{{label}=\"{name}\"}} unless on ({bin}) driftline:bin:reference)"
    )
}

fn beyond_share(feature: &str, bin: &str, name: &str) -> String {
    let rows = beyond(feature, bin, name);
    format!("{rows} / driftline:feature:live@\nor driftline:feature:live@ * 0")
}

fn between(feature: &str, sign: &str) -> String {
    let other = |bins: &str, rows: &str| {
        let label = Label::Bin.name();
        format!("sum by ({feature}) ({bins}{{{label}=\"{OTHER}\"}}) / {rows}")
    };
    let live = other("driftline:bin:live@", "driftline:feature:live@");
    let reference = other("driftline:bin:reference", "driftline:feature:reference");
    format!(
        "0.5 * ({live}\n  {sign} {reference})\nand driftline:feature:values@\nor driftline:feature:live@ * 0"
    )
}
