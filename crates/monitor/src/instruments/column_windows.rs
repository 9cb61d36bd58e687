//! Two windows of a column, one of them long, compared with its reference and with the windows before. Whether they have
//! drifted, the [`Detector`] says; it ranks nothing.

use alloc::boxed::Box;
use core::ops::Range;

use driftline_labels::{Baseline, EnumMap, Verdict, Window};
use driftline_statistics::{
    detection::{
        Detector, Judge, Length, LookScratch, Looking, Overdispersion, WindowLengths, total,
    },
    drift::{Histograms, Measure, psi, to_ppm},
    fingerprint::Fingerprint,
    time::Timestamp,
    window::Ring,
};

use super::{
    ColumnContext, ColumnFindings, ColumnInstrument, DriftSettings, Evaluation, Instrument,
    Scratch, detector_record,
    verdict::{DriftGauges, VerdictGauges, compared},
};
use crate::{
    codec::{Reader, Writer},
    memory::BLOCK_BYTES,
    model::MonitoredColumn,
};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar, SeriesRun},
};

/// The windows of one column.
#[derive(Debug)]
pub(super) struct ColumnWindows {
    gauges: EnumMap<Window, WindowGauges>,
    drift: DriftGauges,
    moved_since_window_before: SeriesId,
    moved_since_slow_window_before: SeriesId,
    /// `None` while another VM evaluates.
    state: Option<Box<State>>,
}

/// What only the VM that evaluates has.
#[derive(Debug)]
struct State {
    detector: Detector,
    /// Of what it is judged by: a verdict under other limits is none under these.
    limits: u64,
    /// What chi-square begins a drift.
    chi_square: f64,
    /// And what it must keep.
    still_chi_square: f64,
}

/// What it takes beside the detector's blocks: the state, and a note of each block. These are the state itself, the
/// batches, and of each of three rings the lower halves and three blocks more if a count is large.
const STATE_BYTES: usize = size_of::<State>() + 14 * BLOCK_BYTES;

/// What is said of a window whichever measures are exported.
const OF_EACH_WINDOW: [Metric; 3] =
    [Metric::FeatureWindowRows, Metric::FeaturePsi, Metric::FeaturePsiCritical];

/// The gauges of one window.
#[derive(Debug)]
struct WindowGauges {
    /// [`OF_EACH_WINDOW`], then the metrics of each exported measure, one measure after the other.
    measured: SeriesRun,
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
        let (window_before, slow_window_before) =
            (moved(Baseline::WindowBefore), moved(Baseline::SlowWindowBefore));
        Some(Box::new(ColumnWindows {
            gauges,
            drift: DriftGauges::register(registrar, context),
            moved_since_window_before: window_before,
            moved_since_slow_window_before: slow_window_before,
            state: None,
        }))
    }

    /// Counts growth, looks at all lengths, and sets the gauges of both windows.
    fn look(
        &self,
        column: &MonitoredColumn,
        growth: &[u64],
        state: &mut State,
        found: &mut ColumnFindings,
        evaluation: &mut Evaluation<'_>,
    ) {
        let Evaluation { settings, now, wall_clock, has_turn, buffer, scratch, findings, .. } =
            evaluation;
        let State { detector, chi_square, still_chi_square, .. } = state;
        let judge = &Judge::of(&column.limits, *chi_square);
        detector.count(growth, findings.clusters, *now);
        let looking = Looking {
            judge,
            still_chi_square: *still_chi_square,
            hold_ns: settings.recovery_ns,
            reference: column.reference.rows(),
            lengths: settings.windows,
            now: *now,
            wall_clock: *wall_clock,
        };
        let measured = |window: Window, sums: &[u64]| {
            let psi = self.gauges[window].set(column, sums, &settings.measures, buffer);
            if window == Window::Fast {
                found.moved[Baseline::Training] = Some(psi);
            }
        };
        let looked = detector.look(&looking, *has_turn, &mut scratch.look, measured);
        for (window, verdict) in looked.verdicts {
            if let Some(verdict) = verdict {
                self.gauges[window].verdict.set(buffer, verdict);
            }
        }
        if looked.verdicts[Window::Fast] == Some(Verdict::Insufficient) {
            found.moved[Baseline::Training] = None;
        }
        found.has_drifted = EnumMap::from_fn(|window| detector.has_drifted(window));
        found.clusters = Some(detector.clusters(Length::Fast));
        self.drift.set(buffer, &looked, *wall_clock);
        if let Some(next) = detector.due_at(looking.lengths, looking.hold_ns, looking.now) {
            evaluation.evaluate_again_at(next);
        }
    }

    /// Sets the gauges of how far the column moved since the windows before, and notes it.
    fn measure_moves(
        &self,
        column: &MonitoredColumn,
        state: &State,
        found: &mut ColumnFindings,
        evaluation: &mut Evaluation<'_>,
    ) {
        let (Detector { fast, slow, .. }, rows_min) = (&state.detector, column.limits.rows_min);
        let Evaluation { settings, step_ended, buffer, scratch, .. } = evaluation;
        let windows = settings.windows;
        let mut set = |baseline, id, ring, live, from| {
            let moved = moved(ring, column, live, from, rows_min, scratch);
            buffer.set(id, moved.map_or(0, to_ppm));
            found.moved[baseline] = moved;
        };
        let id = self.moved_since_window_before;
        set(Baseline::WindowBefore, id, fast, windows.fast(), windows.before());
        if *step_ended {
            let id = self.moved_since_slow_window_before;
            let (live, from) = (windows.last_whole(), windows.slow_before());
            set(Baseline::SlowWindowBefore, id, slow, live, from);
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
        let WindowLengths { window_seconds, slow_windows, season_windows } = settings.windows;
        let layout = column.layout().with_number(window_seconds).with_number(slow_windows);
        layout.with_number(season_windows)
    }

    fn state_bytes_max(&self, column: &MonitoredColumn, settings: &DriftSettings) -> usize {
        Detector::bytes_max(settings.windows, column.cells()).saturating_add(STATE_BYTES)
    }

    fn begin(&mut self, column: &MonitoredColumn, settings: &DriftSettings, now: Timestamp) {
        let reference = column.reference.rows();
        let chi_square = Judge::new(&column.limits, &reference).chi_square;
        let still_chi_square = Judge::still_chi_square(&reference);
        let detector = Detector::new(settings.windows, column.cells(), now);
        self.state = Some(Box::new(State {
            detector,
            limits: column.limits.fingerprint().value(),
            chi_square,
            still_chi_square,
        }));
    }

    fn release(&mut self) {
        self.state = None;
    }

    /// Costs some twenty operations for each bin and each length, and some ten logarithms per bin for the gauges; twice
    /// as many when the column has its turn.
    fn evaluate(
        &mut self,
        column: &MonitoredColumn,
        growth: &[u64],
        evaluation: &mut Evaluation<'_>,
    ) {
        let mut found = ColumnFindings::default();
        if let Some(mut state) = self.state.take() {
            self.look(column, growth, &mut state, &mut found, evaluation);
            self.measure_moves(column, &state, &mut found, evaluation);
            self.state = Some(state);
        }
        evaluation.findings.columns.push(found);
    }

    fn clusters(&self) -> Overdispersion {
        self.state.as_ref().map(|it| it.detector.batches).unwrap_or_default()
    }

    fn store(&self, record: &mut Writer<'_>) {
        if let Some(state) = &self.state {
            detector_record::store(&state.detector, state.limits, record);
        }
    }

    fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        let State { detector, limits, .. } = &mut **self.state.as_mut()?;
        detector_record::restore(detector, *limits, record)
    }
}

