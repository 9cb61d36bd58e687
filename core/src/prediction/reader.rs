//! The reader of one body with rows, whatever its format; it counts nothing.

use super::{Columns, Event, rows::Rows};
use crate::wire::json::Ending;

/// Reads one body of an exchange with a model that predicts.
#[derive(Debug)]
pub(crate) enum Reader {
    /// Rows in a JSON document.
    Rows(Rows),
}

impl Reader {
    /// Takes the next piece of the body; calls `take` with everything it completes.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        match self {
            Reader::Rows(rows) => rows.read(bytes, columns, take),
        }
    }

    /// Ends the body: what only its end tells is reported.
    pub(crate) fn finish(
        &mut self,
        _columns: &Columns,
        _take: &mut impl FnMut(Event<'_>),
    ) -> Ending {
        match self {
            Reader::Rows(rows) => rows.finish(),
        }
    }

    /// Whether a place that holds rows came by, be it empty.
    pub(crate) fn has_rows(&self) -> bool {
        match self {
            Reader::Rows(rows) => rows.has_rows(),
        }
    }
}
