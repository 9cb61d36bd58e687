//! Exchanges with a model that predicts: rows of features in, rows of predictions out, one value at a time.
//! No row is kept; a batch of any size takes the same memory, except for a tensor in JSON whose data comes first.

mod answer;
#[cfg(test)]
mod arbitrary;
mod columns;
mod csv;
mod dialect;
mod dialects;
mod document;
mod event;
mod head;
mod jsonlines;
mod paths;
mod reader;
#[cfg(test)]
mod render;
mod row;
mod selectors;
mod sink;
mod step;
mod tensors;
mod text;
mod unlisted;
mod value;

pub use self::{
    answer::{CLASSES_MAX, Part},
    columns::{Columns, Place, Projection},
    dialect::{Dialect, Forms},
    dialects::DIALECTS,
    document::{ROW_PATH_MAX, RowPath},
    event::{Event, Fault},
    paths::{PATHS_MAX, PathReader, STEPS_MAX},
    reader::Reader,
    selectors::ColumnSelectors,
    sink::Sink,
    step::PathStep,
    unlisted::Unlisted,
};

pub(crate) use self::dialects::FEEDBACK_FORMS;

use driftline_labels::Unbinned;
use driftline_statistics::value::Cell;
use driftline_wire::json::Token;

/// The most columns a model can have: its features, its prediction and its score.
pub const COLUMNS_MAX: usize = 256 + 2;

/// Bytes that the reader of a body takes in addition to its exchange, in any format.
pub const READER_BYTES: usize = reader::BYTES_MAX;

/// The value of a JSON token. The start of a container is of the wrong type.
fn cell_of(token: Token<'_>) -> Cell<'_> {
    match token {
        Token::Number(number) => Cell::Number(number),
        Token::Bool(value) => Cell::Boolean(value),
        Token::NotFinite => Cell::Unbinned(Unbinned::NotFinite),
        Token::String(text) => Cell::Text(text.bytes),
        Token::Null | Token::Nan => Cell::Unbinned(Unbinned::Null),
        _ => Cell::Unbinned(Unbinned::WrongType),
    }
}
