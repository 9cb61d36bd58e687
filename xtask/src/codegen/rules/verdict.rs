//! The rules that decide whether a feature has drifted over all pods, as `crates/statistics/src/detection/judge.rs` decides
//! in a proxy. It spells no metric of the filter and no limit that the core has.
//!
//! PromQL has no integral and no sums up to a bin. So chance is asked of bins, classes and rows without a value, and not of
//! the places of bins: those of location, spread and tails are a proxy's.

use driftline_labels::{DriftReason, Unbinned};
use driftline_metrics::catalogue::{Label, Metric};
use driftline_statistics::{
    bins::OTHER,
    detection::{
        ASSUMED, ASSUMED_DEGREES, Length, Materiality, ROWS_MIN, SURPRISE_MAX, ShareChange,
    },
};

use super::{Alert, By, Rule, relabelled, rule};

/// What neighbouring stretches of time are compared: a few minutes hold most of what makes clusters.
const STRETCH: &str = "10m";
/// From how far back they tell of clusters. With a flag, 36 pairs are as many degrees of freedom.
const PAST: &str = "6h";

/// Tells cells apart that are no bins: a category may be called like one.
const CELL: &str = "cell";

/// Levels of the continued fraction of the incomplete gamma function.
///
/// For 1 to 99 degrees of freedom, ten are off by 3e-7 nats at most where there are 3 nats or more, and by less than 2e-8
/// from 5 nats on, which is the rounding of Stirling's series. Wilson and Hilferty's quantile, the usual stand-in, is off
/// by 11 to 38 % at the 11 to 30 nats that a drift needs.
const LEVELS: u32 = 10;
/// How far the argument of Stirling's series is moved up.
const STIRLING_FROM: u32 = 4;

/// What a drift of bins is called, where a proxy knows more.
const BINS: &str = "bins";

const REFERENCE: &str = "driftline:feature:reference";
const REFERENCE_ROWS: &str = "driftline:feature:reference_rows";
const EFFECTIVE: &str = "driftline:feature:effective1h";
const ALL_EFFECTIVE: &str = "driftline:feature:all_effective1h";
const OVERDISPERSION: &str = "driftline:feature:overdispersion1h";
const NEEDED: &str = "driftline:model:nats_needed";

/// All of them, in the order in which they need each other.
pub(super) fn rules(by: &By) -> Vec<Rule> {
    let mut all = rows(by);
    all.extend(overdispersion(by));
    all.extend(effective(by));
    all.extend(material_psi(by));
    all.extend(bins(by));
    all.extend(classes(by));
    all.extend(unbinned());
    all.extend(decision(by));
    all
}

