//! What simulated time costs with the real filter: many streams with faults, and a year of ticks. Results are asserted.
//!
//! `cargo xtask bench --bench simulator` builds the filter first.

mod weather;

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use driftline_testbed::pieces;
use host_sim::{
    Chunking, Clock, Faults, Filter, Pace, Recording, Step, World, WorldOptions, stats::StatsConfig,
};

const STREAMS: u64 = 1_000;
const FAULTS_PERCENT: u8 = 20;
const WORKERS: usize = 4;
const HOURS: u64 = 10_000;
/// Where virtual time begins, since 1970.
const EPOCH: Duration = Duration::from_secs(1_790_000_000);

fn main() -> Result<()> {
    let filter = Filter::from_bytes(&fs::read(pieces::filter()?)?)?;

    let (first, took) = streams(&filter, 1)?;
    println!(
        "{STREAMS} streams on {WORKERS} workers, {FAULTS_PERCENT} % of them with a fault: {took:.2?}"
    );
    ensure!(first == streams(&filter, 1)?.0, "one seed gave two scrapes");
    ensure!(first != streams(&filter, 2)?.0, "two seeds gave one scrape");

    let took = ticks(&filter)?;
    println!("{HOURS} hours of the evaluator's ticks, one a minute, eight features: {took:.2?}");
    Ok(())
}

/// Plays the streams of a seed; gives the scrape, and the time from an empty world to it.
fn streams(filter: &Filter, seed: u64) -> Result<(String, Duration)> {
    let start = Instant::now();
    let mut options = WorldOptions::with_config(r#"{"models":[{"name":"demo-llm"}]}"#);
    options.allow_on_headers_stop_iteration = true;
    options.workers = WORKERS;
    options.seed = seed;
    options.clock = Clock::virtual_from(EPOCH);
    options.stats = StatsConfig::from_yaml(include_str!("../envoy/stats.yaml"))?;
    let world = World::new(filter, options)?;
    let mut faults = Faults::new(seed, FAULTS_PERCENT);
    let recordings: Vec<Recording> = (0..STREAMS)
        .map(|index| {
            let mut recording = answer(index).chunked(Chunking::Fuzzed(seed ^ index));
            faults.break_some(&mut recording);
            recording
        })
        .collect();
    let outcomes = world.play(&recordings, Pace::Virtual)?;
    ensure!(outcomes.len() as u64 == STREAMS, "{} outcomes", outcomes.len());
    let scrape = world.stats().prometheus();
    let counted: u64 = scrape
        .lines()
        .filter(|line| line.starts_with("driftline_requests_total{"))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum();
    ensure!(counted == STREAMS, "{counted} requests were counted");
    Ok((scrape, start.elapsed()))
}

/// A streamed chat completion of 20 tokens.
fn answer(index: u64) -> Recording {
    let mut recording = Recording::new("POST", "/v1/chat/completions");
    recording.start_us = index * 1_500;
    recording.steps = vec![
        Step::request_data(0, br#"{"model":"demo-llm","stream":true}"#),
        Step::RequestEnd { at_us: 10 },
        Step::Response {
            at_us: 40_000,
            status: 200,
            headers: vec![("content-type".to_owned(), "text/event-stream".to_owned())],
            ended: false,
        },
    ];
    let token = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"}}]}\n\n";
    for number in 0..20 {
        recording.steps.push(Step::response_data(50_000 + number * 20_000, token));
    }
    recording.steps.push(Step::response_data(450_000, b"data: [DONE]\n\n"));
    recording.steps.push(Step::ResponseEnd { at_us: 460_000 });
    recording
}

/// Lets the hours pass with the weather's profile; gives the time that took.
fn ticks(filter: &Filter) -> Result<Duration> {
    let profile = weather::profile()?;
    let config = format!(
        r#"{{"models":[{{"name":"rain","profile":{profile}}}],"tick_milliseconds":60000}}"#
    );
    let mut options = WorldOptions::with_config(config);
    options.allow_on_headers_stop_iteration = true;
    options.clock = Clock::virtual_from(EPOCH);
    let world = World::new(filter, options)?;
    let start = Instant::now();
    world.advance(Duration::from_secs(HOURS * 3_600))?;
    let took = start.elapsed();
    let evaluations = world
        .stats()
        .counter_value("driftline_evaluations_total")
        .context("no evaluations were counted")?;
    ensure!(evaluations == HOURS * 60, "{evaluations} evaluations");
    Ok(took)
}
