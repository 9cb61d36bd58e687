//! `driftline profile`: makes the reference profile of a model from its training data.
//! It never leaves a half-written file, and never overwrites the data that it reads.

mod doubts;
mod from_requests;
mod labels;
mod output;
#[cfg(test)]
mod tests;

use std::{
    io::{self, BufReader, Write as _},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, anyhow, bail};
use driftline_profiler::{AsOf, BINS_DEFAULT, Made, Options, Progress, Settings, Summary, to_text};
use driftline_profiler_files::{Format, ProfilerError, from_csv, from_file, from_json_lines};
use driftline_statistics::{profile::Kind, time::moment};

use self::from_requests::Wanted;
use crate::{
    inputs::{Rows, STANDARD, keep_parquet_quiet, table_format, table_separator},
    progress::Shown,
    said::say,
};

/// The type of a column that is left out.
const IGNORE: &str = "ignore";
/// Fewer rows than this for each bin, and a reference is mostly noise.
const ROWS_PER_BIN: usize = 20;

/// Make the reference profile of a model from its training data.
///
/// Every column becomes a feature, except the target, those excluded, and those without a name. Numbers get quantile
/// bins; integers of few values and booleans a bin per value; text a bin for each of the most frequent; lists of numbers
/// count by their norm. A summary goes to standard error, the profile to standard output or to the file of --output.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The training data: a CSV file with a header, JSON lines or Parquet, or `-` for standard input.
    #[arg(required_unless_present = "from_requests")]
    train: Option<PathBuf>,
    /// Make it from recorded traffic instead, a golden period: a file of `driftline serve --record --record-bodies`.
    #[arg(
        long,
        value_name = "FILE",
        requires = "config",
        conflicts_with_all = ["train", "format", "target", "prediction", "as_of", "by_hour", "rows", "label", "kpi"]
    )]
    from_requests: Option<PathBuf>,
    /// The filter's configuration, for --from-requests: it lists the model. If it has a profile of it, the new one has the
    /// same columns, else those that the traffic has.
    #[arg(long, value_name = "FILE", requires = "from_requests")]
    config: Option<PathBuf>,
    /// The format of the training data; by default what the file's name ends in says, or else CSV.
    #[arg(long, value_name = "csv|jsonl|parquet", value_parser = table_format)]
    format: Option<Format>,
    /// The name of the model, as requests call it.
    #[arg(long, value_name = "NAME")]
    model: String,
    /// The version of the model that was trained on this data.
    #[arg(long, value_name = "VERSION")]
    model_version: Option<String>,
    /// The column with the true answer: not a feature, and the reference of the predictions unless --prediction says otherwise.
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// The column with what the model answered on these rows: the reference of its predictions.
    #[arg(long, value_name = "COLUMN")]
    prediction: Option<String>,
    /// The classes in the order in which answers have their shares, if it is not the usual one: numbers ascending, and else
    /// text by code point, as scikit-learn has them.
    #[arg(long, value_name = "CLASS,CLASS", value_delimiter = ',', allow_hyphen_values = true)]
    classes: Vec<String>,
    #[command(flatten)]
    labels: labels::Args,
    /// A column that is no feature; may be given several times.
    #[arg(long, value_name = "COLUMN")]
    exclude: Vec<String>,
    /// What the values of a column are: number, integer, boolean, category, text_length, vector_norm, timestamp, or
    /// ignore; may be given several times.
    #[arg(long = "type", value_name = "COLUMN=TYPE", value_parser = kind)]
    types: Vec<(String, Option<Kind>)>,
    /// When the rows were made, from which the ages of timestamps count: a moment like 2026-11-25T12:00:00Z, or the name
    /// of a column that says it for each row and is no feature.
    #[arg(long, value_name = "COLUMN|TIME")]
    as_of: Option<String>,
    /// A column of moments (RFC 3339, or numbers since 1970) that say when each row was made: the profile then has the rows
    /// of each hour of the day (UTC) beside the whole, for all features and the prediction. The column is no feature, unless
    /// --type or another option names it, too. Older filters refuse such a profile.
    #[arg(long, value_name = "COLUMN")]
    by_hour: Option<String>,
    /// A column of numbers that gets a bin for each value, 99 at most; may be given several times.
    #[arg(long, value_name = "COLUMN")]
    value_bins: Vec<String>,
    /// A text that stands for a missing value in every column, like `?`; may be given several times. An empty cell and NaN
    /// always do, and in columns of numbers NA, N/A and null. The profile keeps it, and the filter does the same.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    null: Vec<String>,
    /// What separates the cells of a CSV file, if it is no comma: one character, or `\\t` for a tab.
    #[arg(long, visible_alias = "delimiter", value_name = "CHARACTER", value_parser = table_separator, conflicts_with = "from_requests")]
    separator: Option<u8>,
    /// Numbers of the CSV file have a comma before their fraction.
    #[arg(long, conflicts_with = "from_requests")]
    decimal_comma: bool,
    /// The rows to read, like 1..3000: both ends included, the first row after the header is 1.
    #[arg(long, value_name = "FIRST..LAST", value_parser = rows)]
    rows: Option<RangeInclusive<u64>>,
    /// How many quantile bins a column of numbers gets, from 2 to 99.
    #[arg(long, value_name = "COUNT", default_value_t = BINS_DEFAULT)]
    bins: usize,
    /// How many categories of a column of text get a bin, from 1 to 99; as many as --bins by default.
    #[arg(long, value_name = "COUNT")]
    categories: Option<usize>,
    /// Estimate how many different values each column has, with a standard error of 0.65 %, and write that into the profile.
    #[arg(long)]
    distinct: bool,
    /// How many MiB of numbers are kept. Of more, each column keeps a sample, and the file is read twice.
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    memory_mib: u64,
    /// Say how far reading has come even where standard error is no terminal.
    #[arg(long)]
    progress: bool,
    /// The file to write; `-`, or nothing, for standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Reads, computes, writes, and only then prints the summary.
