//! One HTTP exchange, from the request's headers to the proxy's last word on it.
//!
//! An [`Exchange`] is told what happened and when; it asks for nothing and changes nothing. What can be counted
//! at once goes to the buffer at once (rows, gaps, requests in flight), the rest when it is over.
//!
//! ```text
//! start ── request_body* ── response_head ── load_report? ── response_body* ── load_report? ── response_end? ── finish
//!   └──────────────(client gone, upstream reset, refused)────────────────────────────────────────────────────────┘
//! ```
//!
//! Contract: call [`Exchange::finish`] exactly once; it takes the exchange. Any call may be missing before it.
//! After each call answer the [`Exchange::admission_request`] that it may leave.

mod body;
mod generating;
mod head;
mod prediction;
mod recognition;
#[cfg(test)]
mod tests;

pub use self::head::{DOCUMENT_LENGTH, MESSAGE_ENCODING, RequestHead, ResponseHead};

use alloc::boxed::Box;

use self::{
    body::{Body, problem},
    generating::Generation,
    prediction::Prediction,
    recognition::{Recognised, recognise},
};
use crate::{
    inference::{
        load::{Malformed, Report, ReportHeaders},
        outcome::{Outcome, ProxyVerdict, decide},
    },
    metrics::buffer::MetricBuffer,
    monitor::{
        label_table::SeriesKey,
        layout::{ModelId, Monitor},
        model::{Model, ReadProblem},
        names::Named,
        registry::AdmissionRequest,
    },
};
use driftline_statistics::time::Timestamp;
use driftline_wire::{
    encoding::{Encoding, Faults},
    json::JsonEnd,
};

/// An exchange in flight. Its memory is less than 4 KiB, whatever either side sends, but for what decoders take, see
/// [`crate::encoding`], and for `event_bytes_max` of a tensor in JSON whose data comes before its name or shape.
#[derive(Debug)]
pub struct Exchange {
    started_at: Timestamp,
    route: Named,
    /// Known once the request named it; then the exchange counts as in flight.
    model: Option<ModelId>,
    /// The request named a model that may get series of its own.
    admission_request: Option<Box<AdmissionRequest>>,
    status: Option<u16>,
    /// As the head or the trailers say it.
    grpc_status: Option<u32>,
    is_local_reply: bool,
    request: Body,
    response: Body,
    has_unexpected_content_type: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Generation(Box<Generation>),
    Prediction(Box<Prediction>),
}

impl Exchange {
    /// Starts when the request's headers are known; `None`, and counted, if they speak no dialect
    /// of ours or are no POST: such a stream needs no further call.
    pub fn start(
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        now: Timestamp,
        head: &RequestHead<'_>,
    ) -> Option<Exchange> {
        let (kind, model) = match recognise(monitor, head) {
            Ok(Recognised::Generation { dialect, model }) => {
                (Kind::Generation(Box::new(Generation::new(monitor, dialect))), model)
            }
            Ok(Recognised::Prediction { dialect, predictor }) => {
                let prediction = Prediction::new(monitor, buffer, dialect, predictor, head);
                let model = predictor.map(|predictor| monitor.model_of(predictor));
                (Kind::Prediction(Box::new(prediction)), model)
            }
            Err(reason) => {
                monitor.count_unmeasured(buffer, reason);
                return None;
            }
        };
        let has_unexpected_content_type = match &kind {
            Kind::Generation(_) => false,
            Kind::Prediction(prediction) => !prediction.reads_request(),
        };
        let mut exchange = Exchange {
            started_at: now,
            route: monitor.route(head.route),
            model: None,
            admission_request: None,
            status: None,
            grpc_status: None,
            is_local_reply: false,
            request: Body::new(Encoding::of(head.content_encoding, monitor.codings)),
            // Until a head says otherwise; bodies that are no answers are not decoded.
            response: Body::new(Encoding::None),
            has_unexpected_content_type,
            kind,
        };
        if let Some(model) = model {
            exchange.name_model(monitor, buffer, &model);
        }
        Some(exchange)
    }

    /// Whether pieces of the request's body are read. If not, a host need not copy them to hand them over.
    pub fn reads_request(&self) -> bool {
        let is_awaited = match &self.kind {
            Kind::Generation(_) => true,
            Kind::Prediction(prediction) => prediction.reads_request(),
        };
        is_awaited && self.request.wants_bytes()
    }

    /// Someone whom the exchange asks to be counted under, to be looked up in a [`LabelTable`](crate::monitor::label_table::LabelTable).
    #[must_use]
    pub fn admission_request(&self) -> Option<&SeriesKey> {
        Some(&self.admission_request.as_ref()?.series_key)
    }

