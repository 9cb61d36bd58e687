//! Timestamps as features: it is their age at the request that falls into bins and is measured.

use driftline_statistics::time::rfc3339::UnixTime;

use super::*;

/// 2026-11-25T12:00:00Z.
const NOON: u64 = 1_795_608_000;

/// What a request at noon with these values of the timestamp `dew` counts; its bins are up to an hour, and beyond.
fn counted(values: &str, asked_at: Option<u64>) -> BTreeMap<String, u64> {
    let config = CONFIG
        .replacen(r#""type": "number""#, r#""type": "timestamp""#, 1)
        .replacen(r#""edges": [1]"#, r#""edges": [3600]"#, 1)
        .replacen(r#""maximum": 3}"#, r#""maximum": 7200}"#, 1);
    let world = World::new(&config);
    assert!(world.session.layout().asks_for_time());
    let seconds = asked_at.map(|seconds| UnixTime::from_nanoseconds(seconds * 1_000_000_000));
    world.host.wall_clock.set(seconds);
    let mut stream = world.post("/v1/models/rain:predict", &[]);
    stream.request_body(format!(r#"{{"instances": [{values}]}}"#).as_bytes(), true);
    stream.end(0);
    let mut totals = BTreeMap::new();
    for (series, by) in world.changes() {
        let values: Vec<&str> = series.labels.iter().map(|(_, value)| value.as_str()).collect();
        if series.kind == Kind::Counter && values.contains(&"dew") {
            let last = values.last().filter(|last| **last != "dew").copied().unwrap_or("");
            let name = series.name.trim_start_matches("driftline_feature_");
            totals.insert(format!("{name} {last}"), by.cast_unsigned());
        }
    }
    totals.retain(|name, _| !name.contains("violations"));
    totals
}

#[track_caller]
fn check(values: &str, expected: &[(&str, u64)]) {
    let expected: BTreeMap<String, u64> =
        expected.iter().map(|&(name, total)| (name.into(), total)).collect();
    assert_eq!(counted(values, Some(NOON)), expected, "{values}");
}

#[test]
fn the_age_of_a_timestamp_is_what_has_passed_until_the_request() {
    check(
        r#"["2026-11-25T11:59:00Z"], [1795607000.5], {"dew": 1795604400000}, ["2026-11-25"]"#,
        &[
            ("bin_total 00", 3),
            ("bin_total 01", 1),
            ("outside_total out_of_range", 1),
            // The deviation is about 1, and a value adds a thousand of these at most.
            ("tail_excess_thousandths_total low", 2_000_000),
            ("tail_excess_thousandths_total high", 1_000_000),
            ("age_seconds_total ", 60 + 999 + 3_600 + 43_200),
            ("age_observations_total ", 4),
        ],
    );
}

#[test]
fn a_moment_to_come_is_counted_apart_and_no_moment_is_of_the_wrong_type() {
    check(
        r#"["2026-11-25T12:00:01Z"], ["soon"], [null], ["2026-11-25T12:00:00Z"]"#,
        &[
            ("bin_total 00", 2),
            ("outside_total out_of_range", 1),
            ("tail_excess_thousandths_total low", 2_000_000),
            ("in_future_total ", 1),
            ("unbinned_total wrong_type", 1),
            ("unbinned_total null", 1),
            ("age_observations_total ", 1),
        ],
    );
}

#[test]
fn a_truth_value_is_no_moment_of_1970() {
    check(
        r#"[true], [false], [[true]], {"dew": false}, ["2026-11-25T12:00:00Z"]"#,
        &[
            ("bin_total 00", 1),
            ("tail_excess_thousandths_total low", 1_000_000),
            ("unbinned_total wrong_type", 4),
            ("age_observations_total ", 1),
        ],
    );
}

#[test]
fn without_a_clock_no_age_is_made_up() {
    let totals = counted(r#"["2026-11-25T11:59:00Z"]"#, None);
    assert_eq!((totals.get("unbinned_total wrong_type"), totals.len()), (Some(&1), 1));
}
