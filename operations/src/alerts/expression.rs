//! Pieces of PromQL that alerts share, written for one configuration and one scale of time. It knows no alert.
//!
//! Counters are summed after `increase`, so that restarts of single pods are seen. A share has no sample without traffic.
//! Gauges are doubled while Envoy restarts hot, for a quarter of an hour at most: they are only compared with 0, with another
//! gauge of the same proxy, or over a longer time than that.

use driftline_labels::{LabelValue, Verdict, Window};
use driftline_metrics::catalogue::{Kind, Label, Metric};

use crate::{
    promql::{equals, matching, one_of},
    settings::{Lookback, Settings},
    slo::{self, Slo},
};

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 3600;
pub(super) const DAY: u64 = 86_400;
/// Longer than a parent of Envoy lives on beside its child after a hot restart, which is 15 minutes by default.
pub(super) const HOT_RESTART: u64 = 20 * MINUTE;

/// Makes expressions for these settings.
pub(super) struct Expressions<'s> {
    settings: &'s Settings<'s>,
}

impl<'s> Expressions<'s> {
    pub(super) fn new(settings: &'s Settings<'s>) -> Expressions<'s> {
        Expressions { settings }
    }

    /// The settings that are rendered for.
    pub(super) fn settings(&self) -> &'s Settings<'s> {
        self.settings
    }

    /// The URL of the folder of runbooks, without a slash at its end.
    pub(super) fn runbooks(&self) -> &'s str {
        self.settings.runbooks.trim_end_matches('/')
    }

    /// This many true seconds at the scale that is rendered for.
    pub(super) fn span(&self, seconds: u64) -> String {
        self.settings.scale.span(seconds)
    }

    /// The same, but `0s` for none.
    pub(super) fn span_or_none(&self, seconds: u64) -> String {
        if seconds == 0 { "0s".to_owned() } else { self.span(seconds) }
    }

    /// The length of time of the rules on drift, which ends their names.
    pub(super) fn lookback(&self) -> Lookback {
        self.settings.lookbacks.first().copied().unwrap_or(Lookback::HOUR)
    }

    /// The longest time that a verdict on the data of a model looks back over.
    pub(super) fn drift_window(&self) -> u64 {
        self.window().max(self.lookback().seconds)
    }

    /// The length of the proxies' fast window.
    pub(super) fn window(&self) -> u64 {
        self.settings.config.window_seconds
    }

    /// What these series of a counter grew by, of each series.
    pub(super) fn growth(&self, counter: &str, seconds: u64) -> String {
        format!("increase({counter}[{}])", self.span(seconds))
    }

    /// The same, by the growth before this time.
    pub(super) fn growth_before(&self, counter: &str, seconds: u64, before: u64) -> String {
        format!("increase({counter}[{}] offset {})", self.span(seconds), self.span(before))
    }

    /// What counters grew by in all, by these labels.
    pub(super) fn grown(&self, by: &str, counter: &str, seconds: u64) -> String {
        format!("sum by ({by}) ({})", self.growth(counter, seconds))
    }

    /// The same, by the growth before this time.
    pub(super) fn grown_before(
        &self,
        by: &str,
        counter: &str,
        seconds: u64,
        before: u64,
    ) -> String {
        format!("sum by ({by}) ({})", self.growth_before(counter, seconds, before))
    }

    /// Rows of features, with or without a value, that came in this time: by model, version and feature.
    pub(super) fn feature_rows(&self, seconds: u64) -> String {
        let role = [equals(Label::Role, FEATURE)];
        format!(
            "sum by ({FEATURES}) ({} or {})",
            self.growth(&series(Metric::FeatureBin, &role), seconds),
            self.growth(&series(Metric::FeatureUnbinned, &role), seconds)
        )
    }

    /// Which share of the rows of each feature this counter has, where there are enough rows to say.
    pub(super) fn feature_share(&self, metric: Metric, reasons: &[&str], seconds: u64) -> String {
        let counter =
            series(metric, &[equals(Label::Role, FEATURE), one_of(Label::Reason, reasons)]);
        let rows = self.feature_rows(seconds);
        format!("{}\n/ ({rows} >= {ROWS_MIN})", self.grown(FEATURES, &counter, seconds))
    }

    /// The gauge of a verdict that is `drift` in the fast window of any proxy.
    pub(super) fn drifts(&self, by: &str, metric: Metric, matchers: &[String]) -> String {
        let of_verdict = [
            equals(Label::Window, Window::Fast.word()),
            equals(Label::Verdict, Verdict::Drift.word()),
        ];
        let all: Vec<String> = of_verdict.iter().chain(matchers).cloned().collect();
        format!("max by ({by}) ({}) > 0", series(metric, &all))
    }

    /// Objectives whose budgets burn too fast, as [`slo::burning`] has it: by objective and model.
    pub(super) fn burns(&self, objectives: &[Slo], severity: slo::Severity) -> String {
        let burning = objectives.iter().map(|slo| slo::burning(*slo, self.settings, severity));
        burning.collect::<Vec<_>>().join("\nor ")
    }

    /// The same, and once it has fired for as long as this still holds.
    pub(super) fn held_while(
        &self,
        on: &str,
        expression: &str,
        alert: &str,
        still: &str,
    ) -> String {
        format!(
            "({expression})\nor ({still}\n  and on ({on}) {ALERTS}{{alertname=\"{alert}\", alertstate=\"firing\"}})"
        )
    }
}

