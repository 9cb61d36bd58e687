//! The rules of the measures that need no order of the bins: PSI with its critical value, divergences, distances,
//! chi-square and the share of rows without a value, as `crates/statistics/src/drift` has them. They decide nothing.

use driftline_metrics::catalogue::{Label, Metric};

use super::{
    By,
    evidence::{REFERENCE, REFERENCE_ROWS},
    probability::{chi_square_nats, chi_square_quantiles},
};
use crate::rules::{Rule, rule};

const LIVE: &str = "driftline:feature:live@";
const LIVE_SHARE: &str = "driftline:bin:live_share@";
const REFERENCE_SHARE: &str = "driftline:bin:reference_share";
/// What the PSI of noise exceeds in this share of all windows is its critical value.
const CRITICAL: f64 = 0.05;

/// All of bins, for columns of this many at most.
pub(super) fn rules(by: &By, bins: usize) -> Vec<Rule> {
    let mut all = raised(by);
    all.push(psi_critical(bins));
    all.extend(distances(by));
    all.extend(chi_square(by, bins));
    all
}

/// PSI and both divergences, half a count added to every bin.
fn raised(By { feature, group_left, .. }: &By) -> Vec<Rule> {
    let share = |bins: &str, rows: &str| {
        format!("(({bins} + 0.5) / {group_left} ({rows} + 0.5 * driftline:feature:bins))")
    };
    let live = share("driftline:bin:folded@", LIVE);
    let reference = share("driftline:bin:reference", REFERENCE);
    let sum = |weight: &str, of: &str, from: &str| {
        format!("sum by ({feature}) (\n  {weight}\n  * ln({of} / {from})\n)")
    };
    vec![
        rule("feature:psi@", sum(&format!("({live} - {reference})"), &live, &reference)),
        rule("feature:kl_live_from_reference@", sum(&live, &live, &reference)),
        rule("feature:kl_reference_from_live@", sum(&reference, &reference, &live)),
    ]
}

/// What noise alone exceeds in 5 %: `Psi::critical`. Bins that the reference leaves empty stay so without drift, and add a
/// constant.
fn psi_critical(bins: usize) -> Rule {
    let raised = |rows: &str| format!("(0.5 / ({rows} + 0.5 * driftline:feature:bins))");
    let (p, q) = (raised(REFERENCE), raised(LIVE));
    rule(
        "feature:psi_critical@",
        format!(
            "(1 / {LIVE} + 1 / {REFERENCE}) * (\n  {quantiles}\n)\n\
             + (driftline:feature:bins - driftline:feature:filled) * ({q} - {p}) * ln({q} / {p})",
            quantiles = chi_square_quantiles(
                CRITICAL,
                "(2 * driftline:feature:half_degrees)",
                bins.saturating_sub(1)
            ),
        ),
    )
}

fn distances(By { feature, .. }: &By) -> Vec<Rule> {
    let term = |share: &str| {
        // The limit of x * ln(x) at 0 is 0.
        format!(
            "({share} * ln({share} / (0.5 * ({LIVE_SHARE} + {REFERENCE_SHARE})))\n  > -Inf or {share} * 0)"
        )
    };
    let difference = format!("abs({LIVE_SHARE} - {REFERENCE_SHARE})");
    vec![
        rule(
            "feature:jensen_shannon@",
            format!(
                "sqrt(clamp_min(0.5 * (\n  sum by ({feature}) ({})\n  + sum by ({feature}) ({})\n), 0))",
                term(LIVE_SHARE),
                term(REFERENCE_SHARE)
            ),
        ),
        rule(
            "feature:hellinger@",
            format!(
                "sqrt(0.5 * sum by ({feature}) ((sqrt({LIVE_SHARE}) - sqrt({REFERENCE_SHARE})) ^ 2))"
            ),
        ),
        rule("feature:total_variation@", format!("0.5 * sum by ({feature}) ({difference})")),
        rule("feature:l_infinity@", format!("max by ({feature}) ({difference})")),
    ]
}

