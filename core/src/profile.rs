//! The reference profile of a model: what its training data looked like, as counts of fixed bins.
//! It holds no row of that data, and nothing in it changes once it is read.
//!
//! # The file
//!
//! ```json
//! {
//!   "format": "driftline-profile", "version": 1, "model": "rain", "rows": 3000,
//!   "features": [{
//!     "name": "dew point", "type": "number", "required": true, "nulls": 0,
//!     "mean": 0.1, "standard_deviation": 1.0, "minimum": -3.1, "maximum": 2.2,
//!     "bins": {"kind": "quantile", "edges": [-1.0, 0.5], "counts": [900, 1100, 1000], "means": [-1.6, -0.2, 1.3]},
//!     "tail_excess": {"low": 0.6, "high": 0.8}
//!   }],
//!   "prediction": null
//! }
//! ```
//!
//! `prediction` is `null`, or has the shape of a feature without `name`. Value bins are written
//! `{"kind": "values", "values": [0, 1], "counts": [2000, 1000, 0], "means": [0, 1, null]}`: one
//! count more than values, for all other values.
//!
//! A feature of the type `category` has no numbers, so `mean`, `standard_deviation`, `minimum`, `maximum` and
//! `tail_excess` are not written, and its bins are
//! `{"kind": "categories", "categories": ["N", "E"], "counts": [2000, 900, 100]}`, the last count for all others.
//!
//! A reader refuses a version that it does not know. Within a version no field is added or changes
//! its meaning, because a filter that ignores half of a profile compares with something else than
//! its author meant.

mod read;
mod write;

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{
    bins::Bins,
    document::{self, Node, Path, Problems},
};

/// What the field `format` says.
pub const FORMAT: &str = "driftline-profile";
/// The version that this code writes, and the only one that it reads.
pub const VERSION: u64 = 1;
/// The most features of one model.
pub const FEATURES_MAX: usize = 256;
/// The longest profile that is read, in bytes.
pub const PROFILE_BYTES_MAX: usize = 4 << 20;

/// A reference profile that has passed every check.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The model that was trained on these rows.
    pub model: String,
    /// Rows of the reference, at least 1.
    pub rows: u64,
    /// At most [`FEATURES_MAX`], with unique names, in the order of the columns where a row is a plain list.
    pub features: Vec<Feature>,
    /// What the model is expected to answer, if the reference tells.
    pub prediction: Option<Column>,
}

/// An input of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// What requests call it, and what metrics show. Fit for a label: see [`document::label_fault`].
    pub name: String,
    /// What its values were.
    pub column: Column,
}

/// The values of one feature or prediction in the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What a value is.
    pub kind: Kind,
    /// Whether a live row without a value violates the schema: so it is if no reference row lacked one.
    pub required: bool,
    /// Rows of the reference without a value.
    pub nulls: u64,
    /// The bins that live values fall in.
    pub bins: Bins,
    /// Rows of the reference in each bin; together with `nulls` they add up to the profile's `rows`.
    pub counts: Vec<u64>,
    /// What only numbers have; `None` for categories.
    pub numbers: Option<Numbers>,
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
    /// How far the outer bins reach.
    pub tail_excess: TailExcess,
}

/// What a value of a column is on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Any finite number.
    Number,
    /// A number without a fraction.
    Integer,
    /// `true` or `false`, counted as 1 and 0.
    Boolean,
    /// Text that is compared as it is.
    Category,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Number, Kind::Integer, Kind::Boolean, Kind::Category];
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

impl Kind {
    /// The word that the file uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Integer => "integer",
            Kind::Boolean => "boolean",
            Kind::Category => "category",
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
