//! The parts that a layout is made of, one after another, and how many series they have; it keeps none of them.

use alloc::{
    rc::Rc,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use driftline_metrics::{
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar, count},
};

use driftline_labels::{EnumMap, Unmeasured};

use crate::{
    config::{Config, Feedback, Model, ModelKind},
    drift_settings::DriftSettings,
    feedback::FeedbackLayout,
    ids::SeriesKey,
    instruments::{LabelledPanels, ModelPanels},
    labelled::LabelledModel,
    model::{ModelSeries, PredictionSeries},
    names::Named,
    registry::ModelRegistry,
};

/// What makes series.
enum SeriesMaker<'n> {
    /// A model, by its name: all its versions, on all routes.
    Model(&'n str),
    /// The names that are admitted later because they match a pattern.
    Patterns,
    /// The filter itself, feedback included.
    Filter,
}

impl fmt::Display for SeriesMaker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SeriesMaker::Model(name) => write!(f, "model `{name}`"),
            SeriesMaker::Patterns => f.write_str("names that match patterns"),
            SeriesMaker::Filter => f.write_str("the filter itself"),
        }
    }
}

/// What any configuration has, whatever it says.
#[derive(Debug)]
pub(crate) struct CommonSeries {
    /// What stands for all models that predict and are not listed.
    pub(crate) others: PredictionSeries,
    pub(crate) unmeasured: EnumMap<Unmeasured, SeriesId>,
    /// Moves whenever a counter of a monitored column does.
    pub(crate) monitored_values: SeriesId,
    pub(crate) evaluations: SeriesId,
    /// Configurations that a VM has no room for.
    pub(crate) without_room: SeriesId,
    /// What the fullest VM has taken.
    pub(crate) vm_memory: SeriesId,
}

impl CommonSeries {
    pub(super) fn new(registrar: &mut SeriesRegistrar<'_>) -> CommonSeries {
        CommonSeries {
            others: PredictionSeries::others(registrar),
            unmeasured: registrar.add(Metric::Unmeasured, &[]),
            monitored_values: registrar.add(Metric::MonitoredValues, &[]),
            evaluations: registrar.add(Metric::Evaluations, &[]),
            without_room: registrar.add(Metric::ConfigurationsWithoutRoom, &[]),
            vm_memory: registrar.add(Metric::VmMemory, &[]),
        }
    }
}

/// The series of a model on a route.
pub(super) fn model(
    registrar: &mut SeriesRegistrar<'_>,
    registry: &ModelRegistry,
    series_key: &SeriesKey,
) -> ModelSeries {
    ModelSeries::new(registrar, series_key, !registry.predicts(&series_key.model))
}

/// The series of a name that is admitted later.
pub(super) fn place(registrar: &mut SeriesRegistrar<'_>) -> ModelSeries {
    ModelSeries::new(registrar, &SeriesKey::default(), true)
}

/// What a model has that predicts or has a profile.
pub(super) fn predictor(
    registrar: &mut SeriesRegistrar<'_>,
    registry: &ModelRegistry,
    model: &Model,
    drift: &DriftSettings,
) -> Option<(PredictionSeries, ModelPanels)> {
    let name = model.name.as_bytes();
    let number = match registry.generating(name) {
        Named::Listed(number) if model.kind == ModelKind::Language => number,
        _ => registry.predicting(name),
    };
    let version = model.version.as_deref();
    let Some(profile) = &model.profile else {
        return (model.kind == ModelKind::Predictive).then(|| {
            let series = PredictionSeries::without_profile(registrar, number, &model.name, version);
            (series, ModelPanels::default())
        });
    };
    let series = PredictionSeries::new(registrar, number, model, profile, drift);
    let labels = [&model.name, version.unwrap_or_default()];
    let panels = ModelPanels::register(registrar, labels, profile, drift, &series);
    Some((series, panels))
}

/// What a model has that labels are counted for.
pub(super) fn labelled(
    registrar: &mut SeriesRegistrar<'_>,
    model: &Model,
    feedback: Option<&Feedback>,
    drift: &DriftSettings,
    predictions: Option<SeriesId>,
) -> Option<(LabelledModel, LabelledPanels)> {
    let labelled = LabelledModel::register(registrar, model, feedback, drift, predictions)?;
    let panels = LabelledPanels::register(registrar, drift, &labelled);
    Some((labelled, panels))
}

/// Feedback, if the configuration takes it.
pub(super) fn feedback(
    registrar: &mut SeriesRegistrar<'_>,
    feedback: Option<&Feedback>,
    models: Vec<Rc<LabelledModel>>,
    monitored_values: SeriesId,
) -> Option<FeedbackLayout> {
    feedback.map(|it| FeedbackLayout::register(registrar, it, models, monitored_values))
}

/// When a model was deployed, if the configuration says so.
pub(super) fn deployed(
    registrar: &mut SeriesRegistrar<'_>,
    model: &Model,
) -> Option<(SeriesId, u64)> {
    let version = model.version.as_deref().unwrap_or_default();
    let seconds = model.deployed_at?;
    Some((registrar.add(Metric::ModelDeployed, &[&model.name, version]), seconds))
}

/// How many series a configuration makes, those of names that are admitted later included.
pub(crate) fn series_count(config: &Config) -> usize {
    let mut all: usize = 0;
    each_maker(config, &mut |_, series| all = all.saturating_add(series));
    all
}

/// Who makes these series, as text, and how many.
pub(crate) fn series_by_maker(config: &Config) -> Vec<(String, usize)> {
    let mut makers: Vec<(String, usize)> = Vec::new();
    each_maker(config, &mut |maker, series| {
        let maker = maker.to_string();
        match makers.iter_mut().find(|(known, _)| *known == maker) {
            Some((_, all)) => *all = all.saturating_add(series),
            None => makers.push((maker, series)),
        }
    });
    makers
}

/// Reports what makes series, in any order and a model several times. Holds one part at a time, since there may be no room
/// for all of them.
#[inline(never)] // A filter would have it twice.
fn each_maker(config: &Config, add: &mut dyn FnMut(SeriesMaker<'_>, usize)) {
    let registry = ModelRegistry::new(config);
    let drift = DriftSettings::of(config);
    let [generating, predicting] = [true, false]
        .map(|generates| count(|it| ModelSeries::new(it, &SeriesKey::default(), generates)));
    for SeriesKey { model, .. } in registry.listed() {
        let series = if registry.predicts(&model) { predicting } else { generating };
        add(SeriesMaker::Model(&model), series);
    }
    for model in &config.models {
        let series = count(|registrar| {
            predictor(registrar, &registry, model, &drift);
            deployed(registrar, model);
            labelled(registrar, model, config.feedback.as_ref(), &drift, None);
        });
        add(SeriesMaker::Model(&model.name), series);
    }
    add(SeriesMaker::Patterns, count(place).saturating_mul(registry.places_max));
    let of_filter = count(|registrar| {
        let common = CommonSeries::new(registrar);
        feedback(registrar, config.feedback.as_ref(), Vec::new(), common.monitored_values);
    });
    add(SeriesMaker::Filter, of_filter);
}
