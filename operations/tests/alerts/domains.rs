//! Which domain is named when incidents follow each other, and what happens between them.

use driftline_operations::alerts::Domain;
use serde_json::{Value, json};

use crate::{
    scenario::{self, expect, firing, incident_of},
    series::{Case, Course, Series, counter, gauge, recorded},
    tested,
};

/// Has promtool follow these series, and look at what they lead to.
#[track_caller]
fn follow(minutes: usize, series: &[Series], checks: &[Value]) {
    follow_every("1m", minutes, series, checks);
}

/// The same of rules that are evaluated as often as this, for days to pass quickly.
#[track_caller]
fn follow_every(interval: &str, minutes: usize, series: &[Series], checks: &[Value]) {
    let course = Course::of_health(minutes + 1);
    let input: Vec<Value> =
        series.iter().map(|series| course.input(series, &Case(String::new()))).collect();
    let test = json!({"interval": "1m", "input_series": input, "promql_expr_test": checks});
    tested(interval, &test).unwrap_or_else(|said| panic!("{said}"));
}

fn during(domain: Domain, minutes: std::ops::Range<usize>) -> Vec<Series> {
    incident_of(domain).into_iter().map(|series| series.during(minutes.clone())).collect()
}

fn fires(alert: &str, minute: usize) -> Value {
    scenario::fires(alert, "", minute)
}

fn is_silent(alert: &str, minute: usize) -> Value {
    scenario::is_silent(alert, "", minute)
}

fn never(alert: &str, until: usize) -> Value {
    scenario::never(alert, "", until)
}

fn one_domain(until: usize) -> Value {
    scenario::one_domain("", until)
}

#[test]
fn a_drift_that_outlasts_an_incident_of_the_system_is_named_when_its_rows_have_left_the_window() {
    let series = [during(Domain::System, 30..60), during(Domain::Data, 32..300)].concat();
    follow(
        200,
        &series,
        &[
            fires("DriftlineAvailabilityBudgetBurnsFast", 50),
            never("DriftlineFeatureDrift", 119),
            fires("DriftlineFeatureDrift", 127),
            one_domain(200),
        ],
    );
}

#[test]
fn an_incident_of_the_system_ends_one_of_the_data_at_once() {
    let series = [during(Domain::Data, 30..300), during(Domain::System, 60..90)].concat();
    follow(
        100,
        &series,
        &[
            fires("DriftlineFeatureDrift", 59),
            // The system is only suspected, which ends nothing.
            fires("DriftlineFeatureDrift", 61),
            is_silent("DriftlineFeatureDrift", 62),
            fires("DriftlineAvailabilityBudgetBurnsFast", 62),
            one_domain(100),
        ],
    );
}

#[test]
fn what_never_fired_holds_nothing_back_for_longer_than_it_was_pending() {
    let series = [during(Domain::System, 30..31), during(Domain::Data, 30..300)].concat();
    follow(
        60,
        &series,
        &[never("DriftlineAvailabilityBudgetBurnsFast", 60), fires("DriftlineFeatureDrift", 37)],
    );
}

