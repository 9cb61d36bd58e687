//! Drives a profile builder from a file: in which format, which columns, which rows, and twice if memory asks for it.

mod ages;
mod chosen;
mod csv;
mod json_lines;
mod parquet;
mod reading;
#[cfg(test)]
mod tests;

pub use self::parquet::is_reading_parquet;

use std::{
    fmt, fs,
    io::{self, BufReader, Read as _},
    ops::RangeInclusive,
    path,
};

use driftline_statistics::{
    document::{Path, Problems},
    profile::{Kind, Profile},
};

pub(crate) use self::ages::WITHOUT_AS_OF;
use self::reading::{Pass, Reading};
use crate::{Built, ProfileBuilder, Settings};

/// What to make of a file; by default of all its rows and columns.
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

/// A profile, and what was not made part of it.
#[derive(Clone, Debug)]
pub struct Made {
    /// The profile.
    pub profile: Profile,
    /// Columns without a name that were left out, counted from 1. A data frame's index is written so.
    pub nameless: Vec<usize>,
    /// How many numbers of each column were kept to find the edges of its bins, if not all.
    pub sampled: Option<usize>,
}

/// How a file holds its rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// Comma-separated values with a header: see [`from_csv`].
    Csv,
    /// A JSON object per line: see [`from_json_lines`].
    JsonLines,
    /// Apache Parquet: see [`from_file`].
    Parquet,
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// 1, or 2 while rows are counted that were too many to keep.
    pub reading: u32,
    /// Rows so far in this reading, those not asked for included.
    pub rows: u64,
    /// Bytes so far in this reading; of Parquet, the share of the file that the rows are.
    pub bytes: u64,
}

/// Why there is no profile.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProfilerError {
    /// The source could not be read.
    Io(io::Error),
    /// The data or the options do not fit; all problems at once.
    Refused(Problems),
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 3] = [Format::Csv, Format::JsonLines, Format::Parquet];

    /// What a command calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::JsonLines => "jsonl",
            Format::Parquet => "parquet",
        }
    }

    /// The format that a file's name speaks of: `.jsonl`, `.ndjson` and `.json` are JSON lines, `.parquet` and `.pq` are
    /// Parquet, and everything else is CSV.
    #[must_use]
    pub fn of(file: &path::Path) -> Format {
        let extension = file.extension().unwrap_or_default().to_ascii_lowercase();
        match extension.to_str() {
            Some("jsonl" | "ndjson" | "json") => Format::JsonLines,
            Some("parquet" | "pq") => Format::Parquet,
            _ => Format::Csv,
        }
    }
}

/// Reads a file and makes the profile of it. `progress` is told every thousand rows or so.
///
/// A file of more numbers than [`Settings::memory_bytes_max`] has room for is read twice; it must not change meanwhile.
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
    check_magic(file, format)?;
    let open = || fs::File::open(file).map(BufReader::new);
    make(options, true, progress, |reading| match format {
        Format::Csv => csv::read(open()?, reading),
        Format::JsonLines => json_lines::read(open()?, reading),
        Format::Parquet => parquet::read(fs::File::open(file)?, reading),
    })
}

