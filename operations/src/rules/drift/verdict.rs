//! The rules that decide whether a feature has drifted over all pods, as `crates/statistics/src/detection/judge.rs` decides
//! in a proxy. It spells no metric of the filter and no limit that the core has.
//!
//! PromQL has no integral and no sums up to a bin. So chance is asked of bins, classes and rows without a value, and not of
//! the places of bins: those of location, spread and tails are a proxy's.

use driftline_labels::{DriftReason, Unbinned};
use driftline_metrics::catalogue::{Label, Metric};
use driftline_statistics::detection::{
    ASSUMED, ASSUMED_DEGREES, Materiality, ROWS_MIN, SURPRISE_MAX,
};

use super::{
    By,
    evidence::{self, ALL_EFFECTIVE, EFFECTIVE, REFERENCE, REFERENCE_ROWS, matters},
};
use crate::{
    promql::relabelled,
    rules::{Alert, Rule, rule},
};

/// What neighbouring stretches of time are compared: a few minutes hold most of what makes clusters.
const STRETCH: &str = "10m";
/// From how far back they tell of clusters. With a flag, 36 pairs are as many degrees of freedom.
const PAST: &str = "6h";

/// Tells cells apart that are no bins: a category may be called like one.
const CELL: &str = "cell";

/// What a drift of bins is called, where a proxy knows more.
const BINS: &str = "bins";

const OVERDISPERSION: &str = "driftline:feature:overdispersion1h";
const NEEDED: &str = "driftline:model:nats_needed";

/// All of them, in the order in which they need each other.
pub(super) fn rules(by: &By) -> Vec<Rule> {
    let mut all = rows(by);
    all.extend(overdispersion(by));
    all.extend(effective(by));
    all.extend(evidence::rules(by));
    all.extend(decision(by));
    all
}

/// The alert on them.
pub(super) fn alert() -> Rule {
    let [model, feature] =
        [Label::Model, Label::Feature].map(|it| format!("{{{{ $labels.{} }}}}", it.name()));
    let summary = format!("{feature} of {model} has drifted from its training data.");
    let description = format!(
        "Over all proxies, {feature} of the last hour differs from the training data by more than chance and by enough to \
         matter. driftline:feature:drift_reason1h says what differs."
    );
    Rule::Alert(Alert {
        alert: "DriftlineFeatureDrift",
        expr: "driftline:feature:drift1h == 1".to_owned(),
        r#for: "0m".to_owned(),
        // As long as a proxy holds a verdict by default: a quarter of the window.
        keep_firing_for: Some("15m".to_owned()),
        labels: [("severity", "warning".to_owned())].into(),
        annotations: [("summary", summary), ("description", description)].into(),
    })
}

/// Rows of the last hour without a value, with one that is none, and all.
fn rows(By { feature, bin, .. }: &By) -> Vec<Rule> {
    let unset = Metric::ReferenceUnset.definition().name;
    vec![
        rule("feature:unset1h", format!("sum by ({feature}) ({})", increase(&UNSET, "1h"))),
        rule("feature:unusable1h", format!("sum by ({feature}) ({})", increase(&UNUSABLE, "1h"))),
        rule(
            "feature:rows1h",
            format!(
                "(sum by ({feature}) (driftline:bin:live1h) + driftline:feature:unset1h + driftline:feature:unusable1h) > 0"
            ),
        ),
        // No series says that no row lacked a value.
        rule("feature:reference_unset", format!("max by ({feature}) ({unset}) or {REFERENCE} * 0")),
        rule(
            "feature:reference_rows",
            format!("{REFERENCE} + driftline:feature:reference_unset or {REFERENCE}"),
        ),
        rule(
            &format!("cell:rows{STRETCH}"),
            format!(
                "sum by ({bin}) (increase({live}[{STRETCH}]))\nor sum by ({feature}, {CELL}) ({unset})\n\
                 or sum by ({feature}, {CELL}) ({unusable})",
                live = Metric::FeatureBin.definition().name,
                unset = relabelled(&increase(&UNSET, STRETCH), CELL, "unset"),
                unusable = relabelled(&increase(&UNUSABLE, STRETCH), CELL, "unusable"),
            ),
        ),
    ]
}

const UNSET: [Unbinned; 2] = [Unbinned::Null, Unbinned::Missing];
const UNUSABLE: [Unbinned; 2] = [Unbinned::WrongType, Unbinned::NotFinite];

fn increase(reasons: &[Unbinned], window: &str) -> String {
    let reasons: Vec<&str> = reasons.iter().map(|it| it.name()).collect();
    format!(
        "increase({}{{{}=~\"{}\"}}[{window}])",
        Metric::FeatureUnbinned.definition().name,
        Label::Reason.name(),
        reasons.join("|")
    )
}

