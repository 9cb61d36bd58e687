//! Compares the windows of every monitored column with its reference, from the proxy's own counters.
//! It is told what the counters say and when; it asks for nothing.
//!
//! Of several VMs one evaluates, and only that one has windows. It writes them down as they move on, so that the next
//! one, in a new configuration or in new code, goes on from there: whoever is to evaluate calls
//! [`Evaluator::resume`] first, and whoever no longer is calls [`Evaluator::rest`].

mod rank;
mod record;
mod skew;
mod span;
#[cfg(test)]
mod tests;
mod verdict;

pub use self::{
    span::{STEPS_PER_WINDOW, Span},
    verdict::Verdict,
};

pub(crate) use self::span::Horizons;

use self::{
    rank::Ranks,
    record::Layout,
    skew::Skew,
    verdict::{Judged, Thresholds},
};

use alloc::{vec, vec::Vec};
use core::ops::Range;

use crate::{
    metrics::{buffer::MetricBuffer, series::SeriesId},
    monitor::{
        layout::Monitor,
        model::{Cells, MonitoredColumn, PredictionSeries, Since, exported},
    },
};
use driftline_statistics::{
    drift::{Histograms, NullCounts, psi},
    measure::{Compared, to_ppm},
    time::Timestamp,
    window::Ring,
};

/// The evaluator of one configuration.
#[derive(Debug)]
pub struct Evaluator {
    horizons: Horizons,
    counters: Vec<SeriesId>,
    /// The counter that moves with any of them.
    pulse: SeriesId,
    /// One for each column, in the order of the models and of their columns.
    columns: Vec<Watched>,
    /// `None` while another VM evaluates.
    running: Option<Running>,
}

/// A column, and where its cells and counters are.
#[derive(Debug)]
struct Watched {
    layout: Layout,
    cells: Cells,
    /// Its counters among those of all columns.
    counters: Range<usize>,
    /// The same for whatever profile the column has.
    key: u64,
}

/// The windows.
#[derive(Debug)]
struct Running {
    /// Steps, over the cells of all columns.
    fast: Ring,
    /// Whole fast windows, over the same.
    slow: Ring,
    /// When they were last given what had come.
    counted_at: Timestamp,
    /// What the pulse was when it was last asked for, and whether it had been the same before.
    pulse: Option<(u64, bool)>,
    /// Where the counters stood last, by cell.
    totals: Vec<u64>,
    skews: Vec<Skew>,
    /// Whether a step has ended since the windows were last written down.
    is_unwritten: bool,
    /// Whether a step has ended since the slow window was last measured.
    is_slow_due: bool,
    scratch: Scratch,
}

/// What is needed for the length of one evaluation; kept to be allocated once.
#[derive(Debug, Default)]
struct Scratch {
    sums: Vec<u64>,
    before: Vec<u64>,
    points: Vec<f64>,
    /// Of the model at hand, by feature and [`Since`].
    moved: Vec<[Option<f64>; Since::ALL.len()]>,
    ranks: Ranks,
}

impl Evaluator {
    /// An evaluator at rest.
    #[must_use]
    pub fn new(monitor: &Monitor) -> Evaluator {
        let horizons = monitor.horizons;
        let (mut first, mut counters) = (0usize, Vec::new());
        let columns = columns(monitor)
            .map(|column| {
                let cells = column.cells();
                let first_counter = counters.len();
                counters.extend(column.counters().map(|(_, id)| id));
                let fingerprint = column
                    .layout()
                    .with_number(horizons.window_seconds)
                    .with_number(horizons.slow_windows)
                    .value();
                let layout = Layout { bins: cells.bins, first, cells: cells.count(), fingerprint };
                first = first.saturating_add(layout.cells);
                let counters = first_counter..counters.len();
                Watched { layout, cells, counters, key: column.identity().value() }
            })
            .collect();
        let pulse = monitor.monitored_values;
        Evaluator { horizons, counters, pulse, columns, running: None }
    }

    /// The counters that the host must read back before each evaluation, in this order.
    #[must_use]
    pub fn counters(&self) -> &[SeriesId] {
        &self.counters
    }

    /// The counter that [`Evaluator::is_settled`] must be given: it moves whenever one of [`Evaluator::counters`] does.
    #[must_use]
    pub fn pulse(&self) -> SeriesId {
        self.pulse
    }

    /// Whether an evaluation at `now` would change nothing, so that the counters need not be read: `pulse`, the value
    /// of [`Evaluator::pulse`], has not moved, no step of the windows has ended and no first window has passed. Never
    /// at rest. Counts as one if so.
    ///
    /// The evaluation that follows a movement is followed by one more: a worker that handed its changes over while the
    /// counters were read had moved the pulse already, and some of the counters not yet.
    pub fn is_settled(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        now: Timestamp,
        pulse: u64,
    ) -> bool {
        let window_ns = self.horizons.window_ns();
        let is_settled =
            self.running.as_mut().is_some_and(|running| running.is_settled(now, pulse, window_ns));
        buffer.add(monitor.evaluations, u64::from(is_settled));
        is_settled
    }

