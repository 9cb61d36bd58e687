//! Turns training data into a reference profile; it never sees live traffic.
//!
//! A [`ProfileBuilder`] is told the columns and then row after row; [`ProfileBuilder::build`] consumes
//! it and answers with a [`Profile`](driftline_core::profile::Profile), so that collecting and asking
//! are different types. [`profile_of`] drives one with the columns and rows of a table.
//!
//! # Memory
//!
//! The numbers of the chosen rows and columns are kept until the profile is built, 8 bytes each, up to
//! [`Settings::memory_bytes_max`]. Quantiles are then exact. Of more, each column keeps a uniform sample, and the file is
//! read a second time to count all rows into the bins whose edges the sample gave: see [`ProfileBuilder`].
//!
//! # Conventions
//!
//! - Edge `k` of `B` bins is the smallest value that at least `k/B` of the values do not exceed
//!   (`numpy.quantile(..., method="inverted_cdf")`), an actual value of the data. Equal edges become one.
//! - Bins are closed on the right, as [`Bins`](driftline_core::bins::Bins) explains. Each bin then
//!   holds its share of the rows even when values are tied, which interpolated edges do not give.
//! - A column of text alone is one of categories: the most frequent ones, and all others together.
//! - Integers of at most `B` distinct values, booleans, and columns of a single value are binned by value.

mod assembly;
mod bin_counts;
mod builder;
mod cardinality;
mod category;
mod cell;
mod chi_square;
mod column;
mod distinct_values;
mod edges;
mod place;
mod recount;
mod sample;
mod settings;
mod sum;
mod summary;
mod table;
mod text;
mod value;

pub use assembly::Role;
pub use builder::{Built, ProfileBuilder, SAMPLE_MIN};
pub use cell::Cell;
pub use column::ColumnOptions;
pub use place::Place;
pub use recount::Recount;
pub use settings::{BINS, BINS_DEFAULT, CATEGORIES, MEMORY_BYTES_DEFAULT, Settings};
pub use summary::Summary;
pub use table::{AsOf, Made, Options, Progress, TableRecorder, profile_of};
pub use text::to_text;
