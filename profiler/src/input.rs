//! Drives a profile builder from CSV: which columns, which rows; it understands no other format.

use std::{fmt, io, ops::RangeInclusive};

use csv::{ByteRecord, ReaderBuilder};
use driftline_core::{
    document::{Path, Problems},
    profile::Profile,
};

use crate::{BINS_DEFAULT, Cell, Place, ProfileBuilder, Role, quotes::Quotes};

/// What to make of a CSV file.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of the model, as requests call it.
    pub model: String,
    /// The version of the model, if requests or metrics tell it apart.
    pub version: Option<String>,
    /// When the profile is made, in seconds since 1970.
    pub created_at: u64,
    /// The column with the true answer: no input of the model. It stands for the prediction if no
    /// other column does, because a good model answers as its training data did.
    pub target: Option<String>,
    /// The column with what the model answered: the reference of its predictions.
    pub prediction: Option<String>,
    /// The rows to read, both ends included, from 1, without the header. All if `None`.
    pub rows: Option<RangeInclusive<u64>>,
    /// Columns to leave out. One that is also the target is neither input nor prediction.
    pub exclude: Vec<String>,
    /// How many bins a column gets, within [`BINS`](crate::BINS).
    pub bins: usize,
}

impl Default for Options {
    /// All rows and columns, in the usual number of bins, of a model that has no name yet.
    fn default() -> Options {
        Options {
            model: String::new(),
            version: None,
            created_at: 0,
            target: None,
            prediction: None,
            rows: None,
            exclude: Vec::new(),
            bins: BINS_DEFAULT,
        }
    }
}

/// A profile, and what was not made part of it.
#[derive(Clone, Debug)]
pub struct Made {
    /// The profile.
    pub profile: Profile,
    /// Columns without a name that were left out, counted from 1. A data frame's index is written so.
    pub nameless: Vec<usize>,
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

/// Reads comma-separated values with a header and makes the profile of them.
///
/// The format is RFC 4180 in UTF-8, as the `csv` crate reads it: quoted fields may hold commas and
/// line feeds, empty lines are skipped, a byte order mark is too. Reading stops after the last
/// row that was asked for. How cells are understood: see [`Cell::from_text`].
///
/// # Errors
///
/// All problems at once, as far as they can be told apart: no header or rows, columns that do not
/// exist, rows with more or fewer cells than the header, rows out of range, cells that are no values, a
/// quote that never closes.
pub fn from_csv(source: impl io::Read, options: &Options) -> Result<Made, ProfilerError> {
    // `flexible`, because the crate's own error would end reading at the first ragged row.
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Quotes::new(source));
    let mut record = ByteRecord::new();
    if !reader.read_byte_record(&mut record)? {
        return Err(refused(format_args!(
            "found an empty file, expected a header with the names of the columns"
        )));
    }
    let names: Vec<String> =
        record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    let chosen = Chosen::new(&names, options)?;
    let mut builder = ProfileBuilder::new(&options.model, options.bins);
    if let Some(version) = &options.version {
        builder.version(version);
    }
    builder.created_at(options.created_at);
    for &(index, role) in &chosen.columns {
        if let Some(name) = names.get(index) {
            builder.column(name, role);
        }
    }

    let (first, last) = match &options.rows {
        Some(rows) => (*rows.start(), *rows.end()),
        None => (1, u64::MAX),
    };
    let mut problems = Problems::default();
    let mut row = 0;
    while row < last && reader.read_byte_record(&mut record)? {
        row += 1;
        if row < first {
            continue;
        }
        let place = Place { row, line: record.position().map_or(0, csv::Position::line) };
        if record.len() != names.len() {
            problems.add(
                &Path::ROOT,
                format_args!(
                    "{place} has {} cells, expected {} as in the header",
                    record.len(),
                    names.len()
                ),
            );
            continue;
        }
        let texts: Vec<_> = chosen
            .columns
            .iter()
            .map(|&(index, _)| String::from_utf8_lossy(record.get(index).unwrap_or_default()))
            .collect();
        builder.row(texts.iter().map(|text| Cell::from_text(text)), place);
    }
    if let Some(line) = reader.get_ref().open_since_line(reader.position().byte()) {
        problems.add(
            &Path::ROOT,
            format_args!(
                "found a quote that opens in line {line} and never closes, so that all rows behind it are one cell"
            ),
        );
    }
    if options.rows.is_some() && row < last {
        problems.add(
            &Path::ROOT,
            format_args!("found {row} rows, expected rows {first} to {last} to exist"),
        );
    }
    if !problems.is_empty() {
        return Err(ProfilerError::Refused(problems));
    }
    let profile = builder.build().map_err(ProfilerError::Refused)?;
    Ok(Made { profile, nameless: chosen.nameless })
}