/// The alert on them.
pub(super) fn alert() -> Alert {
    let [model, feature] =
        [Label::Model, Label::Feature].map(|it| format!("{{{{ $labels.{} }}}}", it.name()));
    Alert {
        name: "DriftlineFeatureDrift",
        expression: "driftline:feature:drift1h == 1".to_owned(),
        // As long as a proxy holds a verdict by default: a quarter of the window.
        keep_firing_for: "15m",
        summary: format!("{feature} of {model} has drifted from its training data."),
        description: format!(
            "Over all proxies, {feature} of the last hour differs from the training data by more than chance and by \
             enough to matter. driftline:feature:drift_reason1h says what differs."
        ),
    }
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

fn material_psi(By { feature, .. }: &By) -> Vec<Rule> {
    let debiased = "driftline:feature:psi_debiased1h";
    let noise = "driftline:feature:noise1h";
    let sure = Length::Fast.errors();
    vec![
        rule(
            "feature:psi_debiased1h",
            format!(
                "clamp_min(\n  driftline:feature:psi1h\n  \
                 - (count by ({feature}) ((driftline:bin:folded1h + driftline:bin:reference) > 0) - 1) * {noise},\n  0\n)"
            ),
        ),
        rule(
            "feature:psi_sure1h",
            format!(
                "{debiased} - {sure} * sqrt(\n  4 * {debiased} * {noise}\n  \
                 + 2 * count by ({feature}) (driftline:bin:live1h or driftline:bin:reference) * {noise} ^ 2\n)"
            ),
        ),
    ]
}

/// The evidence of the bins: half their likelihood ratio, and how rarely chance makes it so large.
fn bins(By { feature, .. }: &By) -> Vec<Rule> {
    let both = "(driftline:bin:effective1h + driftline:bin:reference\n    or driftline:bin:effective1h or driftline:bin:reference)";
    let sum = |of: &str| format!("sum by ({feature}) ({of} * ln({of} > 0))");
    let ratio = "driftline:feature:bins_ratio1h";
    let half = "driftline:feature:half_degrees";
    vec![
        rule(
            "feature:bins_ratio1h",
            format!(
                "clamp_min(\n  {}\n  + {}\n  - {}\n  + {}\n  - {}\n  - {},\n  0\n)",
                sum("driftline:bin:effective1h"),
                sum("driftline:bin:reference"),
                sum(both),
                format_args!("({EFFECTIVE} + {REFERENCE}) * ln({EFFECTIVE} + {REFERENCE})"),
                format_args!("{EFFECTIVE} * ln({EFFECTIVE})"),
                format_args!("{REFERENCE} * ln({REFERENCE})"),
            ),
        ),
        rule(
            "feature:half_degrees",
            format!("0.5 * (clamp_min(count by ({feature}) (driftline:bin:reference > 0), 2) - 1)"),
        ),
        rule(
            "feature:bins_nats1h",
            format!(
                "clamp_min({}, 0)\nand {ratio} > 1 + {half}\nor clamp({ratio}, 0, 0)",
                chi_square_nats(ratio, half)
            ),
        ),
    ]
}

/// The negative logarithm of how often twice a gamma variable of this shape, a chi-square of twice as many degrees of
/// freedom, exceeds twice `x`: by Legendre's continued fraction, where `x` is more than `shape + 1`.
fn chi_square_nats(x: &str, shape: &str) -> String {
    let mut fraction = format!("({x} - {shape} + {})", LEVELS.saturating_mul(2).saturating_add(1));
    for level in (1..=LEVELS).rev() {
        let odd = level.saturating_mul(2).saturating_sub(1);
        fraction =
            format!("({x} - {shape} + {odd} - {level} * ({level} - {shape})\n  / {fraction})");
    }
    // Stirling's series for the logarithm of the gamma function, some places further up.
    let z = format!("({shape} + {STIRLING_FROM})");
    let stirling = format!(
        "({z} - 0.5) * ln({z}) - {z} + {half_log_of_two_pi} + 1 / (12 * {z}) - 1 / (360 * {z} ^ 3) + 1 / (1260 * {z} ^ 5)",
        half_log_of_two_pi = 0.918_938_533_204_672_8,
    );
    let steps: Vec<String> = (0..STIRLING_FROM).map(|step| format!("({shape} + {step})")).collect();
    format!(
        "{x} - {shape} * ln({x})\n  + {stirling}\n  - ln({})\n  + ln{fraction}",
        steps.join(" * ")
    )
}

/// Classes whose share changed by enough to matter, and the surest of them. Of the bins that have `other` beside them,
/// each is a class: a category or a value.
fn classes(By { feature, group_left, .. }: &By) -> Vec<Rule> {
    let reference = "driftline:bin:class_reference";
    let live = "driftline:bin:effective1h";
    let label = Label::Bin.name();
    let [from, to] = [
        format!("({reference} / {group_left} {REFERENCE})"),
        format!("({live} / {group_left} {EFFECTIVE})"),
    ];
    let shares = Shares {
        of_reference: Some(reference),
        of_live: live,
        reference: REFERENCE,
        live: EFFECTIVE,
        whole_less_part: &format!("- on ({feature}) group_right ()"),
        part_less_whole: &format!("- {group_left}"),
    };
    let matters = matters(&from, &to, &Materiality::DEFAULT.class);
    vec![
        rule(
            "bin:class_reference",
            format!(
                "(driftline:bin:reference or clamp(driftline:bin:live1h, 0, 0))\n\
                 and on ({feature}) driftline:bin:reference{{{label}=\"{OTHER}\"}}"
            ),
        ),
        rule("bin:class_nats1h", format!("(\n  {}\n)\nand {matters}", shares.nats())),
        // Any of the bins may be the one.
        rule(
            "feature:class_nats1h",
            format!(
                "max by ({feature}) (driftline:bin:class_nats1h) - ln(count by ({feature}) ({reference}))"
            ),
        ),
    ]
}

/// The evidence of rows without a value, and of values that are none, of which the reference has none.
fn unbinned() -> Vec<Rule> {
    let nats = |of_reference: Option<&str>, of_live: &str| {
        let shares = Shares {
            of_reference,
            of_live,
            reference: REFERENCE_ROWS,
            live: ALL_EFFECTIVE,
            whole_less_part: "-",
            part_less_whole: "-",
        };
        format!("clamp_min(\n  {},\n  0\n)", shares.nats())
    };
    vec![
        rule(
            "feature:nulls_nats1h",
            nats(Some("driftline:feature:reference_unset"), "driftline:feature:unset_effective1h"),
        ),
        rule("feature:types_nats1h", nats(None, "driftline:feature:unusable_effective1h")),
    ]
}

/// One kind of rows in two samples, as PromQL has them.
struct Shares<'a> {
    /// `None` if the reference has none.
    of_reference: Option<&'a str>,
    of_live: &'a str,
    reference: &'a str,
    live: &'a str,
    /// How PromQL takes a kind from all, and all from a kind.
    whole_less_part: &'a str,
    part_less_whole: &'a str,
}

