//! What is made of counters on every tick: instruments read what counters grew by and set gauges. They ask no host and
//! read no clock.
//!
//! A new instrument is one file beside [`ColumnWindows`], and one line in [`OF_COLUMNS`], [`OF_MODELS`] or [`OF_LABELS`]. The lists are
//! also the order in which instruments run, so that one can read the [`Findings`] of those before it.

mod column_windows;
mod detector_record;
mod drifted_features;
mod labels;
mod models;
mod panel;
mod ranks;
mod skew;
mod turns;
mod verdict;

pub use self::models::Instruments;

pub(crate) use self::{
    models::{LabelledPanels, ModelPanels, Subjects},
    panel::{Proxy, Reading},
    turns::turns_at_once,
};

use self::{
    column_windows::ColumnWindows,
    drifted_features::DriftedFeatures,
    labels::{ConceptDrift, LabelVerdict, LabelWindows},
    ranks::Ranks,
    skew::Skew,
};

use alloc::{boxed::Box, vec::Vec};

use driftline_labels::{Baseline, DriftReason, EnumMap, Window};
use driftline_statistics::{
    detection::{Clusters, LookScratch, Overdispersion},
    fingerprint::Fingerprint,
    time::{Timestamp, WallClock},
};

use crate::{
    codec::{Reader, Writer},
    drift_settings::DriftSettings,
    labelled::LabelledModel,
    model::{ColumnLabels, MonitoredColumn, PredictionSeries},
};
use driftline_metrics::{
    buffer::MetricBuffer,
    series::{SeriesId, SeriesRegistrar},
};

/// The instruments of each column.
const OF_COLUMNS: [RegisterColumn; 2] = [ColumnWindows::register, Skew::register];

/// The instruments of each model that has a profile; they run after those of its columns.
const OF_MODELS: [RegisterModel; 2] = [DriftedFeatures::register, Ranks::register];

/// The instruments of each model that labels are counted for; a verdict on each of its KPIs follows.
const OF_LABELS: [RegisterLabels; 3] =
    [LabelWindows::register, LabelVerdict::on_quality, ConceptDrift::register];

/// Makes an instrument of a column: registers its gauges. `None` if the column has nothing for it.
type RegisterColumn = fn(&mut SeriesRegistrar<'_>, &ColumnContext<'_>) -> Option<ColumnInstrument>;

/// The same of a model.
type RegisterModel = fn(&mut SeriesRegistrar<'_>, &ModelContext<'_>) -> Option<ModelInstrument>;

/// The same of a model that labels are counted for.
type RegisterLabels = fn(&mut SeriesRegistrar<'_>, &LabelContext<'_>) -> Option<LabelInstrument>;

type LabelInstrument = Box<dyn Instrument<LabelledModel>>;
type ColumnInstrument = Box<dyn Instrument<MonitoredColumn>>;
type ModelInstrument = Box<dyn Instrument<PredictionSeries>>;

/// An instrument: counters that it reads, gauges that it sets, and state in between.
///
/// It is made by registering its gauges, and holds no state until it begins. Of several VMs one evaluates; in the others
/// no instrument ever begins. Whichever VM evaluates next begins, restores what was stored last, and goes on.
///
/// `S` is its subject: a column with a reference, a model with a profile, or one that labels are counted for. Instruments of one subject that read the same
/// counters form a panel: the counters are read once, and all state is one record, of which each instrument goes on with
/// its own part unless its layout has changed. An instrument that reads no counters has no record, and needs only [`Instrument::evaluate`].
///
/// It is no `Debug`, which would keep the code that prints every instrument in the filter.
pub(crate) trait Instrument<S> {
    /// The counters that it reads, each with its cell: counters of one cell are added up. The same ones, in the same
    /// order, whenever it is asked.
    fn counters(&self, subject: &S, counter: &mut dyn FnMut(usize, SeriesId)) {
        let _ = (subject, counter);
    }

    /// The name of its record, whatever the profile and the settings are; unlike that of any other panel.
    fn identity(&self, subject: &S) -> Fingerprint {
        let _ = subject;
        Fingerprint::new()
    }

    /// What its state depends on, the meaning of its cells included. State that was stored under another layout is not
    /// restored.
    fn layout(&self, subject: &S, settings: &DriftSettings) -> Fingerprint {
        let _ = (subject, settings);
        Fingerprint::new()
    }

