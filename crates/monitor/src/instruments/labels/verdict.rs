//! Whether a model is worse than on the reference, and whether its KPIs have changed: the shares of right and wrong rows,
//! rows by how far they are off, and the values of each KPI, through the same [`Detector`] as those of features. It
//! computes no measure.

use alloc::{boxed::Box, rc::Rc, vec, vec::Vec};

use driftline_labels::{EnumMap, Window};
use driftline_metrics::{
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};
use driftline_statistics::{
    detection::{
        ASSUMED, Cells, Detector, Judge, Limits, Looking, Materiality, Overdispersion, Reference,
        ShareChange, total,
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
    config::Thresholds,
    labelled::{Judged, LabelledModel},
    memory::BLOCK_BYTES,
};

/// The verdicts on one model.
#[derive(Debug)]
pub(in crate::instruments) struct LabelVerdicts {
    cells: LabelCells,
    /// That on its quality, if it is judged, and then those on its KPIs.
    verdicts: Box<[LabelVerdict]>,
    /// By cell of the detector at hand; kept to be allocated once.
    growth: Vec<u64>,
}

/// A verdict.
#[derive(Debug)]
struct LabelVerdict {
    /// The KPI that it is on, by its number; `None` for the quality of the model.
    kpi: Option<usize>,
    gauges: EnumMap<Window, VerdictGauges>,
    /// Rows of the reference: right and wrong ones, by how far they are off, or by the value of the KPI.
    reference: Rc<Reference>,
    /// How the cells of the detector lie.
    cells: Cells,
    limits: Limits,
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

impl LabelVerdicts {
    /// Those of a model; `None` if its profile knows neither labelled rows nor any of its KPIs.
    pub(in crate::instruments) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &LabelContext<'_>,
    ) -> Option<LabelInstrument> {
        let LabelContext { model, settings } = context;
        let nats = model.nats;
        let mut verdicts = Vec::new();
        if let Some(reference) = model.judged.as_ref().and_then(reference) {
            let cells = Cells { bins: reference.bins.len(), has_tails: false };
            let materiality = Materiality { class: ShareChange::OF_ERRORS, ..Materiality::DEFAULT };
            let limits = Limits { nats, rows_min: settings.rows_min(), materiality };
            let gauges = gauges(registrar, model, None);
            let reference = Rc::new(reference);
            verdicts.push(LabelVerdict {
                kpi: None,
                gauges,
                reference,
                cells,
                limits,
                state: None,
            });
        }
        for (number, kpi) in model.kpis.iter().enumerate() {
            let Some(compared) = &kpi.compared else { continue };
            let reference = compared.reference.clone();
            let usual = settings.limits(nats, &Thresholds::default());
            let materiality = usual.materiality.of_kpi(kpi.material_mean, &reference);
            verdicts.push(LabelVerdict {
                kpi: Some(number),
                gauges: gauges(registrar, model, Some(&kpi.name)),
                reference,
                cells: compared.cells(),
                limits: Limits { materiality, ..usual },
                state: None,
            });
        }
        (!verdicts.is_empty()).then(|| -> LabelInstrument {
            let cells = LabelCells::of(model);
            Box::new(LabelVerdicts { cells, verdicts: verdicts.into(), growth: Vec::new() })
        })
    }

    /// Growth by cell of the detector of this verdict.
    fn take(&mut self, number: usize, model: &LabelledModel, growth: &[u64]) {
        let Some(verdict) = self.verdicts.get(number) else { return };
        self.growth.clear();
        self.growth.resize(verdict.cells.count(), 0);
        let grown = match (verdict.kpi, &model.judged) {
            (Some(kpi), _) => {
                self.cells.kpi_bins.get(kpi).map_or(&[][..], |cells| part(growth, cells))
            }
            (None, Some(Judged::Classes(series))) => {
                let confusion = part(growth, &self.cells.confusion);
                if let Some([right, wrong]) = self.growth.first_chunk_mut() {
                    (*right, *wrong) = right_and_wrong(confusion, series.names.count());
                }
                &[]
            }
            (None, Some(Judged::Regression(_))) => part(growth, &self.cells.errors),
            (None, None) => &[],
        };
        self.growth.iter_mut().zip(grown).for_each(|(cell, &grown)| *cell = grown);
    }
}

impl LabelVerdict {
    fn begin(&mut self, settings: &DriftSettings, now: Timestamp) {
        let rows = self.reference.rows();
        self.state = Some(Box::new(State {
            detector: Detector::new(settings.windows, self.cells, now),
            // A model that is better than it was is no reason for an alarm, and bins of errors further up are worse. Of a
            // KPI nobody has said which way is better.
            judge: Judge { only_rises: self.kpi.is_none(), ..Judge::new(&self.limits, &rows) },
            still_chi_square: Judge::still_chi_square(&rows),
        }));
    }

    /// Counts growth, looks at all lengths, and sets the gauges. `clusters` is how many rows count as one, by what all
    /// verdicts of the model have told.
    fn look(&mut self, growth: &[u64], clusters: f64, evaluation: &mut Evaluation<'_>) {
        let Some(state) = &mut self.state else { return };
        let Evaluation { settings, now, wall_clock, step_ended, buffer, scratch, .. } = evaluation;
        let State { detector, judge, still_chi_square } = &mut **state;
        detector.count(growth, clusters, *now);
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
    }
}

impl Instrument<LabelledModel> for LabelVerdicts {
    fn counters(&self, model: &LabelledModel, counter: &mut dyn FnMut(usize, SeriesId)) {
        self.cells.counters(model, counter);
    }

    fn layout(&self, model: &LabelledModel, settings: &DriftSettings) -> Fingerprint {
        let lengths = settings.windows;
        let layout = self.cells.fingerprint(model).with_text("verdict");
        let layout = layout.with_number(lengths.window_seconds).with_number(lengths.slow_windows);
        let layout = layout.with_number(lengths.season_windows);
        let compared = model.kpis.iter().filter_map(|kpi| Some((kpi, kpi.compared.as_ref()?)));
        compared.fold(layout, |all, (kpi, compared)| compared.fingerprint(all.with_text(&kpi.name)))
    }

    fn state_bytes_max(&self, _: &LabelledModel, settings: &DriftSettings) -> usize {
        self.verdicts.iter().fold(0, |all: usize, verdict| {
            let detector = Detector::bytes_max(settings.windows, verdict.cells);
            let growth = verdict.cells.count().saturating_mul(size_of::<u64>());
            let beside = size_of::<State>().saturating_add(16 * BLOCK_BYTES);
            all.saturating_add(detector).saturating_add(growth).saturating_add(beside)
        })
    }

    fn begin(&mut self, _: &LabelledModel, settings: &DriftSettings, now: Timestamp) {
        self.verdicts.iter_mut().for_each(|verdict| verdict.begin(settings, now));
    }

    fn release(&mut self) {
        self.verdicts.iter_mut().for_each(|verdict| verdict.state = None);
    }

    fn evaluate(&mut self, model: &LabelledModel, growth: &[u64], evaluation: &mut Evaluation<'_>) {
        let told = self.verdicts.iter().filter_map(|it| Some(it.state.as_ref()?.detector.batches));
        let clusters = told.fold(Overdispersion::default(), Overdispersion::with).factor(ASSUMED);
        for number in 0..self.verdicts.len() {
            self.take(number, model, growth);
            if let Some(verdict) = self.verdicts.get_mut(number) {
                verdict.look(&self.growth, clusters, evaluation);
            }
        }
    }

    fn store(&self, record: &mut Writer<'_>) {
        for LabelVerdict { limits, state, .. } in &self.verdicts {
            if let Some(state) = state {
                detector_record::store(&state.detector, limits.fingerprint().value(), record);
            }
        }
    }

    fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        for LabelVerdict { limits, state, .. } in &mut self.verdicts {
            let limits = limits.fingerprint().value();
            detector_record::restore(&mut state.as_mut()?.detector, limits, record)?;
        }
        Some(())
    }
}

/// Those of a verdict, on this KPI or on the quality of the model.
fn gauges(
    registrar: &mut SeriesRegistrar<'_>,
    model: &LabelledModel,
    kpi: Option<&str>,
) -> EnumMap<Window, VerdictGauges> {
    let [name, version] = model.labels();
    let (metric, kpi) = match &kpi {
        None => (Metric::QualityVerdict, None),
        Some(name) => (Metric::KpiVerdict, Some(core::slice::from_ref(name))),
    };
    EnumMap::from_fn(|window: Window| {
        VerdictGauges::register(registrar, metric, &[name, version, window.name()], kpi)
    })
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
