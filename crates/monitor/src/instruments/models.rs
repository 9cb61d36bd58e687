//! The instruments of each model: they are made, counted, and run in the order of the lists. It reads and stores
//! nothing itself.

use alloc::{boxed::Box, rc::Rc, vec::Vec};

use driftline_labels::DriftReason;
use driftline_statistics::{
    bins::Bins,
    detection::{ASSUMED, Overdispersion, reasons},
    profile::Profile,
    time::Timestamp,
};

use super::{
    ColumnContext, ColumnFindings, ColumnInstrument, DriftSettings, Evaluation, LabelContext,
    LabelVerdict, ModelContext, ModelInstrument, OF_COLUMNS, OF_LABELS, OF_MODELS,
    panel::{Panel, Proxy, Reading, panels},
    turns::Turns,
};
use crate::{
    host::Host,
    host_series::HostSeries,
    labelled::LabelledModel,
    model::{ColumnLabels, MonitoredColumn, PredictionSeries, Role, columns_of},
};
use driftline_metrics::series::SeriesRegistrar;

/// The instruments of all models of one configuration.
#[derive(Debug, Default)]
pub struct Instruments {
    /// By the place of the model among those that predict or have a profile.
    pub(crate) models: Vec<ModelPanels>,
    /// By the place of the model among those that labels are counted for.
    pub(crate) labelled: Vec<LabelledPanels>,
}

/// All that instruments are about.
#[derive(Clone, Copy)]
pub(crate) struct Subjects<'a> {
    /// Those that predict or have a profile.
    pub(crate) models: &'a [PredictionSeries],
    /// Those that labels are counted for.
    pub(crate) labelled: &'a [Rc<LabelledModel>],
    pub(crate) settings: &'a DriftSettings,
}

/// The panels of a model that labels are counted for.
#[derive(Debug, Default)]
pub(crate) struct LabelledPanels(Box<[Panel<LabelledModel>]>);

impl Instruments {
    /// The names of all records, in the order of the panels.
    pub(crate) fn keys(&self) -> impl Iterator<Item = u64> {
        let of_labels = self.labelled.iter().flat_map(|model| &model.0);
        let of_labels = of_labels.filter_map(Panel::stored_key);
        self.models.iter().flat_map(ModelPanels::keys).chain(of_labels)
    }

    /// What all state takes at most, in bytes.
    pub(crate) fn state_bytes_max(&self, subjects: &Subjects<'_>) -> usize {
        let settings = subjects.settings;
        let models = self.models.iter().zip(subjects.models);
        let of_models = models.map(|(panels, model)| panels.state_bytes_max(model, settings));
        let labelled = self.labelled.iter().zip(subjects.labelled);
        let of_labels = labelled.flat_map(|(panels, model)| {
            panels.0.iter().map(move |panel| panel.state_bytes_max(model, settings))
        });
        of_models.chain(of_labels).fold(0, usize::saturating_add)
    }

    /// Stores where the counters stand, for the VM that evaluates first, so that rows which come until then are within
    /// the first window. What is stored already by this configuration stays.
    pub(crate) fn store_initial_snapshots(
        &mut self,
        subjects: &Subjects<'_>,
        now: Timestamp,
        proxy: &Proxy<'_, impl Host, impl HostSeries>,
    ) {
        let (settings, reading) = (subjects.settings, &mut Reading::default());
        for (panels, model) in self.models.iter_mut().zip(subjects.models) {
            panels.store_initial_snapshots(model, settings, now, proxy, reading);
        }
        for (panels, model) in self.labelled.iter_mut().zip(subjects.labelled) {
            for panel in &mut panels.0 {
                panel.store_initial_snapshot(model, settings, now, proxy, reading);
            }
        }
    }

    /// Goes on from what was stored last.
    pub(crate) fn restore(&mut self, subjects: &Subjects<'_>, now: Timestamp, host: &impl Host) {
        let settings = subjects.settings;
        for (panels, model) in self.models.iter_mut().zip(subjects.models) {
            panels.restore(model, settings, now, host);
        }
        for (panels, model) in self.labelled.iter_mut().zip(subjects.labelled) {
            for panel in &mut panels.0 {
                panel.restore(model, settings, now, host);
            }
        }
    }

