//! Bodies over gRPC, put together by hand.

mod compressed;
mod promises;

use super::*;
use crate::predictive::tensors::{GrpcReader, Message};
use driftline_wire::encoding::Encoding;

/// A field with a length.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2], &varint(bytes.len() as u64)[..], bytes].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = vec![];
    while 0x80 <= value {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn packed(number: u8, values: &[i64]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|&value| varint(value.cast_unsigned())).collect();
    field(number, &bytes)
}

/// A tensor without contents, in field 5.
fn described(name: &str, datatype: &str, shape: &[i64]) -> Vec<u8> {
    tensor(name, datatype, shape, &[])
}

fn tensor(name: &str, datatype: &str, shape: &[i64], contents: &[u8]) -> Vec<u8> {
    let mut message =
        [field(1, name.as_bytes()), field(2, datatype.as_bytes()), packed(3, shape)].concat();
    // Parameters are a map, and mean nothing here.
    message.extend(field(4, &[field(1, b"k"), field(2, &[0x08, 1])].concat()));
    if !contents.is_empty() {
        message.extend(field(5, contents));
    }
    field(5, &message)
}

fn request(model: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let head = [field(1, model.as_bytes()), field(2, b"3"), field(3, b"id")].concat();
    frame(&[head, parts.concat()].concat())
}