#[test]
fn a_proxy_that_cannot_be_scraped_is_an_incident_of_the_models_that_it_serves_and_of_no_other() {
    let proxy = r#"job="envoy", instance="a:9901""#;
    let requests = |model: &str, instance: &str| {
        let labels =
            format!("model={model:?}, outcome=\"complete\", job=\"envoy\", instance={instance:?}");
        counter(&format!("driftline_requests_total{{{labels}}}"), 10.0, 10.0)
    };
    let snow = r#"driftline_feature_verdict{model="snow", role="feature", feature="depth", window="fast", verdict="drift"}"#;
    let mut series = vec![
        recorded(&format!("up{{{proxy}}}"), 1.0, 0.0).during(30..300),
        recorded(r#"up{job="envoy", instance="b:9901"}"#, 1.0, 1.0),
        requests("rain", "a:9901").that_ends().during(30..300),
        requests("snow", "b:9901"),
        gauge(snow, 0.0, 1.0).during(35..300),
    ];
    series.extend(during(Domain::Data, 35..300));
    let of = |model: &str| {
        format!("group({})", firing("DriftlineFeatureDrift", &format!("model={model:?}")))
    };
    follow(
        100,
        &series,
        &[
            fires("DriftlineScrapeLost", 36),
            expect("group(driftline:incident:system{model=\"rain\"})", 100, Some(1.0)),
            expect("group(driftline:incident:system{model=\"snow\"})", 100, None),
            expect(&of("rain"), 100, None),
            expect(&of("snow"), 100, Some(1.0)),
        ],
    );
}

#[test]
fn proxies_that_vanish_from_discovery_leave_their_models_unseen() {
    let proxy = r#"job="envoy", instance="a:9901""#;
    let series = [
        recorded(&format!("up{{{proxy}}}"), 1.0, 0.0).that_ends().during(30..300),
        counter(
            &format!("driftline_requests_total{{model=\"rain\", outcome=\"complete\", {proxy}}}"),
            10.0,
            10.0,
        )
        .that_ends()
        .during(30..300),
    ];
    follow(50, &series, &[never("DriftlineModelUnseen", 30), fires("DriftlineModelUnseen", 45)]);
}

#[test]
fn a_fall_of_quality_is_paged_without_a_gap_while_data_drift_and_when_they_no_longer_do() {
    let series = [during(Domain::Data, 30..90), during(Domain::Model, 50..400)].concat();
    let paged = format!(
        "count(count by (alertname) ({} or {}))",
        firing("DriftlineDataHurtsQuality", ""),
        firing("DriftlineQualityFell", "")
    );
    let mut checks: Vec<Value> =
        (56..300).step_by(1).map(|minute| expect(&paged, minute, Some(1.0))).collect();
    checks.extend([
        fires("DriftlineDataHurtsQuality", 60),
        is_silent("DriftlineQualityFell", 150),
        fires("DriftlineQualityFell", 200),
        one_domain(300),
    ]);
    follow(300, &series, &checks);
}

#[test]
fn a_fall_of_quality_alone_is_one_of_the_model() {
    follow(
        120,
        &during(Domain::Model, 30..300),
        &[fires("DriftlineQualityFell", 41), never("DriftlineDataHurtsQuality", 120)],
    );
}

#[test]
fn an_older_version_that_is_worse_than_the_new_one_is_no_reason_to_wake_anyone() {
    let pair = r#"model="rain", baseline="2", candidate="1", figure="accuracy""#;
    let rows = |side: &str, rows: f64| {
        recorded(
            &format!("driftline:experiment:{side}1h{{{pair}, statistic=\"rows\"}}"),
            rows,
            rows,
        )
    };
    let deployed = |version: &str, at: f64| {
        let metric = "driftline_model_deployed_timestamp_seconds";
        gauge(&format!("{metric}{{model=\"rain\", version={version:?}}}"), at, at)
    };
    let is = |what: &str, value: f64| {
        recorded(&format!("driftline:experiment:{what}1h{{{pair}}}"), value, value)
    };
    let worse = vec![is("worse", 1.0), is("difference", -0.05), is("standard_error", 0.01)];
    follow(
        60,
        &[worse.clone(), vec![rows("candidate", 1000.0), rows("baseline", 100.0)]].concat(),
        &[never("DriftlineCanaryWorse", 60)],
    );
    follow(
        60,
        &[
            worse,
            vec![
                rows("candidate", 100.0),
                rows("baseline", 1000.0),
                deployed("1", 1.7e9),
                deployed("2", 1.8e9),
            ],
        ]
        .concat(),
        &[never("DriftlineCanaryWorse", 60)],
    );
}

#[test]
fn a_model_that_is_not_asked_at_this_time_of_any_day_is_no_incident() {
    let day = 24 * 60;
    let requests = |pod: &str, pauses: std::ops::Range<usize>| {
        let name = format!(
            "driftline_requests_total{{model=\"rain\", outcome=\"complete\", pod={pod:?}}}"
        );
        counter(&name, 5.0, 0.0).during(pauses)
    };
    // Two pods, each of which counts on one of the days.
    let series = [requests("first", 100..day), requests("second", 0..day)];
    let pauses_again = requests("second", day + 100..2 * day).during(day + 100..2 * day);
    follow_every(
        "5m",
        day + 130,
        &[series[0].clone(), pauses_again],
        &[never("DriftlineNoTraffic", 95), is_silent("DriftlineNoTraffic", day + 125)],
    );
}

#[test]
fn a_skew_is_told_for_a_day() {
    let name = r#"driftline_feature_skew_verdict{model="rain", version="1", role="feature", feature="age", verdict="drift"}"#;
    let day = 24 * 60;
    follow_every(
        "5m",
        60 + day + 30,
        &[gauge(name, 0.0, 1.0).during(60..4 * day)],
        &[
            fires("DriftlineSkew", 70),
            fires("DriftlineSkew", 50 + day),
            is_silent("DriftlineSkew", 70 + day),
        ],
    );
}

#[test]
fn labels_that_come_once_a_day_may_be_late_for_hours_but_not_for_a_day() {
    let labels = r#"driftline_labels_total{model="rain", version="1", outcome="joined"}"#;
    let predictions = r#"driftline_predictions_total{model="rain", version="1"}"#;
    let hour = 60;
    follow_every(
        "5m",
        58 * hour,
        &[
            // At hour 1 and at hour 26, and then no more.
            counter(labels, 0.0, 50.0).during(hour..hour + 10),
            counter(&labels.replace('}', ", pod=\"b\"}"), 0.0, 50.0)
                .during(26 * hour..26 * hour + 10),
            counter(predictions, 10.0, 10.0),
        ],
        &[never("DriftlineLabelsStopped", 55 * hour), fires("DriftlineLabelsStopped", 57 * hour)],
    );
}

#[test]
fn without_any_series_nothing_fires() {
    follow(120, &[], &[expect("group(last_over_time(ALERTS[120m]))", 120, None)]);
}
