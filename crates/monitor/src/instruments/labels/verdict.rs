//! Whether a model is worse than on the reference: the shares of right and wrong rows, or of rows by how far they are off,
//! through the same [`Detector`] as those of features. It computes no measure.

use alloc::{boxed::Box, vec, vec::Vec};

use driftline_labels::{EnumMap, Window};
use driftline_metrics::{
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};
use driftline_statistics::{
    detection::{
        ASSUMED, Cells, Detector, Judge, Limits, Looking, Materiality, Reference, ShareChange,
        total,
    },
    fingerprint::Fingerprint,
    quality::right_and_wrong,
    time::Timestamp,
};

use super::{
    DriftSettings, Evaluation, Instrument, LabelContext, LabelInstrument, VerdictGauges,
    cells::{LabelCells, part},
    detector_record,
};
use crate::{
    codec::{Reader, Writer},
    labelled::{Judged, LabelledModel},
    memory::BLOCK_BYTES,
};

/// From where on a rise of the share of errors matters: by five points, or by one if it doubled.
const MATERIAL_ERRORS: ShareChange = ShareChange { points: 0.05, points_if_doubled: 0.01 };

/// The verdict on one model.
#[derive(Debug)]
pub(in crate::instruments) struct QualityVerdict {
    cells: LabelCells,
    gauges: EnumMap<Window, VerdictGauges>,
    /// Rows of the reference: right and wrong ones, or by how far they are off.
    reference: Reference,
    limits: Limits,
    /// By cell of the detector; kept to be allocated once.
    growth: Vec<u64>,
    /// `None` while another VM evaluates.
    state: Option<Box<State>>,
}

/// What only the VM that evaluates has.
#[derive(Debug)]
struct State {
    detector: Detector,
    judge: Judge,
    still_chi_square: f64,
}

impl QualityVerdict {
    /// That of a model; `None` if it is not judged, or the reference has no labelled rows.
    pub(in crate::instruments) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &LabelContext<'_>,
    ) -> Option<LabelInstrument> {
        let LabelContext { model, settings } = context;
        let reference = reference(model.judged.as_ref()?)?;
        let [name, version] = model.labels();
        let gauges = EnumMap::from_fn(|window: Window| {
            VerdictGauges::register(|verdict| {
                let labels = [name, version, window.name(), verdict.name()];
                registrar.add(Metric::QualityVerdict, &labels)
            })
        });
        let materiality = Materiality { class: MATERIAL_ERRORS, ..Materiality::DEFAULT };
        Some(Box::new(QualityVerdict {
            cells: LabelCells::of(model),
            gauges,
            reference,
            limits: Limits {
                nats: settings.nats(model.columns.saturating_add(1)),
                rows_min: settings.rows_min(),
                materiality,
            },
            growth: Vec::new(),
            state: None,
        }))
    }

    /// How the cells of the detector lie.
    fn detector_cells(&self) -> Cells {
        Cells { bins: self.reference.bins.len(), has_tails: false }
    }

    /// Growth by cell of the detector.
    fn take(&mut self, model: &LabelledModel, growth: &[u64]) {
        let count = self.detector_cells().count();
        self.growth.clear();
        self.growth.resize(count, 0);
        match &model.judged {
            Some(Judged::Classes(series)) => {
                let confusion = part(growth, &self.cells.confusion);
                if let Some([right, wrong]) = self.growth.first_chunk_mut() {
                    (*right, *wrong) = right_and_wrong(confusion, series.names.count());
                }
            }
            Some(Judged::Regression(_)) => {
                let errors = part(growth, &self.cells.errors);
                self.growth.iter_mut().zip(errors).for_each(|(cell, &grown)| *cell = grown);
            }
            None => {}
        }
    }
}

impl Instrument<LabelledModel> for QualityVerdict {
    fn counters(&self, model: &LabelledModel, counter: &mut dyn FnMut(usize, SeriesId)) {
        self.cells.counters(model, counter);
    }

    fn layout(&self, model: &LabelledModel, settings: &DriftSettings) -> Fingerprint {
        let lengths = settings.windows;
        let layout = self.cells.fingerprint(model).with_text("verdict");
        let layout = layout.with_number(lengths.window_seconds).with_number(lengths.slow_windows);
        layout.with_number(lengths.season_windows)
    }

    fn state_bytes_max(&self, _: &LabelledModel, settings: &DriftSettings) -> usize {
        let detector = Detector::bytes_max(settings.windows, self.detector_cells());
        detector.saturating_add(size_of::<State>()).saturating_add(16 * BLOCK_BYTES)
    }

    fn begin(&mut self, _: &LabelledModel, settings: &DriftSettings, now: Timestamp) {
        let rows = self.reference.rows();
        self.state = Some(Box::new(State {
            detector: Detector::new(settings.windows, self.detector_cells(), now),
            // A model that is better than it was is no reason for an alarm, and bins further up are worse.
            judge: Judge { only_rises: true, ..Judge::new(&self.limits, &rows) },
            still_chi_square: Judge::still_chi_square(&rows),
        }));
    }

    fn release(&mut self) {
        self.state = None;
    }

    fn evaluate(&mut self, model: &LabelledModel, growth: &[u64], evaluation: &mut Evaluation<'_>) {
        let Some(mut state) = self.state.take() else { return };
        self.take(model, growth);
        let Evaluation { settings, now, wall_clock, step_ended, buffer, scratch, .. } = evaluation;
        let State { detector, judge, still_chi_square } = &mut *state;
        detector.count(&self.growth, ASSUMED, *now);
        let looking = Looking {
            judge,
            still_chi_square: *still_chi_square,
            hold_ns: settings.recovery_ns,
            reference: self.reference.rows(),
            lengths: settings.windows,
            now: *now,
            wall_clock: *wall_clock,
        };
        let looked = detector.look(&looking, *step_ended, &mut scratch.look, |_, _| {});
        for (window, verdict) in looked.verdicts {
            if let Some(verdict) = verdict {
                self.gauges[window].set(buffer, verdict);
            }
        }
        if let Some(next) = detector.due_at(looking.lengths, looking.hold_ns, looking.now) {
            evaluation.evaluate_again_at(next);
        }
        self.state = Some(state);
    }

    fn store(&self, record: &mut Writer<'_>) {
        if let Some(state) = &self.state {
            let limits = self.limits.fingerprint().value();
            detector_record::store(&state.detector, limits, record);
        }
    }

    fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        let limits = self.limits.fingerprint().value();
        detector_record::restore(&mut self.state.as_mut()?.detector, limits, record)
    }
}

/// Reference rows by how wrong they are; `None` without rows.
fn reference(judged: &Judged) -> Option<Reference> {
    let (bins, has_classes) = match judged {
        Judged::Classes(series) => {
            let confusion = &series.reference.confusion;
            let (right, wrong) = right_and_wrong(confusion, series.names.count());
            (vec![right, wrong], true)
        }
        Judged::Regression(series) => (series.reference.error_counts.clone(), false),
    };
    (total(&bins) != 0).then(|| Reference {
        bins: bins.into(),
        unset: 0,
        by_hour: None,
        positions: None,
        has_classes,
        is_on_line: !has_classes,
        has_range: false,
    })
}
