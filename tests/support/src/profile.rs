//! The profile for exchanges with models that predict; it describes no real data.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The profile of the model `m` with these features, each with its type, and a prediction of the given type. If it says
/// anything of `answer`, no class of the prediction is missing, and the member `score` is the name of a column of scores.
pub(crate) fn profile(
    features: &BTreeMap<String, String>,
    prediction: Option<&str>,
    answer: &Map<String, Value>,
) -> Value {
    let features = features.iter().map(|(name, kind)| {
        let mut feature = column(kind);
        feature["name"] = json!(name);
        feature
    });
    let mut profile = json!({
        "format": "driftline-profile", "format_version": 1, "model": "m", "version": null,
        "created_at": "2026-11-25T12:00:00Z", "rows": 10,
        "features": features.collect::<Vec<_>>(), "prediction": prediction.map(column),
    });
    if !answer.is_empty() {
        profile["format_version"] = json!(6);
        profile["answer"] = Value::Object(answer.clone());
        if prediction == Some("category") {
            profile["prediction"]["bins"]["counts"] = json!([4, 3, 3, 0]);
        }
        if let Some(name) = answer.get("score") {
            let mut column = scores();
            column["name"] = name.clone();
            profile["answer"]["score"] = column;
        }
    }
    profile
}

/// A column of scores: each bin is a tenth wide, and has its upper bound.
fn scores() -> Value {
    let edges: Vec<f64> = (1..10).map(|tenth| f64::from(tenth) / 10.0).collect();
    let means: Vec<f64> = (0..10).map(|tenth| (f64::from(tenth) + 0.5) / 10.0).collect();
    json!({
        "type": "number", "schema": {"required": false, "minimum": 0, "maximum": 1}, "nulls": 0,
        "mean": 0.5, "standard_deviation": 0.3, "minimum": 0, "maximum": 1,
        "bins": {"kind": "quantile", "edges": edges, "counts": vec![1; 10], "means": means},
        "tail_excess": {"low": 0.5, "high": 0.5},
        "chi_square": {"five_percent": 1, "one_percent": 2, "family": 3},
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
