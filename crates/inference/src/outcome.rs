//! Which of the nine outcomes an exchange has, by what the proxy and the stream say.

use driftline_labels::Outcome;

/// What the proxy says about an exchange that is over.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ProxyVerdict {
    /// Envoy's `response.flags`, one bit per kind of failure; 0 when all went well.
    pub flags: u64,
    /// The answer was made by the proxy itself.
    pub is_local_reply: bool,
    /// The answer's status; `None` if there was no answer.
    pub status: Option<u16>,
    /// The `grpc-status` of the answer, from its head or its trailers; `None` if there was none, or no number. 0 is
    /// `OK`.
    pub grpc_status: Option<u32>,
}

/// What the answer's body says about itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyVerdict {
    /// Nothing could be read: the body is of no dialect, or is encoded.
    Unreadable,
    /// It reached the end that its dialect promises and carries output.
    Whole,
    /// It reached its end without any output.
    Empty,
    /// It broke off before its end.
    Partial,
    /// It carries an error in place of output.
    Error,
}

/// The bits of Envoy's `response.flags` that say who ended an exchange
/// (`envoy/stream_info/stream_info.h`, `CoreResponseFlag`, bit n for the n-th).
mod flag {
    /// UT: the route's time limit.
    pub(super) const UPSTREAM_REQUEST_TIMEOUT: u64 = 1 << 2;
    /// SI: the stream was idle for too long.
    pub(super) const STREAM_IDLE_TIMEOUT: u64 = 1 << 16;
    /// UMSDR: the upstream's longest stream duration.
    pub(super) const UPSTREAM_MAX_STREAM_DURATION: u64 = 1 << 19;
    /// DT: the stream's or connection's longest duration.
    pub(super) const DURATION_TIMEOUT: u64 = 1 << 22;
    /// DC: the client's connection went away.
    pub(super) const DOWNSTREAM_CONNECTION: u64 = 1 << 14;
    /// DR: the client reset its stream.
    pub(super) const DOWNSTREAM_RESET: u64 = 1 << 28;
    /// UH: no healthy upstream host.
    pub(super) const NO_HEALTHY_UPSTREAM: u64 = 1 << 1;
    /// UR: the upstream reset the stream.
    pub(super) const UPSTREAM_REMOTE_RESET: u64 = 1 << 4;
    /// UF: the upstream could not be reached.
    pub(super) const UPSTREAM_CONNECTION_FAILURE: u64 = 1 << 5;
    /// UC: the upstream closed its connection.
    pub(super) const UPSTREAM_CONNECTION_TERMINATION: u64 = 1 << 6;
    /// UPE: the upstream broke the protocol, as an unfinished chunked body does.
    pub(super) const UPSTREAM_PROTOCOL_ERROR: u64 = 1 << 23;

    pub(super) const TIMEOUT: u64 = UPSTREAM_REQUEST_TIMEOUT
        | STREAM_IDLE_TIMEOUT
        | UPSTREAM_MAX_STREAM_DURATION
        | DURATION_TIMEOUT;
    pub(super) const CLIENT: u64 = DOWNSTREAM_CONNECTION | DOWNSTREAM_RESET;
    pub(super) const UPSTREAM: u64 = NO_HEALTHY_UPSTREAM
        | UPSTREAM_REMOTE_RESET
        | UPSTREAM_CONNECTION_FAILURE
        | UPSTREAM_CONNECTION_TERMINATION
        | UPSTREAM_PROTOCOL_ERROR;
}

