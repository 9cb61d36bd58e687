//! Envoy takes every configuration of its own, and what becomes one by way of Istio and Envoy Gateway. It validates with
//! the filter loaded and configured, and sends no traffic.

use std::{collections::BTreeMap, fs, process::Command};

use driftline_testbed::pieces;
use serde_json::{Value, json};

use super::{
    Rendered,
    configurations::{self, Configuration, LANGUAGE},
};

/// Has Envoy validate a file, and returns what it says if it refuses it.
fn refusal(rendered: &Rendered, path: &str, more: &[&str]) -> Option<String> {
    let output = Command::new(pieces::envoy().unwrap())
        .args(["--mode", "validate", "--config-path"])
        .arg(rendered.folder.join(path))
        .args(more)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    let warns = log.lines().filter(|line| line.contains("[warning]"));
    for warning in warns.filter(|line| !line.contains("PluginConfig.fail_open")) {
        assert!(!warning.contains("eprecated"), "{path}: {warning}");
    }
    (!output.status.success()).then(|| log.into_owned())
}

#[track_caller]
fn accepts(rendered: &Rendered, path: &str, more: &[&str]) {
    assert_eq!(refusal(rendered, path, more), None, "{path}");
}

/// The code of the filter, from a file: what Istio's agent and Envoy Gateway make of an image.
fn local() -> Value {
    json!({"local": {"filename": pieces::filter().unwrap()}})
}

/// A configuration in which each of these filters has a listener, as Istio's patches and Envoy Gateway make one.
fn bootstrap(filters: &[(&str, Value)]) -> Value {
    let listeners: Vec<Value> = filters
        .iter()
        .map(|(name, filter)| {
            json!({
                "name": name,
                "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
                "filter_chains": [{"filters": [{
                    "name": "envoy.filters.network.http_connection_manager",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                        "stat_prefix": name,
                        "route_config": {},
                        "http_filters": [filter, {
                            "name": "envoy.filters.http.router",
                            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
                        }],
                    },
                }]}],
            })
        })
        .collect();
    json!({
        "node": {"id": "test", "cluster": "test"},
        "dynamic_resources": {"ads_config": {
            "api_type": "GRPC",
            "transport_api_version": "V3",
            "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
        }},
        "static_resources": {
            "listeners": listeners,
            "clusters": [{
                "name": "xds",
                "type": "STATIC",
                "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    "explicit_http_config": {"http2_protocol_options": {}},
                }},
            }],
        },
    })
}

/// The filter as Istio and Envoy Gateway configure it of an object that has no Envoy configuration in it.
fn wasm(config: &Value, failure: (&str, Value)) -> Value {
    let (field, failure) = failure;
    json!({
        "name": "driftline",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "driftline",
                "root_id": "driftline",
                field: failure,
                "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": local()},
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": config.to_string(),
                },
            },
        },
    })
}

/// What an EnvoyFilter inserts: the filter by discovery, and the configuration that is discovered. Its code is fetched by
/// Istio's agent, which hands a file to Envoy.
fn of_envoy_filter(rendered: &Rendered) -> [Value; 2] {
    let filter = rendered.document("istio/envoy-filter.yaml");
    let patch = |number: usize| filter["spec"]["configPatches"][number]["patch"]["value"].clone();
    let mut discovered = patch(1);
    let remote = discovered["typed_config"]["config"]["vm_config"]["code"].take();
    assert_eq!(remote["remote"]["http_uri"]["uri"], "oci://r.example/driftline:1");
    discovered["typed_config"]["config"]["vm_config"]["code"] = local();
    assert_eq!(discovered["name"], patch(0)["name"]);
    [patch(0), discovered]
}

