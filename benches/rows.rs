//! What a row of 50 numbers costs in the built filter, parse included: KServe V1, a profile of 50 features of 20 bins.
//! The rows that were counted are asserted.
//!
//! `cargo xtask bench --bench rows` builds the filter first. Requests of one row and of many, and a world whose model
//! has no profile, take turns, so that a noisy machine disturbs all of them.

mod measured;

use std::{fmt::Write, fs, time::Duration};

use anyhow::{Result, ensure};
use driftline_support::uniform_profile;
use driftline_testbed::pieces;
use host_sim::{Filter, World};
use serde_json::json;

use self::measured::world;

const FEATURES: usize = 50;
const BINS: usize = 20;
const ROUNDS: usize = 200;
/// Requests of one row in a round.
const SMALL_REQUESTS: usize = 5;
/// Rows of the large request.
const ROWS: usize = 101;
/// As large as what a busy proxy hands over at once.
const PIECE_BYTES: usize = 16 << 10;
/// What a row may take.
const BUDGET_US: f64 = 15.0;

fn main() -> Result<()> {
    let filter = Filter::from_bytes(&fs::read(pieces::filter()?)?)?;
    let watched = world(
        &filter,
        &json!({"models": [{"name": "m", "profile": uniform_profile::profile(FEATURES, BINS)}]}),
    )?;
    let undeclared = world(&filter, &json!({"models": [{"name": "n"}]}))?;
    println!(
        "a row of {FEATURES} numbers in wasm, {BINS} bins each, the fastest of {ROUNDS} rounds:\n"
    );
    println!("{:<44} {:>12} {:>12} {:>12}", "", "one row, us", "undeclared", "next row, us");
    let mut rows = 0;
    let mut worst: f64 = 0.0;
    for (name, digits) in
        [("numbers with 3 digits, as measured", 3), ("numbers with 17 digits, as scaled", 17)]
    {
        let (one, many) = (body(1, digits), body(ROWS, digits));
        let (mut small, mut bare, mut large) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            small.push(time(&watched, &one, SMALL_REQUESTS)?);
            bare.push(time(&undeclared, &one, SMALL_REQUESTS)?);
            large.push(time(&watched, &many, 1)?);
            rows += SMALL_REQUESTS + ROWS;
        }
        let (small, bare, large) = (fastest(&small), fastest(&bare), fastest(&large));
        let each = (large - small) / (ROWS - 1) as f64;
        println!("{name:<44} {small:>12.2} {bare:>12.2} {each:>12.2}");
        worst = worst.max(each).max(small - bare);
    }
    let counted = watched.stats().counter_value("driftline_instances_total.model=.=m;.;");
    ensure!(counted == Some(rows as u64), "{counted:?} rows were counted, not {rows}");
    let seen = watched.stats().text().lines().filter(|line| is_binned(line)).count();
    ensure!(seen == FEATURES * BINS, "values fell in {seen} bins");
    ensure!(worst < BUDGET_US, "a row took {worst:.2} us, more than {BUDGET_US}");
    Ok(())
}

/// Whether a line of the host's statistics is a bin that has rows.
fn is_binned(line: &str) -> bool {
    line.starts_with("wasmcustom.driftline_feature_bin_total.") && !line.ends_with(": 0")
}

/// Microseconds within the filter for one such request, all of its callbacks together.
fn time(world: &World, body: &str, requests: usize) -> Result<f64> {
    let spent = || world.costs().rows.values().map(|cost| cost.time).sum::<Duration>();
    let before = spent();
    for _ in 0..requests {
        let headers = [("content-type", "application/json")];
        let mut exchange = world.exchange(0).request("POST", "/v1/models/m:predict", &headers);
        for piece in body.as_bytes().chunks(PIECE_BYTES) {
            exchange = exchange.request_chunk(piece.to_vec());
        }
        let outcome = exchange.request_end().answer(200, "{}").outcome();
        ensure!(outcome.status() == Some(200), "status {:?}", outcome.status());
    }
    Ok((spent() - before).as_secs_f64() * 1e6 / requests as f64)
}

/// So many rows whose numbers have so many digits and fall in all bins.
fn body(rows: usize, digits: usize) -> String {
    let mut text = String::from("{\"instances\":[");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ digits as u64;
    for row in 0..rows {
        text.push_str(if row == 0 { "[" } else { ",[" });
        for feature in 0..FEATURES {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let value = (state >> 11) as f64 / (1_u64 << 53) as f64 * BINS as f64;
            let comma = if feature == 0 { "" } else { "," };
            let _ = match digits {
                3 => write!(text, "{comma}{value:.2}"),
                _ => write!(text, "{comma}{value}"),
            };
        }
        text.push(']');
    }
    text + "]}"
}

/// Whatever else the machine does only adds.
fn fastest(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}
