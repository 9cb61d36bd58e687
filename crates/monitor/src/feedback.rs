//! Labels that come later than predictions: how they come in, and how they find what they belong to.
//!
//! A record of feedback is a row of a table, read as rows of requests are, in any of their forms. It has a label or
//! figures, and what it is about: the prediction itself, or the id of the request that asked for it. By its id, a record
//! finds the prediction in a table that all workers of the proxy share.

pub(crate) mod columns;
pub(crate) mod predictions;
pub(crate) mod record;
pub(crate) mod reply;
pub(crate) mod tracker;

use alloc::{boxed::Box, rc::Rc, vec::Vec};

use driftline_inference::{
    glob::Glob,
    predictive::{PathStep, Projection},
};
use driftline_labels::{Direction, EnumMap, FeedbackOutcome, LabelOutcome, LabelRefused};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};
use driftline_statistics::{
    time::{Timestamp, rfc3339::UnixTime},
    value::{Cell, NullTexts},
};

use self::{
    columns::{FeedbackColumns, member},
    predictions::{LABELLED, Prediction, PredictionId, PredictionTable},
    record::{Record, SaidId},
};
use crate::{
    config::{self, FEEDBACK_PATH, Identified, OTHER_NAME, WatchedPlaces},
    host::Host,
    labelled::{LabelledModel, SaidPrediction, Uncounted},
};

/// Feedback as one configuration takes it.
#[derive(Debug)]
pub(crate) struct FeedbackLayout {
    endpoint: bool,
    pub(crate) bytes_max: u64,
    secret: Option<(Box<str>, Box<str>)>,
    pub(crate) table: Option<PredictionTable>,
    pub(crate) id: Identified,
    /// Where the id is in a document, if it is in one.
    pub(crate) id_paths: IdPaths,
    own: FeedbackColumns,
    watched: Box<[WatchedFeedback]>,
    models: Vec<Rc<LabelledModel>>,
    requests: EnumMap<FeedbackOutcome, SeriesId>,
    refused: EnumMap<LabelRefused, SeriesId>,
    /// Of labels that name no model.
    nameless: EnumMap<LabelOutcome, SeriesId>,
    /// Moves with each record, so that the tick sees that there is something to evaluate.
    monitored_values: SeriesId,
}

/// The path of an id, as readers of paths take it.
pub(crate) type IdPaths = Box<[(usize, Projection, Box<[PathStep]>)]>;

/// Feedback that passes on its way to a service.
#[derive(Debug)]
struct WatchedFeedback {
    path: Option<Glob>,
    route: Option<Glob>,
    model: Option<Box<str>>,
    columns: FeedbackColumns,
}

/// Where a request with feedback came in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Intake {
    /// On the filter's own path, which it answers itself.
    Own,
    /// On its way to a service; the number of the entry.
    Watched(usize),
}

/// What a record is about, made ready to be counted.
struct Said<'r> {
    /// What it calls the model.
    name: Option<&'r str>,
    /// Whether it names a version.
    has_version: bool,
    /// The model that it is about; `None` if only an id can tell.
    model: Option<&'r Rc<LabelledModel>>,
    label: Option<Cell<'r>>,
    prediction: SaidPrediction<'r>,
}

