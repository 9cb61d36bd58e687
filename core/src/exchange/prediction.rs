//! An exchange with a model that predicts: rows are counted as they pass, whatever becomes of the exchange.

use crate::{
    ledger::Ledger,
    model::{Model, PredictionSeries, ReadProblem},
    monitor::PredictorId,
    outcome::BodyVerdict,
    prediction::{Answers, Cell, INSTANCES, InBin, RowEvent, Rows},
    wire::json::Ending,
};

/// The predicting side of an exchange.
#[derive(Debug)]
pub(super) struct Prediction {
    pub(super) predictor: PredictorId,
    request: Rows,
    /// `None` until a successful answer's head has come, and if its body is not read.
    answer: Option<Answers>,
    predictions: u64,
    is_answer_malformed: bool,
}

impl Prediction {
    pub(super) fn new(predictor: PredictorId) -> Prediction {
        Prediction {
            predictor,
            request: Rows::new(INSTANCES),
            answer: None,
            predictions: 0,
            is_answer_malformed: false,
        }
    }

    pub(super) fn request_body(
        &mut self,
        series: Option<&PredictionSeries>,
        ledger: &mut Ledger,
        bytes: &[u8],
    ) {
        let Some(series) = series else {
            return;
        };
        self.request.read(bytes, series, &mut |event| match event {
            RowEvent::Cell(column, cell) => {
                if let Some(feature) = series.features.get(column) {
                    feature.count(ledger, feature.place(cell));
                }
            }
            RowEvent::Missing(column, rows) => {
                if let Some(feature) = series.features.get(column) {
                    feature.count_missing(ledger, rows);
                }
            }
            RowEvent::End { .. } => ledger.add(series.instances, 1),
        });
    }

    pub(super) fn finish_request(&mut self) -> Ending {
        self.request.finish()
    }

    /// From here on the response's body is an answer to be read.
    pub(super) fn expect_answer(&mut self) {
        self.answer = Some(Answers::new());
    }

    /// Whether the response's body is an answer.
    pub(super) fn reads_response(&self) -> bool {
        self.answer.is_some()
    }

    pub(super) fn response_body(
        &mut self,
        series: Option<&PredictionSeries>,
        ledger: &mut Ledger,
        bytes: &[u8],
    ) {
        let (Some(answer), Some(series)) = (&mut self.answer, series) else {
            return;
        };
        let predictions = &mut self.predictions;
        let place = |cell: Cell<'_>| match &series.prediction {
            Some(column) => column.place(cell),
            None => Ok(InBin::default()),
        };
        answer.read(bytes, place, |placed| {
            *predictions = predictions.saturating_add(1);
            ledger.add(series.predictions, 1);
            if let Some(column) = &series.prediction {
                column.count(ledger, placed);
            }
        });
    }

    /// Ends the answer. `reached_end` tells whether the proxy saw its end, or it broke off.
    pub(super) fn finish(&mut self, reached_end: bool) -> BodyVerdict {
        let Some(answer) = &mut self.answer else {
            return BodyVerdict::Unreadable;
        };
        match answer.finish() {
            // Not a byte came, as with status 204: nothing is missing from it.
            Ending::Empty if reached_end => BodyVerdict::Empty,
            Ending::Empty | Ending::Incomplete => BodyVerdict::Partial,
            Ending::Complete if self.predictions != 0 => BodyVerdict::Whole,
            Ending::Complete => BodyVerdict::Empty,
            Ending::Malformed | Ending::TooDeep => {
                self.is_answer_malformed = true;
                BodyVerdict::Empty
            }
        }
    }

    /// Counts what only this kind of exchange can lack.
    pub(super) fn record(&self, model: &Model, ledger: &mut Ledger, request: Ending) {
        let lacks_rows = request == Ending::Complete && !self.request.has_rows();
        model.count_problem(ledger, ReadProblem::InstancesMissing, u64::from(lacks_rows));
        let is_malformed = u64::from(self.is_answer_malformed);
        model.count_problem(ledger, ReadProblem::ResponseMalformed, is_malformed);
    }
}
