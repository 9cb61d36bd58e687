//! A configuration made ready: all its series, who is counted under which, and which requests speak what.
//! It holds no state of traffic but the room that is left for decoders and held data; several exchanges and the evaluator share it.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    inference::{load::ReportFormat, predictive::Unlisted},
    metrics::{
        buffer::MetricBuffer,
        catalogue::Metric,
        series::{Series, SeriesId, SeriesRegistrar},
    },
    monitor::{
        config::{Config, Endpoint, ModelKind},
        instruments::{DriftSettings, Instruments, ModelPanels},
        label_table::SeriesKey,
        model::{ColumnSelectors, Model, MonitoredColumn, PredictionSeries},
        names::Named,
        registry::{AdmissionRequest, ModelRegistry},
    },
};
use driftline_wire::encoding::{Codings, DECODERS_BYTES_MAX, MemoryBudget};

/// Why a stream was not measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unmeasured {
    /// The proxy refused the request before the filter saw its headers.
    NoRequestHeaders,
    /// The request speaks no dialect that Driftline knows.
    UnrecognisedPath,
    /// The path is one that a model answers at, but the method is not POST.
    OtherMethod,
    /// The configuration declares that this is not for a model.
    DeclaredNone,
}

impl Unmeasured {
    pub(crate) const ALL: [Unmeasured; 4] = [
        Unmeasured::NoRequestHeaders,
        Unmeasured::UnrecognisedPath,
        Unmeasured::OtherMethod,
        Unmeasured::DeclaredNone,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Unmeasured::NoRequestHeaders => "no_request_headers",
            Unmeasured::UnrecognisedPath => "unrecognised_path",
            Unmeasured::OtherMethod => "other_method",
            Unmeasured::DeclaredNone => "declared_none",
        }
    }
}

/// A configuration made ready.
#[derive(Debug)]
pub struct Monitor {
    /// The series that have their labels by configuration, for tools; empty where [`Monitor::tell`] told them.
    named: Vec<Series>,
    /// How many those are; the series of places come behind.
    named_max: usize,
    registry: ModelRegistry,
    /// Those of the registry, and then one for each place of a [`LabelTable`](crate::monitor::label_table::LabelTable).
    models: Vec<Model>,
    /// How many of `models` have their labels by configuration.
    listed: usize,
    /// Those that predict or have a profile, one for each version that is told apart. The first is any that is not listed.
    predictors: Vec<PredictionSeries>,
    endpoints: Vec<Endpoint>,
    request_headers: Vec<Box<str>>,
    response_headers: Vec<Box<str>>,
    unmeasured: [SeriesId; Unmeasured::ALL.len()],
    /// Where it says when a model was deployed, and what it says.
    deployed: Vec<(SeriesId, u64)>,
    pub(crate) evaluations: SeriesId,
    /// Moves whenever a counter of a monitored column does.
    pub(crate) monitored_values: SeriesId,
    pub(crate) drift: DriftSettings,
    instruments: Instruments,
    pub(crate) event_bytes_max: u64,
    /// The codings that are read.
    pub(crate) codings: Codings,
    /// What is left for decoders, and for data that is held.
    pub(crate) decoders: MemoryBudget,
    /// Whether a request that is measured is to lose its `accept-encoding`, so that answers come plain.
    pub remove_accept_encoding: bool,
    /// In which format a request that is measured is to ask for reports of load, if it does not ask itself.
    pub request_load_reports: Option<ReportFormat>,
    /// How often [`crate::monitor::tick::Tick::tick`] is to be called.
    pub tick_milliseconds: u64,
}

/// A model of a [`Monitor`], on one route where routes are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ModelId(pub(crate) usize);

/// A model of a [`Monitor`] that predicts, in one of its versions, whatever the route. By default the one that stands for
/// all others.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct PredictorId(usize);

impl Monitor {
    /// Lays out all series of a configuration, and keeps their names for [`Monitor::series`].
    pub fn new(config: &Config) -> Monitor {
        let mut named = Vec::new();
        let mut monitor = Monitor::tell(config, &mut |_, series| named.push(series));
        named.shrink_to_fit();
        monitor.named = named;
        monitor
    }

