//! Counts rows by what was decided; it moves no edge and finds no class.

use std::fmt;

use driftline_statistics::{
    bins::Bins,
    document::{Path, Problems},
    profile::{
        Kind,
        quality::{Classes, Quality, Regression, Scores, Segment, Task as Counted},
    },
    quality::{LossSums, RegressionSums, score_millionths},
    value::Precision,
};

use super::{
    class::{Lacks, number, score},
    decide::{ClassesTask, Decided, RegressionTask, Task},
    edges::bin_of,
    gather::{LABEL, Outcome, PREDICTION, RowReader},
    said::{Said, Texts},
};

/// An error of a class, in thousandths.
const WRONG: u64 = 1000;

/// Rows that say nothing about how good the model was, each counted once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LeftOut {
    /// Without a label.
    pub without_label: u64,
    /// With a label that is no class of the others, or no number where others are.
    pub unusable_label: u64,
    /// With a label, but without a prediction or a score.
    pub without_prediction: u64,
    /// With a label, and a prediction or a score that is none.
    pub unusable_prediction: u64,
}

/// The rows so far.
#[derive(Debug)]
pub(crate) struct Counter {
    task: Task,
    counts: Counts,
    reader: RowReader,
    segments: Vec<Cells>,
    left_out: LeftOut,
    rows_expected: u64,
    rows: u64,
}

#[derive(Debug)]
enum Counts {
    Classes { confusion: Vec<u64>, scored: [Vec<u64>; 2], sums: Vec<u64>, losses: LossSums },
    Regression { sums: RegressionSums, errors: Vec<u64> },
}

/// Errors by the bins of a feature.
#[derive(Debug)]
struct Cells {
    feature: String,
    kind: Kind,
    bins: Bins,
    rows: Vec<u64>,
    errors: Vec<u64>,
}