fn frame(message: &[u8]) -> Vec<u8> {
    [&[0][..], &u32::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

/// Reads a body as a caller does that needs the name to know the columns; `name` is `None` if none is reported.
#[track_caller]
fn check_coded(
    (message, encoding): (Message, Encoding),
    body: &[u8],
    name: Option<(&str, &str)>,
    expected: &str,
    ending: JsonEnd,
) -> GrpcReader {
    let (nothing, columns) = (Columns::default(), columns());
    let columns = if message == Message::Request { [&nothing, &columns] } else { [&columns; 2] };
    let room = MemoryBudget::new(DECODERS_BYTES_MAX);
    let mut last = None;
    check_cuts(body, expected, ending, |pieces, take| {
        let mut reader = GrpcReader::new(message, encoding, &room);
        let mut sink = AwaitsName { columns, name: None, take };
        for piece in pieces {
            reader.read(piece, &mut sink);
        }
        let ending = reader.finish(&mut sink);
        let found = sink.name.as_ref().map(|(model, version)| (&**model, &**version));
        assert_eq!(found, name);
        last = Some(reader);
        ending
    });
    last.unwrap()
}

#[track_caller]
fn check_body(
    message: Message,
    body: &[u8],
    name: Option<(&str, &str)>,
    expected: &str,
    ending: JsonEnd,
) -> GrpcReader {
    check_coded((message, Encoding::None), body, name, expected, ending)
}

/// A whole request to model `m` in version `3`.
#[track_caller]
fn check(parts: &[Vec<u8>], expected: &str) {
    check_body(
        Message::Request,
        &request("m", parts),
        Some(("m", "3")),
        expected,
        JsonEnd::Complete,
    );
}

#[track_caller]
fn check_contents(datatype: &str, shape: &[i64], contents: &[u8], expected: &str) {
    check(&[tensor("a", datatype, shape, contents)], expected);
}

#[test]
fn typed_contents_are_read_packed_and_not() {
    check_contents("BOOL", &[2], &packed(1, &[1, 0]), "a0=1 a1=0 2 rows");
    check_contents("INT8", &[2], &packed(2, &[-5, 300]), "a0=-5 a1=300 2 rows");
    check_contents(
        "INT64",
        &[2, 1],
        &packed(3, &[i64::MIN, 7]),
        "a0=-9223372036854776000 a1=7 2 rows",
    );
    check_contents("UINT32", &[1], &packed(4, &[4_294_967_295]), "a0=4294967295 1 row");
    check_contents("UINT64", &[1], &packed(5, &[-1]), "a0=18446744073709552000 1 row");
    let singles = [2.5_f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat();
    check_contents("FP32", &[2], &field(6, &singles), "a0=2.5 a1=null 2 rows");
    check_contents("FP64", &[1], &field(7, &0.1_f64.to_le_bytes()), "a0=0.1 1 row");
    check_contents(
        "BYTES",
        &[2],
        &[field(8, b"red"), field(8, b"")].concat(),
        "a0='red' a1='' 2 rows",
    );
    // Older writers do not pack.
    check_contents("INT32", &[2], &[0x10, 1, 0x10, 2], "a0=1 a1=2 2 rows");
    check_contents("FP32", &[1], &[0x35, 0, 0, 0x20, 0x40], "a0=2.5 1 row");
    check_contents("FP64", &[1], &[0x39, 0, 0, 0, 0, 0, 0, 4, 0xc0], "a0=-2.5 1 row");
}

#[test]
fn a_number_of_more_than_64_bits_breaks_the_message() {
    let number = |last: &[u8]| [&[0x28][..], &[0xff; 9], last].concat();
    check_contents("UINT64", &[1], &number(&[1]), "a0=18446744073709552000 1 row");
    for last in [&[2][..], &[0x7f], &[0x81, 0]] {
        let message = request("m", &[tensor("a", "UINT64", &[1], &number(last))]);
        let name = Some(("m", "3"));
        check_body(Message::Request, &message, name, "shape", JsonEnd::Malformed);
    }
}

#[test]
fn raw_contents_follow_in_the_order_of_their_tensors() {
    check(
        &[
            described("b", "INT16", &[2]),
            described("z", "FP32", &[2]),
            described("a", "FP16", &[2]),
            described("t", "BYTES", &[2]),
            field(6, &field(1, b"out")),
            field(7, &[1, 0, 0xff, 0xff]),
            field(7, &[0; 8]),
            field(7, &[0, 0x3c, 0, 0xc0]),
            field(7, &texts(&["naïve", ""])),
        ],
        "extra b0=1 b1=-1 a0=1 a1=-2 t0=5 t1=null 2 rows",
    );
}

#[test]
fn rows_lie_in_one_tensor_or_in_several() {
    let contents = field(6, &[1.0_f32, 2.0, 3.0, 4.0].map(f32::to_le_bytes).concat());
    check(&[tensor("input-0", "FP32", &[2, 2], &contents)], "a0=1 b0=2 a1=3 b1=4 2 rows");
    check(&[tensor("v", "FP32", &[2, 2], &contents)], "v0=2.23606797749979 v1=5 2 rows");
    check(
        &[
            tensor("b", "INT32", &[1], &packed(2, &[7])),
            tensor("a", "INT32", &[1], &packed(2, &[8])),
        ],
        "b0=7 a0=8 1 row",
    );
}

#[test]
fn shapes_that_are_not_those_of_the_data_are_faults() {
    let contents = packed(2, &[1, 2]);
    check_contents("INT32", &[3], &contents, "a0=1 a1=2 shape 2 rows");
    check_contents("INT32", &[1], &contents, "a0=1 shape 1 row");
    check_contents("INT32", &[-1], &contents, "shape");
    check_contents("INT32", &[i64::MAX, i64::MAX], &contents, "shape a0=1 extra 1 row");
    check(&[described("a", "INT8", &[2]), field(7, &[1])], "a0=1 shape 1 row");
    check(&[described("a", "INT16", &[2]), field(7, &[1, 0, 2])], "a0=1 shape 1 row");
    check(&[described("a", "INT8", &[1])], "shape");
    check(&[described("a", "INT8", &[1]), field(7, &[1]), field(7, &[2])], "a0=1 shape 1 row");
    // Raw contents before any description.
    check(&[field(7, &[1]), described("a", "INT8", &[1])], "shape shape");
}

#[test]
fn messages_of_a_stream_count_on() {
    let one = request("m", &[tensor("a", "INT32", &[2], &packed(2, &[1, 2]))]);
    let other = request("mm", &[tensor("a", "INT32", &[1], &packed(2, &[9]))]);
    let body = [&one[..], &frame(b""), &other, &one].concat();
    check_body(
        Message::Request,
        &body,
        Some(("m", "3")),
        "a0=1 a1=2 2 rows extra a2=1 a3=2 2 rows",
        JsonEnd::Complete,
    );
}

#[test]
fn the_name_is_known_before_the_first_tensor_or_never() {
    let tensor = tensor("a", "INT32", &[1], &packed(2, &[1]));
    let without = frame(&tensor);
    check_body(Message::Request, &without, Some(("", "")), "a0=1 1 row", JsonEnd::Complete);
    let unversioned = frame(&[field(1, b"m"), tensor].concat());
    check_body(Message::Request, &unversioned, Some(("m", "")), "a0=1 1 row", JsonEnd::Complete);
    check_body(Message::Request, &frame(&field(1, b"m")), Some(("m", "")), "", JsonEnd::Complete);
    check_body(Message::Request, b"", None, "", JsonEnd::Empty);
}

#[test]
fn responses_have_their_own_numbers() {
    let body = frame(&[field(1, b"m"), described("a", "INT8", &[1]), field(6, &[5])].concat());
    let reader = check_body(Message::Response, &body, None, "a0=5 1 row", JsonEnd::Complete);
    assert!(reader.has_rows());
}

#[test]
fn a_stream_says_errors_and_ends_with_an_empty_answer() {
    let response = [field(1, b"m"), described("a", "INT8", &[1]), field(6, &[5])].concat();
    let last = [field(1, b"m"), field(4, b"")].concat();
    let body = [frame(&field(2, &response)), frame(&field(2, &last))].concat();
    let reader = check_body(Message::StreamResponse, &body, None, "a0=5 1 row", JsonEnd::Complete);
    assert!(!reader.has_error());
    let body = [frame(&field(1, b"no such model")), frame(&field(1, b""))].concat();
    let reader = check_body(Message::StreamResponse, &body, None, "", JsonEnd::Complete);
    assert!(reader.has_error() && !reader.has_rows());
}

#[test]
fn what_came_before_a_message_broke_off_counts() {
    let whole = request("m", &[tensor("a", "INT32", &[3], &packed(2, &[1, 2, 3]))]);
    let cut = &whole[..whole.len() - 1];
    check_body(
        Message::Request,
        cut,
        Some(("m", "3")),
        "a0=1 a1=2 shape 2 rows",
        JsonEnd::Incomplete,
    );
    let raw = request("m", &[described("a", "INT16", &[2]), field(7, &[1, 0, 2, 0])]);
    let cut = &raw[..raw.len() - 1];
    check_body(Message::Request, cut, Some(("m", "3")), "a0=1 shape 1 row", JsonEnd::Incomplete);
}

#[test]
fn what_is_no_message_is_malformed_and_the_next_one_is_read() {
    let good = request("m", &[tensor("a", "INT32", &[1], &packed(2, &[1]))]);
    let body = [&good[..], &frame(&[0x2a, 5, 0x0a]), &good].concat();
    check_body(
        Message::Request,
        &body,
        Some(("m", "3")),
        "a0=1 1 row a1=1 1 row",
        JsonEnd::Malformed,
    );
    check_body(Message::Request, b"POST / HTTP/1.1", None, "", JsonEnd::Malformed);
}
