//! One proxy with the filter between real sockets, and the scripted model server behind it. It compares what passed
//! with what was sent, and judges nothing else.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use driftline_testbed::{
    client::{End, HangUp, Piece, Request as ClientRequest, Response, send_raw},
    envoy::{Envoy, EnvoyOptions},
    pieces,
    scrape::{Scrape, fetch_text},
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
};

use super::world::{STATS_YAML, filter, stats_config};
use crate::{
    expectation::{PACE_TOLERANCE_MS, PREFIX, Seen, unsettled},
    script::{BODY_PAUSE_MS, Client, Framing, Request, Script, Step},
};

/// Envoy merges histograms every 0.1 s; the rest of this is for a busy machine.
const SETTLE_LIMIT: Duration = Duration::from_secs(15);
/// How the paths of the Open Inference Protocol over gRPC begin.
const GRPC_PREFIX: &str = "/inference.";
const POLL: Duration = Duration::from_millis(25);

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

/// How a pair of hosts is to be.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    config: String,
    workers: u32,
    pub(super) upstream: Where,
    /// What the route is called that all requests take.
    route: String,
    /// How long the proxy waits for the end of an answer.
    pub(super) patience: Option<Duration>,
    /// How long an old listener of Envoy goes on, if not as long as it does by itself.
    drain_seconds: Option<u32>,
    /// Where calls over gRPC go, which only Envoy can pass.
    grpc: Option<SocketAddr>,
}

/// Where requests go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Where {
    /// To a scripted model server.
    Scripted,
    /// To where nobody listens.
    Nowhere,
    To(SocketAddr),
}

/// One worker, with this configuration of the filter.
pub(crate) fn settings(config: &str) -> Settings {
    Settings {
        config: config.to_owned(),
        workers: 1,
        upstream: Where::Scripted,
        route: String::new(),
        patience: None,
        drain_seconds: None,
        grpc: None,
    }
}

impl Settings {
    pub(crate) fn workers(mut self, workers: u32) -> Settings {
        self.workers = workers;
        self
    }

    pub(crate) fn route(mut self, name: &str) -> Settings {
        self.route = name.to_owned();
        self
    }

    /// After an update, Envoy lets what was there before go on for so long.
    pub(crate) fn drain(mut self, seconds: u32) -> Settings {
        self.drain_seconds = Some(seconds);
        self
    }

    /// Calls over the Open Inference Protocol over gRPC go to this server, which speaks HTTP/2. Only Envoy can pass them.
    pub(crate) fn grpc(mut self, server: SocketAddr) -> Settings {
        self.grpc = Some(server);
        self
    }

    /// Requests go to this server, and the scripted one gets none.
    pub(crate) fn upstream(mut self, address: SocketAddr) -> Settings {
        self.upstream = Where::To(address);
        self
    }
}

