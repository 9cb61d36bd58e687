//! Prometheus takes the scrape configurations, the rules, and the queries of rollouts and scalers, which say what they
//! should of known counters.

use std::fs;

use driftline_testbed::promtool;
use serde_json::{Value, json};

use super::{
    Rendered,
    configurations::{self, Configuration, DEMO, NAMES, versions},
};

/// Runs promtool, and returns what it says if it fails.
fn complaint(arguments: &[&str], rendered: &Rendered, path: &str) -> Option<String> {
    let file = rendered.folder.join(path).display().to_string();
    promtool::call(&[arguments, &[&file]].concat()).err()
}

/// Writes a file, beside which its rules lie.
fn write(rendered: &Rendered, name: &str, text: &str) -> String {
    let path = format!("prometheus/{name}");
    fs::write(rendered.folder.join(&path), text).unwrap();
    path
}

/// Rules that record each query.
fn recorded(queries: &[(String, String)]) -> Value {
    let rules: Vec<Value> = queries
        .iter()
        .enumerate()
        .map(|(number, (_, query))| json!({"record": format!("query:{number}"), "expr": query}))
        .collect();
    json!({"groups": [{"name": "queries", "rules": rules}]})
}

/// The queries of all documents of rollouts and scalers, with their arguments replaced.
pub(crate) fn queries(rendered: &Rendered) -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for path in rendered
        .files()
        .iter()
        .filter(|path| path.starts_with("rollouts/") || path.starts_with("autoscaling/"))
    {
        for document in rendered.documents(path) {
            add_queries(&document, path, &mut queries);
        }
    }
    queries
}

fn add_queries(value: &Value, path: &str, queries: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(query) if ["query", "metricsQuery", "seriesQuery"].contains(&&**name) => {
                        queries.push((path.to_owned(), with_arguments(query)));
                    }
                    _ => add_queries(value, path, queries),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| add_queries(value, path, queries)),
        _ => {}
    }
}

/// A query as Argo Rollouts and Flagger fill it in.
fn with_arguments(query: &str) -> String {
    let mut query = query.to_owned();
    for (argument, value) in [
        ("model", "rain"),
        ("route", ".*"),
        ("version", ".*"),
        ("baseline", "3"),
        ("candidate", "4"),
    ] {
        query = query.replace(&format!("{{{{args.{argument}}}}}"), value);
        query = query.replace(&format!("{{{{ variables.{argument} }}}}"), value);
    }
    for mark in ["{{", "}}", "<<", "$"] {
        assert!(!query.contains(mark), "{query}");
    }
    query
}

#[test]
fn prometheus_takes_configurations_rules_and_queries() {
    for Configuration { name, text } in configurations::all() {
        let rendered = Rendered::new(&format!("prometheus-{name}"), &text, &[]);
        assert_eq!(complaint(&["check", "config"], &rendered, "prometheus/prometheus.yml"), None);
        // Debian builds Prometheus without the discovery of Kubernetes.
        let kubernetes = rendered.text("prometheus/kubernetes.yml");
        let stand_in = kubernetes.replace(
            "kubernetes_sd_configs:\n      - role: pod",
            "static_configs:\n      - targets: []",
        );
        assert!(stand_in != kubernetes);
        let path = write(&rendered, "stand-in.yml", &stand_in);
        assert_eq!(complaint(&["check", "config"], &rendered, &path), None);

        for path in rendered.files().iter().filter(|path| path.ends_with("-rules.yaml")) {
            let rules = rendered.document(path)["spec"].to_string();
            let file = write(&rendered, "of-kubernetes.rules.yml", &rules);
            assert_eq!(complaint(&["check", "rules"], &rendered, &file), None, "{path}");
        }

        let queries = queries(&rendered);
        assert!(4 <= queries.len(), "{queries:?}");
        let file = write(&rendered, "queries.rules.yml", &recorded(&queries).to_string());
        assert_eq!(complaint(&["check", "rules"], &rendered, &file), None, "{queries:?}");
    }
}

