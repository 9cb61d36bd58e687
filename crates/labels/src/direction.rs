//! Which way bytes of an exchange go.

/// Which body, or which headers, of an exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// From the client to the model server.
    Request,
    /// From the model server to the client.
    Response,
}
