//! `driftline demo`: model servers, load with a story in it, and the filter between them, all on this machine. It says
//! that the filter has seen the story only if each chapter shows in the metrics.

mod amount;
mod labels_chapter;
mod llm_chapter;
mod preparation;
mod questions;
mod rain_client;
mod stage;
mod weather_chapter;

mod checks;
mod label_readings;
mod readings;
mod record;
mod report;

mod picture;
mod screen;
mod watch;

use std::{num::NonZeroU32, path::PathBuf, sync::Arc, time::Instant};

use anyhow::{Context as _, Result, bail};
use driftline_monitor::config::Config;
use driftline_operations::time_scale::TimeScale;
use driftline_testbed::{pieces, prometheus::Prometheus};
use tokio::signal::unix::{SignalKind, signal};

use amount::{Amount, SECONDS_DEFAULT, SECONDS_MAX, SECONDS_MIN};
use record::{Shared, Story};
use screen::Screen;
use stage::{Host, Stage};

use crate::{prometheus, said::print};

/// How many times shorter than true spans are in the rules of its Prometheus: an hour takes 15 seconds.
const TIMES: NonZeroU32 = NonZeroU32::new(240).unwrap();

/// Play a story in four chapters through the filter, and compare what it measured with what the clients saw.
///
/// Chapter 1, a healthy stream; chapter 2, slow first tokens; chapter 3, the weather changes under a rain model; chapter 4,
/// labels come late and show how good it still is.
/// The exit status is 0 only if all of it shows in the metrics.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The filter's module; `cargo xtask build` makes it.
    #[arg(long, value_name = "FILE", default_value = "target/driftline.wasm")]
    filter: PathBuf,
    /// Play on a real Envoy instead of the embedded host.
    #[arg(long)]
    envoy: bool,
    /// The Envoy for --envoy; if nothing is said, the one that `cargo xtask setup` has fetched.
    #[arg(long, value_name = "FILE", requires = "envoy")]
    envoy_binary: Option<PathBuf>,
    /// Print lines instead of drawing a table.
    #[arg(long)]
    headless: bool,
    /// About how long it may take, at least 55: more time, more streams and longer answers.
    #[arg(long, value_name = "NUMBER", default_value_t = SECONDS_DEFAULT, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    seconds: u64,
    /// Worker threads of the proxy, each with a VM of its own.
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
    #[command(flatten)]
    prometheus: prometheus::Args,
    /// The weather data; if nothing is said, tests/data/weather/rainfall_data.csv.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
}

/// Plays the story, then prints the closing tables, also after an interrupt or an error.
///
/// # Errors
///
/// If something cannot be started, or a sentence for each check that does not hold.
pub(crate) fn run(args: Args) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(play(args))
}

async fn play(args: Args) -> Result<()> {
    let shared = Shared::default();
    let screen = Screen::open(&shared, args.headless);
    let ended = tokio::select! {
        ended = story(args, &shared) => ended,
        interrupted = interrupt() => interrupted,
    };
    screen.close();

    let story = shared.with(|story| story.clone());
    if story.healthy.planned == 0 {
        // Nothing was played, so there is nothing to close with.
        return ended;
    }
    // A reader who has left early does not make a failed demo a success.
    let printed = print(format_args!("\n{}\n", report::closing(&story)));
    ended?;
    judge(&story)?;
    printed?;
    print(format_args!("{}\n", go_on(&story)))?;
    Ok(())
}