/// Which columns of the file are read, and as what.
struct Chosen {
    columns: Vec<(usize, Role)>,
    nameless: Vec<usize>,
}

impl Chosen {
    fn new(names: &[String], options: &Options) -> Result<Chosen, ProfilerError> {
        let Options {
            model: _,
            version: _,
            created_at: _,
            target,
            prediction,
            rows,
            exclude,
            bins: _,
        } = options;
        let mut problems = Problems::default();
        let asked = exclude
            .iter()
            .map(|name| ("to exclude", name))
            .chain(target.iter().map(|name| ("as the target", name)))
            .chain(prediction.iter().map(|name| ("as the prediction", name)));
        for (what, name) in asked.filter(|(_, name)| name.is_empty() || !names.contains(name)) {
            problems.add(
                &Path::ROOT,
                format_args!("found no column `{name}` {what}, the columns are {}", List(names)),
            );
        }
        if let Some(rows) = rows.as_ref().filter(|rows| *rows.start() == 0 || rows.is_empty()) {
            problems.add(
                &Path::ROOT,
                format_args!(
                    "found the rows {} to {}, expected a range that begins at 1 or later and is not empty",
                    rows.start(),
                    rows.end()
                ),
            );
        }
        if !problems.is_empty() {
            return Err(ProfilerError::Refused(problems));
        }

        let is = |column: &Option<String>, name: &str| column.as_deref() == Some(name);
        let mut chosen = Chosen { columns: Vec::new(), nameless: Vec::new() };
        for (index, name) in names.iter().enumerate() {
            let role = if name.is_empty() {
                chosen.nameless.push(index + 1);
                None
            } else if is(prediction, name) {
                Some(Role::Prediction)
            } else if exclude.contains(name) {
                None
            } else if is(target, name) {
                prediction.is_none().then_some(Role::Prediction)
            } else {
                Some(Role::Feature)
            };
            chosen.columns.extend(role.map(|role| (index, role)));
        }
        Ok(chosen)
    }
}

