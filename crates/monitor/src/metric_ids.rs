//! The host's numbers of all series, by the number that the layout gave them; it holds no value.

use alloc::vec::Vec;
use core::cell::Cell;

use crate::host::{Host, MetricId};
use driftline_metrics::series::{Series, SeriesId};

/// By series; `None` for what the host refused to define, and for what is not defined yet.
#[derive(Debug, Default)]
pub(crate) struct MetricIds(Vec<Cell<Option<MetricId>>>);

impl MetricIds {
    /// Defines the next series: they come in the order of their numbers.
    pub(crate) fn push(&mut self, host: &impl Host, series: &Series) {
        self.0.push(Cell::new(define(host, series)));
    }

    /// Makes room for all series that there may be.
    pub(crate) fn reserve_up_to(&mut self, series_max: usize) {
        self.0.reserve_exact(series_max.saturating_sub(self.0.len()));
        self.0.resize_with(series_max, Cell::default);
        self.0.shrink_to_fit();
    }

    /// Defines a series whose labels came later.
    pub(crate) fn define(&self, host: &impl Host, id: SeriesId, series: &Series) {
        if let Some(metric) = self.0.get(id.index()) {
            metric.set(define(host, series));
        }
    }

    pub(crate) fn get(&self, id: SeriesId) -> Option<MetricId> {
        self.0.get(id.index())?.get()
    }
}

fn define(host: &impl Host, series: &Series) -> Option<MetricId> {
    host.define_metric(series.kind, &series.stat_name())
}
