//! Whether labels tell anything: how many came, for which part of the predictions, and how late. It judges no model.

use driftline_labels::{LabelsState, Window};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesRegistrar, SeriesRun},
};
use driftline_statistics::{detection::total, drift::to_ppm};

use super::{
    DriftSettings,
    cells::{LabelCells, at, part},
};
use crate::labelled::LabelledModel;

/// The gauges of one model.
#[derive(Debug)]
pub(super) struct StateGauges {
    /// By window.
    rows: SeriesRun,
    /// By window.
    coverage: SeriesRun,
    /// By state.
    state: SeriesRun,
    rows_min: u64,
    window_seconds: u64,
    /// What came in the slow window when it was looked at last.
    has_slow: bool,
}

impl StateGauges {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        model: &LabelledModel,
        settings: &DriftSettings,
    ) -> StateGauges {
        let labels = &model.labels();
        StateGauges {
            rows: registrar.product(Metric::LabelledRows, labels, &[&Window::WORDS]),
            coverage: registrar.product(Metric::LabelCoverage, labels, &[&Window::WORDS]),
            state: registrar.product(Metric::LabelsState, labels, &[&LabelsState::WORDS]),
            rows_min: settings.rows_min(),
            window_seconds: settings.windows.window_seconds,
            has_slow: false,
        }
    }

    pub(super) fn set(
        &mut self,
        window: Window,
        sums: &[u64],
        cells: &LabelCells,
        buffer: &mut MetricBuffer,
    ) {
        let (labels, predictions) = (labels(sums, cells), at(sums, cells.predictions));
        let coverage = labels as f64 / predictions.max(1) as f64;
        let coverage = if predictions == 0 { 0.0 } else { coverage };
        for (series, value) in [(self.rows, labels), (self.coverage, to_ppm(coverage))] {
            if let Some(id) = series.of_word(window) {
                buffer.set(id, value);
            }
        }
        if window == Window::Slow {
            self.has_slow = labels != 0;
            return;
        }
        let (delays, seconds) = (at(sums, cells.delays), at(sums, cells.delay_sum));
        let is_late = self.window_seconds.saturating_mul(delays) < seconds;
        let state = if self.rows_min <= labels && !is_late {
            LabelsState::Live
        } else if labels != 0 || self.has_slow {
            LabelsState::Late
        } else {
            LabelsState::None
        };
        for (other, id) in LabelsState::ALL.into_iter().zip(self.state.iter()) {
            buffer.set(id, u64::from(other == state));
        }
    }
}

/// Labelled rows. Records with a figure alone are none, but where a model has nothing else.
fn labels(sums: &[u64], cells: &LabelCells) -> u64 {
    let LabelCells { confusion, errors, labels, .. } = cells;
    if confusion.is_empty() && errors.is_empty() {
        return at(sums, *labels);
    }
    total(part(sums, confusion)).saturating_add(total(part(sums, errors)))
}