    /// The same for a host: tells each series with its number, in the order of the numbers, and keeps no names, which
    /// would take far more memory than all else.
    pub fn tell(config: &Config, tell: &mut dyn FnMut(SeriesId, Series)) -> Monitor {
        let registry = ModelRegistry::new(config);
        let mut registrar = SeriesRegistrar::starting_at(0, tell);
        let mut models: Vec<Model> = registry
            .listed()
            .map(|series_key| {
                let generates = !registry.predicts(&series_key.model);
                Model::new(&mut registrar, &series_key, generates)
            })
            .collect();
        let monitored_values = registrar.add(Metric::MonitoredValues, &[]);
        let drift = DriftSettings::of(config);
        let mut predictors = Vec::from([PredictionSeries::others(&mut registrar)]);
        let mut instruments = Vec::from([ModelPanels::default()]);
        predictors.extend(config.models.iter().filter_map(|model| {
            let number = match registry.generating(model.name.as_bytes()) {
                Named::Listed(number) if model.kind == ModelKind::Language => number,
                _ => registry.predicting(model.name.as_bytes()),
            };
            let Some(profile) = model.profile.as_ref() else {
                let predicts = model.kind == ModelKind::Predictive;
                return predicts.then(|| {
                    instruments.push(ModelPanels::default());
                    let version = model.version.as_deref();
                    PredictionSeries::without_profile(&mut registrar, number, &model.name, version)
                });
            };
            let series =
                PredictionSeries::new(&mut registrar, number, model, profile, monitored_values);
            let labels = [&model.name, model.version.as_deref().unwrap_or_default()];
            let panels = ModelPanels::register(&mut registrar, labels, profile, &drift, &series);
            instruments.push(panels);
            Some(series)
        }));
        let deployed = config.models.iter().filter_map(|model| {
            let version = model.version.as_deref().unwrap_or_default();
            let seconds = model.deployed_at?;
            Some((registrar.add(Metric::ModelDeployed, &[&model.name, version]), seconds))
        });
        let deployed = deployed.collect();
        let unmeasured =
            Unmeasured::ALL.map(|reason| registrar.add(Metric::Unmeasured, &[reason.name()]));
        let evaluations = registrar.add(Metric::Evaluations, &[]);
        let (listed, named_max) = (models.len(), registrar.next());
        // Their series have no labels yet, so only their numbers are of use.
        let mut tell_nobody = |_, _| ();
        let mut places = SeriesRegistrar::starting_at(named_max, &mut tell_nobody);
        models.extend(
            (0..registry.places_max).map(|_| Model::new(&mut places, &SeriesKey::default(), true)),
        );
        Monitor {
            named: Vec::new(),
            named_max,
            registry,
            models,
            listed,
            request_headers: headers(predictors.iter().map(|predictor| &predictor.request)),
            response_headers: headers(predictors.iter().map(|predictor| &predictor.response)),
            predictors,
            endpoints: config.endpoints.clone(),
            unmeasured,
            deployed,
            evaluations,
            monitored_values,
            drift,
            instruments: Instruments { models: instruments },
            event_bytes_max: config.event_bytes_max,
            codings: config.decode,
            decoders: MemoryBudget::new(DECODERS_BYTES_MAX),
            remove_accept_encoding: config.remove_accept_encoding,
            request_load_reports: config.request_load_reports,
            tick_milliseconds: config.tick_milliseconds,
        }
    }

    /// The instruments of all models, for [`Tick::begin`](crate::monitor::tick::Tick::begin); once.
    pub fn take_instruments(&mut self) -> Instruments {
        core::mem::take(&mut self.instruments)
    }

    /// The series that are known by configuration, by number; none if they were [told](Monitor::tell).
    pub fn series(&self) -> &[Series] {
        &self.named
    }

    /// How many series there can be: those of [`Monitor::series`], and those of names that are admitted later.
    pub fn series_max(&self) -> usize {
        let places = self.registry.places_max.saturating_mul(Model::series(true));
        self.named_max.saturating_add(places)
    }

