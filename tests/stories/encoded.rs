//! Bodies in a content encoding: read as if they were plain, each event at its own time; or given up and passed on. And
//! the one header that an operator may have taken out of requests.
//!
//! The bodies are made by the reference encoders: see `tests/data/encoded/make.py`.

use driftline_testbed::{
    client::{End, Request},
    upstream::Script as UpstreamScript,
};
use serde_json::json;

use crate::{
    expectation::PREFIX,
    phrases::{CHAT, CONFIG, chat, completion},
    script::{Framing, Script},
    stage::{Host, Network, among_others, run, scrape, settings, tell, world},
};

macro_rules! data {
    ($($name:literal),+) => {
        include_bytes!(concat!("../data/encoded/", $($name),+))
    };
}

/// Tells a stream of 19 words: the role comes at 60 ms, the first word at 120, all the others at 180, the rest at 240.
fn tell_stream(coding: &str, body: &[u8], ends: &[u8]) {
    let ends: Vec<usize> = serde_json::from_slice(ends).unwrap();
    let [role, first, .., last, _stop, _usage, _done] = ends[..] else { panic!("{ends:?}") };
    let head = [("content-type", "text/event-stream"), ("content-encoding", coding)];
    tell(
        chat("demo-llm")
            .answers_with_head(200, &head, Framing::Chunked)
            .at_ms(60)
            .sends(&body[..role])
            .at_ms(120)
            .sends(&body[role..first])
            .at_ms(180)
            .sends(&body[first..last])
            .at_ms(240)
            .sends(&body[last..])
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "time_to_first_token_microseconds_total{model=demo-llm,result=success} 120 ms",
            "time_to_last_token_microseconds_total{model=demo-llm,result=success} 180 ms",
            "request_duration_microseconds_total{model=demo-llm,result=success} 240 ms",
            "inter_chunk_gap_observations_total{model=demo-llm} 1",
            "input_tokens_total{model=demo-llm} 9",
            "output_tokens_total{model=demo-llm} 19",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "read_problems_total 0",
        ],
    );
}

#[test]
fn a_stream_in_gzip_has_its_first_token_when_it_comes() {
    tell_stream("gzip", data!("stream.gzip"), data!("stream.gzip.ends"));
}

#[test]
fn a_stream_in_brotli_has_its_first_token_when_it_comes() {
    tell_stream("br", data!("stream.br"), data!("stream.br.ends"));
}

#[test]
fn a_stream_in_zstd_has_its_first_token_when_it_comes() {
    tell_stream("zstd", data!("stream.zstd"), data!("stream.zstd.ends"));
}

#[test]
fn a_bomb_is_counted_and_passes_untouched() {
    let bomb = data!("bomb.gzip");
    let head = [("content-type", "application/json"), ("content-encoding", "gzip")];
    tell(
        chat("demo-llm")
            .answers_with_head(200, &head, Framing::Length(bomb.len()))
            .at_ms(60)
            .sends(&bomb[..5000])
            .sends(&bomb[5000..])
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "read_problems_total{model=demo-llm,reason=decoded_too_dense} 1",
            // What was read of it looks like a stream of nothing.
            "time_per_output_token_skipped_total{model=demo-llm,reason=too_few_tokens} 1",
            "request_duration_microseconds_total{model=demo-llm,result=success} 60 ms",
            "output_tokens_total 0",
        ],
    );
}

#[test]
fn an_answer_in_a_coding_that_nobody_reads() {
    let head = [("content-type", "application/json"), ("content-encoding", "compress")];
    tell(
        Script::post(CHAT, "{\"model\":\"demo-llm\"}")
            .at_ms(60)
            .answers_with_head(200, &head, Framing::Length(4))
            .sends(b"\x1f\x9d\x90\x7b")
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "read_problems_total{model=demo-llm,reason=encoded_body} 1",
            "request_duration_microseconds_total{model=demo-llm,result=success} 60 ms",
            "output_tokens_total 0",
        ],
    );
}

