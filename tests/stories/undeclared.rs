//! Traffic that no model is asked with: pages, images, web sockets, calls of other services. It passes byte for byte,
//! changes one counter by one, and the filter asks for nothing of it after the request's headers.

use driftline_testbed::{by_hand::Protocol, scrape::Scrape};
use host_sim::{Exchange, Outcome};

use crate::{
    expectation::PREFIX,
    phrases::CONFIG,
    stage::{among_others, scrape, traced_world},
};

mod real;

type Headers = &'static [(&'static str, &'static str)];

/// One exchange, as both ends see it.
struct Undeclared {
    name: &'static str,
    /// What Envoy speaks on both sides.
    protocol: Protocol,
    method: &'static str,
    path: &'static str,
    headers: Headers,
    /// What the client sends, in these pieces.
    sent: &'static [&'static [u8]],
    status: u16,
    answer_headers: Headers,
    /// What the upstream sends, in these pieces.
    answered: &'static [&'static [u8]],
    trailers: Headers,
    /// What is counted: one stream, under this reason.
    reason: &'static str,
}

const PAGE: Undeclared = Undeclared {
    name: "a page",
    protocol: Protocol::Http1,
    method: "GET",
    path: "/index.html",
    headers: &[("accept", "text/html")],
    sent: &[],
    status: 200,
    answer_headers: &[
        ("content-type", "text/html; charset=utf-8"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
    ],
    answered: &[b"<!doctype html><title>data: {", b"\"usage\":{}}</title>\n\n"],
    trailers: &[],
    reason: "unrecognised_path",
};

const KINDS: [Undeclared; 6] = [
    PAGE,
    Undeclared {
        name: "a form",
        method: "POST",
        path: "/login",
        headers: &[("content-type", "application/x-www-form-urlencoded"), ("content-length", "18")],
        sent: &[b"model=demo", b"-llm&a=b"],
        ..PAGE
    },
    Undeclared {
        name: "an image",
        path: "/logo.png?v=2",
        headers: &[("accept", "image/*")],
        answer_headers: &[
            ("content-type", "image/png"),
            ("content-length", "20"),
            ("connection", "close"),
        ],
        answered: &[b"\x89PNG\r\n\x1a\n\0\0", b"\0\rIHDR\xff\xfe\n\n"],
        ..PAGE
    },
    Undeclared {
        name: "a web socket",
        path: "/v1/realtime?model=demo-llm",
        sent: &[b"\x81\x85\x01\x02\x03\x04hello", b"\x88\x80\0\0\0\0"],
        ..SOCKET
    },
    // A model may be asked here, in a protocol that is not read.
    Undeclared {
        name: "a web socket at a model's path",
        path: "/v1/chat/completions",
        reason: "other_method",
        ..SOCKET
    },
    Undeclared {
        name: "a call of another service",
        protocol: Protocol::Http2,
        method: "POST",
        path: "/helloworld.Greeter/SayHello",
        headers: &[("content-type", "application/grpc"), ("te", "trailers")],
        sent: &[b"\0\0\0\0\x07\x0a\x05", b"world"],
        answer_headers: &[("content-type", "application/grpc")],
        answered: &[b"\0\0\0\0\x0d\x0a\x0bhello", b" world"],
        trailers: &[("grpc-status", "0"), ("grpc-message", "")],
        ..PAGE
    },
];

const SOCKET: Undeclared = Undeclared {
    headers: &[
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ],
    sent: &[b"\x81\x85\x01\x02\x03\x04hello"],
    status: 101,
    answer_headers: &[("upgrade", "websocket"), ("connection", "Upgrade")],
    answered: &[b"\x81\x05hello", b"\x82\x03\x00\xff\n"],
    ..PAGE
};

impl Undeclared {
    /// Whether both sides leave HTTP behind.
    fn upgrades(&self) -> bool {
        self.status == 101
    }

    /// What is wrong with what was counted meanwhile; empty if it is this stream, and nothing else.
    fn problems(&self, changed: &Scrape) -> Vec<String> {
        let mut found = Vec::new();
        let mut problems = Vec::new();
        for (series, change) in changed.samples() {
            if change == 0.0 || changed.kind(&series.name) == Some("gauge") {
                continue;
            }
            let is_ours = series.name == format!("{PREFIX}unmeasured_streams_total")
                && series.label("reason") == Some(self.reason);
            match is_ours {
                true => found.push(change),
                false => problems.push(format!("unexpected: {series} {change}")),
            }
        }
        if found != [1.0] {
            problems.push(format!("counted under {}: {found:?}, expected [1]", self.reason));
        }
        problems
    }

    /// Carries it out where there is no network.
    fn simulate(&self, exchange: Exchange) -> Outcome {
        let is_http2 = self.protocol == Protocol::Http2;
        let mut exchange = match is_http2 {
            true => exchange.http2().upstream_http2(),
            false => exchange,
        };
        exchange = match (self.upgrades(), self.sent.is_empty()) {
            // The simulator adds what asks for the upgrade.
            (true, _) => {
                let own = self.headers[2..].to_vec();
                exchange.websocket(self.path, &own).switches_protocols(self.answer_headers)
            }
            (false, true) => exchange.request_without_body(self.method, self.path, self.headers),
            (false, false) => exchange.request(self.method, self.path, self.headers),
        };
        exchange =
            self.sent.iter().fold(exchange, |exchange, &piece| exchange.request_chunk(piece));
        if !self.upgrades() {
            if !self.sent.is_empty() {
                exchange = exchange.request_end();
            }
            exchange = exchange.response(self.status, self.answer_headers);
        }
        exchange =
            self.answered.iter().fold(exchange, |exchange, &piece| exchange.response_chunk(piece));
        match (self.upgrades(), self.trailers) {
            (true, _) => exchange.client_aborts().outcome(),
            (false, []) => exchange.response_end().outcome(),
            (false, trailers) => exchange.response_trailers(trailers).outcome(),
        }
    }
}

#[test]
fn no_byte_of_undeclared_traffic_is_asked_for() {
    const HEADERS_ARE_READ: &str = "[host<-vm] proxy_on_request_headers return: 0";
    let world = traced_world(CONFIG);
    for kind in &KINDS {
        let before = scrape(&world);
        world.trace().take();
        let outcome = kind.simulate(world.exchange(0));
        let name = kind.name;
        assert_eq!(outcome.upstream.body, kind.sent.concat(), "{name}: the request was changed");
        assert_eq!(outcome.client.body, kind.answered.concat(), "{name}: the answer was changed");
        assert_eq!(outcome.status(), Some(kind.status), "{name}");
        assert!(outcome.over, "{name}");

        let lines: Vec<String> = world.trace().take().into_iter().map(|line| line.text).collect();
        let read = lines.iter().position(|line| line == HEADERS_ARE_READ);
        let later = &lines[read.unwrap_or_else(|| panic!("{name}: {lines:#?}"))..];
        let told = |callback: &str| later.iter().filter(|line| line.contains(callback)).count();
        assert!(kind.answered.len() <= told("[host->vm] proxy_on_response_body"), "{name}");
        assert!(0 < told("[host->vm] proxy_on_log"), "{name}");
        assert_eq!(told("[vm->host]"), 0, "{name}: {later:#?}");

        let problems = kind.problems(&scrape(&world).difference(&before));
        assert!(problems.is_empty(), "{name}: {problems:?}");
    }
}

#[test]
fn undeclared_traffic_passes_both_hosts_unchanged_and_is_counted_once() {
    let _among_others = among_others();
    real::check(&KINDS);
}
