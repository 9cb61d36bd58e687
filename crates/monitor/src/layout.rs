//! A configuration made ready: all its series, who is counted under which, and which requests speak what.
//! It holds no state of traffic but the room that is left for decoders and held data; several exchanges and the evaluator share it.

pub(crate) mod parts;

use alloc::{boxed::Box, rc::Rc, vec::Vec};

use driftline_labels::{Direction, Unmeasured};
use driftline_wire::encoding::{DECODERS_BYTES_MAX, MemoryBudget};

use self::parts::CommonSeries;
use crate::{
    config::{Config, ModelKind},
    drift_settings::DriftSettings,
    feedback::{FeedbackLayout, tracker::Tracker},
    ids::{ModelId, PredictorId, SeriesKey},
    instruments::{Instruments, LabelledPanels, ModelPanels, Subjects},
    labelled::LabelledModel,
    memory::{REPEATS_BYTES_MAX, generation_bytes, prediction_bytes},
    model::{ModelSeries, MonitoredColumn, PredictionSeries},
    names::Named,
    registry::{AdmissionRequest, ModelRegistry},
};
use driftline_inference::{
    exchange::ReadSettings,
    load::ReportFormat,
    predictive::{ColumnSelectors, Unlisted},
    recognition::{Dialect, Recogniser},
};
use driftline_metrics::{
    buffer::MetricBuffer,
    series::{Series, SeriesId, SeriesRegistrar, SeriesView, count},
};

/// A configuration made ready.
#[derive(Debug)]
pub struct Monitor {
    /// The series that have their labels by configuration, for tools; empty where [`Monitor::register`] told them.
    named: Vec<Series>,
    /// How many those are; the series of places follow.
    named_max: usize,
    registry: ModelRegistry,
    /// How many series each model has that is admitted later.
    slot_series: usize,
    /// Those of the registry, and then one for each place of a [`LabelTable`](crate::label_table::LabelTable).
    models: Vec<ModelSeries>,
    /// How many of `models` have their labels by configuration.
    listed: usize,
    pub(crate) common: CommonSeries,
    /// Those that predict or have a profile, one for each version that is told apart.
    predictors: Vec<PredictionSeries>,
    /// Those that labels are counted for.
    labelled: Vec<Rc<LabelledModel>>,
    /// Those of them that generate, by their numbers in the registry.
    labelled_generating: Vec<(usize, Rc<LabelledModel>)>,
    /// `None` if the configuration takes no feedback.
    pub(crate) feedback: Option<FeedbackLayout>,
    pub(crate) recogniser: Recogniser,
    /// How bodies are read.
    pub(crate) read: ReadSettings,
    request_headers: Vec<Box<str>>,
    response_headers: Vec<Box<str>>,
    /// What an exchange with a model that predicts takes of the VM's memory, at most.
    prediction_bytes: usize,
    /// Where it says when a model was deployed, and what it says.
    deployed: Vec<(SeriesId, u64)>,
    pub(crate) drift: DriftSettings,
    instruments: Instruments,
    /// Whether a request that is measured is to lose its `accept-encoding`, so that answers come plain.
    pub remove_accept_encoding: bool,
    /// In which format a request that is measured is to ask for reports of load, if it does not ask itself.
    pub request_load_reports: Option<ReportFormat>,
    /// How often [`crate::tick::Tick::tick`] is to be called.
    pub tick_milliseconds: u64,
}

impl Monitor {
    /// Lays out all series of a configuration, and keeps their names for [`Monitor::series`].
    pub fn new(config: &Config) -> Monitor {
        let mut named = Vec::new();
        let decoders = MemoryBudget::new(DECODERS_BYTES_MAX);
        let mut register = |_, series: SeriesView<'_>| named.push(series.to_series());
        let mut monitor = Monitor::register(config, &decoders, &mut register);
        named.shrink_to_fit();
        monitor.named = named;
        monitor
    }

