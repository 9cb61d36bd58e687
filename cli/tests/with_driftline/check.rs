//! `driftline check`: what it promises is what a real Envoy then shows, and what it cannot use it names.

use std::{
    collections::BTreeSet,
    env, fs,
    process::{Command, Output},
};

use driftline_testbed::{
    client::Request,
    envoy::{Envoy, EnvoyOptions},
    pieces,
    scrape::{Scrape, Series},
    upstream::{Script, Upstream},
};

use crate::input::Input;

/// Bins are closed on the right: `age` has (-inf, 30], (30, inf).
const PROFILE: &str = r#"{
    "format": "driftline-profile", "format_version": 1, "model": "credit", "version": null,
    "created_at": "2026-11-25T12:00:00Z", "rows": 1200,
    "features": [
        {"name": "age", "type": "number", "schema": {"required": true, "minimum": null, "maximum": null}, "nulls": 0,
         "mean": 30, "standard_deviation": 8, "minimum": 18, "maximum": 80,
         "bins": {"kind": "quantile", "edges": [30], "counts": [600, 600], "means": [25, 40]},
         "tail_excess": {"low": 1, "high": 1},
         "chi_square": {"five_percent": 3.84, "one_percent": 6.63, "family": 7.8}},
        {"name": "tier", "type": "category", "schema": {"required": true, "categories": null}, "nulls": 0,
         "bins": {"kind": "categories", "categories": ["gold", "silver"], "counts": [400, 700, 100]},
         "chi_square": {"five_percent": 5.99, "one_percent": 9.21, "family": 10}}
    ],
    "prediction": {"type": "integer", "schema": {"required": true, "minimum": null, "maximum": null}, "nulls": 0, "mean": 0.5,
         "standard_deviation": 0.5, "minimum": 0, "maximum": 1,
         "bins": {"kind": "values", "values": [0, 1], "counts": [600, 600, 0], "means": [0, 1, null]},
         "tail_excess": {"low": 0, "high": 0},
         "chi_square": {"five_percent": 5.99, "one_percent": 9.21, "family": 10}}
}"#;
const PREDICT: &str = "/v1/models/credit:predict";
const CHAT: &str = "/v1/chat/completions";
const ROWS: &str = r#"{"instances": [{"age": 30.5}, {"age": 7}, {}]}"#;
const PREDICTIONS: &str = r#"{"predictions": [1, 0, 1]}"#;
const ASKED: &str = r#"{"model": "demo-llm", "messages": []}"#;
const ANSWERED: &str = r#"{"choices": [{"message": {"content": "Yes"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 4, "completion_tokens": 1}}"#;

fn config() -> String {
    format!(
        r#"{{"models": [{{"name": "demo-llm"}}, {{"name": "credit", "profile": {PROFILE}, "features": [
            {{"name": "tier", "header": "x-tier"}}]}}]}}"#
    )
}

