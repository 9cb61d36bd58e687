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

use super::{
    datatype::Datatype,
    filler::{Description, Element, Filler},
    raw::RawReader,
    raws::{RawTensor, Raws},
    shape::Shape,
};
use crate::{
    prediction::{Columns, Event, Fault},
    wire::{
        grpc::{self, Step as Frame},
        json::Ending,
        name::Name,
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

/// Of a longer name only the beginning is kept; it is no name then that a configuration can have.
const NAME_BYTES_MAX: usize = 255;
const DATATYPE_BYTES_MAX: usize = 8;

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

/// What is known of the message so far.
#[derive(Debug)]
struct Tensors {
    message: Message,
    level: Level,
    open: OpenField,
    model: Name<NAME_BYTES_MAX>,
    version: Name<NAME_BYTES_MAX>,
    /// The model and its version are known, be it that they have no name.
    is_named: bool,
    /// How much of a name that must be the model's came, and whether it was the same.
    same: usize,
    is_other_model: bool,
    has_error: bool,
    has_tensors: bool,
    /// The message has raw contents of no tensor that was described before.
    has_surplus: bool,
    tensor: OpenTensor,
    name: Name<NAME_BYTES_MAX>,
    datatype: Name<DATATYPE_BYTES_MAX>,
    filler: Filler,
    raws: Raws,
    elements: RawReader,
}

/// Which message of the schema the innermost open one is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Level {
    /// A `ModelStreamInferResponse`.
    Stream,
    /// A `ModelInferRequest` or `ModelInferResponse`.
    Infer,
    Tensor,
    Contents,
}

/// Where the bytes of the field that began last belong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum OpenField {
    Nothing,
    Model,
    /// The name of a model in a message behind the first one.
    SameModel,
    Version,
    Name,
    Datatype,
    /// The raw bytes of a tensor.
    Raw,
    /// Packed numbers of a fixed size.
    Numbers,
    /// A text that is an element.
    Text,
}

/// A tensor so far.
#[derive(Clone, Copy, Debug)]
struct OpenTensor {
    shape: Option<Shape>,
    /// Once its contents have come.
    has_contents: bool,
}

impl OpenTensor {
    const NEW: OpenTensor = OpenTensor { shape: Some(Shape::EMPTY), has_contents: false };
}

/// What becomes of the field that begins.
enum Next {
    Read,
    Enter,
    Unpack,
    Skip,
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

// Fields of the schema, where their numbers are needed twice.
const CONTENTS_FP32: u32 = 6;
const CONTENTS_FP64: u32 = 7;

impl Tensors {
    fn new(message: Message) -> Tensors {
        Tensors {
            message,
            level: Level::of(message),
            open: OpenField::Nothing,
            model: Name::new(),
            version: Name::new(),
            is_named: message != Message::Request,
            same: 0,
            is_other_model: false,
            has_error: false,
            has_tensors: false,
            has_surplus: false,
            tensor: OpenTensor::NEW,
            name: Name::new(),
            datatype: Name::new(),
            filler: Filler::default(),
            raws: Raws::new(),
            elements: RawReader::new(),
        }
    }

    /// A field of so many bytes begins.
    fn start(
        &mut self,
        field: u32,
        length: u64,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        let raw_field = if self.message == Message::Request { 7 } else { 6 };
        self.open = OpenField::Nothing;
        match (self.level, field) {
            (Level::Stream, 1) => {
                self.has_error |= length != 0;
                Next::Skip
            }
            (Level::Stream, 2) => self.enter(Level::Infer),
            (Level::Infer, 1 | 2) if self.message != Message::Request => Next::Skip,
            (Level::Infer, 1) if self.is_named => {
                self.same = 0;
                self.read(OpenField::SameModel)
            }
            (Level::Infer, 1) => {
                self.model.clear();
                self.read(OpenField::Model)
            }
            (Level::Infer, 2) if !self.is_named => {
                self.version.clear();
                self.read(OpenField::Version)
            }
            (Level::Infer, 2..=4) => Next::Skip,
            (Level::Infer, 5) => {
                self.is_named = true;
                self.has_tensors = true;
                if self.is_other_model {
                    take(Event::Fault(Fault::ExtraColumn));
                    return Next::Skip;
                }
                self.tensor = OpenTensor::NEW;
                self.name.clear();
                self.datatype.clear();
                self.enter(Level::Tensor)
            }
            (Level::Infer, field) => {
                self.is_named = true;
                if field != raw_field || self.is_other_model {
                    Next::Skip
                } else if self.raws.begin(length, &mut self.filler, columns, take) {
                    self.read(OpenField::Raw)
                } else {
                    self.has_surplus |= !self.raws.has_more();
                    Next::Skip
                }
            }
            (Level::Tensor, 1) => self.read(OpenField::Name),
            (Level::Tensor, 2) => self.read(OpenField::Datatype),
            (Level::Tensor, 3) => Next::Unpack,
            (Level::Tensor, 5) if length != 0 && !self.tensor.has_contents => {
                self.tensor.has_contents = true;
                let description = self.describe(false, columns, take);
                if description.is_wanted() {
                    self.filler.begin(description, columns);
                    self.enter(Level::Contents)
                } else {
                    // An element takes a byte at least.
                    self.filler.pass(description, length, take);
                    Next::Skip
                }
            }
            (Level::Contents, 1..=5) => Next::Unpack,
            (Level::Contents, CONTENTS_FP32) => self.read_numbers(Datatype::Single, length),
            (Level::Contents, CONTENTS_FP64) => self.read_numbers(Datatype::Double, length),
            (Level::Contents, 8) => {
                self.elements.begin_text(length, &self.filler, columns);
                self.read(OpenField::Text)
            }
            _ => Next::Skip,
        }
    }

