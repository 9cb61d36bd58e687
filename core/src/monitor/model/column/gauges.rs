//! The gauges that the evaluator sets for one column; what they hold is decided elsewhere.

use alloc::vec::Vec;

use super::Role;
use crate::{
    metrics::measures::metrics,
    metrics::{
        buffer::MetricBuffer,
        catalogue::Metric,
        series::{SeriesId, SeriesRegistrar},
    },
    monitor::evaluator::{Span, Verdict},
};
use driftline_statistics::measure::Measure;

/// The gauges of one column.
#[derive(Debug)]
pub(crate) struct ColumnGauges {
    /// By [`Span`].
    pub(crate) windows: [WindowGauges; Span::ALL.len()],
    /// By [`Since`]; `None` for the prediction, which has nobody to be ranked with.
    pub(crate) ranks: Option<[SeriesId; Since::ALL.len()]>,
    /// By [`Since`], but for the training, since which PSI tells the move.
    pub(crate) moved: [SeriesId; Since::ALL.len() - 1],
    pub(crate) skew_psi: SeriesId,
    pub(crate) skew_verdict: VerdictGauges,
}

/// The gauges of one window.
#[derive(Debug)]
pub(crate) struct WindowGauges {
    pub(crate) rows: SeriesId,
    pub(crate) psi: SeriesId,
    pub(crate) psi_critical: SeriesId,
    pub(crate) verdict: VerdictGauges,
    /// The metrics of each measure that is exported, one measure behind the other.
    pub(crate) measures: Vec<SeriesId>,
}

/// One gauge for each verdict.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VerdictGauges([SeriesId; Verdict::ALL.len()]);

/// What a move is measured from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Since {
    /// The reference profile.
    Training,
    /// The fast window right before this one.
    WindowBefore,
    /// The fast window that ended a slow one earlier; a day if nothing is configured.
    DayBefore,
}

impl Since {
    /// All of them; a position here is the discriminant.
    pub(crate) const ALL: [Since; 3] = [Since::Training, Since::WindowBefore, Since::DayBefore];

    /// The label value.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Since::Training => "training",
            Since::WindowBefore => "window_before",
            Since::DayBefore => "day_before",
        }
    }
}

impl ColumnGauges {
    /// How many there are; `is_of_numbers` if bins have an order.
    pub(super) fn series(is_of_numbers: bool, role: Role, measures: &[Measure]) -> usize {
        let measured = exported(measures, is_of_numbers)
            .fold(0usize, |sum, measure| sum.saturating_add(measure.count()));
        let window = 3usize.saturating_add(Verdict::ALL.len()).saturating_add(measured);
        let ranks = if role == Role::Feature { Since::ALL.len() } else { 0 };
        window
            .saturating_mul(Span::ALL.len())
            .saturating_add(ranks)
            .saturating_add(Since::ALL.len().saturating_sub(1))
            .saturating_add(1)
            .saturating_add(Verdict::ALL.len())
    }

    pub(super) fn new(
        registrar: &mut SeriesRegistrar<'_>,
        labels: [&str; 4],
        is_of_numbers: bool,
        role: Role,
        measures: &[Measure],
    ) -> ColumnGauges {
        let [model, version, role_name, feature] = labels;
        let with = |last: &'static str| [model, version, role_name, feature, last];
        ColumnGauges {
            windows: Span::ALL.map(|span| {
                let span = span.name();
                let labels = with(span);
                let mut add = |metric: Metric| registrar.add(metric, &labels);
                WindowGauges {
                    rows: add(Metric::FeatureWindowRows),
                    psi: add(Metric::FeaturePsi),
                    psi_critical: add(Metric::FeaturePsiCritical),
                    measures: exported(measures, is_of_numbers)
                        .flat_map(metrics)
                        .map(|&metric| add(metric))
                        .collect(),
                    verdict: VerdictGauges(Verdict::ALL.map(|verdict| {
                        let labels = [model, version, role_name, feature, span, verdict.name()];
                        registrar.add(Metric::FeatureVerdict, &labels)
                    })),
                }
            }),
            ranks: (role == Role::Feature).then(|| {
                Since::ALL.map(|since| registrar.add(Metric::FeatureRank, &with(since.name())))
            }),
            moved: [Since::WindowBefore, Since::DayBefore]
                .map(|since| registrar.add(Metric::FeatureMovedPsi, &with(since.name()))),
            skew_psi: registrar.add(Metric::FeatureSkewPsi, &labels),
            skew_verdict: VerdictGauges(
                Verdict::ALL.map(|verdict| {
                    registrar.add(Metric::FeatureSkewVerdict, &with(verdict.name()))
                }),
            ),
        }
    }
}

impl VerdictGauges {
    /// Makes this one hold, and no other.
    pub(crate) fn set(&self, buffer: &mut MetricBuffer, verdict: Verdict) {
        for (&id, other) in self.0.iter().zip(Verdict::ALL) {
            buffer.set(id, u64::from(other == verdict));
        }
    }
}

/// The measures that a column has of those that are wanted, in their order.
pub(crate) fn exported(
    wanted: &[Measure],
    is_of_numbers: bool,
) -> impl Iterator<Item = Measure> + '_ {
    let has = move |measure: &Measure| is_of_numbers || !measure.is_of_numbers();
    wanted.iter().copied().filter(has)
}
