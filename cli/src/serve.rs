//! `driftline serve`: the embedded proxy in the foreground, until a signal ends it; all work is in the library.

mod recorded;

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use driftline_monitor::config::Config;
use driftline_operations::time_scale::TimeScale;
use driftline_testbed::prometheus::Prometheus;
use host_sim::{
    FailurePolicy, Filter, WorldOptions,
    proxy::{Options, Server, StartError, Upstream},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    inputs::{address, read, read_filter, stats_config},
    prometheus,
};

/// Arguments of `driftline serve`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The filter's module; `cargo xtask build` makes it.
    #[arg(long, value_name = "FILE", default_value = "target/driftline.wasm")]
    filter: PathBuf,
    /// The filter's configuration, given to it as it is.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where clients connect.
    #[arg(long, value_name = "ADDRESS", value_parser = address, default_value = "127.0.0.1:10000")]
    listen: SocketAddr,
    /// The model server, as http://HOST[:PORT].
    #[arg(long, value_name = "URL")]
    upstream: Upstream,
    /// Where /stats/prometheus, /stats and /ready are.
    #[arg(long, value_name = "ADDRESS", value_parser = address, default_value = "127.0.0.1:9901")]
    admin: SocketAddr,
    /// Threads that serve clients, each with a VM of its own.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
    /// Labels and histogram buckets, as `stats_config` of an Envoy bootstrap.
    ///
    /// Without it, the ones that this version of Driftline was built with.
    #[arg(long, value_name = "FILE")]
    stats_config: Option<PathBuf>,
    /// Give up on a response after this time; 0 lets it run.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, allow_negative_numbers = true)]
    timeout: f64,
    /// Answer 408 if the headers of a request take longer than this; 0 lets them.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, allow_negative_numbers = true)]
    request_headers_timeout: f64,
    /// After SIGTERM or SIGINT, wait this long for requests that are under way; a second signal ends at once.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, allow_negative_numbers = true)]
    drain_seconds: f64,
    #[command(flatten)]
    record: recorded::Args,
    #[command(flatten)]
    prometheus: prometheus::Args,
}

/// Serves until SIGINT or SIGTERM.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let timeout = seconds("--timeout", args.timeout)?;
    let request_headers_timeout =
        seconds("--request-headers-timeout", args.request_headers_timeout)?;
    let drain = seconds("--drain-seconds", args.drain_seconds)?;
    let module = read_filter(&args.filter)?;
    let config = read(&args.config, "--config")?;
    let stats = stats_config(args.stats_config.as_deref())?;
    let filter = Filter::from_bytes(&module)
        .with_context(|| format!("--filter {}", args.filter.display()))?;

    let mut world = WorldOptions::with_config(config.clone());
    world.allow_on_headers_stop_iteration = true;
    world.workers = args.workers.into();
    world.stats = stats;
    world.print_log = true;
    // As it is deployed: no crash of the filter stops the traffic.
    world.failure_policy = FailurePolicy::FailOpen;
    let mut options = Options::new(filter, world, args.upstream);
    options.listen = args.listen;
    options.admin = args.admin;
    options.timeout = (!timeout.is_zero()).then_some(timeout);
    options.request_headers_timeout =
        (!request_headers_timeout.is_zero()).then_some(request_headers_timeout);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // From here on a signal ends nothing before it is cleaned up.
    let signals = runtime.block_on(async { Signals::new() })?;
    let recorder = args.record.recorder(&config)?;
    options.recorder = recorder.clone();
    let served = serve(options, &args.config, &args.prometheus, &config, &runtime, signals, drain);
    let recorded = args.record.end(recorder.as_ref());
    served.and(recorded)
}

/// Serves until a signal has come, and what was under way then is over.
fn serve(
    options: Options,
    config_path: &Path,
    prometheus: &prometheus::Args,
    config: &[u8],
    runtime: &tokio::runtime::Runtime,
    mut signals: Signals,
    drain: Duration,
) -> anyhow::Result<()> {
    let server = Server::start(options).map_err(|error| match error {
        StartError::Filter(error) => {
            anyhow::Error::new(error).context(format!("--config {}", config_path.display()))
        }
        other => other.into(),
    })?;
    // Serving goes on even if the addresses cannot be printed.
    let mut output = io::stdout();
    let _ = writeln!(output, "listening on http://{}", server.listen_addr());
    let _ = writeln!(output, "stats on http://{}/stats/prometheus", server.admin_addr());
    // Where it fails, the server ends with its last reference.
    let prometheus =
        runtime.block_on(start_prometheus(prometheus, config_path, config, server.admin_addr()))?;
    if let Some(prometheus) = &prometheus {
        let _ = writeln!(output, "Prometheus on http://{}/alerts", prometheus.address());
    }
    runtime.block_on(async {
        signals.next().await;
        drained(&server, drain, &mut signals).await;
    });
    server.stop();
    Ok(())
}

/// Waits for what is under way, until the time is over or another signal comes.
async fn drained(server: &Server, limit: Duration, signals: &mut Signals) {
    let draining = tokio::time::timeout(limit, server.drain());
    let why = tokio::select! {
        // What is over at once needs no word.
        biased;
        drained = draining => match drained {
            Ok(()) => return,
            Err(_) => format!("{} s are over", limit.as_secs_f64()),
        },
        () = signals.next() => "a second signal came".into(),
    };
    match server.open_connections() {
        0 => {}
        1 => say(&format!("{why}: 1 connection is cut")),
        count => say(&format!("{why}: {count} connections are cut")),
    }
}

/// The one that was asked for, with the rules of a configuration that the filter has accepted.
async fn start_prometheus(
    args: &prometheus::Args,
    config_path: &Path,
    config: &[u8],
    proxy: SocketAddr,
) -> anyhow::Result<Option<Prometheus>> {
    // Without one, the configuration may be that of any filter.
    if !args.is_asked_for() {
        return Ok(None);
    }
    let config =
        Config::from_json(config).with_context(|| format!("--config {}", config_path.display()))?;
    args.start(&config, proxy, TimeScale::TRUE).await
}

/// SIGTERM and SIGINT, which mean the same.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn seconds(option: &str, value: f64) -> anyhow::Result<Duration> {
    Duration::try_from_secs_f64(value)
        .with_context(|| format!("{option} is {value}, it must be 0 or more seconds"))
}

#[allow(clippy::print_stderr, reason = "what a command says beside its output is there")]
fn say(what: &str) {
    eprintln!("driftline: {what}");
}
