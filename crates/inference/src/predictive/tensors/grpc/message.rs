//! What is known of the messages of the protocol, field by field; it knows no frames.

use super::Message;
use crate::predictive::{
    Columns, Event, Fault, Sink,
    columns::FoundTensor,
    tensors::{
        datatype::Datatype,
        filler::{Description, Element, Filler},
        passing::Passing,
        raw::RawReader,
        raws::{RawTensor, Raws},
        shape::Shape,
    },
};
use driftline_wire::name::Name;

/// What is known of the message so far.
#[derive(Debug)]
pub(super) struct Tensors {
    message: Message,
    level: Level,
    open: OpenField,
    model: Name<NAME_BYTES_MAX>,
    version: Name<NAME_BYTES_MAX>,
    /// The names of the model and its version were given to the sink, or do not matter.
    is_named: bool,
    /// How many bytes came of a name that must be the model's again.
    same: usize,
    is_other_model: bool,
    pub(super) has_error: bool,
    pub(super) has_tensors: bool,
    /// The message has raw contents of a tensor that was not described before.
    has_surplus: bool,
    tensor: OpenTensor,
    name: Name<NAME_BYTES_MAX>,
    datatype: Name<DATATYPE_BYTES_MAX>,
    filler: Filler,
    raws: Raws,
    elements: RawReader,
    /// Contents that pass unread.
    passing: Option<Passing>,
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
    /// The name of a model in a message after the first one.
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
    /// Contents that no column looks for.
    Passing,
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
pub(super) enum Next {
    Read,
    Enter,
    Unpack,
    Skip,
}

/// Only the beginning of a longer name is kept. No configuration has a name of that length.
const NAME_BYTES_MAX: usize = 255;
const DATATYPE_BYTES_MAX: usize = 8;

// Fields of the schema, where their numbers are needed twice.
pub(super) const CONTENTS_FP32: u32 = 6;
pub(super) const CONTENTS_FP64: u32 = 7;

impl Tensors {
    pub(super) fn new(message: Message) -> Tensors {
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
            passing: None,
        }
    }

    /// Whether the field that begins comes after the names of the model and its version, which were not reported yet.
    pub(super) fn is_after_the_name(&self, field: u32) -> bool {
        !self.is_named && self.level == Level::Infer && !matches!(field, 1..=4)
    }

    /// Reports the names of the model and its version as they came, once. Names in a response do not matter.
    pub(super) fn report_name<'c>(&mut self, sink: &mut impl Sink<'c>) {
        if !core::mem::replace(&mut self.is_named, true) {
            sink.named(self.model.as_bytes(), self.version.as_bytes());
        }
    }

    /// A field of this many bytes begins.
    pub(super) fn start(
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
            (Level::Infer, 5) => self.start_tensor(take),
            (Level::Infer, field) if field == raw_field && !self.is_other_model => {
                if self.raws.begin(length, &mut self.filler, columns, take) {
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
                self.start_contents(columns, take)
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

    fn start_tensor(&mut self, take: &mut impl FnMut(Event<'_>)) -> Next {
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

    fn start_contents(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) -> Next {
        self.tensor.has_contents = true;
        let description = self.describe(false, columns, take);
        if description.is_wanted() {
            self.filler.begin(description, columns);
            self.enter(Level::Contents)
        } else {
            // An element takes at least one byte.
            self.passing = Some(Passing::new(description, 1));
            self.read(OpenField::Passing)
        }
    }

    pub(super) fn number(
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

    pub(super) fn element(
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

    pub(super) fn data(&mut self, run: &[u8], columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
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
            OpenField::Passing => {
                if let Some(passing) = &mut self.passing {
                    passing.count(run);
                }
            }
        }
    }

    /// The field that began last is over.
    pub(super) fn end_field(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
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
            OpenField::Passing => self.end_passing(take),
            _ => {}
        }
    }

    /// The innermost message is over.
    pub(super) fn end_level(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
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

    /// The outermost message is over, or broke off. Names that were not reported are forgotten.
    pub(super) fn end_message(&mut self, is_cut: bool, take: &mut impl FnMut(Event<'_>)) {
        if self.level == Level::Contents {
            self.elements.end(&mut self.filler, take);
            self.filler.end(is_cut, take);
        }
        self.end_passing(take);
        self.raws.close(&mut self.filler, take);
        if core::mem::take(&mut self.has_surplus) {
            take(Event::Fault(Fault::WrongShape));
        }
        self.filler.end_body(take);
        if !self.is_named {
            self.model.clear();
            self.version.clear();
        }
        self.level = Level::of(self.message);
        self.open = OpenField::Nothing;
        self.is_other_model = false;
    }

    fn end_passing(&mut self, take: &mut impl FnMut(Event<'_>)) {
        if let Some(passing) = self.passing.take() {
            passing.end(&mut self.filler, take);
        }
    }

    fn describe(
        &mut self,
        is_unknown: bool,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Description {
        let found = columns.find_tensor(self.name.as_bytes(), self.filler.ordinal());
        let found = if is_unknown { FoundTensor::Extra } else { found };
        self.filler.describe(found, self.tensor.shape, take)
    }

    fn enter(&mut self, level: Level) -> Next {
        self.level = level;
        Next::Enter
    }

    fn read(&mut self, open: OpenField) -> Next {
        self.open = open;
        Next::Read
    }

    /// Packed numbers of a fixed size have the layout of raw contents.
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
