//! A configuration made ready: all its series, who is counted under which, and which requests speak what.
//! It holds no state of traffic but the room that is left for decoders; several exchanges and the evaluator share it.

use alloc::vec::Vec;

use crate::{
    catalogue::Metric,
    config::{Config, Endpoint},
    directory::{Directory, Wish},
    encoding::{Codings, ROOM_BYTES_MAX, Room},
    ledger::Ledger,
    load::ReportFormat,
    model::{Model, PredictionSeries},
    names::Named,
    roster::Subject,
    series::{Registry, Series, SeriesId},
};

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
    /// The series that have their labels by configuration; those of places come behind.
    registry: Registry,
    directory: Directory,
    /// Those of the directory, and then one for each place of a [`Roster`](crate::roster::Roster).
    models: Vec<Model>,
    /// How many of `models` have their labels by configuration.
    listed: usize,
    /// By number of the model in the directory; `None` for one that generates.
    predictors: Vec<Option<PredictionSeries>>,
    endpoints: Vec<Endpoint>,
    unmeasured: [SeriesId; Unmeasured::ALL.len()],
    pub(crate) evaluations: SeriesId,
    pub(crate) window_seconds: u64,
    pub(crate) event_bytes_max: u64,
    /// The codings that are read.
    pub(crate) codings: Codings,
    /// What is left for decoders.
    pub(crate) decoders: Room,
    /// Whether a request that is measured is to lose its `accept-encoding`, so that answers come plain.
    pub remove_accept_encoding: bool,
    /// In which format a request that is measured is to ask for reports of load, if it does not ask itself.
    pub request_load_reports: Option<ReportFormat>,
    /// How often [`crate::evaluator::Evaluator::evaluate`] is to be called.
    pub tick_milliseconds: u64,
}

/// A model of a [`Monitor`], on one route where routes are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ModelId(pub(crate) usize);

/// A model of a [`Monitor`] that predicts, whatever the route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PredictorId(usize);

impl PredictorId {
    /// The same model as its exchanges are counted under.
    pub(crate) fn named(self) -> Named {
        Named::Listed(self.0)
    }
}

impl Monitor {
    /// Lays out all series of a configuration.
    pub fn new(config: &Config) -> Monitor {
        let directory = Directory::new(config);
        let mut registry = Registry::default();
        let mut models: Vec<Model> = directory
            .listed()
            .map(|subject| {
                let generates = !directory.predicts(&subject.model);
                Model::new(&mut registry, &subject, generates)
            })
            .collect();
        let profile =
            |label: &str| config.model(label).and_then(|(_, model)| model.profile.as_ref());
        let predictors = directory
            .models()
            .iter()
            .enumerate()
            .map(|(number, label)| match profile(label) {
                // The first one is any model that is not listed.
                None if number != 0 => None,
                profile => Some(PredictionSeries::new(&mut registry, label, profile)),
            })
            .collect();
        let unmeasured =
            Unmeasured::ALL.map(|reason| registry.add(Metric::Unmeasured, &[reason.name()]));
        let evaluations = registry.add(Metric::Evaluations, &[]);
        let listed = models.len();
        let mut places = Registry::starting_at(registry.next());
        models.extend((0..directory.places_max).map(|_| {
            let model = Model::new(&mut places, &Subject::default(), true);
            // Their series have no labels yet, so only their numbers are kept.
            places = Registry::starting_at(places.next());
            model
        }));
        Monitor {
            registry,
            directory,
            models,
            listed,
            predictors,
            endpoints: config.endpoints.clone(),
            unmeasured,
            evaluations,
            window_seconds: config.window_seconds,
            event_bytes_max: config.event_bytes_max,
            codings: config.decode,
            decoders: Room::new(ROOM_BYTES_MAX),
            remove_accept_encoding: config.remove_accept_encoding,
            request_load_reports: config.request_load_reports,
            tick_milliseconds: config.tick_milliseconds,
        }
    }

    /// The series that are known by configuration, to be defined before any traffic so that they survive an update of
    /// the filter.
    pub fn series(&self) -> &[Series] {
        self.registry.all()
    }

    /// How many series there can be: those of [`Monitor::series`], and those of names that are admitted later.
    pub fn series_max(&self) -> usize {
        let places = self.directory.places_max.saturating_mul(Model::series(true));
        self.registry.next().saturating_add(places)
    }

