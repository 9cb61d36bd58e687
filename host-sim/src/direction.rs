//! The two directions of a stream; it does not say who sends.

/// The ABI has callbacks of its own for each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Direction {
    /// From the client to the upstream.
    Request,
    /// From the upstream, or in its place, to the client.
    Response,
}
