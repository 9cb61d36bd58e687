//! What is compared with a reference: a feature or a prediction of one model, with its bins and its series. No value is kept.

use alloc::vec::Vec;

use crate::{
    bins::Bins,
    catalogue::Metric,
    ledger::Ledger,
    prediction::{Cell, Placed, Unbinned},
    profile::Column,
    series::{Registry, SeriesId},
};

/// A feature, or the prediction, with its reference and its series.
#[derive(Debug)]
pub(crate) struct MonitoredColumn {
    bins: Bins,
    /// Rows of the reference profile by bin.
    pub(crate) reference: Vec<u64>,
    pub(crate) counts: Vec<SeriesId>,
    unbinned: [SeriesId; Unbinned::ALL.len()],
    pub(crate) reference_rows: Vec<SeriesId>,
    pub(crate) window_rows: SeriesId,
    pub(crate) psi: SeriesId,
    pub(crate) psi_without_drift: SeriesId,
}

impl MonitoredColumn {
    /// How many series a column of so many bins has; a test compares it with those that are made.
    pub(crate) const fn series(bins: usize) -> usize {
        bins.saturating_mul(2).saturating_add(Unbinned::ALL.len()).saturating_add(3)
    }

    pub(super) fn new(
        registry: &mut Registry,
        labels: [&str; 3],
        column: &Column,
    ) -> MonitoredColumn {
        let [model, role, name] = labels;
        let mut per_bin = |metric: Metric| -> Vec<SeriesId> {
            (0..column.bins.count())
                .map(|bin| registry.add(metric, &[model, role, name, &column.bins.label(bin)]))
                .collect()
        };
        let counts = per_bin(Metric::FeatureBin);
        let reference_rows = per_bin(Metric::ReferenceBinRows);
        MonitoredColumn {
            bins: column.bins.clone(),
            reference: column.counts.clone(),
            counts,
            unbinned: Unbinned::ALL.map(|reason| {
                registry.add(Metric::FeatureUnbinned, &[model, role, name, reason.name()])
            }),
            reference_rows,
            window_rows: registry.add(Metric::FeatureWindowRows, &labels),
            psi: registry.add(Metric::FeaturePsi, &labels),
            psi_without_drift: registry.add(Metric::FeaturePsiWithoutDrift, &labels),
        }
    }

    /// Counts rows that lack the column.
    pub(crate) fn count_missing(&self, ledger: &mut Ledger, rows: u64) {
        if let Some(&id) = self.unbinned.get(Unbinned::Missing as usize) {
            ledger.add(id, rows);
        }
    }

    /// The bin of a value, or why it has none.
    pub(crate) fn place(&self, cell: Cell<'_>) -> Placed {
        cell.place(&self.bins)
    }

    /// Counts a value in its bin, or under the reason why it has none.
    pub(crate) fn count(&self, ledger: &mut Ledger, placed: Placed) {
        let id = match placed {
            Ok(bin) => self.counts.get(bin),
            Err(reason) => self.unbinned.get(reason as usize),
        };
        if let Some(&id) = id {
            ledger.add(id, 1);
        }
    }
}