///
/// # Errors
///
/// Says everything that is wrong with the data and the options at once. The output file is then as it was.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    keep_parquet_quiet();
    let output = args.output.as_ref().filter(|path| path.as_os_str() != STANDARD);
    let source = args.train.as_ref().or(args.from_requests.as_ref());
    if let (Some(path), Some(source)) = (output, source) {
        output::check(path, source)?;
    }
    let (Made { profile, nameless, index, without_hour, sampled, left_out }, notes) =
        match (&args.train, &args.from_requests, &args.config) {
            (Some(train), ..) => (made(&args, train)?, Vec::new()),
            (None, Some(recording), Some(config)) => {
                from_requests::made(recording, config, &wanted(&args))?
            }
            // Clap has asked for one of them already.
            (None, ..) => bail!("expected training data, or --from-requests and --config"),
        };
    let text = to_text(&profile);
    match output {
        Some(path) => output::replace(path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?,
        None => io::stdout()
            .write_all(text.as_bytes())
            .context("cannot write the profile to standard output")?,
    }
    say(Summary(&profile).to_string().trim_end());
    for column in nameless {
        say(format_args!(
            "left out: column {column}, which has no name, like the index of a data frame"
        ));
    }
    for column in index {
        say(format_args!(
            "left out: `{column}`, the index of a data frame; --type {column}=integer makes it a feature"
        ));
    }
    for note in notes {
        say(note);
    }
    if let Some(left_out) = left_out.filter(|left_out| left_out.rows() != 0) {
        say(labels::left_out_said(left_out));
    }
    if let (Some(column), Some(without)) = (&args.by_hour, without_hour) {
        say(hours_said(column, without, profile.rows));
    }
    if let Some(kept) = sampled {
        say(format_args!(
            "sampled: the edges of quantile bins come from {kept} numbers of each column, as --memory-mib allows; \
             rows were counted in all of them"
        ));
    }
    let rows_wanted = (args.bins * ROWS_PER_BIN) as u64;
    if profile.rows < rows_wanted {
        say(format_args!(
            "few rows: {} for up to {} bins; from {rows_wanted} on a reference is more than noise",
            profile.rows, args.bins
        ));
    }
    // What traffic had is not a table that somebody may have taken too much of.
    if args.train.is_some() {
        let has_answer = profile.prediction.is_some() || profile.quality.is_some();
        for doubt in doubts::doubts(&profile, has_answer) {
            say(format_args!("doubtful: {doubt}"));
        }
    }
    if let Some(path) = output {
        say(format_args!("written to {}", path.display()));
    }
    Ok(())
}

/// How many rows are in the hours of the day.
fn hours_said(column: &str, without: u64, rows: u64) -> String {
    let with = rows.saturating_sub(without);
    let start = format!(
        "by hour: {with} of {rows} rows are in the hour of the day (UTC) that `{column}` says"
    );
    match without {
        0 => start,
        1 => format!("{start}; 1 has no moment there and is in the whole alone"),
        _ => format!("{start}; {without} have no moment there and are in the whole alone"),
    }
}

