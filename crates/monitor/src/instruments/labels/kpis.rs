//! The gauges of business figures over both windows. It judges nothing.

use alloc::{boxed::Box, vec::Vec};

use driftline_labels::{EnumMap, Window};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};
use driftline_statistics::drift::{Tail, to_ppm};

use super::cells::{LabelCells, part};
use crate::labelled::LabelledModel;

/// The means of one model's figures.
#[derive(Debug)]
pub(super) struct KpiGauges(EnumMap<Window, Box<[EnumMap<Tail, SeriesId>]>>);

impl KpiGauges {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        model: &LabelledModel,
    ) -> KpiGauges {
        let [name, version] = model.labels();
        KpiGauges(EnumMap::from_fn(|window: Window| {
            let of_kpi = model.kpis.iter().map(|kpi| {
                EnumMap::from_fn(|side: Tail| {
                    let labels = [name, version, window.name(), side.name(), &kpi.name];
                    registrar.add(Metric::KpiMean, &labels)
                })
            });
            of_kpi.collect::<Vec<_>>().into()
        }))
    }

    pub(super) fn set(
        &self,
        model: &LabelledModel,
        window: Window,
        sums: &[u64],
        cells: &LabelCells,
        buffer: &mut MetricBuffer,
    ) {
        let (of_kpis, _) = part(sums, &cells.kpi_sums).as_chunks();
        let kpis = model.kpis.iter().zip(part(sums, &cells.kpi_rows)).zip(of_kpis);
        for (((kpi, &rows), &[high, low, _]), gauges) in kpis.zip(&self.0[window]) {
            let mean = kpi.mean(rows, high, low);
            buffer.set(gauges[Tail::High], to_ppm(mean.max(0.0)));
            buffer.set(gauges[Tail::Low], to_ppm((-mean).max(0.0)));
        }
    }
}
