//! One exchange as it is counted: under which model, which rows; it reads no body and talks to no host.

use alloc::{boxed::Box, vec::Vec};

use driftline_labels::{Direction, Outcome};

use crate::{
    capture::Capture,
    feedback::tracker::{Note, Tracker},
    ids::{ModelId, PredictorId, SeriesKey},
    labelled::NO_PREDICTION,
    layout::Monitor,
    names::Named,
    record::{record, record_load},
    registry::AdmissionRequest,
    rows::{Counting, HostCalls, RowRecorder},
};
use driftline_inference::{
    exchange::{ExchangeSink, Observation, Progress, RowSink},
    load::{Malformed, Report},
    predictive::{ColumnSelectors, Event},
};
use driftline_metrics::buffer::MetricBuffer;

/// What is known of an exchange's place among the series.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// Whether it is with a model that predicts.
    predicts: bool,
    route: Named,
    model: Counted,
    /// Whose columns are looked for; that of all others until a name comes.
    predictor: PredictorId,
    /// When the request came, in seconds since 1970, if that makes a difference and is known.
    asked_at: Option<f64>,
    request: RowRecorder,
    response: RowRecorder,
}

/// Under which model an exchange counts.
#[derive(Debug)]
enum Counted {
    /// No name came yet.
    Unnamed,
    /// The request named a model that may get series of its own, if the host has a slot for it.
    Requested(Box<AdmissionRequest>),
    /// From then on it counts as in flight.
    Under(ModelId),
}

impl Recorder {
    /// A recorder of an exchange on this route.
    pub(crate) fn new(predicts: bool, route: Named, asked_at: Option<f64>) -> Recorder {
        Recorder {
            predicts,
            route,
            model: Counted::Unnamed,
            predictor: PredictorId::default(),
            asked_at,
            request: RowRecorder::default(),
            response: RowRecorder::default(),
        }
    }

    /// Keeps the values of the headers in which anything is looked for, until the body begins.
    pub(crate) fn keep_headers(&mut self, direction: Direction, values: Vec<Option<Vec<u8>>>) {
        self.rows(direction).keep_headers(values);
    }

    /// Whoever asks for series of its own, to be looked up in a [`LabelTable`](super::label_table::LabelTable).
    pub(crate) fn admission_request(&self) -> Option<&SeriesKey> {
        match &self.model {
            Counted::Requested(request) => Some(&request.series_key),
            _ => None,
        }
    }

    /// Grants the request, or refuses it for good: then the exchange is counted as one of the others.
    pub(crate) fn answer_admission(
        &mut self,
        layout: &Monitor,
        buffer: &mut MetricBuffer,
        granted: Option<ModelId>,
    ) {
        if let Counted::Requested(request) = &self.model {
            let id = granted.unwrap_or(request.fallback);
            self.count_under(layout, buffer, id);
        }
    }

    /// Whether it is decided under which model the exchange counts.
    pub(crate) fn is_named(&self) -> bool {
        matches!(self.model, Counted::Under(_))
    }

    /// Notes that no name can come any more. Without one the exchange counts as none of the admitted models.
    pub(crate) fn end_naming(&mut self, layout: &Monitor, buffer: &mut MetricBuffer) {
        self.count_as(layout, buffer, &Named::OTHER);
    }

    /// Records what the model server says about its load.
    pub(crate) fn load(
        &self,
        layout: &Monitor,
        buffer: &mut MetricBuffer,
        report: Result<Report, Malformed>,
    ) {
        if let Counted::Under(id) = self.model
            && let Some(model) = layout.model(id)
        {
            record_load(report, model, buffer);
        }
    }

    /// Records the exchange, which is over.
    #[inline]
    pub(crate) fn end(
        &self,
        layout: &Monitor,
        buffer: &mut MetricBuffer,
        capture: &mut Capture,
        observation: &Observation,
    ) {
        if let Counted::Under(id) = self.model
            && let Some(model) = layout.model(id)
        {
            if let Some(reason) = observation.unmeasured {
                buffer.shift(model.in_flight, -1);
                layout.count_unmeasured(buffer, reason);
                return;
            }
            let monitored = record(observation, model, layout.features(id), buffer, capture);
            buffer.add(layout.common.monitored_values, monitored);
        }
        if !self.predicts {
            return;
        }
        let predictor = layout.predictor(self.predictor);
        match (observation.outcome, &predictor.by_version) {
            (Outcome::Complete, Some(version)) => {
                version.count(buffer, observation.duration_microseconds);
            }
            (Outcome::ErrorStatus | Outcome::LocalReply, _) => {
                buffer.add(predictor.refused, self.request.rows());
            }
            _ => {}
        }
    }

    /// What waits for an id gets none any more; an answer of a model that generates waits for the figures that it makes.
    #[inline(never)]
    pub(crate) fn end_tracking(
        &self,
        layout: &Monitor,
        tracker: &mut Tracker,
        buffer: &mut MetricBuffer,
        note: Note<'_>,
        observation: &Observation,
    ) {
        let labelled = match self.model {
            _ if self.predicts => layout.predictor(self.predictor).labelled.as_deref(),
            Counted::Under(id) => layout.labelled_generating(id),
            _ => None,
        };
        let Some(labelled) = labelled else { return };
        if !self.predicts && observation.outcome == Outcome::Complete {
            tracker.take_prediction(labelled, Some(0), NO_PREDICTION, buffer, note);
        }
        tracker.end(labelled, buffer, note);
    }

