//! What a proxy knows about a stream apart from its bytes, and what a filter reads of it as properties.

/// Response flags as Envoy's bits, the value of the property `response.flags`.
pub mod flags {
    /// `UH`: no healthy upstream.
    pub const NO_HEALTHY_UPSTREAM: u64 = 1 << 1;
    /// `UT`: the upstream did not answer in time.
    pub const UPSTREAM_REQUEST_TIMEOUT: u64 = 1 << 2;
    /// `UR`: the upstream reset the stream.
    pub const UPSTREAM_REMOTE_RESET: u64 = 1 << 4;
    /// `UF`: no connection to the upstream.
    pub const UPSTREAM_CONNECTION_FAILURE: u64 = 1 << 5;
    /// `UC`: the upstream closed its connection.
    pub const UPSTREAM_CONNECTION_TERMINATION: u64 = 1 << 6;
    /// `NR`: no route for the request.
    pub const NO_ROUTE_FOUND: u64 = 1 << 8;
    /// `DC`: the client went away.
    pub const DOWNSTREAM_CONNECTION_TERMINATION: u64 = 1 << 14;
    /// `URX`: the last attempt failed, too, and the route allows no more.
    pub const UPSTREAM_RETRY_LIMIT_EXCEEDED: u64 = 1 << 15;
    /// `UPE`: the upstream's answer broke the protocol.
    pub const UPSTREAM_PROTOCOL_ERROR: u64 = 1 << 23;
    /// `DPE`: the client's request broke the protocol.
    pub const DOWNSTREAM_PROTOCOL_ERROR: u64 = 1 << 18;
    /// `DR`: the client reset an HTTP/2 stream.
    pub const DOWNSTREAM_REMOTE_RESET: u64 = 1 << 28;
}

/// Facts about one stream. The proxy keeps them up to date; a test may set them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamInfo {
    /// Number of the client's connection.
    pub connection_id: u64,
    /// `HTTP/1.1`, `HTTP/2`, ...
    pub protocol: String,
    /// Client as `address:port`.
    pub source_address: String,
    /// Own address the client called, as `address:port`.
    pub destination_address: String,
    /// Upstream as `address:port`, once connected.
    pub upstream_address: Option<String>,
    /// Name of the route, maybe empty; `None` if no route was chosen.
    pub route_name: Option<String>,
    /// Name of the cluster; `None` if no route was chosen.
    pub cluster_name: Option<String>,
    /// Name of the virtual host; `None` if no route was chosen.
    pub virtual_host_name: Option<String>,
    /// Requests sent upstream so far, retries included.
    pub attempts: u64,
    /// Wall clock at the start, in nanoseconds since 1970. Set when the stream is opened.
    pub start_wall_ns: u64,
    /// Monotonic clock at the start, in nanoseconds. Set when the stream is opened.
    pub start_monotonic_ns: u64,
    /// Monotonic time of the end; `None` while it runs.
    pub end_monotonic_ns: Option<u64>,
    /// Body bytes received from the client.
    pub request_bytes: u64,
    /// Body bytes sent to the client, without those of the callback that runs.
    pub response_bytes: u64,
    /// Status code, once there is one.
    pub response_code: Option<u64>,
    /// Why the response has its code, in Envoy's words.
    pub code_details: Option<String>,
    /// Bits of [`flags`].
    pub flags: u64,
}

impl Default for StreamInfo {
    fn default() -> StreamInfo {
        StreamInfo {
            connection_id: 1,
            protocol: "HTTP/1.1".into(),
            source_address: "127.0.0.1:50000".into(),
            destination_address: "127.0.0.1:10000".into(),
            upstream_address: None,
            route_name: Some(String::new()),
            cluster_name: Some("upstream".into()),
            virtual_host_name: Some("default".into()),
            attempts: 0,
            start_wall_ns: 0,
            start_monotonic_ns: 0,
            end_monotonic_ns: None,
            request_bytes: 0,
            response_bytes: 0,
            response_code: None,
            code_details: None,
            flags: 0,
        }
    }
}

impl StreamInfo {
    /// What is left to know of a request that the proxy refused before it chose a route.
    pub(crate) fn without_route(self) -> StreamInfo {
        StreamInfo { route_name: None, cluster_name: None, virtual_host_name: None, ..self }
    }
}

/// How a stream ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EndInfo {
    /// Bits of [`flags`]; 0 for a stream that ended well.
    pub flags: u64,
    /// `response.code_details`; `None` keeps what the stream has.
    pub code_details: Option<String>,
}

impl EndInfo {
    /// The upstream's answer was delivered whole.
    #[must_use]
    pub fn complete() -> EndInfo {
        EndInfo { flags: 0, code_details: None }
    }

    /// The client's bytes broke HTTP/1: before any filter saw a request, or in its body.
    #[must_use]
    pub fn rejected() -> EndInfo {
        EndInfo {
            flags: flags::DOWNSTREAM_PROTOCOL_ERROR,
            code_details: Some("http1.codec_error".into()),
        }
    }

    /// The client hung up.
    #[must_use]
    pub fn client_disconnect() -> EndInfo {
        EndInfo {
            flags: flags::DOWNSTREAM_CONNECTION_TERMINATION,
            code_details: Some("downstream_remote_disconnect".into()),
        }
    }

    /// The upstream broke off after its headers had been passed on, in the middle of an HTTP/1 message.
    #[must_use]
    pub fn upstream_reset() -> EndInfo {
        EndInfo::after_headers(flags::UPSTREAM_PROTOCOL_ERROR, "protocol_error")
    }

    /// The upstream reset its HTTP/2 stream after its headers had been passed on.
    #[must_use]
    pub fn upstream_remote_reset() -> EndInfo {
        EndInfo::after_headers(flags::UPSTREAM_REMOTE_RESET, "remote_reset")
    }

    /// The upstream's connection of HTTP/2, or of an upgrade, closed after its headers had been passed on.
    #[must_use]
    pub fn upstream_disconnect() -> EndInfo {
        EndInfo::after_headers(flags::UPSTREAM_CONNECTION_TERMINATION, "connection_termination")
    }

    fn after_headers(flags: u64, reason: &str) -> EndInfo {
        let code_details = Some(format!("upstream_reset_after_response_started{{{reason}}}"));
        EndInfo { flags, code_details }
    }
}
