//! Several proxies, seen by Prometheus: with the generated rules they tell what one proxy tells that got all traffic.

mod experiment;
mod verdict;

use std::{collections::BTreeMap, fmt::Write};

use driftline_testbed::{promtool, rain::Day, scrape::Scrape};
use serde_json::{Value, json};

use crate::{
    expectation::PREFIX,
    script::Script,
    stage::{among_others, run, scrape, world},
    weather,
};

/// Minutes that Prometheus looks at, a scrape each.
const MINUTES: usize = 60;
/// When one of the two proxies is another one, whose counters begin at zero.
const RESTART: usize = 30;
/// Longer than all of the story, so that the gauges hold all rows.
const WINDOW_SECONDS: u64 = 3 * 3600;
/// The rules compute from whole numbers, and gauges are whole parts per million.
const TOLERANCE: f64 = 1e-6;

const RULES: &str = include_str!("../../envoy/prometheus/drift.rules.yml");

/// What the rules compute, and the gauge that says the same.
const MEASURES: [(&str, &str); 3] = [
    ("driftline:feature:psi1h", "feature_psi_ppm"),
    ("driftline:feature:jensen_shannon1h", "feature_jensen_shannon_ppm"),
    ("driftline:feature:kolmogorov_smirnov1h", "feature_ks_statistic_ppm"),
];

/// What the rules read.
const RECORDED: [&str; 5] = [
    "feature_bin_total",
    "feature_unbinned_total",
    "reference_bin_rows",
    "reference_unset_rows",
    "drift_evidence_needed_thousandths",
];

/// What jumps at row 12,000, and what never moves. Nothing is known of clusters within the first hour, and the rules then
/// take twenty rows for one.
const DRIFTED: [(&str, u64); 2] = [(weather::PRESSURE, 1), ("temperature", 0)];

/// The samples of every series by minute, as promtool reads them.
#[derive(Default)]
struct Recorded(BTreeMap<String, String>);

impl Recorded {
    /// Adds what a pod shows at the next minute.
    fn add(&mut self, pod: &str, page: &Scrape) {
        for (series, value) in page.samples() {
            if RECORDED.iter().any(|name| series.name == format!("{PREFIX}{name}")) {
                let mut series = series.clone();
                series.labels.insert("pod".to_owned(), pod.to_owned());
                let values = self.0.entry(series.to_string()).or_default();
                let _ = write!(values, "{value} ");
            }
        }
    }
}

#[test]
fn two_proxies_of_which_one_restarts_tell_what_one_that_saw_all_tells() {
    let _among_others = among_others();
    let config = weather::config(WINDOW_SECONDS, 60_000);
    let (all, steady) = (world(&config), world(&config));
    let mut restarting = world(&config);
    let mut recorded = Recorded::default();
    let days = weather::all_days();
    let mut batches = days[12_000..13_000].chunks(50);
    for minute in 0..=MINUTES {
        if minute == RESTART {
            restarting = world(&config);
        }
        // Some come right before the last scrape of the one that restarts.
        if minute % 3 == 2
            && let Some(batch) = batches.next()
        {
            let script = asks(batch);
            run(&all, 0, &script);
            run(if minute % 2 == 0 { &steady } else { &restarting }, 0, &script);
        }
        recorded.add("steady", &scrape(&steady));
        recorded.add("restarting", &scrape(&restarting));
    }
    assert!(batches.next().is_none(), "all days were sent");
    all.advance(std::time::Duration::from_secs(60)).unwrap();
    let told = scrape(&all);
    let mut checks: Vec<Value> = Vec::new();
    for (series, value) in told.samples() {
        for (rule, gauge) in MEASURES {
            let is_fast = series.label("window") == Some("fast");
            if series.name == format!("{PREFIX}{gauge}") && is_fast {
                let role = series.label("role").unwrap_or_default();
                let feature = series.label("feature").unwrap_or_default();
                let labels = format!("{{model=\"rain\", role={role:?}, feature={feature:?}}}");
                let value = value / 1e6;
                let expression = format!("abs({rule}{labels} - {value}) < bool {TOLERANCE}");
                checks.push(json!({
                    "expr": expression,
                    "eval_time": format!("{MINUTES}m"),
                    "exp_samples": [{"labels": labels, "value": 1}],
                }));
            }
        }
    }
    assert_eq!(checks.len(), (8 + 1) * MEASURES.len(), "eight features and the prediction");
    for (feature, drifted) in DRIFTED {
        checks.push(json!({
            "expr": format!("sum(driftline:feature:drift1h{{feature={feature:?}}})"),
            "eval_time": format!("{MINUTES}m"),
            "exp_samples": [{"labels": "{}", "value": drifted}],
        }));
    }
    checks.push(json!({
        "expr": "count(driftline:feature:nulls_nats1h)",
        "eval_time": format!("{MINUTES}m"),
        "exp_samples": [{"labels": "{}", "value": 8 + 1}],
    }));
    let series: Vec<Value> = recorded
        .0
        .iter()
        .map(|(series, values)| json!({"series": series, "values": values.trim_end()}))
        .collect();
    holds(RULES, |rules| {
        json!({
            "rule_files": rules,
            "evaluation_interval": "1m",
            "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": checks}],
        })
    });
}

/// Days whose prediction is now and then neither 0 nor 1: below, above, or between.
fn asks(days: &[Day]) -> Script {
    let odd = [-2.0, -1.0, 3.0, 0.5, 0.25];
    let predictions: Vec<f64> = days
        .iter()
        .enumerate()
        .map(|(number, day)| match odd.get(number % 16) {
            Some(&odd) => odd,
            None => f64::from(u8::from(day.rain)),
        })
        .collect();
    weather::asks_and_gets(days, &predictions)
}

/// Has promtool check rules and carry out a test of them, which is told where they lie.
#[track_caller]
fn holds(rules: &str, test: impl FnOnce(&[String]) -> Value) {
    let files = [("fleet.rules.yml", rules)];
    let told = promtool::check(&files).and_then(|()| promtool::test(&files, test));
    told.unwrap_or_else(|said| panic!("{said}"));
}
