//! The first profile of a model, made of what `driftline serve` recorded, in a real Envoy: the same traffic once more is
//! no drift. What a profile says of recordings that are odd is tested beside the command.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use driftline_testbed::{
    client::Request,
    envoy::{Envoy, EnvoyOptions},
    pieces,
    scrape::Scrape,
    upstream::{Script, Upstream},
};
use serde_json::{Value, json};

use crate::input::Input;

const PREDICT: &str = "/v1/models/rain:predict";
const REQUESTS: usize = 60;
const ROWS_EACH: usize = 10;
const ROWS: usize = REQUESTS * ROWS_EACH;
/// What is waited for takes a second; the rest is for a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(25);

/// Rows of a number, a category that is null in some, and an integer; an answer of a class for each.
fn exchanges() -> Vec<(String, String)> {
    let row = |n: usize| {
        let wind = (n * 7919 % 6007) as f64 / 16.0;
        let city = ["Omaha", "Bonn", "Lima", "Bonn"].get(n % 5);
        json!({"wind": wind, "city": city, "days": n * n % 7})
    };
    let all: Vec<usize> = (0..ROWS).collect();
    let exchange = |rows: &[usize]| {
        let instances: Vec<Value> = rows.iter().map(|&n| row(n)).collect();
        let predictions: Vec<usize> = rows.iter().map(|n| n % 3 % 2).collect();
        (
            json!({"instances": instances}).to_string(),
            json!({"predictions": predictions}).to_string(),
        )
    };
    all.chunks(ROWS_EACH).map(exchange).collect()
}

/// A proxy that records, as a user starts it; it ends with this.
struct Recording {
    proxy: Child,
    listen: SocketAddr,
}

