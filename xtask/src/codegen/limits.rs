//! Renders three tables of `docs/limits.md`: how many series a configuration makes, and what two labels' words mean. It
//! makes configurations and counts their series; no number and no word is spelled here.

use std::fmt::Write;

use anyhow::Result;
use driftline_labels::{ReadProblem, Unmeasured};
use driftline_monitor::{config::Config, layout::Monitor};
use serde_json::{Value, json};

use super::page::{self, Part};

/// Bins of each feature of the profiles here.
const BINS: usize = 2;

const PARTS: [Part; 3] = [
    Part { about: "how many series", render: counts },
    Part {
        about: "read problems",
        render: || reasons(ReadProblem::ALL.map(|it| (it.name(), it.about()))),
    },
    Part {
        about: "unmeasured streams",
        render: || reasons(Unmeasured::ALL.map(|it| (it.name(), it.about()))),
    },
];

/// The text of the page.
pub(super) fn render() -> Result<String> {
    page::render("docs/limits.md", &PARTS)
}

/// Words, and what each means.
fn reasons<const N: usize>(words: [(&str, &str); N]) -> String {
    let mut table = String::from("| reason | meaning |\n| --- | --- |\n");
    for (word, about) in words {
        let about: Vec<&str> = about.split_whitespace().collect();
        let _ = writeln!(table, "| `{word}` | {} |", about.join(" "));
    }
    table
}

fn counts() -> String {
    let (one_route, two_routes) = (json!([]), json!(["r"]));
    let language = of_model(&json!({"name": "b"}), &one_route);
    let predictive = json!({"name": "b", "type": "predictive"});
    let [on_one, on_two] = [one_route, two_routes].map(|routes| of_model(&predictive, &routes));
    let by_route = on_two - on_one;
    let once = on_one - by_route;
    let bin = of_profile(1, BINS + 1, None) - of_profile(1, BINS, None);
    let all = of_feature(None) - BINS * bin;
    let saved = all + BINS * bin - of_feature(Some(json!([])));
    let rows = [
        ("language model, on each listed route and on `other`", language.to_string()),
        ("predictive model, on each listed route and on `other`", by_route.to_string()),
        ("predictive model, once", once.to_string()),
        ("of `names_max`, if there is a pattern", language.to_string()),
        ("bin of a profile", bin.to_string()),
        ("feature and prediction", format!("up to {all}, of which `measures` can save {saved}")),
    ];
    let mut table = String::from("| for each | series |\n| --- | --- |\n");
    for (what, series) in rows {
        let _ = writeln!(table, "| {what} | {series} |");
    }
    table
}

/// The series that a model adds to a configuration of these routes that has another one.
fn of_model(model: &Value, routes: &Value) -> usize {
    let other = json!({"name": "a"});
    let listing = |models: Value| {
        let mut config = json!({"models": models});
        if routes.as_array().is_some_and(|routes| !routes.is_empty()) {
            config["routes"] = routes.clone();
        }
        series(&config)
    };
    listing(json!([other, model])) - listing(json!([other]))
}

/// The series that a feature, with its bins, adds to a profile that has another one.
fn of_feature(measures: Option<Value>) -> usize {
    let [one, two] = [1, 2].map(|features| of_profile(features, BINS, measures.as_ref()));
    two - one
}

/// The series of a model with such a profile, and with these measures.
fn of_profile(features: usize, bins: usize, measures: Option<&Value>) -> usize {
    let mut config = json!({"models": [{"name": "m", "profile": profile(features, bins)}]});
    if let Some(measures) = measures {
        config["measures"] = measures.clone();
    }
    series(&config)
}

/// A profile of timestamps, which have the series of numbers and those of ages, by value, which has the two bins beyond
/// all values. There is a row in each bin.
fn profile(features: usize, bins: usize) -> Value {
    let values: Vec<usize> = (1..bins).collect();
    let middles: Vec<f64> = (0..bins).map(|bin| bin as f64 + 0.5).collect();
    let feature = |number: usize| {
        json!({
            "name": number.to_string(), "type": "timestamp", "nulls": 0,
            "schema": {"required": true, "minimum": 0, "maximum": bins},
            "mean": 1, "standard_deviation": 1, "minimum": 0, "maximum": bins,
            "bins": {
                "kind": "values", "values": values, "counts": vec![1; bins], "means": middles,
            },
            "tail_excess": {"low": 0, "high": 0},
            "chi_square": {"five_percent": 1, "one_percent": 2, "family": 3},
        })
    };
    json!({
        "format": "driftline-profile", "format_version": 1, "model": "m", "version": null,
        "created_at": "2026-11-25T12:00:00Z", "rows": bins,
        "features": (0..features).map(feature).collect::<Vec<_>>(), "prediction": null,
    })
}

/// How many series a configuration makes.
fn series(config: &Value) -> usize {
    let config = Config::from_json(config.to_string().as_bytes());
    Monitor::new(&config.unwrap_or_else(|error| panic!("{error}"))).series().len()
}