    /// The same for a host: tells each series with its number, in the order of the numbers, and keeps no names, which
    /// would take far more memory than all else. `decoders` is what decoders and held tensors share.
    pub fn register(
        config: &Config,
        decoders: &MemoryBudget,
        register: &mut dyn FnMut(SeriesId, SeriesView<'_>),
    ) -> Monitor {
        Monitor::lay_out(config, decoders, SeriesRegistrar::starting_at(0, register))
    }

    fn lay_out(
        config: &Config,
        decoders: &MemoryBudget,
        mut registrar: SeriesRegistrar<'_>,
    ) -> Monitor {
        let registry = ModelRegistry::new(config);
        let drift = DriftSettings::of(config);
        let listed = registry.listed();
        let mut models: Vec<ModelSeries> =
            listed.map(|series_key| parts::model(&mut registrar, &registry, &series_key)).collect();
        let common = CommonSeries::new(&mut registrar);
        let of_models = config
            .models
            .iter()
            .filter_map(|model| parts::predictor(&mut registrar, &registry, model, &drift));
        let (mut predictors, instruments): (Vec<PredictionSeries>, Vec<ModelPanels>) =
            of_models.unzip();
        let of_labels = config.models.iter().filter_map(|model| {
            let number = registry.predicting(model.name.as_bytes());
            let version = model.version.as_deref().map(str::as_bytes);
            let predictor =
                predictors.iter().find(|it| it.model == number && it.version() == version);
            let predictions =
                predictor.filter(|_| model.kind == ModelKind::Predictive).map(|it| it.predictions);
            let feedback = config.feedback.as_ref();
            parts::labelled(&mut registrar, model, feedback, &drift, predictions)
        });
        let (labelled, of_labels): (Vec<Rc<LabelledModel>>, Vec<LabelledPanels>) =
            of_labels.map(|(model, panels)| (Rc::new(model), panels)).unzip();
        let feedback = parts::feedback(
            &mut registrar,
            config.feedback.as_ref(),
            labelled.clone(),
            common.monitored_values,
        );
        let generating = labelled.iter().filter_map(|model| {
            match registry.generating(model.called().0.as_bytes()) {
                Named::Listed(number) if number != 0 => Some((number, model.clone())),
                _ => None,
            }
        });
        let labelled_generating = generating.collect();
        for predictor in &mut predictors {
            predictor.take_labelled(&registry, &labelled, feedback.as_ref());
        }
        let deployed = config.models.iter().filter_map(|it| parts::deployed(&mut registrar, it));
        let deployed = deployed.collect();
        let (listed, named_max) = (models.len(), registrar.next());
        let mut places = SeriesRegistrar::numbering(named_max);
        models.extend((0..registry.places_max).map(|_| parts::place(&mut places)));
        let headers_of = |direction| headers(predictors.iter().map(|it| it.selectors(direction)));
        let [request_headers, response_headers] =
            [Direction::Request, Direction::Response].map(headers_of);
        let columns_max = predictors.iter().map(|it| it.columns().count()).max().unwrap_or(0);
        let headers_max = request_headers.len().saturating_add(response_headers.len());
        let tracks = feedback.as_ref().is_some_and(|feedback| feedback.table.is_some());
        let tracker_bytes = if tracks { Tracker::BYTES_MAX } else { 0 };
        let prediction_bytes =
            prediction_bytes(columns_max, headers_max).saturating_add(tracker_bytes);
        let reads_prompts = predictors.iter().any(|predictor| !predictor.language.is_empty());
        Monitor {
            named: Vec::new(),
            named_max,
            registry,
            slot_series: count(parts::place),
            models,
            listed,
            request_headers,
            response_headers,
            common,
            predictors,
            labelled,
            labelled_generating,
            feedback,
            recogniser: Recogniser::new(config.endpoints.clone()),
            read: ReadSettings {
                event_bytes_max: config.event_bytes_max,
                codings: config.decode,
                memory: decoders.clone(),
                repeats: decoders.part(REPEATS_BYTES_MAX),
                reads_prompts,
            },
            prediction_bytes,
            deployed,
            drift,
            instruments: Instruments { models: instruments, labelled: of_labels },
            remove_accept_encoding: config.remove_accept_encoding,
            request_load_reports: config.request_load_reports,
            tick_milliseconds: config.tick_milliseconds,
        }
    }

    /// The instruments of all models, for [`Tick::begin`](crate::tick::Tick::begin); once.
    pub fn take_instruments(&mut self) -> Instruments {
        core::mem::take(&mut self.instruments)
    }

    /// The series that are known by configuration, by number; none if they were [registered](Monitor::register).
    pub fn series(&self) -> &[Series] {
        &self.named
    }

    /// How many series there can be: those of [`Monitor::series`], and those of names that are admitted later.
    pub fn series_max(&self) -> usize {
        let places = self.registry.places_max.saturating_mul(self.slot_series);
        self.named_max.saturating_add(places)
    }

    /// What an exchange with a model that predicts takes of its VM's memory, at most, in bytes.
    #[must_use]
    pub fn prediction_bytes(&self) -> usize {
        self.prediction_bytes
    }

    /// What the windows of the season take of the memory of the VM that evaluates, at most, in bytes.
    #[must_use]
    pub fn season_bytes_max(&self) -> usize {
        let columns = self.predicting().flat_map(PredictionSeries::columns);
        columns.map(|column| self.drift.windows.season_bytes_max(column.cells().count())).sum()
    }

    /// What an exchange in this dialect takes of its VM's memory, at most.
    pub(crate) fn exchange_bytes(&self, dialect: &Dialect) -> usize {
        match dialect {
            Dialect::Generative(dialect) => {
                let tracker = if self.tracks(false) { Tracker::BYTES_MAX } else { 0 };
                generation_bytes(dialect).saturating_add(tracker)
            }
            Dialect::Predictive(_) => self.prediction_bytes,
        }
    }

    /// Whether the name of the proxy's route makes a difference.
    pub fn asks_for_route(&self) -> bool {
        self.registry.has_routes()
            || self.recogniser.asks_for_route()
            || self.feedback.as_ref().is_some_and(FeedbackLayout::asks_for_route)
    }

    /// Whether the moment of a request makes a difference.
    pub fn asks_for_time(&self) -> bool {
        self.predictors.iter().flat_map(PredictionSeries::columns).any(MonitoredColumn::has_ages)
    }

    /// The headers, in lower case, in which features are looked for in this direction.
    pub fn headers(&self, direction: Direction) -> &[Box<str>] {
        match direction {
            Direction::Request => &self.request_headers,
            Direction::Response => &self.response_headers,
        }
    }

    /// Sets what the configuration alone says: the reference by bin, when it was made, and when a model was deployed.
    /// Once, at configuration. Calls `flush` for each column, so that the buffer need not hold thousands of gauges.
    pub fn describe(&self, buffer: &mut MetricBuffer, mut flush: impl FnMut(&mut MetricBuffer)) {
        for series in self.predicting() {
            series.describe(buffer, &mut flush);
        }
        for model in &self.labelled {
            model.describe(buffer);
            flush(buffer);
        }
        for &(id, seconds) in &self.deployed {
            buffer.set(id, seconds);
        }
        flush(buffer);
    }

    /// Counts a stream that is let through unmeasured.
    pub fn count_unmeasured(&self, buffer: &mut MetricBuffer, reason: Unmeasured) {
        buffer.add(self.common.unmeasured[reason], 1);
    }

    /// What instruments are about.
    pub(crate) fn subjects(&self) -> Subjects<'_> {
        Subjects { models: &self.predictors, labelled: &self.labelled, settings: &self.drift }
    }

