//! Responses of the proxy in the upstream's place, with Envoy's texts. The filter sees them as responses.

use crate::flags;

/// `response.code_details` of a message that is not HTTP.
pub(crate) const CODEC_ERROR: &str = "http1.codec_error";

/// One such answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LocalReply {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// Visible from the response's headers on.
    pub(crate) flags: u64,
    /// Visible only in `on_log`.
    pub(crate) flags_at_end: u64,
    pub(crate) details: String,
}

impl LocalReply {
    /// The request's body is not delimited as it should be.
    pub(crate) fn bad_request() -> LocalReply {
        LocalReply {
            status: 400,
            body: "Bad Request".into(),
            flags: 0,
            flags_at_end: flags::DOWNSTREAM_PROTOCOL_ERROR,
            details: CODEC_ERROR.into(),
        }
    }

    /// No route is for such a request.
    pub(crate) fn route_not_found() -> LocalReply {
        LocalReply {
            status: 404,
            body: String::new(),
            flags: flags::NO_ROUTE_FOUND,
            flags_at_end: 0,
            details: "route_not_found".into(),
        }
    }

    /// Nothing listens there, or it did not accept in time.
    pub(crate) fn connection_failure(error: &std::io::Error) -> LocalReply {
        let timeout = error.kind() == std::io::ErrorKind::TimedOut;
        let reason = if timeout { "connection timeout" } else { "remote connection failure" };
        let reply = LocalReply::before_headers(flags::UPSTREAM_CONNECTION_FAILURE, reason);
        if timeout {
            return reply;
        }
        // Envoy adds the system's words, without the number that Rust gives them.
        let system = error.to_string();
        let system = system.split(" (os error").next().unwrap_or_default();
        let cause = format!("|delayed connect error: {system}}}").replace(' ', "_");
        LocalReply { details: reply.details.replace('}', &cause), ..reply }
    }

    /// The upstream closed before it had answered.
    pub(crate) fn connection_termination() -> LocalReply {
        LocalReply::before_headers(flags::UPSTREAM_CONNECTION_TERMINATION, "connection termination")
    }

    /// The upstream reset its HTTP/2 stream before it had answered.
    pub(crate) fn remote_reset() -> LocalReply {
        LocalReply::before_headers(flags::UPSTREAM_REMOTE_RESET, "remote reset")
    }

    /// The upstream's answer is not HTTP.
    pub(crate) fn protocol_error() -> LocalReply {
        let reply = LocalReply::before_headers(flags::UPSTREAM_PROTOCOL_ERROR, "protocol error");
        LocalReply { status: 502, ..reply }
    }

    /// The route's timeout is over and the upstream has not answered.
    pub(crate) fn timeout() -> LocalReply {
        LocalReply {
            status: 504,
            body: "upstream request timeout".into(),
            flags: flags::UPSTREAM_REQUEST_TIMEOUT,
            flags_at_end: 0,
            details: "response_timeout".into(),
        }
    }

    /// The same for the last of several attempts.
    pub(crate) fn after_retries(self) -> LocalReply {
        let body = self.body.replace("reset reason", "retried and the latest reset reason");
        LocalReply { body, ..self }
    }

    fn before_headers(flags: u64, reason: &str) -> LocalReply {
        LocalReply {
            status: 503,
            body: format!(
                "upstream connect error or disconnect/reset before headers. reset reason: {reason}"
            ),
            flags,
            flags_at_end: 0,
            details: format!(
                "upstream_reset_before_response_started{{{}}}",
                reason.replace(' ', "_")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bodies and details are copied from Envoy 1.40.
    #[test]
    fn the_words_are_envoys() {
        let refused = std::io::Error::from_raw_os_error(111);
        for (reply, body, details) in [
            (
                LocalReply::connection_failure(&refused),
                "upstream connect error or disconnect/reset before headers. \
                 reset reason: remote connection failure",
                "upstream_reset_before_response_started{remote_connection_failure|\
                 delayed_connect_error:_Connection_refused}",
            ),
            (
                LocalReply::connection_termination(),
                "upstream connect error or disconnect/reset before headers. \
                 reset reason: connection termination",
                "upstream_reset_before_response_started{connection_termination}",
            ),
            (
                LocalReply::remote_reset().after_retries(),
                "upstream connect error or disconnect/reset before headers. \
                 retried and the latest reset reason: remote reset",
                "upstream_reset_before_response_started{remote_reset}",
            ),
            (LocalReply::timeout(), "upstream request timeout", "response_timeout"),
            (LocalReply::bad_request(), "Bad Request", "http1.codec_error"),
        ] {
            assert_eq!((&reply.body[..], &reply.details[..]), (body, details));
        }
    }
}
