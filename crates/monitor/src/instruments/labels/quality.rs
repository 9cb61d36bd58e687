//! The gauges of a model's quality over both windows. It judges nothing.

use alloc::string::String;

use driftline_labels::{EnumMap, QualityMeasure, Window};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesRegistrar, SeriesRun},
};
use driftline_statistics::{
    detection::total,
    drift::to_ppm,
    quality::{ClassifierCounts, Confusion, LossSums, RegressionSums, ScoreCounts},
};

use super::cells::{LabelCells, at, part};
use crate::labelled::{Judged, LabelledModel};

/// What is said of each class.
const OF_CLASS: [QualityMeasure; 3] =
    [QualityMeasure::Precision, QualityMeasure::Recall, QualityMeasure::F1];

/// The gauges of one model.
#[derive(Debug)]
pub(super) struct QualityGauges {
    /// By measure.
    measures: EnumMap<Window, SeriesRun>,
    /// By measure and class; none of a model that answers scores.
    classes: EnumMap<Window, [SeriesRun; OF_CLASS.len()]>,
}

impl QualityGauges {
    /// Those of a model; `None` if it is not judged.
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        model: &LabelledModel,
    ) -> Option<QualityGauges> {
        let [name, version] = model.labels();
        let (measures, classes) = match model.judged.as_ref()? {
            Judged::Classes(series) => {
                let names = series.reference.names.as_slice();
                (series.measures(), if series.scores.is_some() { &[][..] } else { names })
            }
            Judged::Regression(series) => (series.measures(), &[][..]),
        };
        let of_window = EnumMap::from_fn(|window: Window| {
            let words = &mut measures.iter().map(|measure| measure.name());
            registrar.each(Metric::Quality, &[name, version, window.name()], words)
        });
        let of_classes = EnumMap::from_fn(|window: Window| {
            OF_CLASS.map(|measure| {
                let labels = [name, version, window.name(), measure.name()];
                let words = &mut classes.iter().map(String::as_str);
                registrar.each(Metric::ClassQuality, &labels, words)
            })
        });
        Some(QualityGauges { measures: of_window, classes: of_classes })
    }

    pub(super) fn set(
        &self,
        model: &LabelledModel,
        window: Window,
        sums: &[u64],
        cells: &LabelCells,
        buffer: &mut MetricBuffer,
    ) {
        let (found, measures) = match &model.judged {
            Some(Judged::Classes(series)) => {
                let counts = part(sums, &cells.confusion);
                let Some(confusion) = Confusion::new(counts, series.names.count()) else { return };
                self.set_classes(window, &confusion, buffer);
                let scores = series.reference.scores.as_ref();
                let scores = scores.map(|scores| score_counts(scores.positive, sums, cells));
                (ClassifierCounts { confusion, scores }.measures(), series.measures())
            }
            Some(Judged::Regression(series)) => {
                let counters: &[u64] = part(sums, &cells.regression);
                let Some(counters) = counters.first_chunk() else { return };
                let counted = RegressionSums::of_counters(*counters);
                (counted.measures(&series.scale), series.measures())
            }
            None => return,
        };
        for (id, &measure) in self.measures[window].iter().zip(measures) {
            buffer.set(id, to_ppm(found[measure]));
        }
    }

    fn set_classes(&self, window: Window, confusion: &Confusion<'_>, buffer: &mut MetricBuffer) {
        let gauges = &self.classes[window];
        for class in 0..gauges.first().map_or(0, SeriesRun::len) {
            let Some(counts) = confusion.class(class) else { return };
            let found = [counts.precision(), counts.recall(), counts.f1()];
            for (of_measure, value) in gauges.iter().zip(found) {
                if let Some(id) = of_measure.get(class) {
                    buffer.set(id, to_ppm(value.unwrap_or(0.0)));
                }
            }
        }
    }
}

/// The counters of scores among these sums.
pub(super) fn score_counts<'s>(
    positive: usize,
    sums: &'s [u64],
    cells: &LabelCells,
) -> ScoreCounts<'s> {
    let (positives, negatives) = (part(sums, &cells.positives), part(sums, &cells.negatives));
    ScoreCounts {
        positive,
        positives,
        negatives,
        sums: part(sums, &cells.score_sums),
        losses: LossSums {
            rows: total(positives).saturating_add(total(negatives)),
            squared_error: at(sums, cells.losses.start),
            log_loss: at(sums, cells.losses.start.saturating_add(1)),
        },
    }
}
