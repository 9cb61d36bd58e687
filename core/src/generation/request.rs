//! The body of a request to a model that generates: only the model's name is looked for.

use crate::{
    generation::dialect::Dialect,
    wire::{
        fields::{FieldReader, Value},
        json::Ending,
    },
};

/// What a path of a request means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wish {
    /// The name of the model that is asked.
    Model,
}

/// Reads the body of a request as it passes.
#[derive(Debug)]
pub(crate) struct Request {
    reader: FieldReader<Wish>,
}

impl Request {
    pub(crate) fn new(dialect: &Dialect) -> Request {
        Request { reader: FieldReader::new(dialect.request) }
    }

    /// Takes the next piece; calls `model` with the name when it comes by.
    pub(crate) fn read(&mut self, bytes: &[u8], mut model: impl FnMut(&[u8])) {
        self.reader.read(bytes, &mut |wish, value| match (wish, value) {
            // A name that was cut is longer than any name that can be configured.
            (Wish::Model, Value::String(text)) => model(text.bytes),
            (Wish::Model, _) => {}
        });
    }

    /// Ends the body: whether it was one whole JSON document.
    pub(crate) fn finish(&mut self) -> Ending {
        self.reader.finish()
    }
}
