//! The two directions of a stream; it does not say who sends.

/// What a message is part of, and the ABI has a callback of its own for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Direction {
    /// From the client to the upstream.
    Request,
    /// From the upstream, or in its place, to the client.
    Response,
}
