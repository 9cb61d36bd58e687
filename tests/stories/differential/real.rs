//! Carries scenarios out on a real Envoy, step by step; it awaits each step at the other end, and judges nothing.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use driftline_testbed::{
    by_hand::{Protocol, Upstream},
    envoy::{Envoy, EnvoyOptions},
    pieces,
    scrape::{Scrape, Series},
};
use serde_json::json;
use tokio::{net::TcpSocket, time::timeout};

use super::{
    calls::Calls,
    ends::Ends,
    routes::{cluster, routes},
    scenario::Scenario,
};
use crate::{
    expectation::{PREFIX, unsettled},
    stage::STATS_YAML,
};

/// A scenario takes milliseconds; the rest is for a busy machine.
const SCENARIO_LIMIT: Duration = Duration::from_secs(20);
/// Envoy merges histograms every 0.1 s.
const SETTLE_LIMIT: Duration = Duration::from_secs(3);
/// When the filter first evaluates what it has counted, which is real time's doing.
const FIRST_TICK: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

const ACCESS_LOG_FORMAT: &str = "%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%\n";

pub(super) struct Real {
    envoy: Envoy,
    started: Instant,
    upstream: Upstream,
    upstream_http2: Upstream,
    /// Keeps a port that nobody listens on from being given to others.
    _nobody: TcpSocket,
    /// How much of the log was looked at.
    seen: usize,
    main_thread: String,
    access_log: PathBuf,
}

/// What is left of an Envoy that has stopped.
pub(super) struct Stopped {
    /// Its last calls.
    pub(super) calls: Calls,
    /// A line for each stream, as [`ACCESS_LOG_FORMAT`] says.
    pub(super) access_log: Vec<String>,
}

impl Real {
    pub(super) async fn start(config: &str) -> Result<Real> {
        Real::start_with(&pieces::filter()?, config, |_| ()).await
    }

