//! The series of each model, by route where routes are told apart; it only looks things up.

use alloc::{string::String, vec::Vec};

use crate::{
    bins::Bins,
    catalogue::Metric,
    generation::FinishReason,
    ledger::Ledger,
    outcome::Outcome,
    prediction::{Cell, Columns, Unbinned},
    profile::{Column, Profile},
    roster::Subject,
    series::{Registry, SeriesId, Timing},
};

/// A name that stands in the label `feature` for a model's output.
const PREDICTION: &str = "prediction";

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
    /// An event is longer than `event_bytes_max`. It is read all the same.
    EventTooLarge,
    /// The answer came whole without saying how many tokens it has.
    UsageMissing,
    /// The body has a content encoding.
    EncodedBody,
    /// A successful answer is of a content type that the dialect does not have.
    UnexpectedContentType,
}

impl ReadProblem {
    const ALL: [ReadProblem; 8] = [
        ReadProblem::RequestMalformed,
        ReadProblem::InstancesMissing,
        ReadProblem::ResponseMalformed,
        ReadProblem::EventMalformed,
        ReadProblem::EventTooLarge,
        ReadProblem::UsageMissing,
        ReadProblem::EncodedBody,
        ReadProblem::UnexpectedContentType,
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
            ReadProblem::UnexpectedContentType => "unexpected_content_type",
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

/// What only models that predict have: one for each, whatever the route.
#[derive(Debug)]
pub(crate) struct PredictionSeries {
    pub(crate) instances: SeriesId,
    pub(crate) predictions: SeriesId,
    pub(crate) features: Vec<MonitoredColumn>,
    pub(crate) prediction: Option<MonitoredColumn>,
}

/// A feature, or the prediction, with its reference and its series.
#[derive(Debug)]
pub(crate) struct MonitoredColumn {
    name: String,
    bins: Bins,
    /// Rows of the reference profile by bin.
    pub(crate) reference: Vec<u64>,
    pub(crate) counts: Vec<SeriesId>,
    unbinned: [SeriesId; Unbinned::ALL.len()],
    pub(crate) reference_rows: Vec<SeriesId>,
    pub(crate) window_rows: SeriesId,
    pub(crate) psi: SeriesId,
    pub(crate) psi_without_drift: SeriesId,
}

impl Model {
    /// A model, and whether it generates.
    pub(crate) fn new(registry: &mut Registry, subject: &Subject, generates: bool) -> Model {
        let Subject { model, route } = subject;
        Model {
            in_flight: registry.add(Metric::RequestsInFlight, &[model, route]),
            requests: Outcome::ALL
                .map(|outcome| registry.add(Metric::Requests, &[model, route, outcome.name()])),
            duration: ByResult::new(registry, Metric::RequestDuration, subject),
            read_problems: ReadProblem::ALL
                .map(|problem| registry.add(Metric::ReadProblems, &[model, route, problem.name()])),
            // Last, so that a model has the same numbers for its other series whether it generates or not.
            generation: generates.then(|| GenerationSeries::new(registry, subject)),
        }
    }

    /// How many series a model has on a route; a test compares it with those that are made.
    pub(crate) const fn series(generates: bool) -> usize {
        let exchange = 1usize
            .saturating_add(Outcome::ALL.len())
            .saturating_add(ByResult::SERIES)
            .saturating_add(ReadProblem::ALL.len());
        if generates { exchange.saturating_add(GenerationSeries::SERIES) } else { exchange }
    }

    /// Counts a request that ended.
    pub(crate) fn count_request(&self, ledger: &mut Ledger, outcome: Outcome, microseconds: u64) {
        if let Some(&id) = self.requests.get(outcome.index()) {
            ledger.add(id, 1);
        }
        ledger.observe(self.duration.of(outcome), microseconds);
    }

    /// Counts things that could not be read.
    pub(crate) fn count_problem(&self, ledger: &mut Ledger, problem: ReadProblem, times: u64) {
        if let Some(&id) = self.read_problems.get(problem as usize) {
            ledger.add(id, times);
        }
    }
}

impl ByResult {
    const SERIES: usize = Timing::SERIES.saturating_mul(2);

    fn new(registry: &mut Registry, metric: Metric, subject: &Subject) -> ByResult {
        let Subject { model, route } = subject;
        ByResult {
            success: registry.add_timing(metric, &[model, route, "success"]),
            failure: registry.add_timing(metric, &[model, route, "failure"]),
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

    fn new(registry: &mut Registry, subject: &Subject) -> GenerationSeries {
        let Subject { model, route } = subject;
        GenerationSeries {
            first_token: ByResult::new(registry, Metric::TimeToFirstToken, subject),
            first_visible_token: ByResult::new(registry, Metric::TimeToFirstVisibleToken, subject),
            last_token: ByResult::new(registry, Metric::TimeToLastToken, subject),
            per_token: ByResult::new(registry, Metric::TimePerOutputToken, subject),
            gap: registry.add_timing(Metric::InterChunkGap, &[model, route]),
            skipped: Skip::ALL.map(|skip| {
                registry.add(Metric::TimePerOutputTokenSkipped, &[model, route, skip.name()])
            }),
            input_tokens: registry.add(Metric::InputTokens, &[model, route]),
            cached_input_tokens: registry.add(Metric::CachedInputTokens, &[model, route]),
            cache_write_tokens: registry.add(Metric::CacheWriteTokens, &[model, route]),
            output_tokens: registry.add(Metric::OutputTokens, &[model, route]),
            reasoning_tokens: registry.add(Metric::ReasoningTokens, &[model, route]),
            finished: FinishReason::ALL
                .map(|reason| registry.add(Metric::Finished, &[model, route, reason.name()])),
        }
    }

    /// Counts an answer that said why it stopped.
    pub(crate) fn count_finish(&self, ledger: &mut Ledger, reason: FinishReason) {
        if let Some(&id) = self.finished.get(reason as usize) {
            ledger.add(id, 1);
        }
    }

    /// Counts an answer without a TPOT.
    pub(crate) fn count_skip(&self, ledger: &mut Ledger, skip: Skip) {
        if let Some(&id) = self.skipped.get(skip as usize) {
            ledger.add(id, 1);
        }
    }
}

impl PredictionSeries {
    /// How many series a model has beside those of its columns.
    pub(crate) const SERIES: usize = 2;

    /// A model that predicts; without a profile, the one that stands for all that are not listed.
    pub(crate) fn new(
        registry: &mut Registry,
        model: &str,
        profile: Option<&Profile>,
    ) -> PredictionSeries {
        PredictionSeries {
            instances: registry.add(Metric::Instances, &[model]),
            predictions: registry.add(Metric::Predictions, &[model]),
            features: profile
                .map(|profile| profile.features.as_slice())
                .unwrap_or_default()
                .iter()
                .map(|feature| {
                    let labels = [model, "feature", feature.name.as_str()];
                    MonitoredColumn::new(registry, labels, &feature.column)
                })
                .collect(),
            prediction: profile.and_then(|profile| profile.prediction.as_ref()).map(|column| {
                MonitoredColumn::new(registry, [model, PREDICTION, PREDICTION], column)
            }),
        }
    }

    /// Everything that is compared with a reference.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &MonitoredColumn> {
        self.features.iter().chain(&self.prediction)
    }
}

impl Columns for PredictionSeries {
    fn count(&self) -> usize {
        self.features.len()
    }

    fn named(&self, name: &[u8], hint: usize) -> Option<usize> {
        let is_it = |feature: &MonitoredColumn| feature.name.as_bytes() == name;
        match self.features.get(hint) {
            Some(feature) if is_it(feature) => Some(hint),
            _ => self.features.iter().position(is_it),
        }
    }
}

impl MonitoredColumn {
    /// How many series a column of so many bins has; a test compares it with those that are made.
    pub(crate) const fn series(bins: usize) -> usize {
        bins.saturating_mul(2).saturating_add(Unbinned::ALL.len()).saturating_add(3)
    }

    fn new(registry: &mut Registry, labels: [&str; 3], column: &Column) -> MonitoredColumn {
        let [model, role, name] = labels;
        let mut per_bin = |metric: Metric| -> Vec<SeriesId> {
            (0..column.bins.count())
                .map(|bin| registry.add(metric, &[model, role, name, &column.bins.label(bin)]))
                .collect()
        };
        let counts = per_bin(Metric::FeatureBin);
        let reference_rows = per_bin(Metric::ReferenceBinRows);
        MonitoredColumn {
            name: name.into(),
            bins: column.bins.clone(),
            reference: column.counts.clone(),
            counts,
            unbinned: Unbinned::ALL.map(|reason| {
                registry.add(Metric::FeatureUnbinned, &[model, role, name, reason.name()])
            }),
            reference_rows,
            window_rows: registry.add(Metric::FeatureWindowRows, &labels),
            psi: registry.add(Metric::FeaturePsi, &labels),
            psi_without_drift: registry.add(Metric::FeaturePsiWithoutDrift, &labels),
        }
    }

    /// Counts rows that lack the column.
    pub(crate) fn count_missing(&self, ledger: &mut Ledger, rows: u64) {
        if let Some(&id) = self.unbinned.get(Unbinned::Missing as usize) {
            ledger.add(id, rows);
        }
    }

    /// Counts a value in its bin, or under the reason why it has none.
    pub(crate) fn count(&self, ledger: &mut Ledger, cell: Cell) {
        let id = match cell.bin(&self.bins) {
            Ok(bin) => self.counts.get(bin),
            Err(reason) => self.unbinned.get(reason as usize),
        };
        if let Some(&id) = id {
            ledger.add(id, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

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
        check(Metric::FeatureUnbinned, Unbinned::ALL.map(Unbinned::name));
        check(
            Metric::Unmeasured,
            crate::monitor::Unmeasured::ALL.map(crate::monitor::Unmeasured::name),
        );
    }
}