fn settings(args: &Args) -> Settings {
    Settings {
        model: args.model.clone(),
        version: args.model_version.clone(),
        created_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        bins: args.bins,
        categories: args.categories.unwrap_or(args.bins),
        memory_bytes_max: args.memory_mib << 20,
        null_texts: args.null.clone(),
        distinct: args.distinct,
    }
}

fn wanted(args: &Args) -> Wanted {
    Wanted {
        settings: settings(args),
        exclude: excluded(args),
        kinds: kinds(args),
        value_bins: args.value_bins.clone(),
        progress: args.progress,
    }
}

/// The columns that are left out, however that was said.
fn excluded(args: &Args) -> Vec<String> {
    let ignored = args.types.iter().filter(|(_, kind)| kind.is_none()).map(|(name, _)| name);
    args.exclude.iter().chain(ignored).cloned().collect()
}

fn kinds(args: &Args) -> Vec<(String, Kind)> {
    args.types.iter().filter_map(|(name, kind)| Some((name.clone(), (*kind)?))).collect()
}

fn made(args: &Args, train: &Path) -> anyhow::Result<Made> {
    let options = Options {
        settings: settings(args),
        target: args.target.clone(),
        prediction: args.prediction.clone().or_else(|| args.labels.prediction()),
        score: args.labels.score.clone(),
        classes: args.classes.clone(),
        rows: args.rows.clone(),
        exclude: excluded(args),
        kinds: kinds(args),
        as_of: args.as_of.as_deref().map(as_of),
        by_hour: args.by_hour.clone(),
        quality: args.labels.options(),
        kpis: args.labels.kpi.clone(),
        value_bins: args.value_bins.clone(),
        separator: args.separator,
        decimal_comma: args.decimal_comma,
    };
    let for_csv = args.separator.is_some() || args.decimal_comma;
    let (rows, format) = Rows::of(train, args.format, for_csv)?;
    let made = match rows {
        Rows::Stream(stream) if format == Format::JsonLines => {
            from_json_lines(BufReader::new(stream), &options)
        }
        Rows::Stream(stream) => from_csv(stream, &options),
        Rows::File(bytes) => {
            let mut shown = Shown::new(args.progress, Some(bytes));
            let made =
                from_file(train, format, &options, &mut |progress| show(&mut shown, progress));
            shown.end();
            made
        }
    };
    made.map_err(|error| explain(error, train))
}

/// Shows how far reading has come.
fn show(shown: &mut Shown, progress: Progress) {
    let what = if progress.reading == 1 { "reading" } else { "counting" };
    shown.show(what, &format!("{} rows", progress.rows), progress.bytes);
}

/// A moment if the text is one; no column is called so by accident.
fn as_of(text: &str) -> AsOf {
    let moment = moment::from_text(text.as_bytes());
    moment.map_or_else(|| AsOf::Column(text.to_owned()), AsOf::Moment)
}

fn rows(text: &str) -> Result<RangeInclusive<u64>, String> {
    text.split_once("..")
        .and_then(|(first, last)| Some(first.trim().parse().ok()?..=last.trim().parse().ok()?))
        .ok_or_else(|| String::from("expected two numbers of rows, like 1..3000"))
}

/// A column and its kind; `None` for one that is left out.
fn kind(text: &str) -> Result<(String, Option<Kind>), String> {
    let words = || Kind::ALL.map(Kind::word).join(", ");
    let found = text.rsplit_once('=').and_then(|(column, word)| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word);
        (kind.is_some() || word == IGNORE).then(|| (column.to_owned(), kind))
    });
    found.ok_or_else(|| format!("expected COLUMN=TYPE, the type one of {}, {IGNORE}", words()))
}

/// One problem per line, and what to do about it.
fn explain(error: ProfilerError, train: &Path) -> anyhow::Error {
    let ProfilerError::Refused(problems) = error else {
        return anyhow::Error::new(error).context(format!("while reading {}", train.display()));
    };
    let mut text = format!("no profile was made of {}:", train.display());
    for problem in problems.kept() {
        text += "\n  - ";
        text += problem;
    }
    if problems.left_out() != 0 {
        text += &format!("\n  - and {} more", problems.left_out());
    }
    if problems.kept().any(|problem| problem.contains("exclude it")) {
        text += "\nA column is excluded with --exclude COLUMN, which may be given several times.";
    }
    anyhow!(text)
}
