//! Which columns and rows of a table to make a profile of; it sees none.

use std::ops::RangeInclusive;

use driftline_core::profile::Kind;

use crate::settings::Settings;

/// What to make of a table; by default of all its rows and columns.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the profile says of its model, and how large it may be.
    pub settings: Settings,
    /// The column with the true answer: no input of the model. It stands for the prediction if no
    /// other column does, because a good model answers as its training data did.
    pub target: Option<String>,
    /// The column with what the model answered: the reference of its predictions.
    pub prediction: Option<String>,
    /// The rows to read, both ends included, from 1, without the header. All if `None`.
    pub rows: Option<RangeInclusive<u64>>,
    /// Columns to leave out. One that is also the target is neither input nor prediction.
    pub exclude: Vec<String>,
    /// Columns whose values are said to be of a kind; of one that is named twice the last counts.
    pub kinds: Vec<(String, Kind)>,
    /// As of when the moments of a row have an age. Without it, columns of timestamps are refused.
    pub as_of: Option<AsOf>,
    /// Columns of numbers with a bin for each value.
    pub value_bins: Vec<String>,
}

/// The moment that a row was made, from which the ages of its timestamps count.
#[derive(Clone, Debug, PartialEq)]
pub enum AsOf {
    /// All rows were made at the same moment, in seconds since 1970: that of a snapshot.
    Moment(f64),
    /// Each row says it in this column, which is no part of the profile: when its event was.
    Column(String),
}
