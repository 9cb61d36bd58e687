//! How many features of a model have drifted; it judges none of them.

use alloc::boxed::Box;

use driftline_labels::{EnumMap, Window};

use super::{Evaluation, Instrument, ModelContext, ModelInstrument};
use crate::model::PredictionSeries;
use driftline_metrics::{
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};

/// The gauges of one model.
#[derive(Debug)]
pub(super) struct DriftedFeatures(EnumMap<Window, SeriesId>);

impl DriftedFeatures {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &ModelContext<'_>,
    ) -> Option<ModelInstrument> {
        let ModelContext { model, version, .. } = context;
        Some(Box::new(DriftedFeatures(EnumMap::from_fn(|window: Window| {
            registrar.add(Metric::DriftedFeatures, &[model, version, window.name()])
        }))))
    }
}

impl Instrument<PredictionSeries> for DriftedFeatures {
    fn evaluate(&mut self, model: &PredictionSeries, _: &[u64], evaluation: &mut Evaluation<'_>) {
        for (window, id) in self.0 {
            let features = evaluation.findings.columns.iter().take(model.features().len());
            let drifted = features.filter(|it| it.has_drifted[window]).count();
            evaluation.buffer.set(id, u64::try_from(drifted).unwrap_or(u64::MAX));
        }
    }
}
