//! Decides what the model predicts from what labels, predictions and scores hold; it counts no row.

use std::{collections::BTreeSet, fmt};

use driftline_statistics::{
    document::{Path, Problems},
    profile::quality::SEGMENTS_MAX,
    quality::{CLASSES_MAX, CLASSES_MIN, TargetScale},
    value::NullTexts,
};

use super::{
    class::{ClassOf, List, names, number, score, spelled},
    edges::{of_errors, of_scores},
    gather::{Gathered, LABEL, PREDICTION, RowReader, Rows, SCORE},
    options::THRESHOLD_DEFAULT,
    said::Said,
};
use crate::cell::Cell;

/// Pairs of classes of which the second one is positive.
const OBVIOUS: [[&str; 2]; 3] = [["0", "1"], ["false", "true"], ["no", "yes"]];

/// How rows are counted.
#[derive(Debug)]
pub(super) enum Task {
    Classes(ClassesTask),
    Regression(RegressionTask),
}

#[derive(Debug)]
pub(super) struct ClassesTask {
    pub(super) names: Vec<String>,
    /// Which class a label is.
    pub(super) label: ClassOf,
    /// Which class a prediction is; `None` if the score decides.
    pub(super) prediction: Option<ClassOf>,
    pub(super) scores: Option<ScoresTask>,
}

#[derive(Debug)]
pub(super) struct ScoresTask {
    /// Where the score stands in a row.
    pub(super) place: usize,
    /// The number of the positive class.
    pub(super) positive: usize,
    pub(super) threshold: f64,
    pub(super) edges: Vec<f64>,
}

#[derive(Debug)]
pub(super) struct RegressionTask {
    pub(super) mean: f64,
    pub(super) deviation: f64,
    pub(super) scale: TargetScale,
    pub(super) error_edges: Vec<f64>,
}

/// What the rows are counted by, and the rows themselves.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(super) task: Task,
    pub(super) reader: RowReader,
    /// All rows, or none if there were too many to keep.
    pub(super) rows: Rows,
    /// The names of the features that tell errors apart.
    pub(super) segments: Vec<String>,
}

/// Different classes of a column, if they are few enough to be classes.
type Distinct = Option<BTreeSet<String>>;

