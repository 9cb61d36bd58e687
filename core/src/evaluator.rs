//! Compares the live window of every monitored column with its reference, from the proxy's own counters.
//! It is told what the counters say and when; it asks for nothing.

use alloc::vec::Vec;

use crate::{
    drift::{Histograms, psi},
    ledger::Ledger,
    model::PredictionSeries,
    monitor::Monitor,
    series::SeriesId,
    time::Timestamp,
    window::Window,
};

/// Parts per million in one.
const PPM: f64 = 1e6;

/// The evaluator of one configuration.
#[derive(Debug)]
pub struct Evaluator {
    counters: Vec<SeriesId>,
    window: Window,
    /// The increase of every counter within the window; kept to be allocated once.
    increase: Vec<u64>,
}

impl Evaluator {
    /// An evaluator whose window starts with the first [`Evaluator::begin`] or
    /// [`Evaluator::evaluate`].
    pub fn new(monitor: &Monitor) -> Evaluator {
        let counters: Vec<SeriesId> = monitor
            .predicting()
            .flat_map(PredictionSeries::columns)
            .flat_map(|column| column.counts.iter().copied())
            .collect();
        Evaluator {
            window: Window::new(monitor.window_seconds, counters.len()),
            increase: Vec::with_capacity(counters.len()),
            counters,
        }
    }

    /// The counters that the host must read back before each evaluation, in this order.
    pub fn counters(&self) -> &[SeriesId] {
        &self.counters
    }

    /// Opens the window, so that rows which come before the first evaluation are within it.
    pub fn begin(&mut self, now: Timestamp, values: &[u64]) {
        self.window.slide(now, values);
    }

    /// Moves the window to `now` and sets the gauges of every monitored column.
    ///
    /// `values` are those of [`Evaluator::counters`]: totals of the whole proxy, not of one
    /// worker. Costs two logarithms per bin and allocates nothing.
    pub fn evaluate(
        &mut self,
        monitor: &Monitor,
        ledger: &mut Ledger,
        now: Timestamp,
        values: &[u64],
    ) {
        self.window.slide(now, values);
        self.increase.clear();
        self.increase.extend(self.window.increase(now, values));
        let mut rest = self.increase.as_slice();
        for column in monitor.predicting().flat_map(PredictionSeries::columns) {
            let (live, behind) = rest.split_at_checked(column.counts.len()).unwrap_or((rest, &[]));
            rest = behind;
            let rows = live.iter().fold(0u64, |rows, &count| rows.saturating_add(count));
            ledger.set(column.window_rows, rows);
            let measured = Histograms::new(&column.reference, live).map(|both| psi(&both));
            let (value, without_drift) =
                measured.map_or((0.0, 0.0), |psi| (psi.value, psi.expected_without_drift));
            ledger.set(column.psi, to_ppm(value));
            ledger.set(column.psi_without_drift, to_ppm(without_drift));
        }
        ledger.add(monitor.evaluations, 1);
    }
}

/// A ratio as a gauge holds it: rounded to the nearest part per million, never negative.
fn to_ppm(ratio: f64) -> u64 {
    // The cast saturates, and takes NaN, which no measure gives, to 0.
    libm::round(ratio * PPM) as u64
}
