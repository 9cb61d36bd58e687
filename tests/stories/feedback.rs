//! Labels that come later than predictions, over the filter's own path and watched on their way to a service: what is
//! answered, what is counted, and what an upstream sees of it.

mod hostile;
mod http2;

use std::{
    fs,
    time::{Duration, Instant},
};

use driftline_support::labelled_profile;
use driftline_testbed::{
    client::{Connection, End, Piece, Request, Response},
    scrape::Scrape,
    upstream,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    chaos::gzip,
    expectation::PREFIX,
    script::Script,
    stage::{Host, Network, among_others, settings, start_envoy, world},
};

/// Where labels go in.
pub(crate) const FEEDBACK: &str = "/driftline/v1/feedback";
/// Where predictions are asked for.
pub(crate) const PREDICT: &str = "/v1/models/rain:predict";
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
const JSON_LINES: &str = "application/jsonl";
const CSV: &str = "text/csv";
const LIMIT: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(10);

/// A model that answers scores, one that takes no labels, and feedback.
fn config(feedback: &Value) -> String {
    json!({
        "models": [
            {
                "name": "rain",
                "profile": labelled_profile::binary(),
                "segments": [{"feature": "dew"}],
                "kpis": [{"name": "umbrellas", "maximum": 10}],
            },
            {"name": "demo-llm"},
        ],
        "feedback": feedback,
        "tick_milliseconds": 200,
        "window_seconds": 3600,
    })
    .to_string()
}

fn post(content_type: &str, body: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", FEEDBACK).header("content-type", content_type).body(body)
}

#[track_caller]
fn answer(response: &Response) -> Value {
    assert_eq!(response.end, End::Complete, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("application/json"));
    serde_json::from_slice(&response.body)
        .unwrap_or_else(|error| panic!("{error}: {}", response.text()))
}

fn total(page: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    page.value(&format!("{PREFIX}{name}"), labels).unwrap_or(0.0)
}

/// Waits until a page is as expected.
pub(crate) async fn until(host: &Host, what: &str, is_so: impl Fn(&Scrape) -> bool) -> Scrape {
    let started = Instant::now();
    loop {
        let page = host.scrape().await.unwrap();
        if is_so(&page) {
            return page;
        }
        assert!(started.elapsed() < LIMIT, "{}: {what}", host.name());
        tokio::time::sleep(POLL).await;
    }
}

/// Waits until somebody has evaluated.
async fn evaluated(host: &Host) {
    let evaluations = |page: &Scrape| total(page, "evaluations_total", &[]);
    let before = evaluations(&host.scrape().await.unwrap());
    until(host, "nothing is evaluated", |page| before < evaluations(page)).await;
}

/// The counters of feedback and of labels that moved, a line each.
fn moved(before: &Scrape, after: &Scrape) -> Vec<String> {
    let names = [
        "labels_total",
        "feedback_refused_total",
        "feedback_requests_total",
        "confusion_rows_total",
        "segment_rows_total",
        "kpi_rows_total",
    ];
    let changed = after.difference(before);
    let lines = changed.samples().filter_map(|(series, by)| {
        let name = series.name.strip_prefix(PREFIX)?;
        let is_shown = names.contains(&name) && by != 0.0;
        let labels: Vec<_> = series.labels.values().map(String::as_str).collect();
        is_shown
            .then(|| format!("{}{{{}}} {by}", name.trim_end_matches("_total"), labels.join(",")))
    });
    lines.collect()
}

