//! An exchange with a model that generates: request, answer and timeline.

use alloc::boxed::Box;

use driftline_labels::{EnumMap, Outcome, ReadProblem};
use driftline_statistics::time::Timestamp;
use driftline_wire::json::JsonEnd;

use super::{BodyHead, ExchangeSink, Generated, Progress, ReadSettings, Streamed, name::ModelName};
use crate::{
    generative::{
        Answer, Dialect, ExpectedResponse, Framing, PromptReader, REPEATS_BYTES, RequestReader,
        ResponseFeatures, Usage,
    },
    outcome::BodyVerdict,
};

/// The generating side of an exchange.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) dialect: &'static Dialect,
    request: RequestReader,
    /// Reads the same bytes once more, where a configuration compares requests with a reference.
    prompt: Option<Box<PromptReader>>,
    answer: Answer,
}

impl Generation {
    pub(super) fn new(settings: &ReadSettings, dialect: &'static Dialect) -> Box<Generation> {
        let prompt = settings.reads_prompts.then(|| Box::new(PromptReader::new(dialect)));
        Generation::begun(dialect, prompt)
    }

    /// The same with what reads the request for its features.
    #[inline(never)]
    pub(super) fn begun(
        dialect: &'static Dialect,
        prompt: Option<Box<PromptReader>>,
    ) -> Box<Generation> {
        let (request, answer) = (RequestReader::new(dialect), Answer::unread(dialect));
        Box::new(Generation { dialect, request, prompt, answer })
    }

    /// Goes on with a request that has begun.
    pub(super) fn go_on(&mut self, request: RequestReader) {
        self.request = request;
    }

    /// Takes the next piece of the request's body; the model is named when its name comes by.
    pub(super) fn request_body<'c>(
        &mut self,
        name: &mut ModelName,
        sink: &mut impl ExchangeSink<'c>,
        bytes: &[u8],
    ) {
        self.request.read(bytes, &mut |model| name.set(model, None, |it| sink.progress(it)));
        if let Some(prompt) = &mut self.prompt {
            prompt.read(bytes);
        }
    }

    pub(super) fn finish_request(&mut self) -> JsonEnd {
        self.request.finish()
    }

    /// Whether a body with this head may be an answer that can be read. Messages of AWS may carry pieces of other streams,
    /// which only dialects of AWS tell apart.
    pub(super) fn may_read(&self, head: BodyHead<'_>) -> bool {
        let is_aws =
            matches!(self.dialect.framing, Framing::AwsEventStream | Framing::BedrockPayload);
        head.is_text() && (is_aws || !head.is_aws_event_stream())
    }

    /// From here on the response's body is an answer to be read.
    pub(super) fn expect_answer(&mut self, settings: &ReadSettings, head: BodyHead<'_>) {
        self.answer = Answer::of(ExpectedResponse {
            dialect: self.dialect,
            // vLLM's demonstration streams lines and says nothing of their type.
            is_lines: head.is_lines()
                || head.content_type.is_none() && self.request.wants_stream == Some(true),
            wants_stream: self.request.wants_stream,
            event_bytes_max: settings.event_bytes_max,
            repeats: settings.repeats.reserve(REPEATS_BYTES).ok(),
        });
    }

    /// Whether the response's body is an answer.
    pub(super) fn reads_response(&self) -> bool {
        self.answer.is_read()
    }

    pub(super) fn response_body<'c>(
        &mut self,
        sink: &mut impl ExchangeSink<'c>,
        now: Timestamp,
        bytes: &[u8],
    ) {
        self.answer.read(now, bytes, |gap| sink.progress(Progress::Gap(gap)));
    }

    pub(super) fn finish<'c>(
        &mut self,
        sink: &mut impl ExchangeSink<'c>,
        reached_end: bool,
    ) -> BodyVerdict {
        self.answer.finish(reached_end, |gap| sink.progress(Progress::Gap(gap)));
        self.answer.verdict()
    }

    /// Whether neither body has anything of the dialect.
    pub(super) fn is_foreign(&self) -> bool {
        !self.request.has_shape && !self.answer.is_recognised()
    }

    /// Notes what only this kind of exchange can lack.
    pub(super) fn note_problems(&self, outcome: Outcome, problems: &mut EnumMap<ReadProblem, u64>) {
        let answer = &self.answer;
        let malformed = if answer.is_streamed() {
            ReadProblem::EventMalformed
        } else {
            ReadProblem::ResponseMalformed
        };
        problems[malformed] = answer.malformed;
        problems[ReadProblem::EventTooLarge] = answer.large_events();
        // An answer that broke off has no usage, and its outcome already says why.
        let lacks_usage = outcome == Outcome::Complete
            && answer.verdict() == BodyVerdict::Whole
            && self.dialect.generates_tokens
            && !answer.facts.is_tokenless
            && answer.usage().output.is_none();
        problems[ReadProblem::UsageMissing] = u64::from(lacks_usage);
        if outcome == Outcome::Complete && answer.is_read() {
            problems[ReadProblem::UsageInconsistent] = u64::from(answer.has_inconsistent_usage());
            problems[ReadProblem::OutputNotUnderstood] = u64::from(answer.is_not_understood());
        }
    }

    /// What is known once the outcome is.
    pub(super) fn observed(&mut self, started_at: Timestamp, outcome: Outcome) -> Generated {
        let request = self.prompt.as_mut().and_then(|prompt| prompt.finish());
        let answer = &self.answer;
        let usage = answer.usage();
        let is_whole = outcome == Outcome::Complete && answer.verdict() == BodyVerdict::Whole;
        Generated {
            stream: answer.is_streamed().then(|| self.streamed(started_at, usage)),
            usage,
            finish: answer.facts.finish(),
            request,
            wants_stream: self.request.wants_stream,
            response: is_whole.then_some(ResponseFeatures {
                output_tokens: usage.output,
                finish: answer.facts.finish(),
                characters: answer.facts.characters,
            }),
        }
    }

    fn streamed(&self, started_at: Timestamp, usage: Usage) -> Streamed {
        let Answer { timeline, facts, .. } = &self.answer;
        let since = |moment: Option<Timestamp>| Some(moment?.microseconds_since(started_at));
        Streamed {
            first_token_microseconds: since(timeline.first),
            first_visible_token_microseconds: since(timeline.first_visible),
            last_token_microseconds: since(timeline.last),
            per_output_token_microseconds: timeline.per_token(usage, facts),
        }
    }
}
