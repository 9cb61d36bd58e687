//! The reader of one body with rows, whatever its format; it counts nothing.

use alloc::boxed::Box;

use super::{
    Columns, Event,
    csv::{CsvReader, Header, Record},
    document::{DocumentReader, Table},
    jsonlines::LinesReader,
    tensors::{GrpcReader, Message, RestReader},
};
use crate::wire::json::Ending;

/// The format of a body, and where its rows stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
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
    Messages(Message),
}

/// Reads one body of an exchange with a model that predicts.
#[derive(Debug)]
pub(crate) enum Reader {
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

impl Form {
    /// This form, as the parameters of a content type have it: `header` says whether CSV has names (RFC 7111).
    pub(crate) fn with_parameters(self, content_type: &[u8]) -> Form {
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

    /// This form, as the header `inference-header-content-length` has it: so long is a document with raw bytes behind it.
    ///
    /// A length that is no number is none, and the body then broken.
    pub(crate) fn with_document_length(self, header: Option<&[u8]>) -> Form {
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
    /// A reader of bodies of this form.
    pub(crate) fn new(form: Form) -> Reader {
        match form {
            Form::Document(table) => Reader::Document(Box::new(DocumentReader::new(table))),
            Form::Lines(table) => Reader::Lines(Box::new(LinesReader::new(table))),
            Form::Csv(header, record) => Reader::Csv(Box::new(CsvReader::new(header, record))),
            Form::Tensors { member, document_bytes } => {
                Reader::Tensors(Box::new(RestReader::new(member, document_bytes)))
            }
            Form::Messages(message) => Reader::Messages(Box::new(GrpcReader::new(message))),
        }
    }

    /// Takes the next piece of the body; calls `take` with everything it completes.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        match self {
            Reader::Document(document) => document.read(bytes, columns, take),
            Reader::Lines(lines) => lines.read(bytes, columns, take),
            Reader::Csv(csv) => csv.read(bytes, columns, take),
            Reader::Tensors(tensors) => tensors.read(bytes, columns, take),
            Reader::Messages(messages) => messages.read(bytes, columns, take),
        }
    }

    /// Ends the body: what only its end tells is reported.
    pub(crate) fn finish(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) -> Ending {
        match self {
            Reader::Document(document) => document.finish(columns, take),
            Reader::Lines(lines) => lines.finish(columns, take),
            Reader::Csv(csv) => csv.finish(columns, take),
            Reader::Tensors(tensors) => tensors.finish(columns, take),
            Reader::Messages(messages) => messages.finish(columns, take),
        }
    }

    /// Whether a place that holds rows came by, be it empty.
    pub(crate) fn has_rows(&self) -> bool {
        match self {
            Reader::Document(document) => document.has_rows(),
            Reader::Lines(lines) => lines.has_rows(),
            Reader::Csv(csv) => csv.has_rows(),
            Reader::Tensors(tensors) => tensors.has_rows(),
            Reader::Messages(messages) => messages.has_rows(),
        }
    }

    /// Reads no further than to where the body names its model, if it is of a form that does; gives back the bytes behind
    /// that, which are all where the form does not, or the name is known.
    pub(crate) fn read_name<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        match self {
            Reader::Messages(messages) => messages.read_name(bytes),
            _ => bytes,
        }
    }

    /// The model and its version that the body names, empty where it leaves one out; `None` until that is known, and in a
    /// form that names none.
    pub(crate) fn named(&self) -> Option<(&[u8], &[u8])> {
        match self {
            Reader::Messages(messages) => messages.named(),
            _ => None,
        }
    }

    /// Whether the body says an error in place of an answer.
    pub(crate) fn has_error(&self) -> bool {
        match self {
            Reader::Messages(messages) => messages.has_error(),
            _ => false,
        }
    }

    /// Whether a part of the body was compressed within it, and passed unread.
    pub(crate) fn has_compressed(&self) -> bool {
        match self {
            Reader::Messages(messages) => messages.has_compressed(),
            _ => false,
        }
    }
}
