//! A model that predicts or has a profile, in one version: its series, and where the values of its columns stand. No
//! value is kept.

use alloc::{boxed::Box, rc::Rc, vec::Vec};

use super::{
    column::MonitoredColumn,
    labels::{ColumnLabels, Role},
    version::{self, VersionSeries},
    violation::RowViolations,
};
use crate::{
    answer::{AnswerForm, Shares},
    config::{self, Identified, ModelKind, Place, Sampling, Selector, Sides, Thresholds},
    drift_settings::DriftSettings,
    feedback::FeedbackLayout,
    labelled::LabelledModel,
    registry::ModelRegistry,
};
use driftline_inference::{
    generative::Feature,
    predictive::{self, ColumnSelectors, Columns, Projection},
};
use driftline_labels::Direction;
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};
use driftline_statistics::profile::{Column, Kind, Profile};

/// What models have that predict, and those with a profile: one for each version that is told apart, whatever the route.
#[derive(Debug)]
pub(crate) struct PredictionSeries {
    /// The number of the model in the registry.
    pub(crate) model: usize,
    version: Option<Box<str>>,
    pub(crate) instances: SeriesId,
    /// Those of requests that were refused.
    pub(crate) refused: SeriesId,
    pub(crate) predictions: SeriesId,
    /// What a model that predicts counts by version, if it has one.
    pub(crate) by_version: Option<VersionSeries>,
    pub(crate) sampling: Sampling,
    /// The features, and after them the prediction, if the profile has one.
    pub(crate) columns: Vec<MonitoredColumn>,
    /// How many of `columns` are features.
    features: usize,
    request: ColumnSelectors,
    response: ColumnSelectors,
    /// How answers are read that say the prediction in parts.
    pub(crate) answer: Option<Box<AnswerForm>>,
    /// What the columns of a language model are, by number; none for a model that predicts.
    pub(crate) language: Vec<Feature>,
    /// What labels are counted under, if any are.
    pub(crate) labelled: Option<Rc<LabelledModel>>,
    /// `None` without a profile, as the one below, and without a column in it.
    pub(crate) violations: Option<RowViolations>,
    /// Where it says when the profile was made, and what it says.
    profile_created: Option<(SeriesId, u64)>,
    /// Where it says how much evidence a drift needs, and what it says.
    evidence_needed: Option<(SeriesId, u64)>,
    /// Where it says which bins predictions fall in, and what it says.
    prediction_bins: Option<(SeriesId, u64)>,
}

impl PredictionSeries {
    /// What stands for all models that are not listed.
    pub(crate) fn others(registrar: &mut SeriesRegistrar<'_>) -> PredictionSeries {
        PredictionSeries::without_profile(registrar, 0, config::OTHER_NAME, None)
    }

    /// A model whose rows are counted, and compared with nothing.
    pub(crate) fn without_profile(
        registrar: &mut SeriesRegistrar<'_>,
        number: usize,
        name: &str,
        version: Option<&str>,
    ) -> PredictionSeries {
        let labels = [name, version.unwrap_or_default()];
        PredictionSeries {
            model: number,
            version: version.map(Box::from),
            instances: registrar.add(Metric::Instances, &labels),
            refused: registrar.add(Metric::InstancesRefused, &labels),
            predictions: registrar.add(Metric::Predictions, &labels),
            by_version: version.map(|_| VersionSeries::register(registrar, labels)),
            sampling: Sampling::NONE,
            columns: Vec::new(),
            features: 0,
            request: ColumnSelectors::default(),
            response: ColumnSelectors::default(),
            answer: None,
            language: Vec::new(),
            labelled: None,
            violations: None,
            profile_created: None,
            evidence_needed: None,
            prediction_bins: None,
        }
    }

