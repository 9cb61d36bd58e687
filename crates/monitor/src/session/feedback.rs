//! Requests with feedback, callback by callback: read and drained where the filter answers itself, read as they pass where
//! a service does. It judges no record.

use alloc::boxed::Box;

use driftline_inference::feedback::{FeedbackBody, FeedbackFault};
use driftline_inference::predictive::Event;
use driftline_labels::{Direction, FeedbackOutcome, ReadProblem, Untracked};
use driftline_metrics::buffer::MetricBuffer;
use driftline_statistics::value::Cell;
use driftline_wire::encoding::Reservation;

use super::{Flow, Session, Stream, callbacks::for_each_window, heads::Heads};
use crate::{
    feedback::{
        FeedbackLayout, Intake,
        predictions::{Noted, Prediction, PredictionId},
        record::Record,
        reply::{Tally, status},
        seconds_of,
    },
    host::{HeaderMap, Host},
    labelled::{Cells, LabelledModel},
    names::Named,
    recorder::{FeedbackRows, Recorder, Recording},
};

/// What a request with feedback takes of the VM's memory, beside decoders, if it has [`INTAKE_COLUMNS`].
const INTAKE_BYTES: usize = 12 << 10;
const INTAKE_COLUMNS: usize = 16;
/// What its answer is.
const JSON: &str = "application/json";

/// A request with feedback.
#[derive(Debug)]
pub(super) struct FeedbackIntake {
    _reservation: Reservation,
    body: FeedbackBody,
    rows: FeedbackTaken,
    bytes: u64,
    is_over: bool,
}

/// The records of one request.
#[derive(Debug)]
struct FeedbackTaken {
    intake: Intake,
    record: Record,
    /// The document is one record, whatever rows it has: its values are at paths.
    is_one_record: bool,
    tally: Tally,
}

impl Session {
    /// Takes the headers of a request if it has feedback; `None` if it has none.
    #[inline(never)]
    pub(super) fn feedback_headers(
        &self,
        host: &impl Host,
        feedback: &FeedbackLayout,
        stream: &mut Stream,
        intake: Intake,
        end_of_stream: bool,
    ) -> Flow {
        let is_own = intake == Intake::Own;
        if is_own {
            let is_post = host.header(HeaderMap::Request, ":method").as_deref() == Some(b"POST");
            let refused = if !is_post {
                Some((FeedbackOutcome::OtherMethod, "feedback is sent by POST"))
            } else if !feedback.is_authorized(host) {
                Some((FeedbackOutcome::Unauthorized, "the secret is missing or wrong"))
            } else {
                None
            };
            if let Some((outcome, problem)) = refused {
                self.answer(host, feedback, &Tally::default(), outcome, Some(problem));
                return Flow::Stop;
            }
        }
        let columns = feedback.columns(intake);
        let beyond = columns.count().saturating_sub(INTAKE_COLUMNS);
        let bytes = INTAKE_BYTES.saturating_add(Record::bytes_max(beyond));
        let Some(reservation) = self.memory.vm.reserve(bytes) else {
            return self.lack_room_for_feedback(host, feedback, is_own);
        };
        let heads = Heads::read(host, HeaderMap::Request, false);
        let mut rows = FeedbackTaken {
            intake,
            record: Record::new(columns.count()),
            is_one_record: !columns.selectors.paths.is_empty(),
            tally: Tally::default(),
        };
        rows.begin_record(host, feedback);
        let body = self.with_rows(host, feedback, &mut rows, |recording| {
            FeedbackBody::new(&self.layout.read, recording, &heads.body())
        });
        let taken =
            FeedbackIntake { _reservation: reservation, body, rows, bytes: 0, is_over: false };
        let taken = stream.intake.insert(Box::new(taken));
        if end_of_stream {
            self.end_feedback(host, feedback, taken);
        }
        if is_own { Flow::Stop } else { Flow::Continue }
    }

    /// Answers a request that there is no memory for, or lets it pass to the service that it is for.
    fn lack_room_for_feedback(
        &self,
        host: &impl Host,
        feedback: &FeedbackLayout,
        is_own: bool,
    ) -> Flow {
        let outcome = FeedbackOutcome::NoRoom;
        if is_own {
            let problem = Some("the filter has no memory left; send it again later");
            self.answer(host, feedback, &Tally::default(), outcome, problem);
            return Flow::Stop;
        }
        self.with_buffer(host, |_, buffer| feedback.count_request(buffer, outcome));
        Flow::Continue
    }

