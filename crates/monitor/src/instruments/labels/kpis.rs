//! The gauges of business figures over both windows. It judges nothing.

use driftline_labels::{EnumMap, Window};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesRegistrar, SeriesRun},
};
use driftline_statistics::drift::Tail;

use super::cells::{LabelCells, part};
use crate::labelled::{LabelledModel, by_side};

/// The means of one model's figures: by window and side, and by figure.
#[derive(Debug)]
pub(super) struct KpiGauges(EnumMap<Window, [SeriesRun; Tail::ALL.len()]>);

impl KpiGauges {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        model: &LabelledModel,
    ) -> KpiGauges {
        let [name, version] = model.labels();
        KpiGauges(EnumMap::from_fn(|window: Window| {
            Tail::ALL.map(|side| {
                let kpis = &mut model.kpis.iter().map(|kpi| &*kpi.name);
                let labels = [name, version, window.name(), side.name()];
                registrar.each(Metric::KpiMean, &labels, kpis)
            })
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
        for (number, ((kpi, &rows), &[high, low, _])) in kpis.enumerate() {
            for (mean, gauges) in by_side(kpi.mean(rows, high, low)).into_iter().zip(self.0[window])
            {
                if let Some(id) = gauges.get(number) {
                    buffer.set(id, mean);
                }
            }
        }
    }
}
