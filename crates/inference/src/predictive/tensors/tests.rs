//! Bodies of tensors, each cut everywhere and whole, and what is read from them.

use std::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use crate::predictive::{Cell, Columns, Event, Fault, Place, Projection, Sink};
use driftline_cuts::every_cut;
use driftline_statistics::value::NullTexts;
use driftline_wire::{
    encoding::{DECODERS_BYTES_MAX, MemoryBudget},
    json::JsonEnd,
};

mod grpc;
mod recorded;
mod rest;

/// Columns 0 and 1 are `a` and `b`, as usual; 2 is the length of texts in `t`, 3 the norm of the rows of `v`, 4 the
/// value at index 2 of `x`.
fn columns() -> Columns {
    let usual = |name: &str, position| Place::Usual { name: name.as_bytes().into(), position };
    Columns::new([
        Some((usual("a", 0), Projection::Value)),
        Some((usual("b", 1), Projection::Value)),
        Some((Place::Name(b"t".as_slice().into()), Projection::TextLength)),
        Some((Place::Name(b"v".as_slice().into()), Projection::VectorNorm)),
        Some((Place::Tensor { name: b"x".as_slice().into(), index: 2 }, Projection::Value)),
    ])
}

/// An event, in a few characters: `a0=1.5` is the value of column `a` in row 0, `3 rows`, `extra`, `shape`.
fn said(event: Event<'_>) -> String {
    match event {
        Event::Cell { column, row, cell } => {
            let name = ["a", "b", "t", "v", "x"][column];
            match cell {
                Cell::Number(_) | Cell::Rounded(..) => {
                    let number = cell.number(&NullTexts::NONE);
                    let number =
                        number.map_or_else(|it| it.name().to_string(), |it| it.to_string());
                    format!("{name}{row}={number}")
                }
                Cell::Boolean(value) => format!("{name}{row}={}", u8::from(value)),
                Cell::Text(text) | Cell::Untyped(text) => {
                    format!("{name}{row}='{}'", text.escape_ascii())
                }
                Cell::Unbinned(reason) => format!("{name}{row}={}", reason.name()),
            }
        }
        Event::Value { .. } => unreachable!("no tensor stands at a path"),
        Event::Rows(1) => "1 row".to_string(),
        Event::Rows(rows) => format!("{rows} rows"),
        Event::RowEnd => "row end".to_string(),
        Event::NoRow => "no row".to_string(),
        Event::Fault(Fault::ExtraColumn) => "extra".to_string(),
        Event::Fault(Fault::WrongShape) => "shape".to_string(),
    }
}

/// Takes down all events but those that only say that a row is over.
fn note(event: Event<'_>, found: &mut Vec<String>) {
    if event != Event::RowEnd {
        found.push(said(event));
    }
}

/// Reads a body in every way that it can be cut.
#[track_caller]
fn check_cuts(
    body: &[u8],
    expected: &str,
    ending: JsonEnd,
    mut read: impl FnMut(&[&[u8]], &mut dyn FnMut(Event<'_>)) -> JsonEnd,
) {
    every_cut(body, |pieces, name| {
        let mut found = Vec::new();
        let ended = read(pieces, &mut |event| note(event, &mut found));
        assert_eq!(found.join(" "), expected, "{name}");
        assert_eq!(ended, ending, "{name}");
    });
}

/// Has no columns before the name is known.
struct AwaitsName<'c, F> {
    columns: [&'c Columns; 2],
    name: Option<(String, String)>,
    take: F,
}

impl<'c, F: FnMut(Event<'_>)> Sink<'c> for AwaitsName<'c, F> {
    fn named(&mut self, model: &[u8], version: &[u8]) {
        assert_eq!(self.name, None, "a name is told once");
        let text = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
        self.name = Some((text(model), text(version)));
    }

    fn columns(&self) -> &'c Columns {
        self.columns[usize::from(self.name.is_some())]
    }

    fn take(&mut self, event: Event<'_>) {
        (self.take)(event);
    }
}

/// Raw bytes of texts, each after its length.
fn texts(texts: &[&str]) -> Vec<u8> {
    let mut bytes = vec![];
    for text in texts {
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}
