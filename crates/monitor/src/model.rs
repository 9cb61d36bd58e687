//! The series of each model, by route where routes are told apart; it only looks things up.

mod column;
mod labels;
mod predictor;
mod version;
mod violation;

pub(crate) use self::{
    column::MonitoredColumn,
    labels::{ColumnLabels, Role},
    predictor::{PredictionSeries, columns_of},
    violation::RowViolation,
};

use driftline_labels::{EnumMap, FinishReason, Outcome, ReadProblem, RequestResult, TpotSkipped};

use crate::ids::SeriesKey;
use driftline_inference::load::LoadMeasure;
use driftline_metrics::{
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar, Timing},
};

/// The series of a model on a route. Each field is registered where the struct is made, so none can be forgotten.
#[derive(Debug)]
pub(crate) struct ModelSeries {
    pub(crate) in_flight: SeriesId,
    pub(crate) requests: EnumMap<Outcome, SeriesId>,
    pub(crate) duration: EnumMap<RequestResult, Timing>,
    pub(crate) read_problems: EnumMap<ReadProblem, SeriesId>,
    pub(crate) load_reports: SeriesId,
    pub(crate) load: EnumMap<LoadMeasure, SeriesId>,
    /// `None` for a model that predicts.
    pub(crate) generation: Option<GenerationSeries>,
}

/// What only models that generate have.
#[derive(Debug)]
pub(crate) struct GenerationSeries {
    pub(crate) first_token: EnumMap<RequestResult, Timing>,
    pub(crate) first_visible_token: EnumMap<RequestResult, Timing>,
    pub(crate) last_token: EnumMap<RequestResult, Timing>,
    pub(crate) per_token: EnumMap<RequestResult, Timing>,
    pub(crate) gap: Timing,
    pub(crate) skipped: EnumMap<TpotSkipped, SeriesId>,
    pub(crate) input_tokens: SeriesId,
    pub(crate) cached_input_tokens: SeriesId,
    pub(crate) cache_write_tokens: SeriesId,
    pub(crate) output_tokens: SeriesId,
    pub(crate) reasoning_tokens: SeriesId,
    pub(crate) finished: EnumMap<FinishReason, SeriesId>,
}

impl ModelSeries {
    /// A model, and whether it generates.
    pub(crate) fn new(
        registrar: &mut SeriesRegistrar<'_>,
        series_key: &SeriesKey,
        generates: bool,
    ) -> ModelSeries {
        let labels = &[series_key.model.as_str(), series_key.route.as_str()];
        ModelSeries {
            in_flight: registrar.add(Metric::RequestsInFlight, labels),
            requests: registrar.add(Metric::Requests, labels),
            duration: registrar.add(Metric::RequestDuration, labels),
            read_problems: registrar.add(Metric::ReadProblems, labels),
            load_reports: registrar.add(Metric::LoadReports, labels),
            load: EnumMap::from_fn(|measure| registrar.add(load_metric(measure), labels)),
            // Last, so that a model has the same numbers for its other series whether it generates or not.
            generation: generates.then(|| GenerationSeries::new(registrar, labels)),
        }
    }
}

/// The gauge that a measure of a server's load sets.
const fn load_metric(measure: LoadMeasure) -> Metric {
    match measure {
        LoadMeasure::CpuUtilization => Metric::ServerCpuUtilization,
        LoadMeasure::MemoryUtilization => Metric::ServerMemoryUtilization,
        LoadMeasure::ApplicationUtilization => Metric::ServerApplicationUtilization,
        LoadMeasure::RequestRate => Metric::ServerRequestRate,
        LoadMeasure::ErrorRate => Metric::ServerErrorRate,
        LoadMeasure::KvCacheUsage => Metric::ServerKvCacheUsage,
        LoadMeasure::KvCacheCapacity => Metric::ServerKvCacheCapacity,
        LoadMeasure::RequestsRunning => Metric::ServerRequestsRunning,
        LoadMeasure::RequestsWaiting => Metric::ServerRequestsWaiting,
    }
}

impl GenerationSeries {
    fn new(registrar: &mut SeriesRegistrar<'_>, labels: &[&str]) -> GenerationSeries {
        GenerationSeries {
            first_token: registrar.add(Metric::TimeToFirstToken, labels),
            first_visible_token: registrar.add(Metric::TimeToFirstVisibleToken, labels),
            last_token: registrar.add(Metric::TimeToLastToken, labels),
            per_token: registrar.add(Metric::TimePerOutputToken, labels),
            gap: registrar.add(Metric::InterChunkGap, labels),
            skipped: registrar.add(Metric::TimePerOutputTokenSkipped, labels),
            input_tokens: registrar.add(Metric::InputTokens, labels),
            cached_input_tokens: registrar.add(Metric::CachedInputTokens, labels),
            cache_write_tokens: registrar.add(Metric::CacheWriteTokens, labels),
            output_tokens: registrar.add(Metric::OutputTokens, labels),
            reasoning_tokens: registrar.add(Metric::ReasoningTokens, labels),
            finished: registrar.add(Metric::Finished, labels),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::{
        violation::{RowViolation, Violation},
        *,
    };
    use driftline_labels::{Baseline, DAY_BEFORE, Verdict, WEEK_BEFORE};

    /// What an operator reads about a metric names all that its label can say.
    #[track_caller]
    fn check(metric: Metric, words: impl IntoIterator<Item = &'static str>) {
        let help = metric.definition().help;
        for word in words {
            let is_named = help.contains(&format!("`{word}`"));
            assert!(is_named, "the help of {metric:?} in the catalogue does not name `{word}`");
        }
    }

    #[test]
    fn the_catalogue_names_every_reason() {
        check(Metric::ReadProblems, ReadProblem::ALL.map(ReadProblem::name));
        check(Metric::TimePerOutputTokenSkipped, TpotSkipped::ALL.map(TpotSkipped::name));
        check(
            Metric::FeatureUnbinned,
            driftline_labels::Unbinned::ALL.map(driftline_labels::Unbinned::name),
        );
        check(Metric::SchemaViolations, Violation::OF_NUMBERS.map(Violation::name));
        check(Metric::SchemaViolations, Violation::OF_CATEGORIES.map(Violation::name));
        check(Metric::SchemaViolations, RowViolation::ALL.map(RowViolation::name));
        check(
            Metric::FeatureOutside,
            [Violation::OutOfRange, Violation::NovelCategory].map(Violation::name),
        );
        let slow_window_before = [Baseline::SlowWindowBefore.name(), DAY_BEFORE, WEEK_BEFORE];
        for metric in [Metric::FeatureRank, Metric::FeatureMovedPsi] {
            check(metric, slow_window_before);
            check(metric, [Baseline::WindowBefore.name()]);
        }
        check(Metric::FeatureRank, [Baseline::Training.name()]);
        check(Metric::FeatureVerdict, [Verdict::Drift, Verdict::Insufficient].map(Verdict::name));
        check(
            Metric::Unmeasured,
            driftline_labels::Unmeasured::ALL.map(driftline_labels::Unmeasured::name),
        );
    }
}
