//! How long the exchanges of each version take, by value: sums and squares, of exchanges that completed alone.

use super::*;
use driftline_support::uniform_profile;

const VERSIONS: &str = r#"{"models": [
    {"name": "rain", "type": "predictive", "version": "1"}, {"name": "rain", "type": "predictive", "version": "2"}]}"#;

fn exchange(world: &World, version: &str, status: &str, microseconds: u64) {
    world.host.now.set(Timestamp(0));
    let path = format!("/v1/models/rain{version}:predict");
    let mut stream = world.post(&path, &[("content-type", "application/json")]);
    stream.request_body(br#"{"instances":[[0.5]]}"#, true);
    let headers = [(":status", status), ("content-type", "application/json")];
    stream.response_headers(named(&headers, &[]), false);
    stream.response_body(br#"{"predictions":[0]}"#, true);
    world.host.now.set(Timestamp(microseconds * 1000));
    stream.end(0);
}

/// Requests, microseconds and square milliseconds of a version.
fn counted(changes: &[(Series, i64)], version: &str) -> [i64; 3] {
    ["requests", "duration_microseconds", "duration_square_milliseconds"].map(|name| {
        let is_it = |series: &Series| {
            series.name == format!("driftline_version_{name}_total")
                && series.labels.iter().map(|(_, value)| value.as_str()).eq(["rain", version])
        };
        changes.iter().filter(|(series, _)| is_it(series)).map(|(_, by)| by).sum()
    })
}

#[track_caller]
fn check(exchanges: &[(&str, &str, u64)], expected: [[i64; 3]; 2]) {
    let world = World::new(VERSIONS);
    for (version, status, microseconds) in exchanges {
        exchange(&world, version, status, *microseconds);
    }
    let changes = world.changes();
    assert_eq!(["1", "2"].map(|version| counted(&changes, version)), expected);
}

const NONE: [i64; 3] = [0; 3];

#[test]
fn durations_count_under_their_version() {
    let exchanges = [
        ("/versions/1", "200", 3000),
        ("/versions/2", "200", 5500),
        ("/versions/1", "200", 40_000),
    ];
    check(&exchanges, [[2, 43_000, 1609], [1, 5500, 30]]);
}

#[test]
fn exchanges_that_fail_or_have_no_listed_version_do_not_count() {
    let exchanges = [("/versions/1", "500", 3000), ("/versions/3", "200", 3000), ("", "200", 3000)];
    check(&exchanges, [NONE, NONE]);
}

#[test]
fn squares_below_a_square_millisecond_add_up() {
    // 34 times 0.09 square milliseconds are 3.06.
    check(&[("/versions/2", "200", 300); 34], [NONE, [34, 10_200, 3]]);
}

#[test]
fn an_exchange_counts_as_an_hour_at_most() {
    let two_hours = 2 * 3600 * 1_000_000;
    check(&[("/versions/1", "200", two_hours)], [[1, 3_600_000_000, 12_960_000_000_000], NONE]);
}

#[test]
fn versions_say_whether_their_predictions_have_the_same_bins() {
    let fingerprint = |profile: &serde_json::Value| {
        let model =
            serde_json::json!({"name": profile["model"], "version": "1", "profile": profile});
        let config = serde_json::json!({"models": [model]}).to_string();
        let host = NativeHost::default();
        let _session = Session::new(&host, Config::from_json(config.as_bytes()).unwrap());
        let metrics = host.metrics();
        let mut changes = host.changes().into_iter();
        let is_it = |stat_name: &str| stat_name.contains("prediction_bins_fingerprint");
        changes.find(|change| is_it(&metrics[change.number].stat_name)).map(|change| change.by)
    };
    let mut profile: serde_json::Value = serde_json::from_str(CONFIG).unwrap();
    let mut profile = profile["models"][1]["profile"].take();
    let first = fingerprint(&profile).unwrap();
    assert!(first > 0 && first <= i64::from(u32::MAX), "{first}");
    // What was counted makes no difference, the values of the bins do.
    profile["prediction"]["bins"]["counts"] = serde_json::json!([1, 3, 0]);
    assert_eq!(fingerprint(&profile), Some(first));
    profile["prediction"]["bins"]["values"] = serde_json::json!([0, 2]);
    assert_ne!(fingerprint(&profile), Some(first));
    assert_eq!(fingerprint(&uniform_profile::profile(2, 4)), None);
}
