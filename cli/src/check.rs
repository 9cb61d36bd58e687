//! `driftline check`: what a configuration will do, before it is deployed; it changes nothing and calls no server.

mod feedback;
mod sample;
mod series;
mod traffic;
mod unusual;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use driftline_metrics::{
    catalogue::{Kind, Metric},
    series::Series,
};
use driftline_monitor::{
    capture::{Captured, Value},
    config::{Config, ModelKind, OTHER_NAME},
    layout::Monitor,
    native::{NativeHost, NativeStream},
    session::Session,
};
use driftline_statistics::profile::Profile;
use host_sim::{Clock, Filter, Recording, World, WorldOptions};

use self::sample::Sample;
use crate::{
    inputs::{read_config, read_filter, read_text},
    table::{Align, Table, thousands},
};

/// Check a configuration with its profiles: what it watches, its series, its memory.
///
/// With --sample, a request is read as the filter would read it, and what each
/// column takes from it is shown; with --answer, so is its answer. With
/// --traffic, the paths of a recording are listed that would pass unmeasured,
/// with the lines of `endpoints` that would declare them.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The filter's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The filter's module, to measure the memory of a worker; by default target/driftline.wasm, if it is there.
    #[arg(long, value_name = "FILE")]
    filter: Option<PathBuf>,
    /// A request: a first line such as `POST /v1/models/rain:predict`, headers, an empty line, the body.
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// Its answer: a first line such as `HTTP/1.1 200`, headers, an empty line, the body.
    #[arg(long, value_name = "FILE", requires = "sample")]
    answer: Option<PathBuf>,
    /// A recording of traffic, as `driftline serve --record` makes it: which paths pass unmeasured, and how to declare them.
    #[arg(long, value_name = "RECORDING.jsonl")]
    traffic: Option<PathBuf>,
    /// Print the name of every series that is known by configuration.
    #[arg(long)]
    series: bool,
}

/// Where the filter is if nothing is said.
const FILTER: &str = "target/driftline.wasm";
/// Values of one column that are shown.
const VALUES_SHOWN: usize = 4;

/// Checks, and prints what was found; fails if the filter would refuse the configuration or not read the sample.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let (json, config) = read_config(&args.config, "--config")?;
    let monitor = Monitor::new(&config);
    let mut out = io::stdout().lock();
    writeln!(out, "{}", watched(&config))?;
    writeln!(out, "{}", series::sum(&monitor, &config.buckets))?;
    writeln!(out, "{}", memory(&args, &config, &monitor, json)?)?;
    write!(out, "{}", unusual::describe(&config))?;
    write!(out, "{}", feedback::describe(&config))?;
    if args.series {
        writeln!(out, "\n{}", series::all(&monitor))?;
    }
    if let Some(path) = &args.traffic {
        let text = read_text(path, "--traffic")?;
        let recordings =
            Recording::from_json_lines(&text).with_context(|| path.display().to_string())?;
        write!(out, "\n{}", traffic::describe(&config, &recordings)?)?;
    }
    if let Some(path) = &args.sample {
        let request = Sample::read(path, "--sample")?;
        let answer = args.answer.as_ref().map(|path| Sample::read(path, "--answer")).transpose()?;
        let (found, wrong) = taken(config, &request, answer.as_ref())?;
        writeln!(out, "\n{found}")?;
        if !wrong.is_empty() {
            bail!("--sample {}: {}", path.display(), wrong.join("; "));
        }
    }
    Ok(())
}

fn watched(config: &Config) -> String {
    let columns = [
        ("model", Align::Left),
        ("version", Align::Left),
        ("type", Align::Left),
        ("features", Align::Right),
        ("prediction", Align::Left),
        ("bins", Align::Right),
        ("reference rows", Align::Right),
    ];
    let rows = config
        .models
        .iter()
        .map(|model| {
            let profile = model.profile.as_ref();
            let features = profile.map(|profile| &profile.features);
            let columns = profile.into_iter().flat_map(Profile::columns);
            let prediction = profile.and_then(|profile| profile.prediction.as_ref());
            let bins: usize = columns.map(|column| column.bins.count()).sum();
            let number = |count: Option<u64>| count.map_or("-".into(), thousands);
            [
                model.name.clone(),
                model.version.clone().unwrap_or("-".into()),
                match model.kind {
                    ModelKind::Language => "language",
                    ModelKind::Predictive => "predictive",
                }
                .into(),
                number(features.map(|features| features.len() as u64)),
                if prediction.is_some() { "yes" } else { "-" }.into(),
                number(profile.map(|_| bins as u64)),
                number(profile.map(|profile| profile.rows)),
            ]
        })
        .collect();
    format!("The configuration is valid. It watches:\n\n{}", Table { columns, rows })
}

