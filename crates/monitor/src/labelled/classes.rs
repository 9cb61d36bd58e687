//! A classifier's counters: confusions, and what scores say. It computes no measure but those of the reference.

use alloc::{string::String, vec::Vec};

use driftline_labels::{Polarity, QualityMeasure};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar, SeriesRun},
};
use driftline_statistics::{
    drift::to_ppm,
    profile::quality::{Classes, Scores},
    quality::{
        ClassNames, ClassifierCounts, Confusion, LossSums, ScoreCounts, of_classifier,
        score_millionths,
    },
    value::{Cell, NullTexts},
};

use super::{SaidPrediction, Uncounted, bin_labels};

/// An error of a row, in thousandths.
const WRONG: u64 = 1000;

/// The counters of a classifier.
#[derive(Debug)]
pub(crate) struct ClassSeries {
    pub(crate) names: ClassNames,
    /// Row-major: the row is the class by its label.
    pub(crate) confusion: SeriesRun,
    pub(crate) scores: Option<ScoreSeries>,
    /// What the reference counts.
    pub(crate) reference: Classes,
    /// By measure, in their order.
    described: SeriesRun,
}

/// The counters of scores.
#[derive(Debug)]
pub(crate) struct ScoreSeries {
    /// All predictions, by bin.
    pub(crate) all: SeriesRun,
    /// Labelled ones, by bin: positives and negatives by turns.
    pub(crate) labelled: SeriesRun,
    /// Sums of labelled scores, by bin.
    pub(crate) sums: SeriesRun,
    pub(crate) squared_error: SeriesId,
    pub(crate) log_loss: SeriesId,
}

/// What was predicted of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Predicted {
    class: usize,
    score: Option<f64>,
}

impl ClassSeries {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        [model, version]: [&str; 2],
        reference: &Classes,
    ) -> ClassSeries {
        let names = &reference.names;
        let texts: Vec<&str> = names.iter().map(String::as_str).collect();
        let labels = &[model, version];
        let confusion = registrar.product(Metric::ConfusionRows, labels, &[&texts, &texts]);
        let scores = reference.scores.as_ref();
        let scores = scores.map(|it| ScoreSeries::register(registrar, [model, version], it));
        let measures = &mut of_classifier(scores.is_some()).iter().map(|it| it.name());
        let described = registrar.each(Metric::ReferenceQuality, labels, measures);
        ClassSeries {
            names: ClassNames::new(names),
            confusion,
            scores,
            reference: reference.clone(),
            described,
        }
    }

    /// Its measures, which gauges show.
    pub(crate) fn measures(&self) -> &'static [QualityMeasure] {
        of_classifier(self.scores.is_some())
    }

    pub(super) fn describe(&self, buffer: &mut MetricBuffer) {
        let Classes { confusion, names, scores } = &self.reference;
        let Some(confusion) = Confusion::new(confusion, names.len()) else { return };
        let scores = scores.as_ref().map(|scores| ScoreCounts {
            positive: scores.positive,
            positives: &scores.positives,
            negatives: &scores.negatives,
            sums: &scores.sums,
            losses: scores.losses,
        });
        let found = ClassifierCounts { confusion, scores }.measures();
        for (id, &measure) in self.described.iter().zip(self.measures()) {
            buffer.set(id, to_ppm(found[measure]));
        }
    }

    /// A prediction, written down: a score as it is, a class alone as a number below 0.
    pub(super) fn said(&self, said: &SaidPrediction<'_>) -> Option<f64> {
        let class = |cell: Cell<'_>| {
            let class = self.names.class_of(cell).ok()?;
            Some(-1.0 - class as f64)
        };
        match (said.score, said.prediction) {
            (Some(score), _) if self.scores.is_some() => probability(score),
            (None, Some(cell)) if self.scores.is_some() => {
                probability(cell).or_else(|| class(cell))
            }
            (_, Some(cell)) => class(cell),
            (_, None) => None,
        }
    }

    /// What was written down.
    fn read(&self, predicted: f64) -> Option<Predicted> {
        if predicted < 0.0 {
            // The cast saturates, and what is too large is no class.
            let class = (-1.0 - predicted) as usize;
            return (class < self.names.count()).then_some(Predicted { class, score: None });
        }
        let scores = self.reference.scores.as_ref()?;
        let is_positive = scores.threshold <= predicted;
        let other = usize::from(scores.positive == 0);
        let class = if is_positive { scores.positive } else { other };
        (predicted <= 1.0).then_some(Predicted { class, score: Some(predicted) })
    }

    pub(super) fn count_prediction(&self, buffer: &mut MetricBuffer, predicted: f64) {
        if let (Some(series), Some(scores)) = (&self.scores, &self.reference.scores)
            && (0.0..=1.0).contains(&predicted)
            && let Some(id) = series.all.get(bin(scores, predicted))
        {
            buffer.add(id, 1);
        }
    }

    /// Counts a row; its error.
    pub(super) fn count_row(
        &self,
        buffer: &mut MetricBuffer,
        predicted: f64,
        label: Cell<'_>,
    ) -> Result<u64, Uncounted> {
        let actual = self.names.class_of(label).map_err(|_| Uncounted::Label)?;
        let Predicted { class, score } = self.read(predicted).ok_or(Uncounted::Prediction)?;
        let place = actual.saturating_mul(self.names.count()).saturating_add(class);
        if let Some(id) = self.confusion.get(place) {
            buffer.add(id, 1);
        }
        if let (Some(series), Some(scores), Some(score)) =
            (&self.scores, &self.reference.scores, score)
        {
            series.count(buffer, bin(scores, score), score, actual == scores.positive);
        }
        Ok(if actual == class { 0 } else { WRONG })
    }
}

