//! Renders the recording rules that compare versions of one model over all pods, with a
//! confidence interval of each difference. It spells no metric of the filter and decides nothing but the sign.
//!
//! Each figure is a mean of rows or exchanges, so three counters say all of it: how many there were, their sum, and the
//! sum of their squares. Intervals of a difference come from those of its two means, by the method of variance estimates
//! recovery: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008), 1693-1702. Where values are only 0 and 1 it is
//! Newcombe's hybrid score interval, method 10 of Statistics in Medicine 17 (1998), 873-890; elsewhere that of Welch with
//! the quantile of the normal distribution.
//!
//! A join of PromQL needs one series on one of its sides, so versions take turns as the baseline.

use driftline_metrics::catalogue::{Label, Metric};
use driftline_statistics::drift::Tail;

use super::{Group, INTERVAL_SECONDS, Rule, RuleFile, over::Over, rule};
use crate::{
    promql::{labels, relabelled, right, settled},
    settings::Settings,
};

/// How many times as long versions are compared as well: it takes more rows to tell them apart than to see a drift.
const LONGER: u64 = 6;
/// Fewer rows or exchanges than this on either side, and there is no sample: a mean of fewer is not normal.
const ROWS_MIN: u32 = 30;
/// The versions of a model that are compared, those with the most rows, by the rule that says which.
const TURNS: [&str; 4] = ["first", "second", "third", "fourth"];
/// 1.96: the quantile of the normal distribution that leaves 2.5 % above it.
const QUANTILE: f64 = 1.959_963_985;
/// 1.64: the one that leaves 5 % above it.
const ONE_SIDED: f64 = 1.644_853_627;

/// What the mean is of.
pub(crate) const FIGURE: &str = "figure";
pub(crate) const ACCURACY: &str = "accuracy";
pub(crate) const ABSOLUTE_ERROR: &str = "mean_absolute_error";
const KPI: &str = "kpi";
pub(crate) const LATENCY: &str = "latency";
/// The distribution of predictions, which has no mean.
const PREDICTION: &str = "prediction";
/// Which number of a figure.
const STATISTIC: &str = "statistic";
pub(crate) const BASELINE: &str = "baseline";
pub(crate) const CANDIDATE: &str = "candidate";

const HEAD: &str = "\
# Generated from the catalogue of metrics: operations/src/rules/experiment.rs.
#
# Versions of one model side by side, over all pods together, as recording rules for Prometheus 2.42 or later: candidate
# less baseline, with the 95 % confidence interval. Every version takes its turn as the baseline. A version with fewer than
# 30 rows of a figure has no sample. See docs/reading-metrics.md.
";

/// The text of the file.
#[must_use]
pub fn render(settings: &Settings<'_>) -> String {
    let lookbacks = settings.lookbacks.iter().flat_map(|&it| [it, it.times(LONGER)]);
    let groups = Over::each(lookbacks.collect(), settings.scale).into_iter().map(|over| {
        let of = Experiment::new();
        let rules = [
            of.versions(),
            of.means(),
            of.predicted(),
            of.turns(),
            of.sides(),
            of.differences(),
            of.verdicts(),
            of.distances(),
        ];
        let name = format!("driftline_experiment_{}", over.lookback.name());
        let rules = over.rules(rules.into_iter().flatten().collect());
        Group::new(&name, INTERVAL_SECONDS, rules, settings)
    });
    RuleFile { groups: groups.collect() }.text(HEAD)
}

/// The rules for one length of time.
struct Experiment {
    /// The labels of a version.
    version: String,
}

impl Experiment {
    fn new() -> Experiment {
        Experiment { version: labels(&[Label::Model, Label::Version]) }
    }

    fn rule(&self, name: &str, expression: String) -> Rule {
        rule(&format!("experiment:{name}@"), expression)
    }

    /// The name of another rule.
    fn of(&self, name: &str) -> String {
        format!("driftline:experiment:{name}@")
    }

    /// What a counter of listed versions grew by, by version and these labels.
    fn increase(&self, metric: Metric, selected: &str, by: &[Label]) -> String {
        let by = labels(&[&[Label::Model, Label::Version], by].concat());
        let (name, version) = (metric.definition().name, Label::Version.name());
        format!("sum by ({by}) (increase({name}{{{version}!=\"\"{selected}}}[@]))")
    }