    /// Whether the name of the proxy's route makes a difference.
    pub fn asks_for_route(&self) -> bool {
        self.registry.has_routes() || self.endpoints.iter().any(|it| it.route.is_some())
    }

    /// Whether the moment of a request makes a difference: [`RequestHead::asked_at`](crate::inference::exchange::RequestHead::asked_at).
    pub fn asks_for_time(&self) -> bool {
        self.predictors.iter().flat_map(PredictionSeries::columns).any(MonitoredColumn::has_ages)
    }

    /// The headers of requests, in lower case, in which features are looked for:
    /// [`RequestHead::values`](crate::inference::exchange::RequestHead::values) has theirs.
    pub fn request_headers(&self) -> &[Box<str>] {
        &self.request_headers
    }

    /// Likewise those of responses, for [`ResponseHead::values`](crate::inference::exchange::ResponseHead::values).
    pub fn response_headers(&self) -> &[Box<str>] {
        &self.response_headers
    }

    /// Sets what the configuration alone says: the reference by bin, when it was made, and when a model was deployed.
    /// Once, at configuration. Calls `flush` for each column, so that the buffer need not hold thousands of gauges.
    pub fn describe(&self, buffer: &mut MetricBuffer, mut flush: impl FnMut(&mut MetricBuffer)) {
        for series in self.predicting() {
            series.describe(buffer, &mut flush);
        }
        for &(id, seconds) in &self.deployed {
            buffer.set(id, seconds);
        }
        flush(buffer);
    }

    /// Counts a stream that is let through unmeasured.
    pub fn count_unmeasured(&self, buffer: &mut MetricBuffer, reason: Unmeasured) {
        if let Some(&id) = self.unmeasured.get(reason as usize) {
            buffer.add(id, 1);
        }
    }

    pub(crate) fn predicting(&self) -> impl Iterator<Item = &PredictionSeries> {
        self.predictors.iter()
    }