impl FeedbackLayout {
    pub(crate) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        feedback: &config::Feedback,
        models: Vec<Rc<LabelledModel>>,
        monitored_values: SeriesId,
    ) -> FeedbackLayout {
        let all = || models.iter().map(|model| &**model);
        let watched = feedback.watch.iter().map(|watched| WatchedFeedback {
            path: watched.path.clone(),
            route: watched.route.clone(),
            model: watched.model.as_deref().map(Box::from),
            columns: FeedbackColumns::new(all(), &watched.places),
        });
        let secret = feedback.secret.as_ref();
        FeedbackLayout {
            endpoint: feedback.endpoint,
            bytes_max: feedback.bytes_max,
            secret: secret.map(|(header, secret)| (header.as_str().into(), secret.as_str().into())),
            table: PredictionTable::new(feedback.predictions_max),
            id_paths: match &feedback.id {
                Identified::Path(steps, _) => {
                    [(0, Projection::Value, steps.as_slice().into())].into()
                }
                Identified::Header(..) => Box::default(),
            },
            id: feedback.id.clone(),
            own: FeedbackColumns::new(all(), &WatchedPlaces::default()),
            watched: watched.collect(),
            requests: registrar.add(Metric::FeedbackRequests, &[]),
            refused: registrar.add(Metric::FeedbackRefused, &[]),
            nameless: registrar.add(Metric::Labels, &[OTHER_NAME, ""]),
            models,
            monitored_values,
        }
    }

    /// Whether the name of the proxy's route makes a difference.
    pub(crate) fn asks_for_route(&self) -> bool {
        self.watched.iter().any(|watched| watched.route.is_some())
    }

    /// Where a request with this path and route comes in, if it has feedback.
    pub(crate) fn intake(&self, path: &[u8], route: Option<&[u8]>) -> Option<Intake> {
        let path = path.split(|&byte| byte == b'?').next().unwrap_or_default();
        if self.endpoint && path == FEEDBACK_PATH.as_bytes() {
            return Some(Intake::Own);
        }
        let fits = |glob: &Option<Glob>, text: Option<&[u8]>| {
            glob.as_ref().is_none_or(|glob| text.is_some_and(|text| glob.matches(text)))
        };
        let watched = self
            .watched
            .iter()
            .position(|watched| fits(&watched.path, Some(path)) && fits(&watched.route, route));
        watched.map(Intake::Watched)
    }

    /// What is looked for in such a request.
    pub(crate) fn columns(&self, intake: Intake) -> &FeedbackColumns {
        match intake {
            Intake::Own => &self.own,
            Intake::Watched(number) => {
                self.watched.get(number).map_or(&self.own, |watched| &watched.columns)
            }
        }
    }

    /// Whether a request on the filter's own path may be believed. Takes as long for a wrong secret as for the right one.
    pub(crate) fn is_authorized(&self, host: &impl Host) -> bool {
        let Some((header, secret)) = &self.secret else { return true };
        let said = host.header(crate::host::HeaderMap::Request, header).unwrap_or_default();
        let secret = secret.as_bytes();
        let differing = secret.iter().zip(said.iter().chain(core::iter::repeat(&0)));
        let differing = differing.fold(0, |all, (a, b)| all | (a ^ b));
        differing == 0 && said.len() == secret.len()
    }

    /// Counts how a request with feedback ended.
    pub(crate) fn count_request(&self, buffer: &mut MetricBuffer, outcome: FeedbackOutcome) {
        buffer.add(self.requests[outcome], 1);
    }

    /// The model of a tag in the table.
    pub(crate) fn of_tag(&self, tag: u32) -> Option<&Rc<LabelledModel>> {
        self.models.iter().find(|model| model.tag == tag)
    }

    /// A model by what a record calls it. Without a version it is the entry without one, or the only one.
    fn called(&self, name: &[u8], version: Option<&[u8]>) -> Option<&Rc<LabelledModel>> {
        let all = || self.models.iter().filter(move |model| model.called().0.as_bytes() == name);
        let of = |version: Option<&[u8]>| {
            all().find(move |model| model.called().1.map(str::as_bytes) == version)
        };
        match version {
            Some(_) => of(version).or_else(|| of(None)),
            None => of(None).or_else(|| all().next().filter(|_| all().count() == 1)),
        }
    }

    /// Counts a record, all of it or nothing.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub(crate) fn count(
        &self,
        host: &impl Host,
        intake: Intake,
        record: &Record,
        buffer: &mut MetricBuffer,
    ) -> Result<LabelOutcome, LabelRefused> {
        let counted = self.try_count(host, intake, record, buffer);
        match counted {
            Ok(_) => buffer.add(self.monitored_values, 1),
            Err(reason) => buffer.add(self.refused[reason], 1),
        }
        counted
    }

    fn try_count(
        &self,
        host: &impl Host,
        intake: Intake,
        record: &Record,
        buffer: &mut MetricBuffer,
    ) -> Result<LabelOutcome, LabelRefused> {
        let said = self.said(intake, record)?;
        let columns = self.columns(intake);
        let id = match record.id() {
            SaidId::Unusable => return Err(LabelRefused::IdUnusable),
            SaidId::Called(name, row) => Some(PredictionId::new(name, row)),
            SaidId::None => None,
        };
        // What is refused must not mark its prediction, so it is checked first where its model is named.
        if let Some(model) = said.model {
            check(model, &said, columns, record)?;
        }
        if let (Some(table), Some(id)) = (&self.table, id)
            && let Some(joined) = self.join(host, table, id, &said, columns, record, buffer)
        {
            return joined;
        }
        let brings_prediction =
            said.prediction.prediction.is_some() || said.prediction.score.is_some();
        let Some(model) = said.model else {
            return match id {
                Some(_) if !brings_prediction => {
                    buffer.add(self.nameless[LabelOutcome::Unmatched], 1);
                    Ok(LabelOutcome::Unmatched)
                }
                _ => Err(LabelRefused::UnknownModel),
            };
        };
        if said.label.is_some() && model.judged.is_some() && !brings_prediction {
            if id.is_some() {
                model.count_outcome(buffer, LabelOutcome::Unmatched);
                return Ok(LabelOutcome::Unmatched);
            }
            return Err(LabelRefused::PredictionMissing);
        }
        if let Some(label) = said.label {
            let predicted = model.said(&said.prediction).ok_or(LabelRefused::PredictionUnusable)?;
            let segments = segments(model, columns, record);
            model.count_row(buffer, predicted, label, segments).map_err(refusal)?;
            if let Some(seconds) = delay(host, record) {
                model.count_delay(buffer, seconds);
            }
        }
        count_kpis(model, columns, record, u32::MAX, buffer);
        model.count_outcome(buffer, LabelOutcome::WithPrediction);
        Ok(LabelOutcome::WithPrediction)
    }

    /// Counts a record with the prediction that its id leads to; `None` if it leads to none, or to one of another model
    /// or version than the record names.
    #[expect(clippy::too_many_arguments, reason = "what a record is counted with")]
    fn join(
        &self,
        host: &impl Host,
        table: &PredictionTable,
        id: PredictionId,
        said: &Said<'_>,
        columns: &FeedbackColumns,
        record: &Record,
        buffer: &mut MetricBuffer,
    ) -> Option<Result<LabelOutcome, LabelRefused>> {
        let (mut problem, mut is_of_another) = (None, false);
        let found = table.mark(host, id, |prediction, _| {
            let model = self.of_tag(prediction.model);
            is_of_another = said.is_about_another_than(model);
            if is_of_another {
                return 0;
            }
            let Some(model) = model else {
                problem = Some(LabelRefused::UnknownModel);
                return 0;
            };
            problem = check(model, said, columns, record).err();
            if problem.is_some() { 0 } else { marks(model, said, columns, record) }
        })?;
        if is_of_another {
            return None;
        }
        if let Some(problem) = problem {
            return Some(Err(problem));
        }
        let model = self.of_tag(found.prediction.model)?;
        if found.new == 0 {
            model.count_outcome(buffer, LabelOutcome::Duplicate);
            return Some(Ok(LabelOutcome::Duplicate));
        }
        let is_new = model.judged.is_some() && found.new & LABELLED != 0;
        if let Some(label) = said.label.filter(|_| is_new) {
            let Prediction { value, segments, seconds, .. } = found.prediction;
            if let Err(problem) = model.count_row(buffer, value, label, segments) {
                return Some(Err(refusal(problem)));
            }
            let now = seconds_of(host.now());
            model.count_delay(buffer, now.saturating_sub(u64::from(seconds)));
        }
        count_kpis(model, columns, record, found.new, buffer);
        model.count_outcome(buffer, LabelOutcome::Joined);
        Some(Ok(LabelOutcome::Joined))
    }

    fn said<'r>(&'r self, intake: Intake, record: &'r Record) -> Result<Said<'r>, LabelRefused> {
        let entry = match intake {
            Intake::Watched(number) => self.watched.get(number),
            Intake::Own => None,
        };
        let version = record.text(member::VERSION);
        let version = version.as_ref().map(record::Text::bytes);
        let named = record.get(member::MODEL);
        let name = match (entry.and_then(|entry| entry.model.as_deref()), named) {
            (Some(name), _) => Some(name),
            (None, Some(name)) => Some(self.name_of(name).ok_or(LabelRefused::UnknownModel)?),
            (None, None) => None,
        };
        let model = match name {
            Some(name) => self.called(name.as_bytes(), version),
            None => self.models.first().filter(|_| self.models.len() == 1),
        };
        if name.is_some() && version.is_some() && model.is_none() {
            return Err(LabelRefused::UnknownModel);
        }
        let prediction = SaidPrediction {
            prediction: record.get(member::PREDICTION),
            score: record.get(member::SCORE),
        };
        let has_version = version.is_some();
        Ok(Said { name, has_version, model, label: record.get(member::LABEL), prediction })
    }

    /// The name of the models that a record calls so.
    fn name_of(&self, said: Cell<'_>) -> Option<&str> {
        let said = record::Text::of(said)?;
        let mut names = self.models.iter().map(|model| model.called().0);
        names.find(|name| name.as_bytes() == said.bytes())
    }
}

