//! Labels that come late, at whatever worker: each prediction is joined once, and the table of those that wait takes no more
//! memory than it has been given. Runs the built filter without a network.

use std::{fmt::Write, time::Duration};

use driftline_support::labelled_profile;
use host_sim::{Filter, World};
use serde_json::{Value, json};

use crate::{
    expectation::PREFIX,
    stage::{among_others, other_code, scrape, world_of},
};

const WORKERS: usize = 4;
const ROUNDS: usize = 10;
/// Predictions of a round, and of one request.
const PREDICTIONS: usize = 10_000;
const BATCH: usize = 100;
/// Rows of each request that are asked for again before their labels come.
const REPEATED: usize = 2;
/// Labels of one request, but for those that come twice.
const LABELS: usize = 500;
/// Every such label comes twice.
const TWICE_EVERY: usize = 20;
/// Room for seven of ten predictions of a round: 55 buckets.
const TABLE: usize = 7_040;
/// Predictions of the last round that get no label.
const WITHOUT_LABEL: usize = 2_000;
const PAGE_BYTES: usize = 64 << 10;

const FEEDBACK: &str = "/driftline/v1/feedback";
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

fn config(bytes_max: u64) -> String {
    json!({
        "models": [{"name": "rain", "profile": labelled_profile::binary()}],
        "feedback": {"predictions_max": TABLE, "bytes_max": bytes_max},
        "tick_milliseconds": 1000, "window_seconds": 3600,
    })
    .to_string()
}

