//! An exchange with a model that predicts: rows go to the sink as they pass, whatever becomes of the exchange.

use alloc::boxed::Box;

use driftline_labels::{Direction, EnumMap, ReadProblem};
use driftline_wire::{
    encoding::{Encoding, Fault, Faults},
    json::JsonEnd,
};

use super::{
    BodyHead, ExchangeSink, Predicted, ReadSettings, body_reader::BodyReader, name::ModelName,
    rival::Rival,
};
use crate::{
    outcome::BodyVerdict,
    predictive::{Dialect, Forms, Reader, RowPath},
    recognition::RowPaths,
};

/// The predicting side of an exchange.
#[derive(Debug)]
pub(super) struct Prediction {
    pub(super) dialect: &'static Dialect,
    /// `None` for a request whose body has no rows that could be read.
    request: Option<BodyReader>,
    /// Reads the same bytes once more, where models that generate answer at the same path.
    rival: Option<Box<Rival>>,
    /// `None` until a successful answer's head has come, and if its body is not read.
    answer: Option<BodyReader>,
    is_answer_malformed: bool,
    /// Where bodies have their rows, if the dialect leaves that open.
    rows: Option<RowPaths>,
}

impl BodyHead<'_> {
    /// The reader of such a body, which looks for rows of a document at this path if one is declared; `None` if it has no
    /// rows that could be read.
    pub(crate) fn reader(
        &self,
        forms: &Forms,
        settings: &ReadSettings,
        path: Option<&RowPath>,
    ) -> Option<Reader> {
        let form = forms.of(self.content_type)?;
        let messages =
            Encoding::of_messages(self.message_encoding, self.content_encoding, settings.codings);
        let form = form.with_document_length(self.document_length).with_message_encoding(messages);
        let mut reader = Reader::new(form, &settings.memory, settings.event_bytes_max);
        if let Some(path) = path {
            reader.look_at(path);
        }
        Some(reader)
    }
}