    fn number(
        &mut self,
        field: u32,
        value: u64,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        let datatype = match (self.level, field) {
            (Level::Tensor, 3) => {
                let shape = self.tensor.shape;
                self.tensor.shape = shape.and_then(|shape| shape.with(value.cast_signed()));
                return;
            }
            (Level::Contents, 1) => Datatype::Bool,
            (Level::Contents, 2) => Datatype::Signed(4),
            (Level::Contents, 3) => Datatype::Signed(8),
            (Level::Contents, 4) => Datatype::Unsigned(4),
            (Level::Contents, 5) => Datatype::Unsigned(8),
            _ => return,
        };
        self.element(datatype, value, columns, take);
    }

    fn element(
        &mut self,
        datatype: Datatype,
        bits: u64,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        if self.level == Level::Contents {
            self.filler.element(Element::Cell(datatype.cell(bits)), columns, take);
        }
    }

    fn data(&mut self, run: &[u8], columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        match self.open {
            OpenField::Nothing => {}
            OpenField::Model => self.model.push(run),
            OpenField::SameModel => {
                let expected = self.model.as_bytes().get(self.same..).unwrap_or_default();
                self.is_other_model |= !expected.starts_with(run);
                self.same = self.same.saturating_add(run.len());
            }
            OpenField::Version => self.version.push(run),
            OpenField::Name => self.name.push(run),
            OpenField::Datatype => self.datatype.push(run),
            OpenField::Raw => self.raws.read(run, &mut self.filler, columns, take),
            OpenField::Numbers => self.elements.read(run, &mut self.filler, columns, take),
            OpenField::Text => {
                self.elements.read_text(&mut { run }, &mut self.filler, columns, take);
            }
        }
    }

    /// The field that began last is over.
    fn end_field(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        match core::mem::replace(&mut self.open, OpenField::Nothing) {
            OpenField::SameModel => {
                self.is_other_model |= self.same != self.model.as_bytes().len();
            }
            OpenField::Raw => self.raws.end(false, &mut self.filler, take),
            OpenField::Numbers => self.elements.end(&mut self.filler, take),
            // An empty one had no data.
            OpenField::Text => {
                self.elements.read_text(&mut &[][..], &mut self.filler, columns, take);
            }
            _ => {}
        }
    }

    /// The innermost message is over.
    fn end_level(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        self.level = match self.level {
            Level::Contents => {
                self.filler.end(false, take);
                Level::Tensor
            }
            Level::Tensor => {
                if !self.tensor.has_contents {
                    let description = self.describe(self.raws.is_full(), columns, take);
                    let datatype = Datatype::of(self.datatype.as_bytes());
                    let description = Some(description);
                    self.raws.push(RawTensor { description, datatype, bytes: 0 });
                }
                Level::Infer
            }
            Level::Infer | Level::Stream => Level::Stream,
        };
    }

    /// The outermost message is over, or broke off.
    fn end_message(&mut self, is_cut: bool, take: &mut impl FnMut(Event<'_>)) {
        if self.level == Level::Contents {
            self.elements.end(&mut self.filler, take);
            self.filler.end(is_cut, take);
        }
        self.raws.close(&mut self.filler, take);
        if core::mem::take(&mut self.has_surplus) {
            take(Event::Fault(Fault::WrongShape));
        }
        self.filler.end_body(take);
        self.is_named = true;
        self.level = Level::of(self.message);
        self.open = OpenField::Nothing;
        self.is_other_model = false;
    }

    fn describe(
        &mut self,
        is_unknown: bool,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Description {
        let found = columns.tensor(self.name.as_bytes(), self.filler.ordinal());
        self.filler.describe(found.filter(|_| !is_unknown), self.tensor.shape, take)
    }

    fn enter(&mut self, level: Level) -> Next {
        self.level = level;
        Next::Enter
    }

    fn read(&mut self, open: OpenField) -> Next {
        self.open = open;
        Next::Read
    }

    /// Packed numbers of a fixed size lie as they do in raw contents.
    fn read_numbers(&mut self, datatype: Datatype, length: u64) -> Next {
        self.elements.begin(datatype, length);
        self.read(OpenField::Numbers)
    }
}

impl Level {
    /// That of the outermost message.
    const fn of(message: Message) -> Level {
        match message {
            Message::Request | Message::Response => Level::Infer,
            Message::StreamResponse => Level::Stream,
        }
    }
}
