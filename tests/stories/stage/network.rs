//! The stages with real sockets: Envoy and the embedded proxy, each with a scripted model server of its own.
//!
//! One pair serves most stories, one story at a time, and is ended when nobody waits for it any more.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use driftline_testbed::{
    client::{HangUp, Piece, Request as ClientRequest, send_raw},
    envoy::{Envoy, EnvoyOptions, Update},
    pieces,
    scrape::{Scrape, Series, fetch_text},
    upstream::{Framing as UpstreamFraming, Script as UpstreamScript, Upstream},
};
use host_sim::{
    WorldOptions,
    proxy::{Options, Server},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    runtime::Runtime,
};

use super::world::{STATS_YAML, filter, stats_config};
use crate::{
    expectation::{PREFIX, Seen, unsettled},
    phrases::CONFIG,
    script::{BODY_PAUSE_MS, Client, Framing, Request, Script, Step},
};

/// Envoy merges histograms every 0.1 s; the rest of this is for a busy machine.
const SETTLE_LIMIT: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(25);

/// Tells these exchanges one after another, on both hosts at once; a pair is what Envoy and the embedded proxy show.
pub(super) fn play(scripts: [&Script; 2]) -> [[Seen; 2]; 2] {
    let [first, _] = scripts;
    let mut own = settings(CONFIG);
    own.patience = first.patience;
    if !first.has_upstream() {
        own.upstream = Where::Nowhere;
    }
    if own.patience.is_some() || !first.has_upstream() {
        let network = Network::start(own);
        return scripts.map(|script| network.play(script));
    }
    let shared = Shared::get();
    let network = shared.lock();
    scripts.map(|script| network.play(script))
}

/// What tells the two apart, a line each; empty if they counted the same.
///
/// Sums of times and buckets differ, because time is real. Gauges and evaluations follow each host's own ticks.
pub(crate) fn compare([envoy, embedded]: &[Seen; 2]) -> String {
    let comparable = |seen: &Seen| {
        let changed = seen.changed.clone();
        changed.without(|series: &Series| {
            let name = &series.name;
            name.ends_with("_bucket")
                || name.ends_with("_sum")
                || name.ends_with("_microseconds_total")
                || name.ends_with("_evaluations_total")
                || seen.changed.kind(name) == Some("gauge")
        })
    };
    comparable(envoy).compare("Envoy", &comparable(embedded), "the embedded proxy")
}

/// How a pair of hosts is to be.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    config: String,
    workers: u32,
    upstream: Where,
    patience: Option<Duration>,
}

/// Where requests go.
#[derive(Clone, Copy, Debug)]
enum Where {
    /// To a scripted model server.
    Scripted,
    /// To where nobody listens.
    Nowhere,
    To(SocketAddr),
}

/// One worker, with this configuration of the filter.
pub(crate) fn settings(config: &str) -> Settings {
    Settings { config: config.to_owned(), workers: 1, upstream: Where::Scripted, patience: None }
}

impl Settings {
    pub(crate) fn workers(mut self, workers: u32) -> Settings {
        self.workers = workers;
        self
    }

    /// Requests go to this server, and the scripted one gets none.
    pub(crate) fn upstream(mut self, address: SocketAddr) -> Settings {
        self.upstream = Where::To(address);
        self
    }
}

/// Envoy and the embedded proxy, side by side.
pub(crate) struct Network {
    pub(crate) envoy: Host,
    pub(crate) embedded: Host,
    envoy_process: Envoy,
    /// Ends the embedded proxy when it is dropped.
    _embedded_server: Server,
    /// Last, because the model servers live in it.
    runtime: Runtime,
}

/// A proxy with the filter, as seen from outside, and the model server behind it.
pub(crate) struct Host {
    name: &'static str,
    listen: SocketAddr,
    admin: SocketAddr,
    /// Where the admin page has our metrics.
    page: &'static str,
    backend: Backend,
}

/// What a proxy has behind it.
struct Backend {
    upstream: Upstream,
    /// Where the proxy looks for it.
    address: SocketAddr,
    /// Keeps a port that nobody listens on from being given to others.
    _nobody: Option<TcpSocket>,
}

impl Network {
    pub(crate) fn start(settings: Settings) -> Network {
        let runtime = Runtime::new().expect("a tokio runtime");
        let started = runtime.block_on(async {
            tokio::try_join!(start_envoy(&settings), start_embedded(&settings))
        });
        let ((envoy_process, envoy), (_embedded_server, embedded)) =
            started.unwrap_or_else(|error| panic!("{error:#}"));
        Network { envoy, embedded, envoy_process, _embedded_server, runtime }
    }

