//! The dashboard that one opens first: is the system slow, has the data changed, is the model still right?

use driftline_labels::{Outcome, RequestResult, Verdict};
use driftline_metrics::catalogue::{Label, Metric};

use crate::promql::{differs, equals, labels};

use super::{
    Dashboard,
    grid::top,
    panel::{Panel, unit},
    queries::{Queries, average, fast, most, ratio, recorded_by_model, sum},
    words::{GREEN, HAS_CHANGED, INCIDENT, IS_RIGHT, IS_SLOW, ORANGE, RED, YELLOW},
};

const MODEL: &[Label] = &[Label::Model];
const MEASURED: &[Label] = &[Label::Model, Label::Version, Label::Measure];

/// What incidents are about, and the questions that they answer.
const DOMAINS: [&str; 3] = ["system", "data", "model"];

pub(super) fn dashboard(of: &Queries) -> Dashboard {
    let mut panels = questions(of);
    panels.extend([models(of), alerts(), incidents(), budgets()]);
    panels.extend(why(of));
    Dashboard {
        name: "overview",
        title: "Overview",
        about: "Is the system slow? Has the data changed? Is the model still right?",
        variables: Vec::new(),
        rows: vec![top(panels)],
    }
}

/// 1 while there is an incident, 0 while there is none, nothing without rules or without traffic.
fn incident(domain: &str) -> String {
    let incident = recorded_by_model(&format!("incident:{domain}"), &[]);
    let judged = recorded_by_model("slo:burn_rate5m", &[]);
    format!("max by (model) ({incident}) or max by (model) ({judged}) * 0")
}

fn questions(of: &Queries) -> Vec<Panel> {
    vec![
        Panel::answer(
            "Is the system slow or failing?",
            "Whether there is an incident of the system: an alert of this domain fires. It needs the recording rules and alerts of Driftline, and \
             traffic.",
            IS_SLOW,
        )
        .ask("{{model}}", incident("system"))
        .if_empty("no rules or no traffic")
        .sized(8, 5),
        Panel::answer(
            "Has the data changed?",
            "Whether any feature or the prediction of a model has drifted from its reference, by the proxies' own verdicts. \
             Models without a profile are not judged.",
            HAS_CHANGED,
        )
        .ask("{{model}}", of.verdict(MODEL, Metric::FeatureVerdict, &[fast()]))
        .if_empty("no profile")
        .sized(8, 5),
        Panel::answer(
            "Is the model still right?",
            "Whether labels say that a model is worse than on its reference. It needs feedback, and the quality of the \
             reference in the profile.",
            IS_RIGHT,
        )
        .ask("{{model}}", of.verdict(MODEL, Metric::QualityVerdict, &[fast()]))
        .if_empty("no labels")
        .sized(8, 5),
    ]
}

/// One row for each model.
fn models(of: &Queries) -> Panel {
    let failed =
        of.rate(MODEL, Metric::Requests, &[differs(Label::Outcome, Outcome::Complete.name())]);
    let success = [equals(Label::Result, RequestResult::Success.name())];
    let joined = of.rate(MODEL, Metric::Labels, &[super::model::counted()]);
    Panel::table("Models", "Each model in one line, over all pods that are chosen.")
        .label(Label::Model.name(), "model")
        .column("requests", unit::REQUESTS_PER_SECOND, of.rate(MODEL, Metric::Requests, &[]))
        .column("failed", unit::SHARE, ratio(&failed, &of.rate(MODEL, Metric::Requests, &[])))
        .column(
            "p95",
            unit::MICROSECONDS,
            of.quantile(0.95, MODEL, Metric::RequestDuration, &success),
        )
        .column(
            "p95 first token",
            unit::MICROSECONDS,
            of.quantile(0.95, MODEL, Metric::TimeToFirstToken, &success),
        )
        .column("drifted", unit::NONE, sum(MODEL, &drifted(of)))
        .whole()
        .column("labelled", unit::SHARE, ratio(&joined, &of.rate(MODEL, Metric::Predictions, &[])))
        .sorted_by("requests", true)
        .sized(14, 6)
}

/// 1 for each column that has drifted in any pod, else 0.
fn drifted(of: &Queries) -> String {
    let drift = [fast(), equals(Label::Verdict, Verdict::Drift.name())];
    let column = [Label::Model, Label::Version, Label::Role, Label::Feature];
    most(&column, &format!("{} > bool 0", of.of(Metric::FeatureVerdict, &drift)))
}

fn alerts() -> Panel {
    Panel::table(
        "Alerts that fire",
        "Alerts of Driftline, of any model. Each has a runbook of its name.",
    )
    .label("alertname", "alert")
    .label("domain", "domain")
    .label("severity", "severity")
    .label(Label::Model.name(), "model")
    .column(
        "series",
        unit::NONE,
        "count by (alertname, domain, severity, model) (ALERTS{alertname=~\"Driftline.+\", alertstate=\"firing\"})"
            .to_owned(),
    )
    .if_empty("none")
    .sized(10, 6)
}

fn incidents() -> Panel {
    let panel = Panel::states(
        "Incidents",
        "When there was an incident of the system, of the data or of the model. One of the system silences those that it \
         causes.",
        INCIDENT,
    );
    DOMAINS
        .into_iter()
        .fold(panel, |panel, domain| {
            panel.ask(&format!("{domain}: {{{{model}}}}"), incident(domain))
        })
        .if_empty("no rules or no traffic")
        .sized(14, 6)
}

fn budgets() -> Panel {
    Panel::bars(
        "Error budgets left",
        "How much of what may go wrong in 30 days is left, by objective.",
        unit::SHARE,
    )
    .ask(
        "{{slo}} {{model}}",
        format!(
            "sort(min by (slo, model) ({}))",
            recorded_by_model("slo:budget_remaining30d", &[])
        ),
    )
    .at_most(1.0)
    .colours(RED, [(0.0, ORANGE), (0.25, YELLOW), (0.5, GREEN)])
    .if_empty("no rules or no traffic")
    .sized(10, 6)
}

fn why(of: &Queries) -> Vec<Panel> {
    let failed = [differs(Label::Outcome, Outcome::Complete.name())];
    vec![
        Panel::lines("Requests that failed", "Of all that ended, by model.", unit::SHARE)
            .ask(
                "{{model}}",
                ratio(
                    &of.rate(MODEL, Metric::Requests, &failed),
                    &of.rate(MODEL, Metric::Requests, &[]),
                ),
            )
            .sized(8, 7),
        Panel::lines(
            "How far data has moved",
            "PSI of the feature that is furthest from the reference, in parts of what noise alone exceeds in one of twenty \
             windows.",
            unit::TIMES,
        )
        .ask(
            "{{model}}",
            most(MODEL, &super::data::relative_psi(of, &[Label::Model, Label::Feature])),
        )
        .sized(8, 7),
        Panel::lines(
            "Quality less that of the reference",
            "The measures that say how often a model is right, as labels show them: 0 is as good as on the reference.",
            unit::SHARE,
        )
        .ask(
            "{{model}} {{version}} {{measure}}",
            format!(
                "{} - on ({measured}) {}",
                average(MEASURED, &super::model::realised(of, &[fast(), super::model::higher_is_better()])),
                most(MEASURED, &of.millionths(Metric::ReferenceQuality, &[])),
                measured = labels(MEASURED),
            ),
        )
        .below_zero()
        .sized(8, 7),
    ]
}
