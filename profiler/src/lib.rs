//! Turns training data into a reference profile; it never sees live traffic.
//!
//! It opens no file either. There are two ways in, and both take [`Cell`]s:
//!
//! - [`profile_of`] takes a table with named columns and does the rest: which columns and rows count ([`Options`]), the
//!   ages of timestamps, the second reading. `driftline-profiler-files` calls it for CSV, JSON lines and Parquet.
//! - [`ProfileBuilder`] takes columns and rows that the caller has chosen. [`ProfileBuilder::build`] consumes it and
//!   returns the [`Profile`](driftline_statistics::profile::Profile), or a [`Recount`] that needs the rows a second time.
//!
//! [`to_text`] writes a profile, [`Summary`] prints its table.
//!
//! # Memory
//!
//! Numbers are kept until the profile is built, 8 bytes each, or 9 with their hours of the day, up to
//! [`Settings::memory_bytes_max`]. Quantiles are then
//! exact. Beyond that, each column keeps a uniform sample that gives the edges of its bins, and a second reading counts
//! all rows into them.
//!
//! # Conventions
//!
//! - The last value below edge `k` of `B` bins is the smallest one that at least `k/B` of the values do not exceed
//!   (`numpy.quantile(..., method="inverted_cdf")`). The edge itself lies between it and the next larger value that
//!   occurs, so that values which come live with fewer digits stay on their side of it. Equal edges become one.
//! - A value of more than `1/B` of the rows has a bin of its own, and the other rows share the bins that are left in the
//!   same way.
//! - Bins are closed on the right, as [`Bins`](driftline_statistics::bins::Bins) explains. Each bin then
//!   holds its share of the rows even when values are tied, which interpolated edges do not give.
//! - A column of text is one of categories: a bin for each of the most frequent ones, and one for all others.
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
mod hour_rows;
mod list;
mod place;
mod quality;
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
pub use cell::{Cell, List, with_decimal_point};
pub use column::ColumnOptions;
pub use list::element_of;
pub use place::Place;
pub use quality::{LeftOut, QualityOptions};
pub use recount::Recount;
pub use settings::{BINS, BINS_DEFAULT, CATEGORIES, MEMORY_BYTES_DEFAULT, Settings};
pub use summary::{Summary, thousands};
pub use table::{AsOf, ColumnNames, Made, Options, Progress, TableRecorder, TableSink, profile_of};
pub use text::to_text;
