//! Whole exchanges against the series that they change: each body is cut at every position, and coalesced, and
//! must always give the same counts.

mod ages;
mod features;
mod feedback;
mod messages;
mod naming;
mod versions;

use std::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};

use driftline_labels::Outcome;
use driftline_statistics::time::Timestamp;

use super::Session;
use crate::{
    config::Config,
    native::{Header, NativeHost, NativeStream, header},
};
use driftline_inference::exchange::Exchange;
use driftline_metrics::{catalogue::Kind, series::Series};

/// An LLM, and a predictor with one feature of two bins and a prediction of the values 0 and 1.
const CONFIG: &str = r#"{"event_bytes_max": 1024, "models": [{"name": "m"}, {"name": "rain", "profile": {
    "format": "driftline-profile", "format_version": 1, "version": null, "created_at": "2026-11-25T12:00:00Z",
    "model": "rain", "rows": 4,
    "features": [{"name": "dew", "type": "number", "schema": {"required": true, "minimum": 0, "maximum": 3}, "nulls": 0,
        "mean": 1.5, "standard_deviation": 1.118033988749895, "minimum": 0, "maximum": 3,
        "bins": {"kind": "quantile", "edges": [1], "counts": [2, 2], "means": [0.5, 2.5]},
        "tail_excess": {"low": 0.447213595499958, "high": 1.3416407864998738},
        "chi_square": {"five_percent": 3.841458820694124, "one_percent": 6.634896601021213, "family": 7.879438576622417}}],
    "prediction": {"type": "integer", "schema": {"required": true, "minimum": 0, "maximum": 1}, "nulls": 0,
        "mean": 0.5, "standard_deviation": 0.5, "minimum": 0, "maximum": 1,
        "bins": {"kind": "values", "values": [0, 1], "counts": [2, 2, 0], "means": [0, 1, null]},
        "tail_excess": {"low": 0, "high": 0},
        "chi_square": {"five_percent": 5.991464547107979, "one_percent": 9.21034037197618, "family": 10.596634733096073}}}}]}"#;

/// An exchange as it stands on the wire.
#[derive(Clone)]
struct Wire<'a> {
    path: &'a str,
    request: &'a [u8],
    request_ends: bool,
    /// `None` if there was no answer at all.
    status: Option<u16>,
    content_type: &'a str,
    content_encoding: Option<&'a str>,
    response: &'a [u8],
    response_ends: bool,
    flags: u64,
}

const CHAT: Wire<'_> = Wire {
    path: "/v1/chat/completions",
    request:
        br#"{"messages":[{"content":"\"model\": \"x\"","role":"user"}],"model":"m","stream":true}"#,
    request_ends: true,
    status: Some(200),
    content_type: "text/event-stream",
    content_encoding: None,
    response: b"",
    response_ends: true,
    flags: 0,
};

const PREDICT: Wire<'_> = Wire {
    path: "/v1/models/rain:predict",
    request: br#"{"instances":[[0.5],[1],[1.5],[null],[]]}"#,
    content_type: "application/json",
    response: br#"{"predictions":[0,1,[1],7,"x"]}"#,
    ..CHAT
};

const STREAM: &[u8] =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
    : keep-alive\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"h\u{e9}\"}}]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" \u{1f980}\"}}]}\r\n\r\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n\
    data: [DONE]\n\n"
        .as_bytes();

/// A session and its host.
struct World {
    host: NativeHost,
    session: Session,
}

impl World {
    fn new(config: &str) -> World {
        let host = NativeHost::default();
        let session = Session::new(&host, Config::from_json(config.as_bytes()).unwrap());
        host.changes();
        World { host, session }
    }

    /// Begins a POST to this path.
    fn post(&self, path: &str, headers: &[(&str, &str)]) -> NativeStream<'_> {
        let all = [(":method", "POST"), (":path", path)];
        NativeStream::begin(&self.session, &self.host, named(&all, headers), false)
    }

    /// What changed, as `name{values}` to amount. Series that depend on where a body was cut (times), and histograms,
    /// are left out.
    fn changed(&self) -> BTreeMap<String, i64> {
        let mut totals = BTreeMap::new();
        for (series, by) in self.changes() {
            let depends_on_cuts = ["microseconds_total", "gap", "per_output_token"];
            if series.kind == Kind::Histogram
                || depends_on_cuts.iter().any(|part| series.name.contains(part))
            {
                continue;
            }
            let values: Vec<&str> = series.labels.iter().map(|(_, value)| value.as_str()).collect();
            let name = series.name.strip_prefix("driftline_").unwrap();
            totals.insert(format!("{name}{{{}}}", values.join(",")), by);
        }
        totals.retain(|_, total| *total != 0);
        totals
    }

    fn changes(&self) -> Vec<(Series, i64)> {
        let metrics = self.host.metrics();
        let changes = self.host.changes().into_iter().map(|change| {
            let metric = &metrics[change.number];
            (Series::of_stat_name(metric.kind, &metric.stat_name).unwrap(), change.by)
        });
        changes.collect()
    }

    fn set_ms(&self, ms: u64) {
        self.host.now.set(Timestamp(ms * 1_000_000));
    }
}