    /// Gives up all state.
    pub(crate) fn release(&mut self) {
        self.models.iter_mut().for_each(ModelPanels::release);
        self.labelled.iter_mut().flat_map(|model| &mut model.0).for_each(Panel::release);
    }

    /// Reads all counters and sets all gauges, model by model.
    pub(crate) fn evaluate(
        &mut self,
        subjects: &Subjects<'_>,
        proxy: &Proxy<'_, impl Host, impl HostSeries>,
        evaluation: &mut Evaluation<'_>,
        reading: &mut Reading,
    ) {
        for (panels, model) in self.models.iter_mut().zip(subjects.models) {
            panels.evaluate(model, proxy, evaluation, reading);
        }
        for (panels, model) in self.labelled.iter_mut().zip(subjects.labelled) {
            evaluation.has_turn = evaluation.step_ended;
            evaluation.findings.clusters = clusters_of(panels.0.iter());
            for panel in &mut panels.0 {
                panel.evaluate(model, proxy, evaluation, reading);
            }
        }
    }
}

impl LabelledPanels {
    /// Makes the instruments of a model that labels are counted for: registers their gauges.
    pub(crate) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        settings: &DriftSettings,
        model: &LabelledModel,
    ) -> LabelledPanels {
        let context = LabelContext { model, settings };
        let mut made = made(OF_LABELS.map(|make| make(registrar, &context)));
        let kpis = 0..model.kpis.len();
        made.extend(kpis.filter_map(|kpi| LabelVerdict::on_kpi(registrar, &context, kpi)));
        LabelledPanels(panels(made, model, settings))
    }
}

/// The panels of one model; none of a model without a profile.
#[derive(Debug, Default)]
pub(crate) struct ModelPanels {
    /// By column.
    columns: Vec<Box<[Panel<MonitoredColumn>]>>,
    turns: Turns,
    model: Box<[Panel<PredictionSeries>]>,
}

