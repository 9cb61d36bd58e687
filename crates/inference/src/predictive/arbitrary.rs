//! For tests: whatever bodies say, readers of every form report the same in every cut, and each value at most once.

use std::{collections::BTreeSet, string::String, vec::Vec};

use driftline_random::Random;

use super::{
    Columns, DIALECTS, Event, Place, Projection, Reader,
    reader::Form,
    render::{columns, named, tensor},
    sink::Fixed,
};
use driftline_wire::encoding::{DECODERS_BYTES_MAX, MemoryBudget};

/// How many bodies are made for each form and each set of columns.
const BODIES: u64 = 100;

/// What bodies are made of: pieces of all dialects, of CSV, and of nothing at all.
const PARTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "[",
    "]",
    ", ",
    ", ",
    ": ",
    "\n",
    "\r\n",
    "\"a\": ",
    "\"b\": ",
    "\"x\": ",
    "\"features\": ",
    "\"instances\": ",
    "\"inputs\": ",
    "\"predictions\": ",
    "\"outputs\": ",
    "\"examples\": ",
    "\"results\": ",
    "\"data\": ",
    "\"names\": ",
    "\"ndarray\": ",
    "\"tensor\": ",
    "\"shape\": ",
    "\"values\": ",
    "\"b64\": ",
    "\"dataframe_split\": ",
    "\"columns\": ",
    "\"dataframe_records\": ",
    "\"jsonData\": ",
    "\"name\": ",
    "\"datatype\": ",
    "\"FP32\"",
    "\"parameters\": ",
    "\"binary_data_size\": ",
    "{\"instances\": [[",
    "{\"inputs\": {\"a\": [",
    "{\"inputs\": [{\"name\": \"a\", \"shape\": [2, 1], \"datatype\": \"FP32\", \"data\": [",
    "{\"data\": {\"tensor\": {\"shape\": [2, 2], \"values\": [",
    "{\"data\": {\"names\": [\"b\", \"a\"], \"ndarray\": [[",
    "{\"results\": [[[\"x\", 0.5], [",
    "a,b\n",
    "\"",
    "\"\"",
    "\"x\"",
    "1",
    "2.5",
    "-",
    "e3",
    "null",
    "true",
    "NaN",
    "-Infinity",
    "1e400",
    "\u{e9}",
    "\\u00e9",
    "YQ==",
    "\u{feff}",
    "]]}",
    "]}}",
    "]}]}",
];

fn body(random: &mut Random) -> String {
    (0..1 + random.below(40)).map(|_| PARTS[random.below(PARTS.len())]).collect()
}

/// What is reported of a body that comes in these pieces.
fn read(form: Form, columns: &Columns, pieces: &[&[u8]]) -> (Vec<String>, String) {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let take = |event: Event<'_>| {
        if let Event::Cell { column, row, .. } = event {
            assert!(columns.reads(column).is_some(), "column {column} is not looked for");
            assert!(seen.insert((row, column)), "column {column} of row {row} came twice");
        }
        found.push(super::render::shown(event));
    };
    let mut sink = Fixed { columns, take };
    let mut reader = Reader::new(form, &MemoryBudget::new(DECODERS_BYTES_MAX), 1024);
    for piece in pieces {
        reader.read(piece, &mut sink);
    }
    let ending = reader.finish(&mut sink);
    let has_rows = reader.has_rows();
    (found, std::format!("{ending:?} {has_rows}"))
}

#[test]
fn whatever_a_body_says_no_cut_shows_and_nothing_counts_twice() {
    let sets = [
        Columns::usual(&["a", "b"]),
        columns(&[(named("a"), Projection::TextLength), (Place::Position(0), Projection::Value)]),
        columns(&[(Place::Position(0), Projection::VectorNorm)]),
        columns(&[(tensor("a", 0), Projection::Value), (tensor("a", 1), Projection::Value)]),
        Columns::default(),
    ];
    let mut random = Random::new(1);
    let mut rows = 0;
    for dialect in DIALECTS {
        for forms in [&dialect.request, &dialect.response] {
            let listed = forms.by_type.iter().map(|(_, form)| *form);
            for form in listed.chain([forms.usual]) {
                for columns in &sets {
                    for _ in 0..BODIES / sets.len() as u64 {
                        let body = body(&mut random);
                        let whole = read(form, columns, &[body.as_bytes()]);
                        rows += whole.0.iter().filter(|event| event.starts_with('+')).count();
                        let bytes: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
                        assert_eq!(read(form, columns, &bytes), whole, "{body}\n{form:?}");
                        let (first, second) = body.as_bytes().split_at(random.below(body.len()));
                        assert_eq!(
                            read(form, columns, &[first, second]),
                            whole,
                            "{body}\n{form:?}"
                        );
                    }
                }
            }
        }
    }
    assert!(1000 < rows, "only {rows} rows were made");
}
