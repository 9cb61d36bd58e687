//! A request at a path where models of both kinds answer, read as one to a model that generates; it finds no rows.

use alloc::boxed::Box;

use driftline_wire::fields::FieldTable;

use super::{generation::Generation, name::ModelName};
use crate::generative::{RequestField, RequestReader};

/// Such a request, as far as it came.
#[derive(Debug)]
pub(super) struct Rival {
    request: RequestReader,
    name: ModelName,
}

impl Rival {
    pub(super) fn new(rivals: FieldTable<RequestField>) -> Rival {
        Rival { request: RequestReader::of(rivals), name: ModelName::default() }
    }

    /// Takes the next piece of the body.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let Rival { request, name } = self;
        request.read(bytes, &mut |model| name.set(model, None, |_| ()));
    }

    /// Whether it has what only requests to models that generate have.
    pub(super) fn is_certain(&self) -> bool {
        self.request.has_shape
    }

    /// Whether it has what requests to models that generate have, and others, too.
    pub(super) fn is_likely(&self) -> bool {
        self.request.told.is_some()
    }

    /// The exchange that it begins, and the model that it asks so far. What the request is like is unknown, because a part
    /// of it has passed.
    pub(super) fn into_parts(self) -> Option<(Box<Generation>, ModelName)> {
        let dialect = self.request.told?.dialect();
        let mut generation = Generation::begun(dialect, None);
        generation.go_on(self.request);
        Some((generation, self.name))
    }
}
