//! Several real Envoys and a real Prometheus that runs the generated rules: what it says of two that share the traffic,
//! one of which restarts, is what it says of one that saw all.
//!
//! The one that saw all is told apart by a version that Prometheus gives it as a label of its target.

use std::time::{Duration, Instant};

use driftline_testbed::{
    envoy::Envoy,
    machine, pieces,
    prometheus::{Prometheus, PrometheusOptions},
    scrape::Series,
};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::{
    expectation::PREFIX,
    stage::{Host, among_others, settings, start_envoy},
    weather,
};

const RULES: &str = include_str!("../../envoy/prometheus/drift.rules.yml");
/// How often Prometheus scrapes, in milliseconds.
const SCRAPE_MS: u64 = 400;
/// How long everything has been scraped at least when the rules are looked at. `increase` takes what it saw for all of
/// the time up to now, which may be a scrape later: so counts are too large by up to this share.
const WATCHED: Duration = Duration::from_secs(30);
/// Of a count. Lost or doubled rows of the first life of the one that restarts are a quarter of all.
const COUNT_TOLERANCE: f64 = 0.02;
/// Of a measure, plus as much of itself. The first life of the one that restarts saw only days before the change.
const TOLERANCE: f64 = 0.003;
const LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);
/// Prometheus scrapes when it can; on a machine that is later than this, counts are off by more.
const MACHINE_TOLERANCE: Duration = Duration::from_millis(100);
/// Longer than all of the story, so that the gauges hold all rows.
const WINDOW_SECONDS: u64 = 3 * 3600;

/// Of evidence, which grows with the counts: plus as much of itself.
const NATS_TOLERANCE: f64 = 0.05;

/// Eight features and the prediction.
const COLUMNS: usize = 8 + 1;

/// What the rules compute, and the gauge that says the same.
const MEASURES: [(&str, &str); 3] = [
    ("driftline:feature:psi1h", "feature_psi_ppm"),
    ("driftline:feature:jensen_shannon1h", "feature_jensen_shannon_ppm"),
    ("driftline:feature:kolmogorov_smirnov1h", "feature_ks_statistic_ppm"),
];

/// Two Envoys of a fleet, one beside it, and who watches them.
struct Fleet {
    steady: (Envoy, Host),
    restarting: (Envoy, Host),
    all: (Envoy, Host),
    prometheus: Prometheus,
}

impl Fleet {
    async fn start(rules: &str) -> Fleet {
        let settings = settings(&weather::config(WINDOW_SECONDS, 200));
        let (steady, restarting, all) = tokio::try_join!(
            start_envoy(&settings),
            start_envoy(&settings),
            start_envoy(&settings)
        )
        .unwrap();
        let target = |pod: &str, (envoy, _): &(Envoy, Host), version: &str| {
            json!({
                "targets": [envoy.admin().to_string()],
                "labels": {"pod": pod, "version": version},
            })
        };
        let targets = json!([
            target("steady", &steady, ""),
            target("restarting", &restarting, ""),
            target("all", &all, "one"),
        ]);
        let binary = pieces::prometheus().unwrap();
        let mut options = PrometheusOptions::scraping(&targets, &format!("{SCRAPE_MS}ms"), "1s");
        options.config["scrape_configs"][0]["params"] = json!({"filter": ["driftline_"]});
        options.rules = vec![("drift.rules.yml".into(), rules.to_owned())];
        let prometheus = Prometheus::start(&binary, options).await.unwrap();
        Fleet { steady, restarting, all, prometheus }
    }

    /// Waits until Prometheus has scraped that a pod's counter of rows stands there. Rows that it has not seen when a
    /// pod ends are lost; rows that it first sees together with the pod, too.
    async fn scraped(&self, pod: &str, rows: usize) {
        let expression = format!("{PREFIX}instances_total{{pod={pod:?}}}");
        let started = Instant::now();
        loop {
            let found = self.prometheus.query(&expression).await.unwrap();
            if found.iter().map(|(_, value)| value).sum::<f64>() == rows as f64 && !found.is_empty()
            {
                return;
            }
            assert!(started.elapsed() < LIMIT, "{pod}: {found:?}, expected {rows}");
            tokio::time::sleep(POLL).await;
        }
    }

    async fn all_scraped(&self, steady: usize, restarting: usize, all: usize) {
        self.scraped("steady", steady).await;
        self.scraped("restarting", restarting).await;
        self.scraped("all", all).await;
    }

