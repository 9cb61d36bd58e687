//! What model servers say about their load: read from headers and trailers in every format, and asked for if the
//! configuration says so.

use driftline_testbed::{
    client::{End, Request},
    llm::{LlmServer, Pace},
    upstream::Script as UpstreamScript,
};

use crate::{
    expectation::PREFIX,
    phrases::{CHAT, CONFIG, DONE, STOP, chat, completion, predict, token},
    script::{Framing, Script},
    stage::{Host, Network, among_others, settings, tell},
};

/// As vLLM answers that was asked for `text`.
const VLLM: &str =
    "TEXT named_metrics.kv_cache_usage_perc=0.4, named_metrics.num_requests_waiting=3.0";

/// A stream whose head has this report.
fn stream(report: (&str, &str)) -> Script {
    let headers = [("content-type", "text/event-stream"), report];
    chat("demo-llm").at_ms(60).answers_with_head(200, &headers, Framing::Chunked)
}

#[test]
fn a_report_in_the_head_is_a_snapshot_of_the_beginning() {
    // The client leaves long before the answer's end, and the report is there all the same.
    tell(
        stream(("endpoint-load-metrics", VLLM))
            .sends(token("Yes"))
            .client_leaves_after(1, "Yes")
            .at_ms(500)
            .sends(STOP)
            .at_ms(700)
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=client_cancel} 1",
            "load_reports_total{model=demo-llm} 1",
            "server_kv_cache_usage_ppm{model=demo-llm} 400000",
            "server_waiting_requests{model=demo-llm} 3",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
        ],
    );
}

#[test]
fn a_report_in_the_trailers_goes_before_the_one_in_the_head() {
    tell(
        stream(("endpoint-load-metrics", VLLM))
            .sends(token("Yes"))
            .at_ms(120)
            .sends(STOP)
            .sends(DONE)
            .finishes_with(&[(
                "endpoint-load-metrics",
                r#"JSON {"cpu_utilization": 0.75, "named_metrics": {"num_requests_waiting": 5}}"#,
            )]),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "read_problems_total{model=demo-llm,reason=usage_missing} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
            "load_reports_total{model=demo-llm} 2",
            "server_cpu_utilization_ppm{model=demo-llm} 750000",
            "server_kv_cache_usage_ppm{model=demo-llm} 400000",
            "server_waiting_requests{model=demo-llm} 5",
        ],
    );
}

#[test]
fn a_binary_report_of_a_predictive_model_counts_under_it() {
    let answer = r#"{"predictions": [1]}"#;
    let headers = [
        ("content-type", "application/json"),
        // cpu_utilization: 0.7, eps: 0.25
        ("endpoint-load-metrics-bin", "CWZmZmZmZuY/OQAAAAAAANA/"),
    ];
    tell(
        predict(r#"{"instances": [[1, 1]]}"#)
            .answers_with_head(200, &headers, Framing::Length(answer.len()))
            .sends(answer)
            .finishes(),
        &[
            "requests_total{model=rain,outcome=complete} 1",
            "load_reports_total{model=rain} 1",
            "server_cpu_utilization_ppm{model=rain} 700000",
            "server_error_rate_millihertz{model=rain} 250",
        ],
    );
}

#[test]
fn an_overloaded_server_says_so_with_its_error() {
    let headers = [
        ("content-type", "application/json"),
        ("endpoint-load-metrics", "TEXT application_utilization=1.5"),
    ];
    tell(
        chat("demo-llm")
            .answers_with_head(503, &headers, Framing::Length(2))
            .sends("{}")
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=error_status} 1",
            "load_reports_total{model=demo-llm} 1",
            "server_application_utilization_ppm{model=demo-llm} 1500000",
        ],
    );
}

#[test]
fn a_report_that_cannot_be_read_is_counted_and_changes_nothing_else() {
    tell(
        stream(("endpoint-load-metrics", "TEXT cpu_utilization=0.5, eps=many"))
            .sends(token("Yes"))
            .sends(STOP)
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "read_problems_total{model=demo-llm,reason=load_report_malformed} 1",
            "read_problems_total{model=demo-llm,reason=usage_missing} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
            "load_reports_total{model=demo-llm} 0",
        ],
    );
}

/// What the model server was asked for: the value of the header, each time that it is there.
async fn asked(host: &Host, path: &str, own: Option<&str>) -> Vec<String> {
    let answer = completion("Yes", 2, 1);
    // A vLLM-like server: it reports if it is asked, and in the format that it was asked for.
    host.upstream().push(UpstreamScript::answer(200, "application/json", &answer));
    let mut request = Request::post_json(path, "{\"model\":\"demo-llm\"}");
    if let Some(own) = own {
        request = request.header("endpoint-load-metrics-format", own);
    }
    let response = request.send(host.listen()).await.unwrap();
    assert_eq!((response.status, response.end), (200, End::Complete), "{}", host.name());
    let received = host.upstream().take_received().pop().unwrap();
    let is_it =
        |(name, value): (String, String)| (name == "endpoint-load-metrics-format").then_some(value);
    received.headers.into_iter().filter_map(is_it).collect()
}

#[test]
fn reports_are_asked_for_if_the_configuration_says_so_and_the_client_does_not() {
    let _among_others = among_others();
    let check = |config: &str, path: &str, own: Option<&str>, expected: &[&str]| {
        let network = Network::start(settings(config));
        network.block_on(async {
            for host in [&network.envoy, &network.embedded] {
                assert_eq!(asked(host, path, own).await, expected, "{} {path}", host.name());
            }
        });
    };
    let asks = CONFIG.replacen('{', "{\"request_load_reports\": \"text\",", 1);
    check(&asks, CHAT, None, &["text"]);
    check(&asks, CHAT, Some("JSON"), &["JSON"]);
    check(&asks, "/v1/models", None, &[]);
    check(CONFIG, CHAT, None, &[]);
}

#[test]
fn a_server_that_reports_when_asked_is_asked_and_read_on_either_host() {
    let _among_others = among_others();
    let asks = CONFIG.replacen('{', "{\"request_load_reports\": \"json\",", 1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(LlmServer::start(Pace::default())).unwrap();
    let network = Network::start(settings(&asks).upstream(server.address()));
    network.block_on(async {
        for host in [&network.envoy, &network.embedded] {
            let before = host.scrape().await.unwrap();
            let body = r#"{"model":"demo-llm","messages":[],"stream":true}"#;
            let response = Request::post_json(CHAT, body).send(host.listen()).await.unwrap();
            assert_eq!((response.status, response.end), (200, End::Complete), "{}", host.name());
            let after = host.settled(&before, 1).await.unwrap();
            let value = |name: &str| after.value(&format!("{PREFIX}{name}"), &[]);
            assert_eq!(value("load_reports_total"), Some(1.0), "{}", host.name());
            // One answer of the twenty that would fill its cache.
            assert_eq!(value("server_kv_cache_usage_ppm"), Some(50_000.0), "{}", host.name());
        }
    });
}
