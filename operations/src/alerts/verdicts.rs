//! What several alerts ask of verdicts, across domains: which columns have drifted, and whether quality has fallen. It alerts
//! on nothing.

use driftline_labels::{EstimateOf, EstimatedMeasure, Window};
use driftline_metrics::catalogue::{Label, Metric};

use super::expression::{Expressions, FEATURES, MINUTE, VERSIONS, series};
use crate::{
    promql::{equals, matching, one_of},
    slo::{self, Slo},
};

/// How long a fall of quality must last. While it waits for its time after an incident of the data, the alert of that
/// incident goes on.
pub(super) const QUALITY_FOR: u64 = 10 * MINUTE;

/// Features, or predictions, that have drifted over all proxies within the last quarter of an hour, or in one proxy.
pub(super) fn drift(of: &Expressions<'_>, role: &str) -> String {
    let role = [equals(Label::Role, role)];
    let fleet = matching(&format!("driftline:feature:drift{}", of.lookback().name()), &role);
    format!(
        "max by ({FEATURES}) (max_over_time({fleet}[{}])) > 0\nor {}",
        of.span(15 * MINUTE),
        of.drifts(FEATURES, Metric::FeatureVerdict, &role)
    )
}

/// Models whose verdict on quality is `drift`.
pub(super) fn quality_drifts(of: &Expressions<'_>) -> String {
    of.drifts(VERSIONS, Metric::QualityVerdict, &[])
}

/// Models whose quality has fallen by any measure: their labels, what scores let expect, or their budget.
pub(super) fn quality_falls(of: &Expressions<'_>) -> String {
    [
        quality_drifts(of),
        estimate_falls(of, VERSIONS),
        of.burns(&[Slo::Quality], slo::Severity::Page),
    ]
    .join("\nor ")
}

/// By which part of the reference the estimated quality falls short of it, where that is a twentieth and three standard
/// errors at least. Gauges of one proxy are compared with each other, and those that a hot restart doubles are all doubled.
pub(super) fn estimate_falls(_: &Expressions<'_>, by: &str) -> String {
    let on = "job, instance, model, version, measure";
    let measures = EstimatedMeasure::WORDS;
    let of_rows = [
        equals(Label::Window, Window::Fast.name()),
        equals(Label::Rows, EstimateOf::Predictions.name()),
    ];
    let one = |metric: Metric| format!("max by ({on}) ({})", series(metric, &of_rows));
    let estimate = format!("({} > 0)", one(Metric::EstimatedQuality));
    let error = format!("({} > 0)", one(Metric::EstimatedQualityError));
    let reference = format!(
        "max by ({on}) ({})",
        series(Metric::ReferenceQuality, &[one_of(Label::Measure, &measures)])
    );
    format!(
        "max by ({by}) (\n  ({reference} - {estimate}) / {reference} > 0.05\n  \
         and ({reference} - {estimate}) / {error} > 3\n)"
    )
}
