//! The reader of one body with rows, whatever its format; it counts nothing.

use alloc::boxed::Box;

use super::{
    Event, Sink,
    csv::{CsvReader, Header, Record},
    document::{DocumentReader, Table},
    jsonlines::LinesReader,
    tensors::{GrpcReader, Message, RestReader},
};
use driftline_wire::{
    encoding::{self, Encoding, Faults, MemoryBudget, Messages},
    json::JsonEnd,
};

/// The format of a body, and where its rows stand.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// One JSON document.
    Document(&'static Table),
    /// A JSON document per line.
    Lines(&'static Table),
    /// CSV.
    Csv(Header, Record),
    /// Tensors of the Open Inference Protocol, in a JSON document and as raw bytes behind it.
    Tensors {
        /// The member of the document that holds them.
        member: &'static [u8],
        /// How long the document is, if raw bytes come behind it.
        document_bytes: Option<u64>,
    },
    /// The same over gRPC.
    Messages {
        /// Which message.
        message: Message,
        /// How those are coded that are compressed.
        encoding: Encoding,
    },
}

/// Reads one body of an exchange with a model that predicts.
#[derive(Debug)]
pub enum Reader {
    /// One JSON document.
    Document(Box<DocumentReader>),
    /// A JSON document per line.
    Lines(Box<LinesReader>),
    /// CSV.
    Csv(Box<CsvReader>),
    /// Tensors in a JSON document and behind it.
    Tensors(Box<RestReader>),
    /// Tensors over gRPC.
    Messages(Box<GrpcReader>),
}

/// Bytes of the largest reader, but for what it holds of names: 4 for each column.
#[allow(clippy::indexing_slicing, reason = "the compiler evaluates it")]
pub(super) const BYTES_MAX: usize = {
    let sizes = [
        size_of::<DocumentReader>(),
        size_of::<LinesReader>(),
        size_of::<CsvReader>() + size_of::<csv_core::Reader>(),
        size_of::<RestReader>(),
        size_of::<GrpcReader>(),
    ];
    let (mut largest, mut at) = (0, 0);
    while at < sizes.len() {
        if largest < sizes[at] {
            largest = sizes[at];
        }
        at += 1;
    }
    largest
};

impl Form {
    /// This form, as the parameters of a content type have it: `header` says whether CSV has names (RFC 7111).
    pub fn with_parameters(self, content_type: &[u8]) -> Form {
        let Form::Csv(header, record) = self else { return self };
        let mut parameters = content_type.split(|&byte| byte == b';').skip(1);
        let said = parameters.find_map(|parameter| {
            let parameter = parameter.trim_ascii();
            let is = |text: &[u8]| parameter.eq_ignore_ascii_case(text);
            if is(b"header=present") {
                Some(Header::Present)
            } else {
                is(b"header=absent").then_some(Header::Absent)
            }
        });
        Form::Csv(said.unwrap_or(header), record)
    }

    /// Messages over gRPC.
    pub const fn messages(message: Message) -> Form {
        Form::Messages { message, encoding: Encoding::None }
    }

    /// This form, as a call's head has it: so are messages coded that are compressed.
    pub fn with_message_encoding(self, encoding: Encoding) -> Form {
        match self {
            Form::Messages { message, .. } => Form::Messages { message, encoding },
            _ => self,
        }
    }

    /// This form, as the header `inference-header-content-length` has it: so long is a document with raw bytes behind it.
    ///
    /// A length that is no number is none, and the body then broken.
    pub fn with_document_length(self, header: Option<&[u8]>) -> Form {
        match self {
            Form::Tensors { member, .. } => {
                let length = header.map(|text| {
                    str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
                });
                Form::Tensors { member, document_bytes: length }
            }
            _ => self,
        }
    }
}

impl Reader {
    /// A reader of bodies of this form. Decoders of what is compressed within them take their memory from `room`, as does
    /// what must be held until it is known what it is, which may have `held_bytes_max`.
    pub fn new(form: Form, room: &MemoryBudget, held_bytes_max: u64) -> Reader {
        match form {
            Form::Document(table) => Reader::Document(Box::new(DocumentReader::new(table))),
            Form::Lines(table) => Reader::Lines(Box::new(LinesReader::new(table))),
            Form::Csv(header, record) => Reader::Csv(Box::new(CsvReader::new(header, record))),
            Form::Tensors { member, document_bytes } => {
                let held_bytes_max = usize::try_from(held_bytes_max).unwrap_or(usize::MAX);
                let reader = RestReader::new(member, document_bytes, held_bytes_max, room);
                Reader::Tensors(Box::new(reader))
            }
            Form::Messages { message, encoding } => {
                Reader::Messages(Box::new(GrpcReader::new(message, encoding, room)))
            }
        }
    }

    /// Takes the next piece of the body; tells `sink` everything that it completes.
    pub fn read<'c>(&mut self, bytes: &[u8], sink: &mut impl Sink<'c>) {
        if let Reader::Messages(messages) = self {
            return messages.read(bytes, sink);
        }
        let columns = sink.columns();
        let take = &mut |event: Event<'_>| sink.take(event);
        match self {
            Reader::Document(document) => document.read(bytes, columns, take),
            Reader::Lines(lines) => lines.read(bytes, columns, take),
            Reader::Csv(csv) => csv.read(bytes, columns, take),
            Reader::Tensors(tensors) => tensors.read(bytes, columns, take),
            Reader::Messages(_) => {}
        }
    }

    /// Ends the body: what only its end tells is reported.
    pub fn finish<'c>(&mut self, sink: &mut impl Sink<'c>) -> JsonEnd {
        let columns = sink.columns();
        let take = &mut |event: Event<'_>| sink.take(event);
        match self {
            Reader::Document(document) => document.finish(columns, take),
            Reader::Lines(lines) => lines.finish(columns, take),
            Reader::Csv(csv) => csv.finish(columns, take),
            Reader::Tensors(tensors) => tensors.finish(columns, take),
            Reader::Messages(messages) => messages.finish(sink),
        }
    }

    /// Whether a place that holds rows came by, be it empty.
    pub fn has_rows(&self) -> bool {
        match self {
            Reader::Document(document) => document.has_rows(),
            Reader::Lines(lines) => lines.has_rows(),
            Reader::Csv(csv) => csv.has_rows(),
            Reader::Tensors(tensors) => tensors.has_rows(),
            Reader::Messages(messages) => messages.has_rows(),
        }
    }

    /// Whether the body is whole at several places, so that only its end tells that it is over.
    pub fn is_open_ended(&self) -> bool {
        match self {
            Reader::Document(_) | Reader::Tensors(_) => false,
            Reader::Lines(_) | Reader::Csv(_) => true,
            Reader::Messages(messages) => messages.is_stream(),
        }
    }

    /// Whether the body says an error in place of an answer.
    pub fn has_error(&self) -> bool {
        match self {
            Reader::Messages(messages) => messages.has_error(),
            _ => false,
        }
    }

    /// How many parts of the body had to be held, and were too long for that.
    pub fn too_large(&self) -> u64 {
        match self {
            Reader::Tensors(tensors) => tensors.too_large(),
            _ => 0,
        }
    }

    /// Why parts of the body were not decoded or, for lack of room, not held.
    pub fn faults(&self) -> Faults {
        match self {
            Reader::Tensors(tensors) if tensors.lacked_room() => {
                let mut faults = Faults::default();
                faults.extend([encoding::Fault::NoRoom]);
                faults
            }
            Reader::Messages(messages) => messages.compressed().faults(),
            _ => Faults::default(),
        }
    }

    /// What became of messages that were compressed each for itself, in a form that has such.
    pub fn compressed(&self) -> Option<&Messages> {
        match self {
            Reader::Messages(messages) => Some(messages.compressed()),
            _ => None,
        }
    }
}