    /// Takes a piece of such a request.
    #[inline(never)]
    pub(super) fn feedback_body(
        &self,
        host: &impl Host,
        taken: &mut FeedbackIntake,
        size: usize,
        end_of_stream: bool,
    ) -> Flow {
        let Some(feedback) = &self.layout.feedback else { return Flow::Continue };
        let is_own = taken.rows.intake == Intake::Own;
        taken.bytes = taken.bytes.saturating_add(u64::try_from(size).unwrap_or(u64::MAX));
        if !taken.is_over && feedback.bytes_max < taken.bytes {
            taken.is_over = true;
            let problem = "the body is longer than `bytes_max`";
            self.finish_feedback(host, feedback, taken, FeedbackOutcome::TooLarge, Some(problem));
        }
        if !taken.is_over && taken.body.wants_bytes() {
            let FeedbackIntake { body, rows, .. } = &mut *taken;
            self.with_rows(host, feedback, rows, |recording| {
                for_each_window(host, Direction::Request, size, |bytes| {
                    body.read(&self.layout.read, recording, bytes);
                });
            });
        }
        if is_own {
            host.drain_body(Direction::Request, size);
        }
        if end_of_stream {
            self.end_feedback(host, feedback, taken);
        }
        if is_own { Flow::Stop } else { Flow::Continue }
    }

    /// Ends such a request, as its sender did.
    pub(super) fn feedback_trailers(&self, host: &impl Host, taken: &mut FeedbackIntake) -> Flow {
        let Some(feedback) = &self.layout.feedback else { return Flow::Continue };
        self.end_feedback(host, feedback, taken);
        if taken.rows.intake == Intake::Own { Flow::Stop } else { Flow::Continue }
    }

    /// Notes that a stream with feedback is over: if its request is not, its sender left.
    pub(super) fn leave_feedback(&self, host: &impl Host, taken: &mut FeedbackIntake) {
        if let Some(feedback) = self.layout.feedback.as_ref().filter(|_| !taken.is_over) {
            taken.is_over = true;
            self.with_buffer(host, |_, buffer| {
                feedback.count_request(buffer, FeedbackOutcome::BrokenOff);
            });
        }
    }

    fn end_feedback(
        &self,
        host: &impl Host,
        feedback: &FeedbackLayout,
        taken: &mut FeedbackIntake,
    ) {
        if core::mem::replace(&mut taken.is_over, true) {
            return;
        }
        let FeedbackIntake { body, rows, .. } = &mut *taken;
        let end = self.with_rows(host, feedback, rows, |recording| body.finish(recording));
        if rows.is_one_record && end.is_ok() {
            self.with_buffer(host, |_, buffer| rows.end_record(host, feedback, buffer));
        }
        let (outcome, problem) = match end {
            Ok(()) => (FeedbackOutcome::Accepted, None),
            Err(fault) => {
                let (outcome, problem) = said(fault);
                (outcome, Some(problem))
            }
        };
        self.finish_feedback(host, feedback, taken, outcome, problem);
    }

    fn finish_feedback(
        &self,
        host: &impl Host,
        feedback: &FeedbackLayout,
        taken: &FeedbackIntake,
        outcome: FeedbackOutcome,
        problem: Option<&str>,
    ) {
        if taken.rows.intake == Intake::Own {
            self.answer(host, feedback, &taken.rows.tally, outcome, problem);
        } else {
            self.with_buffer(host, |_, buffer| feedback.count_request(buffer, outcome));
        }
    }