    /// Runs a future where the hosts live.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Tells an exchange on both at once; what Envoy shows comes first.
    pub(crate) fn play(&self, script: &Script) -> [Seen; 2] {
        let both = async { tokio::try_join!(self.envoy.play(script), self.embedded.play(script)) };
        let (envoy, embedded) = self.block_on(both).unwrap_or_else(|error| panic!("{error:#}"));
        [envoy, embedded]
    }

    /// Gives the filter in Envoy another configuration.
    pub(crate) fn update_envoy(&mut self, config: &str) -> Update {
        let update = self.runtime.block_on(self.envoy_process.update_filter_config(config));
        update.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// What Envoy has logged so far.
    pub(crate) fn envoy_log(&self) -> String {
        self.envoy_process.log()
    }

    /// Everything that Envoy shows to Prometheus, its own statistics included.
    pub(crate) fn envoy_whole_page(&self) -> String {
        self.block_on(fetch_text(self.envoy.admin)).unwrap_or_else(|error| panic!("{error:#}"))
    }
}

impl Host {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Where requests go in.
    pub(crate) fn listen(&self) -> SocketAddr {
        self.listen
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.backend.upstream
    }

    /// The text that Prometheus would get, of our metrics only where the proxy can tell them apart.
    pub(crate) async fn scrape_text(&self) -> Result<String> {
        let response = ClientRequest::get(self.page).send(self.admin).await?;
        ensure!(response.status == 200, "{} answered {}", self.page, response.status);
        Ok(response.text())
    }

    pub(crate) async fn scrape(&self) -> Result<Scrape> {
        Ok(Scrape::parse(&self.scrape_text().await?)?.only_prefix(PREFIX))
    }

    /// Waits until this many streams have ended since `before`, and all is counted that they changed.
    pub(crate) async fn settled(&self, before: &Scrape, streams: u64) -> Result<Scrape> {
        let started = Instant::now();
        let target = ended(before) + streams as f64;
        let mut last = self.scrape().await?;
        loop {
            tokio::time::sleep(POLL).await;
            let now = self.scrape().await?;
            // The filter reports a stream's end in several calls, and a scrape may come between them.
            if target <= ended(&now) && unsettled(&now).is_empty() && now == last {
                return Ok(now);
            }
            if SETTLE_LIMIT < started.elapsed() {
                bail!(
                    "{}: {} of {target} streams have ended after {} s{}{}",
                    self.name,
                    ended(&now),
                    SETTLE_LIMIT.as_secs(),
                    if now == last { "" } else { "; the counters still move" },
                    unsettled(&now).iter().map(|line| format!("\n{line}")).collect::<String>(),
                );
            }
            last = now;
        }
    }

    /// Tells one exchange, and compares what passed with what was sent.
    pub(crate) async fn play(&self, script: &Script) -> Result<Seen> {
        let before = self.scrape().await?;
        self.carry_out(script).await.with_context(|| format!("{}: {script:?}", self.name))?;
        let changed = self.settled(&before, 1).await?.difference(&before);
        Ok(Seen { stage: self.name, changed, is_real_time: true })
    }

    async fn carry_out(&self, script: &Script) -> Result<()> {
        let (path, headers, body) = match &script.request {
            Request::Post { path, headers, body } => (path, headers, body),
            Request::Refused(bytes) => {
                let response = send_raw(self.listen, bytes).await?;
                ensure!(response.status == 400, "expected to be refused, got {}", response.status);
                ensure!(self.backend.upstream.take_received().is_empty(), "it passed all the same");
                return Ok(());
            }
            Request::Broken { path, body } => return self.send_broken(path, body).await,
        };
        if script.has_upstream() {
            self.backend.upstream.push(for_upstream(script));
        }
        let pieces = body.iter().enumerate().flat_map(|(index, piece)| {
            let pause = (index != 0).then(|| Piece::Pause(Duration::from_millis(BODY_PAUSE_MS)));
            pause.into_iter().chain([Piece::Bytes(piece.clone())])
        });
        let mut request = ClientRequest::new("POST", path).pieces(pieces).hang_up(hang_up(script));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send(self.listen()).await?;
        let received = self.backend.upstream.take_received();
        ensure!(
            received.len() == usize::from(script.has_upstream()),
            "the model server got {} requests",
            received.len()
        );
        if let [received] = &received[..] {
            ensure!(received.body == body.concat(), "the request's body was changed");
            ensure!(
                script.sent().starts_with(&response.body) || matches!(response.status, 503 | 504),
                "the response's body was changed"
            );
        }
        Ok(())
    }
}

impl Host {
    /// Sends a request that is broken in the middle, and waits until the model server has lost it, too.
    async fn send_broken(&self, path: &str, body: &[u8]) -> Result<()> {
        let mut stream = TcpStream::connect(self.listen).await?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body, b"\r\n"].concat()).await?;
        tokio::time::sleep(Duration::from_millis(BODY_PAUSE_MS)).await;
        stream.write_all(b"no size of a chunk\r\n").await?;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(SETTLE_LIMIT, stream.read_to_end(&mut answer)).await;
        // A peer that closes with our bytes unread resets; its answer is there all the same.
        let _ = read.context("the proxy neither answers nor closes")?;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.starts_with("HTTP/1.1 400 "), "expected to be refused, got {answer:?}");
        let started = Instant::now();
        while self.backend.upstream.take_received().is_empty() {
            ensure!(started.elapsed() < SETTLE_LIMIT, "the model server still waits for the rest");
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}

