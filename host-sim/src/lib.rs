//! A proxy-wasm host that behaves like Envoy, for tests and laptops; it never knows which filter it runs.
#![doc = ""]
#![doc = include_str!("../README.md")]

mod abi;
mod attribute;
mod callout;
mod chunking;
mod clock;
mod cost;
mod direction;
mod error;
mod exchange;
mod failure;
mod faults;
mod filter;
mod flow;
#[cfg(feature = "foreign-functions")]
mod foreign_functions;
#[cfg(not(feature = "foreign-functions"))]
#[path = "foreign_functions/left_out.rs"]
mod foreign_functions;
mod headers;
mod local_reply;
mod log;
mod property;
mod protobuf;
pub mod proxy;
mod random;
mod record;
mod recording;
pub mod replay;
mod shared_data;
mod shared_queue;
mod state;
pub mod stats;
mod status;
mod stream;
mod stream_info;
pub mod trace;
mod vm;
mod watchdog;
mod worker;
mod world;

pub use callout::{DnsAddress, DnsQuery, GrpcCall, GrpcEvent, HttpAnswer, HttpCall};
pub use chunking::Chunking;
pub use clock::Clock;
pub use cost::{Cost, CostTable};
pub use error::Error;
pub use exchange::{Exchange, Outcome};
pub use failure::FailurePolicy;
pub use faults::Faults;
pub use filter::Filter;
pub use flow::Received;
pub use headers::HeaderMap;
pub use log::{KEPT_LINES_MAX, Log, LogLevel, LogLine};
pub use record::{Recorder, RecorderOptions};
pub use recording::{Body, Recording, RecordingError, Step};
pub use shared_data::{CasMismatch, SharedData};
pub use stream::{IntoHeaders, Stream};
pub use stream_info::{EndInfo, StreamInfo, flags};
pub use trace::Trace;
pub use worker::Worker;
pub use world::{Pace, World, WorldOptions};
