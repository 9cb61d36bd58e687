//! Reads training data from files for the profiler: CSV, JSON lines and Parquet. It decides nothing about columns or bins.
//!
//! [`from_file`] reads a file, twice if memory asks for it; [`from_csv`] and [`from_json_lines`] read a source once. Each
//! hands its columns and rows to the profiler's [`TableRecorder`](driftline_profiler::TableRecorder).

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

use driftline_profiler::{Made, Options, Progress, profile_of};

pub use self::{error::ProfilerError, format::Format, parquet::is_reading_parquet};

/// Reads a file and makes the profile of it. `progress` is told every thousand rows or so.
///
/// A file of more numbers than [`Settings::memory_bytes_max`](driftline_profiler::Settings::memory_bytes_max) has room for is read twice; it must not change meanwhile.
/// Of Parquet, columns of numbers, booleans, text, dates, timestamps and lists of numbers are read; decimals and long
/// integers as the nearest double.
///
/// # Errors
///
/// As [`from_csv`]; a file that is in another format than it says.
pub fn from_file(
    file: &path::Path,
    format: Format,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, ProfilerError> {
    format::check_magic(file, format)?;
    let open = || fs::File::open(file).map(BufReader::new);
    profile_of(options, true, progress, |recorder| match format {
        Format::Csv => csv::read(open()?, recorder),
        Format::JsonLines => json_lines::read(open()?, recorder),
        Format::Parquet => parquet::read(fs::File::open(file)?, recorder),
    })
}

/// Reads comma-separated values with a header and makes the profile of them.
///
/// The format is RFC 4180 in UTF-8, as the `csv` crate reads it: quoted fields may hold commas and
/// line feeds, empty lines are skipped, a byte order mark is too. Reading stops after the last
/// row that was asked for. How cells are understood: see [`Cell::from_text`](driftline_profiler::Cell::from_text).
///
/// # Errors
///
/// All problems at once, as far as they can be told apart: no header or rows, columns that do not
/// exist, rows with more or fewer cells than the header, rows out of range, cells that are no values, a
/// quote that never closes; more numbers than there is room for, because the source cannot be read twice.
pub fn from_csv(source: impl io::Read, options: &Options) -> Result<Made, ProfilerError> {
    let mut source = Some(source);
    profile_of(options, false, &mut |_| {}, |recorder| match source.take() {
        Some(source) => csv::read(source, recorder),
        None => Ok(()),
    })
}

/// Reads a JSON object per line, each a row, and makes the profile of them.
///
/// The members of the objects are the columns, in the order in which they first come; one that an object lacks is null
/// there. Empty lines are skipped. Numbers, booleans, texts and lists of numbers are values, whatever text they hold:
/// `"7"` is no number.
///
/// # Errors
///
/// As [`from_csv`]; lines that are no JSON objects, that have a name several times, or that are longer than 64 MiB.
pub fn from_json_lines(source: impl io::BufRead, options: &Options) -> Result<Made, ProfilerError> {
    let mut source = Some(source);
    profile_of(options, false, &mut |_| {}, |recorder| match source.take() {
        Some(source) => json_lines::read(source, recorder),
        None => Ok(()),
    })
}
