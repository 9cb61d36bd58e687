//! An exchange with a model that predicts: rows are counted as they pass, whatever becomes of the exchange.

mod tally;

use alloc::{boxed::Box, vec::Vec};

use self::tally::Tally;
use super::{RequestHead, ResponseHead};
use crate::{
    ledger::Ledger,
    model::{Model, PredictionSeries, ReadProblem, Sources},
    monitor::{Monitor, PredictorId},
    names::Named,
    outcome::BodyVerdict,
    prediction::{Cell, Columns, Dialect, PathReader, Reader},
    series::SeriesId,
    time::moment,
    wire::json::Ending,
};

/// The predicting side of an exchange.
#[derive(Debug)]
pub(super) struct Prediction {
    dialect: &'static Dialect,
    /// The one of all other models until the body names one, if the path does not.
    predictor: PredictorId,
    /// When the request came, in seconds since 1970, if that is known.
    asked_at: Option<f64>,
    /// While the body has to name the model: the request's headers that are looked for then.
    awaits_name: Option<Vec<Option<Vec<u8>>>>,
    /// `None` for a request whose body has no rows that could be read.
    request: Option<Reading>,
    /// `None` until a successful answer's head has come, and if its body is not read.
    answer: Option<Reading>,
    is_answer_malformed: bool,
}

/// A body with its reader and what it brought.
#[derive(Debug)]
struct Reading {
    reader: Reader,
    /// Reads the same bytes once more, where a configuration looks for something by path.
    paths: Option<Box<PathReader>>,
    tally: Tally,
}

/// Which body it is.
#[derive(Clone, Copy, Debug)]
enum Way {
    Request,
    Response,
}

impl Prediction {
    pub(super) fn new(
        monitor: &Monitor,
        ledger: &mut Ledger,
        dialect: &'static Dialect,
        predictor: Option<PredictorId>,
        head: &RequestHead<'_>,
    ) -> Prediction {
        let awaits_name = predictor.is_none().then(|| head.values.to_vec());
        let predictor = predictor.unwrap_or_default();
        let asked_at = head.asked_at.map(moment::seconds);
        let series = monitor.predictor(predictor).filter(|_| awaits_name.is_none());
        let request = dialect.request.of(head.content_type).map(|form| {
            let form = form.with_document_length(head.document_length);
            let mut request = Reading::new(series, Way::Request, Reader::new(form), asked_at);
            request.head(series, Way::Request, ledger, monitor.request_headers(), head.values);
            request
        });
        let is_answer_malformed = false;
        Prediction {
            dialect,
            predictor,
            asked_at,
            awaits_name,
            request,
            answer: None,
            is_answer_malformed,
        }
    }

    /// Whether the request's body may have rows.
    pub(super) fn reads_request(&self) -> bool {
        self.request.is_some()
    }

    /// Takes the next piece of the request's body; gives the model, once, if it was for the body to name it.
    pub(super) fn request_body(
        &mut self,
        monitor: &Monitor,
        ledger: &mut Ledger,
        bytes: &[u8],
    ) -> Option<Named> {
        let request = self.request.as_mut()?;
        let (mut rest, mut found) = (bytes, None);
        if let Some(values) = &self.awaits_name {
            rest = request.reader.read_name(bytes);
            let (model, version) = request.reader.named()?;
            let version = Some(version).filter(|version| !version.is_empty());
            self.predictor = monitor.predicting_model(model, version);
            found = Some(monitor.model_of(self.predictor));
            let series = monitor.predictor(self.predictor);
            request.tally = Tally::new(series, self.asked_at);
            request.head(series, Way::Request, ledger, monitor.request_headers(), values);
            self.awaits_name = None;
        }
        request.read(monitor.predictor(self.predictor), Way::Request, ledger, rest);
        found
    }

    /// Ends the request's body, once.
    pub(super) fn finish_request(&mut self, monitor: &Monitor, ledger: &mut Ledger) -> Ending {
        match &mut self.request {
            Some(request) => {
                request.finish(monitor.predictor(self.predictor), Way::Request, ledger)
            }
            // Nobody knows better.
            None => Ending::Complete,
        }
    }

    /// From here on the response's body is an answer to be read; false if such a body has no rows that could be.
    pub(super) fn expect_answer(
        &mut self,
        monitor: &Monitor,
        ledger: &mut Ledger,
        head: &ResponseHead<'_>,
    ) -> bool {
        let series = monitor.predictor(self.predictor);
        self.answer = self.dialect.response.of(head.content_type).map(|form| {
            let form = form.with_document_length(head.document_length);
            let reader = Reader::new(form);
            let mut answer = Reading::new(series, Way::Response, reader, self.asked_at);
            answer.head(series, Way::Response, ledger, monitor.response_headers(), head.values);
            answer
        });
        self.reads_response()
    }

    /// Whether the response's body is an answer.
    pub(super) fn reads_response(&self) -> bool {
        self.answer.is_some()
    }