#[test]
fn envoy_takes_every_configuration() {
    for Configuration { name, text } in configurations::all() {
        let rendered =
            Rendered::new(&format!("envoy-{name}"), &text, &["--image", "r.example/driftline:1"]);
        accepts(&rendered, "envoy.yaml", &["--config-yaml", &rendered.text("stats.yaml")]);

        // The others have the same text in them, or the same JSON: a name that breaks one shows with names that do.
        if !["demo", "names"].contains(&name) {
            continue;
        }
        let of_pod = rendered.text("kubernetes/envoy/envoy.yaml");
        let filter = pieces::filter().unwrap();
        let of_pod = of_pod.replace("/var/lib/driftline/plugin.wasm", filter.to_str().unwrap());
        fs::write(rendered.folder.join("of-pod.yaml"), of_pod).unwrap();
        accepts(&rendered, "of-pod.yaml", &[]);

        let [inserted, discovered] = of_envoy_filter(&rendered);
        let plugin = rendered.document("istio/wasm-plugin.yaml");
        let extension = rendered.document("istio/traffic-extension.yaml");
        let policy = rendered.document("envoy-gateway/extension-policy.yaml");
        let of_istio = || ("failure_policy", json!("FAIL_OPEN"));
        let bootstrap = bootstrap(&[
            ("inserted", inserted),
            ("discovered", discovered),
            ("plugin", wasm(&plugin["spec"]["pluginConfig"], of_istio())),
            ("extension", wasm(&extension["spec"]["wasm"]["pluginConfig"], of_istio())),
            ("policy", wasm(&policy["spec"]["wasm"][0]["config"], ("fail_open", json!(true)))),
        ]);
        fs::write(rendered.folder.join("patched.json"), bootstrap.to_string()).unwrap();
        // Envoy Gateway merges as Envoy does: lists are appended.
        let proxy = rendered.document("envoy-gateway/envoy-proxy.yaml");
        let stats = proxy["spec"]["bootstrap"]["value"].as_str().unwrap().to_owned();
        accepts(&rendered, "patched.json", &["--config-yaml", &stats]);
    }
}

#[test]
fn envoy_refuses_what_is_broken() {
    let rendered = Rendered::new("envoy-broken", LANGUAGE, &["--image", "r.example/driftline:1"]);
    let text = rendered.text("envoy.yaml");
    let stats = rendered.text("stats.yaml");
    let check = |text: &str, from: &str, to: &str, stats: &str, expected: &str| {
        let broken = text.replacen(from, to, 1);
        assert!(from.is_empty() || broken != text, "{from}");
        fs::write(rendered.folder.join("broken.yaml"), broken).unwrap();
        let refusal = refusal(&rendered, "broken.yaml", &["--config-yaml", stats]).unwrap();
        assert!(refusal.contains(expected), "{refusal}");
    };
    check(&text, "fail_open:", "fail_opne:", &stats, "fail_opne");
    check(&text, "\"name\": \"my-llm\"", "\"nam\": \"my-llm\"", &stats, "configuration refused");
    check(&text, "", "", &stats.replace("tag_name", "tag"), "tag");

    let [inserted, mut discovered] = of_envoy_filter(&rendered);
    discovered["typed_config"]["config"]["alow_on_headers"] = json!(true);
    let patched = bootstrap(&[("discovered", discovered)]).to_string();
    check(&patched, "", "", &stats, "alow_on_headers");
    let patched = bootstrap(&[("inserted", inserted)]).to_string();
    check(&patched, "type_urls", "type_url", &stats, "type_url");
}

/// Istio makes `stats_config` of two annotations: a regular expression of each name, and buckets by prefix.
#[test]
fn istio_makes_the_same_labels_and_buckets_of_its_annotations() {
    let rendered = Rendered::new("annotations", LANGUAGE, &["istio", "envoy"]);
    let stats = rendered.document("stats.yaml");
    let patch = rendered.document("istio/gateway-patch.yaml");
    let annotations = &patch["spec"]["template"]["metadata"]["annotations"];
    let tags = annotations["sidecar.istio.io/extraStatTags"].as_str().unwrap();
    let tags: Vec<Value> = tags
        .split(',')
        .map(|tag| json!({"tag_name": tag, "regex": format!("({tag}=\\.=(.*?);\\.;)")}))
        .collect();
    assert_eq!(Value::from(tags), stats["stats_config"]["stats_tags"]);

    let buckets = annotations["sidecar.istio.io/statsHistogramBuckets"].as_str().unwrap();
    let buckets: BTreeMap<String, Vec<f64>> = serde_json::from_str(buckets).unwrap();
    let settings = stats["stats_config"]["histogram_bucket_settings"].as_array().unwrap();
    assert_eq!(buckets.len(), settings.len());
    for setting in settings {
        let expected: Vec<f64> =
            setting["buckets"].as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect();
        assert_eq!(buckets[setting["match"]["prefix"].as_str().unwrap()], expected);
    }
}
