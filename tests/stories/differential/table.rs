//! All scenarios. Paths that the filter measures are used wherever a scenario leaves the choice.

use super::scenario::{Answer, RETRIES, Scenario, Step, framed};
use crate::phrases::{CHAT, DONE, ROLE, STOP, completion, token, usage};

const QUESTION: &str =
    r#"{"model":"demo-llm","messages":[{"role":"user","content":"Will it rain?"}],"stream":true}"#;
const ROWS: &str = r#"{"instances": [[-3, 0.5], [25, 2], [null, 1]]}"#;
const HOST: [(&str, &str); 1] = [("host", "x")];
const EVENTS: [(&str, &str); 2] =
    [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")];
const EVENTS_HTTP2: [(&str, &str); 1] = [("content-type", "text/event-stream")];
const GRPC: [(&str, &str); 3] =
    [("host", "x"), ("te", "trailers"), ("content-type", "application/grpc")];
const GRPC_ANSWER: [(&str, &str); 1] = [("content-type", "application/grpc")];

pub(super) fn scenarios() -> Vec<Scenario> {
    [whole(), streamed(), answered_by_the_proxy(), cut(), odd(), http2(), grpc()].concat()
}

fn new(name: &'static str) -> Scenario {
    Scenario::new(name)
}

/// A client that asks for a stream.
fn chat(name: &'static str) -> Scenario {
    new(name).posts(CHAT, QUESTION)
}

fn whole() -> Vec<Scenario> {
    let ok = completion("Yes", 4, 2);
    vec![
        new("json with content-length")
            .asks_only("GET", "/json", &HOST)
            .answers(200, r#"{"some": "thing"}"#),
        chat("post").answers(200, &ok),
        new("predict")
            .posts("/v1/models/rain:predict", ROWS)
            .answers(200, r#"{"predictions": [0, 1, 1]}"#),
        new("204").posts(CHAT, QUESTION).responds_only(204, &[]),
        new("304")
            .asks_only("GET", "/v1/models", &[HOST[0], ("if-none-match", "\"x\"")])
            .responds_only(304, &[("etag", "\"x\"")]),
        new("content-length 0")
            .posts(CHAT, QUESTION)
            .responds_only(200, &[("content-length", "0")]),
        new("head")
            .asks_only("HEAD", CHAT, &HOST)
            .responds_only(200, &[("content-type", "application/json"), ("content-length", "10")]),
        new("until the connection closes")
            .posts(CHAT, QUESTION)
            .responds(200, &[("content-type", "application/json")])
            .sends(&ok)
            .ends(""),
        chat("429").answers(429, r#"{"error": {"message": "slow down"}}"#),
        new("chunked request with trailers")
            .asks(
                "POST",
                CHAT,
                &[HOST[0], ("content-type", "application/json"), ("transfer-encoding", "chunked")],
            )
            .client_sends(&QUESTION[..20])
            .client_sends(&QUESTION[20..])
            .then(Step::ClientSendsTrailers(vec![("x-t", "v".to_owned())]))
            .answers(200, &ok),
        new("request body in pieces")
            .asks(
                "POST",
                CHAT,
                &[
                    HOST[0],
                    ("content-type", "application/json"),
                    ("content-length", &QUESTION.len().to_string()),
                ],
            )
            .client_sends(&QUESTION[..1])
            .client_sends(&QUESTION[1..30])
            .client_ends(&QUESTION[30..])
            .answers(200, &ok),
        new("300 kB")
            .reads_coalesce()
            .posts(CHAT, QUESTION)
            .answers(200, completion(&"x".repeat(300_000), 4, 2)),
        new("300 kB up")
            .reads_coalesce()
            .posts(CHAT, &QUESTION.replace("rain", &"rain".repeat(75_000)))
            .answers(200, &ok),
    ]
}

fn streamed() -> Vec<Scenario> {
    let events = |scenario: Scenario| {
        scenario
            .responds(200, &EVENTS)
            .sends(ROLE)
            .sends(token("Ye"))
            .sends(token("s"))
            .sends(STOP)
            .sends(usage(4, 2))
            .sends(DONE)
    };
    vec![
        events(chat("sse")).ends(""),
        events(chat("sse whose last chunk has its end")).ends(": bye\n\n"),
        chat("events cut within")
            .responds(200, &EVENTS)
            .sends(&token("Ye")[..9])
            .sends(&token("Ye")[9..])
            .sends(DONE)
            .ends(""),
        events(
            new("response trailers")
                .asks(
                    "POST",
                    CHAT,
                    &[HOST[0], ("te", "trailers"), ("content-length", &QUESTION.len().to_string())],
                )
                .client_ends(QUESTION),
        )
        .sends_trailers(&[("x-t", "v")]),
        chat("1xx").then(Step::Informs(103)).answers(200, completion("Yes", 4, 2)),
    ]
}

fn answered_by_the_proxy() -> Vec<Scenario> {
    let all_fail = |name| {
        (0..RETRIES).fold(
            new(name).retried().posts("/retried/v1/chat/completions", QUESTION),
            |scenario, _| scenario.then(Step::AttemptFails),
        )
    };
    let answers = |name, path, answer| {
        new(name).asks_only("GET", path, &HOST).then(Step::ProxyAnswers(answer))
    };
    vec![
        answers("direct response", "/direct/v1/chat/completions", Answer::Direct(200, "direct")),
        answers(
            "direct response without a body",
            "/refused/v1/chat/completions",
            Answer::Direct(429, ""),
        ),
        answers("redirect", "/redirect/v1/chat/completions", Answer::Redirect("http://elsewhere/")),
        answers("connect failure", "/nobody/v1/chat/completions", Answer::Unreachable),
        new("route timeout").posts("/slow/v1/chat/completions", QUESTION).then(Step::ProxyTimesOut),
        new("route timeout mid-stream")
            .posts("/slow/v1/chat/completions", QUESTION)
            .responds(200, &EVENTS)
            .sends(token("Ye"))
            .then(Step::ProxyTimesOut),
        new("retry, two fail")
            .retried()
            .posts("/retried/v1/chat/completions", QUESTION)
            .then(Step::AttemptFails)
            .then(Step::AttemptFails)
            .answers(200, completion("Yes", 4, 2)),
        new("direct response to HEAD")
            .asks_only("HEAD", "/direct/v1/chat/completions", &HOST)
            .then(Step::ProxyAnswers(Answer::Direct(200, "direct"))),
        new("direct response before the body")
            .asks("POST", "/direct/v1/chat/completions", &[HOST[0], ("content-length", "9")])
            .then(Step::ProxyAnswers(Answer::Direct(200, "direct"))),
        all_fail("retry, all fail").responds_only(503, &[("content-length", "0")]),
        all_fail("retry, all fail, the last with a body").answers(503, "{}"),
        all_fail("retry, three fail and the last is refused").answers(404, "{}"),
        all_fail("retry, three fail and the last breaks off").then(Step::UpstreamBreaksOff),
        all_fail("retry, three fail and the last breaks off mid-body")
            .responds(503, &[("content-length", "9")])
            .sends("{")
            .then(Step::UpstreamBreaksOff),
        all_fail("retry, three fail and the last is garbage").then(Step::UpstreamSendsGarbage),
        new("missing host").then(Step::OmitsHost),
        new("garbage").then(Step::SendsGarbage),
    ]
}

fn cut() -> Vec<Scenario> {
    let length = QUESTION.len().to_string();
    let in_chunks = |name| {
        let headers = [HOST[0], ("transfer-encoding", "chunked")];
        new(name).asks("POST", CHAT, &headers).client_sends(&QUESTION[..9])
    };
    let begun = |name| new(name).asks("POST", CHAT, &[HOST[0], ("content-length", &length)]);
    vec![
        chat("upstream breaks off mid-body")
            .responds(200, &EVENTS)
            .sends(token("Ye"))
            .then(Step::UpstreamBreaksOff),
        chat("upstream breaks off within a length")
            .responds(200, &[("content-type", "application/json"), ("content-length", "500")])
            .sends("{")
            .then(Step::UpstreamBreaksOff),
        chat("upstream breaks off before headers").then(Step::UpstreamBreaksOff),
        chat("upstream answers with garbage").then(Step::UpstreamSendsGarbage),
        in_chunks("client sends garbage in its body").then(Step::ClientSendsGarbage),
        in_chunks("client sends garbage once it is answered")
            .responds(200, &EVENTS)
            .sends(ROLE)
            .then(Step::ClientSendsGarbage),
        chat("client leaves mid-stream")
            .responds(200, &EVENTS)
            .sends(ROLE)
            .sends(token("Ye"))
            .client_leaves(),
        chat("client leaves before the body").responds(200, &EVENTS).client_leaves(),
        chat("client leaves before headers").client_leaves(),
        begun("client leaves in the request's body").client_sends(&QUESTION[..9]).client_leaves(),
        begun("client leaves before the request's body").client_leaves(),
        begun("client half-closes in the request's body")
            .client_sends(&QUESTION[..9])
            .then(Step::ClientHalfCloses),
    ]
}

fn odd() -> Vec<Scenario> {
    let switched = [("upgrade", "websocket"), ("connection", "upgrade")];
    let websocket = |name| {
        let own = [("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-key", "x")];
        new(name).asks("GET", "/v1/realtime", &[&HOST[..], &own].concat())
    };
    let get = |scenario: Scenario| scenario.asks_only("GET", CHAT, &HOST);
    let length = QUESTION.len().to_string();
    vec![
        websocket("websocket")
            .responds(101, &switched)
            .client_sends("hello")
            .sends("echo:hello")
            .client_leaves(),
        websocket("websocket that the upstream closes")
            .responds(101, &switched)
            .sends("hello")
            .then(Step::UpstreamHangsUp),
        websocket("websocket that is answered")
            .responds_only(200, &[("content-length", "2"), ("x-a", "b")]),
        websocket("websocket refused").answers(403, "{}"),
        chat("chunks without a byte").responds(200, &EVENTS).ends(""),
        new("trailers without a body")
            .asks_only("GET", CHAT, &[HOST[0], ("te", "trailers")])
            .responds(200, &EVENTS)
            .sends_trailers(&[("x-t", "v")]),
        new("expect 100-continue")
            .asks("POST", CHAT, &[HOST[0], ("expect", "100-continue"), ("content-length", &length)])
            .client_ends(QUESTION)
            .answers(200, completion("Yes", 4, 2)),
        get(get(new("pipelined")).answers(200, "{}"))
            .responds_only(200, &[("content-type", "text/plain"), ("content-length", "0")]),
        new("answer before the request is whole")
            .asks("POST", CHAT, &[HOST[0], ("content-length", &length)])
            .client_sends(&QUESTION[..9])
            .answers(400, r#"{"error": {"message": "too long"}}"#),
    ]
}

fn http2() -> Vec<Scenario> {
    const PATH: &str = "/framed/v1/chat/completions";
    let length = QUESTION.len().to_string();
    let chat =
        |name| new(name).http2().upstream_http2().asks("POST", PATH, &HOST).client_ends(QUESTION);
    vec![
        new("post over HTTP/2")
            .http2()
            .asks(
                "POST",
                CHAT,
                &[HOST[0], ("content-type", "application/json"), ("content-length", &length)],
            )
            .client_ends(QUESTION)
            .answers(200, completion("Yes", 4, 2)),
        chat("sse over HTTP/2 on both sides")
            .responds(200, &EVENTS_HTTP2)
            .sends(ROLE)
            .sends(token("Ye"))
            .sends(usage(4, 1))
            .ends(DONE),
        chat("HTTP/2 upstream resets mid-stream")
            .responds(200, &EVENTS_HTTP2)
            .sends(token("Ye"))
            .then(Step::UpstreamBreaksOff),
        chat("HTTP/2 upstream resets before headers").then(Step::UpstreamBreaksOff),
        chat("HTTP/2 upstream hangs up mid-stream")
            .responds(200, &EVENTS_HTTP2)
            .sends(token("Ye"))
            .then(Step::UpstreamHangsUp),
        chat("HTTP/2 upstream hangs up before headers").then(Step::UpstreamHangsUp),
        chat("HTTP/2 client cancels mid-stream")
            .responds(200, &EVENTS_HTTP2)
            .sends(token("Ye"))
            .client_leaves(),
        new("sse from HTTP/1.1 over HTTP/2")
            .http2()
            .asks("POST", CHAT, &HOST)
            .client_ends(QUESTION)
            .responds(200, &EVENTS)
            .sends(token("Ye"))
            .sends(DONE)
            .ends(""),
        new("sse from HTTP/2 over HTTP/1.1")
            .upstream_http2()
            .posts(PATH, QUESTION)
            .responds(200, &EVENTS_HTTP2)
            .sends(token("Ye"))
            .ends(DONE),
        chat("HTTP/2 client hangs up mid-stream")
            .responds(200, &EVENTS_HTTP2)
            .sends(token("Ye"))
            .then(Step::ClientHangsUp),
        new("connect failure over HTTP/2")
            .http2()
            .asks_only("GET", "/nobody/v1/chat/completions", &HOST)
            .then(Step::ProxyAnswers(Answer::Unreachable)),
        new("upstream of HTTP/1.1 breaks off mid-stream over HTTP/2")
            .http2()
            .asks("POST", CHAT, &HOST)
            .client_ends(QUESTION)
            .responds(200, &EVENTS)
            .sends(token("Ye"))
            .then(Step::UpstreamBreaksOff),
        chat("HTTP/2 client cancels before headers").client_leaves(),
        new("request trailers over HTTP/2")
            .http2()
            .upstream_http2()
            .asks("POST", PATH, &HOST)
            .client_sends(QUESTION)
            .then(Step::ClientSendsTrailers(vec![("x-t", "v".to_owned())]))
            .responds_only(204, &[]),
    ]
}

fn grpc() -> Vec<Scenario> {
    const PATH: &str = "/framed/pkg.Service/Method";
    let open = |name| new(name).http2().upstream_http2().asks("POST", PATH, &GRPC);
    let unary = |name| open(name).client_ends(framed("hello"));
    let ok = [("grpc-status", "0"), ("grpc-message", "")];
    vec![
        unary("gRPC unary").responds(200, &GRPC_ANSWER).replies("out:hello").sends_trailers(&ok),
        unary("gRPC error in headers alone").responds_only(
            200,
            &[GRPC_ANSWER[0], ("grpc-status", "3"), ("grpc-message", "bad argument")],
        ),
        unary("gRPC server stream")
            .responds(200, &GRPC_ANSWER)
            .replies("one")
            .replies("two")
            .replies("three")
            .sends_trailers(&ok),
        open("gRPC both ways")
            .client_says("m0")
            .responds(200, &GRPC_ANSWER)
            .replies("echo:m0")
            .client_says("m1")
            .replies("echo:m1")
            .client_ends("")
            .sends_trailers(&ok),
        unary("gRPC cancel").responds(200, &GRPC_ANSWER).replies("one").client_leaves(),
        unary("gRPC upstream resets")
            .responds(200, &GRPC_ANSWER)
            .replies("one")
            .then(Step::UpstreamBreaksOff),
        unary("gRPC upstream resets before headers").then(Step::UpstreamBreaksOff),
        unary("gRPC upstream hangs up")
            .responds(200, &GRPC_ANSWER)
            .replies("one")
            .then(Step::UpstreamHangsUp),
        new("gRPC connect failure")
            .http2()
            .asks("POST", "/nobody/pkg.Service/Method", &GRPC)
            .then(Step::ProxyAnswers(Answer::Unreachable)),
        new("gRPC route timeout")
            .http2()
            .upstream_http2()
            .asks("POST", "/slow-framed/pkg.Service/Method", &GRPC)
            .client_ends(framed("hello"))
            .then(Step::ProxyTimesOut),
    ]
}
