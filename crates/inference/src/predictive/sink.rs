//! Where a reader of rows leaves what it finds, and gets the columns from that it looks for; it is told no bytes.

use super::{Columns, Event};

/// Takes what is read from a body.
pub trait Sink<'c> {
    /// The body named its model and that model's version, each empty if it left it out: at most once, and before it asks
    /// for the columns of its first row. Only some forms of bodies name any.
    fn named(&mut self, model: &[u8], version: &[u8]);

    /// The columns that are looked for, which only [`Sink::named`] may change.
    fn columns(&self) -> &'c Columns;

    /// Takes what was read next.
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
