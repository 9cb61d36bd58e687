//! Two windows of a column, one of them long, compared with its reference and with the windows before; it judges by the
//! thresholds of [`verdict`](super::verdict), and ranks nothing.

use alloc::boxed::Box;
use core::ops::Range;

use driftline_labels::{Baseline, EnumMap, Verdict, Window};
use driftline_statistics::{
    drift::{Histograms, Measure, psi, to_ppm},
    fingerprint::Fingerprint,
    time::Timestamp,
    window::Ring,
};

use super::{
    ColumnContext, ColumnFindings, ColumnInstrument, DriftSettings, Evaluation, Instrument,
    Scratch, WindowLengths,
    verdict::{Judged, Thresholds, VerdictGauges, compared, rows},
};
use crate::{
    codec::{Reader, Writer},
    model::MonitoredColumn,
};
use driftline_metrics::{
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};

/// The windows of one column.
#[derive(Debug)]
pub(super) struct ColumnWindows {
    gauges: EnumMap<Window, WindowGauges>,
    moved_since_window_before: SeriesId,
    moved_since_slow_window_before: SeriesId,
    /// Steps of the fast window, and of the one before it.
    fast: Ring,
    /// Whole fast windows.
    slow: Ring,
}

/// The gauges of one window.
#[derive(Debug)]
struct WindowGauges {
    rows: SeriesId,
    psi: SeriesId,
    psi_critical: SeriesId,
    /// The metrics of each exported measure, one measure after the other.
    measures: Box<[SeriesId]>,
    verdict: VerdictGauges,
}

impl ColumnWindows {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &ColumnContext<'_>,
    ) -> Option<ColumnInstrument> {
        let ColumnContext { labels, settings, .. } = context;
        let gauges = EnumMap::from_fn(|window| WindowGauges::register(registrar, context, window));
        let mut moved = |baseline| {
            let labels = labels.with(settings.windows.word(baseline));
            registrar.add(Metric::FeatureMovedPsi, &labels)
        };
        Some(Box::new(ColumnWindows {
            gauges,
            moved_since_window_before: moved(Baseline::WindowBefore),
            moved_since_slow_window_before: moved(Baseline::SlowWindowBefore),
            fast: Ring::default(),
            slow: Ring::default(),
        }))
    }

    /// Counts growth in the slots of now.
    fn count(&mut self, growth: &[u64], now: Timestamp) {
        for ring in [&mut self.fast, &mut self.slow] {
            ring.advance(now);
            for (cell, &grown) in growth.iter().enumerate().filter(|&(_, &grown)| grown != 0) {
                ring.add(cell, grown);
            }
        }
    }

    /// Sets the gauges of a window. Its verdict and its PSI.
    fn measure(
        &self,
        window: Window,
        column: &MonitoredColumn,
        thresholds: &Thresholds,
        evaluation: &mut Evaluation<'_>,
    ) -> Judged {
        let Evaluation { settings, buffer, scratch: Scratch { sums, .. }, .. } = evaluation;
        let cells = column.cells();
        match window {
            Window::Fast => self.fast.sum(settings.windows.fast(), 0..cells.count(), sums),
            Window::Slow => self.slow.sum(settings.windows.slow(), 0..cells.count(), sums),
        }
        let compared = compared(column, cells, sums);
        let judged = thresholds.judge(&compared);
        let gauges = &self.gauges[window];
        buffer.set(gauges.rows, rows(compared.live));
        buffer.set(gauges.psi, to_ppm(judged.psi));
        buffer.set(gauges.psi_critical, to_ppm(judged.critical));
        gauges.verdict.set(buffer, judged.verdict);
        let mut ids = gauges.measures.iter();
        for measure in exported(&settings.measures, column.scale.is_some()) {
            let values = measure.values(&compared);
            for (&value, &id) in values.iter().take(measure.count()).zip(&mut ids) {
                buffer.set(id, value);
            }
        }
        judged
    }

    /// Sets the gauges of how far the column moved since the windows before, and notes it.
    fn measure_moves(
        &self,
        column: &MonitoredColumn,
        rows_min: u64,
        found: &mut ColumnFindings,
        evaluation: &mut Evaluation<'_>,
    ) {
        let Evaluation { settings, step_ended, buffer, scratch, .. } = evaluation;
        let (windows, bins) = (settings.windows, column.cells().bins);
        let mut set = |baseline, id, ring, live, from| {
            let moved = moved(ring, bins, live, from, rows_min, scratch);
            buffer.set(id, moved.map_or(0, to_ppm));
            found.moved[baseline] = moved;
        };
        let id = self.moved_since_window_before;
        set(Baseline::WindowBefore, id, &self.fast, windows.fast(), windows.before());
        if *step_ended {
            let id = self.moved_since_slow_window_before;
            let (live, from) = (windows.last_whole(), windows.slow_before());
            set(Baseline::SlowWindowBefore, id, &self.slow, live, from);
        }
    }
}