/// Reads comma-separated values with a header and makes the profile of them.
///
/// The format is RFC 4180 in UTF-8, as the `csv` crate reads it: quoted fields may hold commas and
/// line feeds, empty lines are skipped, a byte order mark is too. Reading stops after the last
/// row that was asked for. How cells are understood: see [`Cell::from_text`](crate::Cell::from_text).
///
/// # Errors
///
/// All problems at once, as far as they can be told apart: no header or rows, columns that do not
/// exist, rows with more or fewer cells than the header, rows out of range, cells that are no values, a
/// quote that never closes; more numbers than there is room for, because the source cannot be read twice.
pub fn from_csv(source: impl io::Read, options: &Options) -> Result<Made, ProfilerError> {
    let mut source = Some(source);
    make(options, false, &mut |_| {}, |reading| match source.take() {
        Some(source) => csv::read(source, reading),
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
    make(options, false, &mut |_| {}, |reading| match source.take() {
        Some(source) => json_lines::read(source, reading),
        None => Ok(()),
    })
}

/// Has the rows read, again if need be, and the profile made of them.
fn make(
    options: &Options,
    can_be_read_again: bool,
    progress: &mut dyn FnMut(Progress),
    mut read: impl FnMut(&mut Reading<'_>) -> Result<(), ProfilerError>,
) -> Result<Made, ProfilerError> {
    let builder = ProfileBuilder::new(options.settings.clone());
    let mut reading = Reading::new(options, Pass::First(builder), progress)?;
    read(&mut reading)?;
    let (nameless, pass) = reading.finish()?;
    let Pass::First(builder) = pass else { return Err(changed()) };
    let sampled = builder.sampled();
    let profile = match builder.build().map_err(ProfilerError::Refused)? {
        Built::Profile(profile) => profile,
        Built::ReadAgain(_) if !can_be_read_again => {
            return Err(refused(format_args!(
                "found more numbers than fit into {} MiB, and the source cannot be read a second time; \
                 expected a file, or more memory",
                options.settings.memory_bytes_max >> 20
            )));
        }
        Built::ReadAgain(recount) => {
            let mut reading = Reading::new(options, Pass::Second(recount), progress)?;
            read(&mut reading)?;
            let Pass::Second(recount) = reading.finish()?.1 else { return Err(changed()) };
            recount.build().map_err(ProfilerError::Refused)?
        }
    };
    // Where only columns of few values were sampled, nothing of the sample was used.
    let sampled = sampled.filter(|_| profile_has_quantiles(&profile));
    Ok(Made { profile, nameless, sampled })
}

fn profile_has_quantiles(profile: &Profile) -> bool {
    let features = profile.features.iter().map(|feature| &feature.column);
    features
        .chain(&profile.prediction)
        .any(|column| matches!(column.bins, driftline_statistics::bins::Bins::Quantile { .. }))
}

/// A pass cannot turn into the other one, so nobody sees this.
fn changed() -> ProfilerError {
    refused(format_args!("the data changed while it was read"))
}

/// Looks at the first bytes, so that a file in a wrong format is told as such and not as thousands of bad cells.
fn check_magic(file: &path::Path, format: Format) -> Result<(), ProfilerError> {
    let mut magic = Vec::new();
    fs::File::open(file)?.take(4).read_to_end(&mut magic)?;
    let found = match &magic[..] {
        b"PAR1" if format != Format::Parquet => "a Parquet file; add --format parquet",
        b"PARE" => "a Parquet file whose footer is encrypted; expected one that is not",
        [0x1f, 0x8b, ..] => "a file in gzip; unpack it first, say by gunzip --stdout FILE",
        b"PK\x03\x04" => "an archive, as spreadsheets are too; unpack it, or save it as CSV",
        [0x28, 0xb5, 0x2f, 0xfd] => "a file in zstd; unpack it first, say by zstdcat FILE",
        b"PAR1" => return Ok(()),
        [] if format == Format::Parquet => "an empty file, expected one in Parquet",
        other if format == Format::Parquet => {
            return Err(refused(format_args!(
                "found a file that begins with \"{}\", expected \"PAR1\" as in Parquet; \
                 add --format csv or --format jsonl if it is in one of these",
                other.escape_ascii()
            )));
        }
        _ => return Ok(()),
    };
    Err(refused(format_args!("found {found}")))
}

fn refused(problem: fmt::Arguments<'_>) -> ProfilerError {
    let mut problems = Problems::default();
    problems.add(&Path::ROOT, problem);
    ProfilerError::Refused(problems)
}

impl From<io::Error> for ProfilerError {
    fn from(error: io::Error) -> ProfilerError {
        ProfilerError::Io(error)
    }
}

impl fmt::Display for ProfilerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProfilerError::Io(error) => write!(f, "cannot read the training data: {error}"),
            ProfilerError::Refused(problems) => write!(f, "no profile was made: {problems}"),
        }
    }
}

impl std::error::Error for ProfilerError {}