    /// Grants the admission_request, or refuses it for good: then the exchange is counted as one of the others.
    pub fn answer_admission(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        granted: Option<ModelId>,
    ) {
        if let Some(admission_request) = self.admission_request.take() {
            self.count_under(monitor, buffer, granted.unwrap_or(admission_request.fallback));
        }
    }

    /// Takes note that no name can come any more. Without one the exchange counts as none of the admitted models.
    pub fn end_naming(&mut self, monitor: &Monitor, buffer: &mut MetricBuffer) {
        self.name_model(monitor, buffer, &Named::OTHER);
    }

    /// Takes the next piece of the request's body.
    pub fn request_body(&mut self, monitor: &Monitor, buffer: &mut MetricBuffer, bytes: &[u8]) {
        let Exchange { request, kind, .. } = self;
        let mut found = None;
        request.read(&monitor.decoders, bytes, |bytes| {
            let named = match kind {
                Kind::Generation(generation) => generation.request_body(monitor, bytes),
                Kind::Prediction(prediction) => prediction.request_body(monitor, buffer, bytes),
            };
            // The first name holds.
            found = found.take().or(named);
        });
        if let Some(model) = found {
            self.name_model(monitor, buffer, &model);
        }
    }

    /// Takes note that the request came to its end, as against breaking off.
    pub fn request_end(&mut self) {
        self.request.end();
    }

    /// Takes note of the response's headers.
    ///
    /// A model that was not named by now is counted as none of the admitted ones.
    pub fn response_head(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        head: &ResponseHead<'_>,
    ) {
        self.end_naming(monitor, buffer);
        self.status = head.status;
        self.grpc_status = head.grpc_status;
        self.is_local_reply = head.is_local_reply;
        if !head.is_answer() {
            return;
        }
        let encoding = Encoding::of(head.content_encoding, monitor.codings);
        if encoding == Encoding::Unreadable {
            self.response = Body::new(encoding);
            return;
        }
        let is_read = match &mut self.kind {
            Kind::Generation(_) if !head.is_text() => false,
            Kind::Generation(generation) => {
                generation.expect_answer(head, monitor.event_bytes_max);
                true
            }
            Kind::Prediction(prediction) => prediction.expect_answer(monitor, buffer, head),
        };
        if is_read {
            self.response = Body::new(encoding);
        } else {
            self.has_unexpected_content_type = true;
        }
    }

    /// Takes note of what the model server says about its load, in the headers or in the trailers of its response.
    ///
    /// Call it once the admission_request is answered, so that it is known whom the report is about; of an open one nothing is taken.
    pub fn load_report(
        &self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        headers: &ReportHeaders<'_>,
    ) {
        let Some(model) = self.model.and_then(|id| monitor.model(id)) else { return };
        // What the proxy says in a server's place has no report; a header that looks like one is somebody else's.
        if self.is_local_reply {
            return;
        }
        match Report::read(headers) {
            None => {}
            Some(Ok(report)) => model.set_load(buffer, &report),
            Some(Err(Malformed)) => {
                model.count_problem(buffer, ReadProblem::LoadReportMalformed, 1);
            }
        }
    }

    /// Whether pieces of the response's body are read, which its head decides: that of an error, a local reply, a
    /// foreign body, or one whose coding is not read is not. If not, a host need not copy them to hand them over.
    pub fn reads_response(&self) -> bool {
        let is_awaited = match &self.kind {
            Kind::Generation(generation) => generation.reads_response(),
            Kind::Prediction(prediction) => prediction.reads_response(),
        };
        is_awaited && self.response.wants_bytes()
    }

    /// Takes the next piece of the response's body: exactly the bytes that are new.
    pub fn response_body(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        now: Timestamp,
        bytes: &[u8],
    ) {
        let Exchange { response, kind, model, .. } = self;
        response.read(&monitor.decoders, bytes, |bytes| match kind {
            Kind::Generation(generation) => {
                let series = model.and_then(|id| monitor.model(id)?.generation.as_ref());
                generation.response_body(series, buffer, now, bytes);
            }
            Kind::Prediction(prediction) => {
                prediction.response_body(monitor, buffer, bytes);
            }
        });
    }

    /// Takes note of the response's trailers, which are its end: their `grpc-status`, if there is one.
    pub fn response_trailers(&mut self, grpc_status: Option<u32>) {
        self.grpc_status = grpc_status.or(self.grpc_status);
        self.response_end();
    }

