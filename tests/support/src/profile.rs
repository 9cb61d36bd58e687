//! The profile for exchanges with models that predict; it describes no real data.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The profile of the model `m` with these features, each with its type, and a prediction of the given type.
pub(crate) fn profile(features: &BTreeMap<String, String>, prediction: Option<&str>) -> Value {
    let features = features.iter().map(|(name, kind)| {
        let mut feature = column(kind);
        feature["name"] = json!(name);
        feature
    });
    json!({
        "format": "driftline-profile", "format_version": 1, "model": "m", "version": null,
        "created_at": "2026-11-25T12:00:00Z", "rows": 10,
        "features": features.collect::<Vec<_>>(), "prediction": prediction.map(column),
    })
}

/// A column of the profile, in which every value that a case may count has a bin of its own, and nothing is required.
///
/// Numbers fall into the bins 00 to 09, one for each of the numbers from 0 to 9, and all others into `other`, `below` or
/// `above`;
/// categories into `x`, `y` and `z`, and all others into `other`.
fn column(kind: &str) -> Value {
    let chi_square = json!({"five_percent": 1, "one_percent": 2, "family": 3});
    if kind == "category" {
        return json!({
            "type": kind, "schema": {"required": false, "categories": null}, "nulls": 0,
            "bins": {"kind": "categories", "categories": ["x", "y", "z"], "counts": [4, 3, 2, 1]},
            "chi_square": chi_square,
        });
    }
    let (mut counts, mut means) =
        (vec![json!(1); 10], (0..10).map(Value::from).collect::<Vec<_>>());
    counts.push(json!(0));
    means.push(Value::Null);
    json!({
        "type": kind, "schema": {"required": false, "minimum": -1e300, "maximum": 1e300}, "nulls": 0,
        "mean": 4.5, "standard_deviation": 3, "minimum": 0, "maximum": 9,
        "bins": {
            "kind": "values", "values": (0..10).collect::<Vec<_>>(), "counts": counts, "means": means,
        },
        "tail_excess": {"low": 0, "high": 0}, "chi_square": chi_square,
    })
}