    pub(super) fn response_body(&mut self, monitor: &Monitor, ledger: &mut Ledger, bytes: &[u8]) {
        if let Some(answer) = &mut self.answer {
            answer.read(monitor.predictor(self.predictor), Way::Response, ledger, bytes);
        }
    }

    /// Ends the answer. `reached_end` tells whether the proxy saw its end, or it broke off.
    pub(super) fn finish(
        &mut self,
        monitor: &Monitor,
        ledger: &mut Ledger,
        reached_end: bool,
    ) -> BodyVerdict {
        let Some(answer) = &mut self.answer else {
            return BodyVerdict::Unreadable;
        };
        let ending = answer.finish(monitor.predictor(self.predictor), Way::Response, ledger);
        if answer.reader.has_error() {
            return BodyVerdict::Error;
        }
        match ending {
            // Not a byte came, as with status 204: nothing is missing from it.
            Ending::Empty if reached_end => BodyVerdict::Empty,
            Ending::Empty | Ending::Incomplete => BodyVerdict::Partial,
            // More could have come, and nobody knows.
            Ending::Complete if answer.reader.is_open_ended() && !reached_end => {
                BodyVerdict::Partial
            }
            Ending::Complete if answer.tally.rows != 0 => BodyVerdict::Whole,
            Ending::Complete if answer.reader.has_compressed() => BodyVerdict::Unreadable,
            Ending::Complete => BodyVerdict::Empty,
            Ending::Malformed | Ending::TooDeep => {
                self.is_answer_malformed = true;
                BodyVerdict::Empty
            }
        }
    }

    /// Counts what only this kind of exchange can lack.
    pub(super) fn record(&self, model: &Model, ledger: &mut Ledger, request: Ending) {
        let has_compressed = |reading: &Option<Reading>| {
            reading.as_ref().is_some_and(|reading| reading.reader.has_compressed())
        };
        let has_compressed = has_compressed(&self.request) || has_compressed(&self.answer);
        model.count_problem(ledger, ReadProblem::EncodedBody, u64::from(has_compressed));
        let has_rows = self
            .request
            .as_ref()
            .is_none_or(|request| request.reader.has_rows() || request.reader.has_compressed());
        let lacks_rows = request == Ending::Complete && !has_rows;
        model.count_problem(ledger, ReadProblem::InstancesMissing, u64::from(lacks_rows));
        let is_malformed = u64::from(self.is_answer_malformed);
        model.count_problem(ledger, ReadProblem::ResponseMalformed, is_malformed);
    }
}

impl Reading {
    fn new(
        series: Option<&PredictionSeries>,
        way: Way,
        reader: Reader,
        asked_at: Option<f64>,
    ) -> Reading {
        let has_paths = series.is_some_and(|series| !way.sources(series).paths.is_empty());
        let paths = has_paths.then(|| Box::new(PathReader::new()));
        Reading { reader, paths, tally: Tally::new(series, asked_at) }
    }

    /// Takes the headers with these names and values.
    fn head(
        &mut self,
        series: Option<&PredictionSeries>,
        way: Way,
        ledger: &mut Ledger,
        names: &[Box<str>],
        values: &[Option<Vec<u8>>],
    ) {
        let Some(series) = series else { return };
        for (column, name) in &way.sources(series).headers {
            let position = names.iter().position(|known| known == name);
            let value = position.and_then(|position| values.get(position)?.as_deref());
            match value {
                Some(value) => self.tally.count(series, ledger, *column, Cell::Written(value)),
                None => self.tally.count_missing(series, ledger, *column),
            }
        }
    }

    fn read(
        &mut self,
        series: Option<&PredictionSeries>,
        way: Way,
        ledger: &mut Ledger,
        bytes: &[u8],
    ) {
        let Some(series) = series else { return };
        let Reading { reader, paths, tally } = self;
        let (sources, rows) = (way.sources(series), way.rows(series));
        reader.read(bytes, &sources.columns, &mut |event| tally.take(series, rows, ledger, event));
        if let Some(paths) = paths {
            paths.read(bytes, &sources.paths, &mut |column, cell| {
                tally.count(series, ledger, column, cell);
            });
        }
    }

    fn finish(
        &mut self,
        series: Option<&PredictionSeries>,
        way: Way,
        ledger: &mut Ledger,
    ) -> Ending {
        let Some(series) = series else {
            return self.reader.finish(&Columns::default(), &mut |_| ());
        };
        let Reading { reader, paths: _, tally } = self;
        let (sources, rows) = (way.sources(series), way.rows(series));
        let ending =
            reader.finish(&sources.columns, &mut |event| tally.take(series, rows, ledger, event));
        tally.close(series, sources, ledger, ending);
        ending
    }
}

impl Way {
    /// What is looked for.
    fn sources(self, series: &PredictionSeries) -> &Sources {
        match self {
            Way::Request => &series.request,
            Way::Response => &series.response,
        }
    }

    /// The counter of rows.
    fn rows(self, series: &PredictionSeries) -> SeriesId {
        match self {
            Way::Request => series.instances,
            Way::Response => series.predictions,
        }
    }
}
