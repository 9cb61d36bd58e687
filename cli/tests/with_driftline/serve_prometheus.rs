//! `driftline serve --prometheus`: a real Prometheus that runs the rules of the configuration and ends with the command.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use driftline_testbed::{client::Request, pieces};
use serde_json::Value;

use crate::input::Input;

const LIMIT: Duration = Duration::from_secs(30);

fn serve(config: &Input, prometheus: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_driftline"))
        .args(["serve", "--upstream", "http://127.0.0.1:9", "--config", config.name()])
        .arg("--filter")
        .arg(pieces::filter().unwrap())
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--prometheus=127.0.0.1:0"])
        .args(["--prometheus-binary", prometheus])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The address on the line that begins so.
fn address(lines: &mut impl Iterator<Item = std::io::Result<String>>, begin: &str) -> SocketAddr {
    let line = lines.map(Result::unwrap).find(|line| line.starts_with(begin)).expect(begin);
    let address = line.split("http://").nth(1).and_then(|url| url.split('/').next());
    address.unwrap().parse().unwrap()
}

/// What the API has at this place, which it has some seconds after the start.
async fn api(prometheus: SocketAddr, path: &str, place: &str) -> Value {
    let begun = Instant::now();
    loop {
        let response = Request::get(path).send(prometheus).await.unwrap();
        let answer: Value = serde_json::from_slice(&response.body).unwrap();
        match answer.pointer(place) {
            Some(found) if *found != Value::Array(Vec::new()) => return found.clone(),
            _ => assert!(begun.elapsed() < LIMIT, "{path}: {answer}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn prometheus_scrapes_the_proxy_with_the_rules_and_ends_with_it() {
    let config = Input::new("with-prometheus.json", r#"{"models": [{"name": "my-llm"}]}"#);
    let mut served = serve(&config, pieces::prometheus().unwrap().to_str().unwrap());
    let mut lines = BufReader::new(served.stdout.take().unwrap()).lines();
    let stats = address(&mut lines, "stats on");
    let prometheus = address(&mut lines, "Prometheus on");

    let target = api(prometheus, "/api/v1/targets", "/data/activeTargets/0/scrapeUrl").await;
    assert_eq!(target, format!("http://{stats}/stats/prometheus"));
    let groups = api(prometheus, "/api/v1/rules", "/data/groups").await;
    let names: Vec<&str> = groups
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
        .map(|rule| rule["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"driftline:feature:psi1h"), "{names:?}");

    let ended = Command::new("kill").arg(served.id().to_string()).status().unwrap();
    assert!(ended.success() && served.wait().unwrap().success());
    let begun = Instant::now();
    while Request::get("/-/ready").send(prometheus).await.is_ok() {
        assert!(begun.elapsed() < LIMIT, "Prometheus goes on without the command");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn a_prometheus_that_cannot_be_started_is_named() {
    let config = Input::new("without-prometheus.json", r#"{"models": [{"name": "my-llm"}]}"#);
    let output = serve(&config, "no/such/prometheus").wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("--prometheus") && said.contains("no/such/prometheus"), "{said}");
}
