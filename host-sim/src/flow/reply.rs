//! An answer of the proxy itself, or of the filter, in the upstream's place; in gRPC's form where the request was gRPC.

use bytes::Bytes;

use crate::{HeaderMap, local_reply::LocalReply};

/// `response.code_details` of what the filter's host ended.
pub(crate) const FAILED: &str = "wasm_fail_stream";

/// A local reply before it is made into frames.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Beside `:status` and what describes the body.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The gRPC status to send; if `None`, the one that corresponds to `status`.
    pub(crate) grpc_status: Option<u32>,
    pub(crate) details: String,
    /// Visible from the response's headers on.
    pub(crate) flags: u64,
    /// Visible only in `on_log`.
    pub(crate) flags_at_end: u64,
}

impl From<LocalReply> for Reply {
    fn from(reply: LocalReply) -> Reply {
        Reply {
            status: reply.status,
            body: reply.body.into(),
            details: reply.details,
            flags: reply.flags,
            flags_at_end: reply.flags_at_end,
            ..Reply::default()
        }
    }
}

impl Reply {
    /// What Envoy answers once the filter's VM is dead.
    pub(crate) fn failed_stream() -> Reply {
        Reply { status: 503, details: FAILED.into(), ..Reply::default() }
    }

    /// A request body that the filter held back beyond the limit.
    pub(crate) fn payload_too_large() -> Reply {
        Reply {
            status: 413,
            body: "Payload Too Large".into(),
            details: "request_payload_too_large".into(),
            ..Reply::default()
        }
    }

    /// An upstream that was asked for a web socket and answered otherwise: its head, and nothing of its body.
    pub(crate) fn failed_handshake(status: u16, mut headers: HeaderMap) -> Reply {
        for own in [":status", "content-length"] {
            headers.remove(own);
        }
        let details = "websocket_handshake_unsuccessful".into();
        Reply { status, headers, details, ..Reply::default() }
    }

    /// The filter took a header away that every response has.
    pub(crate) fn without_status() -> Reply {
        Reply {
            status: 502,
            body: "missing required header: :status".into(),
            details: "filter_removed_required_response_headers{missing_required_header:_:status}"
                .into(),
            ..Reply::default()
        }
    }

    /// Its headers, and its body unless that is empty.
    pub(crate) fn parts(&self, grpc: bool, head_only: bool) -> (HeaderMap, Option<Bytes>) {
        if grpc {
            return (self.as_trailers_only(), None);
        }
        let mut headers: HeaderMap = [(":status", self.status.to_string())].into_iter().collect();
        // Envoy adds the headers that describe the body after those of the caller.
        self.headers.iter().for_each(|(name, value)| headers.add(name, value.clone()));
        let type_of_its_own = self.headers.get("content-type").is_some();
        if !self.body.is_empty() {
            headers.add("content-length", self.body.len().to_string());
            if !type_of_its_own {
                headers.add("content-type", "text/plain");
            }
        }
        let body = Some(self.body.clone()).filter(|body| !body.is_empty() && !head_only);
        (headers, body)
    }

    /// gRPC has its errors in headers that are trailers, too.
    fn as_trailers_only(&self) -> HeaderMap {
        let status = self.grpc_status.unwrap_or(match self.status {
            400 => 13,
            401 => 16,
            403 => 7,
            404 => 12,
            429 | 502..=504 => 14,
            _ => 2,
        });
        let mut headers: HeaderMap = [(":status", "200")].into_iter().collect();
        self.headers.iter().for_each(|(name, value)| headers.add(name, value.clone()));
        headers.add("content-type", "application/grpc");
        headers.add("grpc-status", status.to_string());
        if !self.body.is_empty() {
            headers.add("grpc-message", self.body.clone());
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_without_a_body_is_headers_alone() {
        let reply = Reply { status: 301, ..Reply::default() };
        let (headers, body) = reply.parts(false, false);
        assert_eq!((headers.len(), body), (1, None));
    }

    #[test]
    fn a_grpc_client_gets_its_status_in_headers() {
        let (headers, body) = Reply::payload_too_large().parts(true, false);
        assert_eq!(headers.get_str("grpc-status"), Some("2"));
        assert_eq!(headers.get_str("grpc-message"), Some("Payload Too Large"));
        assert_eq!(body, None);
    }

    #[test]
    fn the_answer_to_a_head_describes_a_body_that_it_does_not_have() {
        let (headers, body) = Reply::payload_too_large().parts(false, true);
        assert_eq!(headers.get_str("content-length"), Some("17"));
        assert_eq!(body, None);
    }
}