impl Prediction {
    pub(super) fn new<'c>(
        settings: &ReadSettings,
        sink: &mut impl ExchangeSink<'c>,
        is_declared: bool,
        dialect: &'static Dialect,
        rows: Option<&RowPaths>,
        head: BodyHead<'_>,
    ) -> Prediction {
        let request = head
            .reader(&dialect.request, settings, rows.map(|rows| &rows.request))
            .map(|reader| BodyReader::begin(Direction::Request, reader, sink));
        let rivals = dialect.rivals.filter(|_| !is_declared && request.is_some());
        let rival = rivals.map(|rivals| Box::new(Rival::new(*rivals)));
        Prediction {
            dialect,
            request,
            rival,
            answer: None,
            is_answer_malformed: false,
            rows: rows.cloned(),
        }
    }

    /// Whether the request's body may have rows.
    pub(super) fn reads_request(&self) -> bool {
        self.request.is_some()
    }

    pub(super) fn request_body<'c>(
        &mut self,
        name: &mut ModelName,
        sink: &mut impl ExchangeSink<'c>,
        bytes: &[u8],
    ) {
        if let Some(request) = &mut self.request {
            request.read(name, sink, bytes);
        }
        if let Some(rival) = &mut self.rival {
            rival.read(bytes);
        }
    }

    /// The request in the dialect of a model that generates, if that is what it is: what only such requests have came, or, at
    /// its end, what such requests have, and no row.
    pub(super) fn take_rival(&mut self, is_end: bool) -> Option<Box<Rival>> {
        let rows = self.request.as_ref().map_or(0, |request| request.rows);
        let rival = self.rival.as_ref()?;
        if rival.is_certain() || (is_end && rows == 0 && rival.is_likely()) {
            return self.rival.take();
        }
        None
    }

    /// Ends the request's body, once.
    pub(super) fn finish_request<'c>(
        &mut self,
        name: &mut ModelName,
        sink: &mut impl ExchangeSink<'c>,
    ) -> JsonEnd {
        // A body that is not read could be anything.
        self.request.as_mut().map_or(JsonEnd::Complete, |request| request.finish(name, sink))
    }

    /// From here on the response's body is an answer to be read; false if such a body has no rows that could be.
    pub(super) fn expect_answer<'c>(
        &mut self,
        settings: &ReadSettings,
        sink: &mut impl ExchangeSink<'c>,
        head: BodyHead<'_>,
    ) -> bool {
        self.answer = head
            .reader(&self.dialect.response, settings, self.rows.as_ref().map(|rows| &rows.response))
            .map(|reader| BodyReader::begin(Direction::Response, reader, sink));
        self.reads_response()
    }

    /// Whether the response's body is an answer.
    pub(super) fn reads_response(&self) -> bool {
        self.answer.is_some()
    }

    pub(super) fn response_body<'c>(
        &mut self,
        name: &mut ModelName,
        sink: &mut impl ExchangeSink<'c>,
        bytes: &[u8],
    ) {
        if let Some(answer) = &mut self.answer {
            answer.read(name, sink, bytes);
        }
    }

    /// Ends the answer. `reached_end` tells whether the proxy saw its end, or it broke off.
    pub(super) fn finish<'c>(
        &mut self,
        name: &mut ModelName,
        sink: &mut impl ExchangeSink<'c>,
        reached_end: bool,
    ) -> BodyVerdict {
        let Some(answer) = &mut self.answer else {
            return BodyVerdict::Unreadable;
        };
        let end = answer.finish(name, sink);
        if answer.reader.has_error() {
            return BodyVerdict::Error;
        }
        let gap = answer.reader.compressed().and_then(|compressed| compressed.gap());
        match end {
            // Not a byte came, as with status 204: nothing is missing from it.
            JsonEnd::Empty if reached_end => BodyVerdict::Empty,
            JsonEnd::Empty | JsonEnd::Incomplete => BodyVerdict::Partial,
            // More could have come.
            JsonEnd::Complete if answer.reader.is_open_ended() && !reached_end => {
                BodyVerdict::Partial
            }
            JsonEnd::Complete => match gap {
                Some(Fault::Malformed) => BodyVerdict::Partial,
                // What else the message says is unknown.
                Some(_) => BodyVerdict::Unreadable,
                None if answer.rows != 0 => BodyVerdict::Whole,
                None => BodyVerdict::Empty,
            },
            JsonEnd::Malformed | JsonEnd::TooDeep => {
                self.is_answer_malformed = true;
                BodyVerdict::Empty
            }
        }
    }

    /// Why parts of the body of this direction were not decoded or not held.
    pub(super) fn faults(&self, direction: Direction) -> Faults {
        let body = match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.answer,
        };
        body.as_ref().map(|body| body.reader.faults()).unwrap_or_default()
    }

    /// Whether the request has no rows, and the answer no place for any.
    pub(super) fn is_foreign(&self) -> bool {
        let has_rows = self.request.as_ref().is_some_and(|request| request.rows != 0);
        let has_place = self.answer.as_ref().is_some_and(BodyReader::has_rows);
        self.request.is_some() && !has_rows && !has_place
    }

    /// Notes what only this kind of exchange can lack.
    pub(super) fn note_problems(&self, request: JsonEnd, problems: &mut EnumMap<ReadProblem, u64>) {
        let lacks_rows = self.request.as_ref().is_some_and(|request| {
            let has_gaps = request.reader.compressed().is_some_and(|found| found.gap().is_some());
            !request.reader.has_rows() && !has_gaps
        });
        let lacks_rows = request == JsonEnd::Complete && lacks_rows;
        problems[ReadProblem::InstancesMissing] = u64::from(lacks_rows);
        let too_large = [&self.request, &self.answer].into_iter().flatten();
        problems[ReadProblem::EventTooLarge] =
            too_large.fold(0, |sum, body| sum.saturating_add(body.reader.too_large()));
        problems[ReadProblem::ResponseMalformed] = u64::from(self.is_answer_malformed);
    }

    /// The rows of both bodies.
    pub(super) fn observed(&self) -> Predicted {
        let rows = |body: &Option<BodyReader>| body.as_ref().map_or(0, |body| body.rows);
        Predicted { instances: rows(&self.request), predictions: rows(&self.answer) }
    }
}
