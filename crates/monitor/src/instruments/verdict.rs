//! The gauges of verdicts, and what a window is compared with; it judges nothing.

use driftline_labels::{DriftReason, Verdict};
use driftline_statistics::{
    detection::Looked,
    drift::{Compared, NullCounts},
    time::WallClock,
};

use super::ColumnContext;
use crate::model::MonitoredColumn;
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesRegistrar, SeriesRun},
};

/// Live rows of a column, by cell, beside its reference.
pub(super) fn compared<'a>(column: &'a MonitoredColumn, sums: &'a [u64]) -> Compared<'a> {
    let live = column.cells().split(sums);
    let reference = &column.reference;
    let reference_rows = reference.rows().binned.saturating_add(reference.unset);
    Compared {
        reference: &reference.bins,
        live: live.bins,
        scale: reference.positions.as_ref(),
        live_tail_distance: live.tail_distance,
        reference_presence: NullCounts { nulls: reference.unset, rows: reference_rows },
        live_presence: NullCounts { nulls: live.unbinned(), rows: live.all() },
    }
}

/// One gauge for each verdict.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerdictGauges(SeriesRun);

impl VerdictGauges {
    /// Those with these labels before the verdict, and after it `last`, if there is one.
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        metric: Metric,
        before: &[&str],
        last: Option<&[&str]>,
    ) -> VerdictGauges {
        let words = [&Verdict::WORDS, last.unwrap_or_default()];
        let words = words.get(..if last.is_some() { 2 } else { 1 }).unwrap_or_default();
        VerdictGauges(registrar.product(metric, before, words))
    }

    /// Makes this one hold, and no other.
    pub(super) fn set(&self, buffer: &mut MetricBuffer, verdict: Verdict) {
        for (other, id) in Verdict::ALL.into_iter().zip(self.0.iter()) {
            buffer.set(id, u64::from(other == verdict));
        }
    }
}

/// What is said of a column's drift beside its verdicts.
#[derive(Debug)]
pub(super) struct DriftGauges {
    reasons: &'static [DriftReason],
    /// By reason.
    of_reasons: SeriesRun,
    /// When it began, how often verdicts changed, what rows are worth, and, only with a season, whether it is known.
    of_column: SeriesRun,
}

impl DriftGauges {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &ColumnContext<'_>,
    ) -> DriftGauges {
        let ColumnContext { labels, reasons, settings, .. } = context;
        let words = &mut reasons.iter().map(|reason| reason.name());
        let of_reasons = registrar.each(Metric::FeatureDriftReason, &labels.values(), words);
        let metrics = [
            Metric::FeatureDriftStarted,
            Metric::FeatureVerdictChanges,
            Metric::FeatureEffectiveRows,
        ];
        let of_column = metrics.map(|metric| registrar.add(metric, &labels.values()));
        let season_known = (settings.windows.season_windows != 0)
            .then(|| registrar.add(Metric::FeatureSeasonKnown, &labels.values()));
        DriftGauges {
            reasons,
            of_reasons,
            of_column: SeriesRun::of(of_column.into_iter().chain(season_known)),
        }
    }

    pub(super) fn set(
        &self,
        buffer: &mut MetricBuffer,
        looked: &Looked,
        wall_clock: Option<WallClock>,
    ) {
        for (&reason, id) in self.reasons.iter().zip(self.of_reasons.iter()) {
            buffer.set(id, u64::from(looked.reason == Some(reason)));
        }
        let started = looked.since.zip(wall_clock).map(|(at, clock)| clock.seconds(at));
        let mut of_column = self.of_column.iter();
        if let Some(id) = of_column.next() {
            // The cast saturates.
            buffer.set(id, started.map_or(0, |seconds| seconds as u64));
        }
        if let Some(id) = of_column.next()
            && looked.turns != 0
        {
            buffer.add(id, looked.turns);
        }
        if let Some(id) = of_column.next() {
            // The cast saturates.
            buffer.set(id, looked.effective_rows as u64);
        }
        if let Some(id) = of_column.next() {
            buffer.set(id, u64::from(looked.has_before));
        }
    }
}
