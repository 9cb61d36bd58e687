//! Carries scenarios out on a real Envoy, step by step; it awaits each step at the other end, and judges nothing.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use driftline_testbed::{
    by_hand::{Client, Protocol, Served, Upstream},
    envoy::{Envoy, EnvoyOptions},
    pieces,
    scrape::{Scrape, Series},
};
use serde_json::{Value, json};
use tokio::{net::TcpSocket, time::timeout};

use super::{
    calls::Calls,
    scenario::{Answer, Scenario, Step, borrowed},
};
use crate::{expectation::PREFIX, stage::STATS_YAML};

/// A scenario takes milliseconds; the rest is for a busy machine.
const SCENARIO_LIMIT: Duration = Duration::from_secs(20);
/// Envoy merges histograms every 0.1 s.
const SETTLE_LIMIT: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(10);
/// How long the route `/slow` waits.
const PATIENCE: &str = "0.1s";

const ACCESS_LOG_FORMAT: &str = "%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%\n";

pub(super) struct Real {
    envoy: Envoy,
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
        let upstream = Upstream::start(Protocol::Http1).await?;
        let upstream_http2 = Upstream::start(Protocol::Http2).await?;
        let nobody = TcpSocket::new_v4()?;
        nobody.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let mut options = EnvoyOptions::new(pieces::envoy()?, upstream.address()?)
            .filter(pieces::filter()?, config);
        options.stats_config = STATS_YAML.to_owned();
        options.component_log_level = "wasm:trace".to_owned();
        let plain = json!({"http_protocol_options": {"enable_trailers": true}});
        options.clusters = vec![
            cluster("plain", upstream.address()?, plain.clone()),
            cluster("framed", upstream_http2.address()?, json!({"http2_protocol_options": {}})),
            cluster("nobody", nobody.local_addr()?, plain),
        ];
        options.routes = routes();
        let access_log = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("differential-{}.log", std::process::id()));
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
        let envoy = Envoy::start(options).await?;
        let log = envoy.log();
        let main_thread = log.lines().find_map(thread).context("no trace")?.to_owned();
        Ok(Real {
            envoy,
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
        let started = Instant::now();
        loop {
            let changed = self.scrape().await?.difference(&before);
            let simulated = timeless(simulated.clone());
            let difference = timeless(changed).compare("Envoy", &simulated, "the simulator");
            // Later is as good as now: nothing that was counted goes away again.
            if difference.is_empty() || SETTLE_LIMIT < started.elapsed() {
                return Ok(difference);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn scrape(&self) -> Result<Scrape> {
        Ok(self.envoy.scrape().await?.only_prefix(PREFIX))
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

/// Client and upstream of one scenario.
struct Ends<'r> {
    scenario: &'r Scenario,
    listening: &'r Upstream,
    client: Option<Client>,
    /// The request that the upstream has.
    served: Option<Served>,
    /// A body's bytes so far, on the way up and on the way down.
    sent_up: usize,
    sent_down: usize,
    responded: bool,
    asked: usize,
}

impl<'r> Ends<'r> {
    async fn new(real: &'r Real, scenario: &'r Scenario) -> Result<Ends<'r>> {
        let listening = match scenario.upstream {
            Protocol::Http1 => &real.upstream,
            Protocol::Http2 => &real.upstream_http2,
        };
        let client = Client::connect(scenario.client, real.envoy.listen()).await?;
        Ok(Ends {
            scenario,
            listening,
            client: Some(client),
            served: None,
            sent_up: 0,
            sent_down: 0,
            responded: false,
            asked: 0,
        })
    }

    async fn carry_out(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Asks { .. } => self.ask().await,
            Step::SendsGarbage => self.client()?.send_raw(b"this is not HTTP\r\n\r\n").await,
            Step::OmitsHost => {
                let head = format!("GET {} HTTP/1.1\r\n\r\n", crate::phrases::CHAT);
                self.client()?.send_raw(head.as_bytes()).await
            }
            Step::ClientSends { data, ended } => {
                self.client()?.send(data, *ended).await?;
                self.sent_up += data.len();
                self.arrived_up(*ended).await
            }
            Step::ClientSendsTrailers(trailers) => {
                self.client()?.send_trailers(&borrowed(trailers)).await?;
                self.arrived_up(true).await
            }
            Step::ClientLeaves => {
                self.client.take().context("the client is gone")?.leave();
                Ok(())
            }
            Step::ClientHangsUp => {
                self.client.take().context("the client is gone")?.hang_up();
                Ok(())
            }
            Step::ClientHalfCloses => self.client()?.half_close().await,
            Step::Informs(status) => {
                let head = format!("HTTP/1.1 {status} Interim\r\n\r\n");
                self.served()?.send_raw(head.as_bytes()).await
            }
            Step::AttemptFails => {
                self.served()?.respond(503, &[("content-length", "0")], true).await?;
                self.accept().await
            }
            Step::Responds { status, headers, ended } => {
                self.served()?.respond(*status, &borrowed(headers), *ended).await?;
                self.expect_status(*status).await?;
                if *ended { self.arrived_down(true).await } else { Ok(()) }
            }
            Step::Sends { data, ended } => {
                self.served()?.send(data, *ended).await?;
                self.sent_down += data.len();
                self.arrived_down(*ended).await
            }
            Step::SendsTrailers(trailers) => {
                self.served()?.send_trailers(&borrowed(trailers)).await?;
                self.arrived_down(true).await
            }
            Step::UpstreamBreaksOff => {
                self.served.take().context("no upstream has a request")?.break_off();
                self.cut(503).await
            }
            Step::UpstreamSendsGarbage => {
                self.served()?.send_raw(b"this is not HTTP\r\n\r\n").await?;
                self.cut(502).await
            }
            Step::ProxyTimesOut => self.cut(504).await,
            Step::ProxyAnswers(Answer::Direct(status, _)) => self.answered(*status).await,
            Step::ProxyAnswers(Answer::Redirect(_)) => self.answered(301).await,
            Step::ProxyAnswers(Answer::Unreachable) => self.cut(503).await,
        }
    }

    /// The first request takes all others along; each is awaited when its turn has come.
    async fn ask(&mut self) -> Result<()> {
        if self.asked == 0 {
            for step in &self.scenario.steps {
                if let Step::Asks { method, path, headers, ended } = step {
                    self.client()?.ask(method, path, &borrowed(headers), *ended).await?;
                }
            }
        }
        self.asked += 1;
        (self.sent_up, self.sent_down, self.responded) = (0, 0, false);
        if self.scenario.reaches_upstream() { self.accept().await } else { Ok(()) }
    }

    /// Waits for the request at the upstream, with what the client has sent of its body.
    async fn accept(&mut self) -> Result<()> {
        self.served = Some(self.listening.accept().await?);
        let sent_up = self.sent_up;
        self.served()?.receive(sent_up).await
    }

    async fn arrived_up(&mut self, ended: bool) -> Result<()> {
        let sent_up = self.sent_up;
        let Some(served) = &mut self.served else { return Ok(()) };
        served.receive(sent_up).await?;
        if ended {
            ensure!(served.receive_end().await?, "the request was cut on its way up");
        }
        Ok(())
    }

    async fn arrived_down(&mut self, ended: bool) -> Result<()> {
        let sent_down = self.sent_down;
        let client = self.client()?;
        client.receive(sent_down).await?;
        if ended {
            ensure!(client.receive_end().await?, "the answer was cut on its way down");
        }
        Ok(())
    }

    async fn expect_status(&mut self, expected: u16) -> Result<()> {
        let status = self.client()?.status().await?;
        self.responded = true;
        ensure!(status == expected, "expected {expected}, got {status}");
        Ok(())
    }

    async fn answered(&mut self, status: u16) -> Result<()> {
        self.expect_status(status).await?;
        self.arrived_down(true).await
    }

    /// The proxy answers this in the upstream's place, or cuts the answer that has begun.
    async fn cut(&mut self, status: u16) -> Result<()> {
        if !self.responded {
            // gRPC has its statuses elsewhere.
            let is_grpc = self.scenario.steps.iter().any(is_grpc);
            return self.answered(if is_grpc { 200 } else { status }).await;
        }
        let whole = self.client()?.receive_end().await?;
        ensure!(!whole, "the answer was cut, and the client took it for whole");
        Ok(())
    }

    fn client(&mut self) -> Result<&mut Client> {
        self.client.as_mut().context("the client is gone")
    }

    fn served(&mut self) -> Result<&mut Served> {
        self.served.as_mut().context("no upstream has a request")
    }
}

fn is_grpc(step: &Step) -> bool {
    let Step::Asks { headers, .. } = step else { return false };
    borrowed(headers).contains(&("content-type", "application/grpc"))
}

/// A cluster that uses a connection for one request, so that none is taken that has just been closed.
fn cluster(name: &str, address: SocketAddr, protocol: Value) -> Value {
    let options = json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": {"max_requests_per_connection": 1},
        "explicit_http_config": protocol,
    });
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options":
            {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {
                "address": address.ip().to_string(),
                "port_value": address.port(),
            }}}}]}],
        },
    })
}

/// What a path begins with says what the proxy does.
fn routes() -> Vec<Value> {
    let to = |cluster: &str, timeout: &str| json!({"cluster": cluster, "timeout": timeout});
    let mut retried = to("plain", "0s");
    retried["retry_policy"] = json!({"retry_on": "5xx", "num_retries": 3});
    vec![
        json!({"match": {"prefix": "/direct/"}, "direct_response":
            {"status": 200, "body": {"inline_string": "direct"}}}),
        json!({"match": {"prefix": "/refused/"}, "direct_response": {"status": 429}}),
        json!({"match": {"prefix": "/redirect/"}, "redirect": {"host_redirect": "elsewhere"}}),
        json!({"match": {"prefix": "/nobody/"}, "route": to("nobody", "0s")}),
        json!({"match": {"prefix": "/slow/"}, "route": to("plain", PATIENCE)}),
        json!({"match": {"prefix": "/retried/"}, "route": retried}),
        json!({"match": {"prefix": "/framed/"}, "route": to("framed", "0s")}),
        json!({"match": {"prefix": "/slow-framed/"}, "route": to("framed", PATIENCE)}),
        json!({"match": {"prefix": "/"}, "route": to("plain", "0s")}),
    ]
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