/// How many rows count as one: the chi-square of homogeneity of each stretch and the one before it, divided by its degrees
/// of freedom. Only pairs that ended before the last hour count.
fn overdispersion(By { feature, model, of_model, .. }: &By) -> Vec<Rule> {
    let newer = format!("driftline:cell:rows{STRETCH}");
    let older = format!("{newer} offset {STRETCH}");
    let [a, b] = [&newer, &older].map(|cells| format!("sum by ({feature}) ({cells})"));
    let degrees = format!("driftline:feature:pair_degrees{STRETCH}");
    let chi_square = format!("driftline:feature:pair_chi_square{STRETCH}");
    let limited = format!("driftline:feature:pair_limited{STRETCH}");
    let told = |of: &str| {
        format!(
            "sum_over_time({of}[{PAST}:{STRETCH}] offset 1h) and driftline:feature:rows1h\n\
             or clamp(driftline:feature:rows1h, 0, 0)"
        )
    };
    let limit = format!("({SURPRISE_MAX} * {OVERDISPERSION} * {degrees})");
    vec![
        rule(
            &format!("feature:pair_degrees{STRETCH}"),
            format!("count by ({feature}) (({newer} + {older}) > 0) - 1\nand {a} > 0\nand {b} > 0"),
        ),
        rule(
            &format!("feature:pair_chi_square{STRETCH}"),
            format!(
                "({a} + {b}) ^ 2 / ({a} * {b})\n\
                 * (sum by ({feature}) (({newer}) ^ 2 / (({newer} + {older}) > 0)) - ({a}) ^ 2 / ({a} + {b}))\n\
                 and {degrees}"
            ),
        ),
        rule("feature:told_degrees1h", told(&degrees)),
        rule("feature:told_chi_square1h", told(&limited)),
        rule(
            "model:overdispersion1h",
            format!(
                "clamp_min(\n  ({assumed} + sum by ({model}) (driftline:feature:told_chi_square1h))\n  \
                 / ({ASSUMED_DEGREES} + sum by ({model}) (driftline:feature:told_degrees1h)),\n  1\n)",
                assumed = ASSUMED * ASSUMED_DEGREES,
            ),
        ),
        rule(
            "feature:overdispersion1h",
            format!(
                "clamp_min(\n  (driftline:feature:told_chi_square1h + {of_model} {ASSUMED_DEGREES} * driftline:model:overdispersion1h)\n  \
                 / ({ASSUMED_DEGREES} + driftline:feature:told_degrees1h),\n  1\n)"
            ),
        ),
        // By what is known of an hour ago and before: a change is in one or two pairs, clusters are in all.
        rule(
            &format!("feature:pair_limited{STRETCH}"),
            format!("{chi_square} < {limit} or {limit}"),
        ),
    ]
}

/// What rows are worth, and how much noise that leaves.
fn effective(By { group_left, .. }: &By) -> Vec<Rule> {
    vec![
        rule("bin:effective1h", format!("driftline:bin:live1h / {group_left} {OVERDISPERSION}")),
        rule("feature:effective1h", format!("driftline:feature:live1h / {OVERDISPERSION}")),
        rule("feature:all_effective1h", format!("driftline:feature:rows1h / {OVERDISPERSION}")),
        rule("feature:unset_effective1h", format!("driftline:feature:unset1h / {OVERDISPERSION}")),
        rule(
            "feature:unusable_effective1h",
            format!("driftline:feature:unusable1h / {OVERDISPERSION}"),
        ),
        rule("feature:noise1h", format!("1 / {EFFECTIVE} + 1 / {REFERENCE}")),
    ]
}

fn decision(By { feature, model, of_model, .. }: &By) -> Vec<Rule> {
    let reason = Label::Reason.name();
    let needed = Metric::DriftEvidenceNeeded.definition().name;
    let beyond = |nats: &str| format!("driftline:feature:{nats}1h >= {of_model} {NEEDED}");
    let materiality = Materiality::DEFAULT;
    let has_rows = |effective: &str| format!("{effective} >= {ROWS_MIN}");
    let unbinned_matters = |of_reference: &str, of_live: &str| {
        let to = format!("({of_live} / driftline:feature:rows1h)");
        matters(of_reference, &to, &materiality.unbinned)
    };
    let share_of_unset = format!("(driftline:feature:reference_unset / {REFERENCE_ROWS})");
    let reasons = [
        (
            BINS,
            format!(
                "{}\n  and driftline:feature:psi_sure1h >= {}\n  and {}",
                beyond("bins_nats"),
                materiality.psi,
                has_rows(EFFECTIVE)
            ),
        ),
        (
            DriftReason::CategoryShare.name(),
            format!("{}\n  and {}", beyond("class_nats"), has_rows(EFFECTIVE)),
        ),
        (
            DriftReason::Nulls.name(),
            format!(
                "{}\n  and {}\n  and {}",
                beyond("nulls_nats"),
                unbinned_matters(&share_of_unset, "driftline:feature:unset1h"),
                has_rows(ALL_EFFECTIVE)
            ),
        ),
        (
            DriftReason::Types.name(),
            format!(
                "{}\n  and {}\n  and {}",
                beyond("types_nats"),
                unbinned_matters("0", "driftline:feature:unusable1h"),
                has_rows(ALL_EFFECTIVE)
            ),
        ),
    ];
    let terms = reasons.map(|(name, holds)| {
        let value = format!(
            "clamp({holds}, 1, 1)\n  or clamp(driftline:feature:rows1h, 0, 0) and on ({model}) {NEEDED}"
        );
        relabelled(&value, reason, name)
    });
    vec![
        rule(
            "model:nats_needed",
            format!("max by ({model}) ({needed}) / 1000 * {}", std::f64::consts::LN_10),
        ),
        rule("feature:drift_reason1h", terms.join("\nor ")),
        rule("feature:drift1h", format!("max by ({feature}) (driftline:feature:drift_reason1h)")),
    ]
}