/// Headers, those of HTTP/2 first.
fn named(first: &[(&str, &str)], others: &[(&str, &str)]) -> Vec<Header> {
    first.iter().chain(others).map(|(name, value)| header(name, value)).collect()
}

fn totals(
    wire: &Wire<'_>,
    request_cut: usize,
    response_cut: usize,
) -> (Outcome, BTreeMap<String, i64>) {
    played(&World::new(CONFIG), wire, request_cut, response_cut)
}

fn played(
    world: &World,
    wire: &Wire<'_>,
    request_cut: usize,
    response_cut: usize,
) -> (Outcome, BTreeMap<String, i64>) {
    world.set_ms(0);
    let mut stream = world.post(wire.path, &[]);
    let (first, second) = wire.request.split_at(request_cut);
    stream.request_body(first, false);
    stream.request_body(second, wire.request_ends);
    if let Some(status) = wire.status {
        let status = status.to_string();
        let encoding = wire.content_encoding.map(|encoding| ("content-encoding", encoding));
        let headers = [(":status", &*status), ("content-type", wire.content_type)];
        let encoding: Vec<_> = encoding.into_iter().collect();
        stream.response_headers(named(&headers, &encoding), false);
        let (first, second) = wire.response.split_at(response_cut);
        world.set_ms(1);
        stream.response_body(first, false);
        world.set_ms(2);
        stream.response_body(second, wire.response_ends);
    }
    world.set_ms(3);
    let observation = stream.end(wire.flags).expect("it is measured");
    (observation.outcome, world.changed())
}

/// Cuts the exchange at every position of either body; `expected` are all series that change, but
/// for the request itself and its duration.
#[track_caller]
fn check(wire: &Wire<'_>, outcome: Outcome, model: &str, expected: &[(&str, i64)]) {
    let mut all: BTreeMap<String, i64> =
        expected.iter().map(|&(name, total)| (name.to_string(), total)).collect();
    all.insert(format!("requests_total{{{model},{}}}", outcome.name()), 1);
    let is_of_value = |name: &str| {
        name.starts_with("feature_bin_total") || name.starts_with("feature_unbinned_total")
    };
    let values: i64 = expected.iter().filter(|(name, _)| is_of_value(name)).map(|it| it.1).sum();
    if values != 0 {
        all.insert("monitored_values_total{}".to_string(), values);
    }
    // Rows of requests that were refused are rows all the same.
    let rows = format!("instances_total{{{model}}}");
    if let (Outcome::ErrorStatus | Outcome::LocalReply, Some(&rows)) = (outcome, all.get(&rows)) {
        all.insert(format!("instances_refused_total{{{model}}}"), rows);
    }
    let result = outcome.result().name();
    all.insert(format!("request_duration_observations_total{{{model},{result}}}"), 1);
    let (world, expected) = (World::new(CONFIG), (outcome, all));
    for cut in 0..=wire.request.len() {
        assert_eq!(played(&world, wire, cut, 0), expected, "request cut at {cut}");
    }
    for cut in 0..=wire.response.len() {
        assert_eq!(played(&world, wire, 0, cut), expected, "response cut at {cut}");
    }
}

const STOPPED: (&str, i64) = ("answers_finished_total{m,stop}", 1);

/// What every stream that came whole changes.
const TOKEN_TIMES: [(&str, i64); 4] = [
    STOPPED,
    ("time_to_first_token_observations_total{m,success}", 1),
    ("time_to_first_visible_token_observations_total{m,success}", 1),
    ("time_to_last_token_observations_total{m,success}", 1),
];

