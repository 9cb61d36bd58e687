//! Which counters of a model that labels are counted for lie in which cells of its panel. It reads none.

use alloc::vec::Vec;
use core::ops::Range;

use driftline_labels::LabelOutcome;
use driftline_metrics::series::{SeriesId, SeriesRun};
use driftline_statistics::{
    drift::Tail, fingerprint::Fingerprint, profile::quality::Scores, quality::RegressionSums,
};

use crate::labelled::{Judged, LabelledModel};

/// Places of counters: first those of rows, then sums of larger numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct LabelCells {
    /// Row-major.
    pub(super) confusion: Range<usize>,
    /// All predictions, by score bin.
    pub(super) scores: Range<usize>,
    pub(super) positives: Range<usize>,
    pub(super) negatives: Range<usize>,
    /// Labelled rows of a regression, by bin of their absolute error.
    pub(super) errors: Range<usize>,
    /// Rows of all cells of all segments.
    pub(super) segment_rows: Range<usize>,
    /// One for each figure.
    pub(super) kpi_rows: Range<usize>,
    /// Labels that count.
    pub(super) labels: usize,
    /// Those whose delay is known.
    pub(super) delays: usize,
    /// All predictions.
    pub(super) predictions: usize,
    /// How many of these cells count rows.
    pub(super) narrow: usize,
    pub(super) score_sums: Range<usize>,
    /// Squared errors, log losses.
    pub(super) losses: Range<usize>,
    /// The fields of [`RegressionSums`].
    pub(super) regression: Range<usize>,
    pub(super) segment_errors: Range<usize>,
    /// Three for each figure: units above 0, below 0, squares.
    pub(super) kpi_sums: Range<usize>,
    /// Seconds.
    pub(super) delay_sum: usize,
    /// How many cells there are.
    pub(super) count: usize,
}

/// Hands out cells one after another.
struct Places(usize);

impl Places {
    fn run(&mut self, length: usize) -> Range<usize> {
        let start = self.0;
        self.0 = start.saturating_add(length);
        start..self.0
    }

    fn one(&mut self) -> usize {
        self.run(1).start
    }
}

impl LabelCells {
    /// The cells of a model.
    pub(super) fn of(model: &LabelledModel) -> LabelCells {
        let mut places = Places(0);
        let (mut classes, mut bins, mut error_bins, mut sums) = (0, 0, 0, 0);
        match &model.judged {
            Some(Judged::Classes(series)) => {
                classes = series.confusion.len();
                bins = series.scores.as_ref().map_or(0, |scores| scores.all.len());
            }
            Some(Judged::Regression(series)) => {
                error_bins = series.errors.len();
                sums = RegressionSums::COUNTERS;
            }
            None => {}
        }
        let segments =
            model.segments.iter().fold(0_usize, |all, it| all.saturating_add(it.cells.len()));
        let kpis = model.kpis.len();
        let mut cells = LabelCells {
            confusion: places.run(classes),
            scores: places.run(bins),
            positives: places.run(bins),
            negatives: places.run(bins),
            errors: places.run(error_bins),
            segment_rows: places.run(segments),
            kpi_rows: places.run(kpis),
            labels: places.one(),
            delays: places.one(),
            predictions: places.one(),
            narrow: places.0,
            ..LabelCells::default()
        };
        cells.score_sums = places.run(bins);
        cells.losses = places.run(if bins == 0 { 0 } else { 2 });
        cells.regression = places.run(sums);
        cells.segment_errors = places.run(segments);
        cells.kpi_sums = places.run(kpis.saturating_mul(3));
        cells.delay_sum = places.one();
        cells.count = places.0;
        cells
    }

