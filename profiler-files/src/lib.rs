//! Reads training data for the profiler: CSV, JSON lines and Parquet. It decides nothing about columns or bins.
//!
//! [`from_file`] reads a file, twice if memory requires it; [`from_csv`] and [`from_json_lines`] read a source once.
//! Each makes a profile.
//! [`read_file`], [`read_csv`] and [`read_json_lines`] hand columns and rows to any [`TableSink`], once and row by row.

mod csv;
mod error;
mod format;
mod json_lines;
mod parquet;
#[cfg(test)]
mod tests;

use std::{
    fs,
    io::{self, BufReader},
    path,
};

use driftline_profiler::{Made, Options, Progress, TableSink, profile_of};

pub use self::{error::ProfilerError, format::Format, parquet::is_reading_parquet};

/// Reads a file and makes its profile. `progress` is called about every thousand rows.
///
/// A file of more numbers than fit into [`Settings::memory_bytes_max`](driftline_profiler::Settings::memory_bytes_max)
/// is read twice, and must not change meanwhile. Of Parquet, columns of numbers, booleans, text, dates, timestamps and
/// lists of numbers are read; decimals and long integers become the nearest double.
///
/// # Errors
///
/// As [`from_csv`], and a file that is not in the format given.
pub fn from_file(
    file: &path::Path,
    format: Format,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, ProfilerError> {
    profile_of(options, true, progress, |recorder| read_file(file, format, recorder))
}

/// Hands the columns and rows of a file to a sink, as [`from_file`] reads them.
///
/// # Errors
///
/// A source that cannot be read any further. What can be read past is noted in the sink.
pub fn read_file(
    file: &path::Path,
    format: Format,
    sink: &mut impl TableSink,
) -> Result<(), ProfilerError> {
    format::check_magic(file, format)?;
    let open = || fs::File::open(file).map(BufReader::new);
    match format {
        Format::Csv => csv::read(open()?, sink),
        Format::JsonLines => json_lines::read(open()?, sink),
        Format::Parquet => parquet::read(fs::File::open(file)?, sink),
    }
}

/// Hands the columns and rows of comma-separated values to a sink, as [`from_csv`] reads them.
///
/// # Errors
///
/// As [`read_file`].
pub fn read_csv(source: impl io::Read, sink: &mut impl TableSink) -> Result<(), ProfilerError> {
    csv::read(source, sink)
}

/// Hands the columns and rows of JSON lines to a sink, as [`from_json_lines`] reads them.
///
/// # Errors
///
/// As [`read_file`].
pub fn read_json_lines(
    source: impl io::BufRead,
    sink: &mut impl TableSink,
) -> Result<(), ProfilerError> {
    json_lines::read(source, sink)
}

/// Reads comma-separated values with a header and makes their profile.
///
/// The format is RFC 4180 in UTF-8, as the `csv` crate reads it: quoted fields may hold commas and line feeds; empty
/// lines and a byte order mark are skipped. Reading stops after the last row asked for. How cells are understood: see
/// [`reading`](driftline_statistics::value::reading).
///
/// # Errors
///
/// All problems at once, as far as they can be told apart: no header or rows, columns that do not exist, rows with more
/// or fewer cells than the header, rows out of range, cells that are no values, a quote that never closes. Also more
/// numbers than there is room for, because the source cannot be read twice.
pub fn from_csv(source: impl io::Read, options: &Options) -> Result<Made, ProfilerError> {
    let mut source = Some(source);
    profile_of(options, false, &mut |_| {}, |recorder| match source.take() {
        Some(source) => csv::read(source, recorder),
        None => Ok(()),
    })
}

/// Reads a JSON object per line, each a row, and makes their profile.
///
/// The members of the objects are the columns, in the order of their first appearance; a member that an object lacks is
/// null. Empty lines are skipped. Numbers, booleans, texts and lists of numbers are values. A text is text whatever it
/// holds: `"7"` is no number.
///
/// # Errors
///
/// As [`from_csv`], and lines that are no JSON objects, that repeat a name, or that are longer than 64 MiB.
pub fn from_json_lines(source: impl io::BufRead, options: &Options) -> Result<Made, ProfilerError> {
    let mut source = Some(source);
    profile_of(options, false, &mut |_| {}, |recorder| match source.take() {
        Some(source) => json_lines::read(source, recorder),
        None => Ok(()),
    })
}
