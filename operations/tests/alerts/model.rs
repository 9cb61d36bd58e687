//! Faults of models, and the alerts that they fire.

use crate::{
    scenario::{Scenario, carry_out, scenario},
    series::{Series, burns, counter, gauge, recorded},
};

const VERSION: &str = r#"model="rain", version="1""#;
const FAST_DRIFT: &str = r#"window="fast", verdict="drift""#;
const PAIR: &str = r#"model="rain", baseline="1", candidate="2", figure="accuracy""#;

fn detector(name: &str, kpi: &str) -> Series {
    let labels = format!("{VERSION}, kpi={kpi:?}, detector={name:?}, state=\"drift\"");
    gauge(&format!("driftline_concept_state{{{labels}}}"), 0.0, 1.0)
}

fn experiment(worse: f64, candidate_rows: f64, baseline_rows: f64) -> Vec<Series> {
    let rows = |side: &str, rows: f64| {
        let name = format!("driftline:experiment:{side}1h{{{PAIR}, statistic=\"rows\"}}");
        recorded(&name, rows, rows)
    };
    vec![
        recorded(&format!("driftline:experiment:worse1h{{{PAIR}}}"), 1.0, worse),
        // Within three standard errors even where the interval of 95 % is on the wrong side, and then beyond four.
        recorded(&format!("driftline:experiment:difference1h{{{PAIR}}}"), -0.03, -0.05),
        recorded(&format!("driftline:experiment:standard_error1h{{{PAIR}}}"), 0.01, 0.01),
        rows("candidate", candidate_rows),
        rows("baseline", baseline_rows),
    ]
}

fn deployed(version: &str, at: f64) -> Series {
    let labels = format!("model=\"rain\", version={version:?}");
    gauge(&format!("driftline_model_deployed_timestamp_seconds{{{labels}}}"), at, at)
}

fn estimated(metric: &str, health: f64, fault: f64) -> Series {
    let labels = format!(
        "{VERSION}, window=\"fast\", measure=\"accuracy\", rows=\"predictions\", job=\"envoy\", instance=\"a:9901\""
    );
    gauge(&format!("driftline_{metric}_ppm{{{labels}}}"), health, fault)
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let reference = format!(
        "driftline_reference_quality_ppm{{{VERSION}, measure=\"accuracy\", job=\"envoy\", instance=\"a:9901\"}}"
    );
    vec![
        scenario(
            "DriftlineQualityFell",
            11,
            vec![
                gauge(&format!("driftline_quality_verdict{{{VERSION}, {FAST_DRIFT}}}"), 0.0, 1.0),
                counter(&format!("driftline_predictions_total{{{VERSION}}}"), 10.0, 10.0),
            ],
        )
        .with_labels(VERSION),
        scenario("DriftlineQualityBudgetBurns", 11, burns("quality", ["1h", "5m"], 20.0)),
        scenario("DriftlineQualityBudgetBurns", 11, burns("quality", ["3d", "6h"], 1.5)),
        scenario(
            "DriftlineConceptDrift",
            11,
            vec![detector("adwin", ""), detector("page_hinkley", "")],
        )
        .with_labels(VERSION)
        .recovers_within(75),
        scenario(
            "DriftlineEstimateFell",
            11,
            vec![
                estimated("estimated_quality", 8.4e5, 7e5),
                estimated("estimated_quality_error", 1e4, 1e4),
                gauge(&reference, 8.5e5, 8.5e5),
            ],
        )
        .with_labels(VERSION),
        scenario(
            "DriftlinePredictionDrift",
            11,
            vec![gauge(
                &format!("driftline_feature_verdict{{{VERSION}, role=\"prediction\", feature=\"prediction\", {FAST_DRIFT}}}"),
                0.0,
                1.0,
            )],
        )
        .with_labels(VERSION),
        scenario(
            "DriftlineSegmentWorse",
            16,
            vec![gauge(
                &format!("driftline_segment_rank{{{VERSION}, feature=\"age\", bin=\"03\"}}"),
                0.0,
                1.0,
            )],
        )
        .with_labels(r#"model="rain", version="1", feature="age", bin="03""#),
        scenario(
            "DriftlineKpiChanged",
            11,
            vec![detector("adwin", "revenue"), detector("page_hinkley", "revenue")],
        )
        .with_labels(r#"model="rain", version="1", kpi="revenue""#)
        .recovers_within(75),
        // One that the profile has a reference of; its detectors are asked no more.
        scenario(
            "DriftlineKpiChanged",
            11,
            vec![gauge(
                &format!("driftline_kpi_verdict{{{VERSION}, kpi=\"revenue\", {FAST_DRIFT}}}"),
                0.0,
                1.0,
            )],
        )
        .with_labels(r#"model="rain", version="1", kpi="revenue""#),
        // The one with fewer rows is the new one.
        scenario("DriftlineCanaryWorse", 6, experiment(1.0, 100.0, 1000.0)).with_labels(PAIR),
        // Unless the configuration says when they were deployed.
        scenario(
            "DriftlineCanaryWorse",
            6,
            [experiment(1.0, 1000.0, 100.0), vec![deployed("1", 1.7e9), deployed("2", 1.8e9)]].concat(),
        )
        .with_labels(PAIR),
    ]
}

#[test]
fn faults_of_models_fire_their_alerts() {
    carry_out(&scenarios());
}