    /// A sum of each figure. Where pods hide counters that never moved, it is 0.
    fn sum_by_figure(&self, terms: [(&str, String); 4]) -> String {
        format!("{}\nor {} * 0", by_figure(terms), self.of("rows"))
    }

    /// Rows, sums and sums of squares of each figure and version.
    fn versions(&self) -> Vec<Rule> {
        let Experiment { version, .. } = self;
        let one = |metric| self.increase(metric, "", &[]);
        let kpi = |metric| self.increase(metric, "", &[Label::Kpi]);
        let confusion = self.of("confusion");
        let right = right(version, &confusion);
        // Each version has its own reference, so errors are brought into the unit of the label.
        let deviation = format!(
            "(max by ({version}) ({}) / 1e6 > 0)",
            settled(Metric::RegressionDeviation.definition().name, "@")
        );
        let squares = both(
            &one(Metric::RegressionSquares),
            "+",
            &format!("{} / 1e6", one(Metric::RegressionSquareMillionths)),
        );
        vec![
            self.rule(
                "confusion",
                self.increase(Metric::ConfusionRows, "", &[Label::Actual, Label::Predicted]),
            ),
            self.rule(
                "rows",
                format!(
                    "(\n{}\n) >= {ROWS_MIN}",
                    by_figure([
                        (ACCURACY, format!("sum by ({version}) ({confusion})")),
                        (
                            ABSOLUTE_ERROR,
                            format!(
                                "{} and on ({version}) {deviation}",
                                one(Metric::RegressionRows)
                            ),
                        ),
                        (KPI, kpi(Metric::KpiRows)),
                        (LATENCY, one(Metric::VersionRequests)),
                    ])
                ),
            ),
            self.rule(
                "sum",
                self.sum_by_figure([
                    (ACCURACY, right.clone()),
                    (
                        ABSOLUTE_ERROR,
                        format!(
                            "{} / 1000\n  * on ({version}) {deviation}",
                            one(Metric::RegressionError)
                        ),
                    ),
                    (KPI, format!("{} / 1e6", kpi(Metric::KpiPositions))),
                    (LATENCY, format!("{} / 1e6", one(Metric::VersionDuration))),
                ]),
            ),
            self.rule(
                "squares",
                self.sum_by_figure([
                    (ACCURACY, right),
                    (ABSOLUTE_ERROR, format!("({squares})\n  * on ({version}) {deviation} ^ 2")),
                    (KPI, format!("{} / 1e6", kpi(Metric::KpiSquares))),
                    (LATENCY, format!("{} / 1e6", one(Metric::VersionDurationSquares))),
                ]),
            ),
            self.rule("kpi_mean_units", self.kpi_mean()),
        ]
    }

    /// The mean of a KPI in its unit.
    fn kpi_mean(&self) -> String {
        let side = |side: Tail| {
            let selected = format!(", {}=\"{}\"", Label::Side.name(), side.name());
            self.increase(Metric::KpiUnits, &selected, &[Label::Kpi])
        };
        let by = labels(&[Label::Model, Label::Version, Label::Kpi]);
        format!(
            "({})\n/ on ({by}) {}{{{FIGURE}=\"{KPI}\"}}",
            both(&side(Tail::High), "-", &side(Tail::Low)),
            self.of("rows"),
        )
    }

    /// The mean of each figure and version, one standard error, and how far below and above it the true mean may lie.
    fn means(&self) -> Vec<Rule> {
        let [rows, sum, squares, mean, error, share] =
            ["rows", "sum", "squares", "mean", "mean_error", "share"].map(|name| self.of(name));
        let square = QUANTILE * QUANTILE;
        // Wilson's interval: half of its length, and how far its middle is from the share.
        let end = |sign: &str| {
            format!(
                "({QUANTILE} * sqrt({share} * (1 - {share}) * {rows} + {square} / 4)\n  \
                 {sign} {square} * (0.5 - {share})) / ({rows} + {square})\nor {QUANTILE} * {error}"
            )
        };
        vec![
            self.rule("mean", format!("{sum} / {rows}")),
            self.rule(
                "mean_error",
                format!("sqrt(clamp_min({squares} / {rows} - {mean} ^ 2, 0) / ({rows} - 1))"),
            ),
            // Of values that are all 0 or 1, the squares are the values.
            self.rule(
                "share",
                format!(
                    "{mean}{{{FIGURE}=~\"{ACCURACY}|{KPI}\"}} and ({sum} - {squares}) / {rows} < 1e-6"
                ),
            ),
            self.rule("below", end("-")),
            self.rule("above", end("+")),
        ]
    }

