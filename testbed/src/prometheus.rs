//! A real Prometheus as a child of this process, asked over its HTTP API. It never touches another Prometheus.

use std::{
    fmt::Write,
    fs,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::{client::Request, folder::Folder, process::Process, scrape::Series};

/// What a Prometheus is started with.
#[derive(Clone, Debug)]
pub struct PrometheusOptions {
    /// Where it listens; port 0 is any that is free.
    pub listen: SocketAddr,
    /// Its configuration, as JSON of what its file has in YAML; without `rule_files`.
    pub config: Value,
    /// Files of rules, by name.
    pub rules: Vec<(String, String)>,
    /// What is switched on by `--enable-feature`.
    pub features: Vec<String>,
}

impl PrometheusOptions {
    /// One that listens on any free port of this machine, and has no rules.
    pub fn new(config: Value) -> PrometheusOptions {
        PrometheusOptions {
            listen: ([127, 0, 0, 1], 0).into(),
            config,
            rules: Vec::new(),
            features: Vec::new(),
        }
    }

    /// The same, that scrapes proxies, given as a list of `static_configs`, and evaluates rules; both this often.
    pub fn scraping(proxies: &Value, scrape: &str, evaluation: &str) -> PrometheusOptions {
        PrometheusOptions::new(json!({
            "global": {"scrape_interval": scrape, "evaluation_interval": evaluation},
            "scrape_configs": [{
                "job_name": "driftline",
                "metrics_path": "/stats/prometheus",
                "static_configs": proxies,
            }],
        }))
    }
}

const START_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// A running Prometheus. It is ended, and its files removed, when this is dropped.
#[derive(Debug)]
pub struct Prometheus {
    process: Process,
    folder: Folder,
    address: SocketAddr,
}

impl Prometheus {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    ///
    /// If it does not start or refuses its configuration or a rule; its log is quoted.
    pub async fn start(binary: &Path, options: PrometheusOptions) -> Result<Prometheus> {
        let PrometheusOptions { listen, mut config, rules, features } = options;
        let folder = Folder::new("prometheus")?;
        for (name, text) in &rules {
            folder.write(name, text)?;
        }
        if !rules.is_empty() {
            config["rule_files"] = rules.iter().map(|(name, _)| name.as_str()).collect();
        }
        // JSON is YAML.
        folder.write("prometheus.yml", &config.to_string())?;
        let process = Process::start(binary, &folder.file("log"), |command| {
            command
                .arg(format!("--config.file={}", folder.file("prometheus.yml").display()))
                .arg(format!("--storage.tsdb.path={}", folder.file("data").display()))
                .arg(format!("--web.listen-address={listen}"))
                .args(features.iter().map(|feature| format!("--enable-feature={feature}")));
        })?;
        let mut prometheus = Prometheus { process, folder, address: listen };
        let started = Instant::now();
        loop {
            if let Some(address) = listen_address(&prometheus.log()) {
                prometheus.address = address;
                let ready = Request::get("/-/ready").send(address).await;
                if ready.is_ok_and(|response| response.status == 200) {
                    return Ok(prometheus);
                }
            }
            let log = prometheus.log();
            if let Some(status) = prometheus.process.ended() {
                bail!("Prometheus ended: {status}; it said:\n{log}");
            }
            ensure!(started.elapsed() < START_LIMIT, "Prometheus is not ready; it said:\n{log}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The series that a PromQL expression has now, with their values.
    ///
    /// # Errors
    ///
    /// What Prometheus says is wrong with the expression; and that the answer is no instant vector.
    pub async fn query(&self, expression: &str) -> Result<Vec<(Series, f64)>> {
        self.ask(expression, "query", "", read_sample).await
    }

    /// The series that it had at a moment, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// As [`Prometheus::query`].
    pub async fn query_at(&self, expression: &str, at: f64) -> Result<Vec<(Series, f64)>> {
        self.ask(expression, "query", &format!("&time={at:.3}"), read_sample).await
    }

    /// The series that it had over some time, each with its moments and values: all in seconds.
    ///
    /// # Errors
    ///
    /// What Prometheus says is wrong with the expression.
    pub async fn query_range(
        &self,
        expression: &str,
        from: f64,
        to: f64,
        step: f64,
    ) -> Result<Vec<(Series, Vec<(f64, f64)>)>> {
        let more = format!("&start={from:.3}&end={to:.3}&step={step:.3}");
        self.ask(expression, "query_range", &more, read_points).await
    }

    async fn ask<S>(
        &self,
        expression: &str,
        endpoint: &str,
        more: &str,
        read: impl Fn(&Value) -> Option<S>,
    ) -> Result<Vec<S>> {
        let path = format!("/api/v1/{endpoint}?query={}{more}", percent_encoded(expression));
        let response = Request::get(&path).send(self.address).await?;
        let text = response.text();
        ensure!(response.status == 200, "{expression}: {text}");
        let answer: Value = serde_json::from_str(&text)?;
        let samples = answer.pointer("/data/result").and_then(Value::as_array);
        let samples = samples.with_context(|| format!("{expression}: {text}"))?;
        let all = samples.iter().map(read).collect::<Option<_>>();
        all.with_context(|| format!("{expression}: expected a vector, found {text}"))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.file("log")).unwrap_or_default()
    }
}

/// Which port it got, from the line that says so.
fn listen_address(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("msg=\"Listening on\""))?;
    let (_, address) = line.split_once(" address=")?;
    address.split_whitespace().next()?.parse().ok()
}

fn read_sample(sample: &Value) -> Option<(Series, f64)> {
    let value = sample.pointer("/value/1")?.as_str()?;
    Some((read_series(sample)?, value.parse().ok()?))
}

fn read_points(sample: &Value) -> Option<(Series, Vec<(f64, f64)>)> {
    let point =
        |point: &Value| Some((point.get(0)?.as_f64()?, point.get(1)?.as_str()?.parse().ok()?));
    let points = sample.get("values")?.as_array()?.iter().map(point).collect::<Option<_>>()?;
    Some((read_series(sample)?, points))
}

fn read_series(sample: &Value) -> Option<Series> {
    let mut series = Series { name: String::new(), labels: Default::default() };
    for (label, value) in sample.get("metric")?.as_object()? {
        match label.as_str() {
            "__name__" => series.name = value.as_str()?.to_owned(),
            _ => drop(series.labels.insert(label.clone(), value.as_str()?.to_owned())),
        }
    }
    Some(series)
}

/// Any text as a part of a URL.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_expression_is_answered_and_a_wrong_one_is_explained() {
        let binary = crate::pieces::prometheus().unwrap();
        let prometheus =
            Prometheus::start(&binary, PrometheusOptions::new(json!({}))).await.unwrap();
        let found =
            prometheus.query(r#"label_replace(vector(1.5), "a", "x + 1", "", "")"#).await.unwrap();
        let labels = [("a".to_owned(), "x + 1".to_owned())].into();
        assert_eq!(found, [(Series { name: String::new(), labels }, 1.5)]);
        let points = prometheus.query_range("time()", 100.0, 102.0, 1.0).await.unwrap();
        assert_eq!(points[0].1, [(100.0, 100.0), (101.0, 101.0), (102.0, 102.0)]);
        assert_eq!(prometheus.query_at("vector(time())", 100.0).await.unwrap()[0].1, 100.0);
        let error = prometheus.query("sum(").await.unwrap_err();
        assert!(error.to_string().contains("unclosed left parenthesis"), "{error}");
    }

    #[tokio::test]
    async fn rules_are_evaluated() {
        let binary = crate::pieces::prometheus().unwrap();
        let rule = json!({"record": "one:more", "expr": "vector(1) + 1"});
        let group = json!({"groups": [{"name": "g", "interval": "20ms", "rules": [rule]}]});
        let mut options = PrometheusOptions::new(json!({}));
        options.rules = vec![("one.rules.yml".into(), group.to_string())];
        let prometheus = Prometheus::start(&binary, options).await.unwrap();
        let started = Instant::now();
        loop {
            let found = prometheus.query("one:more").await.unwrap();
            if let [(_, value)] = found[..] {
                assert!((value - 2.0).abs() < f64::EPSILON, "{value}");
                break;
            }
            assert!(started.elapsed() < START_LIMIT, "no sample in time");
            tokio::time::sleep(POLL).await;
        }
    }

    #[tokio::test]
    async fn a_configuration_that_it_refuses_is_told_with_its_reason() {
        let binary = crate::pieces::prometheus().unwrap();
        let options = PrometheusOptions::new(json!({"rules": 1}));
        let error = Prometheus::start(&binary, options).await.unwrap_err();
        assert!(error.to_string().contains("field rules not found"), "{error}");
    }
}