    /// What a rule says of every column: of the fleet, and of the one that saw all.
    async fn compared(&self, rule: &str) -> Vec<(Series, f64, f64)> {
        let started = Instant::now();
        let (fleet, ones) = loop {
            let found = self.prometheus.query(rule).await.unwrap();
            let (ones, fleet): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|(series, _)| series.label("version") == Some("one"));
            // A scrape that takes too long on a busy machine leaves a gap.
            if ones.len() == COLUMNS && fleet.len() == COLUMNS {
                break (fleet, ones);
            }
            assert!(started.elapsed() < LIMIT, "{rule}: {fleet:?}, {ones:?}");
            tokio::time::sleep(POLL).await;
        };
        let of_one = |series: &Series| {
            let mut labels = series.labels.clone();
            labels.insert("version".to_owned(), "one".to_owned());
            let one = ones.iter().find(|(one, _)| one.labels == labels);
            one.unwrap_or_else(|| panic!("no {series} of the one")).1
        };
        fleet.iter().map(|(series, value)| (series.clone(), *value, of_one(series))).collect()
    }
}

/// The generated rules, which are as they are but for their pace: every second instead of every minute.
fn quick_rules() -> String {
    assert_eq!(RULES.matches("interval: 1m").count(), 1, "the group of the rules");
    RULES.replace("interval: 1m", "interval: 1s")
}

#[test]
fn prometheus_tells_of_two_envoys_of_which_one_restarts_what_it_tells_of_one_that_saw_all() {
    let _among_others = among_others();
    let Some(machine) = machine::watch(MACHINE_TOLERANCE) else { return };
    let rules = quick_rules();
    Runtime::new().unwrap().block_on(async {
        let mut fleet = Fleet::start(&rules).await;
        fleet.all_scraped(0, 0, 0).await;
        let begun = Instant::now();
        let days = weather::all_days();
        // A change comes with the restart.
        for (life, days) in [&days[11_500..12_000], &days[12_000..12_500]].into_iter().enumerate() {
            for (number, batch) in days.chunks(50).enumerate() {
                let script = weather::asks(batch);
                let of_fleet = if number % 2 == 0 { &fleet.steady.1 } else { &fleet.restarting.1 };
                for host in [of_fleet, &fleet.all.1] {
                    host.pass(&script).await.unwrap();
                }
            }
            if life == 0 {
                fleet.all_scraped(250, 250, 500).await;
                let (envoy, host) = fleet.restarting;
                let envoy = envoy.restart().await.unwrap();
                fleet.restarting = (envoy, host);
                fleet.all_scraped(250, 0, 500).await;
            }
        }
        fleet.all_scraped(500, 250, 1000).await;
        // And a few evaluations of the rules.
        tokio::time::sleep(WATCHED.saturating_sub(begun.elapsed()).max(Duration::from_secs(3)))
            .await;

        let mut wrong = Vec::new();
        let mut check = |what: String, found: f64, expected: f64, tolerance: f64| {
            // What is no number is no agreement either.
            let agrees = (found - expected).abs() <= tolerance;
            if !agrees {
                wrong.push(format!("{what}: {found}, expected {expected} +- {tolerance}"));
            }
        };
        for (series, of_fleet, of_one) in fleet.compared("driftline:feature:live1h").await {
            check(format!("{series}"), of_fleet, 1000.0, 1000.0 * COUNT_TOLERANCE);
            check(format!("{series} of one"), of_one, 1000.0, 1000.0 * COUNT_TOLERANCE);
        }
        for rule in ["bins_nats1h", "types_nats1h"] {
            for (series, of_fleet, of_one) in
                fleet.compared(&format!("driftline:feature:{rule}")).await
            {
                check(format!("{series}"), of_fleet, of_one, NATS_TOLERANCE * (1.0 + of_one));
            }
        }
        let page = fleet.all.1.scrape().await.unwrap();
        for (rule, gauge) in MEASURES {
            for (series, of_fleet, of_one) in fleet.compared(rule).await {
                let feature = series.label("feature").unwrap();
                let role = series.label("role").unwrap();
                let labels = [("feature", feature), ("role", role), ("window", "fast")];
                let told = page.value(&format!("{PREFIX}{gauge}"), &labels).unwrap() / 1e6;
                let tolerance = TOLERANCE * (1.0 + told);
                check(format!("{series} of the fleet"), of_fleet, told, tolerance);
                check(format!("{series} of one"), of_one, told, tolerance);
            }
        }
        if machine.kept_time() {
            assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
        }
    });
}
