//! The rules that say how much evidence there is against chance, in nats, and how large a change surely is, as
//! `crates/statistics/src/detection/evidence.rs` and `materiality.rs` say it in a proxy. They decide nothing.

use driftline_metrics::catalogue::Label;
use driftline_statistics::{
    bins::OTHER,
    detection::{Length, Materiality, ShareChange},
};

use super::{By, probability::chi_square_tail_nats};
use crate::rules::{Rule, rule};

/// Levels of the continued fraction of the incomplete gamma function.
///
/// For 1 to 99 degrees of freedom, ten are off by 3e-7 nats at most where there are 3 nats or more, and by less than 2e-8
/// from 5 nats on, which is the rounding of Stirling's series. Wilson and Hilferty's quantile, the usual stand-in, is off
/// by 11 to 38 % at the 11 to 30 nats that a drift needs.
const LEVELS: u32 = 10;

/// The rows of the reference in bins, all of them, and what live rows in bins and all of them are worth.
pub(super) const REFERENCE: &str = "driftline:feature:reference";
pub(super) const REFERENCE_ROWS: &str = "driftline:feature:reference_rows";
pub(super) const EFFECTIVE: &str = "driftline:feature:effective@";
pub(super) const ALL_EFFECTIVE: &str = "driftline:feature:all_effective@";

/// All of them.
pub(super) fn rules(by: &By, materiality: &Materiality) -> Vec<Rule> {
    let mut all = material_psi(by);
    all.extend(bins(by));
    all.extend(classes(by, &materiality.class));
    all.extend(unbinned());
    all
}

fn material_psi(By { feature, .. }: &By) -> Vec<Rule> {
    let debiased = "driftline:feature:psi_debiased@";
    let noise = "driftline:feature:noise@";
    let sure = Length::Fast.errors();
    vec![
        rule(
            "feature:psi_debiased@",
            format!(
                "clamp_min(\n  driftline:feature:psi@\n  \
                 - (count by ({feature}) ((driftline:bin:folded@ + driftline:bin:reference) > 0) - 1) * {noise},\n  0\n)"
            ),
        ),
        rule(
            "feature:psi_sure@",
            format!(
                "{debiased} - {sure} * sqrt(\n  4 * {debiased} * {noise}\n  \
                 + 2 * count by ({feature}) (driftline:bin:live@ or driftline:bin:reference) * {noise} ^ 2\n)"
            ),
        ),
    ]
}

/// The evidence of the bins: half their likelihood ratio, and how rarely chance makes it so large.
fn bins(By { feature, .. }: &By) -> Vec<Rule> {
    let both = "(driftline:bin:effective@ + driftline:bin:reference\n    or driftline:bin:effective@ or driftline:bin:reference)";
    let sum = |of: &str| format!("sum by ({feature}) ({of} * ln({of} > 0))");
    let ratio = "driftline:feature:bins_ratio@";
    let half = "driftline:feature:half_degrees";
    vec![
        rule(
            "feature:bins_ratio@",
            format!(
                "clamp_min(\n  {}\n  + {}\n  - {}\n  + {}\n  - {}\n  - {},\n  0\n)",
                sum("driftline:bin:effective@"),
                sum("driftline:bin:reference"),
                sum(both),
                format_args!("({EFFECTIVE} + {REFERENCE}) * ln({EFFECTIVE} + {REFERENCE})"),
                format_args!("{EFFECTIVE} * ln({EFFECTIVE})"),
                format_args!("{REFERENCE} * ln({REFERENCE})"),
            ),
        ),
        rule(
            "feature:bins_nats@",
            format!(
                "clamp_min({}, 0)\nand {ratio} > 1 + {half}\nor clamp({ratio}, 0, 0)",
                chi_square_tail_nats(ratio, half, LEVELS)
            ),
        ),
    ]
}

/// Classes whose share changed by enough to matter, and the surest of them. Of the bins that have `other` beside them,
/// each is a class: a category or a value.
fn classes(By { feature, group_left, .. }: &By, material: &ShareChange) -> Vec<Rule> {
    let reference = "driftline:bin:class_reference@";
    let live = "driftline:bin:effective@";
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
    let matters = matters(&from, &to, material);
    vec![
        rule(
            "bin:class_reference@",
            format!(
                "(driftline:bin:reference or clamp(driftline:bin:live@, 0, 0))\n\
                 and on ({feature}) driftline:bin:reference{{{label}=\"{OTHER}\"}}"
            ),
        ),
        rule("bin:class_nats@", format!("(\n  {}\n)\nand {matters}", shares.nats())),
        // Any of the bins may be the one.
        rule(
            "feature:class_nats@",
            format!(
                "max by ({feature}) (driftline:bin:class_nats@) - ln(count by ({feature}) ({reference}))"
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
            "feature:nulls_nats@",
            nats(Some("driftline:feature:reference_unset"), "driftline:feature:unset_effective@"),
        ),
        rule("feature:types_nats@", nats(None, "driftline:feature:unusable_effective@")),
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
pub(super) fn matters(from: &str, to: &str, by: &ShareChange) -> String {
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