/// What Prometheus itself records of alerts.
pub(super) const ALERTS: &str = "ALERTS";
/// The value of the label `role` of features, and of predictions.
pub(super) const FEATURE: &str = "feature";
pub(super) const PREDICTION: &str = "prediction";
/// Fewer rows than this say nothing about a share.
pub(super) const ROWS_MIN: u32 = 50;

/// Breaches of the schema, as `crates/monitor/src/model/violation.rs` calls them.
pub(super) const NOVEL_CATEGORY: &str = "novel_category";
pub(super) const OUT_OF_RANGE: &str = "out_of_range";
pub(super) const NOT_SET: [&str; 2] = ["required_missing", "required_null"];
pub(super) const OF_SHAPE: [&str; 2] = ["extra_column", "wrong_shape"];

/// Labels to sum by.
pub(super) const MODEL: &str = Label::Model.name();
pub(super) const FEATURES: &str = "model, version, feature";
pub(super) const VERSIONS: &str = "model, version";
pub(super) const PROXIES: &str = "job, instance";

/// Series of a metric with these matchers.
pub(super) fn series(metric: Metric, matchers: &[String]) -> String {
    matching(metric.shape().name, matchers)
}

/// The exact sum of a histogram's samples, and the exact number of them.
pub(super) fn companions(metric: Metric) -> [String; 2] {
    debug_assert_eq!(metric.shape().kind, Kind::Histogram);
    metric.shape().companions().map_or_else(Default::default, |both| both.map(|name| name.concat()))
}

/// Words of a label.
pub(super) fn words<const N: usize>(values: [impl LabelValue; N]) -> [&'static str; N] {
    values.map(LabelValue::word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::labels;

    #[test]
    fn labels_to_sum_by_are_those_of_the_catalogue() {
        assert_eq!(FEATURES, labels(&[Label::Model, Label::Version, Label::Feature]));
        assert_eq!(VERSIONS, labels(&[Label::Model, Label::Version]));
    }

    #[test]
    fn breaches_are_called_as_the_catalogue_calls_them() {
        let help = Metric::SchemaViolations.definition().help;
        for word in [NOVEL_CATEGORY, OUT_OF_RANGE].iter().chain(&NOT_SET).chain(&OF_SHAPE) {
            assert!(help.contains(&format!("`{word}`")), "{word}");
        }
    }
}
