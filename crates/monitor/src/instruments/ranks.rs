//! Which features moved most: places from 1 on by how far they moved; it does not ask whether that matters.

use alloc::{boxed::Box, vec::Vec};

use driftline_labels::{Baseline, EnumMap};

use super::{DriftSettings, Evaluation, Instrument, ModelContext, ModelInstrument};
use crate::{memory::BLOCK_BYTES, model::PredictionSeries};
use driftline_metrics::{
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};

/// The places of one model's features.
#[derive(Debug)]
pub(super) struct Ranks {
    /// By feature.
    gauges: Box<[EnumMap<Baseline, SeriesId>]>,
    places: Places,
}

/// What [`Places`] takes for each feature.
const FEATURE_BYTES: usize = size_of::<(f64, usize)>() + size_of::<u64>();

/// Ranks what moved; kept to be allocated once.
#[derive(Debug, Default)]
pub(super) struct Places {
    order: Vec<(f64, usize)>,
    places: Vec<u64>,
}

impl Ranks {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &ModelContext<'_>,
    ) -> Option<ModelInstrument> {
        let ModelContext { features, settings, .. } = context;
        let gauges = features.iter().map(|labels| {
            EnumMap::from_fn(|baseline| {
                let word = settings.windows.word(baseline);
                registrar.add(Metric::FeatureRank, &labels.with(word))
            })
        });
        Some(Box::new(Ranks { gauges: gauges.collect(), places: Places::default() }))
    }
}

impl Instrument<PredictionSeries> for Ranks {
    fn state_bytes_max(&self, _: &PredictionSeries, _: &DriftSettings) -> usize {
        self.gauges.len().saturating_mul(FEATURE_BYTES).saturating_add(2 * BLOCK_BYTES)
    }

    fn release(&mut self) {
        self.places = Places::default();
    }

    fn evaluate(&mut self, _: &PredictionSeries, _: &[u64], evaluation: &mut Evaluation<'_>) {
        for baseline in Baseline::ALL {
            if baseline == Baseline::SlowWindowBefore && !evaluation.step_ended {
                continue;
            }
            let features = evaluation.findings.columns.iter().take(self.gauges.len());
            let places = self.places.of(features.map(|found| found.moved[baseline]));
            for (gauges, &place) in self.gauges.iter().zip(places) {
                evaluation.buffer.set(gauges[baseline], place);
            }
        }
    }
}

impl Places {
    /// The place of each: 1 moved most, of equals the first one; 0 for what cannot tell.
    pub(super) fn of(&mut self, moved: impl IntoIterator<Item = Option<f64>>) -> &[u64] {
        self.order.clear();
        self.places.clear();
        let moved = moved.into_iter();
        // All at once, so that nothing is allocated later.
        self.order.reserve_exact(moved.size_hint().0);
        self.places.reserve_exact(moved.size_hint().0);
        for (number, moved) in moved.enumerate() {
            self.places.push(0);
            if let Some(moved) = moved {
                // In order at once: to sort some hundred numbers takes five kilobytes of code, and little less time.
                let is_before = |(other, _): &(f64, usize)| other.total_cmp(&moved).is_ge();
                self.order.insert(self.order.partition_point(is_before), (moved, number));
            }
        }
        for (place, &(_, number)) in (1..).zip(&self.order) {
            if let Some(found) = self.places.get_mut(number) {
                *found = place;
            }
        }
        &self.places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_moved_most_is_first() {
        let mut places = Places::default();
        assert_eq!(places.of([Some(0.1), Some(3.0), None, Some(0.2)]), [3, 1, 0, 2]);
        assert_eq!(places.of([Some(0.5), Some(0.5)]), [1, 2], "of equals the first one");
        assert_eq!(places.of([None, None]), [0, 0]);
        assert_eq!(places.of([]), [0; 0]);
    }
}
