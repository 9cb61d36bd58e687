//! What an exchange reports while it is under way; no metric is known here.

use driftline_labels::Direction;

use crate::predictive::{ColumnSelectors, Event};

/// Takes the rows of an exchange value by value, because a batch may be larger than memory.
pub trait RowSink<'c> {
    /// What is looked for in bodies of this direction, of the model that is asked. Only a name may change it.
    fn selectors(&self, direction: Direction) -> &'c ColumnSelectors;

    /// Takes what was read next from a body of this direction.
    fn take(&mut self, direction: Direction, event: Event<'_>);
}

/// Takes what cannot wait for the end of an exchange.
pub trait ExchangeSink<'c>: RowSink<'c> {
    /// Takes what happened next.
    fn progress(&mut self, progress: Progress<'_>);
}

/// Something that happened in an exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress<'e> {
    /// The request names the model that it asks, and its version if it says one; at most once.
    Named {
        /// As the request has it, percent-decoded; empty if the dialect has a place for it and the request leaves it out.
        model: &'e [u8],
        /// Likewise.
        version: Option<&'e [u8]>,
    },
    /// A body that may have rows begins.
    RowsBegin(Direction),
    /// It is over.
    RowsEnd {
        /// Which one.
        direction: Direction,
        /// It was one whole document.
        is_whole: bool,
    },
    /// Output came, so many microseconds after the output before it.
    Gap(u64),
    /// The model is one that generates, as against what the path let expect. What it is called is said anew.
    Generates,
}
