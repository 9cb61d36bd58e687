//! The rules that decide whether a feature has drifted over all pods, as `crates/statistics/src/detection/judge.rs` decides
//! in a proxy. It spells no metric of the filter and no limit that the core has.
//!
//! PromQL has no integral and no sums up to a bin. So chance is asked of bins, classes and rows without a value, and not of
//! the places of bins: those of location, spread and tails are a proxy's.

use driftline_labels::{DriftReason, Unbinned};
use driftline_metrics::catalogue::{Label, Metric};
use driftline_monitor::config::Config;
use driftline_statistics::detection::{
    ASSUMED, ASSUMED_DEGREES, Materiality, SURPRISE_MAX, ShareChange,
};

use super::{
    By,
    evidence::{self, ALL_EFFECTIVE, EFFECTIVE, REFERENCE, REFERENCE_ROWS, matters},
};
use crate::{
    promql::relabelled,
    rules::{Rule, over::Over, rule},
};

/// How many stretches of time a lookback has, of which neighbours are compared: a few minutes of an hour hold most of what
/// makes clusters.
const STRETCHES: u64 = 6;
/// How many lookbacks before the last one tell of clusters. With a flag, 36 pairs are as many degrees of freedom.
const PAST: u64 = 6;

/// Tells cells apart that are no bins: a category may be called like one.
const CELL: &str = "cell";

/// What a drift of bins is called, where a proxy knows more.
const BINS: &str = "bins";

const OVERDISPERSION: &str = "driftline:feature:overdispersion@";
const NEEDED: &str = "driftline:model:nats_needed";

/// What the configuration says of drift.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) materiality: Materiality,
    rows_min: u64,
}

impl Limits {
    pub(super) fn of(config: &Config) -> Limits {
        let drift = &config.drift;
        let usual = Materiality::DEFAULT;
        let materiality = Materiality {
            psi: drift.material_psi,
            wasserstein: drift.material_wasserstein,
            class: ShareChange { points_if_doubled: drift.material_class, ..usual.class },
            unbinned: ShareChange {
                points: drift.material_nulls,
                points_if_doubled: drift.material_nulls_doubled,
            },
        };
        Limits { materiality, rows_min: drift.rows_min }
    }
}

/// All of them, in the order in which they need each other.
pub(super) fn rules(by: &By, limits: &Limits, over: Over) -> Vec<Rule> {
    let mut all = rows(by);
    all.extend(overdispersion(by, over));
    all.extend(effective(by));
    all.extend(evidence::rules(by, &limits.materiality));
    all.extend(decision(by, limits));
    all
}

/// What is known without traffic: rows of the reference without a value, all of its rows, and the evidence that a drift
/// needs.
pub(super) fn reference(
    By { feature, model, .. }: &By,
    settled: impl Fn(Metric) -> String,
) -> Vec<Rule> {
    let (unset, needed) = (settled(Metric::ReferenceUnset), settled(Metric::DriftEvidenceNeeded));
    vec![
        // No series says that no row lacked a value.
        rule("feature:reference_unset", format!("max by ({feature}) ({unset}) or {REFERENCE} * 0")),
        rule(
            "feature:reference_rows",
            format!("{REFERENCE} + driftline:feature:reference_unset or {REFERENCE}"),
        ),
        rule(
            "model:nats_needed",
            format!("max by ({model}) ({needed}) / 1000 * {}", std::f64::consts::LN_10),
        ),
    ]
}

/// Live rows without a value, with one that is none, and all. A counter that is not there has counted none.
fn rows(By { feature, .. }: &By) -> Vec<Rule> {
    let or_none = |rows: &str| format!("sum by ({feature}) ({rows}) or {REFERENCE} * 0");
    vec![
        rule("feature:unset@", or_none(&increase(&UNSET, "@"))),
        rule("feature:unusable@", or_none(&increase(&UNUSABLE, "@"))),
        rule(
            "feature:rows@",
            format!(
                "(\n  ({})\n  + driftline:feature:unset@ + driftline:feature:unusable@\n) > 0",
                or_none("driftline:bin:live@")
            ),
        ),
    ]
}

const UNSET: [Unbinned; 2] = [Unbinned::Null, Unbinned::Missing];
const UNUSABLE: [Unbinned; 2] = [Unbinned::WrongType, Unbinned::NotFinite];

fn increase(reasons: &[Unbinned], range: &str) -> String {
    let reasons: Vec<&str> = reasons.iter().map(|it| it.name()).collect();
    format!(
        "increase({}{{{}=~\"{}\"}}[{range}])",
        Metric::FeatureUnbinned.definition().name,
        Label::Reason.name(),
        reasons.join("|")
    )
}

