//! Alerts on models themselves: the same rows have other labels, or a new version is worse. An incident of the system or of
//! the data inhibits them, because it explains them.

use driftline_labels::DetectorState;
use driftline_metrics::catalogue::{Label, Metric};

use super::{
    Alert, Dashboard, Severity,
    expression::{Expressions, HOT_RESTART, HOUR, MINUTE, PREDICTION, VERSIONS, series},
    verdicts::{QUALITY_FOR, drift, estimate_falls, quality_drifts},
};
use crate::{
    promql::{differs, equals},
    slo::{self, Slo},
};

/// In the order in which they are evaluated.
pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: "DriftlineQualityFell",
        severity: Severity::Page,
        question: "Is the model worse than on its reference, by its labels?",
        expression: quality_drifts,
        for_seconds: QUALITY_FOR,
        summary: "{{ $labels.model }} is worse than on its reference, and neither the system nor its data explain it.",
        is_real: (
            Dashboard::Model,
            "Quality and that of the reference",
            "the line of the model has left that of its reference.",
        ),
        at_once: "Go back to the version before if this one is new. Otherwise lower what rests on the predictions: thresholds, automation.",
        cause: "When it began (ADWIN), which segment suffers, and what changed in the world then.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineQualityBudgetBurns",
        opens_incident: false,
        question: "Are so many predictions wrong that the quality budget is gone before its time?",
        // A budget of a tenth burns ten times too fast at most, which is no page by its windows.
        expression: |of| {
            let severities = [slo::Severity::Page, slo::Severity::Ticket];
            severities.map(|severity| of.burns(&[Slo::Quality], severity)).join("\nor ")
        },
        for_seconds: 10 * MINUTE,
        summary: "Predictions of {{ $labels.model }} are wrong {{ $value | printf \"%.1f\" }} times as often as its objective allows.",
        is_real: (
            Dashboard::Overview,
            "Error budgets left",
            "the budget of quality falls steeply.",
        ),
        at_once: "Compare with the reference first: a budget that a healthy model burns is an objective that is too strict.",
        cause: "The confusion of classes or the errors by segment over the hours that burned.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineConceptDrift",
        question: "Have the errors of the model changed for good?",
        expression: |of| {
            let errors = [equals(Label::Kpi, "")];
            detectors(of, VERSIONS, &errors)
        },
        looks_back: |of| of.drift_window().max(HOUR),
        for_seconds: 10 * MINUTE,
        summary: "{{ $value | printf \"%.0f\" }} detectors say that the errors of {{ $labels.model }} have changed within the last hour.",
        is_real: (
            Dashboard::Model,
            "Detectors",
            "two of them say drift, and the mean after is above the mean before.",
        ),
        at_once: "If the mean fell, nothing: the model has become better. If it rose, prepare to retrain on rows since the change.",
        cause: "driftline_concept_changed_timestamp_seconds says since when; look for what happened then.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineEstimateFell",
        question: "Do scores let expect a worse model, before labels say so?",
        expression: |of| estimate_falls(of, VERSIONS),
        for_seconds: 10 * MINUTE,
        summary: "By its scores the quality of {{ $labels.model }} is {{ $value | humanizePercentage }} below its reference; labels have not said so yet.",
        is_real: (
            Dashboard::Model,
            "Quality that scores let expect",
            "the estimate of all predictions is below the reference by more than its error.",
        ),
        at_once: "Nothing at night, if labels are live and say ok. Without labels treat it as a fall of quality.",
        cause: "Rows became harder: more of them near the threshold. Look for segments with more traffic.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlinePredictionDrift",
        question: "Does the model answer otherwise, while its features are as before?",
        expression: |of| drift(of, PREDICTION),
        for_seconds: 10 * MINUTE,
        summary: "Predictions of {{ $labels.model }} have drifted, and none of its features has.",
        is_real: (
            Dashboard::Data,
            "Reference and live values by bin",
            "live bars of the feature prediction differ from those of the reference.",
        ),
        at_once: "If a version or a threshold was deployed lately, go back.",
        cause: "Another artifact than the profile was made for, a changed threshold, or features that the profile lacks.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineSegmentWorse",
        question: "Has one part of the traffic got worse?",
        expression: |_| {
            let by = "model, version, feature, bin";
            format!("max by ({by}) ({}) > 0", Metric::SegmentRank.shape().name)
        },
        for_seconds: 15 * MINUTE,
        summary: "{{ $labels.model }} has become worse where {{ $labels.feature }} is in bin {{ $labels.bin }}.",
        is_real: (
            Dashboard::Model,
            "Segments that got worse",
            "the segment is listed, with rows enough.",
        ),
        at_once: "Send that segment to the version before or to people, if routes can tell it apart.",
        cause: "Whether the segment is new to training, or what it means has changed.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineKpiChanged",
        question: "Has a business figure changed?",
        expression: |of| {
            // A KPI of the profile has a verdict; of any other one detectors say something.
            let by = "model, version, kpi";
            let verdict = of.drifts(by, Metric::KpiVerdict, &[]);
            let judged = format!("max by ({by}) ({})", Metric::KpiVerdict.shape().name);
            let detected = detectors(of, by, &[differs(Label::Kpi, "")]);
            format!("{verdict}\nor ({detected}\n  unless {judged} > 0)")
        },
        looks_back: |of| of.drift_window().max(HOUR),
        for_seconds: 10 * MINUTE,
        summary: "{{ $labels.kpi }} of {{ $labels.model }} is no longer what it was.",
        is_real: (Dashboard::Model, "KPIs", "the mean of the KPI has left its level."),
        at_once: "If the KPI fell after a deployment, go back. If it rose, nothing.",
        cause: "Deployments, campaigns, prices, and the code that measures the KPI.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineCanaryWorse",
        severity: Severity::Page,
        question: "Is the new version worse than the one that it replaces?",
        needs: &[(DEPLOYED, deployed)],
        expression: canary_worse,
        looks_back: |of| of.lookback().seconds,
        for_seconds: 5 * MINUTE,
        summary: "Version {{ $labels.candidate }} of {{ $labels.model }} is worse than {{ $labels.baseline }} in {{ $labels.figure }}.",
        is_real: (
            Dashboard::Model,
            "Versions side by side",
            "the interval of the difference lies wholly on the wrong side of 0.",
        ),
        at_once: "Send all traffic to the version before.",
        cause: "Which figure is worse: latency is the server, accuracy is the model; then its segments.",
        ..Alert::USUAL
    },
];

