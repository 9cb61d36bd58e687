//! Readers of tensors: the Open Inference Protocol, version 2, as JSON, with raw bytes behind it, and as gRPC.
//! No row is kept.
//!
//! A column is looked for in a tensor, at an index of its rows: see [`Columns`](super::Columns). What is honest where a
//! body is not what it says:
//!
//! - A shape that is not that of the data, or not that of the other tensors' rows, is one fault per tensor; the elements
//!   that are there count where the shape puts them.
//! - Data that comes before the tensor's name or shape is held until the tensor is over, because nobody can say what it is
//!   before; if it is too long for that, it passes unread, which is a wrong shape.
//! - A tensor whose data is elsewhere, such as in shared memory, has none here, which is a wrong shape.
//! - Rows are those of which something came: a shape alone, which is some bytes, makes no rows, and neither does the
//!   length of what did not come, be the tensor one that nobody looks for.

mod datatype;
mod filler;
mod grpc;
mod passing;
mod raw;
mod raws;
mod rest;
mod shape;
#[cfg(test)]
mod tests;

pub(super) use self::{
    grpc::{GrpcReader, Message},
    rest::RestReader,
};

/// So many tensors of a body whose raw bytes come behind all descriptions are known; the bytes of further ones pass
/// unread. Takes up to 72 bytes each.
pub(super) const TENSORS_MAX: usize = 64;
