//! Everything that is known of an exchange once it is over, as plain data; it counts nothing.

use alloc::boxed::Box;

use driftline_labels::{
    EnumMap, FinishReason, Operation, Outcome, ReadProblem, TpotSkipped, Unmeasured,
};
use driftline_statistics::time::Timestamp;

use crate::generative::{Prompt, ResponseFeatures, Usage};

/// An exchange that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Why it is to count as not measured, if only its bodies showed that it is none of the dialect's.
    pub unmeasured: Option<Unmeasured>,
    /// The dialect, as a configuration calls it.
    pub dialect: &'static str,
    /// What the request asked the model to do.
    pub operation: Operation,
    /// The model, as the request names it, at most [`NAME_BYTES_MAX`] bytes; `None` if it does not.
    pub model: Option<Box<[u8]>>,
    /// Likewise its version.
    pub version: Option<Box<[u8]>>,
    /// The proxy's name of the route, where it was asked for.
    pub route: Option<Box<[u8]>>,
    /// How the exchange ended.
    pub outcome: Outcome,
    /// The status of the response; `None` if there was none.
    pub status: Option<u16>,
    /// The `grpc-status` of the response; `None` if there was none.
    pub grpc_status: Option<u32>,
    /// The proxy itself made the response.
    pub is_local_reply: bool,
    /// How often the proxy asked an upstream; `None` if it does not tell.
    pub upstream_attempts: Option<u64>,
    /// When the request's headers came.
    pub started_at: Timestamp,
    /// From then to the end of the exchange.
    pub duration_microseconds: u64,
    /// Bytes of the request's body as it came, encoded or not, read or not.
    pub request_bytes: u64,
    /// Likewise of the response's.
    pub response_bytes: u64,
    /// What could not be read, and how often.
    pub read_problems: EnumMap<ReadProblem, u64>,
    /// What only one kind of exchange has.
    pub kind: ObservationKind,
}

/// The longest name that an [`Observation`] holds; longer ones are cut.
pub const NAME_BYTES_MAX: usize = 128;

/// What only one kind of exchange has.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a box would cost an allocation for each request, and one observation lives at a time"
)]
pub enum ObservationKind {
    /// A model generated.
    Generation(Generated),
    /// A model predicted.
    Prediction(Predicted),
}

/// An exchange with a model that generates. Times count from the request's headers.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// Times of tokens; `None` if the answer is no stream.
    pub stream: Option<Streamed>,
    /// Token counts in Driftline's meaning: the input holds what caches gave, the output its reasoning.
    pub usage: Usage,
    /// Why the model stopped, if the answer says so.
    pub finish: Option<FinishReason>,
    /// What the request is like, if it came whole and a model is compared by it.
    pub request: Option<Prompt>,
    /// Whether the client asked for a stream; `None` if it left that to the server.
    pub wants_stream: Option<bool>,
    /// What the answer is like, if it came whole.
    pub response: Option<ResponseFeatures>,
}

/// When the tokens of a streamed answer came, in microseconds since the request's headers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Streamed {
    /// The first event that carries output of any kind.
    pub first_token_microseconds: Option<u64>,
    /// The first one whose output is not reasoning.
    pub first_visible_token_microseconds: Option<u64>,
    /// The last one.
    pub last_token_microseconds: Option<u64>,
    /// Time per output token in microseconds, or why there is none.
    pub per_output_token_microseconds: Result<u64, TpotSkipped>,
}

/// An exchange with a model that predicts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Predicted {
    /// Rows of the request.
    pub instances: u64,
    /// Rows of the answer.
    pub predictions: u64,
}
