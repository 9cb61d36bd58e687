//! What one configuration's root and its streams share within a VM; nothing here is shared between VMs.

use std::cell::Cell;

use driftline_core::{ledger::Ledger, monitor::Monitor, series::SeriesId};

use crate::host::{self, MetricId};

/// A configuration in use.
pub(crate) struct Shared {
    monitor: Monitor,
    /// By series index; `None` for what the host refused to define.
    metrics: Vec<Option<MetricId>>,
    ledger: Cell<Ledger>,
    /// Whether this VM ever had a stream: one that has is no good place to evaluate.
    pub(crate) carries_traffic: Cell<bool>,
}

impl Shared {
    /// Defines all series of a configuration, and sets what it alone says.
    pub(crate) fn new(monitor: Monitor) -> Shared {
        let metrics = monitor
            .series()
            .iter()
            .map(|series| host::define_metric(series.kind, &series.stat_name()))
            .collect();
        let ledger = Cell::new(Ledger::new(monitor.series().len()));
        let shared = Shared { monitor, metrics, ledger, carries_traffic: Cell::new(false) };
        shared.record(|monitor, ledger| monitor.describe(ledger));
        shared
    }

    /// The configuration made ready.
    pub(crate) fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Runs `observe` and hands the host what it changed.
    pub(crate) fn record<T>(&self, observe: impl FnOnce(&Monitor, &mut Ledger) -> T) -> T {
        let mut ledger = self.ledger.take();
        let observed = observe(&self.monitor, &mut ledger);
        ledger.drain(|series, change| {
            if let Some(metric) = self.metric(series) {
                host::change_metric(metric, change);
            }
        });
        self.ledger.set(ledger);
        observed
    }

    /// What the whole proxy has counted in a series.
    pub(crate) fn total(&self, series: SeriesId) -> u64 {
        self.metric(series).map_or(0, host::metric)
    }

    fn metric(&self, series: SeriesId) -> Option<MetricId> {
        self.metrics.get(series.index()).copied().flatten()
    }
}
