//! The quality that scores let expect without labels, beside the one that labels show. It hides nothing: what it cannot
//! see is said by the state of the labels, and by the difference of both.

use alloc::boxed::Box;

use driftline_labels::{EnumMap, EstimateOf, EstimatedMeasure, LabelValue as _, Window};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};
use driftline_statistics::{
    detection::total,
    drift::to_ppm,
    profile::quality::Scores,
    quality::{BinnedScores, Expected, ReferenceBins, Threshold, Unlabelled},
};

use super::cells::{LabelCells, labelled_scores, part};
use crate::labelled::{Judged, LabelledModel};

/// The gauges of one model, and its reference.
#[derive(Debug)]
pub(super) struct EstimateGauges {
    /// Reference rows by score bin.
    rows: Box<[u64]>,
    positives: Box<[u64]>,
    /// Those whose prediction is their label.
    correct: Box<[u64]>,
    /// The first bin that is predicted as positive.
    threshold: Threshold,
    gauges: EnumMap<Window, EnumMap<EstimatedMeasure, MeasureGauges>>,
}

/// The gauges of one measure in one window.
#[derive(Debug)]
struct MeasureGauges {
    value: EnumMap<EstimateOf, SeriesId>,
    error: EnumMap<EstimateOf, SeriesId>,
    shortfall: SeriesId,
    excess: SeriesId,
}

impl EstimateGauges {
    /// Those of a model; `None` if it answers no scores.
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        model: &LabelledModel,
    ) -> Option<EstimateGauges> {
        let Some(Judged::Classes(series)) = &model.judged else { return None };
        let Scores { positives, negatives, edges, threshold, .. } =
            series.reference.scores.as_ref()?;
        let [name, version] = model.labels();
        let gauges = EnumMap::from_fn(|window: Window| {
            EnumMap::from_fn(|measure: EstimatedMeasure| {
                let labels = [name, version, window.name(), measure.word()];
                MeasureGauges {
                    value: registrar.add(Metric::EstimatedQuality, &labels),
                    error: registrar.add(Metric::EstimatedQualityError, &labels),
                    shortfall: registrar.add(Metric::EstimateShortfall, &labels),
                    excess: registrar.add(Metric::EstimateExcess, &labels),
                }
            })
        });
        let bins = || positives.iter().zip(negatives);
        let rows: Box<[u64]> = bins().map(|(&a, &b)| a.saturating_add(b)).collect();
        let first = edges.partition_point(|edge| edge < threshold).saturating_add(1);
        let correct = bins().enumerate().map(
            |(bin, (&positives, &negatives))| {
                if first <= bin { positives } else { negatives }
            },
        );
        Some(EstimateGauges {
            correct: correct.collect(),
            positives: positives.as_slice().into(),
            threshold: Threshold { bin: first, rows_above: rows.get(first).copied().unwrap_or(0) },
            rows,
            gauges,
        })
    }

    pub(super) fn set(
        &self,
        window: Window,
        sums: &[u64],
        cells: &LabelCells,
        buffer: &mut MetricBuffer,
    ) {
        let labelled = labelled_scores(sums, cells);
        let realised = self.realised(sums, cells);
        for (of, live) in [
            (EstimateOf::Predictions, part(sums, &cells.scores)),
            (EstimateOf::Labelled, &labelled),
        ] {
            let expected = self.expected(live);
            for (measure, gauges) in &self.gauges[window] {
                let Expected { value, standard_error, .. } = expected[measure];
                buffer.set(gauges.value[of], to_ppm(value));
                buffer.set(gauges.error[of], to_ppm(standard_error));
                if of == EstimateOf::Labelled {
                    let realised = realised[measure].unwrap_or(value);
                    buffer.set(gauges.shortfall, to_ppm((value - realised).max(0.0)));
                    buffer.set(gauges.excess, to_ppm((realised - value).max(0.0)));
                }
            }
        }
    }

    /// What to expect of live rows by score bin.
    fn expected(&self, live: &[u64]) -> EnumMap<EstimatedMeasure, Expected> {
        let reference =
            ReferenceBins { rows: &self.rows, positives: &self.positives, correct: &self.correct };
        let found = Unlabelled::new(reference, live);
        let none = Expected { value: 0.0, standard_error: 0.0, bin_error: 0.0 };
        EnumMap::from_fn(|measure| {
            let expected = found.and_then(|found| match measure {
                EstimatedMeasure::Accuracy => found.accuracy(),
                EstimatedMeasure::F1 => found.f1(self.threshold),
                EstimatedMeasure::AucRoc => found.auc_roc(),
            });
            expected.unwrap_or(none)
        })
    }

    /// What labels show of the same rows.
    fn realised(&self, sums: &[u64], cells: &LabelCells) -> EnumMap<EstimatedMeasure, Option<f64>> {
        let (positives, negatives) = (part(sums, &cells.positives), part(sums, &cells.negatives));
        let first = self.threshold.bin.min(positives.len());
        let above = |counts: &[u64]| total(counts.get(first..).unwrap_or_default()) as f64;
        let (all_positives, all_negatives) = (total(positives) as f64, total(negatives) as f64);
        let (hits, false_alarms) = (above(positives), above(negatives));
        let ratio = |part: f64, whole: f64| (0.0 < whole).then(|| part / whole);
        EnumMap::from_fn(|measure| match measure {
            EstimatedMeasure::Accuracy => {
                ratio(hits + all_negatives - false_alarms, all_positives + all_negatives)
            }
            EstimatedMeasure::F1 => ratio(2.0 * hits, all_positives + hits + false_alarms),
            EstimatedMeasure::AucRoc => {
                BinnedScores::new(positives, negatives)?.auc_roc().map(|area| area.value)
            }
        })
    }
}