    /// An Envoy with this filter; `change` has the last word on its options.
    pub(super) async fn start_with(
        filter: &Path,
        config: &str,
        change: impl FnOnce(&mut EnvoyOptions),
    ) -> Result<Real> {
        let upstream = Upstream::start(Protocol::Http1).await?;
        let upstream_http2 = Upstream::start(Protocol::Http2).await?;
        let nobody = TcpSocket::new_v4()?;
        nobody.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let mut options =
            EnvoyOptions::new(pieces::envoy()?, upstream.address()?).filter(filter, config);
        options.stats_config = STATS_YAML.to_owned();
        options.component_log_level = "wasm:trace".to_owned();
        let plain = json!({"http_protocol_options": {"enable_trailers": true}});
        options.clusters = vec![
            cluster("plain", upstream.address()?, plain.clone()),
            cluster("framed", upstream_http2.address()?, json!({"http2_protocol_options": {}})),
            cluster("nobody", nobody.local_addr()?, plain),
        ];
        options.routes = routes();
        let access_log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "differential-{}-{}.log",
            std::process::id(),
            upstream.address()?.port()
        ));
        let own = [
            (
                "access_log",
                json!([{"name": "file", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                    "path": access_log,
                    "log_format": {"text_format_source": {"inline_string": ACCESS_LOG_FORMAT}},
                }}]),
            ),
            ("codec_type", json!("AUTO")),
            ("http_protocol_options", json!({"enable_trailers": true})),
            ("upgrade_configs", json!([{"upgrade_type": "websocket"}])),
        ];
        options.connection_manager =
            own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        change(&mut options);
        let started = Instant::now();
        let envoy = Envoy::start(options).await?;
        let log = envoy.log();
        let main_thread = log.lines().find_map(thread).context("no trace")?.to_owned();
        Ok(Real {
            envoy,
            started,
            upstream,
            upstream_http2,
            _nobody: nobody,
            seen: 0,
            main_thread,
            access_log,
        })
    }

    /// The calls since the last time it was asked, the main thread's first.
    pub(super) fn take_calls(&mut self) -> Calls {
        let log = self.envoy.log();
        let new = &log[self.seen..];
        self.seen = log.len();
        calls(new, &self.main_thread)
    }

    /// Tells Envoy to stop, and returns what it wrote last.
    pub(super) async fn stop(self) -> Result<Stopped> {
        let log = self.envoy.stop().await?;
        let access_log = fs::read_to_string(&self.access_log).context("the access log")?;
        fs::remove_file(&self.access_log)?;
        Ok(Stopped {
            calls: calls(&log[self.seen..], &self.main_thread),
            access_log: access_log.lines().map(str::to_owned).collect(),
        })
    }

    /// Carries a scenario out, and returns how what Envoy counted differs from what the simulator did.
    pub(super) async fn play(&mut self, scenario: &Scenario, simulated: &Scrape) -> Result<String> {
        let before = self.scrape().await?;
        let mut ends = Ends::new(self, scenario).await?;
        for (index, step) in scenario.steps.iter().enumerate() {
            let step_done = timeout(SCENARIO_LIMIT, ends.carry_out(step)).await;
            step_done.context("it takes too long").flatten().with_context(|| {
                format!("step {} of {}: {step:?}", index + 1, scenario.steps.len())
            })?;
        }
        self.wait_for_end(scenario.streams()).await?;
        drop(ends);
        let counted = self.settled().await?.difference(&before);
        let simulated = timeless(simulated.clone());
        Ok(timeless(counted).compare("Envoy", &simulated, "the simulator"))
    }

    /// Whether the filter has evaluated, after which nothing can be compared any more.
    pub(super) fn has_ticked(&self) -> bool {
        FIRST_TICK <= self.started.elapsed()
    }

    /// Waits until histograms have what the counters beside them have, and nothing moves any more.
    async fn settled(&self) -> Result<Scrape> {
        let started = Instant::now();
        let mut last = self.scrape().await?;
        loop {
            tokio::time::sleep(POLL).await;
            let now = self.scrape().await?;
            let is_settled = unsettled(&now).is_empty() && now == last;
            if is_settled || SETTLE_LIMIT < started.elapsed() {
                return Ok(now);
            }
            last = now;
        }
    }

    /// Where requests go in.
    pub(super) fn listen(&self) -> SocketAddr {
        self.envoy.listen()
    }

    /// The upstream that speaks this.
    pub(super) fn upstream(&self, protocol: Protocol) -> &Upstream {
        match protocol {
            Protocol::Http1 => &self.upstream,
            Protocol::Http2 => &self.upstream_http2,
        }
    }

    async fn scrape(&self) -> Result<Scrape> {
        let page = self.envoy.ask_admin("/stats/prometheus?filter=driftline_").await?;
        Ok(Scrape::parse(&page)?.only_prefix(PREFIX))
    }

    /// Waits until the filter has seen so many bytes of the running request's body.
    pub(super) async fn wait_for_request_bytes(&self, wanted: usize) -> Result<()> {
        let started = Instant::now();
        loop {
            let log = self.envoy.log();
            let calls = log[self.seen..].split("[host->vm] proxy_on_request_body(").skip(1);
            let sizes = calls.filter_map(|call| call.split(", ").nth(1)?.parse::<usize>().ok());
            let seen: usize = sizes.sum();
            if wanted <= seen {
                return Ok(());
            }
            ensure!(
                started.elapsed() < SCENARIO_LIMIT,
                "the filter has seen {seen} of {wanted} bytes"
            );
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until so many streams have ended for the filter, too.
    async fn wait_for_end(&self, streams: usize) -> Result<()> {
        let started = Instant::now();
        loop {
            let log = self.envoy.log();
            let ended = log[self.seen..].matches("[host<-vm] proxy_on_delete return").count();
            if ended == streams {
                return Ok(());
            }
            ensure!(started.elapsed() < SCENARIO_LIMIT, "{ended} of {streams} streams have ended");
            tokio::time::sleep(POLL).await;
        }
    }
}

/// What real time has no part in.
fn timeless(scrape: Scrape) -> Scrape {
    scrape.without(|series: &Series| {
        ["_bucket", "_sum", "_microseconds_total"].iter().any(|end| series.name.ends_with(end))
    })
}

fn calls(log: &str, main_thread: &str) -> Calls {
    let of_thread = |main: bool| {
        let lines = log
            .lines()
            .filter(|line| thread(line).is_some_and(|thread| (thread == main_thread) == main));
        Calls::of_thread(&lines.map(|line| format!("{line}\n")).collect::<String>())
    };
    of_thread(true).and(of_thread(false))
}

/// The thread of a line `[2026-11-03 09:00:00.000][5780][trace][wasm] ...`.
fn thread(line: &str) -> Option<&str> {
    let (thread, rest) = line.strip_prefix('[')?.split_once("][")?.1.split_once("][")?;
    rest.starts_with("trace][wasm]").then_some(thread)
}
