//! Messages whose tensors and fields state more than comes.

use super::*;

/// A field that states this many bytes, and has these.
fn promised(number: u8, length: u64, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2], &varint(length)[..], bytes].concat()
}

const BILLIONS: i64 = 2_000_000_000;

#[test]
fn what_a_tensor_states_that_no_column_looks_for_makes_no_rows() {
    let wanted = tensor("a", "INT32", &[1], &packed(2, &[7]));
    let head = [field(1, b"z"), packed(3, &[BILLIONS])].concat();
    let length = BILLIONS.cast_unsigned();
    let typed = |came: &[u8]| {
        let message = [&head[..], &promised(5, length, came)].concat();
        promised(5, length + 20, &message)
    };
    let raw = |datatype: &str, came: &[u8]| {
        [described("z", datatype, &[BILLIONS]), promised(7, length, came)].concat()
    };
    let cases = [
        (typed(b""), 0_u64),
        (typed(&[0x3a, 3, 0]), 3),
        (raw("BOOL", b""), 0),
        (raw("BOOL", &[1, 0]), 2),
        (raw("FP64", &[0; 24]), 3),
        (raw("FP64", &[0; 15]), 1),
        (raw("BYTES", &texts(&["", "", "", "x"])), 4),
    ];
    for (part, rows) in cases {
        let whole = request("m", &[wanted.clone(), part]);
        let rows = if 1 < rows { format!("{rows} rows") } else { "1 row".to_string() };
        let expected = format!("a0=7 extra shape {rows}");
        // What goes beyond its frame is not a message, although the frame is whole.
        check_body(Message::Request, &whole, Some(("m", "3")), &expected, JsonEnd::Malformed);
        // The frame states all of it, and breaks off.
        let mut cut = whole;
        cut[1..5].copy_from_slice(&[0x7f; 4]);
        check_body(Message::Request, &cut, Some(("m", "3")), &expected, JsonEnd::Incomplete);
    }
}

#[test]
fn no_prefix_of_a_body_has_more_rows_than_bytes() {
    let length = BILLIONS.cast_unsigned();
    let message = [field(1, b"z"), packed(3, &[BILLIONS]), promised(5, length, &[0; 20])].concat();
    let typed = promised(5, length + 20, &message);
    let described_raw = [described("z", "INT8", &[BILLIONS]), field(7, b"")].concat();
    let raw = [described_raw, promised(7, length, &[0; 20])].concat();
    for part in [typed, raw] {
        // The first tensor is looked for under any name.
        let body = request("m", &[described("a", "INT8", &[0]), part]);
        for end in 0..=body.len() {
            let mut rows = 0;
            let columns = columns();
            let mut sink = AwaitsName {
                columns: [&columns; 2],
                name: None,
                take: |event: Event<'_>| {
                    if let Event::Rows(more) = event {
                        rows += more;
                    }
                },
            };
            let room = MemoryBudget::new(DECODERS_BYTES_MAX);
            let mut reader = GrpcReader::new(Message::Request, Encoding::None, &room);
            reader.read(&body[..end], &mut sink);
            reader.finish(&mut sink);
            // The last bytes are the tensor's.
            let came = (end + 20).saturating_sub(body.len());
            assert_eq!(rows, came as u64, "{end} of {} bytes", body.len());
        }
    }
}

#[test]
fn rows_without_a_width_have_nothing_that_could_count() {
    let shape = [BILLIONS, 0];
    let wanted = tensor("a", "INT32", &[BILLIONS], &packed(2, &[7]));
    let typed = tensor("z", "BOOL", &shape, &packed(1, &[1, 0]));
    check(&[wanted.clone(), typed], "a0=7 shape extra 1 row");
    let raw = [described("z", "BOOL", &shape), field(7, &[1, 0])].concat();
    check(&[wanted, raw], "a0=7 shape extra 1 row");
    check_contents("BOOL", &shape, &packed(1, &[1, 0]), "shape");
    check(&[described("a", "BOOL", &shape), field(7, &[1, 0])], "shape");
}

#[test]
fn a_field_longer_than_what_holds_it_is_malformed() {
    let wanted = tensor("a", "INT32", &[1], &packed(2, &[7]));
    let inner = [field(1, b"z"), packed(3, &[BILLIONS]), promised(5, 9, b"\x3a")].concat();
    let body = request("m", &[wanted.clone(), field(5, &inner), wanted]);
    // What follows passes unread, because it is not known where it begins.
    check_body(Message::Request, &body, Some(("m", "3")), "a0=7 1 row", JsonEnd::Malformed);
}
