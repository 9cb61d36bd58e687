//! What may be said of KPIs and segments, and what they are refused for: names that records of feedback have for something
//! else, and bounds that the reference does not keep to.

use std::{format, string::ToString as _};

use driftline_support::labelled_profile;
use serde_json::{Value, json};

use crate::config::{Config, ModelKind};

fn read(model: &Value) -> Result<Config, alloc::string::String> {
    let config = json!({"models": [model], "feedback": {}}).to_string();
    Config::from_json(config.as_bytes()).map_err(|error| error.to_string())
}

#[track_caller]
fn refuses(model: &Value, message: &str) {
    let message = format!("configuration refused: {message}");
    assert_eq!(read(model).unwrap_err(), message);
}

/// The model whose profile has KPIs and nothing else.
fn shop(kpis: &Value) -> Value {
    json!({"name": "shop", "type": "language", "profile": labelled_profile::kpis(), "kpis": kpis})
}

#[test]
fn a_profile_of_kpis_is_one_of_any_model() {
    for (kind, expected) in
        [("language", ModelKind::Language), ("predictive", ModelKind::Predictive)]
    {
        let mut model = shop(&json!([{"name": "revenue", "maximum": 50, "material_mean": 0.1}]));
        model["type"] = json!(kind);
        let config = read(&model).unwrap();
        let read = &config.models[0];
        assert_eq!((read.kind, read.selectors.len(), read.kpis.len()), (expected, 0, 1));
        assert_eq!(read.kpis[0].material_mean, 0.1);
    }
    // One of them may stay uncounted, and another one without a reference.
    let config = read(&shop(&json!([{"name": "clicked"}, {"name": "tips"}]))).unwrap();
    assert_eq!(config.models[0].kpis[1].material_mean, 0.25);
}

#[test]
fn the_reference_keeps_to_the_bounds() {
    refuses(
        &shop(&json!([{"name": "revenue", "maximum": 49.5}])),
        "models[0].kpis[0].maximum: found 49.5, expected at least 50, which \"revenue\" has in the profile",
    );
    let mut model = shop(&json!([{"name": "revenue", "minimum": -2, "maximum": 60}]));
    model["profile"]["kpis"][1]["minimum"] = json!(-2.5);
    refuses(
        &model,
        "models[0].kpis[0].minimum: found -2, expected at most -2.5, which \"revenue\" has in the profile",
    );
    refuses(
        &shop(&json!([{"name": "revenue", "maximum": 50, "material_mean": 0}])),
        "models[0].kpis[0].material_mean: found 0, expected a number from 0.001 to 1000",
    );
}

#[test]
fn records_have_one_value_under_a_name() {
    let rain = |kpi: &str, segments: Value| json!({"name": "rain", "profile": labelled_profile::binary(), "kpis": [{"name": kpi}], "segments": segments});
    let header = |name: &str| json!([{"header": name, "values": ["a"]}]);
    read(&rain("sold", header("x-region"))).unwrap();
    let said =
        "expected another name than that of a KPI: a record of feedback has one value under it";
    refuses(
        &rain("dew", json!([{"feature": "dew"}])),
        &format!("models[0].segments[0].feature: found \"dew\", {said}"),
    );
    refuses(
        &rain("x-a", header("X-A")),
        &format!("models[0].segments[0].header: found \"X-A\", {said}"),
    );
    let said = "expected another name: this one means something else in feedback";
    for member in ["id", "score", "predicted_at"] {
        refuses(
            &rain(member, json!([])),
            &format!("models[0].kpis[0].name: found \"{member}\", {said}"),
        );
        refuses(
            &rain("sold", header(member)),
            &format!("models[0].segments[0].header: found \"{member}\", {said}"),
        );
        let mut model = rain("sold", json!([{"feature": member}]));
        model["profile"]["features"][0]["name"] = json!(member);
        model["profile"]["quality"]["segments"] = json!([]);
        refuses(&model, &format!("models[0].segments[0].feature: found \"{member}\", {said}"));
    }
}
