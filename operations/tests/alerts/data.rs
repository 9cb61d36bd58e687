//! Faults of the data, and the alerts that they fire.

use crate::{
    scenario::{Scenario, carry_out, scenario},
    series::{Series, burns, counter, gauge, recorded},
};

const VERSION: &str = r#"model="rain", version="1""#;
const FEATURE: &str = r#"model="rain", version="1", role="feature", feature="age""#;
const OF_FEATURE: &str = r#"model="rain", version="1", feature="age""#;
const FAST_DRIFT: &str = r#"window="fast", verdict="drift""#;

fn of_feature(metric: &str, label: &str, value: &str, health: f64, fault: f64) -> Series {
    counter(&format!("driftline_{metric}{{{FEATURE}, {label}={value:?}}}"), health, fault)
}

fn rows(health: f64, fault: f64) -> Series {
    of_feature("feature_bin_total", "bin", "00", health, fault)
}

fn labels(outcome: &str, health: f64, fault: f64) -> Series {
    counter(&format!("driftline_labels_total{{{VERSION}, outcome={outcome:?}}}"), health, fault)
}

fn feature_drifts() -> Series {
    gauge(&format!("driftline_feature_verdict{{{FEATURE}, {FAST_DRIFT}}}"), 0.0, 1.0)
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let of_feature_alone = |metric: &str, health, fault| {
        counter(&format!("driftline_{metric}{{{FEATURE}}}"), health, fault)
    };
    vec![
        scenario("DriftlineFeatureDrift", 6, vec![feature_drifts()]).with_labels(OF_FEATURE),
        scenario(
            "DriftlineFeatureDrift",
            6,
            vec![recorded(&format!("driftline:feature:drift1h{{{FEATURE}}}"), 0.0, 1.0)],
        )
        .with_labels(OF_FEATURE),
        scenario(
            "DriftlineNullBurst",
            12,
            vec![
                rows(98.0, 50.0),
                of_feature("feature_unbinned_total", "reason", "null", 2.0, 50.0),
                gauge(
                    &format!("driftline_reference_bin_rows{{{FEATURE}, bin=\"00\"}}"),
                    980.0,
                    980.0,
                ),
                gauge(&format!("driftline_reference_unset_rows{{{FEATURE}}}"), 20.0, 20.0),
            ],
        )
        .with_labels(OF_FEATURE),
        // A reference without nulls does not have the gauge.
        scenario(
            "DriftlineNullBurst",
            12,
            vec![
                rows(98.0, 50.0),
                of_feature("feature_unbinned_total", "reason", "missing", 2.0, 50.0),
            ],
        )
        .with_labels(OF_FEATURE),
        scenario(
            "DriftlineTypeChange",
            8,
            vec![
                rows(100.0, 50.0),
                of_feature("feature_unbinned_total", "reason", "wrong_type", 0.0, 50.0),
            ],
        )
        .with_labels(OF_FEATURE),
        scenario(
            "DriftlineNovelCategories",
            11,
            vec![
                rows(100.0, 100.0),
                of_feature("feature_outside_total", "reason", "novel_category", 1.0, 50.0),
            ],
        )
        .with_labels(OF_FEATURE),
        scenario(
            "DriftlineOutOfRange",
            11,
            vec![
                rows(100.0, 100.0),
                of_feature("feature_outside_total", "reason", "out_of_range", 1.0, 50.0),
            ],
        )
        .with_labels(OF_FEATURE),
        scenario(
            "DriftlineRequiredMissing",
            8,
            vec![
                rows(100.0, 50.0),
                of_feature("feature_unbinned_total", "reason", "missing", 0.0, 50.0),
                of_feature("schema_violations_total", "reason", "required_missing", 0.0, 50.0),
            ],
        )
        .with_labels(OF_FEATURE),
        scenario(
            "DriftlineSchemaBroken",
            8,
            vec![
                counter(&format!("driftline_instances_total{{{VERSION}}}"), 100.0, 100.0),
                counter(
                    &format!(
                        "driftline_schema_violations_total{{{VERSION}, reason=\"wrong_shape\"}}"
                    ),
                    0.0,
                    50.0,
                ),
            ],
        )
        .with_labels(r#"model="rain", version="1", reason="wrong_shape""#),
        scenario(
            "DriftlineStaleData",
            15,
            vec![
                of_feature_alone("feature_age_seconds_total", 20.0 * 30.0, 20.0 * 600.0),
                of_feature_alone("feature_age_observations_total", 20.0, 20.0),
            ],
        )
        .with_labels(OF_FEATURE),
        scenario("DriftlineFreshnessBudgetBurns", 6, burns("freshness", ["1h", "5m"], 20.0)),
        scenario(
            "DriftlineTimestampsInFuture",
            8,
            vec![
                of_feature_alone("feature_in_future_total", 0.0, 10.0),
                of_feature_alone("feature_age_observations_total", 50.0, 40.0),
            ],
        )
        .with_labels(OF_FEATURE),
        scenario(
            "DriftlineSkew",
            6,
            vec![gauge(
                &format!("driftline_feature_skew_verdict{{{FEATURE}, verdict=\"drift\"}}"),
                0.0,
                1.0,
            )],
        )
        .with_labels(OF_FEATURE),
        scenario(
            "DriftlineLabelsStopped",
            78,
            vec![
                labels("joined", 5.0, 0.0),
                counter(&format!("driftline_predictions_total{{{VERSION}}}"), 10.0, 10.0),
            ],
        )
        .with_labels(VERSION)
        .after(490),
        scenario(
            "DriftlineLabelsUnmatched",
            40,
            vec![labels("joined", 5.0, 1.0), labels("unmatched", 0.0, 4.0)],
        )
        .with_labels(VERSION)
        .recovers_within(75),
        scenario(
            "DriftlineFeedbackRefused",
            8,
            vec![
                labels("joined", 10.0, 5.0),
                counter(r#"driftline_feedback_refused_total{reason="label_unusable"}"#, 0.0, 5.0),
            ],
        )
        .with_labels(r#"reason="label_unusable""#)
        .after(30),
        scenario(
            "DriftlineFeedbackRefused",
            8,
            vec![
                counter(r#"driftline_feedback_requests_total{outcome="accepted"}"#, 10.0, 0.0),
                counter(r#"driftline_feedback_requests_total{outcome="unauthorized"}"#, 0.0, 10.0),
            ],
        )
        .with_labels(r#"reason="unauthorized""#)
        .after(30),
        scenario("DriftlineLabelBudgetBurns", 16, burns("labels", ["3d", "6h"], 1.5)),
        scenario(
            "DriftlineDataHurtsQuality",
            12,
            vec![
                feature_drifts(),
                gauge(&format!("driftline_quality_verdict{{{VERSION}, {FAST_DRIFT}}}"), 0.0, 1.0),
            ],
        ),
    ]
}

#[test]
fn faults_of_the_data_fire_their_alerts() {
    carry_out(&scenarios());
}
