//! Whether a model is worse than on the reference, or one of its KPIs has changed: the shares of right and wrong rows,
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
        Cells, Detector, Judge, Limits, Looking, Materiality, Overdispersion, Reference,
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
    labelled::{ComparedKpi, Judged, LabelledModel},
    memory::BLOCK_BYTES,
};

/// A verdict on one model.
#[derive(Debug)]
pub(in crate::instruments) struct LabelVerdict {
    /// The KPI that it is on, by its number; `None` for the quality of the model.
    kpi: Option<usize>,
    /// Where the counters of the model lie, if it is on its quality. Those of a KPI lie as the detector has them.
    cells: LabelCells,
    gauges: EnumMap<Window, VerdictGauges>,
    /// Rows of the reference: right and wrong ones, by how far they are off, or by the value of the KPI.
    reference: Rc<Reference>,
    detector_cells: Cells,
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

impl LabelVerdict {
    /// That on the quality of a model; `None` if it is not judged, or the reference has no labelled rows.
    pub(in crate::instruments) fn on_quality(
        registrar: &mut SeriesRegistrar<'_>,
        context: &LabelContext<'_>,
    ) -> Option<LabelInstrument> {
        let LabelContext { model, settings } = context;
        let reference = reference(model.judged.as_ref()?)?;
        let materiality = Materiality { class: ShareChange::OF_ERRORS, ..Materiality::DEFAULT };
        Some(Box::new(LabelVerdict {
            kpi: None,
            cells: LabelCells::of(model),
            gauges: gauges(registrar, model, None),
            detector_cells: Cells { bins: reference.bins.len(), has_tails: false },
            reference: Rc::new(reference),
            limits: Limits { nats: model.nats, rows_min: settings.rows_min(), materiality },
            growth: Vec::new(),
            state: None,
        }))
    }

    /// That on the KPI of this number; `None` if the profile does not know it.
    pub(in crate::instruments) fn on_kpi(
        registrar: &mut SeriesRegistrar<'_>,
        context: &LabelContext<'_>,
        number: usize,
    ) -> Option<LabelInstrument> {
        let LabelContext { model, settings } = context;
        let kpi = model.kpis.get(number)?;
        let compared = kpi.compared.as_ref()?;
        let usual = settings.limits(model.nats, &Thresholds::default());
        let materiality = usual.materiality.of_kpi(kpi.material_mean, &compared.reference);
        Some(Box::new(LabelVerdict {
            kpi: Some(number),
            cells: LabelCells::default(),
            gauges: gauges(registrar, model, Some(&kpi.name)),
            detector_cells: compared.cells(),
            reference: compared.reference.clone(),
            limits: Limits { materiality, ..usual },
            growth: Vec::new(),
            state: None,
        }))
    }

    /// The KPI that it is on.
    fn kpi<'m>(&self, model: &'m LabelledModel) -> Option<(&'m str, &'m ComparedKpi)> {
        let kpi = model.kpis.get(self.kpi?)?;
        Some((&kpi.name, kpi.compared.as_ref()?))
    }

    /// Growth by cell of the detector.
    fn take(&mut self, model: &LabelledModel, growth: &[u64]) {
        self.growth.clear();
        self.growth.resize(self.detector_cells.count(), 0);
        let grown = match (self.kpi, &model.judged) {
            (Some(_), _) => growth,
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

impl Instrument<LabelledModel> for LabelVerdict {
    fn counters(&self, model: &LabelledModel, counter: &mut dyn FnMut(usize, SeriesId)) {
        match self.kpi(model) {
            Some((_, compared)) => compared.counters().for_each(|(cell, id)| counter(cell, id)),
            None => self.cells.counters(model, counter),
        }
    }

    fn identity(&self, model: &LabelledModel) -> Fingerprint {
        let [name, version] = model.labels();
        let kpi = self.kpi(model).map_or("", |(kpi, _)| kpi);
        [name, version, kpi]
            .iter()
            .fold(Fingerprint::new().with_text("kpi"), |all, text| all.with_text(text))
    }

    fn layout(&self, model: &LabelledModel, settings: &DriftSettings) -> Fingerprint {
        let lengths = settings.windows;
        let layout = match self.kpi(model) {
            Some((_, compared)) => compared.fingerprint(self.identity(model)),
            None => self.cells.fingerprint(model).with_text("verdict"),
        };
        let layout = layout.with_number(lengths.window_seconds).with_number(lengths.slow_windows);
        layout.with_number(lengths.season_windows)
    }

    fn state_bytes_max(&self, _: &LabelledModel, settings: &DriftSettings) -> usize {
        let detector = Detector::bytes_max(settings.windows, self.detector_cells);
        let growth = self.detector_cells.count().saturating_mul(size_of::<u64>());
        let beside = size_of::<State>().saturating_add(16 * BLOCK_BYTES);
        detector.saturating_add(growth).saturating_add(beside)
    }

    fn begin(&mut self, _: &LabelledModel, settings: &DriftSettings, now: Timestamp) {
        let rows = self.reference.rows();
        self.state = Some(Box::new(State {
            detector: Detector::new(settings.windows, self.detector_cells, now),
            // A model that is better than it was is no reason for an alarm, and bins of errors further up are worse. Of a
            // KPI nobody has said which way is better.
            judge: Judge { only_rises: self.kpi.is_none(), ..Judge::new(&self.limits, &rows) },
            still_chi_square: Judge::still_chi_square(&rows),
        }));
    }

    fn release(&mut self) {
        self.state = None;
    }

    fn evaluate(&mut self, model: &LabelledModel, growth: &[u64], evaluation: &mut Evaluation<'_>) {
        let Some(mut state) = self.state.take() else { return };
        self.take(model, growth);
        let Evaluation { settings, now, wall_clock, step_ended, buffer, scratch, findings, .. } =
            evaluation;
        let State { detector, judge, still_chi_square } = &mut *state;
        detector.count(&self.growth, findings.clusters, *now);
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

    fn clusters(&self) -> Overdispersion {
        self.state.as_ref().map(|it| it.detector.batches).unwrap_or_default()
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
