//! `driftline feedback` against a real Envoy, with a profile that `driftline profile` made: what the command sums up is what
//! the proxy has counted.

use std::{collections::BTreeMap, fs, net::SocketAddr, process::Command};

use driftline_testbed::{
    client::Request,
    envoy::{Envoy, EnvoyOptions},
    pieces,
    scrape::Scrape,
    upstream::{Script, Upstream},
};
use serde_json::{Value, json};

use crate::input::Input;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/weather/");
const PREDICT: &str = "/v1/models/rain:predict";
/// Rows that the model was trained on, and then those that it is asked about.
const REFERENCE: usize = 3_000;
const ROWS: usize = 2_000;
/// Rows of one request for predictions.
const BATCH: usize = 50;

fn driftline() -> Command {
    Command::new(env!("CARGO_BIN_EXE_driftline"))
}

/// The weather with the score of each day in its last column.
fn weather() -> Vec<String> {
    let read = |name: &str| fs::read_to_string(format!("{FOLDER}{name}")).unwrap();
    let (weather, scores) = (read("rainfall_data.csv"), read("scores.csv"));
    let scores = scores.lines().map(|line| line.split(',').nth(1).unwrap());
    let lines = weather.lines().zip(scores).map(|(line, score)| format!("{line},{score}"));
    lines.take(1 + REFERENCE + ROWS).collect()
}

