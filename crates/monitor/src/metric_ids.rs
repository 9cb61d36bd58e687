//! The host's numbers of all series, by the number that the layout gave them; it holds no value.

use alloc::{string::String, vec::Vec};
use core::cell::Cell;

use crate::host::{Host, MetricId};
use driftline_metrics::series::{SeriesId, SeriesView};

/// By series; `None` for what the host refused to define, and for what is not defined yet.
#[derive(Debug, Default)]
pub(crate) struct MetricIds(Vec<Cell<Option<MetricId>>>);

/// [`MetricIds`], to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MetricIdsView<'m>(&'m [Cell<Option<MetricId>>]);

impl MetricIdsView<'_> {
    #[inline]
    pub(crate) fn get(self, id: SeriesId) -> Option<MetricId> {
        self.0.get(id.index())?.get()
    }
}

/// Defines series one after another, with one buffer for all their names.
#[derive(Debug)]
pub(crate) struct Definer<'h, H> {
    host: &'h H,
    stat_name: String,
}

impl<'h, H: Host> Definer<'h, H> {
    pub(crate) fn new(host: &'h H) -> Definer<'h, H> {
        Definer { host, stat_name: String::new() }
    }

    fn define(&mut self, series: SeriesView<'_>) -> Option<MetricId> {
        self.host.define_metric(series.kind, series.stat_name(&mut self.stat_name))
    }
}

impl MetricIds {
    /// Defines the next series: they come in the order of their numbers.
    pub(crate) fn push(&mut self, definer: &mut Definer<'_, impl Host>, series: SeriesView<'_>) {
        self.0.push(Cell::new(definer.define(series)));
    }

    /// Makes room for all series that there may be.
    pub(crate) fn reserve_up_to(&mut self, series_max: usize) {
        self.0.reserve_exact(series_max.saturating_sub(self.0.len()));
        self.0.resize_with(series_max, Cell::default);
        self.0.shrink_to_fit();
    }

    /// Defines a series whose labels came later.
    pub(crate) fn define(
        &self,
        definer: &mut Definer<'_, impl Host>,
        id: SeriesId,
        series: SeriesView<'_>,
    ) {
        if let Some(metric) = self.0.get(id.index()) {
            metric.set(definer.define(series));
        }
    }

    pub(crate) fn get(&self, id: SeriesId) -> Option<MetricId> {
        self.view().get(id)
    }

    /// The same for many: where it lies is looked up once.
    #[inline]
    pub(crate) fn view(&self) -> MetricIdsView<'_> {
        MetricIdsView(&self.0)
    }
}