impl WindowGauges {
    fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &ColumnContext<'_>,
        window: Window,
    ) -> WindowGauges {
        let ColumnContext { labels, is_of_numbers, settings, .. } = context;
        let of_window = labels.with(window.name());
        let measures = exported(&settings.measures, *is_of_numbers).flat_map(Metric::of);
        let measured = OF_EACH_WINDOW.into_iter().chain(measures);
        WindowGauges {
            measured: SeriesRun::of(measured.map(|metric| registrar.add(metric, &of_window))),
            verdict: VerdictGauges::register(registrar, Metric::FeatureVerdict, &of_window, None),
        }
    }

    /// Sets what is measured of a window; its PSI.
    fn set(
        &self,
        column: &MonitoredColumn,
        sums: &[u64],
        measures: &[Measure],
        buffer: &mut MetricBuffer,
    ) -> f64 {
        let compared = compared(column, sums);
        let found = compared.histograms().map(|both| psi(&both));
        let critical = found.map_or(0.0, |it| it.critical(column.psi_quantile));
        let psi = found.map_or(0.0, |it| it.value);
        let mut ids = self.measured.iter();
        let of_each_window = [total(compared.live), to_ppm(psi), to_ppm(critical)];
        // What is zipped first is asked first, and takes no number that it does not need.
        for (value, id) in of_each_window.into_iter().zip(&mut ids) {
            buffer.set(id, value);
        }
        for measure in exported(measures, column.reference.positions.is_some()) {
            let values = measure.values(&compared);
            for (&value, id) in values.iter().take(measure.count()).zip(&mut ids) {
                buffer.set(id, value);
            }
        }
        psi
    }
}

/// PSI of some slots of a ring against others; `None` if either have too few rows.
fn moved(
    ring: &Ring,
    column: &MonitoredColumn,
    live: Range<u64>,
    from: Range<u64>,
    rows_min: u64,
    scratch: &mut Scratch,
) -> Option<f64> {
    let Scratch { look: LookScratch { sums, .. }, before } = scratch;
    let bins = column.cells().bins;
    ring.sum(live, 0..bins, sums);
    ring.sum(from, 0..bins, before);
    let has_rows = rows_min <= total(sums) && rows_min <= total(before);
    let both = Histograms::on(column.reference.positions.as_ref(), before, sums);
    both.filter(|_| has_rows).map(|both| psi(&both).value)
}

/// The measures that a column has of those that are wanted, in their order.
fn exported(wanted: &[Measure], is_of_numbers: bool) -> impl Iterator<Item = Measure> + '_ {
    let has = move |measure: &Measure| is_of_numbers || !measure.is_of_numbers();
    wanted.iter().copied().filter(has)
}
