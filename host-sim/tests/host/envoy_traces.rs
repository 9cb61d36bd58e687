//! The traces of a real Envoy, reproduced line by line; what is not reproduced is listed with its reason, and nothing is.

use std::{fs, path::PathBuf, time::Duration};

use host_sim::{
    Clock, Exchange, Trace, World, WorldOptions,
    trace::{Line, normalised},
};

/// A trace, and the story that made it.
type Story = (&'static str, fn(&World));

const CURL: [(&str, &str); 3] =
    [("host", "localhost:20000"), ("user-agent", "curl/8"), ("accept", "*/*")];
const RAW: [(&str, &str); 1] = [("host", "x")];
const JSON: [(&str, &str); 2] = [("content-type", "application/json"), ("content-length", "113")];
const EVENTS: [(&str, &str); 2] =
    [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")];
const GRPC_CLIENT: [(&str, &str); 3] =
    [("user-agent", "grpc-python"), ("grpc-accept-encoding", "gzip"), ("grpc-timeout", "3S")];
const GRPC_SERVER: [(&str, &str); 1] = [("grpc-accept-encoding", "gzip")];

const STORIES: &[Story] = &[
    ("01_json_h1_cl", |world| done(json(curl(world)))),
    ("02_post_h1", |world| done(json(curl_post(world.exchange(0))))),
    ("03_post_h2", |world| done(json(curl_post(world.exchange(0).http2())))),
    ("04_sse3", |world| {
        let exchange = curl(world).response(200, &EVENTS);
        done(chunks(exchange, 3, 50).response_end());
    }),
    ("05_204", |world| done(curl(world).response_without_body(204, &[]))),
    ("06_head", |world| {
        let headers = [("content-type", "text/plain"), ("content-length", "10")];
        let asked = world.exchange(0).request_without_body("HEAD", "/head", &CURL);
        done(asked.response_without_body(200, &headers));
    }),
    ("07_resp_trailers_h1", |world| {
        let headers =
            [("content-type", "text/plain"), ("trailer", "x-t"), ("transfer-encoding", "chunked")];
        let asked = [&CURL[..], &[("te", "trailers")]].concat();
        let asked = world.exchange(0).request_without_body("GET", "/trailers", &asked);
        let answered = asked.response(200, &headers).response_chunk("hello");
        done(answered.response_trailers(&[("x-t", "tv")]));
    }),
    ("08_direct_response", |world| done(curl(world).direct_response(200, "direct"))),
    ("09_redirect", |world| done(curl(world).redirect("http://elsewhere/"))),
    ("10_upstream_connect_fail", |world| done(curl(world).upstream_is_unreachable())),
    ("11_upstream_timeout", |world| done(curl(world).times_out())),
    ("12_upstream_reset_mid_body", |world| {
        done(chunks(curl(world).response(200, &EVENTS), 2, 9).upstream_resets());
    }),
    ("13_upstream_reset_before_headers", |world| done(curl(world).upstream_resets())),
    ("14_retry_2_fail", |world| {
        let retried = curl(world).attempt_fails().attempt_fails();
        done(retried.answer(200, "ok"));
    }),
    ("15_client_abort_mid_stream", |world| {
        done(chunks(curl(world).response(200, &EVENTS), 3, 50).client_aborts());
    }),
    ("16_client_abort_before_body", |world| {
        done(curl(world).response(200, &EVENTS).client_aborts());
    }),
    ("17_client_abort_before_headers", |world| {
        done(world.exchange(0).request_without_body("GET", "/hang", &RAW).client_aborts());
    }),
    ("18_client_abort_in_request_body", |world| {
        let headers = [RAW[0], ("content-length", "100")];
        let asked = world.exchange(0).request("POST", "/json", &headers);
        done(asked.request_chunk("abc").client_aborts());
    }),
    ("19_missing_host_400", |world| done(world.exchange(0).without_host())),
    ("20_garbage_codec_error", |world| done(world.exchange(0).garbage())),
    ("21_websocket", |world| {
        let headers = [RAW[0], ("sec-websocket-key", "x")];
        let answer = [("upgrade", "websocket"), ("connection", "upgrade")];
        let open = world.exchange(0).websocket("/ws", &headers).switches_protocols(&answer);
        done(open.request_chunk("hello").response_chunk("echo:hello").client_aborts());
    }),
    ("22_chunked_request_with_trailers", |world| {
        let headers = [RAW[0], ("transfer-encoding", "chunked"), ("connection", "close")];
        let asked = world.exchange(0).request("POST", "/json", &headers);
        let asked = asked.request_chunk("abc").request_chunk("de");
        done(json(asked.request_trailers(&[("x-t", "rt")])));
    }),
    ("23_grpc_unary", |world| {
        let answered = unary(world).grpc_response(&GRPC_SERVER).reply(&[b'x'; 9]);
        done(answered.grpc_status(0, ""));
    }),
    ("24_grpc_error_trailers_only", |world| done(unary(world).grpc_error(5, "no such thing"))),
    ("25_grpc_server_stream", |world| {
        done(replies(unary(world).grpc_response(&GRPC_SERVER), 4).grpc_status(0, ""));
    }),
    ("26_grpc_bidi", |world| {
        let mut call = world.exchange(0).grpc("/pkg.Svc/BD", &GRPC_CLIENT).message(b"m0");
        call = call.grpc_response(&GRPC_SERVER).reply(b"echo:m0");
        for message in ["m1", "m2"] {
            call = call.message(message.as_bytes()).reply(format!("echo:{message}").as_bytes());
        }
        done(call.request_end().grpc_status(0, ""));
    }),
    ("27_grpc_cancel", |world| {
        done(replies(unary(world).grpc_response(&GRPC_SERVER), 1).client_aborts());
    }),
    ("28_big_300k", |world| {
        let headers = [("content-type", "application/json"), ("content-length", "300000")];
        done(curl(world).response(200, &headers).response_last_chunk(vec![b'a'; 300_000]));
    }),
    ("29_1xx", |world| done(curl(world).informational(103).answer(200, "ok"))),
    ("30_pipelined_keepalive", |world| {
        let get = |path| world.exchange(0).request_without_body("GET", path, &RAW);
        done(json(get("/json")));
        let headers = [("content-type", "text/plain"), ("content-length", "0")];
        done(get("/zero").response_without_body(200, &headers));
    }),
];

#[test]
fn every_trace_of_envoy_is_reproduced_line_by_line() {
    let filter = crate::guest::filter_of(include_str!("../probe/probe.wat"));
    let mut options = WorldOptions::with_config("noop");
    options.clock = Clock::virtual_from(Duration::from_secs(1_790_000_000));
    options.trace = Trace::on();
    let trace = options.trace.clone();
    let world = World::new(&filter, options).unwrap();
    let mut checked = vec![("00_startup", compare("00_startup", &trace.take()))];
    for (name, tell) in STORIES {
        tell(&world);
        checked.push((name, compare(name, &trace.take())));
    }
    world.stop().unwrap();
    checked.push(("99_shutdown", compare("99_shutdown", &trace.take())));

    assert_eq!(checked.len(), 32);
    let deviations = deviations();
    for (name, difference) in checked {
        match (difference, deviations.iter().any(|listed| listed == name)) {
            (Some(difference), false) => panic!("{name} deviates: {difference}"),
            (None, true) => panic!("{name} is listed as a deviation, and is none"),
            _ => {}
        }
    }
}

/// What differs, if anything does.
fn compare(name: &str, simulated: &[Line]) -> Option<String> {
    let recorded = fs::read_to_string(folder().join(format!("{name}.txt"))).unwrap();
    let text: String = simulated.iter().map(|line| format!("{line}\n")).collect();
    let (expected, found) = (normalised(&recorded), normalised(&text));
    if expected != found {
        return Some(format!("Envoy has\n{}\nwe have\n{}", expected.join("\n"), found.join("\n")));
    }
    // Where the recording has threads, they must be the same ones.
    let numbered = |text: &str| threads(text).is_some();
    let (expected, found) = (threads(&recorded), threads(&text));
    (numbered(&recorded) && expected != found)
        .then(|| format!("Envoy's threads are {expected:?}, ours {found:?}"))
}

/// The thread of every line, the main one as 0; the main one is Envoy's lower number.
fn threads(text: &str) -> Option<Vec<usize>> {
    let calls = text.lines().filter(|line| line.contains("vm]") || line.contains("host]"));
    let raw: Vec<u32> =
        calls.map(|line| line.split(' ').next()?.parse().ok()).collect::<Option<_>>()?;
    let main = raw.iter().min()?;
    Some(raw.iter().map(|thread| usize::from(thread != main)).collect())
}

/// The traces that the README's table lists.
fn deviations() -> Vec<String> {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let (_, table) = readme.split_once("| --- | --- |").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    rows.map(str::to_string).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/envoy-traces"))
}

fn done(exchange: Exchange) {
    let outcome = exchange.outcome();
    assert!(outcome.over && outcome.error.is_none(), "{outcome:?}");
}

fn curl(world: &World) -> Exchange {
    world.exchange(0).request_without_body("GET", "/", &CURL)
}

fn curl_post(exchange: Exchange) -> Exchange {
    let form = [("content-length", "3"), ("content-type", "application/x-www-form-urlencoded")];
    let headers = [&CURL[..], &form].concat();
    exchange.request("POST", "/json", &headers).request_last_chunk("abc")
}

fn json(exchange: Exchange) -> Exchange {
    exchange.response(200, &JSON).response_last_chunk(vec![b'j'; 113])
}

fn chunks(exchange: Exchange, count: usize, size: usize) -> Exchange {
    (0..count).fold(exchange, |exchange, _| exchange.response_chunk(vec![b'd'; size]))
}

fn unary(world: &World) -> Exchange {
    world.exchange(0).grpc("/pkg.Svc/U", &GRPC_CLIENT).last_message(b"hello")
}

fn replies(exchange: Exchange, count: usize) -> Exchange {
    (0..count).fold(exchange, |exchange, _| exchange.reply(&[b'r'; 25]))
}
