//! The same rows are the same values to the profiler and to the built filter: what `profiler-files/tests/vocabulary` shows
//! natively, in the module that ships, within the embedded host and a real Envoy.

use std::time::UNIX_EPOCH;
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use driftline_profiler::{Options, Settings, to_text};
use driftline_profiler_files::{Format, from_file};
use driftline_statistics::value::Precision;
use driftline_testbed::scrape::{Scrape, Series};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    expectation::PREFIX,
    script::{Request, Script},
    stage::{among_others, run, scrape, settings, start_envoy, world},
};

/// How long Envoy may take for what is due after 0.2 s.
const EVALUATION_LIMIT: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(50);

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tables")).join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

/// A configuration with the profile of this file, and the profile.
fn profiled(name: &str, target: Option<&str>) -> (String, Value) {
    let options = Options {
        settings: Settings::of("m"),
        target: target.map(str::to_owned),
        ..Options::default()
    };
    let made = from_file(&path(name), Format::of(&path(name)), &options, &mut |_| {});
    let profile = made.unwrap_or_else(|error| panic!("{name}: {error}")).profile;
    let profile: Value = serde_json::from_str(&to_text(&profile)).unwrap();
    let config = json!({
        "models": [{"name": "m", "profile": profile}],
        "endpoints": [{"path": "/invocations", "dialect": "mlflow", "model": "m"}],
        "rows_min": 100,
        "tick_milliseconds": 200,
    });
    (config.to_string(), profile)
}

