//! The bytes that Triton's own client sends, as `tests/clients/infer.py --record tests/data/tritonclient` recorded
//! them: what is read from them equals the arrays that the client was given.

use serde_json::Value;

use super::*;
use crate::predictive::{
    Reader,
    reader::Form,
    tensors::{Message, TENSORS_MAX},
};

const SENT: &str = include_str!("../../../../../../tests/data/tritonclient/sent.json");

/// The protocol has these only as raw bytes.
const RAW_ONLY: [&str; 2] = ["FP16", "BF16"];

#[track_caller]
fn check(way: &str, form: Form, body: &[u8], has_raw: bool) {
    let sent: Value = serde_json::from_str(SENT).unwrap();
    let form = match sent["document_bytes"][way].as_u64() {
        Some(length) => form.with_document_length(Some(length.to_string().as_bytes())),
        None => form,
    };
    let arrays = sent["arrays"].as_object().unwrap();
    let names: Vec<&str> = arrays.keys().map(String::as_str).collect();
    assert!(names.len() == 14 && names.len() < TENSORS_MAX, "every data type");
    let columns = Columns::usual(&names);
    let mut expected = Vec::new();
    for (name, array) in arrays {
        let datatype = array["datatype"].as_str().unwrap();
        if has_raw || !RAW_ONLY.contains(&datatype) {
            for (row, value) in array["values"].as_array().unwrap().iter().enumerate() {
                expected.push(format!("{name}{row}={value}"));
            }
        }
    }
    expected.sort();
    let nothing = Columns::default();
    let (before_name, name) = match form {
        Form::Messages { .. } => (&nothing, Some((way.to_string(), String::new()))),
        _ => (&columns, None),
    };
    let room = MemoryBudget::new(DECODERS_BYTES_MAX);
    every_cut(body, |pieces, cut| {
        let mut reader = Reader::new(form, &room, 1024);
        let (mut found, mut rows) = (Vec::new(), 0);
        let take = |event: Event<'_>| match event {
            Event::Cell { column, row, cell: Cell::Number(number) | Cell::Rounded(number, _) } => {
                found.push(format!("{}{row}={}", names[column], Value::from(number)));
            }
            Event::Cell { column, row, cell: Cell::Boolean(value) } => {
                let number = f64::from(u8::from(value));
                found.push(format!("{}{row}={}", names[column], Value::from(number)));
            }
            Event::Cell { column, row, cell: Cell::Text(text) } => {
                let text = str::from_utf8(text).unwrap();
                found.push(format!("{}{row}={}", names[column], Value::from(text)));
            }
            Event::Rows(ended) => rows += ended,
            Event::RowEnd => {}
            other => panic!("{other:?} {cut}"),
        };
        let mut sink = AwaitsName { columns: [before_name, &columns], name: None, take };
        for piece in pieces {
            reader.read(piece, &mut sink);
        }
        assert_eq!(reader.finish(&mut sink), JsonEnd::Complete, "{way} {cut}");
        assert_eq!(sink.name, name, "{way} {cut}");
        found.sort();
        assert_eq!(found, expected, "{way} {cut}");
        assert_eq!(rows, 4, "{way} {cut}");
    });
}

const TENSORS: Form = Form::Tensors { member: b"inputs", document_bytes: None };
const MESSAGES: Form = Form::messages(Message::Request);

#[test]
fn what_tritonclient_sends_over_http_is_read_as_it_was_given() {
    let json = include_bytes!("../../../../../../tests/data/tritonclient/http_json.bin");
    check("http_json", TENSORS, json, false);
    let binary = include_bytes!("../../../../../../tests/data/tritonclient/http_binary.bin");
    check("http_binary", TENSORS, binary, true);
    let mixed = include_bytes!("../../../../../../tests/data/tritonclient/http_mixed.bin");
    check("http_mixed", TENSORS, mixed, true);
}

#[test]
fn what_tritonclient_sends_over_grpc_is_read_as_it_was_given() {
    let raw = include_bytes!("../../../../../../tests/data/tritonclient/grpc_raw.bin");
    check("grpc_raw", MESSAGES, raw, true);
    let typed = include_bytes!("../../../../../../tests/data/tritonclient/grpc_typed.bin");
    check("grpc_typed", MESSAGES, typed, false);
}