#[test]
fn each_coding_can_be_switched_off_and_the_others_are_read_on() {
    /// A request and an answer in each coding.
    const BODIES: [(&str, &[u8], &[u8]); 4] = [
        ("gzip", data!("request.gzip"), data!("stream.gzip")),
        ("deflate", data!("request.zlib"), data!("stream.zlib")),
        ("br", data!("request.br"), data!("stream.br")),
        ("zstd", data!("request.zstd"), data!("stream.zstd")),
    ];
    for (off, ..) in BODIES {
        let others = BODIES.iter().map(|(coding, ..)| *coding).filter(|coding| *coding != off);
        let config =
            json!({"models": [{"name": "demo-llm"}], "decode": others.collect::<Vec<_>>()});
        let world = world(&config.to_string());
        let mut before = scrape(&world);
        // The model's name stands in the request, and the tokens in the answer; each is encoded by itself.
        let mut tell = |request: &[u8], request_coding: &str, answer: &[u8], coding: &str| {
            let script =
                Script::post(CHAT, request).with_header("content-encoding", request_coding);
            let head = [("content-type", "text/event-stream"), ("content-encoding", coding)];
            let answered = script.answers_with_head(200, &head, Framing::Chunked);
            run(&world, 0, &answered.at_ms(60).sends(answer).finishes());
            let page = scrape(&world);
            let changed = page.difference(&before);
            before = page;
            let changed = |name: &str, labels: &[(&str, &str)]| {
                changed.value(&format!("{PREFIX}{name}"), labels).unwrap_or(0.0)
            };
            (
                changed("requests_total", &[("model", "demo-llm")]),
                changed("output_tokens_total", &[]),
                changed("read_problems_total", &[("reason", "encoded_body")]),
            )
        };
        for (coding, request, answer) in BODIES {
            let (named, tokens, passed) =
                tell(b"{\"model\":\"demo-llm\"}", "identity", answer, coding);
            let expected = if coding == off { (1.0, 0.0, 1.0) } else { (1.0, 19.0, 0.0) };
            assert_eq!((named, tokens, passed), expected, "an answer in {coding} without {off}");
            let (named, tokens, passed) = tell(request, coding, data!("stream.txt"), "identity");
            let expected = if coding == off { (0.0, 19.0, 1.0) } else { (1.0, 19.0, 0.0) };
            assert_eq!((named, tokens, passed), expected, "a request in {coding} without {off}");
        }
    }
}

/// What a model server got, and what a client: heads without what a proxy makes anew each time, and bodies.
#[derive(Debug, PartialEq)]
struct Passed {
    request: Vec<(String, String)>,
    request_body: Vec<u8>,
    response: Vec<(String, String)>,
    response_body: Vec<u8>,
}

async fn pass(host: &Host, path: &str) -> Passed {
    let answer = completion("Yes", 2, 1);
    host.upstream().push(UpstreamScript::answer(200, "application/json", &answer));
    let request = Request::post_json(path, "{\"model\":\"demo-llm\"}")
        .header("accept-encoding", "gzip, br")
        .header("x-story", "it rains");
    let response = request.send(host.listen()).await.unwrap();
    assert_eq!((response.status, response.end), (200, End::Complete), "{}", host.name());
    let received = host.upstream().take_received().pop().unwrap();
    assert!(received.complete);
    const NEW_EACH_TIME: [&str; 5] = [
        "date",
        "host",
        "x-envoy-expected-rq-timeout-ms",
        "x-envoy-upstream-service-time",
        "x-request-id",
    ];
    let kept = |headers: Vec<(String, String)>| {
        headers.into_iter().filter(|(name, _)| !NEW_EACH_TIME.contains(&name.as_str())).collect()
    };
    Passed {
        request: kept(received.headers),
        request_body: received.body,
        response: kept(response.headers),
        response_body: response.body,
    }
}

fn pass_both(config: &str, path: &str) -> [Passed; 2] {
    let network = Network::start(settings(config));
    network
        .block_on(async { [pass(&network.envoy, path).await, pass(&network.embedded, path).await] })
}

#[test]
fn accept_encoding_is_taken_out_of_measured_requests_if_asked_for_and_nothing_else_is() {
    let _among_others = among_others();
    let removes = CONFIG.replacen('{', "{\"remove_accept_encoding\": true,", 1);
    let is_it = |(name, _): &(String, String)| name == "accept-encoding";
    for (passed, without) in pass_both(CONFIG, CHAT).into_iter().zip(pass_both(&removes, CHAT)) {
        assert_eq!(passed.request.iter().filter(|header| is_it(header)).count(), 1);
        let mut expected = passed;
        expected.request.retain(|header| !is_it(header));
        assert_eq!(without, expected);
    }
}

#[test]
fn a_request_that_is_not_measured_keeps_its_accept_encoding() {
    let _among_others = among_others();
    let removes = CONFIG.replacen('{', "{\"remove_accept_encoding\": true,", 1);
    let [before, after] = [CONFIG, &removes].map(|config| pass_both(config, "/v1/models"));
    assert_eq!(before, after);
    assert!(after[0].request.iter().any(|(name, _)| name == "accept-encoding"));
}
