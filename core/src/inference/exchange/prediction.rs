//! An exchange with a model that predicts: rows are counted as they pass, whatever becomes of the exchange.

mod reading;
mod tally;

use self::reading::{Asked, Reading, Way};
use super::{RequestHead, ResponseHead};
use crate::{
    inference::{
        outcome::BodyVerdict,
        predictive::{Dialect, Reader},
    },
    metrics::buffer::MetricBuffer,
    monitor::{
        layout::{Monitor, PredictorId},
        model::{Model, ReadProblem},
        names::Named,
    },
};
use driftline_statistics::time::moment;
use driftline_wire::{
    encoding::{Encoding, Fault, Faults},
    json::JsonEnd,
};

/// The predicting side of an exchange.
#[derive(Debug)]
pub(super) struct Prediction {
    dialect: &'static Dialect,
    asked: Asked,
    /// `None` for a request whose body has no rows that could be read.
    request: Option<Reading>,
    /// `None` until a successful answer's head has come, and if its body is not read.
    answer: Option<Reading>,
    is_answer_malformed: bool,
}

impl Prediction {
    pub(super) fn new(
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        dialect: &'static Dialect,
        predictor: Option<PredictorId>,
        head: &RequestHead<'_>,
    ) -> Prediction {
        let asked = Asked {
            predictor: predictor.unwrap_or_default(),
            awaits_name: predictor.is_none().then(|| head.values.to_vec()),
            at: head.asked_at.map(moment::seconds),
        };
        let request = dialect.request.of(head.content_type).map(|form| {
            let (messages, body) = (head.message_encoding, head.content_encoding);
            let form = form
                .with_document_length(head.document_length)
                .with_message_encoding(Encoding::of_messages(messages, body, monitor.codings));
            let reader = Reader::new(form, &monitor.decoders, monitor.event_bytes_max);
            Reading::new(monitor, buffer, Way::Request, &asked, reader, head.values)
        });
        Prediction { dialect, asked, request, answer: None, is_answer_malformed: false }
    }

    /// Whether the request's body may have rows.
    pub(super) fn reads_request(&self) -> bool {
        self.request.is_some()
    }

    /// Takes the next piece of the request's body; gives the model, once, if it was for the body to name it.
    pub(super) fn request_body(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        bytes: &[u8],
    ) -> Option<Named> {
        let Prediction { request, asked, .. } = self;
        let awaited_name = asked.awaits_name.is_some();
        request.as_mut()?.read(monitor, buffer, Way::Request, asked, bytes);
        let is_named = awaited_name && asked.awaits_name.is_none();
        is_named.then(|| monitor.model_of(asked.predictor))
    }

    /// Ends the request's body, once.
    pub(super) fn finish_request(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
    ) -> JsonEnd {
        match &mut self.request {
            Some(request) => request.finish(monitor, buffer, Way::Request, &mut self.asked),
            // Nobody knows better.
            None => JsonEnd::Complete,
        }
    }

    /// From here on the response's body is an answer to be read; false if such a body has no rows that could be.
    pub(super) fn expect_answer(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        head: &ResponseHead<'_>,
    ) -> bool {
        self.answer = self.dialect.response.of(head.content_type).map(|form| {
            let (messages, body) = (head.message_encoding, head.content_encoding);
            let form = form
                .with_document_length(head.document_length)
                .with_message_encoding(Encoding::of_messages(messages, body, monitor.codings));
            let reader = Reader::new(form, &monitor.decoders, monitor.event_bytes_max);
            Reading::new(monitor, buffer, Way::Response, &self.asked, reader, head.values)
        });
        self.reads_response()
    }

    /// Whether the response's body is an answer.
    pub(super) fn reads_response(&self) -> bool {
        self.answer.is_some()
    }

    pub(super) fn response_body(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        bytes: &[u8],
    ) {
        if let Some(answer) = &mut self.answer {
            answer.read(monitor, buffer, Way::Response, &mut self.asked, bytes);
        }
    }

    /// Ends the answer. `reached_end` tells whether the proxy saw its end, or it broke off.
    pub(super) fn finish(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        reached_end: bool,
    ) -> BodyVerdict {
        let Some(answer) = &mut self.answer else {
            return BodyVerdict::Unreadable;
        };
        let ending = answer.finish(monitor, buffer, Way::Response, &mut self.asked);
        if answer.reader.has_error() {
            return BodyVerdict::Error;
        }
        let gap = answer.reader.compressed().and_then(|compressed| compressed.gap());
        match ending {
            // Not a byte came, as with status 204: nothing is missing from it.
            JsonEnd::Empty if reached_end => BodyVerdict::Empty,
            JsonEnd::Empty | JsonEnd::Incomplete => BodyVerdict::Partial,
            // More could have come, and nobody knows.
            JsonEnd::Complete if answer.reader.is_open_ended() && !reached_end => {
                BodyVerdict::Partial
            }
            JsonEnd::Complete => match gap {
                Some(Fault::Malformed) => BodyVerdict::Partial,
                // Nobody knows what else the message says.
                Some(_) => BodyVerdict::Unreadable,
                None if answer.tally.rows != 0 => BodyVerdict::Whole,
                None => BodyVerdict::Empty,
            },
            JsonEnd::Malformed | JsonEnd::TooDeep => {
                self.is_answer_malformed = true;
                BodyVerdict::Empty
            }
        }
    }

    /// Why parts of the request, and of the answer, were not decoded or not held.
    pub(super) fn faults(&self) -> [Faults; 2] {
        [&self.request, &self.answer].map(|reading| {
            reading.as_ref().map(|reading| reading.reader.faults()).unwrap_or_default()
        })
    }

    /// Counts what only this kind of exchange can lack.
    pub(super) fn record(&self, model: &Model, buffer: &mut MetricBuffer, request: JsonEnd) {
        let lacks_rows = self.request.as_ref().is_some_and(|request| {
            let has_gaps = request.reader.compressed().is_some_and(|found| found.gap().is_some());
            !request.reader.has_rows() && !has_gaps
        });
        let lacks_rows = request == JsonEnd::Complete && lacks_rows;
        model.count_problem(buffer, ReadProblem::InstancesMissing, u64::from(lacks_rows));
        for body in [&self.request, &self.answer].into_iter().flatten() {
            model.count_problem(buffer, ReadProblem::EventTooLarge, body.reader.too_large());
        }
        let is_malformed = u64::from(self.is_answer_malformed);
        model.count_problem(buffer, ReadProblem::ResponseMalformed, is_malformed);
    }
}