/// How many rows count as one: the chi-square of homogeneity of each stretch and the one before it, divided by its degrees
/// of freedom. Only pairs that ended before the lookback count.
fn overdispersion(By { feature, bin, model, of_model, .. }: &By, over: Over) -> Vec<Rule> {
    let of_stretch = Over { lookback: over.lookback.divided_by(STRETCHES), ..over };
    let (stretch, span) = (of_stretch.lookback.name(), of_stretch.span());
    let past = over.lookback.times(PAST).range(over.scale);
    let newer = format!("driftline:cell:rows{stretch}");
    let older = format!("{newer} offset {span}");
    let [a, b] = [&newer, &older].map(|cells| format!("sum by ({feature}) ({cells})"));
    let degrees = format!("driftline:feature:pair_degrees{stretch}");
    let chi_square = format!("driftline:feature:pair_chi_square{stretch}");
    let limited = format!("driftline:feature:pair_limited{stretch}");
    let told = |of: &str| {
        format!(
            "sum_over_time({of}[{past}:{span}] offset {length}) and driftline:feature:rows@\n\
             or clamp(driftline:feature:rows@, 0, 0)",
            length = over.span()
        )
    };
    let limit = format!("({SURPRISE_MAX} * {OVERDISPERSION} * {degrees})");
    vec![
        rule(
            &format!("cell:rows{stretch}"),
            format!(
                "sum by ({bin}) (increase({live}[{span}]))\nor sum by ({feature}, {CELL}) ({unset})\n\
                 or sum by ({feature}, {CELL}) ({unusable})",
                live = Metric::FeatureBin.definition().name,
                unset = relabelled(&increase(&UNSET, &span), CELL, "unset"),
                unusable = relabelled(&increase(&UNUSABLE, &span), CELL, "unusable"),
            ),
        ),
        rule(
            &format!("feature:pair_degrees{stretch}"),
            format!("count by ({feature}) (({newer} + {older}) > 0) - 1\nand {a} > 0\nand {b} > 0"),
        ),
        rule(
            &format!("feature:pair_chi_square{stretch}"),
            format!(
                "({a} + {b}) ^ 2 / ({a} * {b})\n\
                 * (sum by ({feature}) (({newer}) ^ 2 / (({newer} + {older}) > 0)) - ({a}) ^ 2 / ({a} + {b}))\n\
                 and {degrees}"
            ),
        ),
        rule("feature:told_degrees@", told(&degrees)),
        rule("feature:told_chi_square@", told(&limited)),
        rule(
            "model:overdispersion@",
            format!(
                "clamp_min(\n  ({assumed} + sum by ({model}) (driftline:feature:told_chi_square@))\n  \
                 / ({ASSUMED_DEGREES} + sum by ({model}) (driftline:feature:told_degrees@)),\n  1\n)",
                assumed = ASSUMED * ASSUMED_DEGREES,
            ),
        ),
        rule(
            "feature:overdispersion@",
            format!(
                "clamp_min(\n  (driftline:feature:told_chi_square@ + {of_model} {ASSUMED_DEGREES} * driftline:model:overdispersion@)\n  \
                 / ({ASSUMED_DEGREES} + driftline:feature:told_degrees@),\n  1\n)"
            ),
        ),
        // By what is known of an hour ago and before: a change is in one or two pairs, clusters are in all.
        rule(
            &format!("feature:pair_limited{stretch}"),
            format!("{chi_square} < {limit} or {limit}"),
        ),
    ]
}

/// What rows are worth, and how much noise that leaves.
fn effective(By { group_left, .. }: &By) -> Vec<Rule> {
    vec![
        rule("bin:effective@", format!("driftline:bin:live@ / {group_left} {OVERDISPERSION}")),
        rule("feature:effective@", format!("driftline:feature:live@ / {OVERDISPERSION}")),
        rule("feature:all_effective@", format!("driftline:feature:rows@ / {OVERDISPERSION}")),
        rule("feature:unset_effective@", format!("driftline:feature:unset@ / {OVERDISPERSION}")),
        rule(
            "feature:unusable_effective@",
            format!("driftline:feature:unusable@ / {OVERDISPERSION}"),
        ),
        rule("feature:noise@", format!("1 / {EFFECTIVE} + 1 / {REFERENCE}")),
    ]
}

fn decision(By { feature, model, of_model, .. }: &By, limits: &Limits) -> Vec<Rule> {
    let reason = Label::Reason.name();
    let beyond = |nats: &str| format!("driftline:feature:{nats}@ >= {of_model} {NEEDED}");
    let Limits { materiality, rows_min, .. } = limits;
    let has_rows = |effective: &str| format!("{effective} >= {rows_min}");
    let unbinned_matters = |of_reference: &str, of_live: &str| {
        let to = format!("({of_live} / driftline:feature:rows@)");
        matters(of_reference, &to, &materiality.unbinned)
    };
    let share_of_unset = format!("(driftline:feature:reference_unset / {REFERENCE_ROWS})");
    let reasons = [
        (
            BINS,
            format!(
                "{}\n  and driftline:feature:psi_sure@ >= {}\n  and {}",
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
                unbinned_matters(&share_of_unset, "driftline:feature:unset@"),
                has_rows(ALL_EFFECTIVE)
            ),
        ),
        (
            DriftReason::Types.name(),
            format!(
                "{}\n  and {}\n  and {}",
                beyond("types_nats"),
                unbinned_matters("0", "driftline:feature:unusable@"),
                has_rows(ALL_EFFECTIVE)
            ),
        ),
    ];
    let terms = reasons.map(|(name, holds)| {
        let value = format!(
            "clamp({holds}, 1, 1)\n  or clamp(driftline:feature:rows@, 0, 0) and on ({model}) {NEEDED}"
        );
        relabelled(&value, reason, name)
    });
    vec![
        rule("feature:drift_reason@", terms.join("\nor ")),
        rule("feature:drift@", format!("max by ({feature}) (driftline:feature:drift_reason@)")),
    ]
}
