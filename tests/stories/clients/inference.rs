//! Triton's own client, over HTTP with JSON, with raw bytes and with both, and over gRPC: what the filter counts equals
//! the arrays that the client was given, in every data type of the Open Inference Protocol.

use std::{collections::BTreeMap, fmt::Write, net::SocketAddr};

use driftline_testbed::scrape::Scrape;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::python::Process;
use crate::{
    expectation::PREFIX,
    stage::{Host, Network, settings},
};

/// Ways to send the same arrays, each to a model of its own name: whether they go through the embedded proxy too, which
/// passes no HTTP/2, whether types without JSON and typed contents are among them, and how often the client asks at once.
const WAYS: [Way; 9] = [
    Way { name: "http_json", is_http: true, has_raw: false, messages: 1 },
    Way { name: "http_binary", is_http: true, has_raw: true, messages: 1 },
    Way { name: "http_mixed", is_http: true, has_raw: true, messages: 1 },
    Way { name: "grpc_raw", is_http: false, has_raw: true, messages: 1 },
    Way { name: "grpc_typed", is_http: false, has_raw: false, messages: 1 },
    Way { name: "grpc_stream", is_http: false, has_raw: true, messages: 2 },
    // Each message is compressed for itself, that of the answer as well.
    Way { name: "grpc_gzip", is_http: false, has_raw: true, messages: 1 },
    Way { name: "grpc_deflate", is_http: false, has_raw: true, messages: 1 },
    Way { name: "grpc_stream_gzip", is_http: false, has_raw: true, messages: 2 },
];

/// Models that answer every request with an error: over gRPC that has status 200.
const BROKEN: [(&str, &str); 2] =
    [("grpc_error", "error_status"), ("grpc_stream_error", "error_event")];

const RAW_ONLY: [&str; 2] = ["FP16", "BF16"];

#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    is_http: bool,
    has_raw: bool,
    messages: u64,
}

/// What the script says first.
#[derive(Deserialize)]
struct Hello {
    http: SocketAddr,
    grpc: SocketAddr,
    arrays: BTreeMap<String, Array>,
    scores: Vec<f64>,
}

#[derive(Deserialize)]
struct Array {
    datatype: String,
    /// Numbers, or texts.
    values: Vec<Value>,
}

#[derive(Serialize)]
struct Question {
    way: &'static str,
    address: SocketAddr,
}

#[derive(Debug, Deserialize)]
struct Answer {
    /// Of each message.
    scores: Vec<Vec<f64>>,
    error: Option<String>,
}

/// A column with a bin for each value, in the order of the bins.
fn bins(values: &[Value]) -> Vec<Value> {
    let mut bins: Vec<Value> = Vec::new();
    for value in values {
        if !bins.contains(value) {
            bins.push(value.clone());
        }
    }
    bins.sort_by(|a, b| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => std::cmp::Ordering::Equal,
    });
    bins
}

fn column(values: &[Value]) -> Value {
    let bins = bins(values);
    let counts: Vec<u64> = bins.iter().map(|_| 1).chain([0]).collect();
    let rows = bins.len();
    assert!(rows <= values.len());
    // Nobody asks here whether anything drifts.
    let chi_square = json!({"five_percent": 1, "one_percent": 2, "family": 3});
    if bins.iter().any(Value::is_string) {
        return json!({"type": "category", "schema": {"required": false, "categories": null},
            "nulls": values.len() - rows, "chi_square": chi_square,
            "bins": {"kind": "categories", "categories": bins, "counts": counts}});
    }
    let means: Vec<Value> = bins.iter().cloned().chain([Value::Null]).collect();
    json!({"type": "number", "schema": {"required": false, "minimum": -1.7e308, "maximum": 1.7e308},
        "nulls": values.len() - rows, "chi_square": chi_square, "mean": 0, "standard_deviation": 1, "minimum": bins[0], "maximum": bins[rows - 1],
        "tail_excess": {"low": 0, "high": 0},
        "bins": {"kind": "values", "values": bins, "counts": counts, "means": means}})
}

