//! Incremental readers of what the wire carries: bytes in, tokens out; they never buffer a body and never fail.
//!
//! All of them are push readers without I/O. Each takes the bytes exactly as the proxy delivers them, keeps its own
//! state over the seams, needs a fixed amount of memory whatever comes, and answers *how much it read and what it
//! found*. One sentence holds for all: **call again with the unconsumed rest until the reader says that the input is
//! used up; what it handed out is valid until that next call.**
//!
//! - [`sse`], [`ndjson`] and [`json_array`] cut text into fragments of event data, [`aws_event_stream`] and [`grpc`] cut bytes,
//!   and [`bedrock_payload`] unwraps them; all say so in the words of [`frame`].
//! - [`json`] turns the bytes of a document, cut anywhere, into tokens, and [`protobuf`] those of a message into fields.
//! - [`fields`] picks the values at given paths out of these tokens, so that a dialect reads like a table.

#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod aws_event_stream;
pub mod base64;
pub mod bedrock_payload;
mod binary;
pub mod encoding;
pub mod fields;
pub mod frame;
pub mod grpc;
pub mod json;
pub mod json_array;
pub mod name;
pub mod ndjson;
pub mod protobuf;
mod scan;
pub mod sse;
pub mod template;