    /// A model with its profile, under its number in the registry.
    pub(crate) fn new(
        registrar: &mut SeriesRegistrar<'_>,
        number: usize,
        model: &config::Model,
        profile: &Profile,
        drift: &DriftSettings,
    ) -> PredictionSeries {
        let (label, version) = (model.name.as_str(), model.version.as_deref().unwrap_or_default());
        let instances = registrar.add(Metric::Instances, &[label, version]);
        let refused = registrar.add(Metric::InstancesRefused, &[label, version]);
        let predictions = registrar.add(Metric::Predictions, &[label, version]);
        let is_compared = model.version.is_some() && model.kind == ModelKind::Predictive;
        let by_version = is_compared.then(|| VersionSeries::register(registrar, [label, version]));
        let prediction_bins = is_compared
            .then(|| version::prediction_bins(registrar, [label, version], profile))
            .flatten();
        // A profile of KPIs alone knows nothing of rows.
        let knows_rows = columns_of(profile).next().is_some();
        let violations = knows_rows.then(|| RowViolations::new(registrar, label, version));
        let nats = drift.nats_of(model);
        let usual = Rc::new(drift.limits(nats, &Thresholds::default()));
        let columns: Vec<MonitoredColumn> = columns_of(profile)
            .enumerate()
            .map(|(number, (role, name, column))| {
                let said = model.thresholds.iter().find(|(column, _)| *column == number);
                let labels = ColumnLabels { model: label, version, role, name };
                MonitoredColumn::new(
                    registrar,
                    labels,
                    column,
                    &profile.null_texts,
                    match said {
                        None => usual.clone(),
                        Some((_, said)) => Rc::new(drift.limits(nats, said)),
                    },
                )
            })
            .collect();
        let answer = answer_form(profile);
        let created = registrar.add(Metric::ProfileCreated, &[label, version]);
        let evidence_needed = registrar.add(Metric::DriftEvidenceNeeded, &[label, version]);
        PredictionSeries {
            model: number,
            version: model.version.as_deref().map(Box::from),
            instances,
            refused,
            predictions,
            by_version,
            sampling: model.sampling,
            columns,
            features: profile.features.len(),
            request: column_selectors(profile, &model.selectors, true, None),
            response: column_selectors(profile, &model.selectors, false, answer.as_deref()),
            answer,
            language: match model.kind {
                ModelKind::Predictive => Vec::new(),
                ModelKind::Language => {
                    profile.features.iter().filter_map(|it| Feature::of(&it.name)).collect()
                }
            },
            labelled: None,
            violations,
            profile_created: Some((created, profile.created_at)),
            evidence_needed: Some((evidence_needed, thousandths(nats))),
            prediction_bins,
        }
    }

    /// Finds what labels of this model are counted under, and looks for the id of requests where feedback says.
    pub(crate) fn take_labelled(
        &mut self,
        registry: &ModelRegistry,
        labelled: &[Rc<LabelledModel>],
        feedback: Option<&FeedbackLayout>,
    ) {
        let found = labelled.iter().find(|model| {
            let (name, version) = model.called();
            registry.predicting(name.as_bytes()) == self.model
                && version.map(str::as_bytes) == self.version()
        });
        self.labelled = found.cloned();
        let Some(feedback) = feedback.filter(|it| found.is_some() && it.table.is_some()) else {
            return;
        };
        if let Identified::Path(steps, sides) = &feedback.id {
            let column = self.columns.len();
            let side = if sides.has_request() { &mut self.request } else { &mut self.response };
            side.paths.push((column, Projection::Value, steps.as_slice().into()));
        }
    }

    /// What is looked for in this direction.
    pub(crate) fn selectors(&self, direction: Direction) -> &ColumnSelectors {
        match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        }
    }

    /// From now on values of requests that no column looks for are noted.
    pub(crate) fn note_unlisted(&mut self) {
        self.request.columns.note_unlisted();
    }

    /// The version that requests call it, if versions are told apart.
    pub(crate) fn version(&self) -> Option<&[u8]> {
        self.version.as_deref().map(str::as_bytes)
    }

    /// Everything that is compared with a reference.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &MonitoredColumn> {
        self.columns.iter()
    }

    /// The columns that are features.
    pub(crate) fn features(&self) -> &[MonitoredColumn] {
        self.columns.get(..self.features).unwrap_or_default()
    }

    /// Sets what the profile alone says.
    pub(crate) fn describe(
        &self,
        buffer: &mut MetricBuffer,
        mut flush: impl FnMut(&mut MetricBuffer),
    ) {
        for (id, value) in
            [self.profile_created, self.evidence_needed, self.prediction_bins].into_iter().flatten()
        {
            buffer.set(id, value);
        }
        for column in self.columns() {
            column.describe(buffer);
            flush(buffer);
        }
    }
}

/// What predictions are called, the likeliest name first.
const USUAL_NAMES: [&str; 4] = [config::PREDICTION, "predictions", config::SCORE, "label"];
/// The same of classes: what is called a score is no class if there is a label.
const USUAL_NAMES_OF_CLASSES: [&str; 4] =
    [config::PREDICTION, "predictions", "label", config::SCORE];