/// How many streams have ended.
fn ended(scrape: &Scrape) -> f64 {
    ["requests_total", "unmeasured_streams_total"]
        .map(|name| scrape.value(&format!("{PREFIX}{name}"), &[]).unwrap_or(0.0))
        .iter()
        .sum()
}

async fn start_envoy(settings: &Settings) -> Result<(Envoy, Host)> {
    let backend = Backend::start(settings.upstream).await?;
    let mut options = EnvoyOptions::new(pieces::envoy()?, backend.address)
        .filter(pieces::filter()?, settings.config.clone());
    options.stats_config = STATS_YAML.to_owned();
    options.workers = settings.workers;
    if let Some(patience) = settings.patience {
        let timeout = format!("{}s", patience.as_secs_f64());
        let route = json!({"cluster": "upstream", "timeout": timeout});
        options.routes.push(json!({"match": {"prefix": "/"}, "route": route}));
    }
    let envoy = Envoy::start(options).await?;
    let host = Host {
        name: "Envoy",
        listen: envoy.listen(),
        admin: envoy.admin(),
        page: "/stats/prometheus?filter=driftline_",
        backend,
    };
    Ok((envoy, host))
}

async fn start_embedded(settings: &Settings) -> Result<(Server, Host)> {
    let backend = Backend::start(settings.upstream).await?;
    let mut world = WorldOptions::with_config(settings.config.clone());
    world.stats = stats_config();
    world.workers = usize::try_from(settings.workers)?;
    let mut options = Options::new(filter().clone(), world, backend.address.into());
    options.timeout = settings.patience;
    let server = Server::start(options).context("the embedded proxy")?;
    let host = Host {
        name: "embedded proxy",
        listen: server.listen_addr(),
        admin: server.admin_addr(),
        page: "/stats/prometheus",
        backend,
    };
    Ok((server, host))
}

impl Backend {
    async fn start(place: Where) -> Result<Backend> {
        let upstream = Upstream::start().await?;
        let mut backend = Backend { address: upstream.address(), upstream, _nobody: None };
        match place {
            Where::Scripted => {}
            Where::To(address) => backend.address = address,
            Where::Nowhere => {
                // Bound and not listening: connections are refused, and nobody else gets the port.
                let nobody = TcpSocket::new_v4()?;
                nobody.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
                backend.address = nobody.local_addr()?;
                backend._nobody = Some(nobody);
            }
        }
        Ok(backend)
    }
}

fn for_upstream(script: &Script) -> UpstreamScript {
    script.steps.iter().fold(UpstreamScript::new(), |upstream, step| match step {
        Step::Pause(duration) => upstream.pause(*duration),
        Step::Head { status, headers, framing } => {
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let framing = match framing {
                Framing::Chunked => UpstreamFraming::Chunked,
                Framing::Length(length) => UpstreamFraming::Length(*length),
                Framing::UntilClose => UpstreamFraming::UntilClose,
            };
            upstream.head(*status, &headers, framing)
        }
        Step::Send(bytes) => upstream.write(bytes),
        Step::Finish => upstream.finish(),
        Step::Close => upstream.close(),
        Step::Reset => upstream.reset(),
        Step::Unreachable => upstream,
    })
}

fn hang_up(script: &Script) -> HangUp {
    match &script.client {
        Client::StaysToTheEnd => HangUp::Never,
        Client::LeavesAfterTimes(times, text) => HangUp::AfterTimes(*times, text.clone()),
        Client::LeavesAt(at) => HangUp::After(*at),
    }
}

/// The pair that most stories share.
struct Shared(Mutex<Network>);

impl Shared {
    /// The one that runs, else a new one. It ends when the last story lets go of it.
    fn get() -> Arc<Shared> {
        static RUNNING: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = running.upgrade() {
            return shared;
        }
        let shared = Arc::new(Shared(Mutex::new(Network::start(settings(CONFIG)))));
        *running = Arc::downgrade(&shared);
        shared
    }

    /// Waits for the stories before this one. One that failed leaves the hosts in order.
    fn lock(&self) -> MutexGuard<'_, Network> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