impl Said<'_> {
    /// Whether it names another model, or another version, than this one; `None` is one that takes no labels any more.
    fn is_about_another_than(&self, found: Option<&Rc<LabelledModel>>) -> bool {
        let Some(found) = found else { return self.name.is_some() || self.model.is_some() };
        let is_of_version = |model: &Rc<LabelledModel>| model.called().1 == found.called().1;
        self.name.is_some_and(|name| name != found.called().0)
            || self.has_version && !self.model.is_some_and(is_of_version)
    }
}

/// Seconds of the monotonic clock.
pub(crate) const fn seconds_of(now: Timestamp) -> u64 {
    now.0 / 1_000_000_000
}

/// Whether a record can be counted for a model, as far as that can be told without the prediction.
fn check(
    model: &LabelledModel,
    said: &Said<'_>,
    columns: &FeedbackColumns,
    record: &Record,
) -> Result<(), LabelRefused> {
    let mut has_kpi = false;
    for kpi in &model.kpis {
        if let Some(cell) = columns.named(&kpi.name).and_then(|column| record.get(column)) {
            kpi.value(cell).ok_or(LabelRefused::KpiUnusable)?;
            has_kpi = true;
        }
    }
    match said.label {
        Some(label) if model.judged.is_some() => {
            let is_usable = model.takes_label(label);
            if is_usable { Ok(()) } else { Err(LabelRefused::LabelUnusable) }
        }
        _ if has_kpi => Ok(()),
        // It takes no labels.
        Some(_) => Err(LabelRefused::UnknownModel),
        None => Err(LabelRefused::LabelMissing),
    }
}