    pub(crate) fn predicting(&self) -> impl Iterator<Item = &PredictionSeries> {
        self.predictors.iter()
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
        PredictorId(found.map(|(index, _)| index))
    }

    /// The features of a language model that has a profile.
    pub(crate) fn features(&self, id: ModelId) -> Option<&PredictionSeries> {
        let number = self.registry.number(id).filter(|&number| number != 0)?;
        self.predictors.iter().find(|predictor| predictor.model == number)
    }

    /// From now on the values of requests that no column of a listed model looks for are noted, for
    /// [`Monitor::unlisted`]. For tools only.
    pub fn note_unlisted(&mut self) {
        for predictor in &mut self.predictors {
            predictor.note_unlisted();
        }
    }

    /// What requests to this model, in the entry for this version, had and no column of it looks for, since
    /// [`Monitor::note_unlisted`].
    #[must_use]
    pub fn unlisted(&self, model: &str, version: Option<&str>) -> Unlisted {
        let id = self.predicting_model(model.as_bytes(), version.map(str::as_bytes));
        self.predictor(id).selectors(Direction::Request).columns.unlisted()
    }

    /// Whether exchanges of this kind are followed until their labels come.
    pub(crate) fn tracks(&self, predicts: bool) -> bool {
        self.feedback.as_ref().is_some_and(|feedback| feedback.table.is_some())
            && if predicts {
                self.predictors.iter().any(|predictor| predictor.labelled.is_some())
            } else {
                !self.labelled_generating.is_empty()
            }
    }

