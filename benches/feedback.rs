//! What late labels cost in the built filter, in time and in instructions: a prediction that is noted until its label comes,
//! and a label that finds it, in a table whose buckets are full. What was noted and joined is asserted.
//!
//! `cargo xtask bench --bench feedback` builds the filter first. Worlds with feedback and without it take turns, so that a
//! noisy machine disturbs both.

mod measured;

use std::{fmt::Write, fs, time::Duration};

use anyhow::{Result, ensure};
use driftline_support::labelled_profile;
use driftline_testbed::pieces;
use host_sim::{Filter, World};
use serde_json::json;

use self::measured::world;

/// Predictions that wait: 8 buckets.
const TABLE: usize = 1024;
/// Rows of a batch, and labels of a request.
const ROWS: usize = 101;
/// Batches that fill the table several times over before anything is measured.
const FILLING: usize = 100;
const ROUNDS: usize = 300;
/// Requests of one row in a round.
const SMALL_REQUESTS: usize = 5;
/// What it may take to note a prediction, and to join a label.
const NOTED_MAX_US: f64 = 3.0;
const JOINED_MAX_US: f64 = 5.0;

/// Of one row, of each further row of a batch, and of each further label of a request.
type Costs = [f64; 3];

fn main() -> Result<()> {
    let bytes = fs::read(pieces::filter()?)?;
    // To count instructions takes time, so the times are of a filter that does not.
    let us = measure(&Filter::from_bytes(&bytes)?, false)?;
    let instructions = measure(&Filter::metered(&bytes)?, true)?;
    println!("what late labels cost in wasm, the fastest of {ROUNDS} rounds:\n");
    println!("{:<52} {:>8} {:>14}", "", "us", "instructions");
    let names = [
        "noting the prediction of a request of one row",
        "noting each further prediction of a batch",
        "each label of a request with feedback, joined by id",
    ];
    for ((name, us), instructions) in names.iter().zip(us).zip(instructions) {
        println!("{name:<52} {us:>8.2} {instructions:>14.0}");
    }
    let [one, further, label] = us;
    ensure!(one.max(further) <= NOTED_MAX_US, "noting takes more than {NOTED_MAX_US} us");
    ensure!(label <= JOINED_MAX_US, "joining takes more than {JOINED_MAX_US} us");
    Ok(())
}

fn measure(filter: &Filter, by_instructions: bool) -> Result<Costs> {
    let model = json!({"name": "rain", "profile": labelled_profile::binary()});
    let with = world(filter, &json!({"models": [model], "feedback": {"predictions_max": TABLE}}))?;
    let without = world(filter, &json!({"models": [model]}))?;
    let mut next = 0;
    let mut request = |world: &World, rows: usize| -> Result<usize> {
        next += 1;
        predict(world, next, rows).map(|()| next)
    };
    for _ in 0..FILLING {
        request(&with, ROWS)?;
    }
    let spent = |world: &World| -> f64 {
        let costs = world.costs();
        let all = costs.rows.values();
        if by_instructions {
            return all.map(|cost| cost.instructions as f64).sum();
        }
        all.map(|cost| cost.time).sum::<Duration>().as_secs_f64() * 1e6
    };
    let mut fastest = [f64::INFINITY; 6];
    for _ in 0..ROUNDS {
        let mut found = [0.0; 6];
        for (world, of_world) in [(&with, 0), (&without, 2)] {
            let before = spent(world);
            for _ in 0..SMALL_REQUESTS {
                request(world, 1)?;
            }
            let between = spent(world);
            let batch = request(world, ROWS)?;
            let after = spent(world);
            found[of_world] = (between - before) / SMALL_REQUESTS as f64;
            found[of_world + 1] = after - between;
            if of_world == 0 {
                send(world, batch, 0..1)?;
                let one = spent(world);
                send(world, batch, 1..ROWS)?;
                (found[4], found[5]) = (one - after, spent(world) - one);
            }
        }
        fastest.iter_mut().zip(found).for_each(|(least, found)| *least = least.min(found));
    }
    let joined = (ROUNDS * ROWS) as u64;
    let tracked = (FILLING * ROWS + ROUNDS * (ROWS + SMALL_REQUESTS)) as u64;
    for (name, labels, expected) in [
        ("labels_total", "outcome=.=joined;.;", joined),
        ("predictions_tracked_total", "", tracked),
    ] {
        let name = format!("driftline_{name}.model=.=rain;.;version=.=3;.;{labels}");
        let found = with.stats().counter_value(&name);
        ensure!(found == Some(expected), "{name} is {found:?}, expected {expected}");
    }
    let [one, batch, one_without, batch_without, label, labels] = fastest;
    let further = (batch - batch_without - (one - one_without)) / (ROWS - 1) as f64;
    Ok([one - one_without, further, (labels - label) / (ROWS - 2) as f64])
}

/// The request of this number asks for the predictions of so many rows.
fn predict(world: &World, number: usize, rows: usize) -> Result<()> {
    let id = format!("8f14e45f-ceea-4672-8a3e-{number:012}");
    let headers = [("content-type", "application/json"), ("x-request-id", &*id)];
    let instances = vec!["[0.5]"; rows].join(",");
    let predictions = vec!["0.8125"; rows].join(",");
    let outcome = world
        .exchange(0)
        .request("POST", "/v1/models/rain:predict", &headers)
        .request_last_chunk(format!(r#"{{"instances":[{instances}]}}"#))
        .answer(200, format!(r#"{{"predictions":[{predictions}]}}"#))
        .outcome();
    ensure!(outcome.status() == Some(200), "status {:?}", outcome.status());
    Ok(())
}

/// Labels of these rows of a request.
fn send(world: &World, number: usize, rows: std::ops::Range<usize>) -> Result<()> {
    let mut text = String::from("[");
    for row in rows {
        let comma = if text.len() == 1 { "" } else { "," };
        let id = format!("8f14e45f-ceea-4672-8a3e-{number:012}");
        write!(text, r#"{comma}{{"id":"{id}","row":{row},"label":1}}"#)?;
    }
    let headers = [("content-type", "application/json")];
    let outcome = world
        .exchange(0)
        .request("POST", "/driftline/v1/feedback", &headers)
        .request_last_chunk(text + "]")
        .outcome();
    ensure!(outcome.status() == Some(202), "status {:?}: {}", outcome.status(), outcome.text());
    Ok(())
}
