//! The rules of the measures that need bins in order: Kolmogorov-Smirnov from counters alone, and Wasserstein with the
//! places of the bins, which only the profile knows. They decide nothing.

use driftline_metrics::catalogue::{Label, Metric};
use driftline_statistics::bins::{ABOVE, BELOW, OTHER};

use super::{By, evidence::REFERENCE, measures, probability::kolmogorov_nats};
use crate::{
    promql::{relabelled, selected},
    rules::{Rule, rule, with_labels},
};

const LIVE: &str = "driftline:feature:live@";

/// How much of the reference is in the bins up to each, for this many numbered bins, how much has a place at all, and how
/// much is in either tail.
pub(super) fn reference(by: &By, bins: usize) -> Vec<Rule> {
    let shares = "driftline:bin:reference_share";
    let mut all = up_to(shares, None, "bin:reference_up_to", by, bins);
    let placed = placed("driftline:bin:reference", REFERENCE, by);
    all.push(rule("feature:reference_placed", placed));
    // Beyond all values the reference has no bin.
    all.push(rule(
        "feature:tail_reference_share",
        format!(
            "({} or driftline:feature:tail_usual * 0)\n/ on ({}) group_left () ({REFERENCE} * driftline:feature:reference_placed)",
            of_tails("driftline:bin:reference", by),
            by.feature
        ),
    ));
    all
}

/// All of them.
pub(super) fn rules(by: &By, bins: usize) -> Vec<Rule> {
    let below = Some("driftline:feature:below_share@");
    let mut all = up_to("driftline:bin:live_share@", below, "bin:live_up_to@", by, bins);
    all.push(rule(
        "bin:ahead@",
        "driftline:bin:live_up_to@ - driftline:bin:reference_up_to".to_owned(),
    ));
    all.push(kolmogorov_smirnov(by, bins));
    let root = format!("sqrt({LIVE} * {REFERENCE} / ({LIVE} + {REFERENCE}))");
    // Stephens' correction, for samples of any size.
    all.push(rule(
        "feature:ks_scaled@",
        format!("({root} + 0.12 + 0.11 / {root}) * driftline:feature:kolmogorov_smirnov@"),
    ));
    all.extend(measures::significance("ks", kolmogorov_nats("driftline:feature:ks_scaled@")));
    all.extend(wasserstein(by));
    all
}

/// The name of a numbered bin.
pub(super) fn numbered(bin: usize) -> String {
    format!("{bin:02}")
}

/// PromQL has no running sum, so each bin is a rule, which adds to what the one before it has recorded for this moment.
fn up_to(
    shares: &str,
    and_below: Option<&str>,
    record: &str,
    By { feature, .. }: &By,
    bins: usize,
) -> Vec<Rule> {
    let label = Label::Bin.name();
    let of = |series: &str, bin: usize| {
        let series = selected(series, &[(label, "=", &numbered(bin))]);
        format!("sum by ({feature}) ({series})")
    };
    let of_bin = |bin: usize| {
        let before = match bin.checked_sub(1) {
            Some(before) => Some(of(&format!("driftline:{record}"), before)),
            None => and_below.map(str::to_owned),
        };
        let sum = before.map_or(String::new(), |before| format!("{before} + "));
        with_labels(rule(record, format!("{sum}{}", of(shares, bin))), [(label, numbered(bin))])
    };
    (0..bins).map(of_bin).collect()
}

/// Each term is how far the distribution functions are apart at least, at one place of the line: see
/// `crates/statistics/src/drift/kolmogorov_smirnov.rs`, which says why rows between two values have none.
fn kolmogorov_smirnov(By { feature, group_left, .. }: &By, bins: usize) -> Rule {
    let label = Label::Bin.name();
    let [surplus, half] =
        ["surplus", "half"].map(|it| format!("{group_left} driftline:feature:between_{it}@"));
    let tail =
        |name: &str| format!("driftline:feature:{name}_share@ and driftline:feature:values@");
    let first = numbered(0);
    let mut terms = vec![
        (BELOW.to_owned(), tail(BELOW)),
        (ABOVE.to_owned(), tail(ABOVE)),
        // All that lies between two values is above the first one.
        (first.clone(), format!("abs(driftline:bin:ahead@{{{label}=\"{first}\"}})")),
        (
            "others".to_owned(),
            format!(
                "clamp_min(abs(driftline:bin:ahead@{{{label}!=\"{first}\"}} + {surplus}) - {half}, 0)"
            ),
        ),
    ];
    for bin in 1..bins {
        // And all of it is below the last one.
        let (before, values) = (numbered(bin.saturating_sub(1)), bin.saturating_add(1));
        let from = format!(
            "abs(driftline:bin:ahead@{{{label}=\"{before}\"}} + {group_left} 2 * driftline:feature:between_surplus@)\n    \
             and on ({feature}) driftline:feature:values@ == {values}"
        );
        terms.push((format!("from {}", numbered(bin)), from));
    }
    let distances: Vec<String> =
        terms.into_iter().map(|(at, term)| relabelled(&term, "at", &at)).collect();
    rule(
        "feature:kolmogorov_smirnov@",
        format!(
            "max by ({feature}) (\n  {}\n)\n\
             and (driftline:feature:values@ or driftline:feature:bins) <= {bins}",
            distances.join("\n  or ")
        ),
    )
}