/// Nats as a negative decimal logarithm, in thousandths.
fn thousandths(nats: f64) -> u64 {
    // The cast saturates.
    libm::round(nats / core::f64::consts::LN_10 * 1e3) as u64
}

/// The columns of a profile with their roles and names, the prediction last.
pub(crate) fn columns_of(profile: &Profile) -> impl Iterator<Item = (Role, &str, &Column)> {
    let features = profile.features.iter();
    let features = features.map(|feature| (Role::Feature, feature.name.as_str(), &feature.column));
    let prediction = profile.prediction.iter();
    let prediction = prediction.map(|column| (Role::Prediction, config::PREDICTION, column));
    let score = profile.score().map(|score| (Role::Prediction, config::SCORE, &score.column));
    features.chain(prediction).chain(score)
}

/// How answers say the prediction; `None` if there is none.
fn answer_form(profile: &Profile) -> Option<Box<AnswerForm>> {
    profile.prediction.as_ref()?;
    let prediction = profile.features.len();
    let score = profile.score().map(|_| prediction.saturating_add(1));
    Some(Box::new(AnswerForm { prediction, score, shares: Shares::of(profile) }))
}

/// Looks for the prediction in answers: under this name only, or else under any and at the first position.
#[inline(never)]
fn look_for_answer(
    columns: &mut Columns,
    profile: &Profile,
    form: &AnswerForm,
    only: Option<&str>,
) {
    let shares = form.shares.as_ref();
    let classes = shares.map(|it| it.classes.as_slice()).unwrap_or_default();
    let are_classes = shares.is_some_and(|it| !it.is_score)
        || profile.prediction.as_ref().is_some_and(|it| it.kind == Kind::Category);
    let own = profile.answer.as_ref().and_then(|it| it.name.as_deref());
    let mut names = [own.unwrap_or(config::PREDICTION); 5];
    let [_, usual @ ..] = &mut names;
    *usual = if are_classes { USUAL_NAMES_OF_CLASSES } else { USUAL_NAMES };
    match only {
        Some(only) => columns.look_for_answer(&[only], false, classes),
        None => columns.look_for_answer(&names, true, classes),
    }
}

/// What the selectors look for in the request, or else in answers of this form.
fn column_selectors(
    profile: &Profile,
    selectors: &[Selector],
    is_request: bool,
    form: Option<&AnswerForm>,
) -> ColumnSelectors {
    let own_score = profile.score().map_or(config::SCORE, |score| score.name.as_str());
    let looks = if is_request { Sides::has_request } else { Sides::has_response };
    let mut sources = ColumnSelectors::default();
    let mut columns = Vec::new();
    for (number, ((role, name, column), selector)) in columns_of(profile).zip(selectors).enumerate()
    {
        let is_here = looks(selector.sides);
        let is_answer = form.is_some() && number == profile.features.len();
        let is_score = profile.features.len() < number;
        let reads = Projection::of(column.kind);
        let place = match &selector.place {
            Place::Usual | Place::Member(_) if is_answer => Some(predictive::Place::Parts),
            Place::Usual => {
                let name = if is_score { own_score } else { name };
                let name = name.as_bytes().into();
                Some(match role {
                    // Rows of requests hold the features in the order of the profile.
                    Role::Feature if is_request => {
                        predictive::Place::Usual { name, position: number }
                    }
                    _ => predictive::Place::Name(name),
                })
            }
            Place::Member(name) => Some(predictive::Place::Name(name.as_bytes().into())),
            Place::Column(position) => Some(predictive::Place::Position(*position)),
            Place::Tensor { name, index } => {
                Some(predictive::Place::Tensor { name: name.as_bytes().into(), index: *index })
            }
            Place::Path(steps) if is_here => {
                sources.paths.push((number, reads, steps.as_slice().into()));
                None
            }
            Place::Header(name) if is_here => {
                sources.headers.push((number, name.as_str().into()));
                None
            }
            Place::Path(_) | Place::Header(_) => None,
        };
        columns.push(place.filter(|_| is_here).map(|place| (place, reads)));
    }
    sources.columns = Columns::new(columns);
    let said = selectors.get(profile.features.len()).filter(|it| looks(it.sides));
    if let (Some(form), Some(selector)) = (form, said) {
        match &selector.place {
            Place::Usual => look_for_answer(&mut sources.columns, profile, form, None),
            Place::Member(name) => {
                look_for_answer(&mut sources.columns, profile, form, Some(name));
            }
            _ => {}
        }
    }
    sources
}
