//! How a request ended: exactly one of nine words. It does not decide which.

crate::labels! {
    /// How a request ended.
    pub enum Outcome {
        /// The answer came whole and carries output.
        Complete = "complete",
        /// The client left before the answer's end.
        ClientCancel = "client_cancel",
        /// The model server's connection failed or broke off.
        UpstreamReset = "upstream_reset",
        /// A time limit of the proxy cut the exchange.
        Timeout = "timeout",
        /// The answer ended without the mark or the bracket that its dialect ends with.
        Truncated = "truncated",
        /// The answer says success in its status and an error in its body.
        ErrorEvent = "error_event",
        /// The model server answered with a status of 400 or more, or over gRPC with any but `OK`.
        ErrorStatus = "error_status",
        /// The answer came whole and holds no output: an empty body, a redirect, a document without any.
        NoOutput = "no_output",
        /// The proxy answered in the model server's place.
        LocalReply = "local_reply",
    }
}

crate::labels! {
    /// What latencies are told apart by.
    pub enum RequestResult {
        /// The outcome is [`Outcome::Complete`].
        Success = "success",
        /// It is any other one, but for [`Outcome::ClientCancel`].
        Failure = "failure",
        /// The client left: nobody failed, and how long it took says nothing of the server.
        Cancelled = "cancelled",
    }
}

impl Outcome {
    /// Whether the request got what it asked for, as latencies are told apart by it.
    #[must_use]
    pub const fn result(self) -> RequestResult {
        match self {
            Outcome::Complete => RequestResult::Success,
            Outcome::ClientCancel => RequestResult::Cancelled,
            _ => RequestResult::Failure,
        }
    }
}
