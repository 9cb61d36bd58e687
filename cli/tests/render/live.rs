//! What is rendered, at work: the rendered Envoy with the filter, a Prometheus with the rendered configuration and rules, and
//! under load an answer to each query of rollouts and scalers. Model servers are scripts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use driftline_testbed::{
    client::Request,
    pieces,
    prometheus::{Prometheus, PrometheusOptions},
    upstream::{Script, Upstream},
};
use serde_json::{Value, json};

use super::{Rendered, configurations::versions, prometheus::queries};

/// How long a busy machine may take until everything is known.
const LIMIT: Duration = Duration::from_secs(120);
/// An hour in two minutes.
const TIME_SCALE: &str = "30";
const VERSIONS: [&str; 2] = ["3", "4"];
const ROWS: usize = 10;

/// An Envoy that ends with its handle.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An address that nothing listens on.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Two versions of a model that predicts, and one that streams.
fn configuration() -> String {
    let mut config = versions();
    config["models"].as_array_mut().unwrap().push(json!({"name": "demo-llm"}));
    config["tick_milliseconds"] = 250.into();
    config["window_seconds"] = 10.into();
    config.as_object_mut().unwrap().remove("routes");
    config.to_string()
}

fn predict(version: &str) -> String {
    format!("/v1/models/rain/versions/{version}:predict")
}

async fn model_servers() -> Upstream {
    let upstream = Upstream::start().await.unwrap();
    let chunk = |choice: Value| format!("data: {}\n\n", json!({"choices": [choice]}));
    let token = chunk(json!({"index": 0, "delta": {"content": "rain"}}));
    let last = chunk(json!({"index": 0, "delta": {}, "finish_reason": "stop"}));
    let events = [token.clone(), token, last, "data: [DONE]\n\n".to_owned()];
    upstream.on_path("/v1/chat/completions", Script::events(events, Duration::from_millis(5)));
    for version in VERSIONS {
        let answer = json!({"predictions": vec![0.25; ROWS]}).to_string();
        upstream.on_path(&predict(version), Script::answer(200, "application/json", answer));
    }
    upstream
}

/// A piece of load: a stream, and rows for each version with their labels.
async fn load(envoy: SocketAddr, round: usize) {
    let chat = json!({"model": "demo-llm", "stream": true, "messages": [{"role": "user", "content": "?"}]});
    for _ in 0..4 {
        let answer = Request::post_json("/v1/chat/completions", chat.to_string()).send(envoy).await;
        assert_eq!(answer.unwrap().status, 200);
    }
    for (number, version) in VERSIONS.into_iter().cycle().take(8).enumerate() {
        let rows: Vec<Vec<f64>> = (0..ROWS).map(|row| vec![row as f64 / 10.0; 8]).collect();
        let id = format!("{round}-{number}");
        let asked = Request::post_json(&predict(version), json!({"instances": rows}).to_string());
        let answer = asked.header("x-request-id", &id).send(envoy).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let labels: Vec<Value> = (0..ROWS)
            .map(|row| json!({"model": "rain", "id": id, "row": row, "label": usize::from(row == 0)}))
            .collect();
        let labels = Value::from(labels).to_string();
        let answer =
            Request::post_json("/driftline/v1/feedback", labels).send(envoy).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
}

/// The rendered configuration of Prometheus, with its rules.
fn prometheus_options(rendered: &Rendered) -> PrometheusOptions {
    let mut config = rendered.document("prometheus/prometheus.yml");
    let names = config["rule_files"].take();
    config.as_object_mut().unwrap().remove("rule_files");
    let names = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let mut options = PrometheusOptions::new(config);
    options.rules =
        names.map(|name| (name.to_owned(), rendered.text(&format!("prometheus/{name}")))).collect();
    assert!(2 <= options.rules.len());
    options
}

#[tokio::test]
async fn rollouts_and_scalers_get_answers_of_what_was_rendered() {
    let upstream = model_servers().await;
    let [listen, admin] = [free(), free()];
    let addresses = [upstream.address(), listen, admin].map(|address| address.to_string());
    let rendered = Rendered::new(
        "live",
        &configuration(),
        &[
            "--upstream",
            &addresses[0],
            "--listen",
            &addresses[1],
            "--admin",
            &addresses[2],
            "--time-scale",
            TIME_SCALE,
        ],
    );
    let log = fs::File::create(rendered.folder.join("envoy.log")).unwrap();
    let envoy = Command::new(pieces::envoy().unwrap())
        .arg("-c")
        .arg(rendered.folder.join("envoy.yaml"))
        .args([
            "--config-yaml",
            &rendered.text("stats.yaml"),
            "--disable-hot-restart",
            "--concurrency",
            "2",
        ])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let _envoy = Running(envoy);
    let started = Instant::now();
    while !Request::get("/ready").send(admin).await.is_ok_and(|answer| answer.status == 200) {
        assert!(started.elapsed() < LIMIT, "{}", rendered.text("envoy.log"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let prometheus =
        Prometheus::start(&pieces::prometheus().unwrap(), prometheus_options(&rendered))
            .await
            .unwrap();

    // The arguments are those of the model with versions; first tokens are the other model's.
    let queries: Vec<(String, String)> = queries(&rendered)
        .into_iter()
        .map(|(path, query)| {
            let is_of_tokens = query.contains("first_token");
            (path, if is_of_tokens { query.replace("\"rain\"", "\"demo-llm\"") } else { query })
        })
        .collect();
    let all: BTreeSet<&str> = queries.iter().map(|(_, query)| &**query).collect();
    let mut answers: BTreeMap<&str, f64> = BTreeMap::new();
    let mut round = 0;
    while answers.len() < all.len() {
        let silent =
            || all.iter().filter(|query| !answers.contains_key(*query)).collect::<Vec<_>>();
        assert!(started.elapsed() < LIMIT, "no answer to {:#?}", silent());
        load(listen, round).await;
        round += 1;
        for (path, query) in &queries {
            let samples =
                prometheus.query(query).await.unwrap_or_else(|error| panic!("{path}: {error:#}"));
            assert!(samples.len() <= 1, "{path}: {query} has {} samples", samples.len());
            if let Some((_, value)) = samples.first() {
                assert!(value.is_finite(), "{path}: {query} is {value}");
                answers.insert(query, *value);
            }
        }
    }
    // No request failed, and no version is worse than one that answers the same.
    for (query, value) in &answers {
        if query.contains("outcome=~") || query.contains("worse") {
            assert!(*value == 0.0, "{query} is {value}");
        }
        if query.contains("histogram_quantile") && !query.contains("or vector(0)") {
            assert!((0.0..1.0).contains(value), "{query} is {value}");
        }
    }
}