    /// The declaration that a request fits, the first one if there are several.
    pub(crate) fn endpoint(&self, path: &[u8], route: Option<&[u8]>) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.fits(path, route))
    }

    /// A model that generates, by its name in a request.
    pub(crate) fn generating_model(&self, name: &[u8]) -> Named {
        self.registry.generating(name)
    }

    /// A model that predicts, by what a request calls it and its version.
    ///
    /// A version that is not listed, or not said, is that of the entry without a version; where there is none, a model
    /// with one listed version is that version if the request says none.
    pub(crate) fn predicting_model(&self, name: &[u8], version: Option<&[u8]>) -> PredictorId {
        let number = self.registry.predicting(name);
        let entries = || {
            let numbered = self.predictors.iter().enumerate();
            numbered.filter(|(_, entry)| entry.model == number)
        };
        let found = entries()
            .find(|(_, entry)| version.is_some() && entry.version() == version)
            .or_else(|| entries().find(|(_, entry)| entry.version().is_none()))
            .or_else(|| entries().next().filter(|_| version.is_none() && entries().count() == 1));
        PredictorId(found.map_or(0, |(index, _)| index))
    }

    /// The features of a language model that has a profile.
    pub(crate) fn features(&self, id: ModelId) -> Option<&PredictionSeries> {
        let number = self.registry.number(id).filter(|&number| number != 0)?;
        self.predictors.iter().find(|predictor| predictor.model == number)
    }

    /// From now on the values of requests that no column of a listed model looks for are noted, for
    /// [`Monitor::unlisted`]. For tools only.
    pub fn note_unlisted(&mut self) {
        for predictor in self.predictors.iter_mut().skip(1) {
            predictor.request.columns.note_unlisted();
        }
    }

    /// What requests to this model, in the entry for this version, had and no column of it looks for, since
    /// [`Monitor::note_unlisted`].
    #[must_use]
    pub fn unlisted(&self, model: &str, version: Option<&str>) -> Unlisted {
        let id = self.predicting_model(model.as_bytes(), version.map(str::as_bytes));
        let found = self.predictor(id);
        found.map(|found| found.request.columns.unlisted()).unwrap_or_default()
    }

    /// Whether any language model has a profile, so that requests are read for what they are like.
    pub(crate) fn compares_prompts(&self) -> bool {
        self.predictors.iter().any(|predictor| !predictor.language.is_empty())
    }

    /// The model that the exchanges of a predictor are counted under.
    pub(crate) fn model_of(&self, id: PredictorId) -> Named {
        self.predictor(id).map_or(Named::OTHER, |predictor| Named::Listed(predictor.model))
    }

    /// A route, by its name in the proxy.
    pub(crate) fn route(&self, name: Option<&[u8]>) -> Named {
        self.registry.route(name)
    }

    /// Under which model a request counts, or the admission_request to be admitted.
    pub(crate) fn model_on(
        &self,
        model: &Named,
        route: &Named,
    ) -> Result<ModelId, AdmissionRequest> {
        self.registry.find(model, route)
    }

    pub(crate) fn model(&self, id: ModelId) -> Option<&Model> {
        self.models.get(id.0)
    }

    pub(crate) fn predictor(&self, id: PredictorId) -> Option<&PredictionSeries> {
        self.predictors.get(id.0)
    }

    /// How many may be admitted later.
    pub(crate) fn places_max(&self) -> usize {
        self.registry.places_max
    }

    /// The model of the place with this number; `None` if there are fewer.
    pub(crate) fn place(&self, place: usize) -> Option<ModelId> {
        let number = self.listed.saturating_add(place);
        (number < self.models.len()).then_some(ModelId(number))
    }

    /// Whether this configuration admits such a series_key at all.
    pub(crate) fn admits(&self, series_key: &SeriesKey) -> bool {
        self.registry.admits(series_key)
    }

    /// Hands out the series of the place with this number, now that it has its labels.
    pub(crate) fn series_at(
        &self,
        place: usize,
        series_key: &SeriesKey,
        mut take: impl FnMut(SeriesId, &Series),
    ) {
        let before = place.saturating_mul(Model::series(true));
        let mut tell = |id, series: Series| take(id, &series);
        let mut registrar =
            SeriesRegistrar::starting_at(self.named_max.saturating_add(before), &mut tell);
        Model::new(&mut registrar, series_key, !self.registry.predicts(&series_key.model));
    }
}

/// The headers in which anything is looked for, each once.
fn headers<'s>(sides: impl Iterator<Item = &'s ColumnSelectors>) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> =
        sides.flat_map(|side| &side.headers).map(|(_, name)| name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_told_the_series_that_a_tool_may_list() {
        let config = br#"{"models": [{"name": "a"}, {"name": "b-*"}], "names_max": 2}"#;
        let config = Config::from_json(config).unwrap();
        let (listing, mut told) = (Monitor::new(&config), Vec::new());
        let monitor = Monitor::tell(&config, &mut |id, series| {
            assert_eq!(id.index(), told.len());
            told.push(series);
        });
        assert_eq!((&told[..], listing.series().len()), (listing.series(), monitor.named_max));
        assert_eq!(monitor.series_max(), listing.series_max());
        assert!(monitor.series().is_empty());
    }

    #[test]
    fn places_have_the_numbers_behind_all_others() {
        let config = br#"{"models": [{"name": "a"}, {"name": "b-*"}], "routes": ["r", "s-*"], "names_max": 3}"#;
        let monitor = Monitor::new(&Config::from_json(config).unwrap());
        let per_model = Model::series(true);
        assert_eq!(monitor.models.len(), 4 + 3);
        assert_eq!(monitor.series_max(), monitor.series().len() + 3 * per_model);
        let series_key = SeriesKey { model: "b-1".into(), route: "s-1".into() };
        let mut numbers = Vec::new();
        for place in 0..3 {
            monitor.series_at(place, &series_key, |id, _| numbers.push(id.index()));
            let model = monitor.model(monitor.place(place).unwrap()).unwrap();
            assert_eq!(model.in_flight.index(), numbers[place * per_model]);
        }
        assert!(numbers.into_iter().eq(monitor.series().len()..monitor.series_max()));
        assert_eq!(monitor.place(3), None);
    }
}
