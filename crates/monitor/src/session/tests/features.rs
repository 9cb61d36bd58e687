//! What requests to a language model and its answers are like, in the bins of its profile; no text is kept.

use super::{BTreeMap, CHAT, STREAM, String, ToString, Wire, World, format, played};

/// A profile with all features: those that are numbers have one edge, 2, and `finish_reason` the category `stop`.
fn config() -> String {
    let number = |name: &str| {
        format!(
            r#"{{"name": "{name}", "type": "number", "schema": {{"required": false, "minimum": 0, "maximum": 4}}, "nulls": 0,
                "chi_square": {{"five_percent": 3.84, "one_percent": 6.63, "family": 11}},
                "mean": 2, "standard_deviation": 1, "minimum": 0, "maximum": 4,
                "bins": {{"kind": "quantile", "edges": [2], "counts": [2, 2], "means": [1, 3]}},
                "tail_excess": {{"low": 1, "high": 1}}}}"#
        )
    };
    let numbers = [
        "prompt_characters",
        "messages",
        "tools",
        "max_tokens",
        "temperature",
        "stream",
        "output_tokens",
        "answer_characters",
    ]
    .map(number);
    format!(
        r#"{{"models": [{{"name": "m", "type": "language", "profile": {{
            "format": "driftline-profile", "format_version": 1, "model": "m", "version": null,
            "created_at": "2026-11-25T12:00:00Z", "rows": 4, "prediction": null, "features": [
                {}, {{"name": "finish_reason", "type": "category", "schema": {{"required": true, "categories": null}}, "nulls": 0,
                    "chi_square": {{"five_percent": 3.84, "one_percent": 6.63, "family": 11}},
                    "bins": {{"kind": "categories", "categories": ["stop"], "counts": [3, 1]}}}}]}}}}]}}"#,
        numbers.join(", ")
    )
}

/// The features that changed, as `feature=bin` or `feature=reason`, and how many requests and answers they are of.
#[track_caller]
fn check(wire: &Wire<'_>, rows: [i64; 2], expected: &[&str]) {
    let world = World::new(&config());
    for cut in 0..=wire.request.len() {
        let (_, totals) = played(&world, wire, cut, wire.response.len() / 2);
        let of = |name: &str| totals.get(&format!("{name}{{m}}")).copied().unwrap_or(0);
        assert_eq!([of("instances_total"), of("predictions_total")], rows, "cut at {cut}");
        let found: BTreeMap<String, i64> = totals
            .iter()
            .filter_map(|(name, &total)| {
                let values = name
                    .strip_prefix("feature_bin_total{m,feature,")
                    .or_else(|| name.strip_prefix("feature_unbinned_total{m,feature,"))?;
                Some((values.trim_end_matches('}').replace(',', "="), total))
            })
            .collect();
        let expected = expected.iter().map(|&name| (name.to_string(), 1)).collect();
        assert_eq!(found, expected, "cut at {cut}");
    }
}

const ASKED: [&str; 6] = [
    "max_tokens=missing",
    "messages=00",
    "prompt_characters=01",
    "stream=00",
    "temperature=missing",
    "tools=00",
];

#[test]
fn a_whole_exchange_has_all_features() {
    let answered = ["answer_characters=01", "finish_reason=stop", "output_tokens=00"];
    check(&Wire { response: STREAM, ..CHAT }, [1, 1], &[&ASKED[..], &answered].concat());
}

#[test]
fn an_answer_that_fails_has_none_and_its_request_has_all() {
    check(&Wire { response: &STREAM[..200], ..CHAT }, [1, 0], &ASKED);
    check(&Wire { status: Some(500), ..CHAT }, [1, 0], &ASKED);
}

#[test]
fn a_request_that_breaks_off_has_none() {
    let request = CHAT.request.strip_suffix(b"}").unwrap();
    // The model was named before it broke off.
    check(&Wire { request, request_ends: false, status: None, ..CHAT }, [0, 0], &[]);
}