/// What the filter itself takes under this configuration, measured in a simulated proxy.
fn memory(
    args: &Args,
    config: &Config,
    monitor: &Monitor,
    json: Vec<u8>,
) -> anyhow::Result<String> {
    let usual = Path::new(FILTER);
    let path = match &args.filter {
        Some(path) => path.as_path(),
        None if usual.exists() => usual,
        None => {
            return Ok(format!(
                "Memory: not measured, because there is no {FILTER}; `cargo xtask build` makes it, and --filter names another."
            ));
        }
    };
    let module = read_filter(path)?;
    let filter =
        Filter::from_bytes(&module).with_context(|| format!("--filter {}", path.display()))?;
    let mut options = WorldOptions::with_config(json);
    options.allow_on_headers_stop_iteration = true;
    options.clock = Clock::virtual_from(Duration::ZERO);
    let world = World::new(&filter, options).context("the filter refused what was found valid")?;
    // Windows are made on the first tick.
    world.advance(Duration::from_millis(config.tick_milliseconds.saturating_add(1)))?;
    let worker = world.worker(0).borrow().memory_bytes();
    let main = world.main().borrow().memory_bytes();
    world.stop()?;
    let kib = |bytes: usize| thousands((bytes / 1024) as u64);
    let mut text = format!(
        "Memory: {} KiB for each worker's VM and {} KiB for the main thread's, and up to 3 KiB for each stream of a \
         language model in flight",
        kib(worker),
        kib(main)
    );
    if config.models.iter().any(|model| model.kind == ModelKind::Predictive) {
        let _ = write!(
            text,
            " and {} KiB for each of a predictive one ({} KiB more where a tensor in JSON has its data before its name or shape)",
            monitor.prediction_bytes().div_ceil(1024),
            thousands(config.event_bytes_max.div_ceil(1024))
        );
    }
    text += ".";
    let profiles = config.models.iter().filter_map(|model| model.profile.as_ref());
    let by_hour: usize = profiles.map(Profile::by_hour_bytes).sum();
    if by_hour != 0 {
        let _ = write!(
            text,
            "\nOf each VM's, {} KiB are the training rows by hour of the day.",
            thousands(by_hour.div_ceil(1024) as u64)
        );
    }
    let season = monitor.season_bytes_max();
    if season != 0 {
        let _ = write!(
            text,
            "\nOf the main thread's, {} KiB are the windows of a season; as much again is set aside for bins that get more \
             than 65,535 values in a window.",
            thousands(season.div_ceil(2 * 1024) as u64)
        );
    }
    Ok(text)
}

/// What each column takes from a request and its answer, as the filter reads them.
///
/// # Errors
///
/// If it passes unmeasured. What else is wrong with it is the second part of what is returned.
fn taken(
    config: Config,
    request: &Sample,
    answer: Option<&Sample>,
) -> anyhow::Result<(String, Vec<String>)> {
    let names: Vec<String> = config.models.iter().map(|model| model.name.clone()).collect();
    let host = NativeHost::default();
    let mut session = Session::new(&host, config);
    session.start_capture();
    host.changes();
    host.wall_clock.set(Some(sample::now()));
    let mut stream = NativeStream::begin(&session, &host, request.request_headers(), false);
    if !stream.is_measured() {
        bail!(
            "--sample: {} {} would pass unmeasured: {}",
            request.word(0),
            request.word(1),
            explained(&end(stream, &host))
        );
    }
    stream.request_body(&request.body, true);
    if let Some(answer) = answer {
        stream.response_headers(answer.response_headers(), false);
        stream.response_body(&answer.body, true);
    }
    let observation = stream.end(0);
    let unmeasured = observation.and_then(|observation| observation.unmeasured);
    let found = findings(&host, session.captured(), answer.is_some());
    let mut wrong: Vec<String> = Vec::new();
    if let Some(reason) = unmeasured {
        wrong.push(format!("it passes unmeasured: {}", explained(reason.name())));
    }
    if found.models.iter().all(|model| model == OTHER_NAME) && !found.models.is_empty() {
        wrong.push(format!(
            "it counts as `{OTHER_NAME}`, because it asks for none of {}",
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ));
    }
    wrong.extend(
        found
            .problems
            .iter()
            .map(|reason| format!("it is not read as its path promises: {reason}")),
    );
    Ok((found.text, wrong))
}