struct List<'n>(&'n [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// A file of the wrong kind may have a header of any length.
        const SHOWN_MAX: usize = 50;
        let names: Vec<String> = self
            .0
            .iter()
            .filter(|name| !name.is_empty())
            .take(SHOWN_MAX)
            .map(|name| format!("`{}`", name.chars().take(60).collect::<String>().escape_debug()))
            .collect();
        f.write_str(&names.join(", "))?;
        match self.0.len().saturating_sub(SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

fn refused(problem: fmt::Arguments<'_>) -> ProfilerError {
    let mut problems = Problems::default();
    problems.add(&Path::ROOT, problem);
    ProfilerError::Refused(problems)
}

impl From<csv::Error> for ProfilerError {
    fn from(error: csv::Error) -> ProfilerError {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => ProfilerError::Io(error),
            // A byte record neither is decoded nor has a fixed length, so nothing else occurs.
            other => refused(format_args!("not readable as CSV: {other:?}")),
        }
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

#[cfg(test)]
mod tests {
    use driftline_core::bins::Bins;

    use super::*;

    fn options() -> Options {
        Options { model: "rain".into(), target: Some("rain".into()), ..Options::default() }
    }

    #[track_caller]
    fn refuses(csv: &[u8], options: &Options, message: &str) {
        let error = from_csv(csv, options).unwrap_err();
        assert_eq!(error.to_string(), format!("no profile was made: {message}"));
    }

    #[track_caller]
    fn features(csv: &str, options: &Options) -> Vec<String> {
        let made = from_csv(csv.as_bytes(), options).unwrap_or_else(|error| panic!("{error}"));
        made.profile.features.into_iter().map(|feature| feature.name).collect()
    }

    const SMALL: &str = "\u{feff},wind, dew point ,rain\n0,1.5,2,0\n1,2.5,3,1\n\n2,\"3.5\",4,1\n";

    #[test]
    fn the_target_is_the_prediction_and_the_index_is_left_out() {
        let made = from_csv(SMALL.as_bytes(), &options()).unwrap();
        assert_eq!(made.nameless, [1]);
        assert_eq!(made.profile.rows, 3);
        assert_eq!(features(SMALL, &options()), ["wind", "dew point"]);
        assert_eq!(made.profile.prediction.unwrap().counts, [1, 2, 0]);
    }

    #[test]
    fn a_prediction_takes_the_place_of_the_target() {
        let options = Options { prediction: Some("wind".into()), ..options() };
        assert_eq!(features(SMALL, &options), ["dew point"]);
        let made = from_csv(SMALL.as_bytes(), &options).unwrap();
        assert_eq!(made.profile.prediction.unwrap().numbers.unwrap().maximum, 3.5);
    }

    #[test]
    fn an_excluded_target_leaves_no_prediction() {
        let options = Options { exclude: vec!["rain".into(), "wind".into()], ..options() };
        assert_eq!(features(SMALL, &options), ["dew point"]);
        assert_eq!(from_csv(SMALL.as_bytes(), &options).unwrap().profile.prediction, None);
    }

    #[test]
    fn only_the_rows_asked_for_are_read() {
        let options = Options { rows: Some(2..=2), ..options() };
        let made = from_csv(SMALL.as_bytes(), &options).unwrap();
        assert_eq!(
            (made.profile.rows, made.profile.features[0].column.numbers.as_ref().unwrap().mean),
            (1, 2.5)
        );
        // What stands behind the last row is not even looked at.
        let broken = format!("{SMALL}x,y\n");
        assert!(from_csv(broken.as_bytes(), &Options { rows: Some(1..=3), ..options }).is_ok());
    }

    #[test]
    fn a_quote_that_never_closes_does_not_swallow_the_rest_in_silence() {
        let csv = "wind,note,rain\n1,x,0\n2,y,\"1\n3,z,0\n";
        let message = "found a quote that opens in line 3 and never closes, so that all rows behind it are one cell";
        let without_target =
            Options { target: None, exclude: vec!["note".into(), "rain".into()], ..options() };
        refuses(csv.as_bytes(), &without_target, message);
        let last = Options { rows: Some(1..=2), ..without_target.clone() };
        refuses(csv.as_bytes(), &last, message);
        // What stands behind the rows asked for does not matter.
        let first = Options { rows: Some(1..=1), ..without_target };
        assert_eq!(features(csv, &first), ["wind"]);
    }

    #[test]
    fn rows_out_of_range_are_named() {
        let with = |rows| Options { rows: Some(rows), ..options() };
        refuses(SMALL.as_bytes(), &with(2..=9), "found 3 rows, expected rows 2 to 9 to exist");
        for (first, last) in [(0, 3), (3, 2)] {
            refuses(
                SMALL.as_bytes(),
                &with(first..=last),
                &format!(
                    "found the rows {first} to {last}, expected a range that begins at 1 or later \
                     and is not empty"
                ),
            );
        }
    }

    #[test]
    fn a_column_that_does_not_exist_brings_the_list_of_those_that_do() {
        let options = Options {
            target: Some("Rain".into()),
            prediction: Some("p".into()),
            exclude: vec!["x".into()],
            ..options()
        };
        refuses(
            SMALL.as_bytes(),
            &options,
            "found no column `x` to exclude, the columns are `wind`, `dew point`, `rain`; \
             found no column `Rain` as the target, the columns are `wind`, `dew point`, `rain`; \
             found no column `p` as the prediction, the columns are `wind`, `dew point`, `rain`",
        );
    }

    #[test]
    fn ragged_rows_are_listed_with_their_lines() {
        refuses(
            b"wind,rain\n1,0\n2\n\"a\nb\",1,7\n3,0\n",
            &options(),
            "row 2 (line 3) has 1 cells, expected 2 as in the header; \
             row 3 (line 4) has 3 cells, expected 2 as in the header",
        );
    }

    #[test]
    fn columns_that_mix_text_with_numbers_are_listed_all_at_once() {
        let expected = "expected numbers up to 1e100, true and false, or nothing (empty, NA, NaN, null), \
                        or else text in all rows; repair or exclude it";
        refuses(
            b"city,wind,place,rain\nOmaha,1,a,0\n7,2,8,1\n",
            &options(),
            &format!(
                "the column `city` holds \"Omaha\" at row 1 (line 2); {expected}; \
                 the column `place` holds \"a\" at row 1 (line 2); {expected}"
            ),
        );
    }

    #[test]
    fn columns_of_text_are_categories() {
        let made = from_csv(&b"city,rain\nOmaha,0\nBellevue,1\nOmaha,1\n"[..], &options()).unwrap();
        let city = &made.profile.features[0].column;
        assert_eq!(city.bins, Bins::Categories { names: vec!["Omaha".into(), "Bellevue".into()] });
        assert_eq!(city.counts, [2, 1, 0]);
    }

    #[test]
    fn files_of_nothing_are_refused() {
        refuses(
            b"",
            &options(),
            "found an empty file, expected a header with the names of the columns",
        );
        refuses(b"wind,rain\n", &options(), "found no rows, expected at least one");
        refuses(
            b"wind\n1.5\n",
            &Options { target: Some("wind".into()), exclude: vec!["wind".into()], ..options() },
            "found no column to watch, expected at least one",
        );
    }

    #[test]
    fn a_file_of_other_bytes_is_refused_and_not_a_crash() {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        assert!(matches!(from_csv(&*bytes, &options()), Err(ProfilerError::Refused(_))));
    }
}