    /// Under which number the windows of each column are to be kept, where all VMs find them.
    pub fn keys(&self) -> impl Iterator<Item = u64> + '_ {
        self.columns.iter().map(|column| column.key)
    }

    /// What to keep under the key number `column` before anybody evaluates, so that rows which come until then are
    /// within the first window; `None` if what is `kept` there is of this configuration already.
    #[must_use]
    pub fn opening(
        &self,
        monitor: &Monitor,
        column: usize,
        kept: Option<&[u8]>,
        now: Timestamp,
        values: &[u64],
    ) -> Option<Vec<u8>> {
        let watched = self.columns.get(column)?;
        if kept.is_some_and(|kept| record::fits(&watched.layout, kept)) {
            return None;
        }
        let mut totals = vec![0; watched.layout.cells];
        let values = values.get(watched.counters.clone()).unwrap_or_default();
        total(columns(monitor).nth(column)?, values, &mut totals);
        let mut bytes = Vec::new();
        let skew = Skew::new(watched.cells.bins, now);
        record::write(&watched.layout, &skew, &totals, [None, None], &mut bytes);
        Some(bytes)
    }

    /// Whether windows are there: [`Evaluator::resume`] was called, and [`Evaluator::rest`] was not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Takes the windows over from whoever evaluated last. `kept` is asked for what lies under each key; a column of
    /// which nothing fits begins here, where its counters stand at `values`.
    pub fn resume(
        &mut self,
        monitor: &Monitor,
        now: Timestamp,
        values: &[u64],
        mut kept: impl FnMut(u64) -> Option<Vec<u8>>,
    ) {
        let cells = self.columns.last().map_or(0, |column| column.layout.range().end);
        let mut fast = self.horizons.fast_ring(cells, now);
        let mut slow = self.horizons.slow_ring(cells, now);
        let mut totals = vec![0; cells];
        let mut skews = Vec::with_capacity(self.columns.len());
        for (watched, column) in self.columns.iter().zip(columns(monitor)) {
            let of_column = totals.get_mut(watched.layout.range()).unwrap_or_default();
            let skew = kept(watched.key).and_then(|bytes| {
                record::read(&watched.layout, &bytes, of_column, [&mut fast, &mut slow])
            });
            skews.push(skew.unwrap_or_else(|| {
                let values = values.get(watched.counters.clone()).unwrap_or_default();
                total(column, values, of_column);
                Skew::new(watched.cells.bins, now)
            }));
        }
        let scratch = Scratch::default();
        self.running = Some(Running {
            fast,
            slow,
            counted_at: now,
            pulse: None,
            totals,
            skews,
            is_unwritten: true,
            is_slow_due: true,
            scratch,
        });
    }

    /// Gives the windows up, because another VM evaluates now.
    pub fn rest(&mut self) {
        self.running = None;
    }

    /// Moves the windows to `now` and sets the gauges of every monitored column.
    ///
    /// The slow window is measured when a step of the fast one ends, which is a sixteenth of it at most.
    ///
    /// `values` are those of [`Evaluator::counters`]: totals of the whole proxy, not of one worker. `flush` is
    /// called behind each column, so that the buffer need not hold the gauges of all of them. Does nothing at rest.
    /// Costs some ten logarithms per bin, and allocates nothing after the first time.
    pub fn evaluate(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        now: Timestamp,
        values: &[u64],
        mut flush: impl FnMut(&mut MetricBuffer),
    ) {
        let Some(running) = &mut self.running else {
            return;
        };
        running.count(monitor, &self.columns, now, values);
        let mut watched = self.columns.iter().zip(0..);
        for series in monitor.predicting() {
            let mut drifted = [0u64; Span::ALL.len()];
            running.scratch.moved.clear();
            for (column, (watched, number)) in series.columns().zip(&mut watched) {
                let thresholds = thresholds(monitor, series, column);
                let is_feature = column.gauges.ranks.is_some();
                let verdicts =
                    running.measure(self.horizons, monitor, buffer, column, watched, &thresholds);
                if is_feature {
                    for (drifted, verdict) in drifted.iter_mut().zip(verdicts) {
                        *drifted = drifted.saturating_add(u64::from(verdict == Verdict::Drift));
                    }
                }
                running.judge_skew(self.horizons, buffer, column, number, now, &thresholds);
                flush(buffer);
            }
            if let Some(gauges) = &series.drifted {
                for ((&id, drifted), span) in gauges.iter().zip(drifted).zip(Span::ALL) {
                    if running.is_due(span) {
                        buffer.set(id, drifted);
                    }
                }
            }
            running.scratch.rank(series, buffer, running.is_slow_due);
            flush(buffer);
        }
        running.is_slow_due = false;
        buffer.add(monitor.evaluations, 1);
    }

    /// Whether a step has ended since the windows were last written down, or since they were taken over; only once.
    pub fn takes_a_step(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| core::mem::take(&mut running.is_unwritten))
    }

    /// Writes down what is to be kept under the key number `column`; `false`, and nothing is written, at rest or if
    /// what is `kept` there is of another configuration, which then is a newer one.
    pub fn write(&self, column: usize, kept: Option<&[u8]>, out: &mut Vec<u8>) -> bool {
        let (Some(running), Some(watched)) = (&self.running, self.columns.get(column)) else {
            return false;
        };
        if kept.is_some_and(|kept| !record::fits(&watched.layout, kept)) {
            return false;
        }
        let (Some(skew), Some(totals)) =
            (running.skews.get(column), running.totals.get(watched.layout.range()))
        else {
            return false;
        };
        let rings = [Some(&running.fast), Some(&running.slow)];
        record::write(&watched.layout, skew, totals, rings, out);
        true
    }
}