impl Gathered {
    /// What the model predicts, and how its rows are counted.
    ///
    /// # Errors
    ///
    /// All problems at once, with the options that help.
    pub(crate) fn decide(self) -> Result<Decided, Problems> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        let task = if problems.is_empty() {
            match self.task() {
                Ok(task) => Some(task),
                Err(problem) => {
                    problems.add(&Path::ROOT, format_args!("{problem}"));
                    None
                }
            }
        } else {
            None
        };
        let Gathered { options, reader, rows, .. } = self;
        let decided = task.map(|task| Decided { task, reader, rows, segments: options.segments });
        decided.ok_or(problems)
    }

    /// Notes what is wrong with the options by themselves.
    fn check(&self, problems: &mut Problems) {
        let mut note = |what: fmt::Arguments<'_>| problems.add(&Path::ROOT, what);
        let label = self.options.label.trim();
        let score = self.score_column();
        if self.prediction.is_none() && score.is_none() {
            note(format_args!(
                "found labels in `{label}` and nothing to compare with them, expected a column of predictions or of \
                 scores: --prediction COLUMN or --score COLUMN"
            ));
        }
        for (what, column) in [("predictions", self.prediction.as_deref()), ("scores", score)] {
            if column.is_some_and(|column| column.trim() == label) {
                note(format_args!(
                    "the column `{label}` has both the labels and the {what}, expected two columns"
                ));
            }
        }
        if let Some(threshold) = self.options.threshold.filter(|it| !(0.0..=1.0).contains(it)) {
            note(format_args!("found the threshold {threshold}, expected a number from 0 to 1"));
        }
        let segments = &self.options.segments;
        if SEGMENTS_MAX < segments.len() {
            note(format_args!(
                "found {} features to tell errors apart by, expected {SEGMENTS_MAX} at most",
                segments.len()
            ));
        }
        for (index, segment) in segments.iter().enumerate() {
            if segments.iter().take(index).any(|before| before.trim() == segment.trim()) {
                note(format_args!(
                    "found `{segment}` twice among the features to tell errors apart by"
                ));
            }
        }
    }

    fn score_column(&self) -> Option<&str> {
        self.options.score.as_deref()
    }

    /// Whether the column of predictions is another one than that of scores.
    fn has_own_prediction(&self) -> bool {
        let same =
            |prediction: &str| self.score_column().is_some_and(|it| it.trim() == prediction.trim());
        self.prediction.as_deref().is_some_and(|prediction| !same(prediction))
    }

    fn task(&self) -> Result<Task, String> {
        let label = self.options.label.trim();
        let labels = self.distinct(LABEL);
        if self.options.is_regression {
            return self.regression();
        }
        let Some(found) = &labels else {
            return if self.score_column().is_some()
                || self.are_categories(PREDICTION)
                || self.are_categories(LABEL)
            {
                Err(self.too_many(LABEL, "labels", label))
            } else {
                self.regression()
            };
        };
        if found.is_empty() {
            return Err(format!(
                "the column `{label}` has no label in any of {} rows",
                self.rows.seen
            ));
        }
        if self.score_column().is_some() && found.len() != 2 {
            return Err(format!(
                "the column `{label}` has {} different labels, {}; expected two, as there is a score of one of them",
                found.len(),
                List(found)
            ));
        }
        if found.len() == 2 {
            return self.of_two(found);
        }
        if self.are_categories(PREDICTION) || self.are_categories(LABEL) {
            return self.classes(found);
        }
        self.regression()
    }

    /// Labels are of two values.
    fn of_two(&self, labels: &BTreeSet<String>) -> Result<Task, String> {
        if self.score_column().is_some() {
            let prediction =
                if self.has_own_prediction() { self.predicted_classes()? } else { BTreeSet::new() };
            if let Some(other) = prediction.difference(labels).next() {
                return Err(format!(
                    "the column `{}` predicts `{other}`, but labels are {}; expected the same two classes, or no \
                     predictions beside the scores",
                    self.prediction.as_deref().unwrap_or_default(),
                    List(labels)
                ));
            }
            return self.scored(labels, SCORE, self.has_own_prediction());
        }
        let held = &self.held[PREDICTION];
        let predicted = self.distinct(PREDICTION);
        if predicted.as_ref().is_some_and(|predicted| predicted.is_subset(labels)) {
            return self.classes(labels);
        }
        if self.are_categories(PREDICTION) {
            return self.classes(labels);
        }
        match held.improbable {
            None => self.scored(labels, PREDICTION, false),
            Some((place, number)) => Err(format!(
                "labels are {}, but the column `{}` predicts {number} at {place}; expected one of these classes, or the \
                 probability of one, from 0 to 1; --regression takes labels and predictions for numbers",
                List(labels),
                self.prediction.as_deref().unwrap_or_default()
            )),
        }
    }

    /// Two classes, one of which has a score at this place of a row.
    fn scored(
        &self,
        labels: &BTreeSet<String>,
        place: usize,
        has_prediction: bool,
    ) -> Result<Task, String> {
        let names = names(labels)?;
        let column = [self.prediction.as_deref(), self.score_column()][usize::from(place == SCORE)];
        let column = column.unwrap_or_default();
        let held = &self.held[place];
        if let Some((row, number)) = held.improbable {
            return Err(format!(
                "the column `{column}` holds {number} at {row}; expected scores, which are probabilities from 0 to 1"
            ));
        }
        let positive = self.positive(&names)?;
        let threshold = self.options.threshold.unwrap_or(THRESHOLD_DEFAULT);
        let texts = &self.reader.texts;
        let label = ClassOf::new(&names, &self.held[LABEL], &texts[LABEL]);
        let prediction = has_prediction
            .then(|| ClassOf::new(&names, &self.held[PREDICTION], &texts[PREDICTION]));
        let is_labelled = |row: &&[Said]| label.class(row[LABEL]).is_ok();
        let scores: Vec<f64> = self
            .rows
            .kept()
            .filter(is_labelled)
            .filter_map(|row| score(row[place], &texts[place]).ok())
            .collect();
        let edges = of_scores(scores, threshold);
        let scores = Some(ScoresTask { place, positive, threshold, edges });
        Ok(Task::Classes(ClassesTask { names, label, prediction, scores }))
    }

    /// Classes without scores: those of the labels and of the predictions.
    fn classes(&self, labels: &BTreeSet<String>) -> Result<Task, String> {
        if self.options.threshold.is_some() {
            return Err(format!(
                "found a threshold and no scores; expected --score COLUMN, as `{}` holds classes",
                self.prediction.as_deref().unwrap_or_default()
            ));
        }
        let all: BTreeSet<String> = labels.union(&self.predicted_classes()?).cloned().collect();
        let names = names(&all)?;
        if self.options.positive.is_some() {
            self.positive(&names)?;
        }
        let texts = &self.reader.texts;
        let class_of = |place: usize| ClassOf::new(&names, &self.held[place], &texts[place]);
        let (label, prediction) = (class_of(LABEL), Some(class_of(PREDICTION)));
        Ok(Task::Classes(ClassesTask { names, label, prediction, scores: None }))
    }

    fn predicted_classes(&self) -> Result<BTreeSet<String>, String> {
        let column = self.prediction.as_deref().unwrap_or_default();
        self.distinct(PREDICTION).ok_or_else(|| self.too_many(PREDICTION, "predictions", column))
    }

    fn regression(&self) -> Result<Task, String> {
        let label = self.options.label.trim();
        let Some(prediction) = &self.prediction else {
            return Err(format!(
                "a regression of the labels in `{label}` needs the numbers that were predicted: --prediction COLUMN"
            ));
        };
        for (what, found) in [
            ("--score", self.score_column().is_some()),
            ("--positive", self.options.positive.is_some()),
            ("--threshold", self.options.threshold.is_some()),
        ] {
            if found {
                return Err(format!(
                    "found {what}, which is for classes, and numbers to predict in `{label}`"
                ));
            }
        }
        let texts = &self.reader.texts;
        let (mean, deviation) = (self.labels.mean, self.labels.deviation());
        let Some(scale) = TargetScale::new(mean, deviation) else {
            return Err(format!(
                "the columns `{label}` and `{prediction}` have no two rows of numbers with different labels; expected a \
                 number of each in a row, or classes"
            ));
        };
        let errors = self.rows.kept().filter_map(|row| {
            let pair = [LABEL, PREDICTION].map(|place| number(row[place], &texts[place]));
            let [Ok(label), Ok(prediction)] = pair else { return None };
            Some((prediction - label).abs())
        });
        let error_edges = of_errors(errors.collect(), deviation);
        Ok(Task::Regression(RegressionTask { mean, deviation, scale, error_edges }))
    }

    /// The number of the positive class of two.
    fn positive(&self, names: &[String]) -> Result<usize, String> {
        if let Some(said) = &self.options.positive {
            let spelled =
                Cell::Untyped(said).single().and_then(|it| it.spelled(&NullTexts::NONE).ok());
            let found = names.iter().position(|name| Some(name) == spelled.as_ref());
            return found.ok_or_else(|| {
                format!(
                    "found no class `{said}` to be the positive one, the classes are {}",
                    List(names)
                )
            });
        }
        let is_obvious = OBVIOUS.iter().any(|pair| {
            names.len() == 2
                && pair.iter().zip(names).all(|(one, name)| name.eq_ignore_ascii_case(one))
        });
        if is_obvious {
            return Ok(1);
        }
        Err(format!(
            "labels are {}, and which one the scores are the probability of is not obvious; --positive CLASS says it",
            List(names)
        ))
    }

    /// The classes of a column; `None` if there are too many to be some.
    fn distinct(&self, place: usize) -> Distinct {
        let (held, texts) = (&self.held[place], &self.reader.texts[place]);
        if held.too_many || texts.too_many {
            return None;
        }
        let has_words = self.are_categories(place);
        let words = texts.all().iter().filter(|text| has_words || !text.is_null_word);
        let words = words.map(|text| text.text.clone());
        Some(held.numbers.iter().map(|x| spelled(*x)).chain(words).collect())
    }

    /// Whether a column has texts, or is said to be one of categories.
    fn are_categories(&self, place: usize) -> bool {
        self.held[place].is_category || self.reader.texts[place].has_words()
    }

    fn too_many(&self, place: usize, what: &str, column: &str) -> String {
        let found = self.held[place].numbers.len() + self.reader.texts[place].all().len();
        format!(
            "the column `{column}` has more than {found} different {what}; expected {CLASSES_MIN} to {CLASSES_MAX} classes"
        )
    }
}
