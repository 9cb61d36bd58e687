//! The series of each model, by route where routes are told apart; it only looks things up.

mod column;
mod predictor;
mod violation;

pub(crate) use self::{
    column::{Cells, ColumnLabels, MonitoredColumn, Role},
    predictor::{ColumnSelectors, PredictionSeries, columns_of},
    violation::RowViolation,
};

use crate::{
    inference::{
        generative::FinishReason,
        load::{Measure, Report},
        outcome::Outcome,
    },
    metrics::{
        buffer::MetricBuffer,
        catalogue::Metric,
        series::{SeriesId, SeriesRegistrar, Timing},
    },
    monitor::label_table::SeriesKey,
};

/// Something that could not be read as its dialect promises.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ReadProblem {
    /// The request's body is no JSON document.
    RequestMalformed,
    /// The request has no rows to predict.
    InstancesMissing,
    /// The answer is no JSON document.
    ResponseMalformed,
    /// An event of a streamed answer is no JSON document.
    EventMalformed,
    /// An event is longer than `event_bytes_max`, and is read all the same; or a tensor is whose data had to be held, and is
    /// not read.
    EventTooLarge,
    /// The answer came whole without saying how many tokens it has.
    UsageMissing,
    /// The body has a coding that is unknown or switched off.
    EncodedBody,
    /// The body is not what its coding promises.
    EncodingMalformed,
    /// The body says far more than it has, as a bomb does.
    DecodedTooDense,
    /// Decoding the body takes more memory than one body may have.
    DecoderTooLarge,
    /// Other bodies took all the memory that there is for decoding.
    NoRoomToDecode,
    /// A successful answer is of a content type that the dialect does not have.
    UnexpectedContentType,
    /// What a model server says about its load is no report.
    LoadReportMalformed,
}

impl ReadProblem {
    const ALL: [ReadProblem; 13] = [
        ReadProblem::RequestMalformed,
        ReadProblem::InstancesMissing,
        ReadProblem::ResponseMalformed,
        ReadProblem::EventMalformed,
        ReadProblem::EventTooLarge,
        ReadProblem::UsageMissing,
        ReadProblem::EncodedBody,
        ReadProblem::EncodingMalformed,
        ReadProblem::DecodedTooDense,
        ReadProblem::DecoderTooLarge,
        ReadProblem::NoRoomToDecode,
        ReadProblem::UnexpectedContentType,
        ReadProblem::LoadReportMalformed,
    ];

    const fn name(self) -> &'static str {
        match self {
            ReadProblem::RequestMalformed => "request_malformed",
            ReadProblem::InstancesMissing => "instances_missing",
            ReadProblem::ResponseMalformed => "response_malformed",
            ReadProblem::EventMalformed => "event_malformed",
            ReadProblem::EventTooLarge => "event_too_large",
            ReadProblem::UsageMissing => "usage_missing",
            ReadProblem::EncodedBody => "encoded_body",
            ReadProblem::EncodingMalformed => "encoding_malformed",
            ReadProblem::DecodedTooDense => "decoded_too_dense",
            ReadProblem::DecoderTooLarge => "decoder_too_large",
            ReadProblem::NoRoomToDecode => "no_room_to_decode",
            ReadProblem::UnexpectedContentType => "unexpected_content_type",
            ReadProblem::LoadReportMalformed => "load_report_malformed",
        }
    }
}

/// Why TPOT was not told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Skip {
    UsageMissing,
    OneChunk,
    TooFewTokens,
    SeveralChoices,
}

impl Skip {
    const ALL: [Skip; 4] =
        [Skip::UsageMissing, Skip::OneChunk, Skip::TooFewTokens, Skip::SeveralChoices];

    const fn name(self) -> &'static str {
        match self {
            Skip::UsageMissing => "usage_missing",
            Skip::OneChunk => "one_chunk",
            Skip::TooFewTokens => "too_few_tokens",
            Skip::SeveralChoices => "several_choices",
        }
    }
}

/// The series of a model on a route.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) in_flight: SeriesId,
    requests: [SeriesId; Outcome::ALL.len()],
    duration: ByResult,
    read_problems: [SeriesId; ReadProblem::ALL.len()],
    load_reports: SeriesId,
    /// By [`Measure`].
    load: [SeriesId; Measure::ALL.len()],
    /// `None` for a model that predicts.
    pub(crate) generation: Option<GenerationSeries>,
}

/// A histogram for successful requests and one for failed ones.
#[derive(Debug)]
pub(crate) struct ByResult {
    success: Timing,
    failure: Timing,
}

/// What only models that generate have.
#[derive(Debug)]
pub(crate) struct GenerationSeries {
    pub(crate) first_token: ByResult,
    pub(crate) first_visible_token: ByResult,
    pub(crate) last_token: ByResult,
    pub(crate) per_token: ByResult,
    pub(crate) gap: Timing,
    skipped: [SeriesId; Skip::ALL.len()],
    pub(crate) input_tokens: SeriesId,
    pub(crate) cached_input_tokens: SeriesId,
    pub(crate) cache_write_tokens: SeriesId,
    pub(crate) output_tokens: SeriesId,
    pub(crate) reasoning_tokens: SeriesId,
    finished: [SeriesId; FinishReason::ALL.len()],
}