/// Asks for two predictions under this id: one of rain, with much dew, and one of none.
async fn predict(host: &Host, connection: &mut Connection, id: &str) {
    let tracked = |page: &Scrape| total(page, "predictions_tracked_total", &[]);
    let before = tracked(&host.scrape().await.unwrap());
    host.upstream().push(upstream::Script::answer(200, JSON.1, r#"{"predictions": [0.9, 0.2]}"#));
    let request = Request::post_json(PREDICT, r#"{"instances": [[2], [0.5]]}"#);
    let response = connection.send(&request.header("x-request-id", id)).await.unwrap();
    assert_eq!(response.status, 200, "{}", response.text());
    // A client may have its answer before the filter has.
    until(host, "the predictions are not there", |page| tracked(page) == before + 2.0).await;
}

/// Labels of these two in every form, as requests.
fn forms(id: &str) -> Vec<(&'static str, Request)> {
    let json = format!(
        r#"{{"labels": [{{"id": "{id}", "label": 1, "umbrellas": 3}}, {{"id": "{id}", "row": 1, "label": 1}}]}}"#
    );
    let lines = format!(
        "{{\"id\": \"{id}\", \"label\": \"1\", \"umbrellas\": 3}}\n{{\"id\": \"{id}\", \"row\": 1, \"label\": true}}\n"
    );
    let csv = format!("id,row,label,umbrellas\r\n{id},0,1,3\r\n{id},1,1,\r\n");
    let pieces = |body: &str, pause_ms: u64| {
        let pause = Piece::Pause(Duration::from_millis(pause_ms));
        let pieces = body.as_bytes().chunks(9).map(|piece| Piece::Bytes(piece.to_vec()));
        pieces.flat_map(move |piece| [piece, pause.clone()]).collect::<Vec<_>>()
    };
    let with = |content_type: &str| {
        Request::new("POST", &format!("{FEEDBACK}?by=test")).header("content-type", content_type)
    };
    vec![
        ("JSON", with(JSON.1).body(json.as_str())),
        ("JSON lines", with(JSON_LINES).body(lines.as_str())),
        ("JSON lines, called otherwise", with("application/x-ndjson").body(lines.as_str())),
        ("CSV", with("text/csv; charset=utf-8").body(csv.as_str())),
        ("gzip", with(JSON.1).header("content-encoding", "gzip").body(gzip(json.as_bytes()))),
        ("JSON in pieces", with(JSON.1).pieces(pieces(&json, 1))),
        ("chunked JSON", with(JSON.1).pieces(pieces(&json, 1)).chunked()),
        ("chunked JSON lines", with(JSON_LINES).pieces(pieces(&lines, 0)).chunked()),
        ("chunked CSV", with(CSV).pieces(pieces(&csv, 1)).chunked()),
    ]
}

#[test]
fn a_label_in_any_form_finds_its_prediction_and_never_reaches_the_upstream() {
    const MOVED: [&str; 7] = [
        "confusion_rows{1,rain,0,3} 1",
        "confusion_rows{1,rain,1,3} 1",
        "feedback_requests{accepted} 1",
        "kpi_rows{umbrellas,rain,3} 1",
        "labels{rain,joined,3} 2",
        "segment_rows{00,dew,rain,3} 1",
        "segment_rows{01,dew,rain,3} 1",
    ];
    let _among_others = among_others();
    let network = Network::start(settings(&config(&json!({}))).workers(2));
    network.block_on(async {
        for host in [&network.envoy, &network.embedded] {
            // One connection carries all of it.
            let mut connection = Connection::open(host.listen()).await.unwrap();
            let count = forms("").len();
            for number in 0..count {
                let id = format!("request-{number}");
                let (name, request) = forms(&id).swap_remove(number);
                let case = format!("{}, {name}", host.name());
                predict(host, &mut connection, &id).await;
                let before = host.scrape().await.unwrap();
                let response = connection.send(&request).await.unwrap();
                assert_eq!(response.status, 202, "{case}: {}", response.text());
                let expected = json!({"accepted": 2, "joined": 2, "unmatched": 0, "duplicate": 0, "refused": 0, "problems": []});
                assert_eq!(answer(&response), expected, "{case}");
                let mut lines = moved(&before, &host.scrape().await.unwrap());
                lines.sort();
                assert_eq!(lines, MOVED, "{case}");
                // The second time nothing is counted twice.
                let again = answer(&connection.send(&request).await.unwrap());
                assert_eq!([&again["accepted"], &again["duplicate"]], [0, 2], "{case}");
                let received = host.upstream().take_received();
                let paths: Vec<_> = received.iter().map(|it| it.path.as_str()).collect();
                assert_eq!(paths, [PREDICT], "{case}");
            }
            evaluated(host).await;
            let page = host.scrape().await.unwrap();
            let rows = count as f64;
            assert_eq!(total(&page, "predictions_tracked_total", &[]), 2.0 * rows);
            assert_eq!(total(&page, "requests_total", &[]), rows, "feedback is no request");
            // Envoy merges histograms from time to time.
            let delays = |page: &Scrape| total(page, "label_delay_seconds_count", &[]);
            until(host, "a delay is missing", |page| delays(page) == 2.0 * rows).await;
            let window = [("window", "fast")];
            let is_shown = |page: &Scrape| total(page, "labelled_rows", &window) == 2.0 * rows;
            let page = until(host, "the window lacks labels", is_shown).await;
            let accuracy = [("window", "fast"), ("measure", "accuracy")];
            assert_eq!(total(&page, "quality_ppm", &accuracy), 500_000.0);
        }
    });
}

#[test]
fn a_request_that_is_not_to_be_believed_is_told_so_and_reaches_no_upstream() {
    let feedback = json!({"secret": "s3cret", "secret_header": "x-token", "bytes_max": 4096});
    let _among_others = among_others();
    let network = Network::start(settings(&config(&feedback)));
    let record = r#"{"model": "rain", "label": 1, "score": 0.9}"#;
    let large = format!("[{}{record}]", format!("{record},").repeat(3_000));
    let secret = |request: Request| request.header("x-token", "s3cret");
    let get = |method: &str| secret(Request::new(method, FEEDBACK));
    // Of what is too long, all that was read before counts, which depends on how it was cut.
    let cases = [
        ("no secret", post(JSON.1, record), 401, "unauthorized"),
        ("a wrong one", post(JSON.1, record).header("x-token", "s3cres"), 401, "unauthorized"),
        ("GET", get("GET"), 405, "other_method"),
        ("PUT", get("PUT").header(JSON.0, JSON.1).body(record), 405, "other_method"),
        ("DELETE", get("DELETE"), 405, "other_method"),
        ("too long", secret(post(JSON.1, large.as_str())), 413, "too_large"),
        ("too long in chunks", secret(post(JSON.1, large.as_str())).chunked(), 413, "too_large"),
        ("empty", secret(post(JSON.1, "")), 400, "malformed"),
        ("without a body", get("POST"), 400, "malformed"),
        ("another type", secret(post("text/html", record)), 400, "malformed"),
        (
            "unread encoding",
            secret(post(JSON.1, record)).header("content-encoding", "x"),
            400,
            "malformed",
        ),
        ("JSON, called otherwise", secret(post("text/plain", record)), 202, "accepted"),
        ("right", secret(post(JSON.1, record)), 202, "accepted"),
    ];
    network.block_on(async {
        for host in [&network.envoy, &network.embedded] {
            for (name, request, status, outcome) in &cases {
                let case = format!("{}, {name}", host.name());
                let before = host.scrape().await.unwrap();
                let response = request.send(host.listen()).await;
                let response = response.unwrap_or_else(|error| panic!("{case}: {error:#}"));
                assert_eq!(response.status, *status, "{case}: {}", response.text());
                assert_eq!(answer(&response)["error"].is_null(), *status == 202, "{case}");
                let lines = moved(&before, &host.scrape().await.unwrap());
                let of_requests: Vec<_> =
                    lines.iter().filter(|it| it.starts_with("feedback_requests")).collect();
                assert_eq!(of_requests, [&format!("feedback_requests{{{outcome}}} 1")], "{case}");
                let is_counted = lines.iter().any(|it| it.starts_with("labels"));
                let may_count = matches!(outcome, &"accepted" | &"too_large");
                assert!(may_count || !is_counted, "{case}: {lines:?}");
            }
            assert_eq!(host.upstream().take_received(), [], "{}", host.name());
            evaluated(host).await;
        }
    });
}

/// About 10 MB of records.
fn large_batch(records: usize) -> String {
    let record = |number: usize| {
        let (label, score) = (number % 2, number % 100);
        format!(
            "{{\"model\": \"rain\", \"label\": {label}, \"score\": 0.{score:02}, \"dew\": 0.5, \"note\": \"{number:032}\"}}\n"
        )
    };
    (0..records).map(record).collect()
}

/// A value of `/proc/PID/status`, in KiB.
fn of_process(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_matches([':', ' ', '\t', 'k', 'B']).parse().unwrap()
}

#[test]
fn a_batch_of_ten_megabytes_is_counted_whole_and_held_nowhere() {
    const RECORDS: usize = 100_000;
    let _among_others = among_others();
    let (small, large) = (large_batch(RECORDS / 10), large_batch(RECORDS));
    assert!(10_000_000 < large.len(), "{} bytes", large.len());
    let config = config(&json!({}));

    // In the VM of the simulator.
    let world = world(&config);
    let memory = || world.worker(0).borrow().memory_bytes();
    let send = |body: &str| {
        let mut exchange =
            world.exchange(0).request("POST", FEEDBACK, &[("content-type", JSON_LINES)]);
        for piece in body.as_bytes().chunks(64 << 10) {
            exchange = exchange.request_chunk(piece.to_vec());
        }
        let outcome = exchange.request_end().outcome();
        assert_eq!(outcome.status(), Some(202), "{}", outcome.text());
        let answer: Value = serde_json::from_slice(&outcome.client.body).unwrap();
        (answer["accepted"].as_u64().unwrap(), memory())
    };
    let (_, before) = send(&small);
    assert_eq!(send(&large), (RECORDS as u64, before), "records, and bytes of memory");

    let settings = settings(&config);
    Runtime::new().unwrap().block_on(async {
        let (envoy, host) = start_envoy(&settings).await.unwrap();
        let send = async |body: &str| {
            let response = post(JSON_LINES, body).send(host.listen()).await.unwrap();
            assert_eq!(response.status, 202, "{}", response.text());
            answer(&response)["accepted"].as_u64().unwrap()
        };
        send(&small).await;
        let before = of_process(envoy.process_id(), "VmHWM");
        let started = Instant::now();
        assert_eq!(send(&large).await, RECORDS as u64);
        let grown = of_process(envoy.process_id(), "VmHWM") - before;
        println!("Envoy: {:?}, {grown} KiB more at most", started.elapsed());
        assert!(grown < 5_000, "Envoy took {grown} KiB more");
        let page = host.scrape().await.unwrap();
        let counted = (RECORDS + RECORDS / 10) as f64;
        assert_eq!(total(&page, "labels_total", &[("outcome", "with_prediction")]), counted);
        assert_eq!(total(&page, "confusion_rows_total", &[]), counted);
        assert_eq!(total(&page, "labelled_scores_total", &[]), counted);
        assert_eq!(total(&page, "segment_rows_total", &[("bin", "00")]), counted);
        assert_eq!(host.upstream().take_received(), []);
        evaluated(&host).await;
    });
}

#[test]
fn feedback_of_a_service_is_read_and_passes_as_it_is() {
    let watch = json!([
        {"path": "/outcomes", "model": "rain", "label": {"path": "outcome.rained"}, "score": {"header": "x-score"}},
        {"path": "/joined", "label": {"member": "truth"}, "id": {"header": "x-prediction-id"}}
    ]);
    let _among_others = among_others();
    let network = Network::start(settings(&config(&json!({"watch": watch}))));
    network.block_on(async {
        for host in [&network.envoy, &network.embedded] {
            let name = host.name();
            let mut connection = Connection::open(host.listen()).await.unwrap();
            predict(host, &mut connection, "r-1").await;
            host.upstream().take_received();
            let before = host.scrape().await.unwrap();
            // Both bodies are compared with what was sent.
            let pass = async |path: &str, headers: &[(&str, &str)], body: &str, status: u16| {
                let headers = headers.iter();
                let script = headers.fold(Script::post(path, body), |script, (name, value)| {
                    script.with_header(name, value)
                });
                host.pass(&script.answers(status, r#"{"thanks": true}"#)).await.unwrap();
            };
            let score = ("x-score", "0.75");
            pass("/outcomes", &[score], r#"{"outcome": {"rained": false}, "by": "x"}"#, 200).await;
            pass("/joined?a=b", &[("x-prediction-id", "r-1")], r#"[{"truth": 1}]"#, 201).await;
            // What is nothing for us is the service's all the same.
            pass("/outcomes", &[], r#"{"outcome": {"rained": "#, 400).await;
            pass("/outcomes", &[score], r#"{"outcome": {"rained": 7}}"#, 200).await;
            pass("/other", &[score], r#"{"outcome": {"rained": 1}}"#, 200).await;
            let mut lines = moved(&before, &host.scrape().await.unwrap());
            lines.sort();
            let expected = [
                "confusion_rows{0,rain,1,3} 1",
                "confusion_rows{1,rain,1,3} 1",
                "feedback_refused{label_unusable} 1",
                "feedback_requests{accepted} 3",
                "feedback_requests{malformed} 1",
                "labels{rain,joined,3} 1",
                "labels{rain,with_prediction,3} 1",
                "segment_rows{01,dew,rain,3} 1",
                "segment_rows{none,dew,rain,3} 1",
            ];
            assert_eq!(lines, expected, "{name}");
        }
    });
}
