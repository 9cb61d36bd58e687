//! The reader of one body with rows, whatever its format; it counts nothing.

use alloc::boxed::Box;

use super::{
    Columns, Event,
    csv::{CsvReader, Header, Record},
    document::{DocumentReader, Table},
    jsonlines::LinesReader,
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
}

impl Reader {
    /// A reader of bodies of this form.
    pub(crate) fn new(form: Form) -> Reader {
        match form {
            Form::Document(table) => Reader::Document(Box::new(DocumentReader::new(table))),
            Form::Lines(table) => Reader::Lines(Box::new(LinesReader::new(table))),
            Form::Csv(header, record) => Reader::Csv(Box::new(CsvReader::new(header, record))),
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
        }
    }

    /// Ends the body: what only its end tells is reported.
    pub(crate) fn finish(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) -> Ending {
        match self {
            Reader::Document(document) => document.finish(columns, take),
            Reader::Lines(lines) => lines.finish(columns, take),
            Reader::Csv(csv) => csv.finish(columns, take),
        }
    }

    /// Whether a place that holds rows came by, be it empty.
    pub(crate) fn has_rows(&self) -> bool {
        match self {
            Reader::Document(document) => document.has_rows(),
            Reader::Lines(lines) => lines.has_rows(),
            Reader::Csv(csv) => csv.has_rows(),
        }
    }
}