impl Shares<'_> {
    /// `TwoShares::nats` of `evidence.rs`, as sums of x ln x.
    fn nats(&self) -> String {
        let Shares { of_reference, of_live, reference, live, whole_less_part, part_less_whole } =
            self;
        let both = format!("({reference} + {live})");
        let others = |of: &str, all: &str| log_product(&format!("({all} {whole_less_part} {of})"));
        match of_reference {
            Some(of_reference) => {
                let of_both = format!("({of_reference} + {of_live})");
                [
                    format!("{}\n  + ", log_product(of_reference)),
                    format!("{}\n  - ", log_product(of_live)),
                    format!("{}\n  + ", log_product(&of_both)),
                    format!("{}\n  + ", others(of_reference, reference)),
                    format!("{}\n  - ", others(of_live, live)),
                    format!("{}\n  {part_less_whole} ", others(&of_both, &both)),
                    format!("({reference} * ln({reference}) + {live} * ln({live}) - {both} * ln({both}))"),
                ]
                .concat()
            }
            // What is of the kind cancels out, and what is not in the reference.
            None => format!(
                "{}\n  - {}\n  {part_less_whole} ({live} * ln({live}) - {both} * ln({both}))",
                others(of_live, live),
                others(of_live, &both)
            ),
        }
    }
}

/// x ln x, whose limit at 0 is 0.
fn log_product(x: &str) -> String {
    format!("({x} * ln({x} > 0) or clamp({x}, 0, 0))")
}

/// `ShareChange::matters`, as a filter on what it is joined to.
fn matters(from: &str, to: &str, by: &ShareChange) -> String {
    let change = format!("abs({to} - {from})");
    let doubled = format!(
        "({change} >= {} and ({to} >= 2 * {from} or {from} >= 2 * {to}))",
        by.points_if_doubled
    );
    if by.points.is_finite() {
        format!("({change} >= {} or {doubled})", by.points)
    } else {
        doubled
    }
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
