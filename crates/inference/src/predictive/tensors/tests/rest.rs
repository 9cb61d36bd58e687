//! Bodies over REST, in JSON and with raw bytes after it.

use super::*;
use crate::predictive::tensors::{RestReader, TENSORS_MAX};

/// How much of early data is held.
const EARLY_BYTES_MAX: usize = 64;

/// The body is the JSON document, with raw bytes after it if `raw` is some.
#[track_caller]
fn check_body(document: &str, raw: Option<&[u8]>, expected: &str, ending: JsonEnd, has_rows: bool) {
    let columns = columns();
    let body = [document.as_bytes(), raw.unwrap_or_default()].concat();
    let length = raw.map(|_| document.len() as u64);
    check_cuts(&body, expected, ending, |pieces, mut take| {
        let mut reader = RestReader::new(
            b"inputs",
            length,
            EARLY_BYTES_MAX,
            &MemoryBudget::new(DECODERS_BYTES_MAX),
        );
        for piece in pieces {
            reader.read(piece, &columns, &mut take);
        }
        assert_eq!(reader.has_rows(), has_rows);
        reader.finish(&columns, &mut take)
    });
}

/// Tensors in JSON, which is whole.
#[track_caller]
fn check(tensors: &str, expected: &str) {
    let document = format!(r#"{{"id":"7","inputs":[{tensors}],"outputs":[{{"name":"a"}}]}}"#);
    check_body(&document, None, expected, JsonEnd::Complete, true);
}

/// One tensor in JSON.
#[track_caller]
fn check_data(name: &str, shape: &str, data: &str, expected: &str) {
    let tensor = format!(r#"{{"name":"{name}","shape":{shape},"datatype":"FP32","data":{data}}}"#);
    check(&tensor, expected);
}

/// One tensor with raw bytes, which is whole.
#[track_caller]
fn check_raw(name: &str, shape: &str, datatype: &str, raw: &[u8], expected: &str) {
    check_raw_of(name, shape, datatype, raw.len(), raw, expected, JsonEnd::Complete);
}

#[track_caller]
fn check_raw_of(
    name: &str,
    shape: &str,
    datatype: &str,
    size: usize,
    raw: &[u8],
    expected: &str,
    ending: JsonEnd,
) {
    let document = format!(
        r#"{{"inputs":[{{"name":"{name}","shape":{shape},"datatype":"{datatype}","parameters":{{"binary_data_size":{size}}}}}]}}"#
    );
    check_body(&document, Some(raw), expected, ending, true);
}

#[test]
fn a_tensor_of_rank_one_is_a_column() {
    check_data("a", "[3]", "[1, 2.5, -3e2]", "a0=1 a1=2.5 a2=-300 3 rows");
    check_data("b", "[2, 1]", "[1, 2]", "b0=1 b1=2 2 rows");
    check_data("b", "[2, 1]", "[[1], [2]]", "b0=1 b1=2 2 rows");
    check_data("b", "[]", "[1]", "b0=1 1 row");
    check_data("b", "[]", "1", "b0=1 1 row");
}

#[test]
fn the_first_tensor_has_columns_by_index_if_no_column_has_its_name() {
    check_data("input-0", "[2, 2]", "[1, 2, 3, 4]", "a0=1 b0=2 a1=3 b1=4 2 rows");
    check_data("input-0", "[2, 2]", "[[1, 2], [3, 4]]", "a0=1 b0=2 a1=3 b1=4 2 rows");
    check_data("input-0", "[1, 2, 1]", "[[[1], [2]]]", "a0=1 b0=2 1 row");
    check_data("input-0", "[1, 3]", "[1, 2, 3]", "a0=1 b0=2 extra 1 row");
}

#[test]
fn several_tensors_are_columns_of_the_same_rows() {
    check(
        r#"{"name":"b","shape":[2],"datatype":"INT64","data":[1,2]},
           {"name":"a","shape":[2,1],"datatype":"BOOL","data":[true,false]}"#,
        "b0=1 b1=2 a0=1 a1=0 2 rows",
    );
}

#[test]
fn members_come_in_any_order() {
    check(
        r#"{"datatype":"FP32","parameters":{"k":[1]},"shape":[1],"name":"a","data":[5]}"#,
        "a0=5 1 row",
    );
    check(r#"{"data":[5],"name":"a","shape":[1]}"#, "a0=5 1 row");
    check(r#"{"name":"a","data" : [5] ,"shape":[1]}"#, "a0=5 1 row");
    check(r#"{"shape":[1],"data":5,"name":"a"}"#, "a0=5 1 row");
    check(
        r#"{"data":[[1,null],[3,4]],"datatype":"FP32","name":"q","shape":[2,2]},{"data":[7,8],"name":"t","shape":[2]}"#,
        "a0=1 b0=null a1=3 b1=4 t0=wrong_type t1=wrong_type 2 rows",
    );
    check(
        r#"{"data":["na\u00efve","]}\"",{"x":[1]}],"name":"t","shape":[3]}"#,
        "t0=5 t1=3 t2=wrong_type 3 rows",
    );
    check(r#"{"data":[1,2],"name":"a","shape":[3]}"#, "a0=1 a1=2 shape 2 rows");
    check(r#"{"data":[5],"name":"a","shape":[-1]}"#, "shape");
    check(r#"{"data":[5],"name":"a"}"#, "shape");
    check(r#"{"data":[5],"data":[6],"name":"a","shape":[1]}"#, "a0=5 1 row");
    check(
        r#"{"data":[5],"name":"a","shape":[1]},{"name":"z","data":[5],"shape":[1]}"#,
        "a0=5 extra 1 row",
    );
}

#[test]
fn data_that_comes_too_early_is_held_up_to_a_limit() {
    let values = |count: usize| vec!["7"; count].join(",");
    let body = |count: usize| {
        format!(
            r#"{{"inputs":[{{"data":[{}],"name":"a","shape":[{count}]}},{{"data":[1],"name":"b","shape":[1]}}]}}"#,
            values(count)
        )
    };
    let read = |count: usize, expected: &str, too_large| {
        let columns = columns();
        check_cuts(body(count).as_bytes(), expected, JsonEnd::Complete, |pieces, mut take| {
            let mut reader = RestReader::new(
                b"inputs",
                None,
                EARLY_BYTES_MAX,
                &MemoryBudget::new(DECODERS_BYTES_MAX),
            );
            for piece in pieces {
                reader.read(piece, &columns, &mut take);
            }
            assert_eq!(reader.too_large(), too_large);
            reader.finish(&columns, &mut take)
        });
    };
    // With the brackets, and without anything else.
    let fitting = (EARLY_BYTES_MAX - 1) / 2;
    let cells: Vec<String> = (0..fitting).map(|row| format!("a{row}=7")).collect();
    read(fitting, &format!("{} shape b0=1 {fitting} rows", cells.join(" ")), 0);
    for more in [fitting + 1, EARLY_BYTES_MAX] {
        read(more, &format!("shape shape b0=1 {more} rows"), 1);
    }
}

#[test]
fn what_comes_before_and_after_early_data_is_not_held() {
    let long = "k".repeat(2 * EARLY_BYTES_MAX);
    let spaces = " ".repeat(2 * EARLY_BYTES_MAX);
    for data in ["[5]", "5", "[[5]]"] {
        for member in [
            format!(r#""data":{data},"{long}":1"#),
            format!(r#""data":{data}{spaces},"k":1"#),
            format!(r#""data":{data} , {spaces}"k":"{long}""#),
            format!(r#""data"{spaces}:{spaces}{data}"#),
        ] {
            check(&format!(r#"{{{member},"name":"a","shape":[1]}}"#), "a0=5 1 row");
        }
    }
}

#[test]
fn early_data_that_finds_no_room_passes_unread_and_gives_back_what_it_has() {
    let columns = columns();
    let room = MemoryBudget::new(100);
    let start = |held: usize| {
        let mut reader = RestReader::new(b"inputs", None, EARLY_BYTES_MAX, &room);
        let body = format!(r#"{{"inputs":[{{"data":[5{}"#, " ".repeat(held - 2));
        reader.read(body.as_bytes(), &columns, &mut |event| unreachable!("{}", said(event)));
        reader
    };
    let end = |mut reader: RestReader| {
        let mut found = Vec::new();
        let body = br#"],"name":"a","shape":[1]},{"data":[6],"name":"b","shape":[1]}]}"#;
        reader.read(body, &columns, &mut |event| note(event, &mut found));
        assert_eq!(
            reader.finish(&columns, &mut |event| note(event, &mut found)),
            JsonEnd::Complete
        );
        assert_eq!(reader.too_large(), 0);
        (found.join(" "), reader.lacked_room())
    };
    let [one, other, third] = [40, 50, 30].map(start);
    assert_eq!(room.bytes_left(), 10);
    // Its row counts, as the shape says, and its value does not. The next tensor finds memory again.
    assert_eq!(end(third), ("shape b0=6 1 row".to_string(), true));
    assert_eq!(room.bytes_left(), 10);
    drop(other);
    assert_eq!(room.bytes_left(), 60);
    assert_eq!(end(one), ("a0=5 b0=6 1 row".to_string(), false));
    assert_eq!(room.bytes_left(), 100);
}

/// What is found in a tensor with these members, and in another one after it, in every cut; in no order, because faults
/// are reported where they show.
fn found_of(members: &[&str]) -> (Vec<String>, JsonEnd) {
    let tensor = members.join(",");
    let body = format!(r#"{{"inputs":[{{{tensor}}},{{"name":"b","shape":[1],"data":[8]}}]}}"#);
    let columns = columns();
    let mut all: Option<(Vec<String>, JsonEnd)> = None;
    every_cut(body.as_bytes(), |pieces, name| {
        let mut found = Vec::new();
        let mut reader = RestReader::new(
            b"inputs",
            None,
            EARLY_BYTES_MAX,
            &MemoryBudget::new(DECODERS_BYTES_MAX),
        );
        for piece in pieces {
            reader.read(piece, &columns, &mut |event| note(event, &mut found));
        }
        let ending = reader.finish(&columns, &mut |event| note(event, &mut found));
        assert_eq!(reader.too_large(), 0);
        found.sort();
        let found = (found, ending);
        assert_eq!(*all.get_or_insert_with(|| found.clone()), found, "{body} {name}");
    });
    all.unwrap()
}

#[test]
fn the_order_of_members_changes_no_count_whatever_the_data_is() {
    let good = ["[1]", "[1,2]", "[[1],[2]]", "5", "null", r#""x""#, r#"["a\"]",{"x":oops}]"#, "[]"];
    // Only their brackets and strings are right.
    let bad =
        ["[1,x]", "[x,1]", "[1,2,]", "[,]", "[1 2]", "[1,[2,]]", "[nul]", "[1.]", r#"["\q"]"#];
    let cases = good.map(|data| (data, JsonEnd::Complete)).into_iter();
    for (data, ending) in cases.chain(bad.map(|data| (data, JsonEnd::Malformed))) {
        let data = format!(r#""data":{data}"#);
        for name in ["a", "nobody's"] {
            let name = format!(r#""name":"{name}""#);
            for shape in ["[2]", "[1]", "[2,1]", "[-1]"] {
                let shape = format!(r#""shape":{shape}"#);
                let [data, name, shape] = [&*data, &*name, &*shape];
                let expected = found_of(&[name, shape, data]);
                for order in [
                    [data, name, shape],
                    [data, shape, name],
                    [name, data, shape],
                    [shape, data, name],
                    [shape, name, data],
                ] {
                    assert_eq!(found_of(&order), expected, "{order:?}");
                }
                if name.ends_with("\"a\"") && !shape.contains('-') {
                    assert_eq!(expected.1, ending, "{data} {name} {shape}");
                }
            }
        }
    }
    // After a wrong bracket, no name comes any more.
    for data in [r#""data":[1}"#, r#""data":nope"#] {
        let ending = found_of(&[data, r#""name":"a""#, r#""shape":[1]"#]).1;
        assert_eq!(ending, JsonEnd::Malformed, "{data}");
    }
}

#[test]
fn a_member_that_is_repeated_counts_once() {
    check(r#"{"name":"a","name":"b","shape":[1],"shape":[9],"data":[5],"data":[6]}"#, "a0=5 1 row");
    check(
        r#"{"name":"a","shape":[1],"data":[5]},{"name":"a","shape":[1],"data":[6]}"#,
        "a0=5 extra 1 row",
    );
    // The first tensor, by index, has what the second one has by name.
    check(
        r#"{"name":"q","shape":[1,2],"data":[5,6]},{"name":"b","shape":[1],"data":[7]}"#,
        "a0=5 b0=6 extra 1 row",
    );
}

#[test]
fn the_index_of_a_data_frame_is_no_tensor_too_many() {
    for name in ["__index_level_0__", "Unnamed: 0"] {
        let index = format!(r#"{{"name":"{name}","shape":[2],"data":[0,1]}}"#);
        let own = r#"{"name":"a","shape":[2],"data":[5,6]}"#;
        check(&format!("{index},{own}"), "a0=5 a1=6 2 rows");
        check(&format!("{own},{index}"), "a0=5 a1=6 2 rows");
        // The first tensor that is none is matched by index.
        let nameless = r#"{"name":"input-0","shape":[2,2],"data":[5,6,7,8]}"#;
        check(&format!("{index},{nameless}"), "a0=5 b0=6 a1=7 b1=8 2 rows");
    }
}

#[test]
fn tensors_that_no_column_looks_for_pass_unread() {
    check(
        r#"{"name":"a","shape":[2],"data":[5,6]},{"name":"z","shape":[2],"data":[{"data":[1]},"]"]}"#,
        "a0=5 a1=6 extra 2 rows",
    );
    let columns = Columns::default();
    let body = br#"{"inputs":[{"name":"z","shape":[3,2],"data":[1,2,3,4,5,6]}]}"#;
    check_cuts(body, "extra 3 rows", JsonEnd::Complete, |pieces, mut take| {
        let mut reader = RestReader::new(
            b"inputs",
            None,
            EARLY_BYTES_MAX,
            &MemoryBudget::new(DECODERS_BYTES_MAX),
        );
        for piece in pieces {
            reader.read(piece, &columns, &mut take);
        }
        reader.finish(&columns, &mut take)
    });
}

#[test]
fn values_that_are_no_numbers_have_their_reasons() {
    check_data(
        "a",
        "[8]",
        r#"[null, NaN, -Infinity, 1e400, "1", {"a": [1]}, true, 7]"#,
        "a0=null a1=null a2=not_finite a3=not_finite a4='1' a5=wrong_type a6=1 a7=7 8 rows",
    );
}

#[test]
fn nulls_in_place_of_rows_do_not_move_their_neighbours() {
    check_data("q", "[2, 2]", "[[1, null], [3, 4]]", "a0=1 b0=null a1=3 b1=4 2 rows");
    check_data("q", "[2, 2]", "[null, [3, 4]]", "a0=null shape a1=3 b1=4 2 rows");
    check_data("q", "[3, 2]", "[[1, 2], null, [5, 6]]", "a0=1 b0=2 a1=null shape a2=5 b2=6 3 rows");
}

#[test]
fn shapes_that_are_not_those_of_the_data_are_faults_and_what_is_there_counts() {
    check_data("a", "[3]", "[1, 2]", "a0=1 a1=2 shape 2 rows");
    check_data("a", "[1]", "[1, 2]", "a0=1 shape 1 row");
    check_data("q", "[2, 2]", "[1, 2, 3]", "a0=1 b0=2 a1=3 shape 2 rows");
    check_data("q", "[2, 2]", "[[1], [3, 4]]", "a0=1 shape a1=3 b1=4 2 rows");
    check_data("q", "[2, 2]", "[[1, 2, 9], [3, 4]]", "a0=1 b0=2 shape a1=3 b1=4 2 rows");
    check_data("q", "[1, 2]", "[[1, 2], [3, 4]]", "a0=1 b0=2 shape 1 row");
    check_data("a", "[2]", "[]", "shape");
    check_data("a", "[2]", "{}", "a0=wrong_type shape 1 row");
    check_data("a", "[0]", "[]", "");
    check_data("q", "[2, 0]", "[[], []]", "2 rows");
}

#[test]
fn shapes_that_can_be_none_are_faults() {
    check_data("a", "[-1]", "[1]", "shape");
    check_data("a", "[1.5]", "[1]", "shape");
    check_data("a", r#"["1"]"#, "[1]", "shape");
    check_data("a", "[[1]]", "[1]", "shape");
    check_data("a", "1", "[1]", "shape");
    check_data("a", "null", "[1]", "shape");
}

#[test]
fn a_shape_whose_product_overflows_takes_no_memory_and_makes_no_rows() {
    let product = "[4294967296, 4294967296, 4294967296]";
    check_data("q", product, "[1, 2, 3]", "shape a0=1 b0=2 extra 1 row");
    check_data("a", "[9223372036854775807]", "[1]", "a0=1 shape 1 row");
    check_data("a", "[1e300]", "[1]", "shape");
    check_data("t", "[9000000000, 1]", r#"["a"]"#, "t0=1 shape 1 row");
    check(
        r#"{"name":"a","shape":[1],"data":[1]},{"name":"z","shape":[4000000],"data":[1]}"#,
        "a0=1 extra shape 2 rows",
    );
}

#[test]
fn tensors_of_different_lengths_are_faults_and_count() {
    check(
        r#"{"name":"a","shape":[2],"data":[1,2]},{"name":"b","shape":[3],"data":[1,2,3]}"#,
        "a0=1 a1=2 shape b0=1 b1=2 b2=3 3 rows",
    );
}

#[test]
fn lengths_of_texts_and_norms_of_rows_are_numbers() {
    check_data("t", "[3]", r#"["na\u00efve", "", 7]"#, "t0=5 t1=null t2=wrong_type 3 rows");
    check_data("v", "[2, 2]", "[[3, 4], [0, -2]]", "v0=5 v1=2 2 rows");
    check_data("v", "[2, 2]", "[3, 4, 1e200, 1e200]", "v0=5 v1=not_finite 2 rows");
    check_data("v", "[3, 2]", "[3, null, NaN, 1, NaN, true]", "v0=null v1=null v2=null 3 rows");
    check_data("v", "[2]", r#"[-3, "x"]"#, "v0=3 v1=wrong_type 2 rows");
    check_data("v", "[1, 3]", "[3, 4]", "shape 1 row");
    let long = "é".repeat(400);
    check_data("t", "[1]", &format!("[\"{long}\"]"), "t0=400 1 row");
}

#[test]
fn columns_stand_at_an_index_of_a_tensor() {
    check_data("x", "[1, 4]", "[1, 2, 3, 4]", "extra x0=3 1 row");
}

#[test]
fn documents_of_another_shape_have_no_rows() {
    let check = |document, expected, ending, has_rows| {
        check_body(document, None, expected, ending, has_rows);
    };
    check("[1]", "", JsonEnd::Complete, false);
    check(r#"{"instances":[[1,2]]}"#, "", JsonEnd::Complete, false);
    check(r#"{"inputs":{"a":[1]}}"#, "", JsonEnd::Complete, false);
    check(r#"{"inputs":[]}"#, "", JsonEnd::Complete, true);
    check(r#"{"inputs":[1,[2]]}"#, "shape shape", JsonEnd::Complete, true);
    check(r#"{"inputs":[{}]}"#, "extra shape", JsonEnd::Complete, true);
    check("", "", JsonEnd::Empty, false);
}

#[test]
fn what_came_before_a_document_broke_off_counts() {
    let tensor = r#"{"inputs":[{"name":"q","shape":[2,2],"data":[1,2,3"#;
    check_body(tensor, None, "a0=1 b0=2 shape 1 row", JsonEnd::Incomplete, true);
    let tensor = r#"{"inputs":[{"name":"a","shape":[2],"data":[1,x"#;
    check_body(tensor, None, "a0=1 shape 1 row", JsonEnd::Malformed, true);
}

#[test]
fn raw_bytes_are_read_in_every_data_type() {
    check_raw("a", "[2]", "BOOL", &[1, 0], "a0=1 a1=0 2 rows");
    check_raw("a", "[2]", "UINT8", &[255, 7], "a0=255 a1=7 2 rows");
    check_raw("a", "[2]", "INT8", &[255, 7], "a0=-1 a1=7 2 rows");
    check_raw("a", "[1]", "UINT16", &[1, 2], "a0=513 1 row");
    check_raw("a", "[1]", "INT16", &[0, 0x80], "a0=-32768 1 row");
    check_raw("a", "[1]", "UINT32", &[0, 0, 0, 0x80], "a0=2147483648 1 row");
    check_raw("a", "[1]", "INT32", &[0xfe, 0xff, 0xff, 0xff], "a0=-2 1 row");
    check_raw("a", "[1]", "UINT64", &[0, 0, 0, 0, 1, 0, 0, 0], "a0=4294967296 1 row");
    check_raw("a", "[1]", "INT64", &(-5_i64).to_le_bytes(), "a0=-5 1 row");
    check_raw("a", "[2]", "FP16", &[0, 0x3c, 0, 0x7c], "a0=1 a1=not_finite 2 rows");
    check_raw("a", "[1]", "BF16", &[0xc0, 0x3f], "a0=1.5 1 row");
    check_raw("a", "[2]", "FP32", &[0, 0, 0x20, 0x40, 0, 0, 0xc0, 0x7f], "a0=2.5 a1=null 2 rows");
    let doubles = [0.1_f64.to_le_bytes(), f64::NEG_INFINITY.to_le_bytes()].concat();
    check_raw("a", "[2]", "FP64", &doubles, "a0=0.1 a1=not_finite 2 rows");
    check_raw("a", "[2]", "BYTES", &texts(&["red", ""]), "a0='red' a1='' 2 rows");
    check_raw("q", "[2, 2]", "UINT8", &[1, 2, 3, 4], "a0=1 b0=2 a1=3 b1=4 2 rows");
    check_raw("v", "[1, 2]", "INT8", &[3, 0xfc], "v0=5 1 row");
    check_raw("t", "[2]", "BYTES", &texts(&["naïve", "€"]), "t0=5 t1=1 2 rows");
    check_raw("a", "[0]", "FP32", &[], "");
}

#[test]
fn long_texts_are_cut_and_their_lengths_are_not() {
    let long = "x".repeat(600);
    let beginning = "x".repeat(256);
    check_raw("a", "[1]", "BYTES", &texts(&[&long]), &format!("a0='{beginning}' 1 row"));
    check_raw("t", "[1]", "BYTES", &texts(&[&long]), "t0=600 1 row");
}

#[test]
fn raw_tensors_follow_in_the_order_of_their_descriptions() {
    let document = r#"{"inputs":[
        {"name":"b","shape":[2],"datatype":"INT16","parameters":{"binary_data_size":4}},
        {"name":"z","shape":[2],"datatype":"INT8","parameters":{"binary_data_size":2}},
        {"name":"t","shape":[2],"datatype":"BYTES","data":["ab","c"]},
        {"name":"a","shape":[2],"datatype":"UINT8","parameters":{"x":1,"binary_data_size":2}}]}"#;
    let raw = [1, 0, 2, 0, 9, 9, 3, 4];
    let expected = "extra t0=2 t1=1 b0=1 b1=2 a0=3 a1=4 2 rows";
    check_body(document, Some(&raw), expected, JsonEnd::Complete, true);
    let expected = "extra t0=2 t1=1 b0=1 b1=2 a0=3 shape 2 rows";
    check_body(document, Some(&raw[..7]), expected, JsonEnd::Incomplete, true);
    let expected = "extra t0=2 t1=1 b0=1 shape shape shape 2 rows";
    check_body(document, Some(&raw[..3]), expected, JsonEnd::Incomplete, true);
}

#[test]
fn raw_bytes_that_are_not_those_of_the_shape_are_faults() {
    check_raw("a", "[3]", "UINT8", &[1, 2], "a0=1 a1=2 shape 2 rows");
    check_raw("a", "[1]", "UINT8", &[1, 2], "a0=1 shape 1 row");
    check_raw("a", "[2]", "INT16", &[1, 0, 2], "a0=1 shape 1 row");
    check_raw("a", "[2]", "FP8", &[1, 2], "shape");
    check_raw("a", "[-2]", "INT8", &[1, 2], "shape");
    let text_too_long = [&texts(&["ab"])[..], &[200, 0, 0, 0, b'x']].concat();
    check_raw("a", "[2]", "BYTES", &text_too_long, "a0='ab' shape 1 row");
    check_raw("a", "[2]", "BYTES", &[&texts(&["ab"])[..], &[1, 0]].concat(), "a0='ab' shape 1 row");
}

#[test]
fn bytes_that_are_too_few_or_too_many_are_faults() {
    let check = |size, raw: &[u8], expected, ending| {
        check_raw_of("a", "[2]", "INT16", size, raw, expected, ending);
    };
    check(4, &[1, 0, 2], "a0=1 shape 1 row", JsonEnd::Incomplete);
    check(4, &[], "shape", JsonEnd::Incomplete);
    check(4, &[1, 0, 2, 0, 9], "a0=1 a1=2 shape 2 rows", JsonEnd::Complete);
    // An impossible length: the bytes are read as this tensor's, because it is not known where the next one begins.
    check_body(
        r#"{"inputs":[{"name":"a","shape":[1],"datatype":"UINT8","parameters":{"binary_data_size":-1}}]}"#,
        Some(&[7]),
        "a0=7 1 row",
        JsonEnd::Incomplete,
        true,
    );
}

#[test]
fn what_a_tensor_states_that_no_column_looks_for_makes_no_rows() {
    let check = |shape, datatype, size: &str, raw: &[u8], expected, ending| {
        let document = format!(
            r#"{{"inputs":[{{"name":"a","shape":[1],"data":[7]}},{{"name":"z","shape":{shape},"datatype":"{datatype}","parameters":{{"binary_data_size":{size}}}}}]}}"#
        );
        check_body(&document, Some(raw), expected, ending, true);
    };
    let cut = JsonEnd::Incomplete;
    let billions = "[2000000000]";
    check(billions, "FP64", "16000000000", &[0; 16], "a0=7 extra shape 2 rows", cut);
    check(billions, "FP64", "16000000000", &[0; 15], "a0=7 extra shape 1 row", cut);
    check(billions, "FP64", "16000000000", &[], "a0=7 extra shape 1 row", cut);
    check(billions, "BOOL", "2000000000", &[0; 3], "a0=7 extra shape 3 rows", cut);
    check(billions, "BYTES", "2000000000", &texts(&["", "x"]), "a0=7 extra shape 2 rows", cut);
    check("[2000000000, 2]", "INT8", "4000000000", &[0; 5], "a0=7 extra shape 2 rows", cut);
    // Its length is not known, and all that comes is its own.
    check("[4611686018427387904]", "INT8", "-1", &[0; 4], "a0=7 extra shape 4 rows", cut);
    check("[2000000000, 0]", "BOOL", "2000000000", &[0; 3], "a0=7 extra shape 1 row", cut);
    // All of it came, and is less than the shape.
    check(billions, "FP64", "16", &[0; 16], "a0=7 extra shape 2 rows", JsonEnd::Complete);
}

#[test]
fn tensors_whose_data_is_elsewhere_have_none() {
    check(
        r#"{"name":"a","shape":[2],"datatype":"FP32","parameters":{"shared_memory_region":"r"}}"#,
        "shape",
    );
    check(
        r#"{"name":"a","shape":[2],"datatype":"INT8","parameters":{"binary_data_size":2}}"#,
        "shape",
    );
}

#[test]
fn a_document_that_is_shorter_or_longer_than_said_is_no_document() {
    let document = r#"{"inputs":[{"name":"a","shape":[1],"data":[1]}]}"#;
    let check = |length, expected, ending| {
        let columns = columns();
        check_cuts(document.as_bytes(), expected, ending, |pieces, mut take| {
            let mut reader = RestReader::new(
                b"inputs",
                Some(length),
                EARLY_BYTES_MAX,
                &MemoryBudget::new(DECODERS_BYTES_MAX),
            );
            for piece in pieces {
                reader.read(piece, &columns, &mut take);
            }
            reader.finish(&columns, &mut take)
        });
    };
    check(document.len() as u64, "a0=1 1 row", JsonEnd::Complete);
    check(document.len() as u64 + 1, "a0=1 1 row", JsonEnd::Incomplete);
    check(document.len() as u64 - 1, "a0=1 1 row", JsonEnd::Incomplete);
    check(u64::MAX, "a0=1 1 row", JsonEnd::Incomplete);
    check(0, "", JsonEnd::Empty);
}

#[test]
fn raw_tensors_beyond_the_limit_pass_unread() {
    let tensor = |name: &str| {
        format!(
            r#"{{"name":"{name}","shape":[1],"datatype":"INT8","parameters":{{"binary_data_size":1}}}}"#
        )
    };
    let mut tensors = vec![tensor("z"); TENSORS_MAX];
    tensors[0] = tensor("a");
    tensors.extend([tensor("b"), tensor("b")]);
    let document = format!(r#"{{"inputs":[{}]}}"#, tensors.join(","));
    let raw: Vec<u8> = (1..=66).collect();
    let expected = format!("{}a0=1 1 row", "extra ".repeat(TENSORS_MAX + 1));
    check_body(&document, Some(&raw), &expected, JsonEnd::Complete, true);
}
