//! The configurations that are rendered, and what must be in their documents. They are valid, and no more.

use serde_json::{Value, json};

use super::Rendered;

/// The configuration that `envoy/` is rendered for.
pub(crate) const DEMO: &str = include_str!("../../../envoy/driftline.json");
/// Nothing but a language model.
pub(crate) const LANGUAGE: &str = r#"{"models": [{"name": "my-llm"}]}"#;
/// Names that mean something to YAML, JSON, PromQL, shells, and templates of Go, Helm, Grafana and prometheus-adapter.
pub(crate) const NAMES: [&str; 8] = [
    "a: \"b\" 'c' # d",
    "{{ .Values.x }}",
    "$HOME ${x} $(y)",
    "<<.Series>>",
    "@configuration@",
    "雨 – Regen é",
    "- [x, {y}]\\",
    "meta/Llama-3.1:70B",
];

/// What differs between the folders of one test.
pub(crate) struct Configuration {
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// All of them.
pub(crate) fn all() -> Vec<Configuration> {
    vec![
        Configuration { name: "demo", text: DEMO.to_owned() },
        Configuration { name: "language", text: LANGUAGE.to_owned() },
        Configuration { name: "versions", text: versions().to_string() },
        Configuration { name: "names", text: names().to_string() },
        Configuration { name: "large", text: large(60).to_string() },
    ]
}

/// Two versions of a model, with labels, figures and routes.
pub(crate) fn versions() -> Value {
    let rain: Value = serde_json::from_str(DEMO).unwrap();
    let version = |version: &str| {
        let mut model = rain["models"][1].clone();
        model["version"] = json!(version);
        model["profile"]["version"] = json!(version);
        model["kpis"] = json!([{"name": "revenue", "minimum": -100, "maximum": 500, "unit": 0.01}]);
        model
    };
    json!({
        "models": [{"name": "gpt-*"}, version("3"), version("4")],
        "feedback": {},
        "routes": ["chat", "team-*"],
        "series_max": 20_000,
    })
}

fn names() -> Value {
    let models: Vec<Value> = NAMES.iter().map(|name| json!({"name": name})).collect();
    json!({"models": models})
}

/// Profiles of this many features with 99 bins each, some 7 KB a feature.
pub(crate) fn large(features: usize) -> Value {
    let bins = 99;
    let numbers = |from: usize, count: usize, offset: f64| -> Vec<f64> {
        (from..from + count).map(|bin| (bin as f64 + offset) / 7.0).collect()
    };
    let feature = |number: usize| {
        let edges = numbers(1, bins - 1, 0.0);
        let counts = vec![100; bins];
        json!({
            "name": format!("feature {number}"),
            "type": "number",
            "schema": {"required": true, "minimum": 0.0, "maximum": 1000.0},
            "nulls": 0,
            "mean": 7.0,
            "standard_deviation": 4.0,
            "minimum": 0.0,
            "maximum": 15.0,
            "tail_excess": {"low": 0.1, "high": 0.1},
            "chi_square": {"five_percent": 122.1, "one_percent": 133.5, "family": 150.0},
            "bins": {"kind": "quantile", "edges": edges, "counts": counts, "means": numbers(0, bins, 0.5)},
        })
    };
    let features: Vec<Value> = (0..features).map(feature).collect();
    let profile = json!({
        "format": "driftline-profile",
        "format_version": 2,
        "model": "large",
        "version": null,
        "created_at": "2026-11-25T12:00:00Z",
        "rows": 100 * bins,
        "features": features,
        "prediction": null,
    });
    json!({"models": [{"name": "large", "profile": profile}], "measures": ["null_ratio"]})
}

/// Whatever carries the configuration carries all of it, and every number as it was.
#[test]
fn every_document_has_the_configuration_as_it_was() {
    for Configuration { name, text } in all() {
        let rendered = Rendered::new(&format!("same-{name}"), &text, &[]);
        let expected: Value = serde_json::from_str(&text).unwrap();
        let listener = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0/typed_config";
        for (path, pointer) in [
            ("envoy.yaml", format!("{listener}/config/configuration/value")),
            ("kubernetes/envoy/envoy.yaml", format!("{listener}/config/configuration/value")),
            (
                "istio/envoy-filter.yaml",
                "/spec/configPatches/1/patch/value/typed_config/config/configuration/value"
                    .to_owned(),
            ),
            ("istio/wasm-plugin.yaml", "/spec/pluginConfig".to_owned()),
            ("istio/traffic-extension.yaml", "/spec/wasm/pluginConfig".to_owned()),
            ("envoy-gateway/extension-policy.yaml", "/spec/wasm/0/config".to_owned()),
        ] {
            let document = rendered.document(path);
            let found =
                document.pointer(&pointer).unwrap_or_else(|| panic!("{path} has no {pointer}"));
            let found = match found {
                Value::String(text) => serde_json::from_str(text).unwrap(),
                value => value.clone(),
            };
            assert!(found == expected, "{name}, {path}: {found}");
        }
    }
}
