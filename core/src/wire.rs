//! Incremental readers of what the wire carries: bytes in, tokens out; they never buffer a body and never fail.
//!
//! All of them are push readers without I/O. Each takes the bytes exactly as the proxy delivers them, keeps its own
//! state over the seams, needs a fixed amount of memory whatever comes, and answers *how much it read and what it
//! found*. One sentence holds for all: **call again with the unconsumed rest until the reader says that the input is
//! used up; what it handed out is valid until that next call.**
//!
//! - [`sse`], [`lines`] and [`elements`] cut a stream into fragments of event data, and say so in the words of [`frame`].
//! - [`json`] turns the bytes of a document, cut anywhere, into tokens.
//! - [`fields`] picks the values at given paths out of these tokens, so that a dialect reads like a table.

pub mod elements;
pub mod fields;
pub mod frame;
pub mod json;
pub mod lines;
pub mod sse;

#[cfg(test)]
pub(crate) mod cuts;