/// Pearson's test of two samples, and of the reference as a law, which is infinite where it has no row.
fn chi_square(By { feature, group_left, .. }: &By, bins: usize) -> Vec<Rule> {
    let filled = "((driftline:bin:folded@ + driftline:bin:reference) > 0)";
    let expected = format!("({REFERENCE_SHARE} * {group_left} {LIVE})");
    let sample = format!(
        "{LIVE} * {REFERENCE} * sum by ({feature}) (\n  ({LIVE_SHARE} - {REFERENCE_SHARE}) ^ 2 / {filled}\n)"
    );
    // Nothing of nothing is no number, which is neither more nor less than 0.
    let law = format!(
        "sum by ({feature}) (\n  (driftline:bin:folded@ - {expected}) ^ 2 / {expected} >= 0\n)\n\
         and driftline:feature:chi_square_degrees@"
    );
    let shape = "driftline:feature:chi_square_half_degrees@";
    let mut rules = vec![
        rule(
            "feature:chi_square_degrees@",
            format!("(count by ({feature}) ({filled}) - 1 and {LIVE}) > 0"),
        ),
        rule("feature:chi_square@", format!("{sample}\nand driftline:feature:chi_square_degrees@")),
        rule("feature:chi_square_fit@", law),
        // They stand in series of many terms.
        rule(
            "feature:chi_square_half_degrees@",
            "driftline:feature:chi_square_degrees@ / 2".to_owned(),
        ),
    ];
    for name in ["chi_square", "chi_square_fit"] {
        let half = format!("driftline:feature:{name}_half@");
        rules
            .push(rule(&format!("feature:{name}_half@"), format!("driftline:feature:{name}@ / 2")));
        rules.extend(significance(name, chi_square_nats(&half, shape, bins)));
    }
    rules
}

/// How rarely chance makes a statistic so large, in the three ways in which people ask.
pub(super) fn significance(name: &str, nats: String) -> [Rule; 3] {
    let of_nats = format!("driftline:feature:{name}_nats@");
    [
        rule(&format!("feature:{name}_nats@"), nats),
        rule(&format!("feature:{name}_p_value@"), format!("exp(-{of_nats})")),
        rule(
            &format!("feature:{name}_significance@"),
            format!("{of_nats} / {}", std::f64::consts::LN_10),
        ),
    ]
}

/// The share of rows without a usable value, its change, and how many standard errors that is.
pub(super) fn null_ratio(By { feature, .. }: &By) -> Vec<Rule> {
    let rows = "driftline:feature:rows@";
    let of_reference = "driftline:feature:reference_unset";
    let without = "(driftline:feature:unset@ + driftline:feature:unusable@)";
    let pooled = format!("(({without} + {of_reference}) / ({rows} + {REFERENCE_ROWS}))");
    let change = "driftline:feature:null_ratio_change@";
    let unbinned = Metric::FeatureUnbinned.definition().name;
    let reason = Label::Reason.name();
    vec![
        rule("feature:null_ratio@", format!("{without} / {rows}")),
        rule(
            "feature:null_ratio_change@",
            format!("driftline:feature:null_ratio@ - {of_reference} / {REFERENCE_ROWS}"),
        ),
        // Where no row has one, or none lacks one, nothing is surprising.
        rule(
            "feature:null_ratio_z@",
            format!(
                "{change}\n  / sqrt({pooled} * (1 - {pooled}) * (1 / {rows} + 1 / {REFERENCE_ROWS}) > 0)\n\
                 or {change} * 0"
            ),
        ),
        rule(
            "feature:unbinned_ratio@",
            format!(
                "sum by ({feature}, {reason}) (increase({unbinned}[@]))\n/ on ({feature}) group_left () {rows}"
            ),
        ),
    ]
}
