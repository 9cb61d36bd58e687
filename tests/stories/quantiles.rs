//! Quantiles as Prometheus reads them from the filter's histograms, against what the clients themselves saw of a server
//! whose latencies are spread log-normally. It is a measurement, and a machine that keeps no time is not measured.

use std::{net::SocketAddr, time::Duration};

use driftline_metrics::{
    buckets::Buckets,
    catalogue::{Definition, Metric},
};
use driftline_testbed::{
    client::{Connection, HangUp},
    llm::{LlmServer, Pace},
    machine, pieces,
    prometheus::{Prometheus, PrometheusOptions},
    stream_client::{Timing, ask_over},
};
use serde_json::json;
use tokio::{
    runtime::Runtime,
    time::{Instant, sleep},
};

use crate::{
    phrases::CONFIG,
    stage::{alone, settings, start_envoy},
};

const MODEL: &str = "demo-llm";
const STREAMS: usize = 1000;
const CLIENTS: usize = 16;
const PACE: Pace = Pace {
    first_token: Duration::from_millis(60),
    gap: Duration::from_millis(6),
    jitter: 0.0,
    spread: 0.6,
    tokens: 10,
    usage: true,
    keep_alive_comment: false,
};
const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];
/// Of what the clients saw, as a share of it.
const TOLERANCE: f64 = 0.15;
/// What lies between a client and the filter before it.
const WAY: Duration = Duration::from_millis(2);
const MACHINE_TOLERANCE: Duration = Duration::from_millis(10);
const SCRAPE: &str = "500ms";
const LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(200);

/// A time of an exchange, as the clients saw it.
type Seen = fn(&Timing) -> Option<Duration>;

const TIMES: [(Metric, Seen); 3] = [
    (Metric::TimeToFirstToken, Timing::ttft),
    (Metric::TimePerOutputToken, Timing::tpot),
    (Metric::RequestDuration, |timing| Some(timing.end_to_end)),
];

#[test]
fn quantiles_of_prometheus_are_those_of_the_clients() {
    let _alone = alone();
    let Some(machine) = machine::watch(MACHINE_TOLERANCE) else { return };
    let faults = Runtime::new().unwrap().block_on(compare());
    assert!(faults.is_empty() || !machine.kept_time(), "\n{}", faults.join("\n"));
}

async fn compare() -> Vec<String> {
    let server = LlmServer::start(PACE).await.unwrap();
    let (envoy, host) = start_envoy(&settings(CONFIG).upstream(server.address())).await.unwrap();
    let targets = json!([{"targets": [envoy.admin().to_string()]}]);
    let mut options = PrometheusOptions::scraping(&targets, SCRAPE, SCRAPE);
    let mut native = options.config["scrape_configs"][0].clone();
    native["job_name"] = json!("native");
    native["params"] = json!({"histogram_buckets": ["prometheusnative"]});
    options.config["scrape_configs"].as_array_mut().unwrap().push(native);
    options.features = vec!["native-histograms".into()];
    let prometheus = Prometheus::start(&pieces::prometheus().unwrap(), options).await.unwrap();
    // A first stream, and two scrapes, so that whatever follows is growth. And one that is given up: this Prometheus takes a
    // metric for a native histogram by the first of its series alone, which is that of streams that were given up.
    let mut connection = Connection::open(host.listen()).await.unwrap();
    let given_up = HangUp::AfterTimes(3, "word".into());
    ask_over(&mut connection, MODEL, "hello", given_up).await.unwrap();
    drop(connection);
    client(host.listen(), 1).await;
    wait_for(&prometheus, 1).await;
    sleep(Duration::from_secs(2)).await;

    let started = Instant::now();
    let listen = host.listen();
    let clients: Vec<_> =
        (0..CLIENTS).map(|_| tokio::spawn(client(listen, STREAMS / CLIENTS))).collect();
    let mut timings = Vec::new();
    for client in clients {
        timings.extend(client.await.unwrap());
    }
    wait_for(&prometheus, 1 + timings.len()).await;
    let window = started.elapsed().as_secs() + 5;

    let mut faults = Vec::new();
    for (metric, seen) in TIMES {
        let mut times: Vec<f64> =
            timings.iter().filter_map(seen).map(|time| time.as_secs_f64() * 1e6).collect();
        times.sort_by(f64::total_cmp);
        assert_eq!(times.len(), timings.len());
        for quantile in QUANTILES {
            let exact = times[(quantile * times.len() as f64) as usize];
            let Definition { name, scale, .. } = metric.definition();
            let classic = format!(
                r#"histogram_quantile({quantile}, sum by (le) (rate({name}_bucket{{model="{MODEL}",result="success",job="driftline"}}[{window}s])))"#
            );
            let native = format!(
                r#"histogram_quantile({quantile}, sum(rate({name}{{model="{MODEL}",result="success",job="native"}}[{window}s])))"#
            );
            let mut queries = vec![("bounds", classic)];
            // Of a stream that was given up there is no TPOT.
            if metric != Metric::TimePerOutputToken {
                queries.push(("native", native));
            }
            for (kind, query) in queries {
                let found = prometheus.query(&query).await.unwrap();
                let [(_, found)] = &found[..] else { panic!("{query}: {found:?}") };
                let off = found / exact - 1.0;
                println!(
                    "{name} {quantile} {kind}: {exact:.0}, found {found:.0}, {:.1} %",
                    off * 100.0
                );
                let bounds = Buckets::Fine.bounds(scale.unwrap());
                let place = bounds.partition_point(|&bound| (bound as f64) < *found);
                let width = (bounds[place] - bounds[place - 1]) as f64 + WAY.as_secs_f64() * 1e6;
                if TOLERANCE < off.abs() || width < (found - exact).abs() {
                    faults.push(format!("{kind}: {query}: {found} where clients saw {exact}"));
                }
            }
        }
    }
    faults
}

async fn client(proxy: SocketAddr, streams: usize) -> Vec<Timing> {
    let mut connection = Connection::open(proxy).await.unwrap();
    let mut timings = Vec::new();
    for _ in 0..streams {
        timings.push(ask_over(&mut connection, MODEL, "hello", HangUp::Never).await.unwrap());
    }
    timings
}

/// Waits until Prometheus has scraped that so many streams ended, both ways.
async fn wait_for(prometheus: &Prometheus, streams: usize) {
    let name = Metric::RequestDuration.definition().name;
    let queries = [
        format!(r#"sum({name}_count{{model="{MODEL}",result="success",job="driftline"}})"#),
        format!(r#"histogram_count({name}{{model="{MODEL}",result="success",job="native"}})"#),
    ];
    let started = Instant::now();
    for query in queries {
        loop {
            let found = prometheus.query(&query).await.unwrap();
            if found.iter().any(|(_, value)| *value == streams as f64) {
                break;
            }
            assert!(started.elapsed() < LIMIT, "{query}: {found:?}, expected {streams}");
            sleep(POLL).await;
        }
    }
}