/// The profile of the first rows, as the command makes it.
fn profile_of(lines: &[String]) -> Value {
    let table = Input::new("weather.csv", lines.join("\n"));
    let output = driftline()
        .args(["profile", table.name(), "--model", "rain", "--rows", "1..3000"])
        .args(["--label", "rain", "--score", "score", "--prediction", "score"])
        .args(["--segment", "dew point"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs the command on a table; its exit status, what it sums up by name, and what it complains of.
fn feedback(table: &str, listen: SocketAddr, options: &[&str]) -> (bool, Counts, String) {
    let table = Input::new("labels.csv", table);
    let output = driftline()
        .args(["feedback", table.name(), "--to", &format!("http://{listen}")])
        .args(["--model", "rain"])
        .args(options)
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let counts = stdout.lines().filter_map(|line| {
        let (name, count) = line.trim().rsplit_once(' ')?;
        Some((name.trim().to_owned(), count.parse().ok()?))
    });
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.success(), counts.collect(), stderr)
}

type Counts = BTreeMap<String, f64>;

#[track_caller]
fn check(summary: &Counts, expected: &[(&str, usize)]) {
    for (name, count) in expected {
        assert_eq!(summary.get(*name), Some(&(*count as f64)), "{name} of {summary:?}");
    }
}

fn total(page: &Scrape, name: &str, labels: &[(&str, &str)]) -> usize {
    page.value(&format!("driftline_{name}_total"), labels).unwrap_or(0.0) as usize
}

async fn start(profile: &Value, upstream: &Upstream) -> Envoy {
    let config = json!({
        "models": [{"name": "rain", "profile": profile, "segments": [{"feature": "dew point"}]}],
        "feedback": {"secret": "s3cret"},
        "tick_milliseconds": 250,
    });
    let mut options = EnvoyOptions::new(pieces::envoy().unwrap(), upstream.address())
        .filter(pieces::filter().unwrap(), config.to_string());
    options.stats_config =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../envoy/stats.yaml")).unwrap();
    options.workers = 2;
    Envoy::start(options).await.unwrap()
}

/// Asks for the predictions of all rows after the reference, and waits until the filter has them.
async fn predict(lines: &[String], upstream: &Upstream, envoy: &Envoy) {
    for (number, batch) in lines[1 + REFERENCE..].chunks(BATCH).enumerate() {
        let cells: Vec<Vec<&str>> = batch.iter().map(|line| line.split(',').collect()).collect();
        let rows: Vec<_> =
            cells.iter().map(|cells| format!("[{}]", cells[1..9].join(","))).collect();
        let scores: Vec<_> = cells.iter().map(|cells| cells[10]).collect();
        let answer = format!("{{\"predictions\": [{}]}}", scores.join(","));
        upstream.push(Script::answer(200, "application/json", answer));
        let request =
            Request::post_json(PREDICT, format!("{{\"instances\": [{}]}}", rows.join(",")));
        let request = request.header("x-request-id", &format!("batch-{number}"));
        assert_eq!(request.send(envoy.listen()).await.unwrap().status, 200);
    }
    super::first_profile::wait_until("not all predictions are there", async || {
        let page = envoy.scrape().await.unwrap();
        (total(&page, "predictions_tracked", &[]) == ROWS).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_sums_up_is_what_a_real_envoy_has_counted() {
    const SECRET: [&str; 2] = ["--header", "x-driftline-secret: s3cret"];
    let lines = weather();
    let profile = profile_of(&lines);
    let upstream = Upstream::start().await.unwrap();
    let envoy = start(&profile, &upstream).await;
    predict(&lines, &upstream, &envoy).await;

    // By the id of the request and the row in it; some come twice, lead nowhere, or are no labels.
    let days = || lines[1 + REFERENCE..].iter().map(|line| line.split(',').collect::<Vec<_>>());
    let mut table = String::from("id,row,rain\n");
    for (number, cells) in days().enumerate() {
        table += &format!("batch-{},{},{}\n", number / BATCH, number % BATCH, cells[9]);
    }
    table += "batch-0,0,1\nbatch-0,1,0\nnowhere,0,1\nnowhere,1,1\nnowhere,2,1\nbatch-1,0,2\nbatch-1,1,\n";
    let (is_well, _, stderr) = feedback(&table, envoy.listen(), &["--label", "rain"]);
    assert!(!is_well && stderr.contains("(401)"), "{stderr}");
    let options = [&["--label", "rain", "--batch", "300"], &SECRET[..]].concat();
    let (is_well, summary, stderr) = feedback(&table, envoy.listen(), &options);
    assert!(!is_well && stderr.contains("1 of"), "{stderr}");
    check(
        &summary,
        &[
            ("rows read", ROWS + 7),
            ("without a label", 1),
            ("sent", ROWS + 6),
            ("accepted", ROWS),
            ("joined", ROWS),
            ("unmatched", 3),
            ("duplicate", 2),
            ("refused", 1),
            ("label_unusable", 1),
        ],
    );
    let page = envoy.scrape().await.unwrap();
    for outcome in ["joined", "unmatched", "duplicate"] {
        let counted = total(&page, "labels", &[("outcome", outcome)]);
        assert_eq!(Some(&(counted as f64)), summary.get(outcome), "{outcome}");
    }
    assert_eq!(total(&page, "feedback_refused", &[("reason", "label_unusable")]), 1);
    assert_eq!(total(&page, "feedback_requests", &[("outcome", "unauthorized")]), 1);
    assert_eq!(
        total(&page, "feedback_requests", &[("outcome", "accepted")]),
        (ROWS + 6).div_ceil(300)
    );

    // The same days with their scores beside them, whoever predicted them.
    let before = page;
    let table = [&lines[..1], &lines[1 + REFERENCE..]].concat().join("\n");
    let options =
        [&["--label", "rain", "--feature", "dew point", "--rows", "1..1500"], &SECRET[..]].concat();
    let (is_well, summary, stderr) = feedback(&table, envoy.listen(), &options);
    assert!(is_well, "{stderr}");
    check(&summary, &[("sent", 1_500), ("accepted", 1_500), ("joined", 0), ("refused", 0)]);
    let page = envoy.scrape().await.unwrap().difference(&before);
    assert_eq!(total(&page, "labels", &[("outcome", "with_prediction")]), 1_500);
    let quality = fs::read_to_string(format!("{FOLDER}quality.json")).unwrap();
    let quality: Value = serde_json::from_str(&quality).unwrap();
    let block = &quality["blocks"][2];
    assert_eq!(block["rows"], json!([3_000, 4_500]));
    for (name, actual, predicted) in
        [("tn", "0", "0"), ("fp", "0", "1"), ("fn", "1", "0"), ("tp", "1", "1")]
    {
        let labels = [("actual", actual), ("predicted", predicted)];
        assert_eq!(
            Some(total(&page, "confusion_rows", &labels) as u64),
            block[name].as_u64(),
            "{name}"
        );
    }
    let in_bins =
        total(&page, "segment_rows", &[]) - total(&page, "segment_rows", &[("bin", "none")]);
    assert_eq!(in_bins, 1_500);
    let received = upstream.received();
    assert!(received.iter().all(|it| it.path == PREDICT), "feedback ends at the filter");
}
