//! The client's part of an exchange.

use bytes::Bytes;

use super::{Exchange, header_map};
use crate::{HeaderMap, direction::Direction, flow::Frame};

/// Headers that concern one connection and are not passed on.
const HOP_BY_HOP: [&str; 4] = ["connection", "keep-alive", "proxy-connection", "transfer-encoding"];

impl Exchange {
    /// A whole GET.
    pub fn get(self, path: &str) -> Exchange {
        self.begin("GET", path, &[], true)
    }

    /// A whole POST with `content-length`, in the form that the client's protocol has.
    pub fn post(self, path: &str, body: impl Into<Bytes>) -> Exchange {
        let body = body.into();
        let length = body.len().to_string();
        self.request("POST", path, &[("content-length", &length)]).request_last_chunk(body)
    }

    /// The head of a request whose body follows.
    ///
    /// `headers` are the client's own, without pseudo headers; `host` becomes
    /// `:authority`. What Envoy adds is added: `x-forwarded-proto` and `x-request-id`.
    pub fn request(self, method: &str, path: &str, headers: &[(&str, &str)]) -> Exchange {
        self.begin(method, path, headers, false)
    }

    /// The head of a request without a body.
    pub fn request_without_body(
        self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Exchange {
        self.begin(method, path, headers, true)
    }

    /// An HTTP/1.1 request for a web socket.
    pub fn websocket(mut self, path: &str, headers: &[(&str, &str)]) -> Exchange {
        self.upgrade = true;
        let upgrade = [("upgrade", "websocket"), ("connection", "Upgrade")];
        let headers: Vec<_> = upgrade.iter().chain(headers).copied().collect();
        // Envoy makes the change of protocol known with an empty chunk.
        self.begin("GET", path, &headers, false).request_chunk("")
    }

    /// A part of the body, as one read of the proxy's gave it.
    pub fn request_chunk(self, data: impl Into<Bytes>) -> Exchange {
        self.frame(Direction::Request, Frame::Data(data.into(), false))
    }

    /// The last part of the body: HTTP/2 ends with it, HTTP/1 with an empty one after it.
    pub fn request_last_chunk(mut self, data: impl Into<Bytes>) -> Exchange {
        if self.is_http2() {
            self.request_is_whole();
            return self.frame(Direction::Request, Frame::Data(data.into(), true));
        }
        let data = data.into();
        let this = if data.is_empty() { self } else { self.request_chunk(data) };
        this.request_end()
    }

    /// The end of a body whose last part did not say so.
    pub fn request_end(mut self) -> Exchange {
        self.request_is_whole();
        self.frame(Direction::Request, Frame::Data(Bytes::new(), true))
    }

    /// Trailers, which are the end.
    pub fn request_trailers(mut self, trailers: &[(&str, &str)]) -> Exchange {
        self.request_is_whole();
        self.frame(Direction::Request, Frame::Trailers(header_map(trailers)))
    }

    fn begin(
        mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        ended: bool,
    ) -> Exchange {
        assert!(self.flow.is_none(), "an exchange has one request");
        if self.chain == crate::flow::Chain::Upstream {
            self.info.upstream_address.get_or_insert_with(|| "127.0.0.1:8000".into());
            self.info.attempts = self.info.attempts.max(1);
        }
        if headers.iter().any(|(name, value)| is_expectation(name, value)) {
            // Envoy has answered this by the time its filters run.
            self.info.response_code = Some(100);
        }
        let mut worker = self.worker.borrow_mut();
        let id = worker.open_flow(self.chain, self.info.clone());
        let headers = self.complete(method, path, headers, (worker.number(), id));
        if let Some(flow) = worker.flows.get_mut(&id) {
            flow.describe(&headers);
        }
        drop(worker);
        self.flow = Some(id);
        if ended {
            self.request_is_whole();
        }
        self.frame(Direction::Request, Frame::Headers(headers, ended))
    }

    /// The headers as Envoy's filters see them.
    fn complete(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        (vm, id): (u64, u64),
    ) -> HeaderMap {
        let given = |wanted: &str| {
            let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| *value)
        };
        let authority = given("host").unwrap_or("gateway");
        let pseudo =
            [(":authority", authority), (":path", path), (":method", method), (":scheme", "http")];
        let mut map = header_map(&pseudo);
        for &(name, value) in headers {
            let hop = !self.upgrade && HOP_BY_HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop));
            let answered = is_expectation(name, value);
            if !hop && !answered && !name.eq_ignore_ascii_case("host") {
                map.add(name, value.to_string());
            }
        }
        if map.get("x-forwarded-proto").is_none() {
            map.add("x-forwarded-proto", "http");
        }
        if map.get("x-request-id").is_none() {
            // Unique over all VMs, and the same in every run.
            map.add("x-request-id", format!("{vm:08x}-0000-4000-8000-{id:012x}"));
        }
        map
    }

    fn request_is_whole(&mut self) {
        self.request_ended = true;
        let mut worker = self.worker.borrow_mut();
        let now = worker.now_ns();
        if let Some(flow) = self.flow.and_then(|id| worker.flows.get_mut(&id)) {
            flow.request_ended_ns.get_or_insert(now);
        }
    }
}

/// The client waits for a word before it sends its body, and Envoy gives it.
fn is_expectation(name: &str, value: &str) -> bool {
    name.eq_ignore_ascii_case("expect") && value.eq_ignore_ascii_case("100-continue")
}
