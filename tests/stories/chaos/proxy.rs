//! The Envoy of the chaos: its routes, its pages, and whether a VM was lost. It never judges what was counted.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use driftline_testbed::{
    client::Request,
    envoy::{Envoy, EnvoyOptions},
    pieces,
    scrape::Scrape,
};
use serde_json::{Value, json};

use crate::{expectation::PREFIX, stage::STATS_YAML};

/// More streams than any story holds.
const STREAMS_MAX: u32 = 200_000;
/// To the model server, over one connection.
const PER_CONNECTION: u32 = 1_000;
/// Frames that wait for a busy peer, which Envoy would else take for an attacker.
const FRAMES_MAX: u32 = 1_000_000;
const SETTLE_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);

/// An Envoy that speaks HTTP/1.1 and HTTP/2, with the filter and two workers.
///
/// Requests go to `plain`, a server of HTTP/1.1, and calls to `framed`, one of HTTP/2; what the header `x-route` says goes
/// before: `retry` is asked again after a failure, `short` has no time, `none` is answered by the proxy, and `framed` goes
/// to the server of HTTP/2.
pub(super) fn options(config: &str, plain: SocketAddr, framed: SocketAddr) -> Result<EnvoyOptions> {
    let mut options =
        EnvoyOptions::new(pieces::envoy()?, plain).filter(pieces::filter()?, config.to_owned());
    options.stats_config = STATS_YAML.to_owned();
    options.workers = 2;
    let frames = json!(FRAMES_MAX);
    let streams = json!({"max_concurrent_streams": STREAMS_MAX, "max_outbound_frames": frames});
    options.connection_manager.insert("codec_type".to_owned(), json!("AUTO"));
    options.connection_manager.insert("http2_protocol_options".to_owned(), streams);
    options.clusters.push(cluster("plain", plain, &json!({"http_protocol_options": {}})));
    let http2 = json!({"max_concurrent_streams": PER_CONNECTION, "max_outbound_frames": frames});
    let http2 = json!({"http2_protocol_options": http2});
    options.clusters.push(cluster("framed", framed, &http2));
    let route = |prefix: &str, route: Option<&str>, action: &str, value: Value| {
        let matched = match route {
            None => json!({"prefix": prefix}),
            Some(name) => json!({
                "prefix": prefix,
                "headers": [{"name": "x-route", "string_match": {"exact": name}}],
            }),
        };
        json!({"match": matched, action: value})
    };
    let to = |cluster: &str| json!({"cluster": cluster, "timeout": "0s"});
    let retry = json!({"retry_on": "reset", "num_retries": 2});
    options.routes = vec![
        route("/", Some("none"), "direct_response", json!({"status": 429})),
        route("/", Some("short"), "route", json!({"cluster": "plain", "timeout": "0.4s"})),
        route(
            "/",
            Some("retry"),
            "route",
            json!({"cluster": "plain", "timeout": "0s", "retry_policy": retry}),
        ),
        route("/", Some("framed"), "route", to("framed")),
        route("/inference.", None, "route", to("framed")),
        route("/", None, "route", to("plain")),
    ];
    Ok(options)
}

fn cluster(name: &str, address: SocketAddr, protocol: &Value) -> Value {
    const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    let many = json!([{
        "max_connections": STREAMS_MAX, "max_pending_requests": STREAMS_MAX,
        "max_requests": STREAMS_MAX, "max_retries": STREAMS_MAX,
    }]);
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "10s",
        "circuit_breakers": {"thresholds": many},
        "typed_extension_protocol_options": {OPTIONS: {
            "@type": format!("type.googleapis.com/{OPTIONS}"),
            "explicit_http_config": protocol,
        }},
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {
                "address": address.ip().to_string(), "port_value": address.port(),
            }}}}]}],
        },
    })
}

/// Those of the filter's metrics that say how streams ended.
const PAGE: &str = "/stats/prometheus?filter=driftline_(\
    requests_total|requests_in_flight|unmeasured_streams|read_problems|output_tokens|instances_total)";

async fn page(admin: SocketAddr) -> Result<Scrape> {
    let response = Request::get(PAGE).send(admin).await?;
    ensure!(response.status == 200, "the admin interface answered {}", response.status);
    Ok(Scrape::parse(&response.text())?.only_prefix(PREFIX))
}

/// The sum of all series of one name; 0 if there is none.
pub(super) fn sum(page: &Scrape, name: &str, labels: &[(&str, &str)]) -> u64 {
    page.value(&format!("{PREFIX}{name}"), labels).unwrap_or(0.0) as u64
}

/// How many streams have ended, as the filter counts them.
pub(super) fn ended(page: &Scrape) -> u64 {
    sum(page, "requests_total", &[]) + sum(page, "unmeasured_streams_total", &[])
}

/// How many requests there are in each outcome, and unmeasured streams for each reason; those that there are.
pub(super) fn by_outcome(page: &Scrape) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (series, value) in page.samples().filter(|(_, value)| *value != 0.0) {
        let label = match series.name.strip_prefix(PREFIX) {
            Some("requests_total") => series.label("outcome"),
            Some("unmeasured_streams_total") => series.label("reason"),
            _ => None,
        };
        if let Some(label) = label {
            *counts.entry(label.to_owned()).or_default() += value as u64;
        }
    }
    counts
}

/// Waits until so many streams have ended, and the counters rest; gives up after a while, and what it then sees is judged.
pub(super) async fn settled(admin: SocketAddr, streams: u64) -> Result<Scrape> {
    let started = Instant::now();
    let mut last = page(admin).await?;
    loop {
        tokio::time::sleep(POLL).await;
        let now = page(admin).await?;
        let is_over = streams <= ended(&now) && sum(&now, "requests_in_flight", &[]) == 0;
        if is_over && now == last || SETTLE_LIMIT < started.elapsed() {
            return Ok(now);
        }
        last = now;
    }
}

/// Envoy's own record: how many requests came in, over all protocols.
pub(super) async fn requests(envoy: &Envoy) -> Result<u64> {
    let stats = envoy.ask_admin("/stats?filter=^http.ingress.downstream_rq_total$").await?;
    let count = stats.trim().rsplit(' ').next().and_then(|count| count.parse().ok());
    count.with_context(|| format!("no count in {stats:?}"))
}

/// What Envoy says of a configuration that the filter refuses: a VM that was made to try it ends.
const REFUSED: &str = "Wasm VM failed Failed to configure base Wasm plugin";

/// What says that a VM was lost, in Envoy's words; empty if none was.
pub(super) async fn lost_vms(envoy: &Envoy) -> Result<Vec<String>> {
    let log = envoy.log();
    let said = |line: &&str| {
        let says =
            ["VM failed", "Uncaught", "unreachable"].iter().any(|words| line.contains(words));
        says && !line.contains(REFUSED)
    };
    let mut lost: Vec<String> = log.lines().filter(said).take(5).map(str::to_owned).collect();
    let stats = envoy.ask_admin(r"/stats?filter=^wasm\.").await?;
    let failures = stats.lines().filter(|line| {
        ["fail", "crash", "reload"].iter().any(|word| line.contains(word)) && !line.ends_with(": 0")
    });
    lost.extend(failures.map(str::to_owned));
    Ok(lost)
}
