//! The Open Inference Protocol over gRPC: messages with typed contents, or with raw ones behind all descriptions.
//! No element is kept.
//!
//! Follows `grpc_service.proto` of Triton and KServe: `ModelInferRequest`, `ModelInferResponse`, and Triton's
//! `ModelStreamInferResponse`, which may say an error in a stream whose status is good. A call may have many messages;
//! their rows are counted on. Each may be compressed for itself, in the coding that the call's head names.
//!
//! A request is named in its first message: the [`Sink`] is told once that is known, and asked for columns behind it.

mod content;
mod message;

use self::content::Content;
use crate::predictive::Sink;
use driftline_wire::{
    encoding::{Encoding, MemoryBudget, Messages},
    grpc::{self, Step},
    json::JsonEnd,
};

/// Which message a body is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message {
    /// `ModelInferRequest`, of either call.
    Request,
    /// `ModelInferResponse`.
    Response,
    /// `ModelStreamInferResponse`.
    StreamResponse,
}

/// Reads the tensors of a body.
#[derive(Debug)]
pub struct GrpcReader {
    frames: grpc::Reader,
    compressed: Messages,
    content: Content,
    has_bytes: bool,
}

impl GrpcReader {
    /// A reader at the start of a body; `encoding` is what its head says about messages that are compressed.
    pub fn new(message: Message, encoding: Encoding, room: &MemoryBudget) -> GrpcReader {
        GrpcReader {
            frames: grpc::Reader::new(),
            compressed: Messages::new(encoding, room),
            content: Content::new(message),
            has_bytes: false,
        }
    }

    /// Takes the next piece of the body; tells `sink` everything that it completes.
    pub fn read<'c>(&mut self, mut bytes: &[u8], sink: &mut impl Sink<'c>) {
        self.has_bytes |= !bytes.is_empty();
        let GrpcReader { frames, compressed, content, .. } = self;
        loop {
            let progress = frames.next(bytes);
            bytes = bytes.get(progress.consumed..).unwrap_or_default();
            // Compressed in no coding: its end says that it is no message.
            let is_void = frames.is_compressed() && !compressed.may_come();
            match progress.step {
                Step::InputEmpty => return,
                Step::EventBroken => {}
                Step::Data(_) if is_void => {}
                Step::Data(fragment) if frames.is_compressed() => {
                    compressed.read(fragment, |piece| content.read(piece, sink));
                }
                Step::Data(fragment) => content.read(fragment, sink),
                Step::EventEnd if is_void => content.end_malformed(sink),
                Step::EventEnd => {
                    let is_read = !frames.is_compressed() || compressed.end();
                    content.end(is_read, sink);
                }
            }
        }
    }

    /// Ends the body: the rows of a message that broke off are reported.
    pub fn finish<'c>(&mut self, sink: &mut impl Sink<'c>) -> JsonEnd {
        self.content.finish(sink);
        if self.frames.is_lost() || self.content.is_malformed() {
            JsonEnd::Malformed
        } else if self.frames.is_open() {
            JsonEnd::Incomplete
        } else if self.has_bytes {
            JsonEnd::Complete
        } else {
            JsonEnd::Empty
        }
    }

    /// Whether a tensor came by.
    pub fn has_rows(&self) -> bool {
        self.content.has_tensors()
    }

    /// Whether any number of messages may come.
    pub fn is_stream(&self) -> bool {
        self.content.is_stream()
    }

    /// Whether a message in a stream said an error.
    pub fn has_error(&self) -> bool {
        self.content.has_error()
    }

    /// What became of the messages that were compressed.
    pub fn compressed(&self) -> &Messages {
        &self.compressed
    }
}
