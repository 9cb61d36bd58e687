//! A model that labels are counted for, in one version: its counters, and what a labelled row adds to them. It keeps no
//! label and compares nothing.

mod classes;
mod kpi;
mod regression;
mod segments;

pub(crate) use self::{
    classes::ClassSeries,
    kpi::{ComparedKpi, KpiSeries, by_side},
    regression::RegressionSeries,
    segments::{Cells, Segments},
};

use alloc::{boxed::Box, format, string::String, vec::Vec};

use driftline_labels::{EnumMap, LabelOutcome, Untracked};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar, Timing},
};
use driftline_statistics::{
    fingerprint::Fingerprint,
    profile::{Profile, quality::Task},
    value::{Cell, NullTexts},
};

use crate::{
    config::{self, Feedback},
    drift_settings::DriftSettings,
};

/// A model that labels are counted for.
#[derive(Debug)]
pub(crate) struct LabelledModel {
    name: Box<str>,
    version: Option<Box<str>>,
    /// Tells it apart in the table of predictions, together with what its predictions there mean.
    pub(crate) tag: u32,
    /// `None` if only figures are counted.
    pub(crate) judged: Option<Judged>,
    pub(crate) kpis: Box<[KpiSeries]>,
    pub(crate) segments: Segments,
    /// The counter of all its predictions, if it has one.
    pub(crate) predictions: Option<SeriesId>,
    /// The evidence that a verdict of `drift` needs, in nats.
    pub(crate) nats: f64,
    outcomes: EnumMap<LabelOutcome, SeriesId>,
    delay: Timing,
    tracked: SeriesId,
    evicted: SeriesId,
    replaced: SeriesId,
    untracked: EnumMap<Untracked, SeriesId>,
}

/// What is predicted, and how rows are counted.
#[derive(Debug)]
pub(crate) enum Judged {
    Classes(ClassSeries),
    Regression(RegressionSeries),
}

/// What was predicted of a row, as a record of feedback says it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SaidPrediction<'r> {
    /// The class or the number.
    pub(crate) prediction: Option<Cell<'r>>,
    /// The probability of the positive class.
    pub(crate) score: Option<Cell<'r>>,
}

/// Why a labelled row cannot be counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Uncounted {
    /// Its label is none of the classes, or no number.
    Label,
    /// Its prediction is none of the classes, or no number; its score is no probability.
    Prediction,
}

/// What a prediction is in the table if there is nothing to be judged.
pub(crate) const NO_PREDICTION: f64 = f64::NAN;

