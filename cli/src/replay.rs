//! `driftline replay`: recorded exchanges once more, through the filter or through any proxy; all work is in the library.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use host_sim::{
    Clock, Error, FailurePolicy, Filter, Outcome, Pace, Recording, World, WorldOptions, replay,
};

use super::inputs::{address, read, read_filter, stats_config, text_of};

/// Play recorded exchanges, and print the metrics and what each callback cost.
///
/// Without --to, they go through the filter in a simulated proxy. With --to,
/// their requests go to a proxy that runs elsewhere; its upstream may be this
/// command, too (--answer-on), and then answers as it was recorded.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The recording; `driftline serve --record` makes it.
    #[arg(value_name = "TRACE.jsonl")]
    recording: PathBuf,
    /// The filter's module; `cargo xtask build` makes it.
    #[arg(long, value_name = "FILE", default_value = "target/driftline.wasm")]
    filter: PathBuf,
    /// The filter's configuration, given to it as it is. Needed without --to.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Labels and histogram buckets, as `stats_config` of an Envoy bootstrap.
    #[arg(long, value_name = "FILE")]
    stats_config: Option<PathBuf>,
    /// Workers of the simulated proxy.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
    /// `virtual` (nothing waits), `real`, or a number: this many times as fast as recorded.
    ///
    /// With --to, time is always real, and `virtual` is refused.
    #[arg(long, value_name = "SPEED")]
    speed: Option<Speed>,
    /// Send the requests to the proxy that listens here.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<SocketAddr>,
    /// Be that proxy's upstream, and answer here as it was recorded.
    #[arg(long, value_name = "ADDRESS", value_parser = address, requires = "to")]
    answer_on: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Speed {
    Virtual,
    Times(f64),
}

impl std::str::FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Speed, String> {
        match text {
            "virtual" => Ok(Speed::Virtual),
            "real" => Ok(Speed::Times(1.0)),
            number => match number.parse::<f64>() {
                Ok(times) if times.is_finite() && 0.0 < times => Ok(Speed::Times(times)),
                _ => Err(format!("`{number}` is neither virtual, real nor a positive number")),
            },
        }
    }
}

/// Plays, and prints what came of it.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let bytes = read(&args.recording, "TRACE.jsonl")?;
    let (whole, cut_line) = Recording::without_cut_line(&bytes);
    let text = text_of(whole.to_vec(), &args.recording, "TRACE.jsonl")?;
    let recordings =
        Recording::from_json_lines(&text).with_context(|| args.recording.display().to_string())?;
    if let Some(line) = cut_line {
        say(&format!("{}: line {line} is cut, and is left out", args.recording.display()));
    }
    ensure!(!recordings.is_empty(), "{} holds no exchange", args.recording.display());
    match args.to {
        Some(proxy) => to_a_proxy(&args, &recordings, proxy),
        None => to_a_world(&args, &recordings),
    }
}

fn to_a_world(args: &Args, recordings: &[Recording]) -> anyhow::Result<()> {
    let Some(config) = &args.config else { bail!("without --to, --config FILE is needed") };
    let module = read_filter(&args.filter)?;
    let filter =
        Filter::metered(&module).with_context(|| format!("--filter {}", args.filter.display()))?;
    let mut options = WorldOptions::with_config(read(config, "--config")?);
    options.allow_on_headers_stop_iteration = true;
    options.workers = args.workers.into();
    options.stats = stats_config(args.stats_config.as_deref())?;
    options.measure_cost = true;
    // The rest of the recording is played whatever becomes of the filter, and the summary says what it missed.
    options.failure_policy = FailurePolicy::FailOpen;
    options.print_log = true;
    let pace = match args.speed.unwrap_or(Speed::Virtual) {
        Speed::Virtual => Pace::Virtual,
        Speed::Times(times) => Pace::Times(times),
    };
    if pace == Pace::Virtual {
        options.clock = Clock::virtual_from(SIMULATED_START);
        options.seed = 0;
    }
    let world =
        World::new(&filter, options).with_context(|| format!("--config {}", show(config)))?;
    // Whatever crashed between exchanges, what was counted is printed.
    let played = world.play(recordings, pace);
    let afterwards = match pace {
        // Gives the ticks that follow the last exchange their chance.
        Pace::Virtual => world.advance(AFTERWARDS),
        Pace::Times(_) => Ok(()),
    };
    let mut output = io::stdout().lock();
    writeln!(output, "{}", world.stats().prometheus())?;
    writeln!(output, "{}", world.costs())?;
    if let Ok(outcomes) = &played {
        writeln!(output, "{}", summary(outcomes))?;
    }
    played.map(|_| ()).and(afterwards)?;
    world.stop()?;
    Ok(())
}

fn to_a_proxy(args: &Args, recordings: &[Recording], proxy: SocketAddr) -> anyhow::Result<()> {
    let times = match args.speed.unwrap_or(Speed::Times(1.0)) {
        Speed::Times(times) => times,
        Speed::Virtual => {
            bail!("--speed virtual needs a simulated proxy, and --to names a real one")
        }
    };
    let upstream = args.answer_on.map(|address| {
        replay::Upstream::start(address, recordings, times)
            .with_context(|| format!("--answer-on {address}"))
    });
    let upstream = upstream.transpose()?;
    let summary = replay::play_client(recordings, proxy, times);
    drop(upstream);
    let mut output = io::stdout().lock();
    for (status, count) in &summary.by_status {
        let status = if *status == 0 { "no answer".into() } else { format!("status {status}") };
        writeln!(output, "{status}: {count}")?;
    }
    writeln!(output, "{} bytes received, {} clients hung up", summary.bytes, summary.aborted)?;
    let failed = summary.failed.join("\n  ");
    ensure!(summary.failed.is_empty(), "some exchanges could not be played:\n  {failed}");
    Ok(())
}

/// What a simulated wall clock begins with: some day in 2026.
const SIMULATED_START: Duration = Duration::from_secs(1_790_000_000);

/// Simulated time after the last exchange: two of the filter's default ticks.
const AFTERWARDS: Duration = Duration::from_secs(10);

fn summary(outcomes: &[Outcome]) -> String {
    let count = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|o| wanted(o)).count();
    format!(
        "{} exchanges: {} complete, {} local replies, {} cut; the filter crashed in {} and was dead for {}",
        outcomes.len(),
        count(|outcome| outcome.client.complete && !outcome.local_reply),
        count(|outcome| outcome.local_reply),
        count(|outcome| !outcome.client.complete),
        count(|outcome| matches!(outcome.error, Some(Error::Trap { .. }))),
        count(|outcome| matches!(outcome.error, Some(Error::Dead { .. }))),
    )
}

#[allow(clippy::print_stderr, reason = "what a command says beside its output is there")]
fn say(what: &str) {
    eprintln!("driftline: {what}");
}

fn show(path: &Path) -> String {
    path.display().to_string()
}