/// How many detectors have found a change within the last hour, where two agree. Each alone calls a false one now and then.
fn detectors(of: &Expressions<'_>, by: &str, matchers: &[String]) -> String {
    let drifts = [equals(Label::State, DetectorState::Drift.name())];
    let all: Vec<String> = drifts.iter().chain(matchers).cloned().collect();
    let state = series(Metric::ConceptState, &all);
    let detector = Label::Detector.name();
    format!(
        "count by ({by}) (max by ({by}, {detector}) (max_over_time({state}[{}])) > 0) >= 2",
        of.span(HOUR)
    )
}

/// When each version was deployed.
const DEPLOYED: &str = "driftline:model:deployed";

/// A hot restart doubles the gauge, and a proxy that has just begun has 0.
fn deployed(of: &Expressions<'_>) -> String {
    let metric = Metric::ModelDeployed.shape().name;
    let (window, step) = (of.span(HOT_RESTART), of.span(MINUTE));
    format!("min by ({VERSIONS}) (min_over_time(({metric} > 0)[{window}:{step}]))")
}

/// How many standard errors a candidate must be worse by.
const CANARY_ERRORS: u32 = 4;

/// Candidates that are worse than the version that they replace: the one that was deployed before them or, where the
/// configuration does not say when, the one with more rows.
///
/// The interval of 95 % is right for one look. The alert looks every minute, so it asks for a difference of
/// [`CANARY_ERRORS`] standard errors, which chance alone makes once in 30,000 looks.
fn canary_worse(of: &Expressions<'_>) -> String {
    let pair = "model, baseline, candidate, figure";
    let length = of.lookback().name();
    let rule = |what: &str| format!("driftline:experiment:{what}{length}");
    let worse = format!(
        "{} > 0 and abs({}) > {CANARY_ERRORS} * {}",
        rule("worse"),
        rule("difference"),
        rule("standard_error")
    );
    let rows = |side: &str| format!("sum by ({pair}) ({}{{statistic=\"rows\"}})", rule(side));
    let deployed = |side: &str| {
        format!(
            "({worse}) * 0 + on (model, {side}) group_left ()\n    \
             label_replace({DEPLOYED}, \"{side}\", \"$1\", \"version\", \"(.*)\")"
        )
    };
    let [candidate, baseline] = ["candidate", "baseline"].map(deployed);
    format!(
        "{worse}\nand on ({pair}) (\n  ({candidate}\n    > {baseline})\n  \
         or ({} < {}\n    unless on ({pair}) ({candidate}\n    and {baseline}))\n)",
        rows("candidate"),
        rows("baseline")
    )
}