    /// How many predictions of a version are in each bin, how many in all, and which bins these are.
    fn predicted(&self) -> Vec<Rule> {
        let Experiment { version, .. } = self;
        let of_prediction = format!(", {}=\"prediction\"", Label::Role.name());
        let predicted = self.of("predicted");
        let fingerprint = Metric::PredictionBins.definition().name;
        vec![
            self.rule(
                "predicted",
                self.increase(Metric::FeatureBin, &of_prediction, &[Label::Bin]),
            ),
            self.rule("predictions", format!("sum by ({version}) ({predicted}) >= {ROWS_MIN}")),
            // While a configuration rolls out, pods may have other bins.
            self.rule(
                "prediction_bins",
                format!("max by ({version}) ({fingerprint}) == min by ({version}) ({fingerprint})"),
            ),
        ]
    }

    /// Which versions take turns as the baseline.
    fn turns(&self) -> Vec<Rule> {
        let [rows, predictions] = ["rows", "predictions"].map(|name| self.of(name));
        let mut rest = format!("max by ({}) ({rows} or {predictions})", self.version);
        let mut rules = Vec::new();
        for turn in TURNS {
            rules.push(self.rule(turn, format!("topk by ({}) (1, {rest})", Label::Model.name())));
            rest = format!("{rest}\n  unless {}", self.of(turn));
        }
        rules
    }

    /// All numbers of a version, and the same for every pair: of the candidate, of the baseline.
    fn sides(&self) -> Vec<Rule> {
        let [predicted, predictions] = ["predicted", "predictions"].map(|name| self.of(name));
        let share = format!("{predicted} / on ({}) group_left () {predictions}", self.version);
        let if_enough = |of: &str| format!("{of} and on ({}) {predictions}", self.version);
        let of_predictions = [
            ("rows", predictions.clone()),
            ("bin_rows", if_enough(&predicted)),
            ("bin_share", share),
            ("bins", if_enough(&self.of("prediction_bins"))),
        ];
        let of_figures =
            ["rows", "mean", "mean_error", "below", "above"].map(|name| (name, self.of(name)));
        let numbers = of_figures
            .into_iter()
            .chain(of_predictions.map(|(name, of)| (name, relabelled(&of, FIGURE, PREDICTION))));
        let numbers: Vec<String> =
            numbers.map(|(name, of)| relabelled(&of, STATISTIC, name)).collect();
        vec![
            self.rule("version", numbers.join("\nor ")),
            self.rule(CANDIDATE, self.paired("", " * 0")),
            self.rule(BASELINE, self.paired(" * 0", "")),
        ]
    }

    /// Every version with every other one as its baseline: the sum of the numbers of both, each followed by this.
    fn paired(&self, candidate: &str, baseline: &str) -> String {
        let (all, version) = (self.of("version"), Label::Version.name());
        let on = format!(
            "{}, {}, {FIGURE}, {STATISTIC}",
            Label::Model.name(),
            labels(&[Label::Kpi, Label::Bin])
        );
        let called = |of: &str, name: &str| {
            format!("label_replace({of}, \"{name}\", \"$1\", \"{version}\", \"(.*)\")")
        };
        let turns = TURNS.map(|turn| {
            let turn = format!("on ({}) {}", self.version, self.of(turn));
            format!(
                "{}\n    + on ({on}) group_left ({BASELINE})\n    {}",
                called(&format!("{all}{candidate} unless {turn}"), CANDIDATE),
                called(&format!("{all}{baseline} and {turn}"), BASELINE)
            )
        });
        format!("sum without ({version}) (\n  {}\n)", turns.join("\n  or "))
    }

