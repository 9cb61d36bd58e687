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

    /// The client's bytes stop being HTTP/1 in the middle of its body: 400 before the answer's
    /// headers, a cut answer after them.
    pub fn client_breaks_the_protocol(self) -> Exchange {
        if self.has_response() {
            return self.finish(EndInfo::rejected());
        }
        self.answered(LocalReply::bad_request().into())
    }

    /// The upstream breaks off: HTTP/1 closes its connection, HTTP/2 resets its stream. 503 before
    /// its headers, a cut answer after them.
    pub fn upstream_resets(self) -> Exchange {
        if !self.upstream_http2 {
            return self.upstream_disconnects();
        }
        self.upstream_fails(LocalReply::remote_reset(), EndInfo::upstream_remote_reset())
    }

    /// The upstream closes its connection, whatever it speaks.
    pub fn upstream_disconnects(self) -> Exchange {
        if self.read(|flow| flow.response.passed.status() == Some(101)) == Some(true) {
            // Envoy reads the end of the other protocol, and only then takes it for a break.
            return self.response_chunk("").finish(EndInfo::upstream_disconnect());
        }
        let mid_message = match self.upstream_http2 {
            true => EndInfo::upstream_disconnect(),
            false => EndInfo::upstream_reset(),
        };
        self.upstream_fails(LocalReply::connection_termination(), mid_message)
    }

    /// Nothing listens at the upstream's address.
    pub fn upstream_is_unreachable(self) -> Exchange {
        let this = self.info(|info| info.upstream_address = None);
        let refused = io::Error::from_raw_os_error(111);
        this.attempt_fails_for_good(LocalReply::connection_failure(&refused))
    }

    /// The upstream's answer is not HTTP.
    pub fn upstream_breaks_the_protocol(self) -> Exchange {
        self.upstream_fails(LocalReply::protocol_error(), EndInfo::upstream_reset())
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

    /// `before` the answer's headers, `after` them.
    fn upstream_fails(self, before: LocalReply, after: EndInfo) -> Exchange {
        if self.has_response() { self.finish(after) } else { self.attempt_fails_for_good(before) }
    }

    fn attempt_fails_for_good(self, reply: LocalReply) -> Exchange {
        let reply = if 1 < self.attempts() { reply.after_retries() } else { reply };
        self.attempt_has_failed().answered(reply.into())
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

    pub(super) fn answered(self, reply: Reply) -> Exchange {
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
