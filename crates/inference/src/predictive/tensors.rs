//! Readers of tensors: the Open Inference Protocol, version 2, as JSON, with raw bytes after it, and as gRPC.
//! No row is kept.
//!
//! A column is looked for in a tensor, at an index of its rows: see [`Columns`](super::Columns). A body that
//! contradicts itself is read as follows:
//!
//! - A shape that is not that of the data, or not that of the other tensors' rows, is one fault per tensor. The
//!   elements that came count where the shape puts them.
//! - Data that comes before the tensor's name or shape is held until the tensor is over. If it is too long for that, it
//!   passes unread, which is a wrong shape.
//! - A tensor whose data is elsewhere, such as in shared memory, has no data here, which is a wrong shape.
//! - Only rows of which some bytes came count. A shape alone makes no rows, and neither does a length whose bytes did
//!   not come, whether or not a column looks for the tensor.

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

/// The most tensors of a body that are known before their raw bytes come; the bytes of further ones pass unread. Takes
/// up to 72 bytes each.
pub(super) const TENSORS_MAX: usize = 64;
