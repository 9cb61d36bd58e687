//! Labels through a session: on the filter's own path and watched, by id and with the prediction, in any form, and what is
//! refused.

use std::{format, string::String, string::ToString as _, vec::Vec};

use serde_json::{Value, json};

use super::{World, named};
use crate::{
    config::Config,
    native::NativeStream,
    session::{Flow, Session},
};

/// A model of two classes with scores, whose reference is right in four of five rows; a regression without a version; a
/// figure of each.
fn config(feedback: &Value) -> String {
    let column = |name: &str| {
        json!({"name": name, "type": "number", "schema": {"required": true, "minimum": 0, "maximum": 3}, "nulls": 0,
            "mean": 1.5, "standard_deviation": 1.118033988749895, "minimum": 0, "maximum": 3,
            "bins": {"kind": "quantile", "edges": [1], "counts": [50, 50], "means": [0.5, 2.5]},
            "tail_excess": {"low": 0.447213595499958, "high": 1.3416407864998738},
            "chi_square": {"five_percent": 3.841458820694124, "one_percent": 6.634896601021213, "family": 7.879438576622417}})
    };
    let prediction = || {
        let mut column = column("x");
        column.as_object_mut().unwrap().remove("name");
        column
    };
    let profile = |model: &str, version: Value, quality: Value| {
        json!({"format": "driftline-profile", "format_version": 4, "version": version, "created_at": "2026-11-25T12:00:00Z",
            "model": model, "rows": 100, "features": [column("dew")], "prediction": prediction(), "quality": quality})
    };
    let rain = profile(
        "rain",
        json!("3"),
        json!({
            "task": "classes", "names": ["0", "1"], "confusion": [[40, 10], [10, 40]],
            "scores": {"positive": "1", "threshold": 0.5, "edges": [0.25, 0.5, 0.75],
                "positives": [2, 8, 10, 30], "negatives": [30, 10, 8, 2],
                "sums": [4_000_000, 7_000_000, 11_000_000, 28_000_000],
                "losses": {"rows": 100, "squared_error": 12_000_000, "log_loss": 40_000_000}},
            "segments": [{"feature": "dew", "rows": [50, 50, 0], "errors": [10_000, 10_000, 0]}]
        }),
    );
    let price = profile(
        "price",
        Value::Null,
        json!({
            "task": "regression", "mean": 10, "deviation": 2,
            "sums": {"rows": 4, "above": 1000, "below": 1000, "squares": 0, "square_millionths": 1_000_000,
                "label_above": 2000, "label_below": 2000, "label_squares": 4, "label_square_millionths": 0,
                "relative_rows": 4, "relative": 4000, "clamped": 0},
            "error_edges": [1.0], "error_counts": [2, 2]
        }),
    );
    let mut config = json!({"window_seconds": 60, "tick_milliseconds": 1000, "models": [
        {"name": "rain", "profile": rain, "segments": [{"feature": "dew"}, {"header": "x-region", "values": ["eu"]}],
            "kpis": [{"name": "clicked"}]},
        {"name": "price", "profile": price},
        {"name": "chat", "kpis": [{"name": "revenue", "minimum": -10, "maximum": 100, "unit": 0.01}]}
    ]});
    config["feedback"] = feedback.clone();
    config.to_string()
}

fn world() -> World {
    World::new(&config(&json!({})))
}

/// Asks for predictions under this id.
fn predict(world: &World, id: &str, request: &str, response: &str) {
    let headers = [("x-request-id", id), ("x-region", "eu"), ("content-type", "application/json")];
    let mut stream = world.post("/v1/models/rain:predict", &headers);
    stream.request_body(request.as_bytes(), true);
    stream.response_headers(
        named(&[(":status", "200")], &[("content-type", "application/json")]),
        false,
    );
    stream.response_body(response.as_bytes(), true);
    stream.end(0);
}

