//! The upstream's part of an exchange.

use bytes::Bytes;

use super::{Exchange, header_map};
use crate::{
    HeaderMap,
    direction::Direction,
    flow::{Frame, Reply},
};

impl Exchange {
    /// A whole answer with a body and its `content-length`.
    pub fn answer(self, status: u16, body: impl Into<Bytes>) -> Exchange {
        let body = body.into();
        let length = body.len().to_string();
        if body.is_empty() {
            return self.response_without_body(status, &[("content-length", "0")]);
        }
        self.response(status, &[("content-length", &length)]).response_last_chunk(body)
    }

    /// The head of an answer whose body follows.
    pub fn response(self, status: u16, headers: &[(&str, &str)]) -> Exchange {
        self.head(status, headers, false)
    }

    /// An answer that is headers alone: to HEAD, 204, 304, `content-length: 0`.
    pub fn response_without_body(self, status: u16, headers: &[(&str, &str)]) -> Exchange {
        self.head(status, headers, true)
    }

    /// 101: both sides speak another protocol from here on.
    pub fn switches_protocols(self, headers: &[(&str, &str)]) -> Exchange {
        self.head(101, headers, false).response_chunk("")
    }

    /// A part of the body, as one read of the proxy's gave it.
    pub fn response_chunk(self, data: impl Into<Bytes>) -> Exchange {
        self.frame(Direction::Response, Frame::Data(data.into(), false))
    }

    /// The last part of the body: HTTP/2 ends with it, HTTP/1 with an empty one after it.
    pub fn response_last_chunk(self, data: impl Into<Bytes>) -> Exchange {
        if self.upstream_http2 {
            return self.frame(Direction::Response, Frame::Data(data.into(), true));
        }
        self.response_chunk(data).response_end()
    }

    /// The end of a body whose last part did not say so.
    pub fn response_end(self) -> Exchange {
        self.frame(Direction::Response, Frame::Data(Bytes::new(), true))
    }

    /// Trailers, which are the end.
    pub fn response_trailers(self, trailers: &[(&str, &str)]) -> Exchange {
        self.frame(Direction::Response, Frame::Trailers(header_map(trailers)))
    }

    /// An answer of the 1xx kind, of which no filter learns.
    pub fn informational(self, status: u16) -> Exchange {
        debug_assert!((100..200).contains(&status) && status != 101, "{status} is final");
        self
    }

    /// An attempt fails and the proxy makes another; the filter learns only their number.
    pub fn attempt_fails(self) -> Exchange {
        self.info(|info| info.attempts += 1)
    }

    fn head(self, status: u16, headers: &[(&str, &str)], ended: bool) -> Exchange {
        let mut map: HeaderMap = [(":status", status.to_string())].into_iter().collect();
        headers.iter().for_each(|(name, value)| map.add(name, value.to_string()));
        let mut worker = self.worker.borrow_mut();
        let now = worker.now_ns();
        if let Some(flow) = self.flow.and_then(|id| worker.flows.get_mut(&id))
            && let Some(asked) = flow.request_ended_ns.filter(|_| !self.upgrade)
        {
            // Envoy tells how long the upstream took only if it had the whole request.
            let waited = now.saturating_sub(asked) / 1_000_000;
            map.add("x-envoy-upstream-service-time", waited.to_string());
        }
        drop(worker);
        if self.upgrade && (200..400).contains(&status) {
            return self.answered(Reply::failed_handshake(status, map));
        }
        let this = if 500 <= status { self.attempt_has_failed() } else { self };
        let this = this.info(|info| info.code_details = Some("via_upstream".into()));
        this.frame(Direction::Response, Frame::Headers(map, ended))
    }
}
