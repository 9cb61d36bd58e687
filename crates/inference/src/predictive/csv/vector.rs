//! A vector in a field of CSV, written as a list in JSON, of any length and in any cut. It keeps no element.

use driftline_statistics::value::trim;
use driftline_wire::json::{JsonEnd, Tokenizer};

use crate::predictive::{
    Cell, Projection, Unbinned,
    value::{Next, ValueReader, ValueStep},
};

/// Reads one field after the other.
#[derive(Debug, Default)]
pub(super) struct VectorText {
    tokenizer: Tokenizer,
    value: ValueReader,
    /// The norm, or why there is none, once the list has ended.
    found: Option<Cell<'static>>,
}

impl VectorText {
    /// Takes the next bytes of the field.
    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        loop {
            let progress = self.tokenizer.next_shared(bytes);
            bytes = bytes.get(progress.consumed..).unwrap_or_default();
            let Some(token) = progress.token else { return };
            let next = match self.value.step(token, Projection::VectorNorm) {
                ValueStep::More(next) => next,
                ValueStep::Done(cell, next) => {
                    self.found = Some(match cell {
                        Cell::Rounded(norm, precision) => Cell::Rounded(norm, precision),
                        Cell::Unbinned(reason) => Cell::Unbinned(reason),
                        _ => Cell::Unbinned(Unbinned::WrongType),
                    });
                    next
                }
            };
            if next == Next::Skip {
                self.tokenizer.skip();
            }
        }
    }

    /// The norm of the field that has ended, whose beginning is `field`. What is no list is no vector, and may be null.
    pub(super) fn cell(vector: Option<&mut VectorText>, field: &[u8]) -> Cell<'static> {
        let is_list = trim(field).first() == Some(&b'[');
        let Some(vector) = vector.filter(|_| is_list) else {
            return Cell::Untyped(field).misfit();
        };
        match (vector.tokenizer.finish().ending, vector.found) {
            (JsonEnd::Complete, Some(cell)) => cell,
            _ => Cell::Unbinned(Unbinned::WrongType),
        }
    }

    /// Forgets the field.
    pub(super) fn reset(&mut self) {
        self.tokenizer = Tokenizer::new();
        self.value.reset();
        self.found = None;
    }
}
