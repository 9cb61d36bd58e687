//! The body of a request to a model that generates: its model, and whether it asks for a stream; no text is kept.

use crate::generative::{dialect::Dialect, meaning::RequestField, meaning::Rival};
use driftline_wire::{
    fields::{FieldReader, FieldTable, Value},
    json::JsonEnd,
};

/// Reads the body of a request as it passes.
#[derive(Debug)]
pub struct RequestReader {
    reader: FieldReader<RequestField>,
    /// Whether the client asked for a stream; `None` if it left that to the server.
    pub wants_stream: Option<bool>,
    /// Whether it has what only requests of this dialect have.
    pub has_shape: bool,
    /// The dialect that it has by what its members say, where its path does not say it.
    pub told: Option<Rival>,
}

impl RequestReader {
    /// A reader of requests in this dialect.
    pub fn new(dialect: &Dialect) -> RequestReader {
        RequestReader::of(*dialect.request)
    }

    /// A reader of requests in any of the dialects that the table tells apart.
    pub fn of(table: FieldTable<RequestField>) -> RequestReader {
        RequestReader {
            reader: FieldReader::new(table),
            wants_stream: None,
            has_shape: false,
            told: None,
        }
    }

    /// Takes the next piece; calls `model` with the model's name when it is read.
    pub fn read(&mut self, bytes: &[u8], model: &mut dyn FnMut(&[u8])) {
        let RequestReader { reader, wants_stream, has_shape, told } = self;
        reader.read_shared(bytes, &mut |field, value| match (field, value) {
            // A name that was cut is longer than any name that can be configured.
            (RequestField::Model, Value::String(text)) => model(text.bytes),
            (RequestField::Stream, Value::Bool(stream)) => *wants_stream = Some(stream),
            (RequestField::Shape, _) => *has_shape = true,
            (RequestField::Of(rival), _) => {
                *has_shape = true;
                *told = Some(rival);
            }
            (RequestField::MaybeOf(rival), _) => {
                told.get_or_insert(rival);
            }
            (RequestField::Model | RequestField::Stream, _) => {}
        });
    }

    /// Ends the body: whether it was one whole JSON document.
    pub fn finish(&mut self) -> JsonEnd {
        self.reader.finish()
    }
}