    /// Hands out the counters of the model, each with its cell, always in the same order.
    pub(super) fn counters(&self, model: &LabelledModel, counter: &mut dyn FnMut(usize, SeriesId)) {
        match &model.judged {
            Some(Judged::Classes(series)) => {
                run(&self.confusion, series.confusion, counter);
                if let Some(scores) = &series.scores {
                    run(&self.scores, scores.all, counter);
                    let mut by_turns = scores.labelled.iter();
                    for (positive, negative) in self.positives.clone().zip(self.negatives.clone()) {
                        for cell in [positive, negative] {
                            if let Some(id) = by_turns.next() {
                                counter(cell, id);
                            }
                        }
                    }
                    run(&self.score_sums, scores.sums, counter);
                    let losses = [scores.squared_error, scores.log_loss];
                    self.losses.clone().zip(losses).for_each(|(cell, id)| counter(cell, id));
                }
            }
            Some(Judged::Regression(series)) => {
                run(&self.errors, series.errors, counter);
                self.regression.clone().zip(series.sums).for_each(|(cell, id)| counter(cell, id));
            }
            None => {}
        }
        let (mut rows, mut errors) = (self.segment_rows.clone(), self.segment_errors.clone());
        for segment in model.segments.iter() {
            segment.rows.iter().zip(&mut rows).for_each(|(id, cell)| counter(cell, id));
            segment.errors.iter().zip(&mut errors).for_each(|(id, cell)| counter(cell, id));
        }
        let mut sums = self.kpi_sums.clone();
        for (kpi, cell) in model.kpis.iter().zip(self.kpi_rows.clone()) {
            counter(cell, kpi.rows);
            let units = [Tail::High, Tail::Low].into_iter().filter_map(|it| kpi.units.of_word(it));
            units.chain([kpi.squares]).zip(&mut sums).for_each(|(id, cell)| counter(cell, id));
        }
        for outcome in [LabelOutcome::Joined, LabelOutcome::WithPrediction] {
            counter(self.labels, model.outcome(outcome));
        }
        counter(self.delays, model.delay().observations);
        counter(self.delay_sum, model.delay().sum);
        if let Some(id) = model.predictions {
            counter(self.predictions, id);
        }
    }

    /// Tells apart what the cells mean.
    pub(super) fn fingerprint(&self, model: &LabelledModel) -> Fingerprint {
        let [name, version] = model.labels();
        let all = Fingerprint::new().with_text("labels").with_text(name).with_text(version);
        let all = [self.confusion.len(), self.positives.len(), self.errors.len(), self.count]
            .iter()
            .fold(all, |all, &number| all.with_number(number as u64));
        let all = match &model.judged {
            Some(Judged::Classes(series)) => {
                let all = series.reference.names.iter().fold(all, |all, it| all.with_text(it));
                series.reference.scores.as_ref().map_or(all, |scores: &Scores| {
                    let all = all.with_number(scores.positive as u64);
                    numbers(all, scores.edges.iter().chain([&scores.threshold]))
                })
            }
            Some(Judged::Regression(series)) => {
                let scale = [series.reference.mean, series.reference.deviation];
                numbers(all, scale.iter().chain(&series.reference.error_edges))
            }
            None => all,
        };
        let all = model.segments.iter().fold(all, |all, segment| {
            segment.cells.iter().fold(all.with_text(&segment.name), |all, cell| all.with_text(cell))
        });
        model.kpis.iter().fold(all, |all, kpi| numbers(all.with_text(&kpi.name), &kpi.bounds()))
    }
}

fn numbers<'n>(all: Fingerprint, numbers: impl IntoIterator<Item = &'n f64>) -> Fingerprint {
    numbers.into_iter().fold(all, |all, number| all.with_number(number.to_bits()))
}

fn run(cells: &Range<usize>, series: SeriesRun, counter: &mut dyn FnMut(usize, SeriesId)) {
    cells.clone().zip(series.iter()).for_each(|(cell, id)| counter(cell, id));
}

/// Some of these sums; none if there are fewer.
pub(super) fn part<'s>(sums: &'s [u64], cells: &Range<usize>) -> &'s [u64] {
    sums.get(cells.clone()).unwrap_or_default()
}

/// One of them.
pub(super) fn at(sums: &[u64], cell: usize) -> u64 {
    sums.get(cell).copied().unwrap_or(0)
}

/// Labelled rows by score bin.
pub(super) fn labelled_scores(sums: &[u64], cells: &LabelCells) -> Vec<u64> {
    let pairs = part(sums, &cells.positives).iter().zip(part(sums, &cells.negatives));
    pairs.map(|(&positives, &negatives)| positives.saturating_add(negatives)).collect()
}
