//! Answers that the proxy gives in the upstream's place, in Envoy's words; the filter sees them as responses.

use crate::flags;

/// One such answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct LocalReply {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) flags: u64,
    pub(super) details: String,
}

impl LocalReply {
    /// Nothing listens there, or it did not accept in time.
    pub(super) fn connection_failure(error: &std::io::Error) -> LocalReply {
        let timeout = error.kind() == std::io::ErrorKind::TimedOut;
        let reason = if timeout { "connection timeout" } else { "remote connection failure" };
        LocalReply::before_headers(flags::UPSTREAM_CONNECTION_FAILURE, reason)
    }

    /// The upstream closed before it had answered.
    pub(super) fn connection_termination() -> LocalReply {
        LocalReply::before_headers(flags::UPSTREAM_CONNECTION_TERMINATION, "connection termination")
    }

    /// The upstream's answer is not HTTP.
    pub(super) fn protocol_error() -> LocalReply {
        let reply = LocalReply::before_headers(flags::UPSTREAM_PROTOCOL_ERROR, "protocol error");
        LocalReply { status: 502, ..reply }
    }

    /// The route's timeout is over and the upstream has not answered.
    pub(super) fn timeout() -> LocalReply {
        LocalReply {
            status: 504,
            body: "upstream request timeout".into(),
            flags: flags::UPSTREAM_REQUEST_TIMEOUT,
            details: "response_timeout".into(),
        }
    }

    fn before_headers(flags: u64, reason: &str) -> LocalReply {
        LocalReply {
            status: 503,
            body: format!(
                "upstream connect error or disconnect/reset before headers. reset reason: {reason}"
            ),
            flags,
            details: format!(
                "upstream_reset_before_response_started{{{}}}",
                reason.replace(' ', "_")
            ),
        }
    }
}
