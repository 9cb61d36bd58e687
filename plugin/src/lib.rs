//! The proxy-wasm face of Driftline: it translates callbacks for `driftline-monitor` and decides nothing.
//!
//! Every callback reads what the host offers, hands it on, and continues; bodies are neither buffered, paused nor
//! rewritten, unless the session answers the request itself. If a line in here needs a test of its own, it belongs in the core.

#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used
)]

mod exports;
mod host;
mod root;
mod stream;
