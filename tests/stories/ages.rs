//! Timestamps as features, and how old they are when a request comes by the proxy's own wall clock.

use crate::{phrases::predict, stage::tell_under};

/// A model of one timestamp, whose reference is up to a minute, up to a day, and up to a year old.
const CONFIG: &str = r#"{"window_seconds": 60, "models": [{"name": "rain", "deployed_at": "2026-11-25T12:00:00Z", "profile": {
    "format": "driftline-profile", "format_version": 1, "model": "rain", "version": null,
    "created_at": "2026-11-25T12:00:00Z", "rows": 9, "prediction": null,
    "features": [{"name": "seen at", "type": "timestamp",
        "schema": {"required": true, "minimum": 0, "maximum": 31536000}, "nulls": 0,
        "mean": 9000000, "standard_deviation": 10000000, "minimum": 0, "maximum": 31536000,
        "bins": {"kind": "quantile", "edges": [60, 86400], "counts": [3, 3, 3], "means": [30, 50000, 10000000]},
        "tail_excess": {"low": 0, "high": 1},
        "chi_square": {"five_percent": 5.9, "one_percent": 9.2, "family": 10.6}}]}}]}"#;

#[test]
fn old_data_shows_however_a_timestamp_is_written() {
    tell_under(
        CONFIG,
        predict(
            r#"{"instances": [["2001-01-01T00:00:00Z"], [978307200], [978307200000], [{"b64": "MjAwMS0wMS0wMQ=="}],
                ["2200-01-01"], ["yesterday"], [null], [true]]}"#,
        )
        .answers(200, r#"{"predictions": []}"#),
        &[
            "requests_total{model=rain,outcome=no_output} 1",
            "instances_total{model=rain} 8",
            // Older than any of the reference.
            "feature_bin_total{model=rain,role=feature,feature=seen at,bin=02} 4",
            // Yet to come, so younger than any.
            "feature_bin_total{model=rain,role=feature,feature=seen at,bin=00} 1",
            "feature_in_future_total{model=rain,role=feature,feature=seen at} 1",
            "feature_age_observations_total{model=rain,role=feature,feature=seen at} 4",
            "feature_outside_total{model=rain,role=feature,feature=seen at,reason=out_of_range} 5",
            "feature_unbinned_total{model=rain,role=feature,feature=seen at,reason=wrong_type} 2",
            "feature_unbinned_total{model=rain,role=feature,feature=seen at,reason=null} 1",
            "schema_violations_total{model=rain,role=feature,feature=seen at,reason=out_of_range} 5",
            "schema_violations_total{model=rain,role=feature,feature=seen at,reason=wrong_type} 2",
            "schema_violations_total{model=rain,role=feature,feature=seen at,reason=required_null} 1",
        ],
    );
}