const FAILED_TOKEN_TIMES: [(&str, i64); 3] = [
    ("time_to_first_token_observations_total{m,failure}", 1),
    ("time_to_first_visible_token_observations_total{m,failure}", 1),
    ("time_to_last_token_observations_total{m,failure}", 1),
];

const USAGE: [(&str, i64); 2] = [("input_tokens_total{m}", 9), ("output_tokens_total{m}", 2)];

#[test]
fn a_stream_is_complete_wherever_it_is_cut() {
    let wire = Wire { response: STREAM, ..CHAT };
    check(&wire, Outcome::Complete, "m", &[&TOKEN_TIMES[..], &USAGE].concat());
}

#[test]
fn a_client_that_leaves_behind_the_end_mark_saw_all_of_it() {
    let wire = Wire { response: STREAM, response_ends: false, flags: 1 << 14, ..CHAT };
    check(&wire, Outcome::Complete, "m", &[&TOKEN_TIMES[..], &USAGE].concat());
}

#[test]
fn a_stream_that_breaks_off_is_counted_once_by_who_broke_it() {
    let end = STREAM.windows(9).position(|window| window == b"data: [DO").unwrap();
    let tokens_end = STREAM.windows(13).position(|window| window == b"finish_reason").unwrap() - 40;
    let broken = Wire { response: &STREAM[..tokens_end], response_ends: false, ..CHAT };
    let cancelled = Wire { flags: 1 << 14, ..broken.clone() };
    let given_up =
        FAILED_TOKEN_TIMES.map(|(name, count)| (name.replace("failure", "cancelled"), count));
    let given_up = given_up.each_ref().map(|(name, count)| (name.as_str(), *count));
    check(&cancelled, Outcome::ClientCancel, "m", &given_up);
    let reset = Wire { flags: 1 << 23, ..broken.clone() };
    check(&reset, Outcome::UpstreamReset, "m", &FAILED_TOKEN_TIMES);
    let truncated = Wire { response_ends: true, ..broken };
    check(&truncated, Outcome::Truncated, "m", &FAILED_TOKEN_TIMES);
    // A finish reason is as good an end as the mark, which some servers never send.
    let unmarked = Wire { response: &STREAM[..end], ..CHAT };
    check(&unmarked, Outcome::Complete, "m", &[&TOKEN_TIMES[..], &USAGE].concat());
}

#[test]
fn a_stream_that_ends_within_a_character_is_truncated() {
    let inside = STREAM.windows(2).position(|window| window == [0xf0, 0x9f]).unwrap() + 2;
    let wire = Wire { response: &STREAM[..inside], ..CHAT };
    let problem = [("read_problems_total{m,event_malformed}", 1)];
    check(&wire, Outcome::Truncated, "m", &[&FAILED_TOKEN_TIMES[..], &problem].concat());
}

#[test]
fn a_stream_without_usage_says_so() {
    let usage = STREAM.windows(6).position(|window| window == b"\"usage").unwrap();
    let event = STREAM[..usage].windows(6).rposition(|window| window == b"data: ").unwrap();
    let without = [&STREAM[..event], b"data: [DONE]\n\n"].concat();
    let wire = Wire { response: &without, ..CHAT };
    let problem = [("read_problems_total{m,usage_missing}", 1)];
    check(&wire, Outcome::Complete, "m", &[&TOKEN_TIMES[..], &problem].concat());
}

#[test]
fn a_broken_event_is_counted_and_the_rest_is_read() {
    let broken = [b"data: {\"choices\":[}\n\n", STREAM].concat();
    let wire = Wire { response: &broken, ..CHAT };
    let problem = [("read_problems_total{m,event_malformed}", 1)];
    check(&wire, Outcome::Complete, "m", &[&TOKEN_TIMES[..], &USAGE, &problem].concat());
}

#[test]
fn an_event_beyond_the_limit_is_counted_and_still_read() {
    let padding = "x".repeat(1100);
    let large = format!(
        "data: {{\"padding\":\"{padding}\",\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}]}}\n\n"
    );
    let stream = [large.as_bytes(), STREAM].concat();
    let wire = Wire { response: &stream, ..CHAT };
    let problem = [("read_problems_total{m,event_too_large}", 1)];
    check(&wire, Outcome::Complete, "m", &[&TOKEN_TIMES[..], &USAGE, &problem].concat());
}

#[test]
fn an_error_within_a_successful_stream_is_an_error() {
    let stream =
        b"data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\ndata: [DONE]\n\n";
    let wire = Wire { response: stream, ..CHAT };
    check(&wire, Outcome::ErrorEvent, "m", &[]);
}