impl Recording {
    fn start(config: &Input, upstream: SocketAddr, golden: &Path) -> Recording {
        let mut proxy = driftline()
            .args(["serve", "--config", config.name()])
            .args(["--filter", pieces::filter().unwrap().to_str().unwrap()])
            .args(["--upstream", &format!("http://{upstream}")])
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .args(["--record", golden.to_str().unwrap(), "--record-bodies"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(proxy.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let listen =
            line.trim().strip_prefix("listening on http://").and_then(|it| it.parse().ok());
        let listen = listen.unwrap_or_else(|| panic!("it says {line:?}"));
        Recording { proxy, listen }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

fn driftline() -> Command {
    Command::new(env!("CARGO_BIN_EXE_driftline"))
}

async fn send_all(exchanges: &[(String, String)], upstream: &Upstream, proxy: SocketAddr) {
    for (asked, answered) in exchanges {
        upstream.push(Script::answer(200, "application/json", answered));
        let response = Request::post_json(PREDICT, asked.as_str()).send(proxy).await.unwrap();
        assert_eq!((response.status, response.text()), (200, answered.clone()));
    }
}

/// Until a condition holds.
pub(super) async fn wait_until<T>(what: &str, mut is_there: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = is_there().await {
            return found;
        }
        assert!(started.elapsed() < WAIT_LIMIT, "{what}");
        tokio::time::sleep(POLL).await;
    }
}

/// The columns of a profile, as metrics call them.
fn columns(profile: &Value) -> Vec<(String, &Value)> {
    let features = profile["features"].as_array().unwrap().iter();
    let features = features.map(|it| (it["name"].as_str().unwrap().to_owned(), it));
    features.chain([("prediction".to_owned(), &profile["prediction"])]).collect()
}

/// What bin `index` of a column is called in metrics.
fn label(bins: &Value, index: usize) -> String {
    match (bins["kind"].as_str().unwrap(), bins["categories"].get(index)) {
        ("categories", Some(name)) => name.as_str().unwrap().to_owned(),
        ("quantile", _) => format!("{index:02}"),
        ("values", _) if index < bins["values"].as_array().unwrap().len() => format!("{index:02}"),
        _ => "other".to_owned(),
    }
}

/// Each value is in the bin in which the profile has it, so nothing has drifted, and the schema is kept.
fn check_column(page: &Scrape, name: &str, column: &Value) {
    let value = |metric: &str, more: &[(&str, &str)]| {
        let labels = [&[("model", "rain"), ("feature", name)], more].concat();
        page.value(&format!("driftline_feature_{metric}"), &labels)
    };
    let bins = &column["bins"];
    for (index, rows) in bins["counts"].as_array().unwrap().iter().enumerate() {
        let bin = label(bins, index);
        let found = value("bin_total", &[("bin", &bin)]).unwrap_or(0.0);
        assert_eq!(Some(found), rows.as_f64(), "{name}, bin {bin}");
    }
    let unbinned = value("unbinned_total", &[]).unwrap_or(0.0);
    assert_eq!(Some(unbinned), column["nulls"].as_f64(), "{name}: rows without a value");
    let fast = ("window", "fast");
    assert_eq!(value("psi_ppm", &[fast]), Some(0.0), "{name}");
    assert_eq!(value("verdict", &[fast, ("verdict", "ok")]), Some(1.0), "{name}");
}

/// Sends the exchanges through `driftline serve --record`.
async fn record(
    exchanges: &[(String, String)],
    upstream: &Upstream,
    config: &Input,
    golden: &Path,
) {
    let recording = Recording::start(config, upstream.address(), golden);
    send_all(exchanges, upstream, recording.listen).await;
    wait_until("not all exchanges were recorded", async || {
        let text = fs::read_to_string(golden).unwrap();
        (text.ends_with('\n') && text.lines().count() == REQUESTS).then_some(())
    })
    .await;
}

/// What `driftline profile --from-requests` makes of a recording.
fn profile_of(golden: &Input, config: &Input, made: &Input) -> Value {
    let mut profiling = driftline()
        .args(["profile", "--from-requests", golden.name(), "--config", config.name()])
        .args(["--model", "rain", "-o", made.name()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = String::new();
    profiling.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(profiling.wait().unwrap().success(), "{stderr}");
    assert!(stderr.contains(&format!("taken from {REQUESTS} exchanges")), "{stderr}");
    serde_json::from_slice(&fs::read(&made.0).unwrap()).unwrap()
}

/// It has the columns of the traffic, with their types and nulls, and all of its rows.
fn check_profile(profile: &Value) {
    let found: Vec<_> = columns(profile)
        .into_iter()
        .map(|(name, it)| format!("{name} {} {}", it["type"].as_str().unwrap(), it["nulls"]))
        .collect();
    // Members of an object come in the order of their names.
    let expected = ["city category 120", "days integer 0", "wind number 0", "prediction integer 0"];
    assert_eq!(
        (profile["rows"].as_u64(), &found[..]),
        (Some(ROWS as u64), &expected.map(str::to_owned)[..])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_traffic_that_made_the_first_profile_is_no_drift_in_a_real_envoy() {
    let exchanges = exchanges();
    let upstream = Upstream::start().await.unwrap();
    let config =
        Input::new("first.json", r#"{"models": [{"name": "rain", "type": "predictive"}]}"#);
    // Both are files that the command makes, and no input before.
    let golden = Input::new("golden.jsonl", "");
    let made = Input::new("made.json", "");
    fs::remove_file(&golden.0).unwrap();

    record(&exchanges, &upstream, &config, &golden.0).await;
    let profile = profile_of(&golden, &config, &made);
    check_profile(&profile);

    let config =
        json!({"models": [{"name": "rain", "profile": profile}], "tick_milliseconds": 250});
    let mut options = EnvoyOptions::new(pieces::envoy().unwrap(), upstream.address())
        .filter(pieces::filter().unwrap(), config.to_string());
    options.stats_config =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../envoy/stats.yaml")).unwrap();
    options.workers = 2;
    let envoy = Envoy::start(options).await.unwrap();
    send_all(&exchanges, &upstream, envoy.listen()).await;
    let page = wait_until("the window does not have all rows", async || {
        let page = envoy.scrape().await.unwrap().only_prefix("driftline_");
        let rows = |(name, it): (String, &Value)| {
            let labels = [("feature", name.as_str()), ("window", "fast")];
            let found = page.value("driftline_feature_window_rows", &labels);
            // A window has those rows that have a value.
            found == it["nulls"].as_u64().map(|nulls| (ROWS as u64 - nulls) as f64)
        };
        columns(&profile).into_iter().all(rows).then_some(page)
    })
    .await;
    for (name, column) in columns(&profile) {
        check_column(&page, &name, column);
    }
    assert_eq!(page.value("driftline_schema_violations_total", &[]).unwrap_or(0.0), 0.0);
    assert_eq!(page.value("driftline_instances_total", &[("model", "rain")]), Some(ROWS as f64));
    assert_eq!(page.value("driftline_drifted_features", &[("window", "fast")]), Some(0.0));

    // The check can fail: winds that all are as the strongest one was are seen at once.
    let gale = json!({"instances": vec![json!({"wind": 400, "city": "Bonn", "days": 1}); ROWS]});
    let answer = json!({"predictions": vec![1; ROWS]}).to_string();
    send_all(&[(gale.to_string(), answer)], &upstream, envoy.listen()).await;
    wait_until("no drift of the wind is seen", async || {
        let page = envoy.scrape().await.unwrap();
        let labels = [("feature", "wind"), ("window", "fast"), ("verdict", "drift")];
        (page.value("driftline_feature_verdict", &labels) == Some(1.0)).then_some(())
    })
    .await;
}
