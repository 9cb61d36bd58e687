//! The reference profile of a model: what its training data looked like, as counts of fixed bins.
//! It holds no row of that data, and nothing in it changes once it is read.
//!
//! # The file
//!
//! ```json
//! {
//!   "format": "driftline-profile", "format_version": 2,
//!   "model": "rain", "version": "3", "created_at": "2026-11-25T12:00:00Z", "rows": 3000,
//!   "features": [{
//!     "name": "dew point", "type": "number",
//!     "schema": {"required": true, "minimum": -3.1, "maximum": 2.2},
//!     "nulls": 0, "mean": 0.1, "standard_deviation": 1.0, "minimum": -3.1, "maximum": 2.2,
//!     "bins": {"kind": "quantile", "edges": [-1.0, 0.5], "counts": [900, 1100, 1000], "means": [-1.6, -0.2, 1.3]},
//!     "tail_excess": {"low": 0.6, "high": 0.8},
//!     "chi_square": {"five_percent": 5.99, "one_percent": 9.21, "family": 9.21}
//!   }],
//!   "prediction": null
//! }
//! ```
//!
//! `docs/profile.md` explains each field, and `docs/profile.schema.json` is its JSON Schema.
//!
//! The version of the format that is written is the lowest one that has all that the profile holds: 6 if it says how
//! answers are read, 5 if it has KPIs, 4 if it has the quality of the model, 3 if it has rows by hour, and otherwise 2. All of them and version 1 are read. A
//! reader refuses a version that it does not know. Within a version no field is added or changes its meaning, because a
//! filter that ignores half of a profile compares with something else than its author meant.
//!
//! # Quality
//!
//! If the rows of the reference have labels, the profile may say how good the model was on them ([`quality`]), as one of
//!
//! ```json
//! {"task": "classes", "names": ["0", "1"], "confusion": [[1800, 200], [150, 850]],
//!  "scores": {"positive": "1", "threshold": 0.5, "edges": [0.25, 0.5, 0.75],
//!             "positives": [50, 100, 150, 700], "negatives": [1500, 300, 150, 50],
//!             "sums": [155000000, 150000000, 186000000, 675000000],
//!             "losses": {"rows": 3000, "squared_error": 290000000, "log_loss": 960000000}},
//!  "segments": [{"feature": "dew point", "rows": [900, 1100, 1000, 0], "errors": [100000, 120000, 130000, 0]}]}
//! ```
//!
//! ```json
//! {"task": "regression", "mean": 11.5, "deviation": 4.25,
//!  "sums": {"rows": 3, "above": 500, "below": 250, "squares": 0, "square_millionths": 190000,
//!           "label_above": 1100, "label_below": 1100, "label_squares": 1, "label_square_millionths": 430000,
//!           "relative_rows": 3, "relative": 2700, "clamped": 0},
//!  "error_edges": [0.5, 1.25], "error_counts": [1, 1, 1]}
//! ```
//!
//! # Answers
//!
//! A profile with a prediction may say how answers tell it, under `answer`: its name, the classes in the order of their
//! shares, and a column of scores. Each may be left out.
//!
//! ```json
//! {"name": "species", "classes": ["a", "b"], "score": {"name": "confidence", "type": "number"}, "score_class": "b"}
//! ```
//!
//! # KPIs
//!
//! If the rows of the reference have outcomes, such as a click or revenue, the profile may hold them under `kpis`, each in
//! the form of a feature of numbers. A profile of KPIs alone is one, too.

mod answer;
mod by_hour;
mod kpis;
pub mod quality;
mod read;
mod write;

pub use self::{
    answer::{Answer, CLASSES_MAX},
    by_hour::ByHour,
    kpis::{KPIS_MAX, RECORD_MEMBERS, is_kpi_kind},
    quality::Quality,
    read::moment,
};

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, ops::RangeInclusive};

use crate::{
    bins::{Bins, MergedEdges},
    document::{self, Node, Path, Problems},
    value::Precision,
};

/// What the field `format` says.
pub const FORMAT: &str = "driftline-profile";
/// The versions of the format that this code reads. In version 1 an edge is the largest value of the bin below it, and
/// there are no null texts; only from version 3 on columns may have their rows by hour, only from version 4 on there may be
/// the quality of the model, only from version 5 on KPIs, and only from version 6 on how answers are read.
pub const FORMAT_VERSIONS: RangeInclusive<u64> = 1..=FORMAT_VERSION_ANSWER;
/// The version that is written of a profile with neither rows by hour, nor the quality of the model, nor KPIs.
pub const FORMAT_VERSION: u64 = 2;
/// The version that is written of a profile with rows by hour, but with neither the quality of the model nor KPIs.
pub const FORMAT_VERSION_BY_HOUR: u64 = 3;
/// The version that is written of a profile with the quality of the model, but without KPIs.
pub const FORMAT_VERSION_QUALITY: u64 = 4;
/// The version that is written of a profile with KPIs that does not say how answers are read.
pub const FORMAT_VERSION_KPIS: u64 = 5;
/// The version that is written of a profile that says how answers are read.
pub const FORMAT_VERSION_ANSWER: u64 = 6;
/// The most texts that stand for a missing value.
pub const NULL_TEXTS_MAX: usize = 32;
/// The most features of one model.
pub const FEATURES_MAX: usize = 256;
/// The most categories that a schema may list. Of more the profiler lists none, and then all are allowed.
pub const CATEGORIES_MAX: usize = 1_000;
/// The longest category that a schema may list, in bytes of UTF-8.
pub const CATEGORY_BYTES_MAX: usize = 128;
/// The longest profile that is read, in bytes.
pub const PROFILE_BYTES_MAX: usize = 4 << 20;