/// Starts a real Envoy.
pub(crate) async fn start_envoy(settings: &Settings) -> Result<(Envoy, Host)> {
    let backend = Backend::start(settings.upstream).await?;
    let mut options = EnvoyOptions::new(pieces::envoy()?, backend.address)
        .filter(pieces::filter()?, settings.config.clone());
    options.stats_config = STATS_YAML.to_owned();
    options.workers = settings.workers;
    options.drain_seconds = settings.drain_seconds;
    if let Some(server) = settings.grpc {
        options = options.grpc(GRPC_PREFIX, server);
    }
    let timeout = format!("{}s", settings.patience.unwrap_or_default().as_secs_f64());
    let route = json!({"cluster": "upstream", "timeout": timeout});
    options.routes.push(json!({"name": settings.route, "match": {"prefix": "/"}, "route": route}));
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

/// Starts the proxy of the embedded host, in this process.
pub(super) async fn start_embedded(settings: &Settings) -> Result<(Server, Host)> {
    let backend = Backend::start(settings.upstream).await?;
    let mut world = WorldOptions::with_config(settings.config.clone());
    world.allow_on_headers_stop_iteration = true;
    world.stats = stats_config();
    world.workers = usize::try_from(settings.workers)?;
    let mut options = Options::new(filter().clone(), world, backend.address.into());
    options.timeout = settings.patience;
    options.route_name = settings.route.clone();
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

    /// The text with the proxy's own statistics.
    pub(super) async fn whole_page(&self) -> Result<String> {
        fetch_text(self.admin).await
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
        let carried_out = self.carry_out(script).await;
        let kept_pace = carried_out.with_context(|| format!("{}: {script:?}", self.name))?;
        let changed = self.settled(&before, 1).await?.difference(&before);
        Ok(Seen { stage: self.name, changed, is_real_time: true, kept_pace })
    }

    /// Tells one exchange and compares what passed with what was sent; whatever is counted of it.
    pub(crate) async fn pass(&self, script: &Script) -> Result<()> {
        let carried_out = self.carry_out(script).await;
        carried_out.map(|_| ()).with_context(|| self.name)
    }

    /// Whether the pace was kept.
    async fn carry_out(&self, script: &Script) -> Result<bool> {
        let (path, headers, body) = match &script.request {
            Request::Post { path, headers, body } => (path, headers, body),
            Request::Refused(bytes) => {
                let response = send_raw(self.listen, bytes).await?;
                ensure!(response.status == 400, "expected to be refused, got {}", response.status);
                ensure!(self.backend.upstream.take_received().is_empty(), "it passed all the same");
                return Ok(true);
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
            let sent = script.sent();
            ensure!(
                sent.starts_with(&response.body) || matches!(response.status, 503 | 504),
                "the response's body was changed"
            );
            let was_cut = response.end != End::Complete || 500 <= response.status;
            ensure!(was_cut || response.body == sent, "a part of the response is missing");
        }
        Ok(kept_pace(script, body.len(), &response))
    }

    /// Sends a request that is broken in the middle, and waits until the model server has lost it, too.
    async fn send_broken(&self, path: &str, body: &[u8]) -> Result<bool> {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(self.listen).await?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body, b"\r\n"].concat()).await?;
        tokio::time::sleep(Duration::from_millis(BODY_PAUSE_MS)).await;
        stream.write_all(b"no size of a chunk\r\n").await?;
        let mut answer = Vec::with_capacity(1024);
        let read = tokio::time::timeout(SETTLE_LIMIT, stream.read_buf(&mut answer)).await;
        read.context("the proxy does not answer")??;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.starts_with("HTTP/1.1 400 "), "expected to be refused, got {answer:?}");
        let kept_pace = is_near(begun.elapsed(), Duration::from_millis(BODY_PAUSE_MS));
        let started = Instant::now();
        while self.backend.upstream.take_received().is_empty() {
            ensure!(started.elapsed() < SETTLE_LIMIT, "the model server still waits for the rest");
            tokio::time::sleep(POLL).await;
        }
        Ok(kept_pace)
    }
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

/// Whether the client received every piece, and the end, when the story says.
fn kept_pace(script: &Script, request_pieces: usize, response: &Response) -> bool {
    let pauses = u64::try_from(request_pieces.saturating_sub(1)).unwrap_or(u64::MAX);
    let begun = Duration::from_millis(BODY_PAUSE_MS * pauses);
    let (mut now, mut sent) = (begun, 0);
    for step in &script.steps {
        match step {
            Step::Pause(pause) => now += *pause,
            Step::Send(bytes) => {
                sent += bytes.len();
                if received_at(response, sent).is_some_and(|at| !is_near(at, now)) {
                    return false;
                }
            }
            _ => {}
        }
    }
    match script.client {
        Client::StaysToTheEnd if response.end == End::Complete => {
            let patience = script.patience.map_or(Duration::MAX, |patience| begun + patience);
            is_near(response.ended_at, now.min(patience))
        }
        // A proxy holds a broken connection open for a while, so its end tells nothing.
        _ => true,
    }
}

/// When so many bytes of the body were there.
fn received_at(response: &Response, bytes: usize) -> Option<Duration> {
    let mut so_far = 0;
    let chunk = response.chunks.iter().find(|chunk| {
        so_far += chunk.bytes.len();
        bytes <= so_far
    });
    chunk.map(|chunk| chunk.at)
}

/// Whether something came when it should. Nothing comes early: both clocks are the same.
fn is_near(at: Duration, expected: Duration) -> bool {
    at <= expected + Duration::from_millis(PACE_TOLERANCE_MS)
}

/// How many streams have ended.
fn ended(scrape: &Scrape) -> f64 {
    ["requests_total", "unmeasured_streams_total"]
        .map(|name| scrape.value(&format!("{PREFIX}{name}"), &[]).unwrap_or(0.0))
        .iter()
        .sum()
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
        Step::Trailers(trailers) => {
            let lines = trailers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
            upstream.raw(format!("0\r\n{}\r\n", lines.collect::<String>()))
        }
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