/// The request of this number asks for the predictions of so many rows, the first ones.
fn predict(world: &World, worker: usize, request: usize, rows: usize) {
    let instances = vec!["[0.5]"; rows].join(",");
    let predictions = vec!["0.8"; rows].join(",");
    let id = format!("r{request}");
    let headers = [("content-type", "application/json"), ("x-request-id", &id)];
    let outcome = world
        .exchange(worker)
        .request("POST", "/v1/models/rain:predict", &headers)
        .request_last_chunk(format!(r#"{{"instances":[{instances}]}}"#))
        .response(200, &JSON)
        .response_last_chunk(format!(r#"{{"predictions":[{predictions}]}}"#))
        .outcome();
    assert_eq!(outcome.status(), Some(200));
}

/// Labels of these rows of requests.
fn labels(rows: &[(usize, usize)]) -> String {
    let mut text = String::from("[");
    for (request, row) in rows {
        let comma = if text.len() == 1 { "" } else { "," };
        write!(text, r#"{comma}{{"model":"rain","id":"r{request}","row":{row},"label":1}}"#)
            .unwrap();
    }
    text + "]"
}

fn counter(world: &World, name: &str, labels: &[(&str, &str)]) -> usize {
    let labels = [&[("model", "rain"), ("version", "3")], labels].concat();
    let value = scrape(world).value(&format!("{PREFIX}{name}"), &labels);
    value.unwrap_or_else(|| panic!("no {name}")) as usize
}

/// The linear memory of all VMs together.
fn linear_memory(world: &World) -> usize {
    let vms = (0..WORKERS).map(|number| world.worker(number)).chain([world.main()]);
    vms.map(|vm| vm.borrow().memory_bytes()).sum()
}

/// Bytes of what all VMs share: the table, and beside it the windows of one model.
fn check_shared(world: &World) {
    let bytes: usize = world.shared_data().values().iter().map(|value| value.len()).sum();
    let table = 32 * TABLE;
    assert!(
        (table..table + (4 << 10)).contains(&bytes),
        "{bytes} bytes, {table} of them the table"
    );
}

#[test]
fn a_hundred_thousand_labels_are_joined_once_at_whatever_worker_and_whatever_is_updated() {
    let _among_others = among_others();
    let mut world = world_of(WORKERS, &config(1 << 20));
    let (mut found, mut sent, mut replaced) = ([0; 3], 0, 0);
    let mut memory = None;
    for round in 0..ROUNDS {
        let (asked, labelled) = (round % WORKERS, (round + 1) % WORKERS);
        let requests = round * PREDICTIONS / BATCH..(round + 1) * PREDICTIONS / BATCH;
        for request in requests.clone() {
            predict(&world, asked, request, BATCH);
            // The retry of a client.
            predict(&world, asked, request, REPEATED);
            replaced += REPEATED;
        }
        let rows = requests.flat_map(|request| (0..BATCH).map(move |row| (request, row)));
        let is_last = round + 1 == ROUNDS;
        let rows: Vec<_> =
            rows.take(PREDICTIONS - if is_last { WITHOUT_LABEL } else { 0 }).collect();
        for (number, rows) in rows.chunks(LABELS).enumerate() {
            let all: Vec<_> =
                rows.iter().chain(rows.iter().step_by(TWICE_EVERY)).copied().collect();
            sent += all.len();
            let body = labels(&all);
            let told = match (round, number) {
                (4, 5) => over_an_update(&mut world, labelled, &body, |world| {
                    world.reconfigure(config(1 << 21)).unwrap();
                }),
                (6, 5) => over_an_update(&mut world, labelled, &body, |world| {
                    world.update_code(&Filter::from_bytes(&other_code()).unwrap()).unwrap();
                }),
                _ => over_an_update(&mut world, labelled, &body, |_| {}),
            };
            found.iter_mut().zip(told).for_each(|(all, told)| *all += told);
        }
        world.advance(Duration::from_secs(60)).unwrap();
        check_shared(&world);
        let now = linear_memory(&world);
        let grown = memory.map_or(0, |memory| now.saturating_sub(memory));
        // By a page of each VM where there is another configuration.
        assert!(
            grown <= if round < 4 { 0 } else { 5 * PAGE_BYTES },
            "{grown} bytes in round {round}"
        );
        memory.get_or_insert(now);
    }
    let [joined, unmatched, duplicate] = found;
    assert_eq!(joined + unmatched + duplicate, sent);
    for (outcome, count) in [("joined", joined), ("unmatched", unmatched), ("duplicate", duplicate)]
    {
        assert_eq!(counter(&world, "labels_total", &[("outcome", outcome)]), count, "{outcome}");
    }
    let tracked = counter(&world, "predictions_tracked_total", &[]);
    let evicted = counter(&world, "predictions_evicted_total", &[]);
    assert_eq!(counter(&world, "predictions_replaced_total", &[]), replaced);
    assert_eq!(tracked, ROUNDS * (PREDICTIONS + PREDICTIONS / BATCH * REPEATED));
    // The oldest three of ten of each round are overwritten, and those that wait at the end are among the newest.
    assert_eq!(evicted, ROUNDS * (PREDICTIONS - TABLE));
    assert_eq!(tracked, joined + evicted + WITHOUT_LABEL + replaced);
    assert_eq!(
        counter(&world, "confusion_rows_total", &[("actual", "1"), ("predicted", "1")]),
        joined
    );
    assert_eq!(counter(&world, "labelled_rows", &[("window", "fast")]), joined);
}

/// Sends feedback whose first half comes before an update and whose second half after it; how many records were joined,
/// unmatched and duplicates.
fn over_an_update(
    world: &mut World,
    worker: usize,
    body: &str,
    update: impl FnOnce(&mut World),
) -> [usize; 3] {
    let (first, second) = body.split_at(body.len() / 2);
    let exchange = world.exchange(worker).request("POST", FEEDBACK, &JSON);
    let exchange = exchange.request_chunk(first.to_owned());
    update(world);
    let outcome = exchange.request_last_chunk(second.to_owned()).outcome();
    assert_eq!(outcome.status(), Some(202), "{}", outcome.text());
    let answer: Value = serde_json::from_str(&outcome.text()).unwrap();
    ["joined", "unmatched", "duplicate"].map(|what| answer[what].as_u64().unwrap() as usize)
}