impl Model {
    /// A model, and whether it generates.
    pub(crate) fn new(
        registrar: &mut SeriesRegistrar<'_>,
        series_key: &SeriesKey,
        generates: bool,
    ) -> Model {
        let SeriesKey { model, route } = series_key;
        Model {
            in_flight: registrar.add(Metric::RequestsInFlight, &[model, route]),
            requests: Outcome::ALL
                .map(|outcome| registrar.add(Metric::Requests, &[model, route, outcome.name()])),
            duration: ByResult::new(registrar, Metric::RequestDuration, series_key),
            read_problems: ReadProblem::ALL.map(|problem| {
                registrar.add(Metric::ReadProblems, &[model, route, problem.name()])
            }),
            load_reports: registrar.add(Metric::LoadReports, &[model, route]),
            load: Measure::ALL.map(|measure| registrar.add(measure.metric(), &[model, route])),
            // Last, so that a model has the same numbers for its other series whether it generates or not.
            generation: generates.then(|| GenerationSeries::new(registrar, series_key)),
        }
    }

    /// How many series a model has on a route; a test compares it with those that are made.
    pub(crate) const fn series(generates: bool) -> usize {
        let exchange = 1usize
            .saturating_add(Outcome::ALL.len())
            .saturating_add(ByResult::SERIES)
            .saturating_add(ReadProblem::ALL.len())
            .saturating_add(1)
            .saturating_add(Measure::ALL.len());
        if generates { exchange.saturating_add(GenerationSeries::SERIES) } else { exchange }
    }

    /// Counts a request that ended.
    pub(crate) fn count_request(
        &self,
        buffer: &mut MetricBuffer,
        outcome: Outcome,
        microseconds: u64,
    ) {
        if let Some(&id) = self.requests.get(outcome.index()) {
            buffer.add(id, 1);
        }
        buffer.observe(self.duration.of(outcome), microseconds);
    }

    /// Takes over what a model server says about its load. Last writer wins: there is no total of snapshots.
    pub(crate) fn set_load(&self, buffer: &mut MetricBuffer, report: &Report) {
        buffer.add(self.load_reports, 1);
        for (measure, value) in report.values() {
            if let Some(&id) = self.load.get(measure as usize) {
                buffer.set(id, value);
            }
        }
    }

    /// Counts things that could not be read.
    pub(crate) fn count_problem(
        &self,
        buffer: &mut MetricBuffer,
        problem: ReadProblem,
        times: u64,
    ) {
        if let Some(&id) = self.read_problems.get(problem as usize) {
            buffer.add(id, times);
        }
    }
}

impl ByResult {
    const SERIES: usize = Timing::SERIES.saturating_mul(2);

    fn new(
        registrar: &mut SeriesRegistrar<'_>,
        metric: Metric,
        series_key: &SeriesKey,
    ) -> ByResult {
        let SeriesKey { model, route } = series_key;
        ByResult {
            success: registrar.add_timing(metric, &[model, route, "success"]),
            failure: registrar.add_timing(metric, &[model, route, "failure"]),
        }
    }

    /// The series for requests that ended so.
    pub(crate) fn of(&self, outcome: Outcome) -> Timing {
        if outcome == Outcome::Complete { self.success } else { self.failure }
    }
}

impl GenerationSeries {
    const SERIES: usize = ByResult::SERIES
        .saturating_mul(4)
        .saturating_add(Timing::SERIES)
        .saturating_add(Skip::ALL.len())
        .saturating_add(5)
        .saturating_add(FinishReason::ALL.len());

    fn new(registrar: &mut SeriesRegistrar<'_>, series_key: &SeriesKey) -> GenerationSeries {
        let SeriesKey { model, route } = series_key;
        GenerationSeries {
            first_token: ByResult::new(registrar, Metric::TimeToFirstToken, series_key),
            first_visible_token: ByResult::new(
                registrar,
                Metric::TimeToFirstVisibleToken,
                series_key,
            ),
            last_token: ByResult::new(registrar, Metric::TimeToLastToken, series_key),
            per_token: ByResult::new(registrar, Metric::TimePerOutputToken, series_key),
            gap: registrar.add_timing(Metric::InterChunkGap, &[model, route]),
            skipped: Skip::ALL.map(|skip| {
                registrar.add(Metric::TimePerOutputTokenSkipped, &[model, route, skip.name()])
            }),
            input_tokens: registrar.add(Metric::InputTokens, &[model, route]),
            cached_input_tokens: registrar.add(Metric::CachedInputTokens, &[model, route]),
            cache_write_tokens: registrar.add(Metric::CacheWriteTokens, &[model, route]),
            output_tokens: registrar.add(Metric::OutputTokens, &[model, route]),
            reasoning_tokens: registrar.add(Metric::ReasoningTokens, &[model, route]),
            finished: FinishReason::ALL
                .map(|reason| registrar.add(Metric::Finished, &[model, route, reason.name()])),
        }
    }

    /// Counts an answer that said why it stopped.
    pub(crate) fn count_finish(&self, buffer: &mut MetricBuffer, reason: FinishReason) {
        if let Some(&id) = self.finished.get(reason as usize) {
            buffer.add(id, 1);
        }
    }

    /// Counts an answer without a TPOT.
    pub(crate) fn count_skip(&self, buffer: &mut MetricBuffer, skip: Skip) {
        if let Some(&id) = self.skipped.get(skip as usize) {
            buffer.add(id, 1);
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
            assert!(help.contains(&format!("`{word}`")), "{metric:?} does not name {word}");
        }
    }

    #[test]
    fn the_catalogue_names_every_reason() {
        check(Metric::ReadProblems, ReadProblem::ALL.map(ReadProblem::name));
        check(Metric::TimePerOutputTokenSkipped, Skip::ALL.map(Skip::name));
        check(
            Metric::FeatureUnbinned,
            crate::inference::predictive::Unbinned::ALL
                .map(crate::inference::predictive::Unbinned::name),
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
            crate::monitor::layout::Unmeasured::ALL.map(crate::monitor::layout::Unmeasured::name),
        );
    }
}
