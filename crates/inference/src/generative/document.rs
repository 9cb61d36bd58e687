//! An answer that is one JSON document: its facts count only if it is whole. It is never kept.

use core::mem;

use crate::generative::{
    dialect::Dialect,
    {facts::Facts, meaning::Fact},
};
use driftline_wire::{fields::FieldReader, json::JsonEnd};

/// Reads an answer that is one document as it passes.
#[derive(Debug)]
pub(super) struct Document {
    dialect: &'static Dialect,
    fields: FieldReader<Fact>,
    facts: Facts,
}

impl Document {
    pub(super) fn new(dialect: &'static Dialect) -> Document {
        Document { dialect, fields: FieldReader::new(*dialect.document), facts: Facts::default() }
    }

    /// Takes the next piece of the body.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let (dialect, facts) = (self.dialect, &mut self.facts);
        self.fields.read_shared(bytes, &mut |fact, value| facts.note(dialect, fact, &value));
    }

    /// Ends the body. Returns whether it was whole, and what was found in it.
    pub(super) fn finish(&mut self) -> (JsonEnd, Facts) {
        self.facts.settle(self.dialect, b"", false);
        (self.fields.finish(), mem::take(&mut self.facts))
    }
}