#[test]
fn prometheus_refuses_what_is_broken() {
    let rendered = Rendered::new("prometheus-broken", DEMO, &["prometheus"]);
    for (from, to, expected) in [
        ("metrics_path:", "metric_path:", "metric_path"),
        ("drift.rules.yml", "drft.rules.yml", "drft.rules.yml"),
        ("interval: 15s", "interval: 15 s", "15 s"),
    ] {
        let text = rendered.text("prometheus/prometheus.yml").replacen(from, to, 1);
        let path = write(&rendered, "broken.yml", &text);
        let complaint = complaint(&["check", "config"], &rendered, &path).unwrap();
        assert!(complaint.contains(expected), "{complaint}");
    }
    let queries = [(String::new(), "sum(rate(x[5m])".to_owned())];
    let path = write(&rendered, "broken.rules.yml", &recorded(&queries).to_string());
    assert!(complaint(&["check", "rules"], &rendered, &path).is_some());
}

/// The query of a document, by the name of its metric or model.
fn query(rendered: &Rendered, path: &str, name: &str) -> String {
    let documents = rendered.documents(path);
    let found = documents.iter().find_map(|document| {
        if document["metadata"]["name"] == name {
            let trigger = &document["spec"]["triggers"][0]["metadata"]["query"];
            return document["spec"]["query"].as_str().or(trigger.as_str());
        }
        let metrics = document["spec"]["metrics"].as_array()?;
        let metric = metrics.iter().find(|metric| metric["name"] == name)?;
        metric["provider"]["prometheus"]["query"].as_str()
    });
    with_arguments(found.unwrap_or_else(|| panic!("{path} has no {name}")))
}

/// Runs `promtool test rules` on expressions with the samples that they must have at the end: a value, or none.
#[track_caller]
fn answers(rendered: &Rendered, series: &Value, expected: &[(String, Option<f64>)]) {
    let tests: Vec<Value> = expected
        .iter()
        .map(|(query, value)| {
            let samples: Vec<Value> =
                value.iter().map(|value| json!({"labels": "{}", "value": value})).collect();
            json!({"expr": query, "eval_time": "10m", "exp_samples": samples})
        })
        .collect();
    let test = json!({
        "rule_files": [],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}],
    });
    let path = write(rendered, "answers.test.yml", &test.to_string());
    assert_eq!(complaint(&["test", "rules"], rendered, &path), None);
}

fn series(name: &str, values: &str) -> Value {
    json!({"series": name, "values": values})
}

const ANALYSES: &str = "rollouts/analysis-templates.yaml";
const METRICS: &str = "rollouts/metric-templates.yaml";

/// Two pods, one of which begins anew; a counter that a pod hides until it moves; a quiet model; other models.
#[test]
fn errors_and_first_tokens_are_those_of_the_model_over_all_pods() {
    let rendered = Rendered::new("prometheus-serving", &versions().to_string(), &[]);
    let requests = |labels: &str, values: &str| {
        series(&format!("driftline_requests_total{{model={labels}}}"), values)
    };
    let bucket = |pod: &str, le: &str, values: &str| {
        let labels = format!("model=\"rain\", result=\"success\", pod=\"{pod}\", le=\"{le}\"");
        series(&format!("driftline_time_to_first_token_microseconds_bucket{{{labels}}}"), values)
    };
    let all = json!([
        requests("\"rain\", outcome=\"complete\", pod=\"a\"", "0+60x10"),
        requests("\"rain\", outcome=\"client_cancel\", pod=\"a\"", "0+20x10"),
        requests("\"rain\", outcome=\"timeout\", pod=\"a\"", "0+5x10"),
        // Restarts, and loses nothing but what came before the first scrape.
        requests("\"rain\", outcome=\"timeout\", pod=\"b\"", "100+15x6 0+15x3"),
        requests("\"other\", outcome=\"error_status\", pod=\"a\"", "0+1000x10"),
        requests("\"quiet\", outcome=\"error_status\", pod=\"a\"", "0+1x10"),
        requests("\"whole\", outcome=\"complete\", pod=\"a\"", "0+10x10"),
        series(
            "driftline_time_to_first_token_microseconds_bucket{model=\"early\", result=\"success\", le=\"+Inf\"}",
            "0x10",
        ),
        series(
            "driftline_time_to_first_token_observations_total{model=\"early\", result=\"success\"}",
            "0+100x10",
        ),
        bucket("a", "100000", "0+50x10"),
        bucket("a", "200000", "0+100x10"),
        bucket("a", "+Inf", "0+100x10"),
        series(
            "driftline_time_to_first_token_observations_total{model=\"rain\", result=\"success\", pod=\"a\"}",
            "0+100x10",
        ),
    ]);
    let errors = query(&rendered, ANALYSES, "error-ratio");
    // Of 385 requests in five minutes 85 fail; clients that left count on neither side.
    let of = |model: &str| errors.replace("\"rain\"", &format!("\"{model}\""));
    let by_flagger = query(&rendered, METRICS, "driftline-error-ratio");
    answers(
        &rendered,
        &all,
        &[
            (format!("round({errors}, 0.01)"), Some(0.22)),
            (of("quiet"), None),
            (of("nothing"), None),
            (of("whole"), Some(0.0)),
            (of("other"), Some(1.0)),
            (by_flagger.replace("\"rain\"", "\"nothing\""), Some(0.0)),
        ],
    );
    let language = Rendered::new("prometheus-language", DEMO, &["rollouts"]);
    fs::create_dir_all(language.folder.join("prometheus")).unwrap();
    let first = query(&language, ANALYSES, "first-token-seconds");
    answers(
        &language,
        &all,
        &[
            // Nine tenths of the way from 0.1 to 0.2 s.
            (first.clone(), Some(0.19)),
            (first.replace("\"rain\"", "\"nothing\""), None),
            // Its buckets have not followed yet.
            (first.replace("\"rain\"", "\"early\""), None),
        ],
    );
}

