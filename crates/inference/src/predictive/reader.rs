//! The reader of one body with rows, whatever its format; it counts nothing.

use alloc::boxed::Box;

use super::{
    Event, Sink,
    csv::{CsvReader, Header, Record},
    document::{DocumentReader, RowPath, Table},
    jsonlines::LinesReader,
    tensors::{GrpcReader, Message, RestReader},
};
use driftline_wire::{
    encoding::{Encoding, Fault, Faults, MemoryBudget, Messages},
    json::JsonEnd,
};

/// The format of a body, and where its rows are.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// One JSON document.
    Document(&'static Table),
    /// A JSON document per line.
    Lines(&'static Table),
    /// CSV.
    Csv(Header, Record),
    /// Tensors of the Open Inference Protocol, in a JSON document and as raw bytes after it.
    Tensors {
        /// The member of the document that holds them.
        member: &'static [u8],
        /// How long the document is, if raw bytes follow it.
        document_bytes: Option<u64>,
    },
    /// The same over gRPC.
    Messages {
        /// Which message.
        message: Message,
        /// The encoding of compressed messages.
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
    /// Tensors in a JSON document and after it.
    Tensors(Box<RestReader>),
    /// Tensors over gRPC.
    Messages(Box<GrpcReader>),
}

/// Bytes of the largest reader, without names: 4 for each column.
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
    /// This form with the parameters of a content type: `header` says whether CSV has names (RFC 7111).
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

    /// This form with the encoding of compressed messages that a call's head names.
    pub fn with_message_encoding(self, encoding: Encoding) -> Form {
        match self {
            Form::Messages { message, .. } => Form::Messages { message, encoding },
            _ => self,
        }
    }

    /// This form with the length of a document that raw bytes follow, from the header
    /// `inference-header-content-length`.
    ///
    /// A length that is not a number is 0, and the body then malformed.
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
    /// A reader of bodies of this form. Decoders of compressed messages take their memory from `room`. So does data
    /// that is held until its tensor is known, which may have `held_bytes_max`.
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

    /// Looks for rows at this path of documents.
    pub fn look_at(&mut self, path: &RowPath) {
        match self {
            Reader::Document(document) => document.look_at(path),
            Reader::Lines(lines) => lines.look_at(path),
            Reader::Csv(_) | Reader::Tensors(_) | Reader::Messages(_) => {}
        }
    }

    /// Takes the next piece of the body; gives `sink` everything that it completes.
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

    /// Ends the body, and reports what only its end decides.
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

    /// Whether a place for rows came, even an empty one.
    pub fn has_rows(&self) -> bool {
        match self {
            Reader::Document(document) => document.has_rows(),
            Reader::Lines(lines) => lines.has_rows(),
            Reader::Csv(csv) => csv.has_rows(),
            Reader::Tensors(tensors) => tensors.has_rows(),
            Reader::Messages(messages) => messages.has_rows(),
        }
    }

    /// Whether the body could end at several places, so that only its end says that it is whole.
    pub fn is_open_ended(&self) -> bool {
        match self {
            Reader::Document(_) | Reader::Tensors(_) => false,
            Reader::Lines(_) | Reader::Csv(_) => true,
            Reader::Messages(messages) => messages.is_stream(),
        }
    }

    /// Whether the body has an error in place of an answer.
    pub fn has_error(&self) -> bool {
        match self {
            Reader::Messages(messages) => messages.has_error(),
            _ => false,
        }
    }

    /// How many parts of the body had to be held and were too long.
    pub fn too_large(&self) -> u64 {
        match self {
            Reader::Tensors(tensors) => tensors.too_large(),
            _ => 0,
        }
    }

    /// Why parts of the body were not decoded, or not held for lack of memory.
    pub fn faults(&self) -> Faults {
        match self {
            Reader::Tensors(tensors) if tensors.lacked_room() => Fault::NoRoom.into(),
            Reader::Messages(messages) => messages.compressed().faults(),
            _ => Faults::default(),
        }
    }

    /// What became of messages that were compressed separately, in a form that has such messages.
    pub fn compressed(&self) -> Option<&Messages> {
        match self {
            Reader::Messages(messages) => Some(messages.compressed()),
            _ => None,
        }
    }
}