impl Decided {
    /// Counts the rows that were kept, if all were; otherwise the counter waits for all of them once more. `bins` says the
    /// bins of a feature by its name.
    ///
    /// # Errors
    ///
    /// If a name is not that of a feature.
    pub(crate) fn counter(
        self,
        bins: impl Fn(&str) -> Option<(Kind, Bins)>,
    ) -> Result<Counter, Problems> {
        let Decided { task, reader, rows, segments } = self;
        let mut problems = Problems::default();
        let mut cells = Vec::new();
        for feature in segments {
            match bins(feature.trim()) {
                Some((kind, bins)) => cells.push(Cells::new(feature.trim(), kind, bins)),
                None => problems.add(
                    &Path::ROOT,
                    format_args!(
                        "the column `{}` is no feature, so errors cannot be told apart by it",
                        feature.trim()
                    ),
                ),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let counts = Counts::new(&task);
        let rows_expected = rows.seen;
        let mut counter = Counter {
            task,
            counts,
            reader,
            segments: cells,
            left_out: LeftOut::default(),
            rows_expected,
            rows: 0,
        };
        if rows.are_whole() {
            rows.kept().for_each(|row| counter.count(row));
        }
        Ok(counter)
    }
}

impl Counter {
    /// Whether the rows have to be read once more.
    pub(crate) fn waits_for_rows(&self) -> bool {
        self.rows == 0
    }

    /// Counts a row of the second reading.
    pub(crate) fn add(&mut self, outcome: &Outcome<'_>) {
        let row = self.reader.row(outcome);
        self.count(&row);
    }

    fn count(&mut self, row: &[Said]) {
        self.rows += 1;
        let texts = &self.reader.texts;
        let error = match (&self.task, &mut self.counts) {
            (Task::Classes(task), Counts::Classes { confusion, scored, sums, losses }) => {
                counted_class(task, row, texts).map(|found| {
                    let Found { label, predicted, score } = found;
                    confusion[label * task.names.len() + predicted] += 1;
                    if let (Some(score), Some(task)) = (score, &task.scores) {
                        let bin = bin_of(score, &task.edges);
                        let is_positive = label == task.positive;
                        scored[usize::from(!is_positive)][bin] += 1;
                        sums[bin] += score_millionths(score).unwrap_or(0);
                        *losses =
                            losses.plus(LossSums::of_row(score, is_positive).unwrap_or_default());
                    }
                    if label == predicted { 0 } else { WRONG }
                })
            }
            (Task::Regression(task), Counts::Regression { sums, errors }) => {
                counted_number(task, row, texts).map(|(of_row, error)| {
                    *sums = sums.plus(of_row);
                    errors[bin_of(error, &task.error_edges)] += 1;
                    of_row.above + of_row.below
                })
            }
            // The counts are made for the task.
            _ => return,
        };
        match error {
            Ok(error) => {
                let places = row.iter().zip(texts).skip(row.len() - self.segments.len());
                for (cells, (said, texts)) in self.segments.iter_mut().zip(places) {
                    cells.add(*said, texts, error);
                }
            }
            Err(why) => self.left_out.add(why),
        }
    }

    /// How good the model was, and which rows do not say so.
    ///
    /// # Errors
    ///
    /// If no row does, or if the rows were not those of the first reading.
    pub(crate) fn finish(self) -> Result<(Quality, LeftOut), Problems> {
        let problem = |what: fmt::Arguments<'_>| Problems::of(&Path::ROOT, what);
        let Counter { task, counts, segments, left_out, rows_expected, rows, .. } = self;
        if rows != rows_expected {
            return Err(problem(format_args!(
                "the data changed while it was read: it was not the same in the second reading"
            )));
        }
        if left_out.rows() == rows {
            return Err(problem(format_args!(
                "found no row with both a label and a prediction among {rows}: {left_out}"
            )));
        }
        let task = match (task, counts) {
            (
                Task::Classes(ClassesTask { names, scores, .. }),
                Counts::Classes { confusion, scored: [positives, negatives], sums, losses },
            ) => Counted::Classes(Classes {
                names,
                confusion,
                scores: scores.map(|it| Scores {
                    positive: it.positive,
                    threshold: it.threshold,
                    edges: it.edges,
                    positives,
                    negatives,
                    sums,
                    losses,
                }),
            }),
            (
                Task::Regression(RegressionTask { mean, deviation, error_edges, .. }),
                Counts::Regression { sums, errors: error_counts },
            ) => {
                Counted::Regression(Regression { mean, deviation, sums, error_edges, error_counts })
            }
            _ => return Err(problem(format_args!("the data changed while it was read"))),
        };
        let segments = segments
            .into_iter()
            .map(|Cells { feature, rows, errors, .. }| Segment { feature, rows, errors })
            .collect();
        Ok((Quality { task, segments }, left_out))
    }
}

impl Counts {
    fn new(task: &Task) -> Counts {
        match task {
            Task::Classes(task) => {
                let bins = task.scores.as_ref().map_or(0, |scores| scores.edges.len() + 1);
                Counts::Classes {
                    confusion: vec![0; task.names.len() * task.names.len()],
                    scored: [vec![0; bins], vec![0; bins]],
                    sums: vec![0; bins],
                    losses: LossSums::default(),
                }
            }
            Task::Regression(task) => Counts::Regression {
                sums: RegressionSums::default(),
                errors: vec![0; task.error_edges.len() + 1],
            },
        }
    }
}

/// The classes of a row.
struct Found {
    label: usize,
    predicted: usize,
    score: Option<f64>,
}

/// Whose value a row lacks.
enum Why {
    Label(Lacks),
    Prediction(Lacks),
}

fn counted_class(task: &ClassesTask, row: &[Said], texts: &[Texts]) -> Result<Found, Why> {
    let label = task.label.class(row[LABEL]).map_err(Why::Label)?;
    let of_score = task.scores.as_ref().map(|scores| {
        let score = score(row[scores.place], &texts[scores.place]).map_err(Why::Prediction)?;
        let by_score =
            if scores.threshold <= score { scores.positive } else { 1 - scores.positive };
        Ok((score, by_score))
    });
    let of_score = of_score.transpose()?;
    let predicted = match (&task.prediction, of_score) {
        (Some(classes), _) => classes.class(row[PREDICTION]).map_err(Why::Prediction)?,
        (None, Some((_, by_score))) => by_score,
        (None, None) => return Err(Why::Prediction(Lacks::Value)),
    };
    Ok(Found { label, predicted, score: of_score.map(|(score, _)| score) })
}

/// What a row adds, and its absolute error.
fn counted_number(
    task: &RegressionTask,
    row: &[Said],
    texts: &[Texts],
) -> Result<(RegressionSums, f64), Why> {
    let label = number(row[LABEL], &texts[LABEL]).map_err(Why::Label)?;
    let prediction = number(row[PREDICTION], &texts[PREDICTION]).map_err(Why::Prediction)?;
    let sums = task.scale.row(prediction, label);
    let sums = sums.ok_or(Why::Prediction(Lacks::UsableValue))?;
    Ok((sums, (prediction - label).abs()))
}

impl Cells {
    fn new(feature: &str, kind: Kind, bins: Bins) -> Cells {
        let cells = bins.live_count() + 1;
        Cells {
            feature: feature.to_owned(),
            kind,
            rows: vec![0; cells],
            errors: vec![0; cells],
            bins,
        }
    }

    /// As live values are placed.
    fn add(&mut self, said: Said, texts: &Texts, error: u64) {
        let precision =
            if self.kind == Kind::VectorNorm { Precision::Norm } else { Precision::Single };
        let bin = match said {
            Said::Number(x) => Some(self.bins.of_live(x, precision)),
            Said::Text(text) => {
                texts.get(text).and_then(|text| self.bins.of_category(text.text.as_bytes()))
            }
            Said::Nothing | Said::Unfit => None,
        };
        let cell = bin.unwrap_or(self.bins.live_count());
        self.rows[cell] += 1;
        self.errors[cell] += error;
    }
}

impl LeftOut {
    /// All of them.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.each().into_iter().map(|(rows, _)| rows).sum()
    }

    fn add(&mut self, why: Why) {
        *match why {
            Why::Label(Lacks::Value) => &mut self.without_label,
            Why::Label(Lacks::UsableValue) => &mut self.unusable_label,
            Why::Prediction(Lacks::Value) => &mut self.without_prediction,
            Why::Prediction(Lacks::UsableValue) => &mut self.unusable_prediction,
        } += 1;
    }

    fn each(&self) -> [(u64, &'static str); 4] {
        [
            (self.without_label, "without a label"),
            (self.unusable_label, "with an unusable label"),
            (self.without_prediction, "without a prediction"),
            (self.unusable_prediction, "with an unusable prediction"),
        ]
    }
}

impl fmt::Display for LeftOut {
    /// How many rows, and why, such as `3 without a label, 1 with an unusable prediction`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for (rows, why) in self.each().into_iter().filter(|(rows, _)| *rows != 0) {
            write!(f, "{before}{rows} {why}")?;
            before = ", ";
        }
        Ok(())
    }
}