/// A gauge may say 2 while Envoy restarts hot, and 0 before the first tick.
#[test]
fn a_verdict_is_one_while_gauges_add_up() {
    let rendered = Rendered::new("prometheus-quality", &versions().to_string(), &[]);
    let verdict = |pod: &str, verdict: &str, values: &str| {
        let labels = format!(
            "model=\"rain\", version=\"4\", window=\"fast\", verdict=\"{verdict}\", pod=\"{pod}\""
        );
        series(&format!("driftline_quality_verdict{{{labels}}}"), values)
    };
    let quality = query(&rendered, ANALYSES, "quality-drift");
    let drifted = json!([
        verdict("a", "drift", "0x5 2x5"),
        verdict("b", "drift", "0x10"),
        verdict("a", "ok", "1x5 0x5")
    ]);
    answers(&rendered, &drifted, &[(quality.clone(), Some(2.0))]);
    let fine = json!([verdict("a", "drift", "0x10"), verdict("a", "ok", "2x10")]);
    answers(&rendered, &fine, &[(quality.clone(), Some(0.0))]);
    answers(&rendered, &json!([]), &[(quality, None)]);

    let worse = |figure: &str, candidate: &str, values: &str| {
        let labels = format!(
            "model=\"rain\", baseline=\"3\", candidate=\"{candidate}\", figure=\"{figure}\""
        );
        series(&format!("driftline:experiment:worse1h{{{labels}}}"), values)
    };
    let compared = json!([
        worse("accuracy", "4", "1x10"),
        worse("latency", "4", "0x10"),
        worse("latency", "5", "1x10"),
    ]);
    answers(
        &rendered,
        &compared,
        &[
            (query(&rendered, ANALYSES, "quality-worse"), Some(1.0)),
            (query(&rendered, ANALYSES, "latency-worse"), Some(0.0)),
            (query(&rendered, METRICS, "driftline-latency-worse"), Some(0.0)),
        ],
    );
}

#[test]
fn models_of_any_name_are_scaled_by_their_own_requests() {
    let models: Vec<Value> = NAMES.iter().map(|name| json!({"name": name})).collect();
    let rendered = Rendered::new("prometheus-scaling", &json!({"models": models}).to_string(), &[]);
    let in_flight = |(number, name): (usize, &&str)| {
        // As a JSON text, which is one of PromQL.
        let name = json!(name);
        let series = format!("driftline_requests_in_flight{{model={name}, pod=\"a\"}}");
        let other = format!("driftline_requests_in_flight{{model={name}, pod=\"b\"}}");
        [
            json!({"series": series, "values": format!("{number}x10")}),
            json!({"series": other, "values": "1x10"}),
        ]
    };
    let all: Vec<Value> = NAMES.iter().enumerate().flat_map(in_flight).collect();
    let documents = rendered.documents("autoscaling/scaled-objects.yaml");
    let names: Vec<&str> =
        documents.iter().map(|it| it["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), NAMES.len(), "{names:?}");
    let expected: Vec<(String, Option<f64>)> = (0u8..)
        .zip(&names)
        .map(|(number, name)| {
            (
                query(&rendered, "autoscaling/scaled-objects.yaml", name),
                Some(f64::from(number) + 1.0),
            )
        })
        .collect();
    answers(&rendered, &Value::from(all), &expected);
}