/// Sends feedback in pieces of this size; the status and the answer.
fn send_in(world: &World, content_type: &str, body: &str, size: usize) -> (u32, Value) {
    let headers = [("content-type", content_type)];
    let mut stream = world.post("/driftline/v1/feedback?x=1", &headers);
    assert_eq!(stream.flow(), Flow::Stop);
    let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
    for (number, piece) in pieces.iter().enumerate() {
        stream.request_body(piece, number + 1 == pieces.len());
        assert_eq!(stream.flow(), Flow::Stop);
    }
    let reply = world.host.reply().expect("an answer");
    stream.end(0);
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

fn send(world: &World, body: &str) -> Value {
    let (status, answer) = send_in(world, "application/json", body, 5);
    assert_eq!(status, 202, "{answer}");
    answer
}

/// What changed of metrics whose name begins so.
fn changed(world: &World, begin: &str) -> Vec<String> {
    let changed = world.changed();
    let lines = changed.iter().filter(|(name, _)| name.starts_with(begin));
    lines.map(|(name, by)| format!("{name} {by}")).collect()
}

#[test]
fn a_label_that_brings_its_prediction_counts() {
    let world = world();
    let answer = send(
        &world,
        r#"[{"model": "rain", "version": "3", "label": 1, "score": 0.8, "dew": 2.5, "x-region": "eu"},
            {"model": "rain", "label": false, "prediction": 0.6, "dew": 0.1},
            {"model": "rain", "label": "1", "prediction": "0"}]"#,
    );
    assert_eq!(answer["accepted"], 3);
    let lines = changed(&world, "");
    for line in [
        "confusion_rows_total{rain,3,1,1} 1",
        "confusion_rows_total{rain,3,0,1} 1",
        "confusion_rows_total{rain,3,1,0} 1",
        "labelled_scores_total{rain,3,03,positive} 1",
        "labelled_scores_total{rain,3,02,negative} 1",
        "labelled_score_millionths_total{rain,3,03} 800000",
        "score_squared_error_millionths_total{rain,3} 400000",
        "segment_rows_total{rain,3,dew,01} 1",
        "segment_rows_total{rain,3,dew,00} 1",
        "segment_rows_total{rain,3,dew,none} 1",
        "segment_error_thousandths_total{rain,3,dew,00} 1000",
        "segment_rows_total{rain,3,x-region,eu} 1",
        "segment_rows_total{rain,3,x-region,none} 2",
        "labels_total{rain,3,with_prediction} 3",
        "feedback_requests_total{accepted} 1",
        "monitored_values_total{} 3",
    ] {
        assert!(lines.contains(&line.to_string()), "{line} in {lines:#?}");
    }
}

#[test]
fn a_label_finds_its_prediction_by_the_id_of_the_request() {
    let world = world();
    predict(&world, "r1", r#"{"instances": [[0.5], [2.5]]}"#, r#"{"predictions": [0.9, 0.1]}"#);
    let lines = changed(&world, "");
    assert!(lines.contains(&"predictions_tracked_total{rain,3} 2".to_string()), "{lines:#?}");
    assert!(lines.contains(&"scores_total{rain,3,03} 1".to_string()), "{lines:#?}");
    world.set_ms(7_000);
    let answer = send(
        &world,
        r#"{"labels": [{"id": "r1", "row": 0, "label": 0}, {"id": "r1", "row": 1, "label": 0, "clicked": 1},
            {"id": "r1", "row": 0, "label": 1}, {"id": "r1", "row": 2, "label": 1}, {"id": "other", "model": "rain", "label": 1}]}"#,
    );
    assert_eq!(
        [&answer["accepted"], &answer["joined"], &answer["duplicate"], &answer["unmatched"]],
        [2, 2, 1, 2]
    );
    let lines = changed(&world, "");
    for line in [
        "confusion_rows_total{rain,3,0,1} 1",
        "confusion_rows_total{rain,3,0,0} 1",
        "labels_total{rain,3,joined} 2",
        "labels_total{rain,3,duplicate} 1",
        "labels_total{rain,3,unmatched} 1",
        "labels_total{other,unmatched} 1",
        "label_delay_seconds_total{rain,3} 14",
        "kpi_rows_total{rain,3,clicked} 1",
        "segment_rows_total{rain,3,dew,00} 1",
        "segment_rows_total{rain,3,dew,01} 1",
        "segment_error_thousandths_total{rain,3,dew,00} 1000",
        "segment_rows_total{rain,3,x-region,eu} 2",
    ] {
        assert!(lines.contains(&line.to_string()), "{line} in {lines:#?}");
    }
    // A figure may come later than the label, once.
    let answer = send(&world, r#"[{"id": "r1", "clicked": 0}, {"id": "r1", "clicked": 1}]"#);
    assert_eq!([&answer["joined"], &answer["duplicate"]], [1, 1]);
}

