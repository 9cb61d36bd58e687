//! A configuration made ready: all its series, its models by name, and what an observation adds to them.
//! It holds no state of traffic but the room that is left for decoders; several exchanges and the evaluator share it.

use alloc::vec::Vec;

use crate::{
    catalogue::Metric,
    config::Config,
    encoding::{Codings, ROOM_BYTES_MAX, Room},
    ledger::Ledger,
    model::{Model, PredictionSeries},
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
}

impl Unmeasured {
    pub(crate) const ALL: [Unmeasured; 3] =
        [Unmeasured::NoRequestHeaders, Unmeasured::UnrecognisedPath, Unmeasured::OtherMethod];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Unmeasured::NoRequestHeaders => "no_request_headers",
            Unmeasured::UnrecognisedPath => "unrecognised_path",
            Unmeasured::OtherMethod => "other_method",
        }
    }
}

/// A configuration made ready.
#[derive(Debug)]
pub struct Monitor {
    registry: Registry,
    /// The first one stands for all that the configuration does not name.
    models: Vec<Model>,
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
    /// How often [`crate::evaluator::Evaluator::evaluate`] is to be called.
    pub tick_milliseconds: u64,
}

/// A model of a [`Monitor`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ModelId(usize);

impl ModelId {
    /// The model that stands for all that the configuration does not name.
    pub(crate) const OTHER: ModelId = ModelId(0);
}

impl Monitor {
    /// Lays out all series of a configuration.
    pub fn new(config: &Config) -> Monitor {
        let mut registry = Registry::default();
        let mut models = Vec::from([Model::other(&mut registry)]);
        models.extend(
            config
                .models
                .iter()
                .map(|model| Model::configured(&mut registry, &model.name, model.profile.as_ref())),
        );
        Monitor {
            unmeasured: Unmeasured::ALL
                .map(|reason| registry.add(Metric::Unmeasured, &[reason.name()])),
            evaluations: registry.add(Metric::Evaluations, &[]),
            registry,
            models,
            window_seconds: config.window_seconds,
            event_bytes_max: config.event_bytes_max,
            codings: config.decode,
            decoders: Room::new(ROOM_BYTES_MAX),
            remove_accept_encoding: config.remove_accept_encoding,
            tick_milliseconds: config.tick_milliseconds,
        }
    }

    /// All series, to be defined before any traffic so that they survive an update of the filter.
    pub fn series(&self) -> &[Series] {
        self.registry.all()
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
        self.models.iter().filter_map(|model| model.prediction.as_ref())
    }

    /// The model of this name that generates, else the one that stands for all others.
    pub(crate) fn generating_model(&self, name: &[u8]) -> ModelId {
        self.find(name, |model| model.generation.is_some())
    }

    /// The model of this name that predicts, else the one that stands for all others.
    pub(crate) fn predicting_model(&self, name: &[u8]) -> ModelId {
        self.find(name, |model| model.prediction.is_some())
    }

    pub(crate) fn model(&self, id: ModelId) -> Option<&Model> {
        self.models.get(id.0)
    }

    fn find(&self, name: &[u8], fits: impl Fn(&Model) -> bool) -> ModelId {
        let found =
            self.models.iter().position(|model| model.name.as_bytes() == name && fits(model));
        found.map_or(ModelId::OTHER, ModelId)
    }
}