/// The last second of the year 9999, after which a profile cannot be made.
pub const CREATED_AT_MAX: u64 = 253_402_300_799;

/// A reference profile that has passed every check.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The model that was trained on these rows.
    pub model: String,
    /// The version of that model, if it has one. Fit for a label.
    pub version: Option<String>,
    /// When the profile was made, in seconds since 1970; at most [`CREATED_AT_MAX`].
    pub created_at: u64,
    /// Rows of the reference, at least 1.
    pub rows: u64,
    /// Texts that stand for a missing value, beside those that always do: [`crate::value::reading`]. At most
    /// [`NULL_TEXTS_MAX`], of [`CATEGORY_BYTES_MAX`] bytes each.
    pub null_texts: Vec<String>,
    /// At most [`FEATURES_MAX`], with unique names, in the order of the columns where a row is a plain list.
    pub features: Vec<Feature>,
    /// What the model is expected to answer, if the reference tells.
    pub prediction: Option<Column>,
    /// How answers tell it, if the reference says more than its values.
    pub answer: Option<Box<Answer>>,
    /// How good the model was on the reference rows that have labels, if there are such.
    pub quality: Option<Box<Quality>>,
    /// What came of the reference rows, as numbers: at most [`KPIS_MAX`], with unique names that are fit for labels and
    /// none of [`RECORD_MEMBERS`]. Each is of a kind that [may be a KPI](is_kpi_kind), and none has rows by hour.
    pub kpis: Vec<Feature>,
}

/// An input of the model, or a KPI.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// What requests call it, and what metrics show. It has no [`document::name_fault`].
    pub name: String,
    /// What its values were.
    pub column: Column,
}

/// The values of one feature or prediction in the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What a value is.
    pub kind: Kind,
    /// What a live value must be to be one that the model was trained for.
    pub schema: Schema,
    /// Rows of the reference without a value.
    pub nulls: u64,
    /// The bins that live values fall in.
    pub bins: Bins,
    /// Rows of the reference in each bin; together with `nulls` they add up to the profile's `rows`.
    pub counts: Vec<u64>,
    /// The same rows for each hour of the day, if somebody asked. In each bin they are at most those of the whole.
    pub by_hour: Option<ByHour>,
    /// What only numbers have; `None` for categories.
    pub numbers: Option<Numbers>,
    /// How many different values there were, if somebody asked. The filter makes nothing of it.
    pub distinct: Option<Distinct>,
    /// From where on the bins differ by more than chance explains.
    pub chi_square: Quantiles,
}

/// An estimate of how many different values a column has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distinct {
    /// At least 1, and at most as many as there were values.
    pub values: u64,
    /// Of the estimate, as a share of it: from 0 to 1.
    pub relative_standard_error: f64,
}

/// What a live value must be. The profiler writes what it saw; people may edit it.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Whether each live row must have a value: so it is if no reference row lacked one.
    pub required: bool,
    /// The numbers that are allowed; `None` for categories, and for numbers if all are.
    pub range: Option<Range>,
    /// Every allowed category, sorted by their bytes, without repetition, [`CATEGORIES_MAX`] at most; `None` for
    /// numbers, and for categories if all are. It may list more than have a bin.
    pub categories: Option<Vec<String>>,
}

/// Allowed numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The smallest; `NEG_INFINITY` if there is none.
    pub minimum: f64,
    /// The largest, at least `minimum`; `INFINITY` if there is none.
    pub maximum: f64,
}

/// Quantiles of the chi-square distribution with as many degrees of freedom as the column has bins, less one.
///
/// They are part of the profile because computing them takes more code than a filter should carry. Each is at least the
/// one before it, and more than 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles {
    /// Exceeded by chance in 5 % of the windows.
    pub five_percent: f64,
    /// Exceeded by chance in 1 %.
    pub one_percent: f64,
    /// Exceeded by chance in 1 % divided by twice the number of columns, the prediction included (Bonferroni): a column
    /// is judged by its bins and by its share of nulls, and any of them is called drifted by chance in 1 % at most.
    pub family: f64,
}

