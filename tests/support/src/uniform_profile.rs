//! A reference profile of any size with equal bins, for tests and benches of size; it describes no real data.

use driftline_statistics::drift::probability::chi_square_quantile;
use serde_json::{Value, json};

/// How often chance alone may call one of the columns drifted: see `docs/profile.md`.
const FAMILY_LEVEL: f64 = 0.01;
/// Rows of the reference in each bin.
const ROWS_PER_BIN: usize = 500;

/// The profile of a model `m` with `features` features of `bins` bins each and no prediction. Edges are the whole
/// numbers below `bins`, with values so near to them that halves cannot tell these apart; values from 0 to `bins` are
/// within the schema.
#[must_use]
pub fn profile(features: usize, bins: usize) -> Value {
    let quantile = |p: f64| chi_square_quantile(p, bins as f64 - 1.0);
    let edges: Vec<usize> = (1..bins).collect();
    let means: Vec<f64> = (0..bins).map(|bin| bin as f64 + 0.5).collect();
    let feature = |number: usize| {
        json!({
            "name": format!("feature number {number:03}"), "type": "number", "nulls": 0, "mean": 10,
            "schema": {"required": true, "minimum": 0, "maximum": bins},
            "standard_deviation": 5.8, "minimum": 0, "maximum": bins,
            "bins": {
                "kind": "quantile", "edges": edges, "merged": "3".repeat(bins - 1), "counts": vec![ROWS_PER_BIN; bins], "means": means,
            },
            "tail_excess": {"low": 0.1, "high": 0.1},
            "chi_square": {
                "five_percent": quantile(0.05), "one_percent": quantile(0.01),
                "family": quantile(FAMILY_LEVEL / (2.0 * features as f64)),
            },
        })
    };
    let features: Vec<Value> = (0..features).map(feature).collect();
    json!({
        "format": "driftline-profile", "format_version": 2, "version": null,
        "created_at": "2026-11-25T12:00:00Z", "model": "m", "rows": ROWS_PER_BIN * bins,
        "features": features, "prediction": null,
    })
}

/// The same by hour of the day: all rows were made in one hour, so that the text is as short as it can be for its numbers.
#[must_use]
pub fn profile_by_hour(features: usize, bins: usize) -> Value {
    let mut profile = profile(features, bins);
    let mut hours = vec![vec![0; bins + 1]; 24];
    hours[12] = [vec![ROWS_PER_BIN; bins], vec![0]].concat();
    for feature in profile["features"].as_array_mut().into_iter().flatten() {
        feature["by_hour"] = json!(hours);
    }
    profile["format_version"] = json!(3);
    profile
}

/// The entry of the model `name` in a configuration, whose profile has these as `kpis` and nothing else. All of them are
/// counted.
#[must_use]
pub fn model_of_kpis(name: &str, kpis: usize, bins: usize) -> Value {
    let mut profile = profile(kpis, bins);
    profile["kpis"] = profile["features"].take();
    profile["features"] = json!([]);
    profile["format_version"] = json!(5);
    profile["model"] = json!(name);
    let counted = profile["kpis"].as_array().into_iter().flatten();
    let counted: Vec<Value> =
        counted.map(|kpi| json!({"name": kpi["name"], "maximum": bins})).collect();
    json!({"name": name, "type": "language", "profile": profile, "kpis": counted})
}
