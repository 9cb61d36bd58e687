//! A model with a profile, in one version: its series, and where the values of its columns stand. No value is kept.

use alloc::{boxed::Box, vec::Vec};

use super::MonitoredColumn;
use crate::{
    catalogue::Metric,
    config::{self, ModelKind, Place, Sampling, Selector, Sides, Step},
    generation::Feature,
    prediction::{self, Columns, Reads},
    profile::{Column, Profile},
    series::{Registry, SeriesId},
};

/// A name that stands in the label `feature` for a model's output.
const PREDICTION: &str = "prediction";

/// What models with a profile have: one for each version that is told apart, whatever the route.
#[derive(Debug)]
pub(crate) struct PredictionSeries {
    /// The number of the model in the directory.
    pub(crate) model: usize,
    version: Option<Box<str>>,
    pub(crate) instances: SeriesId,
    pub(crate) predictions: SeriesId,
    pub(crate) sampling: Sampling,
    /// The features, and behind them the prediction, if the profile has one.
    pub(crate) columns: Vec<MonitoredColumn>,
    pub(crate) request: Side,
    pub(crate) response: Side,
    /// What the columns of a language model are, by number; none for a model that predicts.
    pub(crate) language: Vec<Feature>,
}

/// Where values are looked for on one side of an exchange.
#[derive(Debug, Default)]
pub(crate) struct Side {
    /// In the rows of the body.
    pub(crate) columns: Columns,
    /// In the whole of its document, by path: the column, and its steps.
    pub(crate) paths: Vec<(usize, Box<[Step]>)>,
    /// In headers: the column, and the header's name in lower case.
    pub(crate) headers: Vec<(usize, Box<str>)>,
}

impl PredictionSeries {
    /// How many series a model has beside those of its columns.
    pub(crate) const SERIES: usize = 2;

    /// What stands for all models that are not listed.
    pub(crate) fn others(registry: &mut Registry) -> PredictionSeries {
        PredictionSeries {
            model: 0,
            version: None,
            instances: registry.add(Metric::Instances, &[config::OTHER_NAME]),
            predictions: registry.add(Metric::Predictions, &[config::OTHER_NAME]),
            sampling: Sampling::NONE,
            columns: Vec::new(),
            request: Side::default(),
            response: Side::default(),
            language: Vec::new(),
        }
    }

    /// A model with its profile, under its number in the directory.
    pub(crate) fn new(
        registry: &mut Registry,
        number: usize,
        model: &config::Model,
        profile: &Profile,
    ) -> PredictionSeries {
        let label = model.name.as_str();
        PredictionSeries {
            model: number,
            version: model.version.as_deref().map(Box::from),
            instances: registry.add(Metric::Instances, &[label]),
            predictions: registry.add(Metric::Predictions, &[label]),
            sampling: model.sampling,
            columns: columns_of(profile)
                .map(|(role, name, column)| {
                    MonitoredColumn::new(registry, [label, role, name], column)
                })
                .collect(),
            request: Side::new(profile, &model.selectors, true),
            response: Side::new(profile, &model.selectors, false),
            language: match model.kind {
                ModelKind::Predictive => Vec::new(),
                ModelKind::Language => {
                    profile.features.iter().filter_map(|it| Feature::of(&it.name)).collect()
                }
            },
        }
    }

    /// The version that requests call it, if versions are told apart.
    pub(crate) fn version(&self) -> Option<&[u8]> {
        self.version.as_deref().map(str::as_bytes)
    }

    /// Everything that is compared with a reference.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &MonitoredColumn> {
        self.columns.iter()
    }
}

/// The columns of a profile with their roles and names, the prediction last.
fn columns_of(profile: &Profile) -> impl Iterator<Item = (&'static str, &str, &Column)> {
    let features = profile.features.iter();
    let features = features.map(|feature| ("feature", feature.name.as_str(), &feature.column));
    features.chain(profile.prediction.iter().map(|column| (PREDICTION, PREDICTION, column)))
}

impl Side {
    /// What the selectors look for in the request, or else in the answer.
    fn new(profile: &Profile, selectors: &[Selector], is_request: bool) -> Side {
        let looks = if is_request { Sides::has_request } else { Sides::has_response };
        let mut side = Side::default();
        let mut columns = Vec::new();
        for (number, ((role, name, column), selector)) in
            columns_of(profile).zip(selectors).enumerate()
        {
            let is_here = looks(selector.sides);
            let place = match &selector.place {
                Place::Usual => Some(usual(name, number, role, is_request)),
                Place::Member(name) => Some(prediction::Place::Name(name.as_bytes().into())),
                Place::Column(position) => Some(prediction::Place::Position(*position)),
                Place::Tensor { name, index } => {
                    Some(prediction::Place::Tensor { name: name.as_bytes().into(), index: *index })
                }
                Place::Path(steps) if is_here => {
                    side.paths.push((number, steps.as_slice().into()));
                    None
                }
                Place::Header(name) if is_here => {
                    side.headers.push((number, name.as_str().into()));
                    None
                }
                Place::Path(_) | Place::Header(_) => None,
            };
            columns.push(place.filter(|_| is_here).map(|place| (place, Reads::of(column.kind))));
        }
        side.columns = Columns::new(columns);
        side
    }
}

/// Where a column is looked for if nothing is said: by its name, and in rows without names at its position. There,
/// rows of requests hold the features in the order of the profile, and rows of answers begin with the prediction.
fn usual(name: &str, number: usize, role: &str, is_request: bool) -> prediction::Place {
    let name = name.as_bytes().into();
    match (is_request, role == PREDICTION) {
        (true, false) => prediction::Place::Usual { name, position: number },
        (false, true) => prediction::Place::Usual { name, position: 0 },
        _ => prediction::Place::Name(name),
    }
}
