//! The model that a request names, and its version; the first name holds.

use alloc::boxed::Box;

use super::{NAME_BYTES_MAX, Progress};

/// What a request says of the model that it asks, so far.
#[derive(Debug, Default)]
pub(crate) struct ModelName {
    pub(super) model: Option<Box<[u8]>>,
    pub(super) version: Option<Box<[u8]>>,
}

impl ModelName {
    /// Takes a name and hands it on, unless there is one: a body that repeats the key must not count twice.
    pub(super) fn set(
        &mut self,
        model: &[u8],
        version: Option<&[u8]>,
        report: impl FnOnce(Progress<'_>),
    ) {
        if self.model.is_some() {
            return;
        }
        self.model = Some(cut(model));
        self.version = version.map(cut);
        report(Progress::Named { model, version });
    }
}

fn cut(name: &[u8]) -> Box<[u8]> {
    name.get(..NAME_BYTES_MAX).unwrap_or(name).into()
}
