//! Reference profiles that say how good a model is, for tests and benches of labels; they describe no real data.

use serde_json::{Value, json};

/// Rows of each reference.
pub const ROWS: u64 = 10_000;

/// The model `rain` in version 3, which answers scores and is right in nine of ten rows, in both bins of its one feature
/// `dew` alike: values below 1 and others.
#[must_use]
pub fn binary() -> Value {
    let quality = json!({
        "task": "classes", "names": ["0", "1"], "confusion": [[4500, 500], [500, 4500]],
        "scores": {
            "positive": "1", "threshold": 0.5, "edges": [0.25, 0.5, 0.75],
            "positives": [100, 400, 1000, 3500], "negatives": [3500, 1000, 400, 100],
            "sums": [360_000_000, 560_000_000, 840_000_000, 3_240_000_000_u64],
            "losses": {"rows": ROWS, "squared_error": 760_000_000, "log_loss": 2_600_000_000_u64},
        },
        "segments": [{"feature": "dew", "rows": [5000, 5000, 0], "errors": [500_000, 500_000, 0]}],
    });
    profile("rain", &json!("3"), number(), quality)
}

/// The model `species` of three classes, which is right in nine of ten rows.
#[must_use]
pub fn three_classes() -> Value {
    let prediction = json!({
        "type": "category", "schema": {"required": true, "categories": ["a", "b", "c"]}, "nulls": 0,
        "bins": {"kind": "categories", "categories": ["a", "b", "c"], "counts": [5000, 3000, 2000, 0]},
        "chi_square": chi_square(),
    });
    let quality = json!({
        "task": "classes", "names": ["a", "b", "c"],
        "confusion": [[4500, 300, 200], [300, 2700, 0], [200, 0, 1800]],
    });
    profile("species", &Value::Null, prediction, quality)
}

/// The model `price`, a regression that is off by half a standard deviation of the label in half of its rows and by a
/// tenth in the others; that deviation is 2.
#[must_use]
pub fn regression() -> Value {
    let quality = json!({
        "task": "regression", "mean": 10, "deviation": 2,
        "sums": {
            "rows": ROWS, "above": 1_500_000, "below": 1_500_000, "squares": 0, "square_millionths": 1_300_000_000,
            "label_above": 4_000_000, "label_below": 4_000_000, "label_squares": ROWS, "label_square_millionths": 0,
            "relative_rows": ROWS, "relative": 6_000_000, "clamped": 0,
        },
        "error_edges": [0.6, 1.4, 3.0], "error_counts": [5000, 5000, 0, 0],
    });
    profile("price", &Value::Null, number(), quality)
}

fn profile(model: &str, version: &Value, prediction: Value, quality: Value) -> Value {
    let mut feature = number();
    feature["name"] = json!("dew");
    json!({
        "format": "driftline-profile", "format_version": 4, "version": version, "created_at": "2026-11-25T12:00:00Z",
        "model": model, "rows": ROWS, "features": [feature], "prediction": prediction, "quality": quality,
    })
}

/// The model `shop`, of which no more is known than what came of its answers: 2 % of [`ROWS`] were `clicked`, and half of
/// these brought 10 of `revenue` and half 50.
#[must_use]
pub fn kpis() -> Value {
    json!({
        "format": "driftline-profile", "format_version": 5, "version": null, "created_at": "2026-11-25T12:00:00Z",
        "model": "shop", "rows": ROWS, "features": [], "prediction": null, "kpis": [
            {
                "name": "clicked", "type": "boolean", "schema": {"required": true, "minimum": 0, "maximum": 1}, "nulls": 0,
                "mean": 0.02, "standard_deviation": 0.14, "minimum": 0, "maximum": 1,
                "bins": {"kind": "values", "values": [0, 1], "counts": [9800, 200, 0], "means": [0, 1, null]},
                "tail_excess": {"low": 0, "high": 0}, "chi_square": chi_square(),
            },
            {
                "name": "revenue", "type": "number", "schema": {"required": true, "minimum": 0, "maximum": 50}, "nulls": 0,
                "mean": 0.6, "standard_deviation": 5.063596350422658, "minimum": 0, "maximum": 50,
                "bins": {"kind": "quantile", "edges": [5, 30], "counts": [9800, 100, 100], "means": [0, 10, 50]},
                "tail_excess": {"low": 0.987440486, "high": 3.949761944}, "chi_square": chi_square(),
            },
        ],
    })
}

/// A number from 0 to 3 that is below 1 in half of the rows.
fn number() -> Value {
    json!({
        "type": "number", "schema": {"required": true, "minimum": 0, "maximum": 3}, "nulls": 0,
        "mean": 1.5, "standard_deviation": 1.118033988749895, "minimum": 0, "maximum": 3,
        "bins": {"kind": "quantile", "edges": [1], "counts": [ROWS / 2, ROWS / 2], "means": [0.5, 2.5]},
        "tail_excess": {"low": 0.447213595499958, "high": 1.3416407864998738}, "chi_square": chi_square(),
    })
}

fn chi_square() -> Value {
    json!({"five_percent": 3.841458820694124, "one_percent": 6.634896601021213, "family": 7.879438576622417})
}
