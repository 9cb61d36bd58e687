//! What tests, benches and the demo stand on: real servers, clients and proxies. It never judges what it observes.
//!
//! ```text
//! client, stream_client ──▶ envoy (or host-sim) ──▶ upstream, llm, rain
//!                             └──▶ scrape, prometheus
//! by_hand: a client and an upstream that do one step at a time, over HTTP/1.1 and HTTP/2
//! ```
//!
//! Everything listens on a free port of 127.0.0.1, ends when its handle is dropped, and runs in the
//! tokio runtime that started it. TLS is not spoken.

pub mod by_hand;
pub mod client;
pub mod stream_client;

pub mod envoy;
pub mod pieces;
pub mod prometheus;
pub mod promtool;
pub mod scorer;
pub mod scrape;

pub mod llm;
pub mod machine;
pub mod models;
pub mod rain;
pub mod upstream;

mod folder;
mod http1;
mod model_server;
mod process;
mod server;