#[test]
fn labels_are_rows_in_any_form() {
    for (content_type, body) in [
        ("application/json", r#"{"model": "price", "label": 9, "prediction": 10}"#),
        ("application/jsonl", "{\"model\": \"price\", \"label\": 9, \"prediction\": 10}\n"),
        ("text/csv", "model,label,prediction\nprice,9,10\n"),
    ] {
        for size in [1, 1000] {
            let world = world();
            let (status, answer) = send_in(&world, content_type, body, size);
            assert_eq!((status, &answer["accepted"]), (202, &json!(1)), "{content_type}");
            let lines = changed(&world, "regression_");
            assert_eq!(
                lines[0], "regression_error_thousandths_total{price,high} 500",
                "{lines:#?}"
            );
            assert_eq!(changed(&world, ""), [""; 0]);
        }
    }
}

#[test]
fn figures_count_without_a_label() {
    let world = world();
    let answer =
        send(&world, r#"[{"model": "chat", "revenue": 12.34}, {"model": "chat", "revenue": -1}]"#);
    assert_eq!(answer["accepted"], 2);
    let lines = changed(&world, "kpi_");
    assert_eq!(
        lines,
        [
            "kpi_position_millionths_total{chat,revenue} 284909",
            "kpi_rows_total{chat,revenue} 2",
            "kpi_square_millionths_total{chat,revenue} 47940",
            "kpi_units_total{chat,high,revenue} 1234",
            "kpi_units_total{chat,low,revenue} 100"
        ]
    );
}

#[test]
fn an_answer_whose_figure_came_is_not_lost_when_it_is_overwritten() {
    // Room for 128.
    let world = World::new(&config(&json!({"predictions_max": 1})));
    let ask = |number: u32| {
        let id = number.to_string();
        let headers = [("x-request-id", &*id), ("content-type", "application/json")];
        let mut stream = world.post("/v1/chat/completions", &headers);
        stream.request_body(br#"{"model": "chat", "messages": []}"#, true);
        stream.response_headers(
            named(&[(":status", "200")], &[("content-type", "application/json")]),
            false,
        );
        stream.response_body(
            br#"{"choices": [{"index": 0, "message": {"content": "Yes"}, "finish_reason": "stop"}]}"#,
            true,
        );
        stream.end(0);
    };
    (0..128).for_each(ask);
    // A label means nothing here.
    let records = (0..128).map(|id| json!({"id": id.to_string(), "revenue": 2, "label": 1}));
    let answer = send(&world, &Value::from(records.collect::<Vec<_>>()).to_string());
    assert_eq!(answer["joined"], 128);
    (128..256).for_each(ask);
    let lines = changed(&world, "");
    assert!(lines.contains(&"predictions_tracked_total{chat} 256".to_string()), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.starts_with("label_delay")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.starts_with("predictions_evicted")), "{lines:#?}");
    ask(256);
    assert_eq!(changed(&world, "predictions_evicted"), ["predictions_evicted_total{chat} 1"]);
}

#[test]
fn what_cannot_count_is_refused_with_a_reason() {
    let world = world();
    predict(&world, "r1", r#"{"instances": [[0.5]]}"#, r#"{"predictions": [0.9]}"#);
    for (record, reason) in [
        (r#"{"model": "snow", "label": 1, "score": 0.5}"#, "unknown_model"),
        (r#"{"label": 1, "score": 0.5}"#, "unknown_model"),
        (r#"{"model": {"name": "rain"}, "id": "r1", "label": 1}"#, "unknown_model"),
        (r#"{"model": 0.5, "id": "r1", "label": 1}"#, "unknown_model"),
        (r#"{"model": "rain", "score": 0.5}"#, "label_missing"),
        (r#"{"model": "rain", "label": null, "score": 0.5}"#, "label_missing"),
        (r#"{"model": "rain", "label": "maybe", "score": 0.5}"#, "label_unusable"),
        (r#"{"model": "rain", "label": {"a": 1}, "score": 0.5}"#, "label_unusable"),
        (r#"{"model": "rain", "label": 1}"#, "prediction_missing"),
        (r#"{"model": "rain", "label": 1, "score": 1.5}"#, "prediction_unusable"),
        (r#"{"model": "rain", "label": 1, "score": true}"#, "prediction_unusable"),
        (r#"{"model": "price", "label": 1, "prediction": "high"}"#, "prediction_unusable"),
        (r#"{"model": "price", "label": "x", "prediction": 1}"#, "label_unusable"),
        (r#"{"model": "chat", "revenue": 1000}"#, "kpi_unusable"),
        (r#"{"model": "chat", "label": 1}"#, "unknown_model"),
        (r#"{"model": "chat"}"#, "label_missing"),
        (r#"{"model": "rain", "label": 1, "score": 0.5, "clicked": "yes"}"#, "kpi_unusable"),
        (r#"{"id": "", "model": "rain", "label": 1}"#, "prediction_missing"),
        (r#"{"id": 0.5, "label": 1}"#, "id_unusable"),
        (r#"{"id": "r1", "label": 7}"#, "label_unusable"),
    ] {
        world.changed();
        let answer = send(&world, &format!("[{record}]"));
        assert_eq!(answer["problems"], json!([{"row": 0, "reason": reason}]), "{record}");
        let lines = changed(&world, "");
        assert_eq!(
            lines,
            [
                format!("feedback_refused_total{{{reason}}} 1"),
                "feedback_requests_total{accepted} 1".into()
            ],
            "{record}"
        );
    }
    assert_eq!(
        send(&world, r#"{"id": "r1", "label": 1}"#)["joined"],
        1,
        "what is refused marks nothing"
    );
}

#[test]
fn what_belongs_to_no_record_is_in_none() {
    for (content_type, body) in [
        (
            "application/json",
            r#"{"model": "rain", "label": 1, "labels": [{"score": 0.3}, {"score": 0.4}]}"#,
        ),
        (
            "application/json",
            r#"{"labels": [{"score": 0.3}, {"score": 0.4}], "model": "rain", "label": 1}"#,
        ),
        (
            "application/jsonl",
            "{\"model\": \"rain\", \"label\": 1, \"sco\n{\"score\": 0.4}\n{\"score\": 0.5}\n",
        ),
    ] {
        for size in [1, 1000] {
            let (_, answer) = send_in(&world(), content_type, body, size);
            assert_eq!([&answer["accepted"], &answer["refused"]], [0, 2], "{body}: {answer}");
        }
    }
}

#[test]
fn an_id_leads_to_no_prediction_of_another_model() {
    let world = world();
    predict(&world, "r1", r#"{"instances": [[0.5]]}"#, r#"{"predictions": [0.9]}"#);
    world.changed();
    let answer = send(
        &world,
        r#"[{"model": "price", "id": "r1", "label": 1}, {"model": "price", "id": "r1", "label": 9, "prediction": 10},
            {"model": "chat", "id": "r1", "revenue": 1}]"#,
    );
    assert_eq!([&answer["unmatched"], &answer["accepted"], &answer["joined"]], [1, 2, 0]);
    let lines = changed(&world, "labels_total");
    assert_eq!(
        lines,
        [
            "labels_total{chat,with_prediction} 1",
            "labels_total{price,unmatched} 1",
            "labels_total{price,with_prediction} 1"
        ]
    );
    assert_eq!(send(&world, r#"{"model": "rain", "id": "r1", "label": 1}"#)["joined"], 1);
}

#[test]
fn an_id_leads_to_no_prediction_of_another_version() {
    let mut config: Value = serde_json::from_str(&config(&json!({}))).unwrap();
    let mut other = config["models"][0].clone();
    other["profile"]["version"] = "4".into();
    config["models"].as_array_mut().unwrap().push(other);
    let world = World::new(&config.to_string());
    let predict = |id, version| {
        let headers = [("x-request-id", id), ("content-type", "application/json")];
        let path = format!("/v1/models/rain/versions/{version}:predict");
        let mut stream = world.post(&path, &headers);
        stream.request_body(br#"{"instances": [[0.5]]}"#, true);
        let head = named(&[(":status", "200")], &[("content-type", "application/json")]);
        stream.response_headers(head, false);
        stream.response_body(br#"{"predictions": [0.9]}"#, true);
        stream.end(0);
    };
    predict("r3", "3");
    predict("r4", "4");
    for (record, joined) in [
        (r#"{"model": "rain", "version": "4", "id": "r3", "label": 1}"#, 0),
        (r#"{"model": "rain", "version": "3", "id": "r3", "label": 1}"#, 1),
        (r#"{"model": "rain", "id": "r4", "label": 1}"#, 1),
    ] {
        let answer = send(&world, record);
        assert_eq!([&answer["joined"], &answer["unmatched"]], [joined, 1 - joined], "{record}");
    }
}

#[test]
fn a_document_that_has_no_records_is_refused_and_an_empty_list_is_not() {
    for (body, status) in [
        (r#"{"labels": 5}"#, 400),
        (r#"{"labels": {"model": "rain", "label": 1, "score": 0.3}}"#, 400),
        (r#"{"model": "rain", "labels": "1"}"#, 400),
        (r#"{"labels": []}"#, 202),
        ("[]", 202),
    ] {
        let (found, answer) = send_in(&world(), "application/json", body, 3);
        assert_eq!((found, &answer["accepted"]), (status, &json!(0)), "{body}: {answer}");
    }
}

#[test]
fn an_id_leads_to_no_prediction_of_a_model_that_had_other_classes() {
    let mut world = world();
    predict(&world, "r1", r#"{"instances": [[0.5]]}"#, r#"{"predictions": [0.9]}"#);
    let others = config(&json!({})).replace(r#""names":["0","1"]"#, r#""names":["1","0"]"#);
    let others = Config::from_json(others.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    world.session = Session::new(&world.host, others);
    let answer = send(&world, r#"{"model": "rain", "id": "r1", "label": 1}"#);
    assert_eq!([&answer["unmatched"], &answer["joined"]], [1, 0]);
}

#[test]
fn a_request_that_is_wrong_as_a_whole_is_answered_so() {
    let world = World::new(&config(&json!({"secret": "s3", "bytes_max": 1024})));
    let begin = |method: &str, secret: &str| {
        let all = [
            (":method", method),
            (":path", "/driftline/v1/feedback"),
            ("x-driftline-secret", secret),
        ];
        NativeStream::begin(&world.session, &world.host, named(&all, &[]), false)
    };
    for (method, secret, status, outcome) in [
        ("GET", "s3", 405, "other_method"),
        ("POST", "s4", 401, "unauthorized"),
        ("POST", "s", 401, "unauthorized"),
        ("POST", "s3x", 401, "unauthorized"),
        ("POST", "", 401, "unauthorized"),
    ] {
        let stream = begin(method, secret);
        assert_eq!((stream.flow(), world.host.reply().unwrap().status), (Flow::Stop, status));
        stream.end(0);
        assert_eq!(changed(&world, ""), [format!("feedback_requests_total{{{outcome}}} 1")]);
    }
    for (body, status, outcome) in [
        ("".to_string(), 400, "malformed"),
        ("[{\"model\": \"rain\", \"label\"".to_string(), 400, "malformed"),
        (" ".repeat(2000), 413, "too_large"),
    ] {
        let mut stream = begin("POST", "s3");
        stream.request_body(body.as_bytes(), true);
        assert_eq!(world.host.reply().unwrap().status, status, "{body:?}");
        stream.end(0);
        assert_eq!(changed(&world, ""), [format!("feedback_requests_total{{{outcome}}} 1")]);
    }
    for (encoding, problem) in
        [("compress", "content-encoding"), ("gzip", "what its content-encoding says")]
    {
        let headers = [("x-driftline-secret", "s3"), ("content-encoding", encoding)];
        let mut stream = world.post("/driftline/v1/feedback", &headers);
        stream.request_body(br#"{"model": "rain"}"#, true);
        let reply = world.host.reply().unwrap();
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        let said = answer["error"].as_str().unwrap();
        assert_eq!((reply.status, said.contains(problem)), (400, true), "{said}");
        stream.end(0);
        assert_eq!(changed(&world, ""), ["feedback_requests_total{malformed} 1"]);
    }
    let mut stream = begin("POST", "s3");
    stream.request_body(b"[{\"model\": \"rain\", \"label\": 1, \"score\": 0.9}, ", false);
    stream.end(0);
    let lines = changed(&world, "");
    assert!(lines.contains(&"feedback_requests_total{broken_off} 1".to_string()));
    assert!(lines.contains(&"confusion_rows_total{rain,3,1,1} 1".to_string()), "what came counts");
}

#[test]
fn feedback_of_a_service_is_read_as_it_passes() {
    let world = World::new(&config(&json!({"endpoint": false, "watch": [
        {"path": "/outcomes", "model": "rain", "label": {"path": "outcome.rained"}, "score": {"header": "x-score"}}
    ]})));
    let headers = [("content-type", "application/json"), ("x-score", "0.7")];
    let mut stream = world.post("/outcomes", &headers);
    assert_eq!(stream.flow(), Flow::Continue);
    for piece in br#"{"outcome": {"rained": true}, "station": 7}"#.chunks(9) {
        stream.request_body(piece, false);
    }
    stream.request_body(b"", true);
    assert_eq!((stream.flow(), world.host.reply().is_none()), (Flow::Continue, true));
    stream.end(0);
    let lines = changed(&world, "");
    assert!(lines.contains(&"confusion_rows_total{rain,3,1,1} 1".to_string()), "{lines:#?}");
    // The filter's own path is nothing here.
    let stream = world.post("/driftline/v1/feedback", &[]);
    assert_eq!((stream.flow(), stream.is_measured()), (Flow::Continue, false));
}

#[test]
fn an_id_may_be_in_a_body_or_in_another_header() {
    for (id, path_id) in [
        (json!({"path": "id", "in": "response"}), true),
        (json!({"path": "id", "in": "request"}), true),
        (json!({"header": "x-correlation-id"}), false),
    ] {
        let world = World::new(&config(&json!({"id": id})));
        let headers = [("x-correlation-id", "c1"), ("content-type", "application/json")];
        let mut stream = world.post(
            "/v2/models/rain/versions/3/infer",
            if path_id { &headers[1..] } else { &headers },
        );
        stream.request_body(
            br#"{"inputs": [{"name": "dew", "shape": [2], "datatype": "FP64", "data": [0.5, 2.5]}], "id": "c1"}"#,
            true,
        );
        stream.response_headers(
            named(&[(":status", "200")], &[("content-type", "application/json")]),
            false,
        );
        stream.response_body(
            br#"{"outputs": [{"name": "prediction", "shape": [2], "datatype": "FP64", "data": [0.9, 0.2]}], "id": "c1"}"#,
            true,
        );
        stream.end(0);
        let lines = changed(&world, "predictions_tracked");
        assert_eq!(lines, ["predictions_tracked_total{rain,3} 2"], "{id}");
        assert_eq!(send(&world, r#"{"id": "c1", "row": 1, "label": 0}"#)["joined"], 1, "{id}");
    }
}

#[test]
fn a_figure_finds_the_answer_of_a_language_model() {
    let world = World::new(&config(&json!({"id": {"path": "id", "in": "response"}})));
    for (path, content_type, answer) in [
        (
            "/v1/chat/completions",
            "application/json",
            r#"{"id": "c1", "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}"#,
        ),
        (
            "/v1/chat/completions",
            "text/event-stream",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}],\"id\":\"c1\"}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"id\":\"c1\"}\n\ndata: [DONE]\n\n",
        ),
    ] {
        for size in [3, 1000] {
            let mut stream = world.post(path, &[("content-type", "application/json")]);
            stream.request_body(br#"{"model": "chat", "messages": [], "stream": true}"#, true);
            let headers = named(&[(":status", "200")], &[("content-type", content_type)]);
            stream.response_headers(headers, false);
            for piece in answer.as_bytes().chunks(size) {
                stream.response_body(piece, false);
            }
            stream.response_body(b"", true);
            stream.end(0);
            let answer = send(&world, r#"{"id": "c1", "revenue": 2}"#);
            assert_eq!(answer["joined"], 1, "{content_type} by {size}");
            assert_eq!(send(&world, r#"{"id": "c1", "revenue": 2}"#)["duplicate"], 1);
        }
    }
}

#[test]
fn without_feedback_its_path_is_any_other() {
    let mut config: Value = serde_json::from_str(&config(&json!({}))).unwrap();
    config.as_object_mut().unwrap().remove("feedback");
    let world = World::new(&config.to_string());
    let stream = world.post("/driftline/v1/feedback", &[]);
    assert_eq!((stream.flow(), stream.is_measured()), (Flow::Continue, false));
    stream.end(0);
    predict(&world, "r1", r#"{"instances": [[0.5]]}"#, r#"{"predictions": [0.9]}"#);
    assert_eq!(changed(&world, "predictions_tracked"), [""; 0]);
}

#[test]
fn a_record_with_a_figure_alone_is_no_labelled_row() {
    let world = world();
    world.set_ms(1000);
    world.session.tick(&world.host);
    send(
        &world,
        r#"[{"model": "rain", "label": 1, "score": 0.8}, {"model": "rain", "clicked": 1},
            {"model": "rain", "clicked": 0}, {"model": "price", "label": 10, "prediction": 11},
            {"model": "chat", "revenue": 3}]"#,
    );
    for second in 2..20 {
        world.set_ms(1000 * second);
        world.session.tick(&world.host);
    }
    for (model, version, rows) in [("rain", "version=.=3;.;", 1), ("price", "", 1), ("chat", "", 1)]
    {
        let name = format!("driftline_labelled_rows.model=.={model};.;{version}window=.=fast;.;");
        assert_eq!(world.host.value(&name), Some(rows), "{model}");
    }
}

/// A profile of KPIs alone knows no column, so no value of a row is one too many.
#[test]
fn a_profile_of_kpis_alone_says_nothing_of_rows() {
    let profile = driftline_support::labelled_profile::kpis();
    for kind in ["predictive", "language"] {
        let config = json!({"feedback": {}, "models": [
            {"name": "shop", "type": kind, "profile": profile, "kpis": [{"name": "clicked"}]}
        ]});
        let world = World::new(&config.to_string());
        for request in [r#"{"instances": [[0.5, 7]]}"#, r#"{"instances": [{"a": 1, "b": "x"}]}"#] {
            let mut stream = world.post("/v1/models/shop:predict", &[]);
            stream.request_body(request.as_bytes(), true);
            stream.response_headers(named(&[(":status", "200")], &[]), false);
            stream.response_body(br#"{"predictions": [1]}"#, true);
            stream.end(0);
            let counted = changed(&world, "instances_total");
            let expected = if kind == "predictive" { "shop" } else { "other" };
            assert_eq!(counted, [format!("instances_total{{{expected}}} 1")]);
        }
        assert_eq!(changed(&world, "schema_violations"), [""; 0]);
        send(&world, r#"{"clicked": 1}"#);
        assert_eq!(changed(&world, "kpi_bin_rows"), ["kpi_bin_rows_total{shop,01,clicked} 1"]);
    }
}
