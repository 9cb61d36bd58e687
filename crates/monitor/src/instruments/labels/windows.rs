//! What labels say of a model over both windows: the counters of each, and the gauges that are made of them. It judges
//! nothing.

use alloc::boxed::Box;

use driftline_labels::Window;
use driftline_metrics::series::{SeriesId, SeriesRegistrar};
use driftline_statistics::{fingerprint::Fingerprint, time::Timestamp};

use super::{
    DriftSettings, Evaluation, Instrument, LabelContext, LabelInstrument, cells::LabelCells,
    estimate::EstimateGauges, kpis::KpiGauges, quality::QualityGauges, segments::SegmentGauges,
    state::StateGauges, sums::SumWindows,
};
use crate::{
    codec::{Reader, Writer},
    labelled::LabelledModel,
    memory::BLOCK_BYTES,
};

/// The windows of one model's labels.
#[derive(Debug)]
pub(in crate::instruments) struct LabelWindows {
    cells: LabelCells,
    state: StateGauges,
    quality: Option<QualityGauges>,
    estimate: Option<EstimateGauges>,
    segments: SegmentGauges,
    kpis: KpiGauges,
    /// `None` while another VM evaluates.
    windows: Option<Box<SumWindows>>,
}

impl LabelWindows {
    pub(in crate::instruments) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &LabelContext<'_>,
    ) -> Option<LabelInstrument> {
        let LabelContext { model, settings } = context;
        let cells = LabelCells::of(model);
        Some(Box::new(LabelWindows {
            state: StateGauges::register(registrar, model, settings),
            quality: QualityGauges::register(registrar, model),
            estimate: EstimateGauges::register(registrar, model),
            segments: SegmentGauges::register(registrar, model, settings),
            kpis: KpiGauges::register(registrar, model),
            cells,
            windows: None,
        }))
    }

    fn look(
        &mut self,
        model: &LabelledModel,
        window: Window,
        windows: &SumWindows,
        evaluation: &mut Evaluation<'_>,
    ) {
        let Evaluation { settings, buffer, scratch, .. } = evaluation;
        let sums = &mut scratch.look.sums;
        windows.sum(window, settings.windows, sums);
        self.state.set(window, sums, &self.cells, buffer);
        if let Some(quality) = &self.quality {
            quality.set(model, window, sums, &self.cells, buffer);
        }
        if let Some(estimate) = &self.estimate {
            estimate.set(window, sums, &self.cells, buffer);
        }
        if window == Window::Fast {
            self.segments.set(model, sums, &self.cells, buffer);
        }
        self.kpis.set(model, window, sums, &self.cells, buffer);
    }
}

impl Instrument<LabelledModel> for LabelWindows {
    fn counters(&self, model: &LabelledModel, counter: &mut dyn FnMut(usize, SeriesId)) {
        self.cells.counters(model, counter);
    }

    fn identity(&self, model: &LabelledModel) -> Fingerprint {
        let [name, version] = model.labels();
        Fingerprint::new().with_text("labels").with_text(name).with_text(version)
    }

    fn layout(&self, model: &LabelledModel, settings: &DriftSettings) -> Fingerprint {
        let lengths = settings.windows;
        let layout = self.cells.fingerprint(model);
        layout.with_number(lengths.window_seconds).with_number(lengths.slow_windows)
    }

    fn state_bytes_max(&self, _: &LabelledModel, settings: &DriftSettings) -> usize {
        let rings = SumWindows::bytes_max(settings.windows, self.cells.narrow, self.cells.count);
        rings.saturating_add(size_of::<SumWindows>()).saturating_add(8 * BLOCK_BYTES)
    }

    fn begin(&mut self, _: &LabelledModel, settings: &DriftSettings, now: Timestamp) {
        let LabelCells { narrow, count, .. } = self.cells;
        self.windows = Some(Box::new(SumWindows::new(settings.windows, narrow, count, now)));
    }

    fn release(&mut self) {
        self.windows = None;
    }

    /// Adds up the cells of eight slots, and computes each measure once; the slow window only when a step has ended.
    fn evaluate(&mut self, model: &LabelledModel, growth: &[u64], evaluation: &mut Evaluation<'_>) {
        let Some(mut windows) = self.windows.take() else { return };
        windows.count(growth, evaluation.now);
        if evaluation.step_ended {
            self.look(model, Window::Slow, &windows, evaluation);
        }
        if evaluation.step_ended || growth.iter().any(|&grown| grown != 0) {
            self.look(model, Window::Fast, &windows, evaluation);
        }
        self.windows = Some(windows);
    }

    fn store(&self, record: &mut Writer<'_>) {
        if let Some(windows) = &self.windows {
            windows.store(record);
        }
    }

    fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        self.windows.as_mut()?.restore(record)
    }
}