/// Decides the one outcome of an exchange.
///
/// An answer that is whole by its own words is complete even if a connection broke after it:
/// clients hang up right after `[DONE]`, and that is no cancellation. Before that, the proxy
/// knows best who ended the exchange, and only then the status and the body count.
pub fn decide(proxy: ProxyVerdict, body: BodyVerdict) -> Outcome {
    let has = |bits: u64| proxy.flags & bits != 0;
    let is_error_status = proxy.status.is_some_and(|status| 400 <= status)
        || proxy.grpc_status.is_some_and(|status| status != 0);
    let is_success_status = proxy.status.is_some_and(|status| (200..300).contains(&status));
    if body == BodyVerdict::Whole && !is_error_status && !proxy.is_local_reply {
        Outcome::Complete
    } else if has(flag::TIMEOUT) {
        Outcome::Timeout
    } else if has(flag::CLIENT) {
        Outcome::ClientCancel
    } else if has(flag::UPSTREAM) {
        Outcome::UpstreamReset
    } else if proxy.is_local_reply {
        Outcome::LocalReply
    } else if is_error_status {
        Outcome::ErrorStatus
    } else if proxy.status.is_none() {
        Outcome::Truncated
    } else {
        match body {
            BodyVerdict::Error => Outcome::ErrorEvent,
            BodyVerdict::Partial => Outcome::Truncated,
            BodyVerdict::Empty => Outcome::NoOutput,
            // A redirect or a switch of protocols: its body is not an answer of a model.
            BodyVerdict::Unreadable if !is_success_status => Outcome::NoOutput,
            BodyVerdict::Whole | BodyVerdict::Unreadable => Outcome::Complete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(flags: u64, local: bool, status: u16, body: BodyVerdict, expected: Outcome) {
        let proxy =
            ProxyVerdict { flags, is_local_reply: local, status: Some(status), grpc_status: None };
        assert_eq!(decide(proxy, body), expected);
    }

    #[test]
    fn every_outcome_has_a_cause() {
        check(0, false, 200, BodyVerdict::Whole, Outcome::Complete);
        check(1 << 14, false, 200, BodyVerdict::Partial, Outcome::ClientCancel);
        check(1 << 23, false, 200, BodyVerdict::Partial, Outcome::UpstreamReset);
        check(1 << 2, true, 504, BodyVerdict::Unreadable, Outcome::Timeout);
        check(0, false, 200, BodyVerdict::Partial, Outcome::Truncated);
        check(0, false, 200, BodyVerdict::Error, Outcome::ErrorEvent);
        check(0, false, 429, BodyVerdict::Unreadable, Outcome::ErrorStatus);
        check(0, false, 200, BodyVerdict::Empty, Outcome::NoOutput);
        check(0, true, 403, BodyVerdict::Unreadable, Outcome::LocalReply);
    }

    #[test]
    fn a_client_that_leaves_after_the_end_mark_cancels_nothing() {
        check(1 << 14, false, 200, BodyVerdict::Whole, Outcome::Complete);
    }

    #[test]
    fn an_unreachable_model_server_is_a_reset_though_the_proxy_answers() {
        check(1 << 5, true, 503, BodyVerdict::Unreadable, Outcome::UpstreamReset);
    }

    #[test]
    fn an_error_that_no_retry_could_mend_is_the_model_servers() {
        // URX: Envoy marks the last answer of a request whose retries are used up.
        check(1 << 15, false, 503, BodyVerdict::Unreadable, Outcome::ErrorStatus);
    }

    #[test]
    fn a_redirect_is_no_success() {
        check(0, false, 307, BodyVerdict::Unreadable, Outcome::NoOutput);
        check(0, false, 304, BodyVerdict::Unreadable, Outcome::NoOutput);
        check(0, false, 101, BodyVerdict::Unreadable, Outcome::NoOutput);
        check(0, false, 200, BodyVerdict::Unreadable, Outcome::Complete);
    }

    #[test]
    fn the_status_of_grpc_outranks_a_message_that_came_whole() {
        let check = |grpc_status, body, expected| {
            let status = Some(200);
            let proxy = ProxyVerdict { status, grpc_status, ..ProxyVerdict::default() };
            assert_eq!(decide(proxy, body), expected, "{grpc_status:?} {body:?}");
        };
        check(Some(0), BodyVerdict::Whole, Outcome::Complete);
        check(Some(13), BodyVerdict::Whole, Outcome::ErrorStatus);
        check(Some(5), BodyVerdict::Empty, Outcome::ErrorStatus);
        check(Some(0), BodyVerdict::Empty, Outcome::NoOutput);
        check(None, BodyVerdict::Whole, Outcome::Complete);
    }

    #[test]
    fn an_exchange_without_any_answer_is_not_complete() {
        assert_eq!(decide(ProxyVerdict::default(), BodyVerdict::Unreadable), Outcome::Truncated);
    }
}
