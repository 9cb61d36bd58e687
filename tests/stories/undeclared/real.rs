//! Carries undeclared traffic through a real Envoy and the embedded proxy, moved by hand on both sides of them.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use driftline_testbed::{
    by_hand::{Client, Protocol, Upstream},
    envoy::{Envoy, EnvoyOptions},
    pieces,
    scrape::{self, Scrape},
};
use host_sim::{
    WorldOptions,
    proxy::{Options, Server},
};
use serde_json::{Value, json};
use tokio::{runtime::Runtime, time::timeout};

use super::Undeclared;
use crate::{
    differential::cluster,
    expectation::PREFIX,
    phrases::CONFIG,
    stage::{STATS_YAML, filter, stats_config},
};

/// An exchange takes milliseconds; the rest is for a busy machine.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(20);
const COUNTED_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(25);

/// A proxy with the filter, and what is behind it.
struct Place<'u> {
    name: &'static str,
    listen: SocketAddr,
    admin: SocketAddr,
    /// What clients and upstreams may speak; the first one that an exchange wants is taken, else the first of all.
    speaks: &'u [(Protocol, &'u Upstream)],
    upgrades: bool,
}

/// Carries each out on both hosts.
pub(super) fn check(kinds: &[Undeclared]) {
    let runtime = Runtime::new().expect("a tokio runtime");
    runtime
        .block_on(async {
            let plain = Upstream::start(Protocol::Http1).await?;
            let framed = Upstream::start(Protocol::Http2).await?;
            let envoy = start_envoy(&plain, &framed).await?;
            let server = start_embedded(plain.address()?)?;
            let places = [
                Place {
                    name: "Envoy",
                    listen: envoy.listen(),
                    admin: envoy.admin(),
                    speaks: &[(Protocol::Http1, &plain), (Protocol::Http2, &framed)],
                    upgrades: true,
                },
                Place {
                    name: "embedded proxy",
                    listen: server.listen_addr(),
                    admin: server.admin_addr(),
                    speaks: &[(Protocol::Http1, &plain)],
                    upgrades: false,
                },
            ];
            for place in &places {
                for kind in kinds.iter().filter(|kind| place.upgrades || !kind.upgrades()) {
                    let carried_out = place.carry_out(kind).await;
                    carried_out.with_context(|| format!("{}: {}", place.name, kind.name))?;
                }
            }
            anyhow::Ok(())
        })
        .unwrap_or_else(|error| panic!("{error:#}"));
}

async fn start_envoy(plain: &Upstream, framed: &Upstream) -> Result<Envoy> {
    let mut options =
        EnvoyOptions::new(pieces::envoy()?, plain.address()?).filter(pieces::filter()?, CONFIG);
    options.stats_config = STATS_YAML.to_owned();
    options.clusters = vec![
        cluster("plain", plain.address()?, json!({"http_protocol_options": {}})),
        cluster("framed", framed.address()?, json!({"http2_protocol_options": {}})),
    ];
    let route = |matched: Value, cluster: &str| json!({"match": matched, "route": {"cluster": cluster, "timeout": "0s"}});
    options.routes = vec![
        route(json!({"prefix": "/", "grpc": {}}), "framed"),
        route(json!({"prefix": "/"}), "plain"),
    ];
    let own = [
        ("codec_type", json!("AUTO")),
        ("upgrade_configs", json!([{"upgrade_type": "websocket"}])),
    ];
    options.connection_manager =
        own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Envoy::start(options).await
}

fn start_embedded(upstream: SocketAddr) -> Result<Server> {
    let mut world = WorldOptions::with_config(CONFIG);
    world.allow_on_headers_stop_iteration = true;
    world.stats = stats_config();
    Server::start(Options::new(filter().clone(), world, upstream.into()))
        .context("the embedded proxy")
}

impl Place<'_> {
    /// Carries one out, and compares what passed and what was counted.
    async fn carry_out(&self, kind: &Undeclared) -> Result<()> {
        let before = self.scrape().await?;
        timeout(EXCHANGE_LIMIT, self.pass(kind)).await.context("it takes too long")??;
        let changed = self.counted(&before).await?.difference(&before);
        let problems = kind.problems(&changed);
        ensure!(problems.is_empty(), "{problems:?}");
        Ok(())
    }

    async fn pass(&self, kind: &Undeclared) -> Result<()> {
        let wanted = self.speaks.iter().find(|(protocol, _)| *protocol == kind.protocol);
        let &(protocol, upstream) = wanted.unwrap_or(&self.speaks[0]);
        let is_translated = protocol != kind.protocol;
        let chunked = [("transfer-encoding", "chunked")];
        let framing: &[_] = if is_translated { &chunked } else { &[] };
        let head = [&[("host", "gateway")], kind.headers, framing].concat();

        let mut client = Client::connect(protocol, self.listen).await?;
        let has_body = !kind.sent.is_empty() || kind.upgrades();
        client.ask(kind.method, kind.path, &head, !has_body).await?;
        let mut served = upstream.accept().await?;
        let is_last =
            |pieces: &[&[u8]], index: usize| !kind.upgrades() && index + 1 == pieces.len();
        if !kind.upgrades() {
            for (index, piece) in kind.sent.iter().enumerate() {
                client.send(piece, is_last(kind.sent, index)).await?;
            }
            ensure!(served.receive_end().await?, "the request was cut");
        }
        served.respond(kind.status, &[kind.answer_headers, framing].concat(), false).await?;
        let status = client.status().await?;
        ensure!(status == kind.status, "expected status {}, got {status}", kind.status);
        if kind.upgrades() {
            for piece in kind.sent {
                client.send(piece, false).await?;
            }
            served.receive(kind.sent.concat().len()).await?;
        }
        for (index, piece) in kind.answered.iter().enumerate() {
            served.send(piece, is_last(kind.answered, index) && kind.trailers.is_empty()).await?;
        }
        if !kind.trailers.is_empty() {
            served.send_trailers(kind.trailers).await?;
        }
        match kind.upgrades() {
            true => client.receive(kind.answered.concat().len()).await?,
            false => ensure!(client.receive_end().await?, "the answer was cut"),
        }
        ensure!(served.received() == kind.sent.concat(), "the request was changed");
        ensure!(client.received() == kind.answered.concat(), "the answer was changed");
        client.leave();
        Ok(())
    }

    /// Waits until something more is counted, and nothing moves any more.
    async fn counted(&self, before: &Scrape) -> Result<Scrape> {
        let started = Instant::now();
        let mut last = self.scrape().await?;
        loop {
            tokio::time::sleep(POLL).await;
            let now = self.scrape().await?;
            let total =
                |page: &Scrape| page.value(&format!("{PREFIX}unmeasured_streams_total"), &[]);
            if total(&now) != total(before) && now == last {
                return Ok(now);
            }
            ensure!(started.elapsed() < COUNTED_LIMIT, "it was not counted");
            last = now;
        }
    }

    async fn scrape(&self) -> Result<Scrape> {
        Ok(scrape::fetch(self.admin).await?.only_prefix(PREFIX))
    }
}
