//! Where a reader of rows puts what it finds, and gets its columns from; it receives no bytes.

use super::{Columns, Event};

/// Takes what is read from a body.
pub trait Sink<'c> {
    /// The body named its model and the model's version, each empty if it is left out. Called at most once, before the
    /// reader asks for the columns of the first row. Only some forms of bodies name a model.
    fn named(&mut self, model: &[u8], version: &[u8]);

    /// The columns that are looked for, which only [`Sink::named`] may change.
    fn columns(&self) -> &'c Columns;

    /// Takes the next thing that was read.
    fn take(&mut self, event: Event<'_>);
}

/// For tests: columns that are known whatever the body names, and a function that takes what is read.
#[cfg(test)]
pub(crate) struct Fixed<'c, F> {
    pub(crate) columns: &'c Columns,
    pub(crate) take: F,
}

#[cfg(test)]
impl<'c, F: FnMut(Event<'_>)> Sink<'c> for Fixed<'c, F> {
    fn named(&mut self, _model: &[u8], _version: &[u8]) {}

    fn columns(&self) -> &'c Columns {
        self.columns
    }

    fn take(&mut self, event: Event<'_>) {
        (self.take)(event);
    }
}
