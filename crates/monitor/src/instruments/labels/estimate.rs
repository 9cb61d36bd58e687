//! The quality that scores let expect without labels, beside the one that labels show. It hides nothing: what it cannot
//! see is said by the state of the labels, and by the difference of both.

use alloc::boxed::Box;

use driftline_labels::{EnumMap, EstimateOf, EstimatedMeasure, Window};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesRegistrar, SeriesRun},
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
    gauges: EnumMap<Window, WindowGauges>,
}

/// The gauges of one window.
#[derive(Clone, Copy, Debug)]
struct WindowGauges {
    /// By measure, of all predictions and of labelled ones by turns.
    values: SeriesRun,
    /// Likewise.
    errors: SeriesRun,
    /// By measure.
    shortfalls: SeriesRun,
    /// By measure.
    excesses: SeriesRun,
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
            let labels = &[name, version, window.name()];
            let [measures, of]: [&[&str]; 2] = [&EstimatedMeasure::WORDS, &EstimateOf::WORDS];
            WindowGauges {
                values: registrar.product(Metric::EstimatedQuality, labels, &[measures, of]),
                errors: registrar.product(Metric::EstimatedQualityError, labels, &[measures, of]),
                shortfalls: registrar.product(Metric::EstimateShortfall, labels, &[measures]),
                excesses: registrar.product(Metric::EstimateExcess, labels, &[measures]),
            }
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
        let WindowGauges { values, errors, shortfalls, excesses } = self.gauges[window];
        let labelled = labelled_scores(sums, cells);
        let realised = self.realised(sums, cells);
        let of_predictions = self.expected(part(sums, &cells.scores));
        let of_labelled = self.expected(&labelled);
        let (mut values, mut errors) = (values.iter(), errors.iter());
        let differences = shortfalls.iter().zip(excesses.iter());
        for (measure, (shortfall, excess)) in EstimatedMeasure::ALL.into_iter().zip(differences) {
            for expected in [of_predictions[measure], of_labelled[measure]] {
                if let (Some(value), Some(error)) = (values.next(), errors.next()) {
                    buffer.set(value, to_ppm(expected.value));
                    buffer.set(error, to_ppm(expected.standard_error));
                }
            }
            let expected = of_labelled[measure].value;
            let realised = realised[measure].unwrap_or(expected);
            buffer.set(shortfall, to_ppm((expected - realised).max(0.0)));
            buffer.set(excess, to_ppm((realised - expected).max(0.0)));
        }
    }

    /// What to expect of live rows by score bin.
    #[inline(never)]
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