    /// A model that generates and has figures in feedback.
    pub(crate) fn labelled_generating(&self, id: ModelId) -> Option<&LabelledModel> {
        let number = self.registry.number(id)?;
        let found = self.labelled_generating.iter().find(|(known, _)| *known == number);
        found.map(|(_, model)| &**model)
    }

    /// The headers that segments of any model are told apart by.
    pub(crate) fn segment_headers(&self) -> impl Iterator<Item = &str> {
        self.labelled.iter().flat_map(|model| model.segments.headers()).map(|(_, name)| name)
    }

    /// The model that the exchanges of a predictor are counted under.
    pub(crate) fn model_of(&self, id: PredictorId) -> Named {
        Named::Listed(self.predictor(id).model)
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

    pub(crate) fn model(&self, id: ModelId) -> Option<&ModelSeries> {
        self.models.get(id.0)
    }

    pub(crate) fn predictor(&self, id: PredictorId) -> &PredictionSeries {
        id.0.and_then(|index| self.predictors.get(index)).unwrap_or(&self.common.others)
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
        mut take: impl FnMut(SeriesId, SeriesView<'_>),
    ) {
        let before = place.saturating_mul(self.slot_series);
        let mut registrar =
            SeriesRegistrar::starting_at(self.named_max.saturating_add(before), &mut take);
        parts::model(&mut registrar, &self.registry, series_key);
    }
}

/// The headers in which anything is looked for, each once.
fn headers<'s>(sides: impl Iterator<Item = &'s ColumnSelectors>) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> = Vec::new();
    for (_, name) in sides.flat_map(|side| &side.headers) {
        if let Err(place) = names.binary_search(name) {
            names.insert(place, name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use driftline_statistics::time::hour::HourOfDay;
    use driftline_support::uniform_profile;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_host_is_told_the_series_that_a_tool_may_list() {
        let config = br#"{"models": [{"name": "a"}, {"name": "b-*"}], "names_max": 2}"#;
        let config = Config::from_json(config).unwrap();
        let (listing, mut told) = (Monitor::new(&config), Vec::new());
        let decoders = MemoryBudget::new(0);
        let monitor = Monitor::register(&config, &decoders, &mut |id, series| {
            assert_eq!(id.index(), told.len());
            told.push(series.to_series());
        });
        assert_eq!((&told[..], listing.series().len()), (listing.series(), monitor.named_max));
        assert_eq!(monitor.series_max(), listing.series_max());
        assert!(monitor.series().is_empty());
    }

    #[test]
    fn rows_by_hour_of_a_profile_are_with_its_columns() {
        let of = |profile: serde_json::Value| {
            let config = json!({"models": [{"name": "m", "profile": profile}]}).to_string();
            Monitor::new(&Config::from_json(config.as_bytes()).unwrap())
        };
        let monitor = of(uniform_profile::profile_by_hour(2, 4));
        let columns: Vec<&MonitoredColumn> =
            monitor.predictors.iter().flat_map(PredictionSeries::columns).collect();
        assert_eq!(columns.len(), 2);
        for column in columns {
            let by_hour = column.reference.by_hour.as_ref().unwrap();
            for hour in HourOfDay::all() {
                let rows = if hour.index() == 12 { 500 } else { 0 };
                assert_eq!((by_hour.bins(hour), by_hour.nulls(hour)), (&[rows; 4][..], 0));
            }
        }
        let monitor = of(uniform_profile::profile(2, 4));
        let mut columns = monitor.predictors.iter().flat_map(PredictionSeries::columns);
        assert!(columns.all(|column| column.reference.by_hour.is_none()));
    }

    #[test]
    fn places_have_the_numbers_behind_all_others() {
        let config = br#"{"models": [{"name": "a"}, {"name": "b-*"}], "routes": ["r", "s-*"], "names_max": 3}"#;
        let monitor = Monitor::new(&Config::from_json(config).unwrap());
        let per_model = monitor.slot_series;
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