    /// Takes note that the response came to its end, as against breaking off.
    pub fn response_end(&mut self) {
        self.response.end();
    }

    /// Ends the exchange and counts it under its one outcome.
    ///
    /// A name or a admission_request that is still open counts as one of the others: call [`Exchange::end_naming`] before, and answer.
    /// `response_flags` are the proxy's own word on who ended it: see [`crate::outcome`].
    pub fn finish(
        mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        now: Timestamp,
        response_flags: u64,
    ) -> Outcome {
        self.end_naming(monitor, buffer);
        self.answer_admission(monitor, buffer, None);
        let request = self.kind.finish_request(monitor, buffer);
        let model = self.model.and_then(|id| monitor.model(id));
        let reached_end = self.response.is_read_to_its_end();
        let body = match &mut self.kind {
            Kind::Generation(generation) => {
                let series = model.and_then(|model| model.generation.as_ref());
                generation.finish(series, buffer, reached_end)
            }
            Kind::Prediction(prediction) => prediction.finish(monitor, buffer, reached_end),
        };
        let proxy = ProxyVerdict {
            flags: response_flags,
            is_local_reply: self.is_local_reply,
            status: self.status,
            grpc_status: self.grpc_status,
        };
        let outcome = decide(proxy, self.response.verdict(body));
        if let Some(model) = model {
            buffer.shift(model.in_flight, -1);
            model.count_request(buffer, outcome, now.microseconds_since(self.started_at));
            self.count_problems(model, buffer, request);
            let features = self.model.and_then(|id| monitor.features(id));
            match &mut self.kind {
                Kind::Generation(generation) => {
                    generation.record(model, buffer, self.started_at, outcome);
                    if let Some(features) = features {
                        generation.record_features(features, buffer, outcome);
                    }
                }
                Kind::Prediction(prediction) => prediction.record(model, buffer, request),
            }
        }
        outcome
    }

    /// Counts what could not be read, whatever the kind.
    fn count_problems(&self, model: &Model, buffer: &mut MetricBuffer, request: JsonEnd) {
        // A body that a client stops sending is not malformed; one that it ends too early is.
        let is_malformed = match request {
            JsonEnd::Malformed | JsonEnd::TooDeep => true,
            JsonEnd::Incomplete | JsonEnd::Empty => self.request.is_over,
            JsonEnd::Complete => false,
        };
        let is_malformed = is_malformed && self.request.has_bytes && self.request.is_read();
        let problems = [
            is_malformed.then_some(ReadProblem::RequestMalformed),
            self.has_unexpected_content_type.then_some(ReadProblem::UnexpectedContentType),
        ];
        for problem in problems.into_iter().flatten() {
            model.count_problem(buffer, problem, 1);
        }
        // Once, if both bodies have the same, or many parts of one.
        let mut faults = Faults::default();
        for (body, of_parts) in [&self.request, &self.response].into_iter().zip(self.kind.faults())
        {
            match body.fault() {
                Some(fault) => faults.extend([fault]),
                None => faults.extend(of_parts.iter()),
            }
        }
        for fault in faults.iter() {
            model.count_problem(buffer, problem(fault), 1);
        }
    }

    /// The first name holds: a body that repeats the key must not count twice.
    fn name_model(&mut self, monitor: &Monitor, buffer: &mut MetricBuffer, model: &Named) {
        if self.model.is_some() || self.admission_request.is_some() {
            return;
        }
        match monitor.model_on(model, &self.route) {
            Ok(id) => self.count_under(monitor, buffer, id),
            Err(admission_request) => self.admission_request = Some(Box::new(admission_request)),
        }
    }

    fn count_under(&mut self, monitor: &Monitor, buffer: &mut MetricBuffer, id: ModelId) {
        self.model = Some(id);
        if let Some(model) = monitor.model(id) {
            buffer.shift(model.in_flight, 1);
        }
    }
}

impl Kind {
    /// Why there are parts that were not read, of the request's body, and of the response's.
    fn faults(&self) -> [Faults; 2] {
        match self {
            Kind::Generation(_) => [Faults::default(); 2],
            Kind::Prediction(prediction) => prediction.faults(),
        }
    }

    /// Ends the request's body: whether it was a whole JSON document.
    fn finish_request(&mut self, monitor: &Monitor, buffer: &mut MetricBuffer) -> JsonEnd {
        match self {
            Kind::Generation(generation) => generation.finish_request(),
            Kind::Prediction(prediction) => prediction.finish_request(monitor, buffer),
        }
    }
}