/// The numbers of a column, over the rows that are not null. Booleans are 0 and 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// Arithmetic mean.
    pub mean: f64,
    /// Population standard deviation (divided by the number of values, not one less); 0 for a constant.
    pub standard_deviation: f64,
    /// The smallest value.
    pub minimum: f64,
    /// The largest value, at least `minimum`.
    pub maximum: f64,
    /// Mean of the reference values in each bin; `None` where the bin is empty.
    pub means: Vec<Option<f64>>,
    /// Of quantile bins: which edges lie between values that a wire of few digits merges.
    pub merged: MergedEdges,
    /// How far the outer bins reach.
    pub tail_excess: TailExcess,
}

/// What a value of a column is on the wire, or is made of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Any finite number.
    Number,
    /// A number without a fraction.
    Integer,
    /// `true` or `false`, counted as 1 and 0.
    Boolean,
    /// Text that is compared as it is, without the blanks around it.
    Category,
    /// Text, of which the number of characters (Unicode scalar values) counts.
    TextLength,
    /// A list of numbers, of which the Euclidean norm counts.
    VectorNorm,
    /// A moment, of which the age counts, in seconds: see [`crate::time::moment`]. In traffic it is what has passed until
    /// the request, in a reference what had passed until the row was made; negative for a moment that is still to come.
    Timestamp,
}

/// How far beyond the outermost edges the reference lies, in standard deviations.
///
/// Bins cannot tell how far out a value of an outer bin is; with these two means, and the same of
/// the live rows, a distance such as Wasserstein's can.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TailExcess {
    /// Mean of `(edges[0] - x) / standard_deviation` over the rows of the first bin alone. 0 if that
    /// bin is empty, the deviation is 0, or the bins are of values.
    pub low: f64,
    /// Mean of `(x - edges[last]) / standard_deviation` over the rows of the last bin alone; 0 likewise.
    pub high: f64,
}

/// Everything wrong with a profile, so that one edit can fix it all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProfileError(Problems);

impl Profile {
    /// The columns: those of features in their order, then the prediction, then the score.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        let features = self.features.iter().map(|feature| &feature.column);
        features.chain(&self.prediction).chain(self.score().map(|score| &score.column))
    }

    /// What the scores of predictions were, if the reference has them.
    #[must_use]
    pub fn score(&self) -> Option<&Feature> {
        self.answer.as_ref()?.score.as_ref()
    }

    /// What a KPI was in the reference, if it says so.
    #[must_use]
    pub fn kpi(&self, name: &str) -> Option<&Column> {
        self.kpis.iter().find(|kpi| kpi.name == name).map(|kpi| &kpi.column)
    }

    /// How many bytes the rows by hour of all columns take.
    #[must_use]
    pub fn by_hour_bytes(&self) -> usize {
        self.columns()
            .filter_map(|column| column.by_hour.as_ref())
            .fold(0, |bytes: usize, by_hour| bytes.saturating_add(by_hour.bytes()))
    }

    /// Reads and checks the text of a profile; at most [`PROFILE_BYTES_MAX`].
    ///
    /// # Errors
    ///
    /// Lists every problem with its path.
    pub fn from_json(json: &[u8]) -> Result<Profile, ProfileError> {
        let mut problems = Problems::default();
        document::parse(json, PROFILE_BYTES_MAX, &mut problems)
            .and_then(|value| Profile::from_node(&Node::new(&value, Path::ROOT), &mut problems))
            .filter(|_| problems.is_empty())
            .ok_or(ProfileError(problems))
    }

    /// Reads and checks a profile that stands at `node` within a larger document.
    ///
    /// `None` only after noting at least one problem. A value can come back together with problems
    /// (an unknown field, say): whoever gets it must look at `problems` too.
    pub fn from_node(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Profile> {
        read::profile(node, problems)
    }
}

impl Range {
    /// Whether a number that came in this precision is within, ends included. One that lies beyond an end is it all the
    /// same if one of them is the other one, rounded. Never for NaN.
    #[inline]
    #[must_use]
    pub fn allows(&self, x: f64, precision: Precision) -> bool {
        self.minimum <= x && x <= self.maximum
            || precision.same(self.minimum, x)
            || precision.same(self.maximum, x)
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 7] = [
        Kind::Number,
        Kind::Integer,
        Kind::Boolean,
        Kind::Category,
        Kind::TextLength,
        Kind::VectorNorm,
        Kind::Timestamp,
    ];

    /// The word that the file uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Integer => "integer",
            Kind::Boolean => "boolean",
            Kind::Category => "category",
            Kind::TextLength => "text_length",
            Kind::VectorNorm => "vector_norm",
            Kind::Timestamp => "timestamp",
        }
    }
}

impl ProfileError {
    /// What is wrong.
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.0
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "profile refused: {}", self.0)
    }
}

impl core::error::Error for ProfileError {}