impl Running {
    fn is_settled(&mut self, now: Timestamp, pulse: u64, window_ns: u64) -> bool {
        let before = self.pulse;
        let is_same = before.is_some_and(|(before, _)| before == pulse);
        self.pulse = Some((pulse, is_same));
        let was_same = before.is_some_and(|(_, was_same)| was_same);
        let ripens = |skew: &Skew| skew.ripens(self.counted_at, now, window_ns);
        is_same && was_same && !self.fast.ends_by(now) && !self.skews.iter().any(ripens)
    }

    /// Counts what has come since the last time in the slots of `now`.
    fn count(&mut self, monitor: &Monitor, watched: &[Watched], now: Timestamp, values: &[u64]) {
        self.counted_at = now;
        let is_new_step = self.fast.advance(now);
        self.is_unwritten |= is_new_step;
        self.is_slow_due |= is_new_step;
        self.slow.advance(now);
        let sums = &mut self.scratch.sums;
        for ((column, watched), skew) in columns(monitor).zip(watched).zip(&mut self.skews) {
            sums.clear();
            sums.resize(watched.layout.cells, 0);
            let values = values.get(watched.counters.clone()).unwrap_or_default();
            total(column, values, sums);
            let totals = self.totals.get_mut(watched.layout.range()).unwrap_or_default();
            for (cell, (&now, before)) in sums.iter().zip(totals).enumerate() {
                // A counter that went backwards, as after a restart of the proxy, has grown from zero.
                let grown = if now < *before { now } else { now.saturating_sub(*before) };
                *before = now;
                if grown != 0 {
                    let place = watched.layout.first.saturating_add(cell);
                    self.fast.add(place, grown);
                    self.slow.add(place, grown);
                    skew.add(cell, grown);
                }
            }
        }
    }

    /// Whether a window is measured this time.
    fn is_due(&self, span: Span) -> bool {
        span == Span::Fast || self.is_slow_due
    }

    /// Sets the gauges of a column's windows that are due, and notes how far it moved. The verdicts come by [`Span`].
    fn measure(
        &mut self,
        horizons: Horizons,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        column: &MonitoredColumn,
        watched: &Watched,
        thresholds: &Thresholds,
    ) -> [Verdict; Span::ALL.len()] {
        let is_slow_due = self.is_slow_due;
        let Running { fast, slow, scratch: Scratch { sums, before, points, moved, .. }, .. } = self;
        let range = watched.layout.range();
        let mut since_training = None;
        let verdicts = Span::ALL.map(|span| {
            if span == Span::Slow && !is_slow_due {
                return Verdict::Insufficient;
            }
            match span {
                Span::Fast => fast.sum(horizons.fast(), range.clone(), sums),
                Span::Slow => slow.sum(horizons.slow(), range.clone(), sums),
            }
            let compared = compared(column, watched.cells, sums);
            let Judged { psi, critical, verdict } = thresholds.judge(&compared);
            if span == Span::Fast && verdict != Verdict::Insufficient {
                since_training = Some(psi);
            }
            if let Some(gauges) = column.gauges.windows.get(span as usize) {
                let rows = sum(compared.live);
                buffer.set(gauges.rows, rows);
                buffer.set(gauges.psi, to_ppm(psi));
                buffer.set(gauges.psi_critical, to_ppm(critical));
                gauges.verdict.set(buffer, verdict);
                let mut ids = gauges.measures.iter();
                for measure in exported(&monitor.measures, column.scale.is_some()) {
                    let values = measure.values(&compared, points);
                    for (&value, &id) in values.iter().take(measure.count()).zip(&mut ids) {
                        buffer.set(id, value);
                    }
                }
            }
            verdict
        });
        let rows_min = thresholds.rows_min;
        let bins = range.start..range.start.saturating_add(watched.cells.bins);
        let mut move_of = |ring: &Ring, live: Range<u64>, from: Range<u64>| {
            ring.sum(live, bins.clone(), sums);
            ring.sum(from, bins.clone(), before);
            let has_rows = rows_min <= sum(sums) && rows_min <= sum(before);
            Histograms::new(before, sums).filter(|_| has_rows).map(|both| psi(&both).value)
        };
        let window_before = move_of(fast, horizons.fast(), horizons.before());
        let mut day_before = None;
        let [since_window, since_day] = column.gauges.moved;
        buffer.set(since_window, window_before.map_or(0, to_ppm));
        if is_slow_due {
            day_before = move_of(slow, horizons.last_whole(), horizons.slow_before());
            buffer.set(since_day, day_before.map_or(0, to_ppm));
        }
        moved.push([since_training, window_before, day_before]);
        verdicts
    }