    /// How many bytes its state takes at most, from [`Instrument::begin`] to [`Instrument::release`].
    fn state_bytes_max(&self, subject: &S, settings: &DriftSettings) -> usize {
        let _ = (subject, settings);
        0
    }

    /// Begins with no past, and allocates what it needs.
    fn begin(&mut self, subject: &S, settings: &DriftSettings, now: Timestamp) {
        let _ = (subject, settings, now);
    }

    /// Gives up what it holds, because another VM evaluates.
    fn release(&mut self) {}

    /// Counts growth without setting gauges: what came between the record that it goes on from and a configuration under
    /// which other instruments of its panel begin anew. It is the only one of them to count it.
    fn catch_up(&mut self, growth: &[u64]) {
        let _ = growth;
    }

    /// Counts growth and sets gauges. `growth` is, by cell, what its counters grew by since the last evaluation.
    fn evaluate(&mut self, subject: &S, growth: &[u64], evaluation: &mut Evaluation<'_>);

    /// What it has found out about rows that come in clusters.
    fn clusters(&self) -> Overdispersion {
        Overdispersion::default()
    }

    /// Writes its state down, for [`Instrument::restore`] of the same layout.
    fn store(&self, record: &mut Writer<'_>) {
        let _ = record;
    }

    /// Takes over what was stored, right after it began. `None` if these are not bytes that it stored; it then begins
    /// again.
    fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        let _ = record;
        Some(())
    }
}

/// What an instrument of a column is made with.
pub(crate) struct ColumnContext<'a> {
    labels: ColumnLabels<'a>,
    /// Whether its bins have an order.
    is_of_numbers: bool,
    /// What may be said of its drift.
    reasons: &'static [DriftReason],
    settings: &'a DriftSettings,
}

/// What an instrument of a model is made with.
pub(crate) struct ModelContext<'a> {
    model: &'a str,
    /// Empty if the profile names none.
    version: &'a str,
    /// The labels of its features, in their order.
    features: Vec<ColumnLabels<'a>>,
    settings: &'a DriftSettings,
}

/// What an instrument of labels is made with.
pub(crate) struct LabelContext<'a> {
    model: &'a LabelledModel,
    settings: &'a DriftSettings,
}

/// One evaluation, as the instruments of one model see it.
pub(crate) struct Evaluation<'a> {
    pub(crate) settings: &'a DriftSettings,
    pub(crate) now: Timestamp,
    /// The time of day, if the host knows it.
    pub(crate) wall_clock: Option<WallClock>,
    /// Whether a step of the windows has ended since the last evaluation, or there was none.
    pub(crate) step_ended: bool,
    /// How many columns may yet have their turn in this evaluation.
    pub(crate) turns_left: usize,
    /// Whether it is the turn of the column at hand to have its slow window measured and its record stored, as it is
    /// once in each step.
    pub(crate) has_turn: bool,
    pub(crate) buffer: &'a mut MetricBuffer,
    pub(crate) findings: &'a mut Findings,
    pub(crate) scratch: &'a mut Scratch,
    /// When the next evaluation is due, whether counters move until then or not.
    pub(crate) due_at: Timestamp,
    /// Whether the panel at hand must be stored, as those of columns are when they have their turn, and those of models
    /// at the end of a step.
    pub(crate) must_store: bool,
}

/// What instruments of a model found in this evaluation, for those that run later.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// By column: the features come first.
    columns: Vec<ColumnFindings>,
    /// How many rows count as one, by what all columns have told so far.
    clusters: f64,
}

/// What was found about a column.
#[derive(Clone, Copy, Debug, Default)]
struct ColumnFindings {
    /// By what was found last of each window.
    has_drifted: EnumMap<Window, bool>,
    /// How many rows of the fast window count as one; `None` if it was not measured this time.
    clusters: Option<Clusters>,
    /// How far it moved, in PSI; `None` if there are too few rows to tell, or it was not measured this time.
    moved: EnumMap<Baseline, Option<f64>>,
}

/// What is needed during one evaluation only; kept to be allocated once.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    look: LookScratch,
    before: Vec<u64>,
}

impl Evaluation<'_> {
    /// Asks for an evaluation at this moment, whether counters move or not.
    fn evaluate_again_at(&mut self, at: Timestamp) {
        self.due_at = self.due_at.min(at);
    }
}
