//! Incremental readers of what the wire carries: bytes in, tokens out; they never buffer a body and never fail.
//!
//! All of them are push readers without I/O. Each takes the bytes exactly as the proxy delivers them, keeps its own
//! state over the seams, needs a fixed amount of memory whatever comes, and answers *how much it read and what it
//! found*. One sentence holds for all: **call again with the unconsumed rest until the reader says that the input is
//! used up; what it handed out is valid until that next call.**
//!
//! - [`sse`], [`lines`] and [`elements`] cut text into fragments of event data, [`eventstream`] and [`grpc`] cut bytes,
//!   and [`wrapped`] unwraps them; all say so in the words of [`frame`].
//! - [`json`] turns the bytes of a document, cut anywhere, into tokens.
//! - [`fields`] picks the values at given paths out of these tokens, so that a dialect reads like a table.

pub(crate) mod base64;
mod binary;
pub mod elements;
pub mod eventstream;
pub mod fields;
pub mod frame;
pub mod grpc;
pub mod json;
pub mod lines;
mod name;
pub mod sse;
pub mod wrapped;

#[cfg(test)]
pub(crate) mod cuts;
