//! Load reports in every format that servers and Envoy write, and what is no report.

use std::{format, string::String, vec::Vec};

use super::*;

/// What a report says, as `measure value` in the order of [`LoadMeasure::ALL`]; `None` for a malformed one.
fn read(headers: &ReportHeaders<'_>) -> Option<String> {
    let report = Report::read(headers).expect("there is one").ok()?;
    let values: Vec<_> =
        report.values().map(|(measure, value)| format!("{measure:?} {value}")).collect();
    Some(values.join(", "))
}

#[track_caller]
fn check(report: &str, expected: Option<&str>) {
    let headers = ReportHeaders { report: Some(report.as_bytes()), binary: None };
    assert_eq!(read(&headers).as_deref(), expected, "{report}");
}

#[test]
fn a_text_has_names_and_values() {
    check(
        "TEXT cpu_utilization=0.3, mem_utilization=0.8, rps_fractional=10.0, eps=1, application_utilization=1.25",
        Some(
            "CpuUtilization 300000, MemoryUtilization 800000, ApplicationUtilization 1250000, RequestRate 10000, \
             ErrorRate 1000",
        ),
    );
    check(
        "TEXT named_metrics.kv_cache_usage_perc=0.4, named_metrics.num_requests_waiting=3.0",
        Some("KvCacheUsage 400000, RequestsWaiting 3"),
    );
    check(
        "text named_metrics.kv_cache_utilization=1e-1,named_metrics.max_token_capacity=8192",
        Some("KvCacheUsage 100000, KvCacheCapacity 8192"),
    );
}

#[test]
fn the_word_for_the_format_may_be_missing() {
    check("named_metrics.num_requests_running=2", Some("RequestsRunning 2"));
    check("cpu_utilization:0.5,eps:0", Some("CpuUtilization 500000, ErrorRate 0"));
    check(r#" {"named_metrics":{"num_requests_waiting":7}} "#, Some("RequestsWaiting 7"));
}

#[test]
fn a_json_object_has_the_names_of_fields_in_either_case() {
    check(
        r#"JSON {"cpu_utilization": 0.5, "named_metrics": {"kv_cache_usage_perc": 0.25, "x": {"eps": 1}}}"#,
        Some("CpuUtilization 500000, KvCacheUsage 250000"),
    );
    check(
        r#"json {"memUtilization":1,"rpsFractional":0.5,"namedMetrics":{"gpu_cache_usage_perc":1},"eps":null}"#,
        Some("MemoryUtilization 1000000, RequestRate 500, KvCacheUsage 1000000"),
    );
}

/// Made by protobuf's own library (Python, `protobuf` 7.36) from `orca_load_report.proto`, with `cpu_utilization: 0.7,
/// mem_utilization: 0.9, rps: 12, request_cost: {"a": 1}, utilization: {"b": 0.5}, rps_fractional: 12.5, eps: 0.25,
/// named_metrics: {"kv_cache_usage_perc": 0.4, "unknown": 9}, application_utilization: 0.8`.
const BINARY: &str = "CWZmZmZmZuY/Ec3MzMzMzOw/GAwiDAoBYREAAAAAAADwPyoMCgFiEQAAAAAAAOA/MQAAAAAAAClAOQAAAAAAANA/Qh4KE2t2X2NhY2hlX3VzYWdlX3BlcmMRmpmZmZmZ2T9CEgoHdW5rbm93bhEAAAAAAAAiQEmamZmZmZnpPw==";

#[test]
fn a_binary_report_is_a_protobuf_message_under_either_header() {
    let expected = Some(
        "CpuUtilization 700000, MemoryUtilization 900000, ApplicationUtilization 800000, RequestRate 12500, \
         ErrorRate 250, KvCacheUsage 400000",
    );
    check(&format!("BIN {BINARY}"), expected);
    check(&format!("bin {}", BINARY.trim_end_matches('=')), expected);
    let headers = ReportHeaders { report: Some(b"TEXT eps=1"), binary: Some(BINARY.as_bytes()) };
    assert_eq!(read(&headers).as_deref(), expected);
}

#[test]
fn a_binary_report_that_breaks_off_is_none() {
    for length in 1..BINARY.len() - 2 {
        let headers = ReportHeaders { report: None, binary: Some(&BINARY.as_bytes()[..length]) };
        // Cut at the end of a field it is a shorter report, and elsewhere malformed. Neither holds more than the whole.
        if let Some(report) = read(&headers) {
            assert!(report.len() <= 128, "{length}: {report}");
        }
    }
    check("BIN CQ==", None);
    check("BIN C!==", None);
    check("BIN f39/", None);
    check("BIN /////////////////w==", None);
}

#[test]
fn a_number_of_more_than_64_bits_makes_a_binary_report_malformed() {
    // `rps: 18446744073709551615, eps: 0.25`, and then with a last byte of `rps` that goes beyond 64 bits, or is one
    // more.
    check("BIN GP///////////wE5AAAAAAAA0D8=", Some("ErrorRate 250"));
    check("BIN GP///////////wI5AAAAAAAA0D8=", None);
    check("BIN GP///////////385AAAAAAAA0D8=", None);
    check("BIN GP///////////4EAOQAAAAAAANA/", None);
}

#[test]
fn an_entry_of_a_map_has_its_fields_in_any_order_and_leaves_out_what_is_nothing() {
    check(
        "BIN Qh8RAAAAAAAACEAKFG51bV9yZXF1ZXN0c193YWl0aW5nQhYKFG51bV9yZXF1ZXN0c19ydW5uaW5n",
        Some("RequestsRunning 0, RequestsWaiting 3"),
    );
    // An entry that is longer than the report.
    check("BIN Qh4KFG51bV9yZXF1ZXN0c193YWl0aW5n", None);
}

#[test]
fn nothing_at_all_is_a_report_without_values() {
    check("TEXT", Some(""));
    check("TEXT ", Some(""));
    check("JSON {}", Some(""));
    check("BIN", Some(""));
    assert_eq!(Report::read(&ReportHeaders::default()), None);
}

#[test]
fn unknown_names_are_ignored() {
    check("TEXT named_metrics.secret=1, request_cost.tokens=7, eps=2", Some("ErrorRate 2000"));
    check("TEXT named_metrics.secret=many", Some(""));
    check(r#"JSON {"named_metrics":{"secret":"many"},"usage":{"eps":3}}"#, Some(""));
}

#[test]
fn one_wrong_value_makes_a_report_malformed() {
    check("TEXT eps=1, cpu_utilization=much", None);
    check("TEXT cpu_utilization", None);
    check("TEXT =1", None);
    check("TEXT eps=", None);
    check("TEXT cpu_utilization=-0.1", None);
    check("TEXT cpu_utilization=NaN", None);
    check("TEXT eps=inf", None);
    check(r#"JSON {"eps":"1"}"#, None);
    check(r#"JSON {"eps":1"#, None);
    check(r#"JSON {"eps":NaN}"#, None);
    check("JSON 3", None);
    check("JSON", None);
    check("not a report", None);
}

#[test]
fn of_several_values_the_last_one_counts_and_large_ones_stay_whole() {
    check("TEXT eps=1,eps=2", Some("ErrorRate 2000"));
    check(
        "TEXT named_metrics.num_requests_waiting=1e300",
        Some(&format!("RequestsWaiting {}", u64::MAX)),
    );
}
