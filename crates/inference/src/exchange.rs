//! One HTTP exchange, from the request's headers to the proxy's last word on it.
//!
//! An [`Exchange`] is given what happened and when; it asks for nothing and changes nothing. Rows, gaps and the model's
//! name leave it at once, through an [`ExchangeSink`]; all else is an [`Observation`] when it is over.
//!
//! ```text
//! start ── request_body* ── response_head ── response_body* ── response_end? ── finish ──▶ Observation
//!   └───────────────(client gone, upstream reset, refused)───────────────────────┘
//! ```
//!
//! Contract: call [`Exchange::finish`] exactly once; it takes the exchange. Any call may be missing before it.

mod body;
mod body_reader;
mod generation;
mod head;
mod name;
mod observation;
mod prediction;
mod rival;
mod sink;

pub use self::{
    head::{BodyHead, DOCUMENT_LENGTH, MESSAGE_ENCODING, RequestHead, ResponseHead},
    observation::{Generated, NAME_BYTES_MAX, Observation, ObservationKind, Predicted, Streamed},
    sink::{ExchangeSink, Progress, RowSink},
};

use alloc::boxed::Box;

use driftline_labels::{Direction, EnumMap, Operation, Outcome, ReadProblem, Unmeasured};
use driftline_statistics::time::Timestamp;
use driftline_wire::{
    encoding::{Codings, Encoding, Faults, MemoryBudget},
    json::JsonEnd,
};

pub(crate) use self::{
    body::{Body, problem},
    body_reader::BodyReader,
    name::ModelName,
};

use self::{generation::Generation, prediction::Prediction, rival::Rival};
use crate::{
    outcome::{BodyVerdict, ProxyVerdict, decide},
    recognition::{Dialect, Recognised},
};

/// How bodies are read, as a configuration has it; shared by all exchanges of a VM.
#[derive(Debug)]
pub struct ReadSettings {
    /// The longest event that a stream should have, and the most of a tensor that is held.
    pub event_bytes_max: u64,
    /// The codings that are read.
    pub codings: Codings,
    /// What is left for decoders, and for data that is held.
    pub memory: MemoryBudget,
    /// What is left for streams to remember an event by, so that they need not read those that repeat it.
    pub repeats: MemoryBudget,
    /// Whether requests to models that generate are read for what they are like.
    pub reads_prompts: bool,
}

/// An exchange in flight. Its memory is a few KiB, whatever either side sends, but for what decoders take, see
/// [`driftline_wire::encoding`], and for `event_bytes_max` of a tensor in JSON whose data comes before its name or shape.
#[derive(Debug)]
pub struct Exchange {
    started_at: Timestamp,
    route: Option<Box<[u8]>>,
    name: ModelName,
    status: Option<u16>,
    /// As the head or the trailers say it.
    grpc_status: Option<u32>,
    is_local_reply: bool,
    request: Body,
    response: Body,
    has_unexpected_content_type: bool,
    /// The path does not say whose it is.
    is_shared: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Generation(Box<Generation>),
    Prediction(Box<Prediction>),
}

/// What the proxy says when an exchange is over.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ProxyEnd {
    /// When it was.
    pub now: Timestamp,
    /// The proxy's own word on who ended it: see [`crate::outcome`].
    pub response_flags: u64,
    /// How often it asked an upstream, if it tells.
    pub upstream_attempts: Option<u64>,
}

impl Exchange {
    /// Bytes that an exchange has beside itself, by its kind: generation, prediction.
    pub const SIDES_BYTES: (usize, usize) = (size_of::<Generation>(), size_of::<Prediction>());