/// The chapters in their order.
async fn story(args: Args, shared: &Shared) -> Result<()> {
    let Args { filter, envoy, envoy_binary, seconds, workers, prometheus, data, .. } = args;
    if seconds < SECONDS_MIN {
        shared.say(format!(
            "--seconds {seconds} is too short to tell the chapters apart; taking {SECONDS_MIN}"
        ));
    }
    let amount = Amount::within(seconds);
    let host = match (envoy, envoy_binary) {
        (false, _) => Host::Embedded,
        (true, Some(binary)) => Host::Envoy(binary),
        (true, None) => Host::Envoy(pieces::envoy()?),
    };

    shared.say("making a profile of 3,000 days of real weather, and fitting a rain model");
    let prepared = preparation::prepare(data)?;
    shared.say(match host {
        Host::Embedded => "starting the model servers and the embedded host",
        Host::Envoy(_) => "starting the model servers and Envoy",
    });
    let config = prepared.config.clone();
    let stage = Stage::start(&host, &filter, workers, config, prepared.rain.clone()).await?;
    let stage = Arc::new(stage);
    shared.with(|story| {
        story.host = stage.host().to_owned();
        story.addresses = format!(
            "proxy http://{}, metrics http://{}/stats/prometheus",
            stage.listen(),
            stage.admin()
        );
        story.said.push(format!("playing on {}: {}", story.host, story.addresses));
    });

    let config =
        Config::from_json(prepared.config.as_bytes()).context("the demo's configuration")?;
    let scale = TimeScale::divided_by(TIMES);
    let prometheus = prometheus.start(&config, stage.admin(), scale).await?;
    shared.with(|story| story.has_prometheus = prometheus.is_some());
    if let Some(prometheus) = &prometheus {
        shared.say(format!(
            "Prometheus at http://{}/alerts looks on; an hour of its rules takes {} seconds",
            prometheus.address(),
            3600 / TIMES.get()
        ));
    }
    let prometheus = prometheus.as_ref();

    shared.say("chapter 1, a healthy stream: first tokens after 80 ms, then one every 12 ms");
    let begun = Instant::now();
    llm_chapter::play(&stage, amount.healthy, shared, |story| &mut story.healthy).await?;
    ask(prometheus, 1, begun, shared).await?;
    shared.say("chapter 2, slow first tokens: they take 600 ms now, the pace stays");
    let begun = Instant::now();
    llm_chapter::play(&stage, amount.slow, shared, |story| &mut story.slow).await?;
    ask(prometheus, 2, begun, shared).await?;
    shared.say("chapter 3, the weather changes: PSI of each column against the training days");
    let begun = Instant::now();
    weather_chapter::play(&stage, &prepared, shared).await?;
    ask(prometheus, 3, begun, shared).await?;
    shared.say("chapter 4, labels come late: was the rain model right, and is it still?");
    let begun = Instant::now();
    labels_chapter::play(&stage, &prepared, shared).await?;
    ask(prometheus, 4, begun, shared).await
}

/// Writes down what Prometheus says of a chapter, if there is one.
async fn ask(
    prometheus: Option<&Prometheus>,
    chapter: u8,
    begun: Instant,
    shared: &Shared,
) -> Result<()> {
    let Some(prometheus) = prometheus else { return Ok(()) };
    let story = shared.with(|story| story.clone());
    let answers = questions::ask(prometheus, chapter, &story, begun.elapsed()).await?;
    let alerts = questions::alerts(prometheus).await?;
    shared.with(|story| {
        story.answers.extend(answers);
        story.alerts.push((chapter, alerts));
    });
    Ok(())
}

/// Waits for the signal to end early, which is an error: not everything was checked.
async fn interrupt() -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    bail!("interrupted before the last chapter was over, so not everything was checked")
}

/// A sentence for each check that does not hold.
fn judge(story: &Story) -> Result<()> {
    let checks = checks::checks(story);
    let failed: Vec<String> = checks
        .iter()
        .filter(|check| !check.holds())
        .map(|check| format!("\n  - {check}"))
        .collect();
    if !failed.is_empty() {
        bail!("{} of {} checks failed:{}", failed.len(), checks.len(), failed.concat());
    }
    Ok(())
}

/// Where to find all this in one's own proxy.
fn go_on(story: &Story) -> String {
    format!(
        "Every number of the filter was read at {}, as Prometheus reads it.\n\
         In your own Envoy that is http://ADMIN/stats/prometheus, under driftline_*; README.md shows the YAML. \
         Without Envoy: `driftline serve --help`.",
        story.addresses.rsplit(' ').next().unwrap_or_default()
    )
}
