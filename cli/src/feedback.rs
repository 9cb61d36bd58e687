//! `driftline feedback`: sends the labels of a file to the filter. It never holds more than one batch, and repeats nothing
//! that may count twice.

mod client;
mod columns;
mod delivery;
mod record;
mod sink;
mod summary;
mod target;
#[cfg(test)]
mod tests;

use std::{
    io::{self, BufReader, Write as _},
    num::{NonZeroU32, NonZeroU64},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{anyhow, bail};
use driftline_profiler_files::{Format, ProfilerError, read_csv, read_file, read_json_lines};
use driftline_statistics::{document::Problems, value::NullTexts};
use hyper::header::{HeaderName, HeaderValue};

use self::{
    client::Client,
    columns::Columns,
    delivery::{Delivery, DryRun, SHOWN_RECORDS},
    record::Writer,
    sink::{Found, Outlet, Reading, Sink},
    summary::Summary,
    target::{Target, header, target},
};
use crate::{
    inputs::{Rows, keep_parquet_quiet, table_format, table_separator},
    progress::Shown,
    said::say,
};

/// More rows than this in a request, and one refusal concerns too many.
const BATCH_ROWS_MAX: i64 = 100_000;

/// Send late labels from a file to the filter, which counts how good a model is.
///
/// Each row with a label becomes one record. A label belongs to a prediction: the row has it (--prediction, --score), or
/// the id of the request that was answered with it (--id). What the row has of both is sent. Columns that are called as the
/// members of a record (model, version, label, prediction, score, id, row, predicted_at) need no option.
///
/// Rows go in batches, one after another. A connection that breaks before the answer is tried again only if all rows of the
/// batch have an id; otherwise they might count twice. The exit status is 0 if every record was accepted, now or before, and 1 if one
/// was refused, found no prediction, or anything else went wrong.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Args {
    /// The rows: a CSV file with a header, JSON lines or Parquet, or `-` for standard input.
    file: PathBuf,
    /// Where the filter listens, like http://127.0.0.1:10000; with a path, if it is not the usual one,
    /// /driftline/v1/feedback.
    #[arg(long, value_name = "URL", value_parser = target, required_unless_present = "dry_run")]
    to: Option<Target>,
    /// The name of the model of all rows, as the configuration calls it; by default the column `model` says it.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The version of the model of all rows; by default the column `version` says it, if there is one.
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// The column with what turned out to be true: a class, a number or a boolean. By default `label`. Rows in which it is
    /// empty are skipped and counted.
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// The column with what the model answered: a class or a number. By default `prediction`, if there is one.
    #[arg(long, value_name = "COLUMN")]
    prediction: Option<String>,
    /// The column with the probability of the positive class. By default `score`, if there is one.
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// The column with the id of the request, such as its x-request-id. By default `id`, if there is one.
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The column with the index of the row in the batch of its request, from 0. By default `row`, if there is one. It is
    /// sent only with an id.
    #[arg(long, value_name = "COLUMN")]
    row: Option<String>,
    /// The column with the moment of the prediction, for the delay of its label: RFC 3339, or a number since 1970. By default
    /// `predicted_at`, if there is one.
    #[arg(long, value_name = "COLUMN")]
    predicted_at: Option<String>,
    /// A column of numbers that is a KPI, under its own name or the one before `=`; may be given several times.
    #[arg(long = "kpi", value_name = "[NAME=]COLUMN", value_parser = kpi)]
    kpis: Vec<(String, String)>,
    /// A column with a feature by which segments are told apart; may be given several times.
    #[arg(long = "feature", value_name = "COLUMN")]
    features: Vec<String>,
    /// A header of each request, like 'x-driftline-secret: VALUE'; may be given several times.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// How many rows a request has at most. It has fewer if they are longer than 256 KiB, and with a low --rate.
    #[arg(long, value_name = "ROWS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=BATCH_ROWS_MAX))]
    batch: u32,
    /// How many rows are sent in a second at most; by default as many as are accepted.
    #[arg(long, value_name = "ROWS_PER_SECOND")]
    rate: Option<NonZeroU32>,
    /// The rows to send, like 1..3000 or 3001.. for the rest: both ends included, the first row after the header is 1.
    #[arg(long, value_name = "FIRST..LAST", value_parser = rows)]
    rows: Option<RangeInclusive<u64>>,
    /// Print the first three records, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// The format of the file; by default what its name ends in says, or else CSV.
    #[arg(long, value_name = "csv|jsonl|parquet", value_parser = table_format)]
    format: Option<Format>,
    /// A text that stands for a missing value in every column, like `?`; may be given several times. An empty cell and NaN
    /// always do, and in columns of numbers NA, N/A and null. A label or a class may be called so.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    null: Vec<String>,
    /// What separates the cells of a CSV file, if it is no comma: one character, or `\\t` for a tab.
    #[arg(long, visible_alias = "delimiter", value_name = "CHARACTER", value_parser = table_separator)]
    separator: Option<u8>,
    /// Numbers of the CSV file have a comma before their fraction.
    #[arg(long)]
    decimal_comma: bool,
    /// Say how far sending has come even where standard error is no terminal.
    #[arg(long)]
    progress: bool,
}

/// Reads and sends, and prints what became of the rows.
///
/// # Errors
///
/// If anything was not accepted. What was, is in the summary.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    keep_parquet_quiet();
    let source = Source::new(&args)?;
    match args.to.clone().filter(|_| !args.dry_run) {
        Some(target) => send(&args, source, target),
        None => show(&args, source),
    }
}

