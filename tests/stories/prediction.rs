//! Predictive models over KServe V1: every value in its bin, or under the reason why it has none.
//!
//! The bins, closed on the right: `temperature` up to 0, up to 10, above; `dew point` up to 1, above; the prediction
//! 0, 1, other, below, above.

use serde_json::json;

use crate::{
    phrases::predict,
    script::Script,
    stage::{tell, tell_under},
};

#[test]
fn values_of_rows_fall_into_their_bins() {
    tell(
        predict(r#"{"instances": [[-3, 0.5], [0, 1], [0.1, 1.5], [10, -2], [25.5, 1e3]]}"#)
            .at_ms(60)
            .answers(200, r#"{"predictions": [0, 1, 1, 7, 1]}"#),
        &[
            "requests_total{model=rain,outcome=complete} 1",
            "request_duration_microseconds_total{model=rain,result=success} 60 ms",
            "instances_total{model=rain} 5",
            "predictions_total{model=rain} 5",
            "feature_bin_total{model=rain,role=feature,feature=temperature,bin=00} 2",
            "feature_bin_total{model=rain,role=feature,feature=temperature,bin=01} 2",
            "feature_bin_total{model=rain,role=feature,feature=temperature,bin=02} 1",
            "feature_bin_total{model=rain,role=feature,feature=dew point,bin=00} 3",
            "feature_bin_total{model=rain,role=feature,feature=dew point,bin=01} 2",
            "feature_bin_total{model=rain,role=prediction,feature=prediction,bin=00} 1",
            "feature_bin_total{model=rain,role=prediction,feature=prediction,bin=01} 3",
            "feature_bin_total{model=rain,role=prediction,feature=prediction,bin=above} 1",
            "feature_bin_total 15",
            // Below 0: -3, of a standard deviation of 8. Above 10: 25.5. Dew points lie around the one edge of 1.
            "feature_tail_excess_thousandths_total{feature=temperature,side=low} 375",
            "feature_tail_excess_thousandths_total{feature=temperature,side=high} 1938",
            "feature_tail_excess_thousandths_total{feature=dew point,side=low} 3500",
            "feature_tail_excess_thousandths_total{feature=dew point,side=high} 999500",
            "feature_tail_excess_thousandths_total{feature=prediction,side=high} 12000",
            "feature_outside_total{model=rain,role=feature,feature=dew point,reason=out_of_range} 1",
            "feature_outside_total{model=rain,role=prediction,feature=prediction,reason=out_of_range} 1",
            "schema_violations_total{model=rain,role=feature,feature=dew point,reason=out_of_range} 1",
            "schema_violations_total{model=rain,role=prediction,feature=prediction,reason=out_of_range} 1",
        ],
    );
}

#[test]
fn rows_may_be_objects_in_any_order() {
    tell(
        predict(
            r#"{"instances": [{"dew point": 2, "temperature": 5, "station": "x"}, {"temperature": 20, "dew point": 0}]}"#,
        )
        .answers(200, r#"{"predictions": [[1], [0]]}"#),
        &[
            "requests_total{model=rain,outcome=complete} 1",
            "instances_total{model=rain} 2",
            "schema_violations_total{model=rain,reason=extra_column} 1",
            "feature_bin_total{feature=temperature,bin=01} 1",
            "feature_bin_total{feature=temperature,bin=02} 1",
            "feature_bin_total{feature=dew point,bin=00} 1",
            "feature_bin_total{feature=dew point,bin=01} 1",
            "feature_bin_total{feature=prediction,bin=00} 1",
            "feature_bin_total{feature=prediction,bin=01} 1",
        ],
    );
}

#[test]
fn what_has_no_bin_has_a_reason() {
    tell(
        predict(
            r#"{"instances": [[null, 1], ["5", [2, 3]], [1e400, -1e999], [7], {"dew point": null}, []]}"#,
        )
        .answers(200, r#"{"predictions": [null, "rain", [1, 0], 1, 1e999, 0]}"#),
        &[
            "requests_total{model=rain,outcome=complete} 1",
            "instances_total{model=rain} 6",
            "predictions_total{model=rain} 6",
            "feature_unbinned_total{model=rain,role=feature,feature=temperature,reason=null} 1",
            "feature_unbinned_total{model=rain,role=feature,feature=temperature,reason=wrong_type} 1",
            "feature_unbinned_total{model=rain,role=feature,feature=temperature,reason=not_finite} 1",
            "feature_unbinned_total{model=rain,role=feature,feature=temperature,reason=missing} 2",
            "feature_unbinned_total{model=rain,role=feature,feature=dew point,reason=null} 1",
            "feature_unbinned_total{model=rain,role=feature,feature=dew point,reason=wrong_type} 1",
            "feature_unbinned_total{model=rain,role=feature,feature=dew point,reason=not_finite} 1",
            "feature_unbinned_total{model=rain,role=feature,feature=dew point,reason=missing} 2",
            "feature_unbinned_total{model=rain,role=prediction,feature=prediction,reason=null} 1",
            "feature_unbinned_total{model=rain,role=prediction,feature=prediction,reason=wrong_type} 1",
            "feature_unbinned_total{model=rain,role=prediction,feature=prediction,reason=not_finite} 1",
            "schema_violations_total{model=rain,role=feature,feature=dew point,reason=required_null} 1",
            "schema_violations_total{model=rain,role=feature,feature=temperature,reason=wrong_type} 1",
            "schema_violations_total{model=rain,role=prediction,feature=prediction,reason=not_finite} 1",
            "schema_violations_total{model=rain,role=feature,feature=temperature,reason=required_null} 1",
            "schema_violations_total{model=rain,role=prediction,feature=prediction,reason=required_null} 1",
            "schema_violations_total{model=rain,role=feature,feature=dew point,reason=required_missing} 2",
            "schema_violations_total{model=rain,role=feature,feature=temperature,reason=required_missing} 2",
            "schema_violations_total{model=rain,role=feature,feature=dew point,reason=wrong_type} 1",
            "schema_violations_total{model=rain,role=prediction,feature=prediction,reason=wrong_type} 1",
            "schema_violations_total{model=rain,reason=wrong_shape} 2",
            "schema_violations_total{model=rain,role=feature,feature=dew point,reason=not_finite} 1",
            "schema_violations_total{model=rain,role=feature,feature=temperature,reason=not_finite} 1",
            "feature_bin_total{feature=temperature} 1",
            "feature_bin_total{feature=dew point} 1",
            "feature_bin_total{feature=prediction} 3",
        ],
    );
}

#[test]
fn rows_before_a_fault_count() {
    tell(
        predict(r#"{"instances": [[5, 2], [20, 0], [3, oops]]}"#)
            .answers(400, r#"{"error": "cannot parse"}"#),
        &[
            "requests_total{model=rain,outcome=error_status} 1",
            "read_problems_total{model=rain,reason=request_malformed} 1",
            "instances_total{model=rain} 2",
            "instances_refused_total{model=rain} 2",
            "feature_bin_total{feature=temperature,bin=01} 1",
            "feature_bin_total{feature=temperature,bin=02} 1",
            "feature_bin_total{feature=dew point} 2",
            "predictions_total 0",
        ],
    );
}

#[test]
fn predictions_before_a_fault_count() {
    tell(
        predict(r#"{"instances": [[5, 2], [20, 0]]}"#)
            .answers(200, r#"{"predictions": [1, 0, !]}"#),
        &[
            "requests_total{model=rain,outcome=no_output} 1",
            "read_problems_total{model=rain,reason=response_malformed} 1",
            "predictions_total{model=rain} 2",
            "feature_bin_total{feature=prediction} 2",
        ],
    );
}

#[test]
fn a_batch_counts_the_same_in_pieces() {
    let rows: Vec<String> = (0..40).map(|row| format!("[{row}, {}]", row % 3)).collect();
    let answers: Vec<String> = (0..40).map(|row| (row % 2).to_string()).collect();
    let body = format!(r#"{{"instances": [{}]}}"#, rows.join(", "));
    tell(
        predict(&body)
            .in_pieces_of(body.len() / 3 - 1)
            .answers(200, format!(r#"{{"predictions": [{}]}}"#, answers.join(","))),
        &[
            "requests_total{model=rain,outcome=complete} 1",
            "instances_total{model=rain} 40",
            "feature_bin_total{feature=temperature,bin=00} 1",
            "feature_bin_total{feature=temperature,bin=01} 10",
            "feature_bin_total{feature=temperature,bin=02} 29",
            // From 31 on.
            "feature_outside_total{model=rain,role=feature,feature=temperature,reason=out_of_range} 9",
            "schema_violations_total{model=rain,role=feature,feature=temperature,reason=out_of_range} 9",
            "feature_bin_total{feature=dew point,bin=00} 27",
            "feature_bin_total{feature=dew point,bin=01} 13",
            "feature_bin_total{feature=prediction,bin=00} 20",
            "feature_bin_total{feature=prediction,bin=01} 20",
        ],
    );
}

#[test]
fn a_request_without_rows_is_told_apart_from_one_that_is_malformed() {
    tell(
        predict(r#"{"rows": [[5, 2]]}"#).answers(400, r#"{"error": "no instances"}"#),
        &[
            "requests_total{model=rain,outcome=error_status} 1",
            "read_problems_total{model=rain,reason=instances_missing} 1",
            "instances_total 0",
        ],
    );
}

#[test]
fn exchanges_of_a_version_count_how_long_they_take() {
    let model = |version: &str| json!({"name": "rain", "type": "predictive", "version": version});
    let config = json!({"models": [model("3"), model("4")]}).to_string();
    tell_under(
        &config,
        Script::post("/v1/models/rain/versions/4:predict", r#"{"instances": [[1], [2]]}"#)
            .at_ms(60)
            .answers(200, r#"{"predictions": [0, 1]}"#),
        &[
            "requests_total{model=rain,outcome=complete} 1",
            "request_duration_microseconds_total{model=rain,result=success} 60 ms",
            "instances_total{model=rain,version=4} 2",
            "predictions_total{model=rain,version=4} 2",
            "version_requests_total{model=rain,version=4} 1",
            "version_duration_microseconds_total{model=rain,version=4} 60 ms",
        ],
    );
}