    /// Runs `act` on what takes rows of exchanges, which hands these ones to the records.
    fn with_rows<T>(
        &self,
        host: &impl Host,
        feedback: &FeedbackLayout,
        rows: &mut FeedbackTaken,
        act: impl FnOnce(&mut Recording<'_, '_>) -> T,
    ) -> T {
        let selectors = &feedback.columns(rows.intake).selectors;
        let mut recorder = Recorder::new(true, Named::OTHER, None);
        self.with_capture(host, |layout, buffer, capture, calls| {
            let mut take = |event: Event<'_>, buffer: &mut MetricBuffer| {
                rows.take(host, feedback, event, buffer);
                if buffer.is_full() {
                    (calls.flush)(buffer);
                }
            };
            let recording = Recording::new(layout, &mut recorder, buffer, capture, None, calls);
            act(&mut recording.take_feedback(FeedbackRows { selectors, take: &mut take }))
        })
    }

    fn answer(
        &self,
        host: &impl Host,
        feedback: &FeedbackLayout,
        tally: &Tally,
        outcome: FeedbackOutcome,
        problem: Option<&str>,
    ) {
        self.with_buffer(host, |_, buffer| feedback.count_request(buffer, outcome));
        host.local_reply(status(outcome), JSON, tally.to_json(problem).as_bytes());
    }

    /// Puts a prediction where its label finds it, and counts what became of it.
    #[inline(never)]
    pub(super) fn note_prediction(
        &self,
        host: &impl Host,
        id: PredictionId,
        predicted: f64,
        cells: Cells,
        model: &LabelledModel,
        buffer: &mut MetricBuffer,
    ) {
        let Some(feedback) = &self.layout.feedback else { return };
        let Some(table) = &feedback.table else { return };
        let seconds = u32::try_from(seconds_of(host.now())).unwrap_or(u32::MAX);
        let prediction =
            Prediction { value: predicted, seconds, model: model.tag, segments: cells.0 };
        match table.note(host, id, &prediction) {
            Noted::Added => model.count_tracked(buffer, false),
            Noted::Replaced => model.count_tracked(buffer, true),
            Noted::Evicted { model: evicted } => {
                model.count_tracked(buffer, false);
                if let Some(evicted) = feedback.of_tag(evicted) {
                    evicted.count_evicted(buffer);
                }
            }
            Noted::Refused => model.count_untracked(buffer, Untracked::Refused, 1),
        }
    }
}

impl FeedbackTaken {
    /// Begins a record with what headers say of all of them.
    fn begin_record(&mut self, host: &impl Host, feedback: &FeedbackLayout) {
        for (column, name) in &feedback.columns(self.intake).selectors.headers {
            if let Some(value) = host.header(HeaderMap::Request, name) {
                self.record.set_for_all(*column, Cell::Untyped(&value));
            }
        }
    }

    /// Takes what was read: a value of the record at hand, or its end.
    fn take(
        &mut self,
        host: &impl Host,
        feedback: &FeedbackLayout,
        event: Event<'_>,
        buffer: &mut MetricBuffer,
    ) {
        match event {
            Event::Cell { column, cell, .. } | Event::Value { column, cell } => {
                self.record.set(column, cell);
            }
            Event::Rows(_) if !self.is_one_record => self.end_record(host, feedback, buffer),
            Event::NoRow if !self.is_one_record => self.record.clear(),
            // Unknown members are ignored.
            Event::Rows(_) | Event::RowEnd | Event::NoRow | Event::Fault(_) => {}
        }
    }

    fn end_record(
        &mut self,
        host: &impl Host,
        feedback: &FeedbackLayout,
        buffer: &mut MetricBuffer,
    ) {
        self.tally.note(feedback.count(host, self.intake, &self.record, buffer));
        self.record.clear();
    }
}

/// What is answered to a body that was not read to its end, and why it was not, for its sender.
const fn said(fault: FeedbackFault) -> (FeedbackOutcome, &'static str) {
    let problem = match fault {
        FeedbackFault::Empty => "the body is empty",
        FeedbackFault::UnexpectedContentType => {
            "found another content-type, expected application/json, application/jsonl or text/csv"
        }
        FeedbackFault::Malformed => {
            "the body is not one whole document of its content-type that holds records; JSON lines are application/jsonl"
        }
        FeedbackFault::Encoding(ReadProblem::NoRoomToDecode) => {
            return (
                FeedbackOutcome::NoRoom,
                "the filter has no memory left to decode the body; send it again later",
            );
        }
        FeedbackFault::Encoding(ReadProblem::DecodedTooDense) => {
            "the body expands to more than 256 KiB and over 100 times its size; send it uncompressed"
        }
        FeedbackFault::Encoding(ReadProblem::DecoderTooLarge) => {
            "decoding the body takes more memory than one body may have; send it uncompressed"
        }
        FeedbackFault::Encoding(ReadProblem::EncodingMalformed) => {
            "the body is not what its content-encoding says, or it ends early"
        }
        FeedbackFault::Encoding(_) => {
            "found a content-encoding that is not read, expected gzip, deflate, br or zstd, and at most two of them"
        }
    };
    (FeedbackOutcome::Malformed, problem)
}
