//! Which columns and rows of a table make its profile; it sees none.

use std::ops::RangeInclusive;

use driftline_statistics::profile::Kind;

use crate::{quality::QualityOptions, settings::Settings};

/// What to make a profile of; by default all rows and columns of a table.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the profile says of its model, and how large it may be.
    pub settings: Settings,
    /// The column with the true answer, which is no input of the model. It is the reference of the predictions if
    /// `prediction` is not given, because a good model answers as its training data did.
    pub target: Option<String>,
    /// The column with what the model answered: the reference of its predictions.
    pub prediction: Option<String>,
    /// The column with the score of each prediction: its probability, or that of one class.
    pub score: Option<String>,
    /// The classes in the order in which answers have their shares, if it is not the usual one.
    pub classes: Vec<String>,
    /// The rows to read, both ends included, from 1, without the header. All if `None`.
    pub rows: Option<RangeInclusive<u64>>,
    /// Columns to leave out. One that is also the target is neither input nor prediction.
    pub exclude: Vec<String>,
    /// Columns of a given kind; if a column is named twice, the last one counts.
    pub kinds: Vec<(String, Kind)>,
    /// When the rows were made, from which the ages of timestamps count. Without it, columns of timestamps are refused.
    pub as_of: Option<AsOf>,
    /// The column whose moments say in which hour of the day, in UTC, each row was made: the profile then has the rows of
    /// each hour beside the whole. It is no part of the profile itself, unless another option names it. Rows in which it
    /// says no moment are in no hour.
    pub by_hour: Option<String>,
    /// Which columns say how good the model was on these rows; the profile then has its quality.
    pub quality: Option<QualityOptions>,
    /// Columns with what came of each row, as numbers: the profile has them as KPIs. One of them may be the label as well.
    pub kpis: Vec<String>,
    /// Columns of numbers with a bin for each value.
    pub value_bins: Vec<String>,
    /// What separates the cells of CSV; `None` for commas, and for an error where a header has none but something else.
    pub separator: Option<u8>,
    /// Whether numbers of CSV have a comma before their fraction.
    pub decimal_comma: bool,
}

/// The moment that a row was made, from which the ages of its timestamps count.
#[derive(Clone, Debug, PartialEq)]
pub enum AsOf {
    /// All rows were made at the same moment, in seconds since 1970: that of a snapshot.
    Moment(f64),
    /// Each row says it in this column, which is no part of the profile: when its event was.
    Column(String),
}