/// The marks of what a record brings: of a label, and of each figure. Of a model that is not judged, figures are what is
/// waited for, so the first one marks its prediction as labelled, too.
fn marks(
    model: &LabelledModel,
    said: &Said<'_>,
    columns: &FeedbackColumns,
    record: &Record,
) -> u32 {
    let is_label = said.label.is_some() || model.judged.is_none();
    let label = if is_label { LABELLED } else { 0 };
    let kpis = model.kpis.iter().enumerate().filter(|(_, kpi)| {
        columns.named(&kpi.name).is_some_and(|column| record.get(column).is_some())
    });
    kpis.fold(label, |marks, (number, _)| marks | kpi_mark(number))
}

fn kpi_mark(number: usize) -> u32 {
    let place = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
    LABELLED.checked_shl(place).unwrap_or(0)
}

/// Counts the figures of a record whose marks are new.
fn count_kpis(
    model: &LabelledModel,
    columns: &FeedbackColumns,
    record: &Record,
    new: u32,
    buffer: &mut MetricBuffer,
) {
    for (number, kpi) in model.kpis.iter().enumerate() {
        let cell = columns.named(&kpi.name).and_then(|column| record.get(column));
        if let Some(value) = cell.and_then(|cell| kpi.value(cell))
            && new & kpi_mark(number) != 0
        {
            kpi.count(buffer, value);
        }
    }
}

/// The segments of a row that a record describes itself.
fn segments(model: &LabelledModel, columns: &FeedbackColumns, record: &Record) -> u32 {
    let mut cells = model.segments.unknown();
    for (number, segment) in model.segments.iter().enumerate() {
        if let Some(cell) = columns.named(&segment.name).and_then(|column| record.get(column)) {
            cells = model.segments.with_cell(cells, number, cell);
        }
    }
    cells.0
}

/// How long ago a record says that its prediction was made.
fn delay(host: &impl Host, record: &Record) -> Option<u64> {
    let then = record.get(member::PREDICTED_AT)?.moment(&NullTexts::NONE).ok()?;
    let UnixTime { seconds, .. } = host.wall_clock()?;
    let passed = seconds as f64 - then;
    // A clock that is ahead makes no delay.
    (0.0 <= passed).then_some(passed as u64)
}

const fn refusal(problem: Uncounted) -> LabelRefused {
    match problem {
        Uncounted::Label => LabelRefused::LabelUnusable,
        Uncounted::Prediction => LabelRefused::PredictionUnusable,
    }
}

/// Whether the id of a request is in the documents of this direction.
pub(crate) fn id_is_in(id: &Identified, direction: Direction) -> bool {
    match (id, direction) {
        (Identified::Header(..), _) => false,
        (Identified::Path(_, sides), Direction::Request) => sides.has_request(),
        (Identified::Path(_, sides), Direction::Response) => sides.has_response(),
    }
}

/// Where the id of a request is read.
pub(crate) fn id_header(id: &Identified, direction: Direction) -> Option<&str> {
    match id {
        Identified::Header(name, sides) => {
            let is_here = match direction {
                Direction::Request => sides.has_request(),
                Direction::Response => sides.has_response(),
            };
            is_here.then_some(name)
        }
        Identified::Path(..) => None,
    }
}
