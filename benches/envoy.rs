//! What the filter adds to Envoy: processor time of a bare Envoy and of one with the filter, side by side in one run.
//!
//! Two Envoys run at once and take the same traffic in turns, so that a noisy machine disturbs both. What is
//! compared is the processor time that the kernel books for each process, not the time that passes. It needs what
//! `cargo xtask setup` installs; `cargo xtask bench` runs it with that.

mod weather;

use std::{fs, net::SocketAddr, time::Duration};

use anyhow::{Context, Result, ensure};
use driftline_testbed::{
    client::{Connection, Request},
    envoy::{Envoy, EnvoyOptions},
    pieces,
    upstream::{Script, Upstream},
};

const ROUNDS: usize = 7;
const STREAMS: usize = 4;
const EVENTS: usize = 500;
const PREDICT_REQUESTS: usize = 400;
const ROWS_PER_REQUEST: usize = 10;

const STATS_CONFIG: &str = include_str!("../envoy/stats.yaml");

fn main() -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> Result<()> {
    let upstream = Upstream::start().await?;
    let event = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" token"},"finish_reason":null}]}"#;
    let mut events = vec![format!("{event}\n\n"); EVENTS];
    events.push("data: [DONE]\n\n".to_owned());
    upstream.on_path("/v1/chat/completions", Script::events(events, Duration::from_millis(1)));
    let predictions = ["0"; ROWS_PER_REQUEST].join(",");
    upstream.on_path(
        "/v1/models/rain:predict",
        Script::answer(200, "application/json", format!(r#"{{"predictions":[{predictions}]}}"#)),
    );

    let mut options = EnvoyOptions::new(pieces::envoy()?, upstream.address());
    options.stats_config = STATS_CONFIG.to_owned();
    let bare = Envoy::start(options.clone()).await?;
    let filtered = Envoy::start(options.filter(pieces::filter()?, config()?)).await?;

    println!(
        "Envoy's processor time, filter against none, medians of {ROUNDS} alternating rounds:\n"
    );
    println!("{:<58} {:>8} {:>8} {:>6}", "", "none", "filter", "ratio");
    let chunks = (STREAMS * EVENTS) as f64;
    report("a chunk of a paced SSE stream, us", &bare, &filtered, chunks, stream).await?;
    report(
        &format!("a prediction request with {ROWS_PER_REQUEST} rows of 8 features, us"),
        &bare,
        &filtered,
        PREDICT_REQUESTS as f64,
        predict,
    )
    .await?;

    // The filter must have done the work whose cost was measured.
    let scrape = filtered.scrape().await?;
    let streams = scrape
        .value("driftline_requests_total", &[("model", "m"), ("outcome", "complete")])
        .context("no streams in the scrape")?;
    let rows = scrape
        .value("driftline_instances_total", &[("model", "rain")])
        .context("no rows in the scrape")?;
    ensure!(0.0 < streams && 0.0 < rows, "the filter saw {streams} streams and {rows} rows");
    Ok(())
}

/// Runs the traffic through both in turns and prints the processor time of one unit.
async fn report<F: Future<Output = Result<()>>>(
    what: &str,
    bare: &Envoy,
    filtered: &Envoy,
    units: f64,
    traffic: impl Fn(SocketAddr) -> F,
) -> Result<()> {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    // The first round warms caches up and does not count.
    for round in 0..=ROUNDS {
        for (envoy, times) in [(bare, &mut without), (filtered, &mut with)] {
            let before = processor_time(envoy)?;
            traffic(envoy.listen()).await?;
            let spent = processor_time(envoy)? - before;
            if round != 0 {
                times.push(spent.as_secs_f64() * 1e6 / units);
            }
        }
    }
    let (without, with) = (median(without), median(with));
    println!("{what:<58} {without:>8.1} {with:>8.1} {:>6.2}", with / without);
    Ok(())
}

async fn stream(address: SocketAddr) -> Result<()> {
    let ask = || async move {
        let request = Request::post_json("/v1/chat/completions", r#"{"model":"m","stream":true}"#);
        let response = request.send(address).await?;
        ensure!(response.status == 200, "status {}", response.status);
        Ok(())
    };
    tokio::try_join!(ask(), ask(), ask(), ask())?;
    Ok(())
}

async fn predict(address: SocketAddr) -> Result<()> {
    let row = "[0.123456,-1.234567,0.5,1.75,-0.000123,2.5,-0.75,0.3333333]";
    let rows = [row; ROWS_PER_REQUEST].join(",");
    let request =
        Request::post_json("/v1/models/rain:predict", format!(r#"{{"instances":[{rows}]}}"#));
    let mut connection = Connection::open(address).await?;
    for _ in 0..PREDICT_REQUESTS {
        let response = connection.send(&request).await?;
        ensure!(response.status == 200, "status {}", response.status);
    }
    Ok(())
}

/// A language model, and a predictor with the profile of the weather data.
fn config() -> Result<String> {
    let profile = weather::profile()?;
    Ok(format!(r#"{{"models":[{{"name":"m"}},{{"name":"rain","profile":{profile}}}]}}"#))
}

/// What the kernel booked for all threads of the process.
fn processor_time(envoy: &Envoy) -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{}/task", envoy.process_id()))? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        let on_processor = text.split_whitespace().next().context("an empty schedstat")?;
        nanoseconds += on_processor.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
