//! Feedback of whoever reaches the path: broken, invented, endless. Each record is counted or refused with its reason, and
//! the VM lives.

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::*;

/// A body, what is answered, and what of it counts, as [`moved`] says it.
struct Case {
    name: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    status: u16,
    lines: Vec<String>,
}

fn case(
    name: &'static str,
    content_type: &'static str,
    body: impl Into<Vec<u8>>,
    status: u16,
    lines: &[&str],
) -> Case {
    let outcome = if status == 202 { "accepted" } else { "malformed" };
    let own = lines.iter().map(|line| (*line).to_owned());
    let mut lines: Vec<_> = own.chain([format!("feedback_requests{{{outcome}}} 1")]).collect();
    lines.sort();
    Case { name, content_type, body: body.into(), status, lines }
}

/// Bodies that are not what they say.
fn broken() -> Vec<Case> {
    let right = r#"{"model": "rain", "label": 1, "score": 0.9}"#;
    let counted = [
        "confusion_rows{1,rain,1,3} 1",
        "labels{rain,with_prediction,3} 1",
        "segment_rows{none,dew,rain,3} 1",
    ];
    vec![
        case(
            "ends within a record",
            JSON.1,
            format!("[{right}, {{\"model\": \"rain\", \"la"),
            400,
            &counted,
        ),
        case(
            "ends within a line",
            JSON_LINES,
            format!("{right}\n{{\"model\": \"ra"),
            400,
            &counted,
        ),
        case(
            "ends within a quoted cell",
            CSV,
            "model,label,score\nrain,1,0.9\nrain,1,\"0.",
            400,
            &counted,
        ),
        case("no end of a list", JSON.1, format!("[{right}"), 400, &counted),
        case("something after the end", JSON.1, format!("[{right}] [{right}]"), 400, &counted),
        case("no JSON", JSON.1, [0xff, 0xfe, 0, 1, 2, 3], 400, &[]),
        case("zeros", JSON.1, vec![0; 100_000], 400, &[]),
        case("lists", JSON.1, "[".repeat(1_000_000), 400, &[]),
        case("objects", JSON.1, "{\"label\":".repeat(200_000), 400, &[]),
    ]
}