#[test]
fn a_stream_without_output_is_no_success() {
    let stream = b"data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    check(&Wire { response: stream, ..CHAT }, Outcome::NoOutput, "m", &[STOPPED]);
}

#[test]
fn an_answer_without_a_byte_misses_nothing_unless_it_breaks_off() {
    let rows = &FAR_OUT[..];
    let predict = Wire { request: br#"{"instances":[{"dew":9}]}"#, ..PREDICT };
    for (wire, model, expected) in [(CHAT, "m", &[][..]), (predict, "rain", rows)] {
        let empty = Wire { status: Some(204), response: b"", ..wire };
        check(&empty, Outcome::NoOutput, model, expected);
        let broken_off = Wire { response_ends: false, ..empty };
        check(&broken_off, Outcome::Truncated, model, expected);
    }
}

#[test]
fn an_answer_that_is_one_document_has_tokens_but_no_token_times() {
    let document = br#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":9,"completion_tokens":2}}"#;
    let wire = Wire { response: document, content_type: "application/json", ..CHAT };
    check(&wire, Outcome::Complete, "m", &[&USAGE[..], &[STOPPED]].concat());
    let broken = Wire { response: b"{\"choices\":[}", ..wire.clone() };
    let problem = [("read_problems_total{m,response_malformed}", 1)];
    check(&broken, Outcome::NoOutput, "m", &problem);
    let cut = Wire { response: &document[..40], ..wire.clone() };
    check(&cut, Outcome::Truncated, "m", &[]);
    let marked = [b"\xef\xbb\xbf \n", &document[..]].concat();
    let marked = Wire { response: &marked, ..wire };
    check(&marked, Outcome::Complete, "m", &[&USAGE[..], &[STOPPED]].concat());
}

#[test]
fn a_byte_order_mark_before_a_stream_is_passed_over() {
    let marked = [b"\xef\xbb\xbf", STREAM].concat();
    let wire = Wire { response: &marked, ..CHAT };
    check(&wire, Outcome::Complete, "m", &[&TOKEN_TIMES[..], &USAGE].concat());
}

#[test]
fn a_request_that_names_no_configured_model_is_another_one() {
    let problem = [("read_problems_total{other,request_malformed}", 1)];
    let refused = Wire { status: Some(400), content_type: "application/json", ..CHAT };
    let unknown = Wire { request: br#"{"model":"unheard of"}"#, ..refused.clone() };
    check(&unknown, Outcome::ErrorStatus, "other", &[]);
    let predictor = Wire { request: br#"{"model":"rain"}"#, ..refused.clone() };
    check(&predictor, Outcome::ErrorStatus, "other", &[]);
    let malformed = Wire { request: b"{\"model\" \"m\"}", ..refused.clone() };
    check(&malformed, Outcome::ErrorStatus, "other", &problem);
    let short = Wire { request: b"{\"messages\":[", ..refused.clone() };
    check(&short, Outcome::ErrorStatus, "other", &problem);
    let broken_off = Wire { request_ends: false, ..short };
    check(&broken_off, Outcome::ErrorStatus, "other", &[]);
    let empty = Wire { request: b"", ..refused };
    check(&empty, Outcome::ErrorStatus, "other", &[]);
}

#[test]
fn a_body_that_is_encoded_or_of_another_type_is_not_read() {
    let encoded = Wire { content_encoding: Some("compress"), response: b"\x1f\x9d", ..CHAT };
    check(&encoded, Outcome::Complete, "m", &[("read_problems_total{m,encoded_body}", 1)]);
    let html = Wire { content_type: "text/html", response: b"<p>", ..CHAT };
    check(&html, Outcome::Complete, "m", &[("read_problems_total{m,unexpected_content_type}", 1)]);
}

#[test]
fn a_client_that_leaves_before_any_answer_cancels() {
    let wire = Wire { status: None, response_ends: false, flags: 1 << 14, ..CHAT };
    check(&wire, Outcome::ClientCancel, "m", &[]);
}

/// A row with a dew point of 9, which the reference never had.
const FAR_OUT: [(&str, i64); 5] = [
    ("instances_total{rain}", 1),
    ("feature_bin_total{rain,feature,dew,01}", 1),
    ("feature_tail_excess_thousandths_total{rain,feature,dew,high}", 7155),
    ("feature_outside_total{rain,feature,dew,out_of_range}", 1),
    ("schema_violations_total{rain,feature,dew,out_of_range}", 1),
];

#[test]
fn rows_and_predictions_fall_into_their_bins() {
    check(
        &PREDICT,
        Outcome::Complete,
        "rain",
        &[
            ("instances_total{rain}", 5),
            ("predictions_total{rain}", 5),
            // Bins are closed on the right, so the edge itself belongs to the lower one.
            ("feature_bin_total{rain,feature,dew,00}", 2),
            ("feature_bin_total{rain,feature,dew,01}", 1),
            ("feature_tail_excess_thousandths_total{rain,feature,dew,low}", 447),
            ("feature_tail_excess_thousandths_total{rain,feature,dew,high}", 447),
            ("feature_unbinned_total{rain,feature,dew,null}", 1),
            ("schema_violations_total{rain,feature,dew,required_null}", 1),
            ("feature_unbinned_total{rain,feature,dew,missing}", 1),
            ("schema_violations_total{rain,feature,dew,required_missing}", 1),
            ("feature_bin_total{rain,prediction,prediction,00}", 1),
            ("feature_bin_total{rain,prediction,prediction,01}", 2),
            ("feature_bin_total{rain,prediction,prediction,above}", 1),
            ("feature_tail_excess_thousandths_total{rain,prediction,prediction,high}", 12_000),
            ("feature_outside_total{rain,prediction,prediction,out_of_range}", 1),
            ("schema_violations_total{rain,prediction,prediction,out_of_range}", 1),
            ("feature_unbinned_total{rain,prediction,prediction,wrong_type}", 1),
            ("schema_violations_total{rain,prediction,prediction,wrong_type}", 1),
            // The row that is an empty list.
            ("schema_violations_total{rain,wrong_shape}", 1),
        ],
    );
}

#[test]
fn rows_count_though_their_prediction_fails() {
    let rows = &FAR_OUT[..];
    let request = br#"{"instances":[{"dew":9}]}"#;
    let failed = Wire { request, status: Some(500), response: b"", ..PREDICT };
    check(&failed, Outcome::ErrorStatus, "rain", rows);
    let none = Wire { request, response: br#"{"error":"x"}"#, ..PREDICT };
    check(&none, Outcome::NoOutput, "rain", rows);
}

#[test]
fn rows_before_a_fault_in_the_request_count() {
    let rows = [
        ("instances_total{rain}", 1),
        ("feature_bin_total{rain,feature,dew,00}", 1),
        ("feature_tail_excess_thousandths_total{rain,feature,dew,low}", 894),
        ("read_problems_total{rain,request_malformed}", 1),
    ];
    let wire =
        Wire { request: br#"{"instances":[[0],[x"#, status: Some(400), response: b"", ..PREDICT };
    check(&wire, Outcome::ErrorStatus, "rain", &rows);
}

#[test]
fn a_tensor_whose_data_comes_first_is_held_up_to_the_limit_of_an_event() {
    for (padding, too_large) in [(900, None), (1100, Some(1))] {
        let request = format!(
            r#"{{"inputs":[{{"data":[{}0.5],"datatype":"FP64","name":"dew","shape":[1]}}]}}"#,
            " ".repeat(padding)
        );
        let path = "/v2/models/rain/infer";
        let response = br#"{"outputs":[{"data":[1],"name":"p","shape":[1]}]}"#;
        let wire = Wire { path, request: request.as_bytes(), response, ..PREDICT };
        for cut in (0..request.len()).step_by(61) {
            let (outcome, totals) = totals(&wire, cut, cut % response.len());
            assert_eq!(outcome, Outcome::Complete);
            let of = |name: &str| totals.get(name).copied();
            let case = format!("{padding} cut at {cut}: {totals:?}");
            assert_eq!(of("read_problems_total{rain,event_too_large}"), too_large, "{case}");
            assert_eq!(of("instances_total{rain}"), Some(1), "{case}");
            assert_eq!(of("predictions_total{rain}"), Some(1), "{case}");
            let value = of("feature_bin_total{rain,feature,dew,00}");
            assert_eq!(value, if too_large.is_none() { Some(1) } else { None }, "{case}");
        }
    }
}

#[test]
fn a_tensor_whose_data_is_no_json_makes_the_body_malformed_in_any_order() {
    let path = "/v2/models/rain/infer";
    let (bad, good) = (r#""data":[0.5,oops]"#, r#""data":[0.5]"#);
    let body = |list: &str, members: [&str; 2]| {
        format!(r#"{{"{list}":[{{{}}}]}}"#, members.join(",")).into_bytes()
    };
    let dew = r#""name":"dew","shape":[2]"#;
    let answer = r#""name":"p","shape":[2]"#;
    let whole = body("outputs", [answer, r#""data":[1,1]"#]);
    for members in [[dew, bad], [bad, dew]] {
        let request = body("inputs", members);
        let wire = Wire { path, request: &request, response: &whole, ..PREDICT };
        let (outcome, found) = totals(&wire, 0, 0);
        assert_eq!(outcome, Outcome::Complete);
        assert_eq!(found.get("read_problems_total{rain,request_malformed}"), Some(&1), "{found:?}");
        assert_eq!(found.get("instances_total{rain}"), Some(&1), "{found:?}");
    }
    let request = body("inputs", [r#""name":"dew","shape":[1]"#, good]);
    for members in [[answer, bad], [bad, answer]] {
        let response = body("outputs", members);
        let wire = Wire { path, request: &request, response: &response, ..PREDICT };
        let (outcome, found) = totals(&wire, 0, 0);
        assert_eq!(outcome, Outcome::NoOutput);
        let problem = "read_problems_total{rain,response_malformed}";
        assert_eq!(found.get(problem), Some(&1), "{found:?}");
    }
}

#[test]
fn a_request_without_rows_says_so() {
    let wire =
        Wire { request: br#"{"input":{"dew":[1]}}"#, status: Some(400), response: b"", ..PREDICT };
    let problem = [("read_problems_total{rain,instances_missing}", 1)];
    check(&wire, Outcome::ErrorStatus, "rain", &problem);
}

#[test]
fn only_a_post_is_measured() {
    let world = World::new(CONFIG);
    for method in ["GET", "HEAD", "OPTIONS", "CONNECT", ""] {
        for path in [CHAT.path, PREDICT.path] {
            let headers = named(&[(":method", method), (":path", path)], &[]);
            let stream = NativeStream::begin(&world.session, &world.host, headers, true);
            assert!(!stream.is_measured());
            assert_eq!(stream.end(0), None);
            let counted = [("unmeasured_streams_total{other_method}".to_string(), 1)];
            assert_eq!(world.changed(), counted.into());
        }
    }
}

#[test]
fn a_request_in_flight_shows_while_it_is() {
    let world = World::new(CONFIG);
    let stream = world.post("/v1/models/rain:predict", &[]);
    let in_flight = |totals: BTreeMap<String, i64>| totals.get("requests_in_flight{rain}").copied();
    assert_eq!(in_flight(world.changed()), Some(1));
    stream.end(0);
    assert_eq!(in_flight(world.changed()), Some(-1));
}

#[test]
fn an_observation_says_what_no_metric_does() {
    let world = World::new(CONFIG);
    let mut stream = world.post("/v1/chat/completions?x=1", &[]);
    stream.request_body(CHAT.request, true);
    world.host.set_property("upstream\0request_attempt_count", &2_u64.to_le_bytes());
    let headers = named(&[(":status", "200"), ("content-type", "text/event-stream")], &[]);
    stream.response_headers(headers, false);
    world.set_ms(5);
    stream.response_body(STREAM, true);
    world.set_ms(7);
    let observation = stream.end(0).unwrap();
    assert_eq!((observation.dialect, observation.operation.name()), ("openai_chat", "chat"));
    assert_eq!(observation.model.as_deref(), Some(&b"m"[..]));
    assert_eq!((observation.status, observation.upstream_attempts), (Some(200), Some(2)));
    let bytes = (CHAT.request.len() as u64, STREAM.len() as u64);
    assert_eq!((observation.request_bytes, observation.response_bytes), bytes);
    assert_eq!(observation.duration_microseconds, 7_000);
    assert!(world.session.end(&world.host, &mut super::Stream::default()).is_none());
}

#[test]
fn an_exchange_in_flight_is_small() {
    let exchange = size_of::<super::Measured>();
    let (generation, prediction) = Exchange::SIDES_BYTES;
    let streamed = exchange + generation + driftline_inference::generative::EVENTS_BYTES;
    // One reader for each body.
    let predicted = exchange + prediction + 2 * driftline_inference::predictive::READER_BYTES;
    assert!(streamed <= 4096, "{streamed}");
    assert!(predicted <= 4096, "{predicted}");
}
