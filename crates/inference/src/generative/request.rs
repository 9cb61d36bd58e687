//! The body of a request to a model that generates: its model, and whether it asks for a stream; no text is kept.

use crate::generative::{dialect::Dialect, meaning::RequestField};
use driftline_wire::{
    fields::{FieldReader, Value},
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
}

impl RequestReader {
    /// A reader of requests in this dialect.
    pub fn new(dialect: &Dialect) -> RequestReader {
        RequestReader {
            reader: FieldReader::new(dialect.request),
            wants_stream: None,
            has_shape: false,
        }
    }

    /// Takes the next piece; calls `model` with the model's name when it is read.
    pub fn read(&mut self, bytes: &[u8], mut model: impl FnMut(&[u8])) {
        let RequestReader { reader, wants_stream, has_shape } = self;
        reader.read(bytes, &mut |field, value| match (field, value) {
            // A name that was cut is longer than any name that can be configured.
            (RequestField::Model, Value::String(text)) => model(text.bytes),
            (RequestField::Stream, Value::Bool(stream)) => *wants_stream = Some(stream),
            (RequestField::Shape, _) => *has_shape = true,
            (RequestField::Model | RequestField::Stream, _) => {}
        });
    }

    /// Ends the body: whether it was one whole JSON document.
    pub fn finish(&mut self) -> JsonEnd {
        self.reader.finish()
    }
}