impl ScoreSeries {
    fn register(
        registrar: &mut SeriesRegistrar<'_>,
        [model, version]: [&str; 2],
        reference: &Scores,
    ) -> ScoreSeries {
        let bins = bin_labels(reference.edges.len().saturating_add(1));
        let bins: Vec<&str> = bins.iter().map(String::as_str).collect();
        let labels = &[model, version];
        let polarity = &Polarity::WORDS;
        ScoreSeries {
            all: registrar.product(Metric::Scores, labels, &[&bins]),
            labelled: registrar.product(Metric::LabelledScores, labels, &[&bins, polarity]),
            sums: registrar.product(Metric::LabelledScoreSum, labels, &[&bins]),
            squared_error: registrar.add(Metric::ScoreSquaredError, labels),
            log_loss: registrar.add(Metric::ScoreLogLoss, labels),
        }
    }

    fn count(&self, buffer: &mut MetricBuffer, bin: usize, score: f64, is_positive: bool) {
        let place = bin.saturating_mul(2).saturating_add(usize::from(!is_positive));
        let Some(losses) = LossSums::of_row(score, is_positive) else { return };
        let added = [
            (self.labelled.get(place), 1),
            (self.sums.get(bin), score_millionths(score).unwrap_or(0)),
            (Some(self.squared_error), losses.squared_error),
            (Some(self.log_loss), losses.log_loss),
        ];
        for (id, amount) in added {
            if let Some(id) = id {
                buffer.add(id, amount);
            }
        }
    }
}

/// A probability; `None` for anything else. A truth value is none: it says a class.
fn probability(cell: Cell<'_>) -> Option<f64> {
    if matches!(cell, Cell::Boolean(_)) {
        return None;
    }
    cell.number(&NullTexts::NONE).ok().filter(|score| (0.0..=1.0).contains(score))
}

/// The bin of a score: an edge belongs to the bin above it.
fn bin(scores: &Scores, score: f64) -> usize {
    scores.edges.partition_point(|&edge| edge <= score)
}