    /// Whether the name of the proxy's route makes a difference.
    pub fn asks_for_route(&self) -> bool {
        self.directory.has_routes() || self.endpoints.iter().any(|it| it.route.is_some())
    }

    /// Sets what the configuration alone says: the reference by bin. Once, at configuration.
    pub fn describe(&self, ledger: &mut Ledger) {
        for column in self.predicting().flat_map(PredictionSeries::columns) {
            for (&id, &rows) in column.reference_rows.iter().zip(&column.reference) {
                ledger.set(id, rows);
            }
        }
    }

    /// Counts a stream that is let through unmeasured.
    pub fn count_unmeasured(&self, ledger: &mut Ledger, reason: Unmeasured) {
        if let Some(&id) = self.unmeasured.get(reason as usize) {
            ledger.add(id, 1);
        }
    }

    pub(crate) fn predicting(&self) -> impl Iterator<Item = &PredictionSeries> {
        self.predictors.iter().flatten()
    }

    /// The declaration that a request fits, the first one if there are several.
    pub(crate) fn endpoint(&self, path: &[u8], route: Option<&[u8]>) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.fits(path, route))
    }

    /// A model that generates, by its name in a request.
    pub(crate) fn generating_model(&self, name: &[u8]) -> Named {
        self.directory.generating(name)
    }

    /// A model that predicts, by its name in a request.
    pub(crate) fn predicting_model(&self, name: &[u8]) -> PredictorId {
        PredictorId(self.directory.predicting(name))
    }

    /// A route, by its name in the proxy.
    pub(crate) fn route(&self, name: Option<&[u8]>) -> Named {
        self.directory.route(name)
    }

    /// Under which model a request counts, or the wish to be admitted.
    pub(crate) fn model_on(&self, model: &Named, route: &Named) -> Result<ModelId, Wish> {
        self.directory.find(model, route)
    }

    pub(crate) fn model(&self, id: ModelId) -> Option<&Model> {
        self.models.get(id.0)
    }

    pub(crate) fn predictor(&self, id: PredictorId) -> Option<&PredictionSeries> {
        self.predictors.get(id.0)?.as_ref()
    }

    /// How many may be admitted later.
    pub(crate) fn places_max(&self) -> usize {
        self.directory.places_max
    }

    /// The model of the place with this number; `None` if there are fewer.
    pub(crate) fn place(&self, place: usize) -> Option<ModelId> {
        let number = self.listed.saturating_add(place);
        (number < self.models.len()).then_some(ModelId(number))
    }

    /// Whether this configuration admits such a subject at all.
    pub(crate) fn admits(&self, subject: &Subject) -> bool {
        self.directory.admits(subject)
    }

    /// Hands out the series of the place with this number, now that it has its labels.
    pub(crate) fn series_at(
        &self,
        place: usize,
        subject: &Subject,
        mut take: impl FnMut(SeriesId, &Series),
    ) {
        let before = place.saturating_mul(Model::series(true));
        let mut registry = Registry::starting_at(self.registry.next().saturating_add(before));
        Model::new(&mut registry, subject, !self.directory.predicts(&subject.model));
        for (id, series) in registry.numbered() {
            take(id, series);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_the_numbers_behind_all_others() {
        let config = br#"{"models": [{"name": "a"}, {"name": "b-*"}], "routes": ["r", "s-*"], "names_max": 3}"#;
        let monitor = Monitor::new(&Config::from_json(config).unwrap());
        let per_model = Model::series(true);
        assert_eq!(monitor.models.len(), 4 + 3);
        assert_eq!(monitor.series_max(), monitor.series().len() + 3 * per_model);
        let subject = Subject { model: "b-1".into(), route: "s-1".into() };
        let mut numbers = Vec::new();
        for place in 0..3 {
            monitor.series_at(place, &subject, |id, _| numbers.push(id.index()));
            let model = monitor.model(monitor.place(place).unwrap()).unwrap();
            assert_eq!(model.in_flight.index(), numbers[place * per_model]);
        }
        assert!(numbers.into_iter().eq(monitor.series().len()..monitor.series_max()));
        assert_eq!(monitor.place(3), None);
    }
}