impl LabelledModel {
    /// The counters of a model that takes labels under this configuration; `None` for one that takes none.
    pub(crate) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        model: &config::Model,
        feedback: Option<&Feedback>,
        drift: &DriftSettings,
        predictions: Option<SeriesId>,
    ) -> Option<LabelledModel> {
        feedback?;
        let quality = model.profile.as_ref().and_then(|profile| profile.quality.as_ref());
        if quality.is_none() && model.kpis.is_empty() {
            return None;
        }
        let (name, version) = (model.name.as_str(), model.version.as_deref().unwrap_or_default());
        let labels = [name, version];
        let judged = quality.map(|quality| match &quality.task {
            Task::Classes(classes) => {
                Judged::Classes(ClassSeries::register(registrar, labels, classes))
            }
            Task::Regression(regression) => {
                Judged::Regression(RegressionSeries::register(registrar, labels, regression))
            }
        });
        let segments = match (&model.profile, &judged) {
            (Some(profile), Some(_)) => register_segments(registrar, labels, model, profile),
            _ => Segments::default(),
        };
        let kpis = model.kpis.iter().map(|kpi| {
            let reference = model.profile.as_ref().and_then(|profile| profile.kpi(&kpi.name));
            KpiSeries::register(registrar, labels, kpi, reference)
        });
        Some(LabelledModel {
            tag: tag(labels, quality.map(|quality| &quality.task)),
            name: name.into(),
            version: model.version.as_deref().map(Box::from),
            judged,
            segments,
            predictions,
            nats: drift.nats_of(model),
            kpis: kpis.collect::<Vec<_>>().into(),
            outcomes: registrar.add(Metric::Labels, &labels),
            delay: registrar.add(Metric::LabelDelay, &labels),
            tracked: registrar.add(Metric::PredictionsTracked, &labels),
            evicted: registrar.add(Metric::PredictionsEvicted, &labels),
            replaced: registrar.add(Metric::PredictionsReplaced, &labels),
            untracked: registrar.add(Metric::PredictionsUntracked, &labels),
        })
    }

    /// Its name, and its version if versions are told apart.
    pub(crate) fn called(&self) -> (&str, Option<&str>) {
        (&self.name, self.version.as_deref())
    }

    /// The label values of what it has one of.
    pub(crate) fn labels(&self) -> [&str; 2] {
        [&self.name, self.version.as_deref().unwrap_or_default()]
    }

    /// The counter of labels that ended so.
    pub(crate) fn outcome(&self, outcome: LabelOutcome) -> SeriesId {
        self.outcomes[outcome]
    }

    /// Where delays are counted.
    pub(crate) fn delay(&self) -> Timing {
        self.delay
    }

    /// Counts what became of a label.
    pub(crate) fn count_outcome(&self, buffer: &mut MetricBuffer, outcome: LabelOutcome) {
        buffer.add(self.outcomes[outcome], 1);
    }

    /// Counts how long a label took.
    pub(crate) fn count_delay(&self, buffer: &mut MetricBuffer, seconds: u64) {
        buffer.observe(self.delay, seconds);
    }

    /// Counts a prediction that waits for its label, in the place of one of the same id or not.
    pub(crate) fn count_tracked(&self, buffer: &mut MetricBuffer, is_replacement: bool) {
        buffer.add(self.tracked, 1);
        if is_replacement {
            buffer.add(self.replaced, 1);
        }
    }

    /// Counts a prediction that no label can find any more.
    pub(crate) fn count_evicted(&self, buffer: &mut MetricBuffer) {
        buffer.add(self.evicted, 1);
    }

    /// Counts predictions that no label will find.
    pub(crate) fn count_untracked(&self, buffer: &mut MetricBuffer, reason: Untracked, rows: u64) {
        buffer.add(self.untracked[reason], rows);
    }

    /// Sets what the profile alone says.
    pub(crate) fn describe(&self, buffer: &mut MetricBuffer) {
        match &self.judged {
            Some(Judged::Classes(classes)) => classes.describe(buffer),
            Some(Judged::Regression(regression)) => regression.describe(buffer),
            None => {}
        }
        for kpi in &self.kpis {
            kpi.describe(buffer);
        }
    }

    /// What was predicted, as a response says it, written down for the table; `None` if it is nothing that can be judged.
    /// With a score, if the response has one beside it.
    pub(crate) fn predicted(&self, cell: Cell<'_>, score: Option<f64>) -> Option<f64> {
        let said = SaidPrediction { prediction: Some(cell), score: score.map(Cell::Number) };
        self.said(&said).filter(|value| !value.is_nan())
    }

    /// The same, as a record of feedback says it. NaN where nothing is judged.
    pub(crate) fn said(&self, said: &SaidPrediction<'_>) -> Option<f64> {
        match &self.judged {
            Some(Judged::Classes(classes)) => classes.said(said),
            Some(Judged::Regression(regression)) => regression.said(said),
            None => Some(NO_PREDICTION),
        }
    }

    /// Counts a prediction by its score, whether it gets a label or not.
    pub(crate) fn count_prediction(&self, buffer: &mut MetricBuffer, predicted: f64) {
        if let Some(Judged::Classes(classes)) = &self.judged {
            classes.count_prediction(buffer, predicted);
        }
    }

    /// Whether a label is one of its classes, or a number.
    pub(crate) fn takes_label(&self, label: Cell<'_>) -> bool {
        match &self.judged {
            Some(Judged::Classes(classes)) => classes.names.class_of(label).is_ok(),
            Some(Judged::Regression(_)) => label.number(&NullTexts::NONE).is_ok(),
            None => false,
        }
    }

    /// Counts a labelled row. All of it or nothing.
    ///
    /// # Errors
    ///
    /// What of it cannot be counted.
    pub(crate) fn count_row(
        &self,
        buffer: &mut MetricBuffer,
        predicted: f64,
        label: Cell<'_>,
        segments: u32,
    ) -> Result<(), Uncounted> {
        let error = match &self.judged {
            Some(Judged::Classes(classes)) => classes.count_row(buffer, predicted, label)?,
            Some(Judged::Regression(regression)) => {
                regression.count_row(buffer, predicted, label)?
            }
            None => return Ok(()),
        };
        self.segments.count_row(buffer, segments, error);
        Ok(())
    }
}

/// What tells a model apart in the table of predictions. Another one under the same name, whose numbers there mean
/// something else, such as one with other classes, has another tag.
fn tag([name, version]: [&str; 2], task: Option<&Task>) -> u32 {
    let tag = Fingerprint::new().with_text(name).with_text(version);
    let tag = match task {
        Some(Task::Classes(classes)) => {
            let tag = tag.with_text("classes");
            let tag = classes.names.iter().fold(tag, |tag, name| tag.with_text(name));
            let positive = classes.scores.as_ref().map(|scores| scores.positive as u64);
            positive.map_or(tag, |positive| tag.with_number(positive))
        }
        Some(Task::Regression(_)) => tag.with_text("regression"),
        None => tag.with_text("kpis"),
    };
    tag.value() as u32
}

/// The labels of this many bins.
fn bin_labels(bins: usize) -> Vec<String> {
    (0..bins).map(|bin| format!("{bin:02}")).collect()
}

fn register_segments(
    registrar: &mut SeriesRegistrar<'_>,
    labels: [&str; 2],
    model: &config::Model,
    profile: &Profile,
) -> Segments {
    Segments::register(registrar, labels, &model.segments, profile)
}
