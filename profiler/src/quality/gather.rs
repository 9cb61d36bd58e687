//! Gathers labels, predictions, scores and the features that tell errors apart, row by row; it does not decide what they
//! mean.

use driftline_statistics::{profile::Kind, value::NullTexts};

use super::{
    options::QualityOptions,
    said::{Said, Texts},
};
use crate::{cell::Cell, place::Place, sample::SplitMix64};

/// Where each stands in a row; features follow.
pub(super) const LABEL: usize = 0;
pub(super) const PREDICTION: usize = 1;
pub(super) const SCORE: usize = 2;
const OUTCOMES: usize = 3;

/// At least as many rows are kept, however little memory is allowed.
const ROWS_MIN: usize = 1_000;
/// How many different texts of labels and of predictions are kept; more are no classes.
const CLASS_TEXTS_MAX: usize = 1_000;
/// How many different texts of a feature are kept; a column of more is refused.
const FEATURE_TEXTS_MAX: usize = 100_000;
/// How many different numbers are kept; more are no classes.
const CLASS_NUMBERS_MAX: usize = 1_000;

/// The cells of a row that say how good the model was, each with the kind that its column is said to have.
pub(crate) struct Outcome<'c> {
    pub(crate) label: (Cell<'c>, Option<Kind>),
    pub(crate) prediction: (Cell<'c>, Option<Kind>),
    pub(crate) score: (Cell<'c>, Option<Kind>),
    /// The features that tell errors apart, in the order of the options.
    pub(crate) features: Vec<(Cell<'c>, Option<Kind>)>,
}

/// Reads rows.
#[derive(Debug)]
pub(super) struct RowReader {
    /// Of each place of a row.
    pub(super) texts: Vec<Texts>,
    nulls: NullTexts,
}

/// What a column of labels, predictions or scores holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Different numbers, ascending.
    pub(super) numbers: Vec<f64>,
    /// Whether there were more than are kept.
    pub(super) too_many: bool,
    /// The first number that is no probability.
    pub(super) improbable: Option<(Place, f64)>,
    /// Whether the column is said to be one of categories.
    pub(super) is_category: bool,
}

/// The mean and the squared distances from it (B. P. Welford, 1962).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spread {
    rows: u64,
    pub(super) mean: f64,
    squares: f64,
}

/// All rows, or a uniform sample of them: algorithm R, as for the numbers of a column.
#[derive(Debug)]
pub(super) struct Rows {
    /// Row by row.
    said: Vec<Said>,
    width: usize,
    limit: usize,
    pub(super) seen: u64,
    random: SplitMix64,
}

/// The rows so far.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(super) options: QualityOptions,
    /// The column of predictions, if there is one.
    pub(super) prediction: Option<String>,
    pub(super) reader: RowReader,
    /// Labels, predictions, scores.
    pub(super) held: [Held; OUTCOMES],
    /// The labels of rows in which label and prediction are numbers.
    pub(super) labels: Spread,
    pub(super) rows: Rows,
}

impl RowReader {
    pub(super) fn row(&mut self, outcome: &Outcome<'_>) -> Vec<Said> {
        let outcomes = [outcome.label, outcome.prediction, outcome.score];
        let all = outcomes.into_iter().chain(outcome.features.iter().copied());
        self.texts
            .iter_mut()
            .zip(all)
            .enumerate()
            .map(|(index, (texts, (cell, kind)))| match index {
                LABEL | PREDICTION | SCORE => texts.outcome(cell, kind, &self.nulls),
                _ => texts.feature(cell, kind, &self.nulls),
            })
            .collect()
    }
}

impl Held {
    fn add(&mut self, number: f64, place: Place) {
        if !(0.0..=1.0).contains(&number) {
            self.improbable.get_or_insert((place, number));
        }
        if self.too_many {
            return;
        }
        let index = self.numbers.partition_point(|known| *known < number);
        if self.numbers.get(index) == Some(&number) {
            return;
        }
        if self.numbers.len() == CLASS_NUMBERS_MAX {
            self.too_many = true;
        } else {
            self.numbers.insert(index, number);
        }
    }
}

impl Spread {
    fn add(&mut self, x: f64) {
        self.rows += 1;
        let before = x - self.mean;
        self.mean += before / self.rows as f64;
        self.squares += before * (x - self.mean);
    }

    /// The population standard deviation; 0 without rows.
    pub(super) fn deviation(&self) -> f64 {
        (self.squares / self.rows.max(1) as f64).sqrt()
    }
}

impl Rows {
    fn new(width: usize, bytes_max: u64) -> Rows {
        let of_row = (width * size_of::<Said>()) as u64;
        let limit = usize::try_from(bytes_max / of_row.max(1)).unwrap_or(usize::MAX);
        let limit = limit.max(ROWS_MIN);
        Rows { said: Vec::new(), width, limit, seen: 0, random: SplitMix64(0) }
    }

    fn add(&mut self, row: &[Said]) {
        self.seen += 1;
        if self.said.len() / self.width < self.limit {
            self.said.extend_from_slice(row);
            return;
        }
        let Ok(start) = usize::try_from(self.random.below(self.seen)) else { return };
        if start < self.limit
            && let Some(kept) = self.said.chunks_exact_mut(self.width).nth(start)
        {
            kept.copy_from_slice(row);
        }
    }

    /// The rows that are kept.
    pub(super) fn kept(&self) -> impl Iterator<Item = &[Said]> {
        self.said.chunks_exact(self.width)
    }

    /// Whether every row is kept.
    pub(super) fn are_whole(&self) -> bool {
        (self.said.len() / self.width) as u64 == self.seen
    }
}

impl Gathered {
    /// No rows yet, of which at most so many bytes are kept. `prediction` is the column of predictions.
    pub(crate) fn new(
        options: &QualityOptions,
        prediction: Option<&str>,
        nulls: NullTexts,
        bytes_max: u64,
    ) -> Gathered {
        let width = OUTCOMES + options.segments.len();
        let most = |index| if index < OUTCOMES { CLASS_TEXTS_MAX } else { FEATURE_TEXTS_MAX };
        Gathered {
            options: options.clone(),
            prediction: prediction.map(String::from),
            reader: RowReader {
                texts: (0..width).map(|index| Texts::new(most(index))).collect(),
                nulls,
            },
            held: Default::default(),
            labels: Spread::default(),
            rows: Rows::new(width, bytes_max),
        }
    }

    pub(crate) fn add(&mut self, outcome: &Outcome<'_>, place: Place) {
        let row = self.reader.row(outcome);
        let kinds = [outcome.label.1, outcome.prediction.1, outcome.score.1];
        for ((held, said), kind) in self.held.iter_mut().zip(&row).zip(kinds) {
            held.is_category = kind == Some(Kind::Category);
            if let Said::Number(number) = said {
                held.add(*number, place);
            }
        }
        if let [Said::Number(label), Said::Number(_), ..] = row[..] {
            self.labels.add(label);
        }
        self.rows.add(&row);
    }
}