    /// Candidate less baseline, its standard error and its interval.
    fn differences(&self) -> Vec<Rule> {
        let both = |candidate: &str, baseline: &str| {
            [(CANDIDATE, candidate), (BASELINE, baseline)].map(|(side, statistic)| {
                format!("{}{{{STATISTIC}=\"{statistic}\"}}", self.of(side))
            })
        };
        let distance = |candidate: &str, baseline: &str| {
            let [candidate, baseline] = both(candidate, baseline);
            format!("sqrt({candidate} ^ 2 + ignoring ({STATISTIC}) {baseline} ^ 2)")
        };
        let difference = self.of("difference");
        vec![
            self.rule(
                "difference",
                both("mean", "mean").join(&format!(" - ignoring ({STATISTIC}) ")),
            ),
            self.rule("standard_error", distance("mean_error", "mean_error")),
            self.rule("lower", format!("{difference} - {}", distance("below", "above"))),
            self.rule("upper", format!("{difference} + {}", distance("above", "below"))),
        ]
    }

    /// Where the interval lies wholly on one side, of figures of which that is good or bad.
    fn verdicts(&self) -> Vec<Rule> {
        let falls = format!("{FIGURE}=~\"{ABSOLUTE_ERROR}|{LATENCY}\"");
        let rises = format!("{FIGURE}=\"{ACCURACY}\"");
        let [lower, upper] = ["lower", "upper"].map(|name| self.of(name));
        vec![
            self.rule(
                "worse",
                format!("{upper}{{{rises}}} < bool 0\nor {lower}{{{falls}}} > bool 0"),
            ),
            self.rule(
                "better",
                format!("{lower}{{{rises}}} > bool 0\nor {upper}{{{falls}}} < bool 0"),
            ),
        ]
    }

    /// How far apart the predictions are, in total variation, and how far chance alone makes them so in at most 5 %.
    ///
    /// Chance has two upper bounds. Were all bins to go far at once, the 95 % quantiles of their normal distributions
    /// would add up: exact for two bins. And the distance is a convex function of normal variables that moves by half
    /// their length at most, so its median is below its mean (Kwapien, 1994), and it goes beyond the median no more often
    /// than a normal variable of this deviation (Borell, 1975): better for many bins.
    fn distances(&self) -> Vec<Rule> {
        let pair = format!("{}, {BASELINE}, {CANDIDATE}", Label::Model.name());
        let both = |statistic: &str| {
            [CANDIDATE, BASELINE].map(|side| {
                let selected = format!("{FIGURE}=\"{PREDICTION}\", {STATISTIC}=\"{statistic}\"");
                format!("{}{{{selected}}}", self.of(side))
            })
        };
        let [of_candidate, of_baseline] = both("bin_share");
        let [candidate_rows, baseline_rows] = both("rows");
        let [pooled, noise, spread] =
            ["prediction_pooled", "prediction_noise", "prediction_spread"].map(|it| self.of(it));
        let [average, all] = [(2.0 / std::f64::consts::PI).sqrt() / 2.0, QUANTILE / 2.0];
        let beyond = format!("{average} * {spread} + {} * sqrt({noise})", ONE_SIDED / 2.0);
        // Of other bins nothing can be said.
        let if_same = format!("and on ({pair}) {}", both("bins").join(" == "));
        vec![
            // What both have in each bin; a bin that one of them never filled may have no series.
            self.rule(
                "prediction_distance",
                format!(
                    "1 - 0.5 * (\n  sum by ({pair}) ({of_candidate} + {of_baseline})\n  \
                     - sum by ({pair}) (abs({of_candidate} - {of_baseline}))\n)\n{if_same}"
                ),
            ),
            self.rule(
                "prediction_noise",
                format!("sum by ({pair}) (1 / {candidate_rows} + 1 / {baseline_rows})"),
            ),
            self.rule(
                "prediction_pooled",
                format!(
                    "({})\n/ on ({pair}) group_left () ({candidate_rows} + {baseline_rows})",
                    both("bin_rows").join(" + ")
                ),
            ),
            self.rule(
                "prediction_spread",
                format!("sum by ({pair}) (sqrt(clamp_min({pooled} * (1 - {pooled}), 0))) * sqrt({noise})"),
            ),
            self.rule(
                "prediction_critical",
                format!("({all} * {spread} < {beyond}\n  or {beyond})\n{if_same}"),
            ),
        ]
    }
}

/// A term of each figure, with the label that tells them apart.
fn by_figure(terms: [(&str, String); 4]) -> String {
    terms.map(|(figure, of)| relabelled(&of, FIGURE, figure)).join("\nor ")
}

/// A sum or difference of two counters, of which one may have no series yet.
fn both(first: &str, sign: &str, second: &str) -> String {
    format!("{first} {sign} {second}\n  or {first}\n  or 0 {sign} {second}")
}
