//! A real HTTP/1.1 reverse proxy around the filter, threaded as Envoy is; it adds no buffering and decides no route.
//!
//! Every worker is a thread with a VM of its own and takes connections from
//! one shared listener. One more thread runs the main VM's ticks and the admin
//! page. The proxy reads and writes HTTP itself, because a filter must see
//! what Envoy's would: one body callback per socket read, requests that are
//! refused before their headers are, and the exact way a stream broke.

mod admin;
mod body;
mod connection;
mod context;
mod exchange;
mod fields;
mod filtered;
mod head;
mod options;
mod pool;
mod threads;
mod wire;

pub use options::{Options, Upstream, UpstreamError};
pub use threads::{Server, StartError};
