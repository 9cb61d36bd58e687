//! Everything that ends an exchange otherwise than with the upstream's whole answer.

use std::io;

use bytes::Bytes;

use super::{Exchange, header_map};
use crate::{
    EndInfo, flags,
    flow::{Chain, Reply},
    local_reply::LocalReply,
};

impl Exchange {
    /// The client goes away: HTTP/1 closes its connection, HTTP/2 resets its stream.
    pub fn client_aborts(self) -> Exchange {
        let end = if self.is_http2() {
            EndInfo {
                flags: flags::DOWNSTREAM_REMOTE_RESET,
                code_details: Some("http2.remote_reset".into()),
            }
        } else {
            EndInfo::client_disconnect()
        };
        self.finish(end)
    }

    /// The client closes its connection, whatever it speaks.
    pub fn client_disconnects(self) -> Exchange {
        self.finish(EndInfo::client_disconnect())
    }

    /// The upstream breaks off: 503 before its headers, a cut answer after them.
    pub fn upstream_resets(self) -> Exchange {
        if self.has_response() {
            return self.finish(EndInfo::upstream_reset());
        }
        self.answered(LocalReply::connection_termination().into())
    }

    /// Nothing listens at the upstream's address.
    pub fn upstream_is_unreachable(self) -> Exchange {
        let this = self.info(|info| info.upstream_address = None);
        this.answered(LocalReply::connection_failure(&io::Error::from_raw_os_error(111)).into())
    }

    /// The upstream's answer is not HTTP.
    pub fn upstream_breaks_the_protocol(self) -> Exchange {
        if self.has_response() {
            return self.finish(EndInfo::upstream_reset());
        }
        self.answered(LocalReply::protocol_error().into())
    }

    /// The route's timeout is over: 504 before the upstream's headers, a cut answer after them.
    pub fn times_out(self) -> Exchange {
        if !self.has_response() {
            return self.answered(LocalReply::timeout().into());
        }
        self.finish(EndInfo {
            flags: flags::UPSTREAM_REQUEST_TIMEOUT,
            code_details: Some("response_timeout".into()),
        })
    }

    /// The route answers by itself.
    pub fn direct_response(self, status: u16, body: impl Into<Bytes>) -> Exchange {
        let details = "direct_response".into();
        self.answered(Reply { status, body: body.into(), details, ..Reply::default() })
    }

    /// The route sends the client elsewhere.
    pub fn redirect(self, location: &str) -> Exchange {
        let headers = header_map(&[("location", location)]);
        // Envoy gives both kinds of routes that answer the same name.
        let details = "direct_response".into();
        self.answered(Reply { status: 301, headers, details, ..Reply::default() })
    }

    /// A request without `host`, refused before any filter saw it; instead of a request.
    pub fn without_host(self) -> Exchange {
        self.refused(EndInfo { flags: 0, code_details: Some("missing_host_header".into()) })
    }

    /// Bytes that are no request, refused before any filter saw them; instead of a request.
    pub fn garbage(self) -> Exchange {
        self.refused(EndInfo::rejected())
    }

    fn refused(mut self, end: EndInfo) -> Exchange {
        assert!(self.flow.is_none(), "a request that was refused is not there");
        let mut worker = self.worker.borrow_mut();
        let id = worker.open_flow(Chain::Downstream, self.info.clone().without_route());
        let headers = header_map(&[(":status", "400")]);
        let context = worker.flows.get(&id).and_then(|flow| flow.context);
        if let Some(context) = context {
            worker.sent_headers(context, None, headers.clone());
        }
        if let Some(flow) = worker.flows.get_mut(&id) {
            flow.response.passed.headers = Some(headers);
            flow.response.passed.complete = true;
            flow.replied = true;
        }
        drop(worker);
        self.flow = Some(id);
        self.finish(end)
    }

    fn answered(self, reply: Reply) -> Exchange {
        if let Some(id) = self.flow {
            let mut worker = self.worker.borrow_mut();
            worker.reply(id, reply);
            worker.settle();
        }
        self
    }

    fn finish(self, end: EndInfo) -> Exchange {
        if let Some(id) = self.flow {
            let mut worker = self.worker.borrow_mut();
            worker.finish_flow(id, end);
            worker.settle();
        }
        self
    }

    fn has_response(&self) -> bool {
        self.read(|flow| flow.response.seen || flow.response.passed.headers.is_some())
            .unwrap_or(false)
    }
}