fn config(hello: &Hello) -> Value {
    let features: Vec<Value> = hello
        .arrays
        .iter()
        .map(|(name, array)| {
            let mut feature = column(&array.values);
            feature["name"] = json!(name);
            feature
        })
        .collect();
    let scores: Vec<Value> = hello.scores.iter().map(|&score| json!(score)).collect();
    let names = WAYS.iter().map(|way| way.name).chain(BROKEN.iter().map(|(name, _)| *name));
    let models: Vec<Value> = names
        .map(|name| {
            json!({"name": name, "profile": {
                "format": "driftline-profile", "format_version": 1, "version": null, "model": name,
                "created_at": "2026-11-25T12:00:00Z", "rows": hello.scores.len(), "features": features, "prediction": column(&scores)}})
        })
        .collect();
    json!({"models": models, "tick_milliseconds": 60000})
}

/// What was counted otherwise than sent; empty if nothing was.
fn miscounts(host: &Host, changed: &Scrape, hello: &Hello, ways: &[Way]) -> String {
    let mut found = String::new();
    let mut compare = |metric: &str, labels: &[(&str, &str)], expected: f64| {
        let counted = changed.value(&format!("{PREFIX}{metric}"), labels).unwrap_or(0.0);
        if counted != expected {
            let host = host.name();
            let _ = write!(found, "\n{host}: {metric} {labels:?} {counted}, expected {expected}");
        }
    };
    for way in ways {
        let model = ("model", way.name);
        let messages = way.messages as f64;
        let rows = hello.scores.len() as f64 * messages;
        compare("requests_total", &[model, ("outcome", "complete")], 1.0);
        compare("instances_total", &[model], rows);
        compare("predictions_total", &[model], rows);
        let scores: Vec<Value> = hello.scores.iter().map(|&score| json!(score)).collect();
        let prediction = ("prediction", "prediction", &scores, true);
        let features = hello.arrays.iter().map(|(name, array)| {
            let is_sent = way.has_raw || !RAW_ONLY.contains(&&*array.datatype);
            ("feature", &**name, &array.values, is_sent)
        });
        for (role, name, values, is_sent) in features.chain([prediction]) {
            let labels = [model, ("role", role), ("feature", name)];
            for (number, bin) in bins(values).iter().enumerate() {
                // Categories have bins of their own names.
                let label = bin.as_str().map_or_else(|| format!("{number:02}"), str::to_owned);
                let sent = values.iter().filter(|value| *value == bin).count() as f64;
                let expected = if is_sent { sent * messages } else { 0.0 };
                let labels = [&labels[..], &[("bin", &*label)]].concat();
                compare("feature_bin_total", &labels, expected);
            }
            compare("feature_bin_total", &[&labels[..], &[("bin", "other")]].concat(), 0.0);
            let missing = if is_sent { 0.0 } else { rows };
            let labels = [&labels[..], &[("reason", "missing")]].concat();
            compare("feature_unbinned_total", &labels, missing);
        }
        compare("read_problems_total", &[model], 0.0);
    }
    found
}

async fn ask(process: &mut Process, way: &'static str, address: SocketAddr) -> Answer {
    let question = Question { way, address };
    process.say(&question).await.unwrap();
    process.hear().await.unwrap()
}

