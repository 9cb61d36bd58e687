//! `driftline serve`: the embedded proxy in the foreground, until a signal ends it; all work is in the library.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use driftline_monitor::config::Config;
use driftline_operations::time_scale::TimeScale;
use driftline_testbed::prometheus::Prometheus;
use host_sim::{
    Filter, Recorder, WorldOptions,
    proxy::{Options, Server, StartError, Upstream},
};

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
    /// Write every exchange to this new file, for `driftline replay`: times and sizes, headers without secrets.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Record bodies, too.
    #[arg(long, requires = "record")]
    record_bodies: bool,
    #[command(flatten)]
    prometheus: prometheus::Args,
}

/// Serves until SIGINT or SIGTERM.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let timeout = Duration::try_from_secs_f64(args.timeout)
        .with_context(|| format!("--timeout is {}, it must be 0 or more seconds", args.timeout))?;
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
    let mut options = Options::new(filter, world, args.upstream);
    options.listen = args.listen;
    options.admin = args.admin;
    options.timeout = (!timeout.is_zero()).then_some(timeout);
    if let Some(path) = &args.record {
        let recorder = Recorder::create(path, args.record_bodies);
        options.recorder =
            Some(recorder.with_context(|| format!("--record: cannot make {}", path.display()))?);
    }
    let server = Server::start(options).map_err(|error| match error {
        StartError::Filter(error) => {
            anyhow::Error::new(error).context(format!("--config {}", args.config.display()))
        }
        other => other.into(),
    })?;
    // Serving goes on even if the addresses cannot be printed.
    let mut output = io::stdout();
    let _ = writeln!(output, "listening on http://{}", server.listen_addr());
    let _ = writeln!(output, "stats on http://{}/stats/prometheus", server.admin_addr());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let started =
        runtime.block_on(start_prometheus(&args.prometheus, &config, server.admin_addr()));
    let prometheus = match started {
        Ok(prometheus) => prometheus,
        Err(error) => {
            server.stop();
            return Err(error);
        }
    };
    if let Some(prometheus) = &prometheus {
        let _ = writeln!(output, "Prometheus on http://{}/alerts", prometheus.address());
    }
    runtime.block_on(wait_for_signal())?;
    server.stop();
    Ok(())
}

/// The one that was asked for, with the rules of a configuration that the filter has accepted.
async fn start_prometheus(
    args: &prometheus::Args,
    config: &[u8],
    proxy: SocketAddr,
) -> anyhow::Result<Option<Prometheus>> {
    let config = Config::from_json(config).context("--config")?;
    args.start(&config, proxy, TimeScale::TRUE).await
}

async fn wait_for_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
