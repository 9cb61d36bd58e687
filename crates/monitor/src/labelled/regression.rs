//! A regression's counters: sums of errors and labels, and rows by how far they are off. It computes no measure but those
//! of the reference.

use alloc::string::String;

use driftline_labels::{EnumMap, QualityMeasure};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar, SeriesRun},
};
use driftline_statistics::{
    drift::{Tail, to_ppm},
    profile::quality::Regression,
    quality::{RegressionSums, TargetScale, of_regression},
    value::{Cell, NullTexts},
};

use super::{SaidPrediction, Uncounted, bin_labels};

/// The counters of a regression.
#[derive(Debug)]
pub(crate) struct RegressionSeries {
    pub(crate) scale: TargetScale,
    /// By field of [`RegressionSums`], in their order.
    pub(crate) sums: [SeriesId; RegressionSums::COUNTERS],
    /// Rows by bin of their absolute error.
    pub(crate) errors: SeriesRun,
    /// What the reference counts.
    pub(crate) reference: Regression,
    /// By measure, in their order.
    described: SeriesRun,
    /// Where it says what one standard deviation is.
    deviation: SeriesId,
}

impl RegressionSeries {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        labels: [&str; 2],
        reference: &Regression,
    ) -> RegressionSeries {
        let error: EnumMap<Tail, SeriesId> = registrar.add(Metric::RegressionError, &labels);
        let label: EnumMap<Tail, SeriesId> = registrar.add(Metric::RegressionLabel, &labels);
        let mut one = |metric| registrar.add(metric, &labels);
        let sums = [
            one(Metric::RegressionRows),
            error[Tail::High],
            error[Tail::Low],
            one(Metric::RegressionSquares),
            one(Metric::RegressionSquareMillionths),
            label[Tail::High],
            label[Tail::Low],
            one(Metric::RegressionLabelSquares),
            one(Metric::RegressionLabelSquareMillionths),
            one(Metric::RegressionRelativeRows),
            one(Metric::RegressionRelative),
            one(Metric::RegressionClamped),
        ];
        let bins = bin_labels(reference.error_edges.len().saturating_add(1));
        let bins = &mut bins.iter().map(String::as_str);
        let errors = registrar.each(Metric::AbsoluteErrorRows, &labels, bins);
        let measures = &mut of_regression().iter().map(|measure| measure.name());
        let described = registrar.each(Metric::ReferenceQuality, &labels, measures);
        RegressionSeries {
            deviation: registrar.add(Metric::RegressionDeviation, &labels),
            // A profile that was read has a deviation above 0.
            scale: TargetScale::new(reference.mean, reference.deviation)
                .unwrap_or(TargetScale::UNIT),
            sums,
            errors,
            reference: reference.clone(),
            described,
        }
    }

    /// Its measures, which gauges show.
    pub(crate) fn measures(&self) -> &'static [QualityMeasure] {
        of_regression()
    }

    pub(super) fn describe(&self, buffer: &mut MetricBuffer) {
        buffer.set(self.deviation, to_ppm(self.reference.deviation));
        let found = self.reference.sums.measures(&self.scale);
        for (id, &measure) in self.described.iter().zip(self.measures()) {
            buffer.set(id, to_ppm(found[measure]));
        }
    }

    pub(super) fn said(&self, said: &SaidPrediction<'_>) -> Option<f64> {
        said.prediction.or(said.score)?.number(&NullTexts::NONE).ok()
    }

    /// Counts a row; its absolute error, in thousandths of the label's deviation.
    pub(super) fn count_row(
        &self,
        buffer: &mut MetricBuffer,
        predicted: f64,
        label: Cell<'_>,
    ) -> Result<u64, Uncounted> {
        let label = label.number(&NullTexts::NONE).map_err(|_| Uncounted::Label)?;
        let sums = self.scale.row(predicted, label).ok_or(Uncounted::Prediction)?;
        for (id, amount) in self.sums.into_iter().zip(sums.to_counters()) {
            if amount != 0 {
                buffer.add(id, amount);
            }
        }
        let off = libm::fabs(predicted - label);
        let bin = self.reference.error_edges.partition_point(|&edge| edge <= off);
        if let Some(id) = self.errors.get(bin) {
            buffer.add(id, 1);
        }
        Ok(sums.above.saturating_add(sums.below))
    }
}