#[test]
fn the_arrays_that_tritons_client_sends_are_what_is_counted() {
    let runtime = Runtime::new().unwrap();
    let (mut process, hello) = runtime.block_on(async {
        let mut process = Process::start("infer.py").unwrap();
        let hello: Hello = process.hear().await.unwrap();
        (process, hello)
    });
    assert_eq!(hello.arrays.len(), 14, "every data type");
    let network =
        Network::start(settings(&config(&hello).to_string()).upstream(hello.http).grpc(hello.grpc));
    runtime.block_on(async {
        let mut found = String::new();
        for host in [&network.envoy, &network.embedded] {
            let is_envoy = std::ptr::eq(host, &network.envoy);
            let ways: Vec<Way> = WAYS.into_iter().filter(|way| is_envoy || way.is_http).collect();
            let before = host.scrape().await.unwrap();
            for way in &ways {
                let answer = ask(&mut process, way.name, host.listen()).await;
                assert_eq!(answer.error, None, "{} {}", host.name(), way.name);
                let scores = vec![hello.scores.clone(); usize::try_from(way.messages).unwrap()];
                assert_eq!(answer.scores, scores, "{} {}", host.name(), way.name);
            }
            let changed = host.settled(&before, ways.len() as u64).await.unwrap();
            found += &miscounts(host, &changed.difference(&before), &hello, &ways);
        }
        assert!(found.is_empty(), "{found}");
    });
}

#[test]
fn an_error_over_grpc_is_one_though_its_status_is_200() {
    let runtime = Runtime::new().unwrap();
    let (mut process, hello) = runtime.block_on(async {
        let mut process = Process::start("infer.py").unwrap();
        let hello: Hello = process.hear().await.unwrap();
        (process, hello)
    });
    let network =
        Network::start(settings(&config(&hello).to_string()).upstream(hello.http).grpc(hello.grpc));
    runtime.block_on(async {
        let host = &network.envoy;
        let before = host.scrape().await.unwrap();
        for (model, _) in BROKEN {
            let answer = ask(&mut process, model, host.listen()).await;
            assert!(answer.error.is_some(), "{model} {answer:?}");
        }
        let changed = host.settled(&before, BROKEN.len() as u64).await.unwrap().difference(&before);
        for (model, outcome) in BROKEN {
            let labels = [("model", model), ("outcome", outcome)];
            let counted = changed.value(&format!("{PREFIX}requests_total"), &labels);
            assert_eq!(counted, Some(1.0), "{model} {outcome}");
            let labels = [("model", model)];
            let rows = changed.value(&format!("{PREFIX}instances_total"), &labels);
            assert_eq!(rows, Some(hello.scores.len() as f64), "{model}");
        }
    });
}

/// That nothing is counted shows as well that the client, and the server, did compress.
#[test]
fn messages_in_a_coding_that_is_switched_off_pass_and_are_counted() {
    let runtime = Runtime::new().unwrap();
    let (mut process, hello) = runtime.block_on(async {
        let mut process = Process::start("infer.py").unwrap();
        let hello: Hello = process.hear().await.unwrap();
        (process, hello)
    });
    let mut config = config(&hello);
    config["decode"] = json!(["br"]);
    let config = config.to_string();
    let network = Network::start(settings(&config).upstream(hello.http).grpc(hello.grpc));
    runtime.block_on(async {
        let host = &network.envoy;
        let before = host.scrape().await.unwrap();
        let compressed = ["grpc_gzip", "grpc_deflate", "grpc_stream_gzip"];
        for way in compressed {
            let answer = ask(&mut process, way, host.listen()).await;
            assert_eq!(answer.error, None, "{way}");
        }
        let calls = compressed.len();
        let changed = host.settled(&before, calls as u64).await.unwrap().difference(&before);
        let counted = |metric: &str, labels: &[(&str, &str)]| {
            changed.value(&format!("{PREFIX}{metric}"), labels).unwrap_or(0.0)
        };
        // Their model is named in what is not read.
        let other = ("model", "other");
        let unread = counted("read_problems_total", &[other, ("reason", "encoded_body")]);
        assert_eq!(unread, calls as f64);
        assert_eq!(counted("requests_total", &[other, ("outcome", "complete")]), calls as f64);
        assert_eq!(counted("instances_total", &[]), 0.0);
        assert_eq!(counted("predictions_total", &[]), 0.0);
    });
}