/// Records of which some cannot count.
fn odd() -> Vec<Case> {
    const COUNTED: [&str; 3] = [
        "confusion_rows{1,rain,1,3} 1",
        "labels{rain,with_prediction,3} 1",
        "segment_rows{none,dew,rain,3} 1",
    ];
    let deep = format!("{}1{}", "[".repeat(50), "]".repeat(50));
    let long = "x".repeat(2_000_000);
    let wide: String = (0..20_000).map(|column| format!("column {column},")).collect();
    vec![
        case(
            "no number in CSV",
            CSV,
            "model,label,score\nrain,1,NaN\nrain,1,inf\nrain,1,1e999\nrain,NaN,.5\nrain,-inf,.5\n",
            202,
            &[
                "feedback_refused{label_missing} 1",
                "feedback_refused{label_unusable} 1",
                "feedback_refused{prediction_missing} 1",
                "feedback_refused{prediction_unusable} 2",
            ],
        ),
        case(
            "no number in JSON",
            JSON.1,
            r#"[{"model": "rain", "label": "NaN", "score": 0.5}, {"model": "rain", "label": 1, "score": 1e999}, {"model": "rain", "label": 1, "score": -1e-999}]"#,
            202,
            &[
                "feedback_refused{label_missing} 1",
                "feedback_refused{prediction_unusable} 1",
                "confusion_rows{1,rain,0,3} 1",
                "labels{rain,with_prediction,3} 1",
                "segment_rows{none,dew,rain,3} 1",
            ],
        ),
        case(
            "a figure that is none",
            JSON.1,
            r#"[{"model": "rain", "label": 1, "score": 0.9, "umbrellas": 1e308}, {"model": "rain", "umbrellas": -1}, {"model": "rain", "umbrellas": "many"}]"#,
            202,
            &["feedback_refused{kpi_unusable} 3"],
        ),
        case(
            "a deep member",
            JSON.1,
            format!(r#"{{"x": {deep}, "model": "rain", "label": 1, "score": 0.9}}"#),
            202,
            &COUNTED,
        ),
        case(
            "a long member",
            JSON.1,
            format!(r#"{{"x": "{long}", "model": "rain", "label": 1, "score": 0.9}}"#),
            202,
            &COUNTED,
        ),
        case(
            "a long name",
            JSON.1,
            format!(r#"{{"{long}": 7, "model": "rain", "label": 1, "score": 0.9}}"#),
            202,
            &COUNTED,
        ),
        case(
            "a long number",
            JSON.1,
            format!(r#"{{"model": "rain", "label": 1, "score": 0.9{}}}"#, "0".repeat(1_000_000)),
            202,
            &COUNTED,
        ),
        case(
            "a long id",
            JSON.1,
            format!(r#"{{"id": "{long}", "model": "rain", "label": 1}}"#),
            202,
            &["feedback_refused{id_unusable} 1"],
        ),
        case(
            "a long model",
            JSON.1,
            format!(r#"{{"model": "{long}", "label": 1, "score": 0.9}}"#),
            202,
            &["feedback_refused{unknown_model} 1"],
        ),
        case(
            "a long label",
            JSON.1,
            format!(r#"{{"model": "rain", "label": "{long}", "score": 0.9}}"#),
            202,
            &["feedback_refused{label_unusable} 1"],
        ),
        case(
            "a member twice, of which the first counts",
            JSON.1,
            r#"{"model": "rain", "label": 1, "label": 0, "score": 0.9, "model": "no"}"#,
            202,
            &COUNTED,
        ),
        case(
            "many columns",
            CSV,
            format!("{wide}model,label,score\n{}rain,1,0.9\n", ",".repeat(20_000)),
            202,
            &COUNTED,
        ),
        case(
            "no records in a list",
            JSON.1,
            r#"[1, "x", null, [], {}, true]"#,
            202,
            &["feedback_refused{label_missing} 6"],
        ),
        case(
            "rows that are none",
            JSON.1,
            r#"[{"id": "a", "row": -1, "label": 1}, {"id": "a", "row": 1e300, "label": 1}, {"id": "a", "row": "x", "label": 1}]"#,
            202,
            &["feedback_refused{id_unusable} 3"],
        ),
        case(
            "ids that are none",
            JSON.1,
            r#"[{"id": {}, "label": 1}, {"id": [1, 2], "label": 1}, {"id": true, "label": 1}]"#,
            202,
            &["feedback_refused{id_unusable} 3"],
        ),
        case(
            "unknown models",
            JSON_LINES,
            (0..10_000)
                .map(|it| format!("{{\"model\": \"m{it}\", \"label\": 1, \"score\": 1}}\n"))
                .collect::<String>(),
            202,
            &["feedback_refused{unknown_model} 10000"],
        ),
        case("no record", JSON.1, "[]", 202, &[]),
        case("a text", JSON.1, r#""label""#, 202, &["feedback_refused{label_missing} 1"]),
        case("a number", JSON.1, "1", 202, &["feedback_refused{label_missing} 1"]),
        case("no rows", CSV, "model,label,score", 202, &[]),
        case("a head of quotes", CSV, "\"".repeat(200_000), 202, &[]),
        case(
            "a model that has no labels",
            JSON.1,
            r#"{"model": "demo-llm", "label": 1, "score": 1}"#,
            202,
            &["feedback_refused{unknown_model} 1"],
        ),
    ]
}

/// Sends all, on both hosts, and says what differs.
fn check(cases: &[Case]) {
    let _among_others = among_others();
    let network = Network::start(settings(&config(&json!({}))).workers(2));
    let mut wrong = BTreeMap::new();
    network.block_on(async {
        for host in [&network.envoy, &network.embedded] {
            for Case { name, content_type, body, status, lines } in cases {
                let before = host.scrape().await.unwrap();
                let response = post(content_type, body.as_slice()).send(host.listen()).await;
                let response =
                    response.unwrap_or_else(|error| panic!("{}, {name}: {error:#}", host.name()));
                let mut found = moved(&before, &host.scrape().await.unwrap());
                found.sort();
                if (response.status, &found) != (*status, lines) {
                    let said = response.text();
                    wrong.insert((*name, host.name()), (response.status, said, found, lines));
                }
            }
            alive(host).await;
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    let log = network.envoy_log();
    assert!(!log.contains("panicked") && !log.contains("Wasm VM failed"), "{log}");
}

/// The VM evaluates, and takes what is right.
async fn alive(host: &Host) {
    evaluated(host).await;
    let right = r#"{"model": "rain", "label": 1, "score": 0.9}"#;
    // As many as reach every worker.
    for _ in 0..8 {
        let response = post(JSON.1, right).send(host.listen()).await.unwrap();
        assert_eq!((response.status, &answer(&response)["accepted"]), (202, &json!(1)));
    }
    assert_eq!(host.upstream().take_received(), [], "{}", host.name());
}

#[test]
fn a_body_that_is_not_what_it_says_is_malformed_and_what_came_before_counts() {
    check(&broken());
}

#[test]
fn a_record_that_cannot_count_is_refused_with_its_reason() {
    check(&odd());
}

#[test]
fn a_broken_encoding_is_malformed() {
    let right = gzip(br#"{"model": "rain", "label": 1, "score": 0.9}"#);
    let mut wrong_sum = right.clone();
    let end = wrong_sum.len();
    wrong_sum[end - 6] ^= 1;
    let counted = [
        "confusion_rows{1,rain,1,3} 1",
        "labels{rain,with_prediction,3} 1",
        "segment_rows{none,dew,rain,3} 1",
    ];
    let cut = |end: usize| right[..end].to_vec();
    let cases = [
        case("its head alone", JSON.1, cut(10), 400, &[]),
        case("a part of it", JSON.1, cut(40), 400, &[]),
        case("no sum", JSON.1, cut(end - 8), 400, &counted),
        case("a wrong sum", JSON.1, wrong_sum, 400, &counted),
        case("none", JSON.1, "{}", 400, &[]),
    ];
    let _among_others = among_others();
    let network = Network::start(settings(&config(&json!({}))));
    network.block_on(async {
        for host in [&network.envoy, &network.embedded] {
            for Case { name, content_type, body, status, lines } in &cases {
                let before = host.scrape().await.unwrap();
                let request =
                    post(content_type, body.as_slice()).header("content-encoding", "gzip");
                let response = request.send(host.listen()).await.unwrap();
                let mut found = moved(&before, &host.scrape().await.unwrap());
                found.sort();
                assert_eq!((response.status, &found), (*status, lines), "{}, {name}", host.name());
            }
            alive(host).await;
        }
    });
}

/// Sends the beginning of a request with this head, and goes away.
async fn hang_up(listen: SocketAddr, head: &str, body: &str, is_reset: bool) {
    let mut stream = TcpStream::connect(listen).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let head = format!(
        "POST {FEEDBACK} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{head}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    if is_reset {
        stream.set_zero_linger().unwrap();
    }
}

#[test]
fn a_client_that_hangs_up_is_counted_and_so_is_what_it_sent() {
    const CLIENTS: usize = 12;
    let record = r#"[{"model": "rain", "label": 1, "score": 0.9}, {"model": "ra"#;
    let chunk = format!("{:x}\r\n{record}\r\n", record.len());
    let _among_others = among_others();
    let network = Network::start(settings(&config(&json!({}))).workers(2));
    network.block_on(async {
        for host in [&network.envoy, &network.embedded] {
            let before = host.scrape().await.unwrap();
            for client in 0..CLIENTS {
                let (head, body) = match client % 3 {
                    0 => ("content-length: 1000", record),
                    1 => ("transfer-encoding: chunked", chunk.as_str()),
                    _ => ("content-length: 1000", ""),
                };
                hang_up(host.listen(), head, body, client % 2 == 0).await;
            }
            let left = [("outcome", "broken_off")];
            let all_left = |page: &Scrape| {
                let ended = page.difference(&before);
                total(&ended, "feedback_requests_total", &left) == CLIENTS as f64
            };
            let page = until(host, "not all clients are counted", all_left).await;
            let sent = CLIENTS / 3 * 2;
            let mut found = moved(&before, &page);
            found.sort();
            let expected = [
                format!("confusion_rows{{1,rain,1,3}} {sent}"),
                format!("feedback_requests{{broken_off}} {CLIENTS}"),
                format!("labels{{rain,with_prediction,3}} {sent}"),
                format!("segment_rows{{none,dew,rain,3}} {sent}"),
            ];
            assert_eq!(found, expected, "{}", host.name());
            alive(host).await;
        }
    });
}

/// Sends this many labels for predictions that were never made, in requests of 100,000.
fn invent(ids: usize) {
    const EACH: usize = 100_000;
    let _among_others = among_others();
    let settings = settings(&config(&json!({})));
    Runtime::new().unwrap().block_on(async {
        let (envoy, host) = start_envoy(&settings).await.unwrap();
        let mut connection = Connection::open(host.listen()).await.unwrap();
        predict(&host, &mut connection, "real").await;
        host.upstream().take_received();
        let started = Instant::now();
        let mut largest = Vec::new();
        for first in (0..ids).step_by(EACH) {
            let last = ids.min(first + EACH);
            let lines =
                (first..last).map(|id| format!("{{\"id\": \"invented-{id}\", \"label\": 1}}\n"));
            let request = post(JSON_LINES, lines.collect::<String>());
            let response = connection.send(&request).await.unwrap();
            assert_eq!(response.status, 202, "{}", response.text());
            assert_eq!(answer(&response)["unmatched"], last - first);
            largest.push(of_process(envoy.process_id(), "VmHWM"));
        }
        println!("{ids} ids in {:?}; KiB: {largest:?}", started.elapsed());
        let grown = largest.last().unwrap() - largest.first().unwrap();
        assert!(grown < 5_000, "Envoy took {grown} KiB more");
        let page = host.scrape().await.unwrap();
        assert_eq!(total(&page, "labels_total", &[("outcome", "unmatched")]), ids as f64);
        assert_eq!(total(&page, "confusion_rows_total", &[]), 0.0);
        let right = connection.send(&post(JSON.1, r#"{"id": "real", "label": 1}"#)).await.unwrap();
        assert_eq!(answer(&right)["joined"], 1, "the real one is still there");
        alive(&host).await;
    });
}

#[test]
fn a_million_invented_ids_find_nothing_and_take_nothing() {
    invent(1_000_000);
}