impl Instrument<MonitoredColumn> for ColumnWindows {
    fn counters(&self, column: &MonitoredColumn, counter: &mut dyn FnMut(usize, SeriesId)) {
        column.counters().for_each(|(cell, id)| counter(cell, id));
    }

    fn identity(&self, column: &MonitoredColumn) -> Fingerprint {
        column.identity()
    }

    fn layout(&self, column: &MonitoredColumn, settings: &DriftSettings) -> Fingerprint {
        let WindowLengths { window_seconds, slow_windows } = settings.windows;
        column.layout().with_number(window_seconds).with_number(slow_windows)
    }

    fn state_bytes_max(&self, column: &MonitoredColumn, settings: &DriftSettings) -> usize {
        settings.windows.rings_bytes_max(column.cells().count())
    }

    fn begin(&mut self, column: &MonitoredColumn, settings: &DriftSettings, now: Timestamp) {
        let cells = column.cells().count();
        self.fast = settings.windows.fast_ring(cells, now);
        self.slow = settings.windows.slow_ring(cells, now);
    }

    fn release(&mut self) {
        (self.fast, self.slow) = Default::default();
    }

    /// Costs some ten logarithms per bin, and twice as many at the end of a step.
    fn evaluate(
        &mut self,
        column: &MonitoredColumn,
        growth: &[u64],
        evaluation: &mut Evaluation<'_>,
    ) {
        self.count(growth, evaluation.now);
        let thresholds = Thresholds::of(column, evaluation);
        let mut found = ColumnFindings::default();
        for window in Window::ALL {
            if !evaluation.measures(window) {
                continue;
            }
            let Judged { psi, verdict, .. } = self.measure(window, column, &thresholds, evaluation);
            found.verdicts[window] = Some(verdict);
            if window == Window::Fast && verdict != Verdict::Insufficient {
                found.moved[Baseline::Training] = Some(psi);
            }
        }
        self.measure_moves(column, thresholds.rows_min, &mut found, evaluation);
        evaluation.findings.columns.push(found);
    }

    fn store(&self, record: &mut Writer<'_>) {
        record.ring(&self.fast);
        record.ring(&self.slow);
    }

    fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        record.ring(&mut self.fast)?;
        record.ring(&mut self.slow)
    }
}

impl WindowGauges {
    fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &ColumnContext<'_>,
        window: Window,
    ) -> WindowGauges {
        let ColumnContext { labels, is_of_numbers, settings } = context;
        let of_window = labels.with(window.name());
        let mut add = |metric: Metric| registrar.add(metric, &of_window);
        WindowGauges {
            rows: add(Metric::FeatureWindowRows),
            psi: add(Metric::FeaturePsi),
            psi_critical: add(Metric::FeaturePsiCritical),
            measures: exported(&settings.measures, *is_of_numbers)
                .flat_map(Metric::of)
                .map(&mut add)
                .collect(),
            verdict: VerdictGauges(EnumMap::from_fn(|verdict: Verdict| {
                let [model, version, role, feature, window] = of_window;
                let labels = [model, version, role, feature, window, verdict.name()];
                registrar.add(Metric::FeatureVerdict, &labels)
            })),
        }
    }
}

/// PSI of some slots of a ring against others; `None` if either have too few rows.
fn moved(
    ring: &Ring,
    bins: usize,
    live: Range<u64>,
    from: Range<u64>,
    rows_min: u64,
    scratch: &mut Scratch,
) -> Option<f64> {
    let Scratch { sums, before, .. } = scratch;
    ring.sum(live, 0..bins, sums);
    ring.sum(from, 0..bins, before);
    let has_rows = rows_min <= rows(sums) && rows_min <= rows(before);
    Histograms::new(before, sums).filter(|_| has_rows).map(|both| psi(&both).value)
}

/// The measures that a column has of those that are wanted, in their order.
fn exported(wanted: &[Measure], is_of_numbers: bool) -> impl Iterator<Item = Measure> + '_ {
    let has = move |measure: &Measure| is_of_numbers || !measure.is_of_numbers();
    wanted.iter().copied().filter(has)
}