fn check(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_driftline"))
        .arg("check")
        .args(["--filter", pieces::filter().unwrap().to_str().unwrap()])
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn accepts(arguments: &[&str]) -> String {
    let output = check(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.is_empty(), "{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// It must fail, and say each of these.
#[track_caller]
fn refuses(arguments: &[&str], expected: &[&str]) {
    let output = check(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?}: {stderr}");
    for expected in expected {
        assert!(stderr.contains(expected), "{arguments:?} does not say {expected:?}: {stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// Whether one line of the text begins with these words, however far apart they stand.
fn has_line(text: &str, words: &str) -> bool {
    text.lines()
        .any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(words))
}

/// A request or a response in a file.
fn message(head: &str, body: &str) -> String {
    format!("{head}\r\ncontent-type: application/json\r\n\r\n{body}")
}

#[test]
fn it_says_what_is_watched_what_it_takes_and_what_a_sample_would_count() {
    let config = Input::new("watched.json", config());
    let request = message(&format!("POST {PREDICT} HTTP/1.1\r\nX-Tier: silver"), ROWS);
    let request = Input::new("request.http", &request);
    let answer = Input::new("answer.http", message("HTTP/1.1 200 OK", PREDICTIONS));
    let printed = accepts(&[
        "--series",
        "--config",
        config.name(),
        "--sample",
        request.name(),
        "--answer",
        answer.name(),
    ]);
    for line in [
        "| demo-llm | - | language | - | - | - | - |",
        "| credit | - | predictive | 2 | yes | 8 | 1,200 |",
        // The prediction is counted by value, and may be below or above all of them.
        "| driftline_feature_bin_total | 10 |",
        "| age | 30.5, 7, (missing) | 00 x 1, 01 x 1, missing x 1",
        "| tier | \"silver\" | silver x 1 |",
        "| prediction | 1, 0, 1 | 00 x 1, 01 x 2 |",
        "driftline_requests_total{model=\"credit\",outcome=\"complete\"} 1",
    ] {
        assert!(has_line(&printed, line), "no line {line:?} in {printed}");
    }
    let memory = printed.lines().find(|line| line.starts_with("Memory: ")).unwrap();
    let kib: u64 =
        memory["Memory: ".len()..].split(' ').next().unwrap().replace(',', "").parse().unwrap();
    assert!((64..64 << 10).contains(&kib), "{memory}");
}

/// From training data by hour to the filter: the built one takes the profile, and what hours cost is said.
#[test]
fn a_profile_by_hour_goes_into_the_filter_and_its_memory_is_said() {
    let rows: String = (0..400)
        .map(|row| {
            format!(
                "2026-11-{:02}T{:02}:30:00Z,{}.5,{}\n",
                1 + row / 24,
                row % 24,
                row * 7 % 400,
                row % 3
            )
        })
        .collect();
    let train = Input::new("hours.csv", format!("asked,wind,rain\n{rows},1.5,0\n"));
    let profile = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_driftline"))
            .args(["profile", train.name(), "--model", "credit", "--target", "rain"])
            .args(more)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        (String::from_utf8(output.stdout).unwrap(), said)
    };
    let config =
        |profile: &str| format!(r#"{{"models": [{{"name": "credit", "profile": {profile}}}]}}"#);
    let (by_hour, said) = profile(&["--by-hour", "asked"]);
    let expected = "by hour: 400 of 401 rows are in the hour of the day (UTC) that `asked` says; 1 has no moment there \
                    and is in the whole alone";
    assert!(said.lines().any(|line| line == expected), "{said}");
    let file = Input::new("by-hour.json", config(&by_hour));
    let printed = accepts(&["--config", file.name()]);
    // 24 hours of 20 bins and 4 values and of the rows without one: 4 bytes each.
    assert!(
        printed.contains("Of each VM's, 3 KiB are the training rows by hour of the day."),
        "{printed}"
    );
    let season = |season: &str| {
        let compared = format!(r#"{{"compare_with": "both", "season": "{season}", "#);
        let file = Input::new("season.json", config(&by_hour).replacen('{', &compared, 1));
        accepts(&["--config", file.name()])
    };
    // 22 windows more of 25 and 10 cells, and 166: 2 bytes each.
    for (length, kib) in [("day", 2), ("week", 12)] {
        let (expected, printed) = (
            format!("Of the main thread's, {kib} KiB are the windows of a season"),
            season(length),
        );
        assert!(printed.contains(&expected), "{printed}");
    }
    let (without, _) = profile(&["--exclude", "asked"]);
    let file = Input::new("not-by-hour.json", config(&without));
    assert!(!accepts(&["--config", file.name()]).contains("by hour"));

    let changed = by_hour.replacen("\"by_hour\": [", "\"by_hour\": [[401],", 1);
    let file = Input::new("bad-hours.json", config(&changed));
    refuses(
        &["--config", file.name()],
        &["models[0].profile.features[0].by_hour: found 25 elements, expected 24"],
    );
}

/// A series without what a scrape makes of a histogram.
fn folded(series: &Series) -> String {
    let stem = |name: &str| -> Option<String> {
        let parts = ["_bucket", "_sum", "_count"];
        let stem = parts.iter().find_map(|part| name.strip_suffix(part))?;
        stem.ends_with("_microseconds").then(|| stem.to_owned())
    };
    let name = stem(&series.name).unwrap_or(series.name.clone());
    let labels = series.labels.iter().filter(|(label, _)| *label != "le");
    let labels: Vec<String> = labels.map(|(label, value)| format!("{label}={value:?}")).collect();
    format!("{name}{{{}}}", labels.join(","))
}

#[tokio::test]
async fn the_series_it_lists_are_those_of_a_real_envoy_and_no_others() {
    let file = Input::new("series.json", config());
    let printed = accepts(&["--config", file.name(), "--series"]);
    let listed: String = printed
        .lines()
        .filter(|line| line.starts_with("driftline_"))
        .map(|line| format!("{line} 0\n"))
        .collect();
    let listed = Scrape::parse(&listed).unwrap();
    let listed: BTreeSet<String> = listed.samples().map(|(series, _)| folded(series)).collect();

    let upstream = Upstream::start().await.unwrap();
    upstream.on_path(PREDICT, Script::answer(200, "application/json", PREDICTIONS));
    upstream.on_path(CHAT, Script::answer(200, "application/json", ANSWERED));
    let mut options = EnvoyOptions::new(pieces::envoy().unwrap(), upstream.address())
        .filter(pieces::filter().unwrap(), config());
    options.stats_config =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../envoy/stats.yaml")).unwrap();
    let envoy = Envoy::start(options).await.unwrap();
    for (path, body) in [(PREDICT, ROWS), (CHAT, ASKED), (CHAT, r#"{"model": "unlisted"}"#)] {
        let answer = Request::post_json(path, body).send(envoy.listen()).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    // Until all three have been counted.
    let page = {
        let mut tries = 0;
        loop {
            let page = envoy.scrape().await.unwrap().only_prefix("driftline_");
            if page.value("driftline_requests_total", &[]) == Some(3.0) {
                break page;
            }
            tries += 1;
            assert!(tries < 400, "not all requests were counted");
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
    };
    let shown: BTreeSet<String> = page.samples().map(|(series, _)| folded(series)).collect();
    let of = |these: &BTreeSet<String>, those: &BTreeSet<String>| -> Vec<String> {
        these.difference(those).cloned().collect()
    };
    assert_eq!(of(&listed, &shown), [""; 0], "listed and not shown");
    assert_eq!(of(&shown, &listed), [""; 0], "shown and not listed");
    let printed = printed.replace(',', "");
    for total in [
        format!("Series: {} in Prometheus", page.samples().count()),
        format!("they are {} stats of the proxy", listed.len()),
    ] {
        assert!(printed.contains(&total), "not {total:?}: {printed}");
    }
}

#[test]
fn what_it_cannot_use_is_named() {
    let good = Input::new("good.json", config());
    let broken = Input::new("broken.json", "{\"models\": [");
    let typo = Input::new("typo.json", r#"{"modles": [], "window_seconds": "day"}"#);
    let wrong = config().replace("[600, 600, 0]", "[600, 500, 0]").replacen(
        '{',
        "{\"window_seconds\": 0, ",
        1,
    );
    let wrong = Input::new("wrong.json", &wrong);
    let no_request = Input::new("no.http", ROWS);
    let unmeasured = Input::new("page.http", "GET /index.html HTTP/1.1\n\n");
    let request = Input::new("post.http", message(&format!("POST {PREDICT}"), ROWS));
    refuses(&["--config", "absent.json"], &["--config", "absent.json", "No such file"]);
    refuses(&["--config", broken.name()], &[broken.name(), "line 1"]);
    refuses(&["--config", typo.name()], &[typo.name(), "modles", "window_seconds", "\"day\""]);
    refuses(
        &["--config", wrong.name()],
        &[wrong.name(), "models[1].profile.prediction.bins.counts", "window_seconds"],
    );
    let good = ["--config", good.name()];
    let with = |more: &[&'static str], own: &[&str], expected: &[&str]| {
        let arguments: Vec<&str> =
            good.iter().chain(more).copied().chain(own.iter().copied()).collect();
        refuses(&arguments, expected);
    };
    with(&["--sample", "absent.http"], &[], &["--sample", "absent.http", "No such file"]);
    with(&["--sample"], &[no_request.name()], &[no_request.name(), "no empty line"]);
    with(&["--sample"], &[unmeasured.name()], &["GET /index.html would pass unmeasured"]);
    with(&["--answer"], &[request.name()], &["--sample"]);
    with(
        &["--sample"],
        &[request.name(), "--answer", request.name()],
        &["--answer", request.name(), "HTTP/1.1 200"],
    );
    let filter = ["--filter", "absent.wasm"];
    let output = Command::new(env!("CARGO_BIN_EXE_driftline"))
        .arg("check")
        .args(good)
        .args(filter)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && stderr.contains("`cargo xtask build` makes it"),
        "{stderr}"
    );
}
