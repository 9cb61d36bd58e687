//! Turns training data into a reference profile; it never sees live traffic.
//!
//! A [`ProfileBuilder`] is told the columns and then row after row; [`ProfileBuilder::build`] consumes
//! it and answers with a [`Profile`](driftline_core::profile::Profile), so that collecting and asking
//! are different types. [`from_csv`] drives one from a CSV file.
//!
//! # Memory
//!
//! Every value of the chosen rows and columns is kept until the profile is built, 8 bytes each:
//! 1,000,000 rows of 50 columns take 400 MB. Quantiles are therefore exact.
//!
//! # Conventions
//!
//! - Edge `k` of `B` bins is the smallest value that at least `k/B` of the values do not exceed
//!   (`numpy.quantile(..., method="inverted_cdf")`), an actual value of the data. Equal edges become one.
//! - Bins are closed on the right, as [`Bins`](driftline_core::bins::Bins) explains. Each bin then
//!   holds its share of the rows even when values are tied, which interpolated edges do not give.
//! - A column of text alone is one of categories: the `B` most frequent ones, and all others together.
//! - Integers of at most `B` distinct values, booleans, and columns of a single value are binned by value.

mod builder;
mod category;
mod cell;
mod chi_square;
mod column;
mod input;
mod quantile;
mod quotes;
mod summary;
mod text;

pub use builder::{BINS, BINS_DEFAULT, Place, ProfileBuilder, Role};
pub use cell::Cell;
pub use input::{Made, Options, ProfilerError, from_csv};
pub use summary::Summary;
pub use text::to_text;
