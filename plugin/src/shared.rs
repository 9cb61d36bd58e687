//! What one configuration's root and its streams share within a VM; nothing here is shared between VMs.

use std::cell::Cell;

use driftline_core::{
    inference::exchange::Exchange,
    metrics::{
        buffer::MetricBuffer,
        series::{Series, SeriesId},
    },
    monitor::{
        config::Config,
        host::{Host, MetricId},
        instruments::Instruments,
        layout::Monitor,
        tick::HostSeries,
    },
};

use crate::{admission::Admission, host::ProxyWasm};

/// The host's names of all series, by number; `None` for what it refused to define, and for what is not defined yet.
struct Metrics(Vec<Cell<Option<MetricId>>>);

/// A configuration in use.
pub(crate) struct Shared {
    monitor: Monitor,
    metrics: Metrics,
    admission: Admission,
    buffer: Cell<MetricBuffer>,
    /// Whether this VM ever had a stream: one that has is no good place to evaluate.
    pub(crate) carries_traffic: Cell<bool>,
}

impl Shared {
    /// Defines all series of a configuration, those of names that were admitted before included, and sets what it
    /// alone says. With it the instruments that watch it.
    pub(crate) fn new(config: Config) -> (Shared, Instruments) {
        let mut metrics = Metrics(Vec::new());
        let mut monitor =
            Monitor::tell(&config, &mut |_, series| metrics.0.push(Cell::new(define(&series))));
        let instruments = monitor.take_instruments();
        drop(config);
        metrics.reserve_up_to(monitor.series_max());
        let admission = Admission::begin(&monitor, |id, series| metrics.define(id, series));
        let buffer = Cell::new(MetricBuffer::new(monitor.series_max()));
        let shared =
            Shared { monitor, metrics, admission, buffer, carries_traffic: Cell::new(false) };
        shared.record(|monitor, buffer| {
            monitor.describe(buffer, |buffer| shared.flush(buffer));
        });
        (shared, instruments)
    }

    /// The configuration made ready.
    pub(crate) fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Runs `observe` and hands the host what it changed.
    pub(crate) fn record<T>(&self, observe: impl FnOnce(&Monitor, &mut MetricBuffer) -> T) -> T {
        let mut buffer = self.buffer.take();
        let observed = observe(&self.monitor, &mut buffer);
        self.flush(&mut buffer);
        self.buffer.set(buffer);
        observed
    }

    /// Answers the exchange's admission_request, if it has one.
    pub(crate) fn answer_admission(&self, exchange: &mut Exchange) {
        let Some(series_key) = exchange.admission_request() else {
            return;
        };
        let define = |id, series: &Series| self.metrics.define(id, series);
        let granted = self.admission.admit(&self.monitor, series_key, define);
        self.record(|monitor, buffer| exchange.answer_admission(monitor, buffer, granted));
    }
}

impl HostSeries for Shared {
    fn total(&self, series: SeriesId) -> Option<u64> {
        ProxyWasm.metric(self.metrics.get(series)?)
    }

    fn flush(&self, buffer: &mut MetricBuffer) {
        buffer.flush(|series, change| {
            if let Some(metric) = self.metrics.get(series) {
                ProxyWasm.change_metric(metric, change);
            }
        });
    }
}

impl Metrics {
    /// Makes room for all series that there may be.
    fn reserve_up_to(&mut self, series_max: usize) {
        self.0.reserve_exact(series_max.saturating_sub(self.0.len()));
        self.0.resize_with(series_max, Cell::default);
        self.0.shrink_to_fit();
    }

    fn get(&self, series: SeriesId) -> Option<MetricId> {
        self.0.get(series.index())?.get()
    }

    fn define(&self, id: SeriesId, series: &Series) {
        if let Some(metric) = self.0.get(id.index()) {
            metric.set(define(series));
        }
    }
}

fn define(series: &Series) -> Option<MetricId> {
    ProxyWasm.define_metric(series.kind, &series.stat_name())
}
