//! An exchange with a model that generates: it joins request, answer and timeline, and turns them into counts.

use alloc::boxed::Box;

use super::head::ResponseHead;
use crate::{
    inference::{
        generative::{
            Answer, Dialect, ExpectedResponse, PerToken, PromptReader, Request, ResponseFeatures,
        },
        outcome::{BodyVerdict, Outcome},
    },
    metrics::buffer::MetricBuffer,
    monitor::{
        layout::Monitor,
        model::{GenerationSeries, Model, PredictionSeries, ReadProblem, Skip},
        names::Named,
    },
};
use driftline_statistics::time::Timestamp;
use driftline_wire::json::JsonEnd;

/// The generating side of an exchange.
#[derive(Debug)]
pub(super) struct Generation {
    dialect: &'static Dialect,
    request: Request,
    /// Projection the same bytes once more, where a configuration compares requests with a reference.
    prompt: Option<Box<PromptReader>>,
    answer: Answer,
}

impl Generation {
    pub(super) fn new(monitor: &Monitor, dialect: &'static Dialect) -> Generation {
        let prompt = monitor.compares_prompts().then(|| Box::new(PromptReader::new(dialect)));
        Generation {
            dialect,
            request: Request::new(dialect),
            prompt,
            answer: Answer::unread(dialect),
        }
    }

    /// Takes the next piece of the request's body; gives the model when its name comes by, the first one of several.
    pub(super) fn request_body(&mut self, monitor: &Monitor, bytes: &[u8]) -> Option<Named> {
        let mut found = None;
        self.request.read(bytes, |name| {
            found.get_or_insert_with(|| monitor.generating_model(name));
        });
        if let Some(prompt) = &mut self.prompt {
            prompt.read(bytes);
        }
        found
    }

    pub(super) fn finish_request(&mut self) -> JsonEnd {
        self.request.finish()
    }

    /// From here on the response's body is an answer to be read.
    pub(super) fn expect_answer(&mut self, head: &ResponseHead<'_>, event_bytes_max: u64) {
        self.answer = Answer::of(ExpectedResponse {
            dialect: self.dialect,
            is_lines: head.is_lines(),
            wants_stream: self.request.wants_stream,
            event_bytes_max,
        });
    }

    /// Whether the response's body is an answer.
    pub(super) fn reads_response(&self) -> bool {
        self.answer.is_read()
    }

    pub(super) fn response_body(
        &mut self,
        series: Option<&GenerationSeries>,
        buffer: &mut MetricBuffer,
        now: Timestamp,
        bytes: &[u8],
    ) {
        self.answer.read(now, bytes, |gap| observe_gap(series, buffer, gap));
    }

    pub(super) fn finish(
        &mut self,
        series: Option<&GenerationSeries>,
        buffer: &mut MetricBuffer,
        reached_end: bool,
    ) -> BodyVerdict {
        self.answer.finish(reached_end, |gap| observe_gap(series, buffer, gap));
        self.answer.verdict()
    }

    /// Counts what is known once the outcome is.
    pub(super) fn record(
        &self,
        model: &Model,
        buffer: &mut MetricBuffer,
        started_at: Timestamp,
        outcome: Outcome,
    ) {
        self.record_problems(model, buffer, outcome);
        let Some(series) = &model.generation else {
            return;
        };
        self.record_tokens(series, buffer);
        if let Some(reason) = self.answer.facts.finish {
            series.count_finish(buffer, reason);
        }
        if self.answer.is_streamed() {
            self.record_timeline(series, buffer, started_at, outcome);
        }
    }

    /// Counts what the request and its answer are like, each if it came whole.
    pub(super) fn record_features(
        &mut self,
        series: &PredictionSeries,
        buffer: &mut MetricBuffer,
        outcome: Outcome,
    ) {
        let asked = self.prompt.as_mut().and_then(|prompt| prompt.finish());
        let is_whole = outcome == Outcome::Complete && self.answer.verdict() == BodyVerdict::Whole;
        let given = is_whole.then(|| ResponseFeatures {
            output_tokens: self.answer.usage().output,
            finish: self.answer.facts.finish,
            characters: self.answer.facts.characters,
        });
        buffer.add(series.instances, u64::from(asked.is_some()));
        buffer.add(series.predictions, u64::from(given.is_some()));
        for (column, feature) in series.columns.iter().zip(&series.language) {
            let wants_stream = self.request.wants_stream;
            let asked = asked.and_then(|prompt| feature.in_request(prompt, wants_stream));
            let given = given.and_then(|answer| feature.in_answer(answer));
            if let Some(cell) = asked.or(given) {
                column.count(buffer, column.place(cell));
                buffer.capture(column.first_bin(), cell);
            }
        }
    }

    fn record_problems(&self, model: &Model, buffer: &mut MetricBuffer, outcome: Outcome) {
        let answer = &self.answer;
        let malformed = if answer.is_streamed() {
            ReadProblem::EventMalformed
        } else {
            ReadProblem::ResponseMalformed
        };
        model.count_problem(buffer, malformed, answer.malformed);
        model.count_problem(buffer, ReadProblem::EventTooLarge, answer.large_events());
        // An answer that broke off has no usage, and its outcome already says why.
        let lacks_usage = outcome == Outcome::Complete
            && answer.verdict() == BodyVerdict::Whole
            && self.dialect.generates_tokens
            && !answer.facts.is_tokenless
            && answer.usage().output.is_none();
        model.count_problem(buffer, ReadProblem::UsageMissing, u64::from(lacks_usage));
    }

    fn record_tokens(&self, series: &GenerationSeries, buffer: &mut MetricBuffer) {
        let usage = self.answer.usage();
        buffer.add(series.input_tokens, usage.input.unwrap_or(0));
        buffer.add(series.cached_input_tokens, usage.cached_input.unwrap_or(0));
        buffer.add(series.cache_write_tokens, usage.cache_write.unwrap_or(0));
        buffer.add(series.output_tokens, usage.output.unwrap_or(0));
        buffer.add(series.reasoning_tokens, usage.reasoning.unwrap_or(0));
    }

    fn record_timeline(
        &self,
        series: &GenerationSeries,
        buffer: &mut MetricBuffer,
        started_at: Timestamp,
        outcome: Outcome,
    ) {
        let Answer { timeline, facts, .. } = &self.answer;
        let moments = [
            (&series.first_token, timeline.first),
            (&series.first_visible_token, timeline.first_visible),
            (&series.last_token, timeline.last),
        ];
        for (by_result, moment) in moments {
            if let Some(moment) = moment {
                buffer.observe(by_result.of(outcome), moment.microseconds_since(started_at));
            }
        }
        let skip = match timeline.per_token(self.answer.usage(), *facts) {
            PerToken::Microseconds(microseconds) => {
                return buffer.observe(series.per_token.of(outcome), microseconds);
            }
            PerToken::UsageMissing => Skip::UsageMissing,
            PerToken::OneChunk => Skip::OneChunk,
            PerToken::TooFewTokens => Skip::TooFewTokens,
            PerToken::SeveralChoices => Skip::SeveralChoices,
        };
        series.count_skip(buffer, skip);
    }
}

fn observe_gap(series: Option<&GenerationSeries>, buffer: &mut MetricBuffer, gap: u64) {
    if let Some(series) = series {
        buffer.observe(series.gap, gap);
    }
}