/// Which part of the rows has a place: values between two others, in the bin `other`, have none. No sample if nothing has.
fn placed(bins: &str, rows: &str, By { feature, .. }: &By) -> String {
    let bin = Label::Bin.name();
    format!(
        "(1 - sum by ({feature}) ({bins}{{{bin}=\"{OTHER}\"}}) / {rows}\n  or {rows} * 0 + 1) > 0"
    )
}

/// Rows of the outer bins, by side.
fn of_tails(bins: &str, By { feature, .. }: &By) -> String {
    let (bin, side) = (Label::Bin.name(), Label::Side.name());
    format!(
        "sum by ({feature}, {side}) (\n  {bins} * on ({feature}, {bin}) group_right () (driftline:bin:tail * 0 + 1)\n)"
    )
}

/// How far rows have to go, in standard deviations of the reference and in the unit of the values.
///
/// Between neighbouring bins the distribution functions differ by a constant, and the outer bins lie at the mean of their
/// live rows, which [`Metric::FeatureTailExcess`] tells. `BinPositions::wasserstein` says why, and what is left out.
fn wasserstein(by: &By) -> Vec<Rule> {
    let By { feature, .. } = by;
    let side = Label::Side.name();
    let line = format!("on ({feature}) group_left ()");
    let excess = Metric::FeatureTailExcess.definition().name;
    let tail_rows = "driftline:feature:tail_rows@";
    let (share, usual) =
        ("driftline:feature:tail_share@", "driftline:feature:tail_reference_share");
    let farther = "driftline:feature:tail_farther@";
    vec![
        rule("feature:placed@", placed("driftline:bin:live@", LIVE, by)),
        rule("feature:tail_rows@", of_tails("driftline:bin:live@", by)),
        rule(
            "feature:tail_share@",
            format!("{tail_rows} / {line} ({LIVE} * driftline:feature:placed@)"),
        ),
        // How much farther out live rows of the outer bins lie than those of the reference, in the mean.
        rule(
            "feature:tail_farther@",
            format!(
                "(sum by ({feature}, {side}) (increase({excess}[@])) or {tail_rows} * 0) / 1000 / ({tail_rows} > 0)\n\
                 - driftline:feature:tail_usual\nor {tail_rows} * 0"
            ),
        ),
        rule(
            "feature:wasserstein_tails@",
            format!(
                "sum by ({feature}) (\n  clamp_min({farther}, 0) * {share}\n  \
                 + clamp_max({farther}, 0) * (abs({share} - {usual}) - {usual})\n)"
            ),
        ),
        rule(
            "feature:wasserstein_bins@",
            format!(
                "sum by ({feature}) (\n  abs(driftline:bin:live_up_to@ / {line} driftline:feature:placed@\n    \
                 - driftline:bin:reference_up_to / {line} driftline:feature:reference_placed)\n  * driftline:bin:step\n)"
            ),
        ),
        rule(
            "feature:wasserstein@",
            "(\n  driftline:feature:wasserstein_bins@ + driftline:feature:wasserstein_tails@\n  \
             or driftline:feature:wasserstein_bins@\n  or driftline:feature:wasserstein_tails@\n)\n\
             * driftline:feature:unit"
                .to_owned(),
        ),
        // A constant has no deviation, and its distance counts in its own size.
        rule(
            "feature:wasserstein_deviations@",
            "driftline:feature:wasserstein@ / (driftline:feature:deviation > 0)\n\
             or driftline:feature:wasserstein@ * 0"
                .to_owned(),
        ),
    ]
}