    /// Starts when the request's headers are known.
    pub fn start<'c>(
        settings: &ReadSettings,
        sink: &mut impl ExchangeSink<'c>,
        now: Timestamp,
        recognised: &Recognised<'_>,
        head: &RequestHead<'_>,
    ) -> Exchange {
        let mut name = ModelName::default();
        if let Some(model) = &recognised.model {
            name.set(model, recognised.version.as_deref(), |it| sink.progress(it));
        }
        let mut has_unexpected_content_type = false;
        let kind = match recognised.dialect {
            Dialect::Generative(dialect) => Kind::Generation(Generation::new(settings, dialect)),
            Dialect::Predictive(dialect) => {
                let prediction = Prediction::new(
                    settings,
                    sink,
                    recognised.is_declared,
                    dialect,
                    recognised.rows,
                    head.body,
                );
                has_unexpected_content_type = !prediction.reads_request();
                Kind::Prediction(Box::new(prediction))
            }
        };
        Exchange {
            started_at: now,
            route: head.route.map(|route| route.get(..NAME_BYTES_MAX).unwrap_or(route).into()),
            name,
            status: None,
            grpc_status: None,
            is_local_reply: false,
            request: Body::new(Encoding::of(head.body.content_encoding, settings.codings)),
            // Until a head says otherwise; bodies that are no answers are not decoded.
            response: Body::new(Encoding::None),
            has_unexpected_content_type,
            is_shared: recognised.is_shared,
            kind,
        }
    }

    /// Whether pieces of the request's body are read. If not, a host need not copy them.
    pub fn reads_request(&self) -> bool {
        let is_awaited = match &self.kind {
            Kind::Generation(_) => true,
            Kind::Prediction(prediction) => prediction.reads_request(),
        };
        is_awaited && self.request.wants_bytes()
    }

    /// Notes that this many bytes of a body came, read or not.
    pub fn note_bytes(&mut self, direction: Direction, bytes: usize) {
        let body = match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        };
        body.bytes = body.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Takes the next piece of the request's body.
    pub fn request_body<'c>(
        &mut self,
        settings: &ReadSettings,
        sink: &mut impl ExchangeSink<'c>,
        bytes: &[u8],
    ) {
        let Exchange { request, kind, name, .. } = self;
        request.read(&settings.memory, bytes, |bytes| match kind {
            Kind::Generation(generation) => generation.request_body(name, sink, bytes),
            Kind::Prediction(prediction) => prediction.request_body(name, sink, bytes),
        });
        self.yield_to_rival(sink, false);
    }

    /// Follows the exchange as one with a model that generates, if its request shows that it is one.
    #[inline(never)]
    fn yield_to_rival<'c>(&mut self, sink: &mut impl ExchangeSink<'c>, is_end: bool) {
        if let Kind::Prediction(prediction) = &mut self.kind
            && let Some(rival) = prediction.take_rival(is_end)
        {
            self.begin_anew(sink, *rival);
        }
    }

    fn begin_anew<'c>(&mut self, sink: &mut impl ExchangeSink<'c>, rival: Rival) {
        let Some((generation, name)) = rival.into_parts() else { return };
        sink.progress(Progress::Generates);
        // The path may name the model, and otherwise the body does.
        if self.name.model.as_ref().is_none_or(|model| model.is_empty()) {
            self.name = name;
        }
        if let Some(model) = &self.name.model {
            sink.progress(Progress::Named { model, version: None });
        }
        self.kind = Kind::Generation(generation);
    }

    /// Notes that the request came to its end, as against breaking off.
    pub fn request_end(&mut self) {
        self.request.end();
    }

    /// Takes the response's headers.
    pub fn response_head<'c>(
        &mut self,
        settings: &ReadSettings,
        sink: &mut impl ExchangeSink<'c>,
        head: &ResponseHead<'_>,
    ) {
        self.status = head.status;
        self.grpc_status = head.grpc_status;
        self.is_local_reply = head.is_local_reply;
        self.yield_to_rival(sink, true);
        if !head.is_answer() {
            return;
        }
        // Rows that are found in the answer to a request without any would count at once.
        if self.is_shared && self.request.is_over && self.kind.predicts() && self.kind.is_foreign()
        {
            return;
        }
        let encoding = Encoding::of(head.body.content_encoding, settings.codings);
        if encoding == Encoding::Unreadable {
            self.response.set_encoding(encoding);
            return;
        }
        let is_read = match &mut self.kind {
            Kind::Generation(generation) if !generation.may_read(head.body) => false,
            Kind::Generation(generation) => {
                generation.expect_answer(settings, head.body);
                true
            }
            Kind::Prediction(prediction) => prediction.expect_answer(settings, sink, head.body),
        };
        if is_read {
            self.response.set_encoding(encoding);
        } else {
            self.has_unexpected_content_type = true;
        }
    }

    /// Whether the proxy itself made the response.
    pub fn is_local_reply(&self) -> bool {
        self.is_local_reply
    }

    /// Whether pieces of the response's body are read, which its head decides: that of an error, a local reply, a
    /// foreign body, or one whose coding is not read is not. If not, a host need not copy them.
    pub fn reads_response(&self) -> bool {
        let is_awaited = match &self.kind {
            Kind::Generation(generation) => generation.reads_response(),
            Kind::Prediction(prediction) => prediction.reads_response(),
        };
        is_awaited && self.response.wants_bytes()
    }

    /// Takes the next piece of the response's body: exactly the bytes that are new.
    pub fn response_body<'c>(
        &mut self,
        settings: &ReadSettings,
        sink: &mut impl ExchangeSink<'c>,
        now: Timestamp,
        bytes: &[u8],
    ) {
        let Exchange { response, kind, name, .. } = self;
        response.read(&settings.memory, bytes, |bytes| match kind {
            Kind::Generation(generation) => generation.response_body(sink, now, bytes),
            Kind::Prediction(prediction) => prediction.response_body(name, sink, bytes),
        });
    }

    /// Takes the response's trailers, which are its end: their `grpc-status`, if there is one.
    pub fn response_trailers(&mut self, grpc_status: Option<u32>) {
        self.grpc_status = grpc_status.or(self.grpc_status);
        self.response_end();
    }

    /// Notes that the response came to its end, as against breaking off.
    pub fn response_end(&mut self) {
        self.response.end();
    }

    /// Ends the exchange: what is known of it. Costs no more than some hundred steps, whatever came.
    pub fn finish<'c>(mut self, sink: &mut impl ExchangeSink<'c>, end: &ProxyEnd) -> Observation {
        let request = self.kind.finish_request(&mut self.name, sink);
        let reached_end = self.response.is_read_to_its_end();
        let body = self.kind.finish_response(&mut self.name, sink, reached_end);
        let proxy = ProxyVerdict {
            flags: end.response_flags,
            is_local_reply: self.is_local_reply,
            status: self.status,
            grpc_status: self.grpc_status,
        };
        let outcome = decide(proxy, self.response.verdict(body));
        let read_problems = self.read_problems(request, outcome);
        // What a client breaks off could have been anything, and so could what is not read.
        let came = request != JsonEnd::Incomplete || self.request.is_over;
        let is_foreign = self.is_shared && came && self.kind.is_foreign();
        Observation {
            unmeasured: is_foreign.then_some(Unmeasured::UnknownForm),
            dialect: self.kind.dialect(),
            operation: self.kind.operation(),
            outcome,
            status: self.status,
            grpc_status: self.grpc_status,
            is_local_reply: self.is_local_reply,
            upstream_attempts: end.upstream_attempts,
            started_at: self.started_at,
            duration_microseconds: end.now.microseconds_since(self.started_at),
            request_bytes: self.request.bytes,
            response_bytes: self.response.bytes,
            read_problems,
            kind: self.kind.observed(self.started_at, outcome),
            model: self.name.model,
            version: self.name.version,
            route: self.route,
        }
    }

    /// What could not be read, whatever the kind.
    fn read_problems(&self, request: JsonEnd, outcome: Outcome) -> EnumMap<ReadProblem, u64> {
        let mut problems = EnumMap::from_array([0; ReadProblem::ALL.len()]);
        self.kind.note_problems(request, outcome, &mut problems);
        // A body that a client stops sending is not malformed; one that it ends too early is.
        let is_malformed = match request {
            JsonEnd::Malformed | JsonEnd::TooDeep => true,
            JsonEnd::Incomplete | JsonEnd::Empty => self.request.is_over,
            JsonEnd::Complete => false,
        };
        let is_malformed = is_malformed && self.request.has_bytes && self.request.is_read();
        problems[ReadProblem::RequestMalformed] = u64::from(is_malformed);
        problems[ReadProblem::UnexpectedContentType] = u64::from(self.has_unexpected_content_type);
        // Once, if both bodies have the same, or many parts of one.
        let of_body = |body: &Body, direction| {
            body.fault().map_or_else(|| self.kind.faults(direction), Faults::from)
        };
        let faults = of_body(&self.request, Direction::Request)
            .or(of_body(&self.response, Direction::Response));
        for fault in faults.iter() {
            problems[problem(fault)] = 1;
        }
        problems
    }
}