/// A page, and where it is from.
type Page = (&'static str, Scrape);

const EMBEDDED: &str = "the embedded host";

/// Sends one request to a filter with this configuration, and lets it evaluate: in the embedded host, and in Envoy.
fn sent(config: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> [Page; 2] {
    let mut script = Script::post(path, "").answers(200, "{}");
    let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    script.request = Request::Post { path: path.into(), headers, body: vec![body] };
    played(config, &script)
}

fn played(config: &str, script: &Script) -> [Page; 2] {
    let _among_others = among_others();
    let world = world(config);
    run(&world, 0, script);
    world.advance(Duration::from_secs(10)).unwrap();
    let page = scrape(&world);
    let of_envoy = Runtime::new().unwrap().block_on(played_on_envoy(config, script, &page));
    [(EMBEDDED, page), ("Envoy", of_envoy)]
}

/// Envoy's page, once its windows have the rows that they have in the embedded host.
async fn played_on_envoy(config: &str, script: &Script, expected: &Scrape) -> Scrape {
    let (_envoy, host) = start_envoy(&settings(config)).await.unwrap();
    host.pass(script).await.unwrap();
    let started = Instant::now();
    let rows = format!("{PREFIX}feature_window_rows");
    loop {
        let page = host.scrape().await.unwrap();
        let is_rows = |(series, _): &(&Series, f64)| series.matches(&rows, &[("window", "fast")]);
        let differs = |(series, value): (&Series, f64)| page.exactly(series) != Some(value);
        if !expected.samples().filter(is_rows).any(differs) || EVALUATION_LIMIT < started.elapsed()
        {
            return page;
        }
        tokio::time::sleep(POLL).await;
    }
}

fn metric(page: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    page.value(&format!("{PREFIX}{name}"), labels).unwrap_or(0.0)
}

fn verdict(page: &Scrape, feature: &str) -> &'static str {
    let holds = |verdict: &&str| {
        let labels = [("feature", feature), ("window", "fast"), ("verdict", verdict)];
        metric(page, "feature_verdict", &labels) == 1.0
    };
    ["ok", "drift", "insufficient"].into_iter().find(holds).unwrap()
}

/// Live rows are those of the profile: no PSI, as many nulls, and no breach of its schema.
#[track_caller]
fn is_the_same(pages: &[Page], profile: &Value, what: &str) {
    for (host, page) in pages {
        is_the_same_on(page, profile, &format!("{what} on {host}"));
    }
}

#[track_caller]
fn is_the_same_on(page: &Scrape, profile: &Value, what: &str) {
    for feature in profile["features"].as_array().unwrap() {
        let name = feature["name"].as_str().unwrap();
        let psi = metric(page, "feature_psi_ppm", &[("feature", name), ("window", "fast")]);
        assert_eq!((psi, verdict(page, name)), (0.0, "ok"), "{what}: {name}");
        let rows = metric(page, "feature_window_rows", &[("feature", name), ("window", "fast")]);
        let counts = feature["bins"]["counts"].as_array().unwrap();
        assert_eq!(rows, counts.iter().filter_map(Value::as_f64).sum::<f64>(), "{what}: {name}");
        let nulls =
            metric(page, "feature_unbinned_total", &[("feature", name), ("reason", "null")]);
        assert_eq!(Some(nulls), feature["nulls"].as_f64(), "{what}: {name}");
        for breach in ["wrong_type", "not_finite", "out_of_range", "novel_category"] {
            let labels = [("feature", name), ("reason", breach)];
            assert_eq!(metric(page, "schema_violations_total", &labels), 0.0, "{what}: {name}");
        }
    }
}

#[test]
fn tenths_are_the_same_in_every_precision() {
    let lines = text("tenths.csv");
    let rows: Vec<f64> = lines
        .lines()
        .skip(1)
        .flat_map(|line| line.split(','))
        .map(|x| x.parse().unwrap())
        .collect();
    let count = rows.len() / 2;
    let raw = |datatype: &str, bytes: Vec<u8>| {
        let document = json!({"inputs": [{
            "name": "input-0", "shape": [count, 2], "datatype": datatype,
            "parameters": {"binary_data_size": bytes.len()},
        }]})
        .to_string();
        let length = document.len().to_string();
        (length, [document.into_bytes(), bytes].concat())
    };
    let singles = raw("FP32", rows.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect());
    let brain = |x: &f64| (Precision::Brain.round(*x) as f32).to_le_bytes()[2..].to_vec();
    let brains = raw("BF16", rows.iter().flat_map(brain).collect());
    for (what, (length, body)) in [("FP32", singles), ("BF16", brains)] {
        let (config, profile) = profiled("tenths.csv", None);
        let headers = [
            ("content-type", "application/octet-stream"),
            ("inference-header-content-length", length.as_str()),
        ];
        is_the_same(&sent(&config, "/v2/models/m/infer", &headers, body), &profile, what);
    }
    let (config, profile) = profiled("tenths.csv", None);
    let instances: Vec<[f64; 2]> =
        rows.chunks(2).map(|row| [row[0], row[1]].map(|x| f64::from(x as f32))).collect();
    let body = json!({"instances": instances}).to_string().into_bytes();
    let page = sent(&config, "/v1/models/m:predict", &[("content-type", "application/json")], body);
    is_the_same(&page, &profile, "float32.tolist()");
}

#[test]
fn files_that_come_live_as_they_are_say_the_same() {
    for name in ["nan20.csv", "adult_like.csv", "tenths.csv", "collapse.csv"] {
        let (config, profile) = profiled(name, None);
        let headers = [("content-type", "text/csv")];
        is_the_same(&sent(&config, "/invocations", &headers, text(name).into()), &profile, name);
    }
    // As pandas makes records of it, which keep the blank.
    let (config, profile) = profiled("adult_like.csv", None);
    let lines = text("adult_like.csv");
    let cells = lines.lines().skip(1).map(|line| line.split_once(',').unwrap());
    let records: Vec<Value> = cells
        .map(|(age, class)| json!({"age": age.parse::<u32>().unwrap(), " workclass": class}))
        .collect();
    let body = json!({"dataframe_records": records}).to_string().into_bytes();
    let page = sent(&config, "/invocations", &[("content-type", "application/json")], body);
    is_the_same(&page, &profile, "records");
}

#[test]
fn a_column_that_loses_its_values_drifts_and_says_why() {
    let lines = text("collapse.csv");
    let rows: Vec<(&str, &str)> =
        lines.lines().skip(1).map(|line| line.split_once(',').unwrap()).collect();
    let cell = |what: &str, row: usize, x: &str| match what {
        "half NaN" if !row.is_multiple_of(2) => x.to_owned(),
        "NaN" | "half NaN" => "NaN".into(),
        "quotes" => format!("\"{x}\""),
        _ => "null".into(),
    };
    let ways = [("NaN", "null"), ("quotes", "wrong_type"), ("half NaN", "null"), ("null", "null")];
    for (what, reason) in ways {
        let (config, _) = profiled("collapse.csv", None);
        let row =
            |(number, (a, b)): (usize, &(&str, &str))| format!("[{}, {b}]", cell(what, number, a));
        let instances: Vec<String> = rows.iter().enumerate().map(row).collect();
        let body = format!("{{\"instances\": [{}]}}", instances.join(",")).into_bytes();
        let headers = [("content-type", "application/json")];
        let pages = sent(&config, "/v1/models/m:predict", &headers, body);
        let lost = rows.len() as f64 / if what == "half NaN" { 2.0 } else { 1.0 };
        let labels = [("feature", "a"), ("reason", reason)];
        for (host, page) in &pages {
            let verdicts = (verdict(page, "a"), verdict(page, "b"));
            assert_eq!(verdicts, ("drift", "ok"), "{what} on {host}");
            let unbinned = metric(page, "feature_unbinned_total", &labels);
            assert_eq!(unbinned, lost, "{what} on {host}");
            // Envoy's clock of spans counts from when the machine started.
            if *host != EMBEDDED {
                let labels = [("feature", "a"), ("role", "feature")];
                let started = metric(page, "feature_drift_started_timestamp_seconds", &labels);
                let now = UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
                assert!((now - started).abs() < 600.0, "{what} on {host}: {started} at {now}");
            }
        }
    }
}

#[test]
fn the_label_of_a_classification_is_the_category() {
    let (config, profile) = profiled("classes.csv", Some("y"));
    let lines = text("classes.csv");
    let rows: Vec<(&str, &str)> =
        lines.lines().skip(1).map(|line| line.split_once(',').unwrap()).collect();
    let inputs: Vec<u32> = rows.iter().map(|row| row.0.parse().unwrap()).collect();
    let labels: Vec<String> =
        rows.iter().zip(1..).map(|(row, n)| format!("0.{n:06}:{}:{}", n % 3, row.1)).collect();
    let tensor = |name: &str, datatype: &str, data: Value| json!({"name": name, "shape": [rows.len()], "datatype": datatype, "data": data});
    let request = json!({"inputs": [tensor("a", "INT64", json!(inputs))]}).to_string();
    let answer = json!({"outputs": [tensor("y", "BYTES", json!(labels))]}).to_string();
    let pages = played(&config, &Script::post("/v2/models/m/infer", request).answers(200, answer));
    is_the_same(&pages, &profile, "the inputs");
    let labels = [("role", "prediction"), ("window", "fast")];
    for (host, page) in &pages {
        assert_eq!(metric(page, "feature_psi_ppm", &labels), 0.0, "{host}");
        assert_eq!(metric(page, "feature_window_rows", &labels), rows.len() as f64, "{host}");
        assert_eq!(verdict(page, "prediction"), "ok", "{host}");
    }
}