fn send(args: &Args, source: Source<'_>, target: Target) -> anyhow::Result<()> {
    let started = Instant::now();
    let client = Client::new(target, args.headers.clone())?;
    let shown = Shown::new(args.progress, source.rows.bytes());
    let delivery = Delivery::new(client, shown, args.rate);
    let (found, delivery) = source.read(args, delivery)?;
    let (mut summary, failure) = delivery.end();
    summary.read = found.rows;
    summary.unlabelled = found.unlabelled;
    summary.unusable = found.unusable;
    summary.took = started.elapsed();
    // Of a file that cannot be used there is nothing to sum up.
    if summary.read != 0 {
        // A reader who has seen enough changes nothing of what became of the rows.
        let _ = write!(io::stdout(), "{summary}");
    }
    outcome(args, &found, &summary, failure)
}

/// Success, or all that went wrong.
fn outcome(
    args: &Args,
    found: &Found,
    summary: &Summary,
    failure: Option<String>,
) -> anyhow::Result<()> {
    let mut wrong: Vec<String> = failure.into_iter().collect();
    if !found.problems.is_empty() {
        wrong.push(explain(&args.file, &found.problems));
    }
    if summary.unmatched != 0 {
        wrong.push(format!(
            "{} of {} rows have an id that leads to no prediction; send the prediction with the label",
            summary.unmatched, summary.sent
        ));
    }
    if summary.refused != 0 {
        wrong.push(format!("{} of {} rows were refused", summary.refused, summary.sent));
    }
    match &wrong[..] {
        [] => Ok(()),
        _ => bail!("{}", wrong.join("\n")),
    }
}

fn show(args: &Args, source: Source<'_>) -> anyhow::Result<()> {
    let (found, records) = source.read(args, DryRun::default())?;
    if let Err(error) = write!(io::stdout(), "{records}")
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        bail!("cannot write the records to standard output: {error}");
    }
    let wrong = !found.problems.is_empty();
    if wrong {
        bail!("{}", explain(&args.file, &found.problems));
    }
    if found.records == 0 {
        say(format_args!("found {} rows, none of them with a label", found.rows));
    }
    Ok(())
}

/// One problem per line.
fn explain(file: &Path, problems: &Problems) -> String {
    let mut text = format!("not all rows of {} can be sent:", file.display());
    for problem in problems.kept() {
        text += "\n  - ";
        text += problem;
    }
    if problems.left_out() != 0 {
        text += &format!("\n  - and {} more", problems.left_out());
    }
    text
}

/// Rows that can be opened, and how they are written.
struct Source<'a> {
    path: &'a Path,
    format: Format,
    rows: Rows,
}

impl<'a> Source<'a> {
    fn new(args: &'a Args) -> anyhow::Result<Source<'a>> {
        let path = args.file.as_path();
        let for_csv = args.separator.is_some() || args.decimal_comma;
        let (rows, format) = Rows::of(path, args.format, for_csv)?;
        Ok(Source { path, format, rows })
    }

    /// Hands all batches to an outlet, and returns it with what was found.
    fn read<O: Outlet>(self, args: &Args, outlet: O) -> anyhow::Result<(Found, O)> {
        let columns = Columns::new(args).map_err(|error| anyhow!(error))?;
        let writer = Writer {
            model: args.model.clone(),
            version: args.version.clone(),
            nulls: NullTexts::new(args.null.iter().map(String::as_str)),
        };
        // A request a second keeps a low rate even.
        let rate = args.rate.map_or(u32::MAX, NonZeroU32::get);
        let batch_rows = args.batch.min(rate) as usize;
        let reading = Reading {
            separator: args.separator,
            decimal_comma: args.decimal_comma,
            rows: args.rows.clone().unwrap_or(1..=u64::MAX),
            batch_rows: if args.dry_run { SHOWN_RECORDS } else { batch_rows },
        };
        let mut sink = Sink::new(columns, writer, reading, outlet);
        let read = match self.rows {
            Rows::Stream(stream) if self.format == Format::JsonLines => {
                read_json_lines(BufReader::new(stream), &mut sink)
            }
            Rows::Stream(stream) => read_csv(stream, &mut sink),
            Rows::File(_) => read_file(self.path, self.format, &mut sink),
        };
        sink.finish();
        match read {
            Ok(()) => {}
            Err(ProfilerError::Refused(problems)) => {
                problems.kept().for_each(|problem| sink.add(format_args!("{problem}")));
            }
            Err(ProfilerError::Io(error)) => {
                sink.add(format_args!("cannot read any further: {error}"));
            }
            Err(other) => sink.add(format_args!("{other}")),
        }
        Ok((sink.found, sink.outlet))
    }
}

/// A name and its column.
fn kpi(text: &str) -> Result<(String, String), String> {
    let (name, column) = text.split_once('=').unwrap_or((text, text));
    let (name, column) = (name.trim().to_owned(), column.trim().to_owned());
    if name.is_empty() || column.is_empty() {
        return Err("expected COLUMN, or NAME=COLUMN".into());
    }
    Ok((name, column))
}

fn rows(text: &str) -> Result<RangeInclusive<u64>, String> {
    let range = text.split_once("..").and_then(|(first, last)| {
        let first: NonZeroU64 = first.trim().parse().ok()?;
        let last = if last.trim().is_empty() { u64::MAX } else { last.trim().parse().ok()? };
        (first.get() <= last).then_some(first.get()..=last)
    });
    range.ok_or_else(|| {
        "expected two numbers of rows, like 1..3000, or the first, like 3001..".into()
    })
}