/// Ends a stream that is not measured, and returns why.
fn end(stream: NativeStream<'_>, host: &NativeHost) -> String {
    stream.end(0);
    traffic::reason(host)
}

/// What a reason of an unmeasured stream means, and what to do.
fn explained(reason: &str) -> String {
    let about = match reason {
        "unrecognised_path" => {
            "the path is that of no known dialect, and no endpoint of the configuration declares it"
        }
        "other_method" => "only POST asks a model",
        "unknown_form" => {
            "several servers have this path, and the body is of none that is known; declare the endpoint"
        }
        "declared_none" => "an endpoint of the configuration declares that it is for no model",
        _ => return reason.to_owned(),
    };
    format!("{reason}: {about}")
}

/// What a sample made the filter count.
struct Findings {
    text: String,
    models: BTreeSet<String>,
    /// What could not be read, by reason.
    problems: Vec<String>,
}

fn findings(host: &NativeHost, captured: Vec<Captured>, has_answer: bool) -> Findings {
    let all = host.series();
    let mut values: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    for Captured { column, value } in captured {
        values.entry(column.index()).or_default().push(value);
    }
    let changes = host.changes().into_iter();
    let changes = changes.map(|change| (&all[change.number], change.by.cast_unsigned()));
    let counted: Vec<(&Series, u64)> =
        changes.filter(|(series, _)| series.kind == Kind::Counter).collect();
    let label = |series: &Series, name: &str| -> String {
        let mut labels = series.labels.iter();
        labels.find(|(label, _)| label.name() == name).map_or(String::new(), |(_, it)| it.clone())
    };
    let rows = values
        .iter()
        .filter_map(|(column, values)| {
            let series = all.get(*column)?;
            let feature = label(series, "feature");
            let of_column = |other: &&(&Series, u64)| {
                ["model", "version", "role", "feature"]
                    .iter()
                    .all(|name| label(other.0, name) == label(series, name))
            };
            let mut bins: Vec<String> = Vec::new();
            for (counted, times) in counted.iter().filter(of_column) {
                for name in ["bin", "reason"] {
                    let value = label(counted, name);
                    if !value.is_empty() {
                        bins.push(format!("{value} x {times}"));
                    }
                }
            }
            bins.sort();
            // A value out of range counts twice: as one outside, and as a violation.
            bins.dedup();
            let mut shown: Vec<String> = values.iter().take(VALUES_SHOWN).map(show).collect();
            if VALUES_SHOWN < values.len() {
                shown.push("...".into());
            }
            Some([feature, shown.join(", "), bins.join(", ")])
        })
        .collect();
    let columns = [("column", Align::Left), ("takes", Align::Left), ("counts in", Align::Left)];
    let mut text = format!("From the sample:\n\n{}", Table { columns, rows });
    let of_models = counted.iter().map(|(series, _)| label(series, "model"));
    let models = of_models.filter(|model| !model.is_empty()).collect();
    let problem = Metric::ReadProblems.shape().name;
    let problems = counted
        .iter()
        .filter(|(series, _)| series.name == problem)
        .map(|(series, _)| label(series, "reason"))
        .collect();
    for (series, times) in &counted {
        // Without a response there is no outcome either, and the duration of a sample means nothing.
        let is_of_answer = ["outcome", "result"].iter().any(|name| !label(series, name).is_empty());
        if label(series, "feature").is_empty() && (has_answer || !is_of_answer) {
            let _ = write!(text, "\n{} {times}", series::render(series));
        }
    }
    Findings { text, models, problems }
}

fn show(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) | Value::Untyped(text) => format!("{text:?}"),
        Value::None(reason) => format!("({reason})"),
    }
}
