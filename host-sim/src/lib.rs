//! A proxy-wasm host that behaves like Envoy, for tests and laptops; it never knows which filter it runs.

mod abi;
mod clock;
mod error;
mod filter;
mod headers;
mod log;
mod property;
pub mod proxy;
mod shared_data;
mod state;
pub mod stats;
mod status;
mod stream;
mod stream_info;
pub mod trace;
mod vm;
mod worker;
mod world;

pub use clock::Clock;
pub use error::Error;
pub use filter::Filter;
pub use headers::HeaderMap;
pub use log::{KEPT_LINES_MAX, Log, LogLevel, LogLine};
pub use shared_data::{CasMismatch, SharedData};
pub use stream::{IntoHeaders, Stream};
pub use stream_info::{EndInfo, StreamInfo, flags};
pub use trace::Trace;
pub use worker::Worker;
pub use world::{World, WorldOptions};
