//! For tests of readers: reads a body in every cut, and writes what is reported on one line.

use std::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{Cell, Columns, Event, Fault, Place, Projection, Reader, reader::Form, sink::Fixed};
use driftline_cuts::every_cut;
use driftline_statistics::value::NullTexts;
use driftline_wire::{
    encoding::{DECODERS_BYTES_MAX, MemoryBudget},
    json::JsonEnd,
};

/// Reads with the columns `a`, `b`, `c`, by name or else by position.
#[track_caller]
pub(super) fn check(form: Form, body: &str, expected: &str, ending: JsonEnd) {
    check_columns(form, &Columns::usual(&["a", "b", "c"]), body, expected, ending);
}

/// Reads a body in every cut.
///
/// What is reported is written `a0=1 b0=null +1 extra`: the value of column `a` in row 0, why `b` has none there, a row
/// that ended, a fault. Columns are called by the alphabet.
#[track_caller]
pub(super) fn check_columns(
    form: Form,
    columns: &Columns,
    body: &str,
    expected: &str,
    ending: JsonEnd,
) {
    every_cut(body.as_bytes(), |pieces, name| {
        let mut reader = Reader::new(form, &MemoryBudget::new(DECODERS_BYTES_MAX), 1024);
        let mut found = Vec::new();
        let mut sink = Fixed { columns, take: |event: Event<'_>| found.push(shown(event)) };
        for piece in pieces {
            reader.read(piece, &mut sink);
        }
        let found_ending = reader.finish(&mut sink);
        found.retain(|event| event != "|");
        assert_eq!(found.join(" "), expected, "{body}\n{name}");
        assert_eq!(found_ending, ending, "{body}\n{name}");
    });
}

/// Columns `a`, `b` and so on at these places.
pub(super) fn columns(places: &[(Place, Projection)]) -> Columns {
    Columns::new(places.iter().cloned().map(Some))
}

/// A place that has only a name.
pub(super) fn named(name: &str) -> Place {
    Place::Name(name.as_bytes().into())
}

/// An index in a tensor.
pub(super) fn tensor(name: &str, index: usize) -> Place {
    Place::Tensor { name: name.as_bytes().into(), index }
}

/// An event as text.
pub(super) fn shown(event: Event<'_>) -> String {
    match event {
        Event::Cell { column, row, cell } => {
            let column = char::from(b'a' + u8::try_from(column).unwrap());
            format!("{column}{row}={}", render_cell(cell))
        }
        Event::Value { column, cell } => format!("{column}={}", render_cell(cell)),
        Event::Rows(rows) => format!("+{rows}"),
        Event::RowEnd => "|".into(),
        Event::NoRow => "-".into(),
        Event::Fault(Fault::ExtraColumn) => "extra".into(),
        Event::Fault(Fault::WrongShape) => "shape".into(),
    }
}

/// A value, or why it is missing.
pub(super) fn render_cell(cell: Cell<'_>) -> String {
    match cell {
        Cell::Number(_) | Cell::Rounded(..) => {
            let number = cell.number(&NullTexts::NONE);
            number.map_or_else(|reason| reason.name().into(), |number| number.to_string())
        }
        Cell::Boolean(value) => value.to_string(),
        Cell::Text(text) => format!("'{}'", text.escape_ascii()),
        // The column decides on its type.
        Cell::Untyped(text) => format!("`{}`", text.escape_ascii()),
        Cell::Unbinned(reason) => reason.name().into(),
    }
}
