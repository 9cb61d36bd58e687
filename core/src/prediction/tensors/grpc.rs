//! The Open Inference Protocol over gRPC: messages with typed contents, or with raw ones behind all descriptions.
//! No element is kept, and no compressed message is read.
//!
//! Follows `grpc_service.proto` of Triton and KServe: `ModelInferRequest`, `ModelInferResponse`, and Triton's
//! `ModelStreamInferResponse`, which may say an error in a stream whose status is good. A call may have many messages;
//! their rows are counted on.
//!
//! The model is named in the message. [`GrpcReader::read_name`] reads no further than needed to know it, so that columns
//! can be looked up before the first tensor:
//!
//! ```text
//! let rest = reader.read_name(bytes);
//! if let Some((model, version)) = reader.named() { /* once: look up `columns` */ }
//! reader.read(rest, columns, take);
//! ```

mod message;

use self::message::{CONTENTS_FP32, CONTENTS_FP64, Next, Tensors};
use super::datatype::Datatype;
use crate::{
    prediction::{Columns, Event},
    wire::{
        grpc::{self, Step as Frame},
        json::Ending,
        protobuf::{self, Step},
    },
};

/// Which message a body is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Message {
    /// `ModelInferRequest`, of either call.
    Request,
    /// `ModelInferResponse`.
    Response,
    /// `ModelStreamInferResponse`.
    StreamResponse,
}

/// Reads the tensors of a body.
#[derive(Debug)]
pub(crate) struct GrpcReader {
    message: Message,
    frames: grpc::Reader,
    fields: protobuf::Reader,
    tensors: Tensors,
    has_bytes: bool,
    has_compressed: bool,
    is_malformed: bool,
}

impl GrpcReader {
    /// A reader at the start of a body.
    pub(crate) fn new(message: Message) -> GrpcReader {
        GrpcReader {
            message,
            frames: grpc::Reader::new(),
            fields: protobuf::Reader::new(),
            tensors: Tensors::new(message),
            has_bytes: false,
            has_compressed: false,
            is_malformed: false,
        }
    }

    /// Reads until the model is named, or it is clear that it is not; gives back the bytes behind that. Once that is
    /// known, and in a response, nothing is read.
    pub(crate) fn read_name<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        // Up to there no column is looked for, and nothing found.
        self.drive(bytes, true, &Columns::default(), &mut |_| ())
    }

    /// The names of the model and its version as they came, empty if the message has none; `None` until that is known.
    pub(crate) fn named(&self) -> Option<(&[u8], &[u8])> {
        let Tensors { model, version, is_named, .. } = &self.tensors;
        is_named.then(|| (model.as_bytes(), version.as_bytes()))
    }

    /// Takes the next piece of the body; calls `take` with everything it completes.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        self.drive(bytes, false, columns, take);
    }

    /// Ends the body: the rows of a message that broke off are reported.
    pub(crate) fn finish(
        &mut self,
        _columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Ending {
        self.tensors.end_message(true, take);
        if self.frames.is_lost() || self.is_malformed {
            Ending::Malformed
        } else if self.frames.is_open() {
            Ending::Incomplete
        } else if self.has_bytes {
            Ending::Complete
        } else {
            Ending::Empty
        }
    }

    /// Whether a tensor came by.
    pub(crate) fn has_rows(&self) -> bool {
        self.tensors.has_tensors
    }

    /// Whether any number of messages may come.
    pub(crate) fn is_stream(&self) -> bool {
        self.message == Message::StreamResponse
    }

    /// Whether a message in a stream said an error.
    pub(crate) fn has_error(&self) -> bool {
        self.tensors.has_error
    }

    /// Whether a message was compressed, and passed unread.
    pub(crate) fn has_compressed(&self) -> bool {
        self.has_compressed
    }

    fn drive<'b>(
        &mut self,
        bytes: &'b [u8],
        to_name: bool,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> &'b [u8] {
        self.has_bytes |= !bytes.is_empty();
        let mut rest = bytes;
        loop {
            if to_name && self.tensors.is_named {
                return rest;
            }
            let mut frames = self.frames.clone();
            let progress = frames.next(rest);
            let consumed = progress.consumed;
            match progress.step {
                Frame::InputEmpty => {
                    self.frames = frames;
                    return &[];
                }
                Frame::EventBroken => {}
                Frame::EventEnd => self.end_frame(take),
                Frame::Data(_) if frames.is_compressed() => self.has_compressed = true,
                Frame::Data(fragment) => {
                    let left = self.drive_fields(fragment, to_name, columns, take);
                    if left != 0 {
                        // The name is known amid this fragment: what lies behind it is given back, and its frame with
                        // it, which is told again how much of it came.
                        let read = consumed.saturating_sub(left);
                        self.frames.next(rest.get(..read).unwrap_or_default());
                        return rest.get(read..).unwrap_or_default();
                    }
                }
            }
            self.frames = frames;
            rest = rest.get(consumed..).unwrap_or_default();
        }
    }

    /// Reads a fragment of a message; says how many bytes of it were not read because the name is known.
    fn drive_fields(
        &mut self,
        mut bytes: &[u8],
        to_name: bool,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> usize {
        loop {
            if to_name && self.tensors.is_named {
                return bytes.len();
            }
            let progress = self.fields.next(bytes);
            bytes = bytes.get(progress.consumed..).unwrap_or_default();
            match progress.step {
                Step::InputEmpty => return 0,
                Step::Broken => self.is_malformed = true,
                Step::Start { field, length } => {
                    match self.tensors.start(field, length, columns, take) {
                        Next::Read => {}
                        Next::Enter => self.fields.enter(),
                        Next::Unpack => self.fields.unpack(),
                        Next::Skip => self.fields.skip(),
                    }
                }
                Step::Number { field, value } => self.tensors.number(field, value, columns, take),
                Step::Fixed32 { field: CONTENTS_FP32, bits } => {
                    self.tensors.element(Datatype::Single, u64::from(bits), columns, take);
                }
                Step::Fixed64 { field: CONTENTS_FP64, bits } => {
                    self.tensors.element(Datatype::Double, bits, columns, take);
                }
                Step::Fixed32 { .. } | Step::Fixed64 { .. } => {}
                Step::Data(run) => self.tensors.data(run, columns, take),
                Step::End => self.tensors.end_field(columns, take),
                Step::MessageEnd => self.tensors.end_level(columns, take),
            }
        }
    }

    fn end_frame(&mut self, take: &mut impl FnMut(Event<'_>)) {
        let is_cut = !self.fields.is_whole();
        if !self.frames.is_compressed() {
            // What broke off within its frame is no message, whatever might follow.
            self.is_malformed |= is_cut;
            self.tensors.end_message(is_cut, take);
        }
        self.fields = protobuf::Reader::new();
    }
}
