//! What becomes of traffic when a filter crashes: Envoy's three policies and the older switch, as measured on Envoy 1.40.
//!
//! | policy | the request that crashed it | streams in flight on that worker | new requests |
//! |---|---|---|---|
//! | `Closed` | 503, or cut | 503, or cut | 503 |
//! | `Open` | 503, or cut | 503, or cut | pass the filter by |
//! | `Reload` | 503, or cut | 503, or cut | a new VM; within the back-off, 503 |
//! | `FailOpen` | passes the filter by | pass the filter by | pass the filter by |
//!
//! A stream is cut, and not answered with 503, once its response's headers
//! were sent. No `on_log`, `on_done` or `on_delete` runs for any of them.

use std::time::Duration;

/// Envoy's `failure_policy`, or its deprecated `fail_open`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum FailurePolicy {
    /// `failure_policy: FAIL_CLOSED`, which is Envoy's default and the default here: a test whose filter crashes fails.
    #[default]
    Closed,
    /// `failure_policy: FAIL_OPEN`.
    Open,
    /// `failure_policy: FAIL_RELOAD`.
    Reload,
    /// `fail_open: true`, the only one that spares streams in flight. Clients notice no crash then, so a test has to look
    /// at [`Outcome::error`](crate::Outcome::error).
    FailOpen,
}

/// Envoy's base interval between two restarts of a VM; up to half of it is added at random.
pub(crate) const RELOAD_BACK_OFF: Duration = Duration::from_secs(1);

impl FailurePolicy {
    pub(crate) fn running_streams_bypass(self) -> bool {
        self == FailurePolicy::FailOpen
    }

    pub(crate) fn new_streams_bypass(self) -> bool {
        matches!(self, FailurePolicy::Open | FailurePolicy::FailOpen)
    }
}