impl ModelPanels {
    /// Makes the instruments of a model, whose labels are its name and version: registers their gauges.
    pub(crate) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        labels: [&str; 2],
        profile: &Profile,
        settings: &DriftSettings,
        model: &PredictionSeries,
    ) -> ModelPanels {
        let (of_columns, of_model) = make(registrar, labels, described(labels, profile), settings);
        let columns = model.columns().zip(of_columns);
        ModelPanels {
            columns: columns.map(|(it, made)| panels(made, it, settings)).collect(),
            turns: Turns::of(model.columns().count()),
            model: panels(of_model, model, settings),
        }
    }

    /// The names of all records, in the order of the panels.
    pub(crate) fn keys(&self) -> impl Iterator<Item = u64> {
        let columns = self.columns.iter().flatten().map(Panel::stored_key);
        columns.chain(self.model.iter().map(Panel::stored_key)).flatten()
    }

    /// What all state takes at most, and what is found of each column, in bytes.
    pub(crate) fn state_bytes_max(
        &self,
        model: &PredictionSeries,
        settings: &DriftSettings,
    ) -> usize {
        let columns = self.columns.iter().zip(model.columns());
        let of_columns = columns.flat_map(|(panels, column)| {
            panels.iter().map(move |panel| panel.state_bytes_max(column, settings))
        });
        let of_model = self.model.iter().map(|panel| panel.state_bytes_max(model, settings));
        let of_findings = self.columns.len().saturating_mul(size_of::<ColumnFindings>());
        of_columns.chain(of_model).fold(of_findings, usize::saturating_add)
    }

    /// Stores where the counters stand, for the VM that evaluates first, so that rows which come until then are within
    /// the first window. What is stored already by this configuration stays.
    pub(crate) fn store_initial_snapshots(
        &mut self,
        model: &PredictionSeries,
        settings: &DriftSettings,
        now: Timestamp,
        proxy: &Proxy<'_, impl Host, impl HostSeries>,
        reading: &mut Reading,
    ) {
        for (panels, column) in self.columns.iter_mut().zip(model.columns()) {
            for panel in panels {
                panel.store_initial_snapshot(column, settings, now, proxy, reading);
            }
        }
        for panel in &mut self.model {
            panel.store_initial_snapshot(model, settings, now, proxy, reading);
        }
    }

    /// Goes on from what was stored last.
    pub(crate) fn restore(
        &mut self,
        model: &PredictionSeries,
        settings: &DriftSettings,
        now: Timestamp,
        host: &impl Host,
    ) {
        for (panels, column) in self.columns.iter_mut().zip(model.columns()) {
            for panel in panels {
                panel.restore(column, settings, now, host);
            }
        }
        for panel in &mut self.model {
            panel.restore(model, settings, now, host);
        }
    }

    /// Gives up all state.
    pub(crate) fn release(&mut self) {
        self.columns.iter_mut().flatten().for_each(Panel::release);
        self.model.iter_mut().for_each(Panel::release);
        self.turns = Turns::of(self.columns.len());
    }

    /// Reads all counters and sets all gauges, column by column: the metric buffer is flushed after each panel, so that
    /// it need not hold the gauges of all of them.
    pub(crate) fn evaluate(
        &mut self,
        model: &PredictionSeries,
        proxy: &Proxy<'_, impl Host, impl HostSeries>,
        evaluation: &mut Evaluation<'_>,
        reading: &mut Reading,
    ) {
        evaluation.findings.columns.clear();
        evaluation.findings.columns.reserve_exact(self.columns.len());
        evaluation.findings.clusters = clusters_of(self.columns.iter().flatten());
        let turns = self.turns.next(evaluation.step_ended, &mut evaluation.turns_left);
        if self.turns.are_waiting() {
            evaluation.evaluate_again_at(evaluation.now);
        }
        for (number, (panels, column)) in self.columns.iter_mut().zip(model.columns()).enumerate() {
            evaluation.has_turn = turns.contains(&number);
            for panel in panels {
                panel.evaluate(column, proxy, evaluation, reading);
            }
        }
        evaluation.has_turn = evaluation.step_ended;
        for panel in &mut self.model {
            panel.evaluate(model, proxy, evaluation, reading);
        }
    }
}

/// How many rows count as one, by what all of these have told so far.
fn clusters_of<'p, S: 'p>(panels: impl Iterator<Item = &'p Panel<S>>) -> f64 {
    panels
        .map(Panel::clusters)
        .fold(Overdispersion::default(), Overdispersion::with)
        .factor(ASSUMED)
}

/// The labels of a model's columns, whether their bins have an order, and what may be said of their drift.
fn described<'a>(
    [model, version]: [&'a str; 2],
    profile: &'a Profile,
) -> impl Iterator<Item = (ColumnLabels<'a>, bool, &'static [DriftReason])> {
    columns_of(profile).map(move |(role, name, column)| {
        let has_order = !matches!(column.bins, Bins::Categories { .. });
        let labels = ColumnLabels { model, version, role, name };
        (labels, has_order && column.numbers.is_some(), reasons(column))
    })
}

/// The instruments of a model, by column and of the model as a whole.
fn make<'a>(
    registrar: &mut SeriesRegistrar<'_>,
    [model, version]: [&'a str; 2],
    columns: impl Iterator<Item = (ColumnLabels<'a>, bool, &'static [DriftReason])>,
    settings: &DriftSettings,
) -> (Vec<Vec<ColumnInstrument>>, Vec<ModelInstrument>) {
    let (mut features, mut of_columns) = (Vec::new(), Vec::new());
    for (labels, is_of_numbers, reasons) in columns {
        if labels.role == Role::Feature {
            features.push(labels);
        }
        let context = ColumnContext { labels, is_of_numbers, reasons, settings };
        of_columns.push(made(OF_COLUMNS.map(|make| make(registrar, &context))));
    }
    let context = ModelContext { model, version, features, settings };
    (of_columns, made(OF_MODELS.map(|make| make(registrar, &context))))
}

fn made<T: ?Sized, const N: usize>(instruments: [Option<Box<T>>; N]) -> Vec<Box<T>> {
    instruments.into_iter().flatten().collect()
}