    /// The first name holds.
    fn count_as(&mut self, layout: &Monitor, buffer: &mut MetricBuffer, model: &Named) {
        if !matches!(self.model, Counted::Unnamed) {
            return;
        }
        match layout.model_on(model, &self.route) {
            Ok(id) => self.count_under(layout, buffer, id),
            Err(request) => self.model = Counted::Requested(Box::new(request)),
        }
    }

    fn count_under(&mut self, layout: &Monitor, buffer: &mut MetricBuffer, id: ModelId) {
        self.model = Counted::Under(id);
        if let Some(model) = layout.model(id) {
            buffer.shift(model.in_flight, 1);
        }
    }

    /// Forgets under which model the exchange counts, which is with one that generates, and what rows there seemed to be.
    #[inline(never)]
    fn begin_anew(&mut self, layout: &Monitor, buffer: &mut MetricBuffer) {
        self.predicts = false;
        self.request = RowRecorder::default();
        if let Counted::Under(id) = core::mem::replace(&mut self.model, Counted::Unnamed)
            && let Some(model) = layout.model(id)
        {
            buffer.shift(model.in_flight, -1);
        }
    }

    fn rows(&mut self, direction: Direction) -> &mut RowRecorder {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }
}

/// A recorder at work, for the length of a callback.
pub(crate) struct Recording<'r, 'm> {
    layout: &'m Monitor,
    recorder: &'r mut Recorder,
    to: Counting<'r, 'm>,
    /// `None` for an exchange with a model.
    feedback: Option<FeedbackRows<'r, 'm>>,
}

/// Where rows go that are no rows of a model but feedback.
pub(crate) struct FeedbackRows<'r, 'm> {
    pub(crate) selectors: &'m ColumnSelectors,
    pub(crate) take: &'r mut dyn FnMut(Event<'_>, &mut MetricBuffer),
}

impl<'r, 'm> Recording<'r, 'm> {
    pub(crate) fn new(
        layout: &'m Monitor,
        recorder: &'r mut Recorder,
        buffer: &'r mut MetricBuffer,
        capture: &'r mut Capture,
        tracker: Option<&'r mut Tracker>,
        host: HostCalls<'r>,
    ) -> Recording<'r, 'm> {
        let to = Counting {
            series: layout.predictor(recorder.predictor),
            direction: Direction::Request,
            asked_at: recorder.asked_at,
            buffer,
            monitored: 0,
            capture,
            score: None,
            tracker,
            host,
        };
        Recording { layout, recorder, to, feedback: None }
    }

    /// From now on all rows are feedback.
    pub(crate) fn take_feedback(mut self, feedback: FeedbackRows<'r, 'm>) -> Recording<'r, 'm> {
        self.feedback = Some(feedback);
        self
    }

    /// Notes that no name can come any more.
    pub(crate) fn end_naming(&mut self) {
        self.recorder.end_naming(self.layout, self.to.buffer);
    }

    fn named(&mut self, model: &[u8], version: Option<&[u8]>) {
        let named = if self.recorder.predicts {
            let id = self.layout.predicting_model(model, version);
            self.recorder.predictor = id;
            self.to.series = self.layout.predictor(id);
            // The body itself named its model, so its headers are looked at now.
            if self.recorder.request.has_begun() {
                self.begin_rows(Direction::Request);
            }
            self.layout.model_of(id)
        } else {
            self.layout.generating_model(model)
        };
        self.recorder.count_as(self.layout, self.to.buffer, &named);
    }

    fn begin_rows(&mut self, direction: Direction) {
        let header_names = self.layout.headers(direction);
        self.to.direction = direction;
        self.recorder.rows(direction).begin(header_names, &mut self.to);
    }

    fn gap(&mut self, microseconds: u64) {
        if let Counted::Under(id) = self.recorder.model
            && let Some(series) = self.layout.model(id).and_then(|it| it.generation.as_ref())
        {
            self.to.buffer.observe(series.gap, microseconds);
        }
    }
}

impl Drop for Recording<'_, '_> {
    /// Takes back what rows have counted that are not over. Counts the monitored values of the callback at once, which for each of them would cost as much as its bin.
    fn drop(&mut self) {
        let Recorder { request, response, .. } = &mut *self.recorder;
        request.end_callback(&mut self.to);
        response.end_callback(&mut self.to);
        if self.to.monitored != 0 {
            self.to.buffer.add(self.layout.common.monitored_values, self.to.monitored);
        }
    }
}

impl<'m> RowSink<'m> for Recording<'_, 'm> {
    fn selectors(&self, direction: Direction) -> &'m ColumnSelectors {
        match &self.feedback {
            None => self.to.series.selectors(direction),
            Some(feedback) => feedback.selectors,
        }
    }

    #[inline]
    fn take(&mut self, direction: Direction, event: Event<'_>) {
        if let Some(feedback) = &mut self.feedback {
            return (feedback.take)(event, self.to.buffer);
        }
        self.to.direction = direction;
        self.recorder.rows(direction).take(event, &mut self.to);
    }
}

impl<'m> ExchangeSink<'m> for Recording<'_, 'm> {
    fn progress(&mut self, progress: Progress<'_>) {
        if self.feedback.is_some() {
            return;
        }
        match progress {
            Progress::Named { model, version } => self.named(model, version),
            Progress::RowsBegin(direction) => self.begin_rows(direction),
            Progress::RowsEnd { direction, is_whole } => {
                self.to.direction = direction;
                self.recorder.rows(direction).end(is_whole, &mut self.to);
            }
            Progress::Gap(microseconds) => self.gap(microseconds),
            Progress::Generates => self.recorder.begin_anew(self.layout, self.to.buffer),
        }
    }
}
