//! The filter's clock against a client's on the same machine, stream by stream. It is a measurement, so it looks at
//! medians and leaves single streams alone, and a machine that keeps no time is not measured.

use std::time::{Duration, Instant};

use driftline_testbed::{
    client::{Connection, HangUp},
    llm::{LlmServer, Pace},
    machine,
    stream_client::ask_over,
};

use crate::{
    expectation::PREFIX,
    phrases::CONFIG,
    stage::{Host, Network, alone, settings},
};

const STREAMS: usize = 50;
const PACE: Pace = Pace {
    first_token: Duration::from_millis(20),
    gap: Duration::from_millis(8),
    jitter: 0.2,
    spread: 0.0,
    tokens: 20,
    usage: true,
    keep_alive_comment: true,
};
const TTFT_TOLERANCE: Duration = Duration::from_millis(2);
const TPOT_TOLERANCE: f64 = 0.02;
/// A machine that is later than this at more than one moment in ten says more of itself than of the filter.
const MACHINE_TOLERANCE: Duration = Duration::from_millis(1);
const COUNTED_LIMIT: Duration = Duration::from_secs(10);

/// How far the filter was off in one stream.
struct Deviation {
    ttft: Duration,
    /// As a share of the client's.
    tpot: f64,
}

/// What the filter has counted: the exact sums beside its histograms, in microseconds, and the samples in them.
#[derive(Clone, Copy)]
pub(crate) struct Sums {
    pub(crate) ttft: f64,
    tpot: f64,
    samples: f64,
}

pub(crate) async fn sums(host: &Host) -> Sums {
    let page = host.scrape().await.unwrap();
    let sum = |name: &str| page.value(&format!("{PREFIX}{name}"), &[]).unwrap_or(0.0);
    Sums {
        ttft: sum("time_to_first_token_microseconds_total"),
        tpot: sum("time_per_output_token_microseconds_total"),
        samples: sum("time_to_first_token_observations_total")
            .min(sum("time_per_output_token_observations_total")),
    }
}

/// Waits until one more stream is counted.
pub(crate) async fn one_more(host: &Host, before: Sums) -> Sums {
    let started = Instant::now();
    let mut last = before;
    loop {
        let now = sums(host).await;
        // Twice the same: the filter adds to its sums one after another.
        if now.samples == before.samples + 1.0 && (now.ttft, now.tpot) == (last.ttft, last.tpot) {
            return now;
        }
        assert!(started.elapsed() < COUNTED_LIMIT, "{}: a stream was not counted", host.name());
        last = now;
    }
}

async fn measure(host: &Host) -> Vec<Deviation> {
    let mut connection = Connection::open(host.listen()).await.unwrap();
    let mut deviations = Vec::new();
    let mut before = sums(host).await;
    for _ in 0..STREAMS {
        let seen = ask_over(&mut connection, "demo-llm", "hello", HangUp::Never).await.unwrap();
        assert_eq!(seen.tokens(), 20, "{}", host.name());
        let after = one_more(host, before).await;
        let (ttft, tpot) = (seen.ttft().unwrap(), seen.tpot().unwrap());
        let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
        let off = (after.ttft - before.ttft - micros(ttft)).abs();
        deviations.push(Deviation {
            ttft: Duration::from_secs_f64(off / 1e6),
            tpot: ((after.tpot - before.tpot) / micros(tpot) - 1.0).abs(),
        });
        before = after;
    }
    deviations
}

pub(crate) fn median<T: Copy + PartialOrd>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
    values[values.len() / 2]
}

#[test]
fn the_filter_measures_what_a_client_measures() {
    let _alone = alone();
    let Some(machine) = machine::watch(MACHINE_TOLERANCE) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(LlmServer::start(PACE)).unwrap();
    let network = Network::start(settings(CONFIG).upstream(server.address()));
    for host in [&network.envoy, &network.embedded] {
        let deviations = network.block_on(measure(host));
        if !machine.kept_time() {
            return;
        }
        let ttft = median(deviations.iter().map(|deviation| deviation.ttft));
        let tpot = median(deviations.iter().map(|deviation| deviation.tpot));
        eprintln!(
            "{}: median deviation of TTFT {ttft:?}, of TPOT {:.3} %",
            host.name(),
            100.0 * tpot
        );
        assert!(ttft <= TTFT_TOLERANCE, "{}: TTFT is off by {ttft:?} in the median", host.name());
        assert!(tpot <= TPOT_TOLERANCE, "{}: TPOT is off by {tpot} in the median", host.name());
    }
}