    /// Sets the gauges of a column's skew, once its first rows are there.
    fn judge_skew(
        &mut self,
        horizons: Horizons,
        buffer: &mut MetricBuffer,
        column: &MonitoredColumn,
        number: usize,
        now: Timestamp,
        thresholds: &Thresholds,
    ) {
        let Some(skew) = self.skews.get_mut(number) else {
            return;
        };
        let sums = &mut self.scratch.sums;
        if skew.is_due(now, horizons.window_ns(), sums) {
            let cells = Cells { has_tails: false, ..column.cells() };
            let Judged { psi, verdict, .. } = thresholds.judge(&compared(column, cells, sums));
            if verdict != Verdict::Insufficient {
                *skew = Skew::Known { psi_ppm: to_ppm(psi), verdict };
                // Whatever comes next must not ask the first rows again.
                self.is_unwritten = true;
            }
        }
        let (psi_ppm, verdict) = match skew {
            Skew::Known { psi_ppm, verdict } => (*psi_ppm, *verdict),
            Skew::Gathering { .. } => (0, Verdict::Insufficient),
        };
        buffer.set(column.gauges.skew_psi, psi_ppm);
        column.gauges.skew_verdict.set(buffer, verdict);
    }
}

impl Scratch {
    /// Sets the places of a model's features; those of the day before if the slow windows were measured.
    fn rank(&mut self, series: &PredictionSeries, buffer: &mut MetricBuffer, is_slow_due: bool) {
        let Scratch { moved, ranks, .. } = self;
        for since in Since::ALL {
            if since == Since::DayBefore && !is_slow_due {
                continue;
            }
            let of_features = moved.iter().take(series.features().len());
            let places = ranks.of(of_features.map(|it| it.get(since as usize).copied().flatten()));
            for (feature, &place) in series.features().iter().zip(places) {
                let id = feature.gauges.ranks.as_ref().and_then(|ranks| ranks.get(since as usize));
                if let Some(&id) = id {
                    buffer.set(id, place);
                }
            }
        }
    }
}

fn columns(monitor: &Monitor) -> impl Iterator<Item = &MonitoredColumn> {
    monitor.predicting().flat_map(PredictionSeries::columns)
}

/// Adds up a column's counters by cell.
fn total(column: &MonitoredColumn, values: &[u64], totals: &mut [u64]) {
    totals.fill(0);
    for ((cell, _), &value) in column.counters().zip(values) {
        if let Some(total) = totals.get_mut(cell) {
            *total = total.saturating_add(value);
        }
    }
}

fn compared<'a>(column: &'a MonitoredColumn, cells: Cells, sums: &'a [u64]) -> Compared<'a> {
    let (live, nulls, live_tail_distance) = cells.split(sums);
    Compared {
        reference: &column.reference,
        live,
        scale: column.scale.as_ref(),
        live_tail_distance,
        reference_presence: column.reference_presence,
        live_presence: NullCounts { nulls, rows: sum(live).saturating_add(nulls) },
    }
}

fn thresholds(
    monitor: &Monitor,
    series: &PredictionSeries,
    column: &MonitoredColumn,
) -> Thresholds {
    let bins = u64::try_from(column.reference.len()).unwrap_or(u64::MAX);
    Thresholds {
        rows_min: monitor.rows_min.unwrap_or(bins.saturating_mul(ROWS_PER_BIN)),
        material_psi: monitor.material_psi,
        chi_square: column.chi_square,
        null_z: series.null_z,
    }
}

/// How many rows of a window there must be for each bin if the configuration does not say. From about ten on the
/// critical value of PSI is what it promises.
const ROWS_PER_BIN: u64 = 20;

fn sum(counts: &[u64]) -> u64 {
    counts.iter().fold(0, |sum, &count| sum.saturating_add(count))
}