impl Kind {
    fn dialect(&self) -> &'static str {
        match self {
            Kind::Generation(generation) => generation.dialect.name,
            Kind::Prediction(prediction) => prediction.dialect.name,
        }
    }

    fn predicts(&self) -> bool {
        matches!(self, Kind::Prediction(_))
    }

    fn operation(&self) -> Operation {
        match self {
            Kind::Generation(generation) => generation.dialect.operation,
            Kind::Prediction(_) => Operation::Predict,
        }
    }

    /// Why there are parts of a body that were not read.
    fn faults(&self, direction: Direction) -> Faults {
        match self {
            Kind::Generation(_) => Faults::default(),
            Kind::Prediction(prediction) => prediction.faults(direction),
        }
    }

    /// Ends the request's body: whether it was a whole JSON document.
    fn finish_request<'c>(
        &mut self,
        name: &mut ModelName,
        sink: &mut impl ExchangeSink<'c>,
    ) -> JsonEnd {
        match self {
            Kind::Generation(generation) => generation.finish_request(),
            Kind::Prediction(prediction) => prediction.finish_request(name, sink),
        }
    }

    fn finish_response<'c>(
        &mut self,
        name: &mut ModelName,
        sink: &mut impl ExchangeSink<'c>,
        reached_end: bool,
    ) -> BodyVerdict {
        match self {
            Kind::Generation(generation) => generation.finish(sink, reached_end),
            Kind::Prediction(prediction) => prediction.finish(name, sink, reached_end),
        }
    }

    fn note_problems(
        &self,
        request: JsonEnd,
        outcome: Outcome,
        problems: &mut EnumMap<ReadProblem, u64>,
    ) {
        match self {
            Kind::Generation(generation) => generation.note_problems(outcome, problems),
            Kind::Prediction(prediction) => prediction.note_problems(request, problems),
        }
    }

    /// Whether neither body, as far as they came, is of a form that the dialect has.
    fn is_foreign(&self) -> bool {
        match self {
            Kind::Generation(generation) => generation.is_foreign(),
            Kind::Prediction(prediction) => prediction.is_foreign(),
        }
    }

    fn observed(&mut self, started_at: Timestamp, outcome: Outcome) -> ObservationKind {
        match self {
            Kind::Generation(generation) => {
                ObservationKind::Generation(generation.observed(started_at, outcome))
            }
            Kind::Prediction(prediction) => ObservationKind::Prediction(prediction.observed()),
        }
    }
}
