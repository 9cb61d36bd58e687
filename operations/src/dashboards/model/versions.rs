//! Versions of a model side by side, by the recording rules that compare them.

use std::slice;

use driftline_metrics::catalogue::{Label, Metric};

use super::VERSION;
use crate::{
    dashboards::{
        panel::{Panel, unit},
        queries::{Queries, recorded_by_model},
        words::{BETTER, WORSE},
    },
    settings::Lookback,
};

/// Labels of the rules that compare versions.
const FIGURE: &str = "figure";
const BASELINE: &str = "baseline";
const CANDIDATE: &str = "candidate";

pub(super) fn panels(of: &Queries) -> Vec<Panel> {
    let of_baseline = format!("{BASELINE}=\"${BASELINE}\"");
    let of_figure = format!("{FIGURE}=\"${FIGURE}\"");
    let rule = |name: &str, more: &[String]| {
        let conditions = [slice::from_ref(&of_baseline), more].concat();
        let name = format!("experiment:{name}{}", Lookback::HOUR.name());
        recorded_by_model(&name, &conditions)
    };
    let figure = |name: &str| rule(name, slice::from_ref(&of_figure));
    let compared = format!("{}, {CANDIDATE}, {FIGURE}, {}", Label::Model.name(), Label::Kpi.name());
    let column = |name: &str| format!("max by ({compared}) ({})", rule(name, &[]));
    vec![
        Panel::lines(
            "$figure: candidate less baseline",
            "The difference of the last hour with the ends of its 95 % confidence interval. Where the interval has no 0 in it, \
             the difference is beyond chance.",
            unit::NONE,
        )
        .ask("{{model}} {{candidate}} {{kpi}}", figure("difference"))
        .ask_dashed("{{model}} {{candidate}} {{kpi}} lower end", figure("lower"))
        .ask_dashed("{{model}} {{candidate}} {{kpi}} upper end", figure("upper"))
        .below_zero()
        .decimals(3)
        .if_empty("no rules, or fewer than 30 rows of a version")
        .sized(10, 9),
        Panel::table(
            "Versions side by side",
            "Of the last hour: the difference to the baseline, its 95 % confidence interval, and on which side of 0 that lies. \
             Accuracy is better if it is higher, errors and latency (in seconds) if they are lower.",
        )
        .label(Label::Model.name(), "model")
        .label(CANDIDATE, "candidate")
        .label(FIGURE, "figure")
        .label(Label::Kpi.name(), "KPI")
        .column("difference", unit::NONE, column("difference"))
        .column("lower end", unit::NONE, column("lower"))
        .column("upper end", unit::NONE, column("upper"))
        .column_of_words("better", unit::NONE, BETTER, column("better"))
        .column_of_words("worse", unit::NONE, WORSE, column("worse"))
        .decimals(4)
        .if_empty("no rules, or fewer than 30 rows of a version")
        .sized(14, 9),
        Panel::lines(
            "How far apart predictions are",
            "The share of the candidate's predictions that would have to change to be like the baseline's. The dashed line is \
             what chance alone exceeds in at most one of twenty comparisons.",
            unit::SHARE,
        )
        .ask("{{model}} {{candidate}}", rule("prediction_distance", &[]))
        .ask_dashed("{{model}} {{candidate}} by chance", rule("prediction_critical", &[]))
        .if_empty("no rules, or versions with other bins")
        .sized(8, 7),
        Panel::lines(
            "Requests by version",
            "Exchanges of predictive models that completed, of versions that the configuration lists.",
            unit::REQUESTS_PER_SECOND,
        )
        .ask("{{model}} {{version}}", of.rate(VERSION, Metric::VersionRequests, &[]))
        .sized(8, 7),
        Panel::text(
            "How to read a difference",
            "What an interval means, and what it does not cover.",
            "Look **once**, at the end of the experiment: who stops at the first difference finds one by chance.\n\n\
             A difference is as trustworthy as the way in which requests were shared out between the versions. Rows that come \
             in clusters make the interval too narrow.\n\n\
             Labels of a new version are at first those that come quickly.",
        )
        .sized(8, 7),
    ]
}
