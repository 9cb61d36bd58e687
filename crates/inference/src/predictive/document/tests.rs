//! What the reader of documents must report, whatever the cut.

use super::{Holds, Member, Table};
use crate::predictive::{
    Columns, Place, Projection,
    reader::Form,
    render::{self, check_columns, columns, named, tensor},
};
use driftline_wire::json::JsonEnd;

static TABLE: Table = Table {
    members: &[
        Member::at(&["instances"], Holds::Rows),
        Member::at(&["inputs"], Holds::Columns),
        Member::at(&["split", "columns"], Holds::Names),
        Member::at(&["split", "data"], Holds::Rows),
        Member::at(&["data", "names"], Holds::Names),
        Member::at(&["data", "tensor", "shape"], Holds::Shape),
        Member::at(&["data", "tensor", "values"], Holds::Values),
        Member::at(&["any"], Holds::RowOrRows),
        Member::at(&["results"], Holds::Classes),
    ],
    wrappers: &["features", "values"],
};

static LINE: Table = Table {
    members: &[Member::at(&[], Holds::Row), Member::at(&["instances"], Holds::Rows)],
    wrappers: &["features", "values"],
};

static LIST: Table = Table::of(&[Member::at(&[], Holds::Rows), Member::at(&["p"], Holds::Rows)]);

#[track_caller]
fn check(body: &str, expected: &str) {
    render::check(Form::Document(&TABLE), body, expected, JsonEnd::Complete);
}

#[track_caller]
fn check_ending(body: &str, expected: &str, ending: JsonEnd) {
    render::check(Form::Document(&TABLE), body, expected, ending);
}

#[track_caller]
fn check_places(places: &[(Place, Projection)], body: &str, expected: &str) {
    let columns = columns(places);
    check_columns(Form::Document(&TABLE), &columns, body, expected, JsonEnd::Complete);
}

#[test]
fn rows_by_position() {
    check(
        r#"{"instances": [[1, 2.5, -3e2], [null, true, "x"]]}"#,
        "a0=1 b0=2.5 c0=-300 +1 a1=null b1=true c1='x' +1",
    );
}

#[test]
fn rows_by_name_in_any_order() {
    check(
        r#"{"instances": [{"b": 2, "x": {"a": 9}, "a": 1}, {"a": true}, {}]}"#,
        "b0=2 a0=1 extra +1 a1=true +1 +1",
    );
}

#[test]
fn single_values_are_rows_of_one() {
    let one = [(Place::Position(0), Projection::Value)];
    check_places(
        &one,
        r#"{"instances": [1, null, "x", {"b64": "Zm9v"}]}"#,
        "a0=1 +1 a1=null +1 a2='x' +1 a3='foo' +1",
    );
    check(r#"{"instances": [1]}"#, "a0=1 shape +1");
}

#[test]
fn values_that_are_no_numbers_have_their_reasons() {
    check(
        r#"{"instances": [["1", [2, 3], {"a": 1}], [NaN, 1e400, [[]]], [[null], [], [{}]]]}"#,
        "a0='1' b0=wrong_type c0=wrong_type +1 a1=null b1=not_finite c1=wrong_type +1 \
         a2=null b2=wrong_type c2=wrong_type +1",
    );
    check(
        r#"{"instances": [{"a": [33], "b": {"b64": "YQ=="}, "c": -Infinity}]}"#,
        "a0=33 b0='a' c0=not_finite +1",
    );
}

#[test]
fn rows_of_another_width_are_reported() {
    check(
        r#"{"instances": [[1, 2, 3, 4, [5]], [1], []]}"#,
        "a0=1 b0=2 c0=3 shape +1 a1=1 shape +1 shape +1",
    );
}

#[test]
fn of_a_repeated_name_the_first_value_counts_and_the_others_are_too_many() {
    check(
        r#"{"instances": [{"a": 1, "a": [2], "b": 3, "a": 4}, {"a": 5}]}"#,
        "a0=1 b0=3 extra +1 a1=5 +1",
    );
}

#[test]
fn other_members_pass_unread() {
    check(
        r#"{"signature_name": "x", "y": [[8, 9]], "z": {"instances": [[7]]}, "instances": [[1, 2, 3]], "w": {"a": 1}}"#,
        "a0=1 b0=2 c0=3 +1",
    );
}

#[test]
fn rows_before_a_fault_count() {
    check_ending(
        r#"{"instances": [[1, 2, 3], [4, x"#,
        "a0=1 b0=2 c0=3 +1 a1=4 -",
        JsonEnd::Malformed,
    );
    check_ending(r#"{"instances": [[1, 2, 3], [4"#, "a0=1 b0=2 c0=3 +1", JsonEnd::Incomplete);
}

#[test]
fn documents_of_another_shape_have_no_rows() {
    check("[[1, 2]]", "");
    check(r#"{"instances": 7}"#, "");
    check(r#"{"instances": {"a": [1]}}"#, "");
    check(r#"{"split": [1], "inputs": "x", "data": {"tensor": 7}}"#, "");
    check("7 ", "");
    check("\"x\"", "");
    check_ending("", "", JsonEnd::Empty);
}

#[test]
fn columns_are_lists_of_their_own() {
    check(
        r#"{"inputs": {"b": [2, null], "a": [[1], ["x"]], "c": [[1, 2], {"b64": "YQ=="}]}}"#,
        "b0=2 b1=null a0=1 a1='x' c0=wrong_type c1='a' +2",
    );
    check(r#"{"inputs": [[1, 2, 3]]}"#, "a0=1 b0=2 c0=3 +1");
}

#[test]
fn columns_of_single_values_are_one_row() {
    check(r#"{"inputs": {"a": 1, "b": {"b64": "YQ=="}, "c": null}}"#, "a0=1 b0='a' c0=null +1");
}

#[test]
fn columns_of_different_lengths_are_reported() {
    check(r#"{"inputs": {"a": [1], "b": [1, 2], "c": []}}"#, "a0=1 b0=1 b1=2 shape shape +2");
}

#[test]
fn columns_that_are_not_looked_for_are_reported_once_and_count_rows() {
    check(
        r#"{"inputs": {"x": [0, 0], "y": [[1], {}, {}], "a": [1, 2]}}"#,
        "extra extra a0=1 a1=2 +2",
    );
    let by_name = [(named("a"), Projection::Value)];
    check_places(&by_name, r#"{"inputs": {"x": [0, {"a": [1]}]}}"#, "extra +2");
    check_places(
        &by_name,
        r#"{"inputs": {"x": [0, 0], "y": [1], "a": [1, 2]}}"#,
        "extra extra a0=1 a1=2 +2",
    );
}

#[test]
fn of_a_repeated_column_the_first_one_counts_and_the_others_are_too_many() {
    check(r#"{"inputs": {"a": [1, 2], "b": [3, 4], "a": [5, 6]}}"#, "a0=1 a1=2 b0=3 b1=4 extra +2");
    let in_tensor = [(tensor("x", 0), Projection::Value), (tensor("x", 1), Projection::Value)];
    check_places(&in_tensor, r#"{"inputs": {"x": [[1, 2]], "x": [[3, 4]]}}"#, "a0=1 b0=2 extra +1");
}

#[test]
fn a_column_may_be_several_values_wide() {
    check(
        r#"{"inputs": {"input_1": [[1, 2, 3], [4, null, [6]]]}}"#,
        "a0=1 b0=2 c0=3 a1=4 b1=null c1=6 +2",
    );
    let in_tensor = [(tensor("x", 1), Projection::Value), (tensor("y", 0), Projection::Value)];
    check_places(
        &in_tensor,
        r#"{"inputs": {"x": [[1, [2, 3]], [4, 5]], "y": [7, [8]], "z": [[1]]}}"#,
        "a0=2 a1=5 extra b0=7 b1=8 extra +2",
    );
}

#[test]
fn names_that_come_first_say_what_a_position_is() {
    check(
        r#"{"split": {"index": [0, 1], "columns": ["c", "x", "a"], "data": [[1, 2, 3], [4]]}}"#,
        "c0=1 a0=3 extra +1 c1=4 shape +1",
    );
    check(r#"{"split": {"columns": ["a", "a"], "data": [[1, 2]]}}"#, "a0=1 extra +1");
    let wide = std::format!(
        r#"{{"split": {{"columns": [{}"b", "a"], "data": [[{}5, 6]]}}}}"#,
        "\"x\", ".repeat(300),
        "0, ".repeat(300)
    );
    check(&wide, "b0=5 a0=6 extra +1");
}

#[test]
fn names_that_come_late_are_of_no_use() {
    check(r#"{"split": {"data": [[1, 2, 3]], "columns": ["c", "b", "a"]}}"#, "a0=1 b0=2 c0=3 +1");
}

#[test]
fn names_that_are_none_leave_positions() {
    for names in ["[]", "[0, 1, 2]", "[\"b\", null, \"c\"]", "null", "{\"a\": 1}"] {
        let body = std::format!(r#"{{"split": {{"columns": {names}, "data": [[1, 2, 3]]}}}}"#);
        check(&body, "a0=1 b0=2 c0=3 +1");
    }
}

#[test]
fn positions_that_are_asked_for_count_under_any_names() {
    let places = [(Place::Position(1), Projection::Value), (named("x"), Projection::Value)];
    check_places(
        &places,
        r#"{"split": {"columns": ["x", "y"], "data": [[1, 2]]}}"#,
        "b0=1 a0=2 +1",
    );
}

#[test]
fn a_shape_parts_values_into_rows() {
    check(
        r#"{"data": {"tensor": {"shape": [2, 3], "values": [1, 2, 3, null, NaN, [6]]}}}"#,
        "a0=1 b0=2 c0=3 +1 a1=null b1=null c1=6 +1",
    );
    check(
        r#"{"data": {"names": ["c", "x"], "tensor": {"shape": [1, 2], "values": [1, 2]}}}"#,
        "c0=1 extra +1",
    );
    check(
        r#"{"data": {"tensor": {"shape": [1, 3, 1], "values": [1, 2, 3]}}}"#,
        "a0=1 b0=2 c0=3 +1",
    );
    let one = [(Place::Position(0), Projection::Value)];
    check_places(
        &one,
        r#"{"data": {"tensor": {"shape": [2], "values": [1, 2]}}}"#,
        "a0=1 +1 a1=2 +1",
    );
    check_places(&one, r#"{"data": {"tensor": {"shape": [0], "values": []}}}"#, "");
}

#[test]
fn a_shape_that_is_not_that_of_the_values_is_reported() {
    let tensor = |shape: &str, expected| {
        let body = std::format!(
            r#"{{"data": {{"tensor": {{"shape": {shape}, "values": [1, 2, 3, 4]}}}}}}"#
        );
        check(&body, expected);
    };
    tensor("[2, 3]", "a0=1 b0=2 c0=3 +1 a1=4 +1 shape");
    tensor("[1, 3]", "a0=1 b0=2 c0=3 +1 a1=4 +1 shape");
    tensor("[3, 3]", "a0=1 b0=2 c0=3 +1 a1=4 +1 shape");
    tensor("[2, 2]", "shape a0=1 b0=2 +1 a1=3 b1=4 +1");
    for unusable in [
        "[]",
        "[4, 0]",
        "[-1, 3]",
        "[1.5, 3]",
        "[\"1\", 3]",
        "[1, [3]]",
        "[1, null]",
        "[4294967296, 4294967296, 4294967296]",
        "[9007199254740992, 4096]",
        "[1, 1e300]",
        "[1e400, 3]",
        "7",
    ] {
        tensor(unusable, "shape");
    }
    check(r#"{"data": {"tensor": {"values": [1, 2, 3], "shape": [1, 3]}}}"#, "shape");
}

#[test]
fn a_member_may_be_one_row_or_several() {
    check(r#"{"any": {"b": 1, "a": [2]}}"#, "b0=1 a0=2 +1");
    check(r#"{"any": [[1, 2, 3]]}"#, "a0=1 b0=2 c0=3 +1");
    check(r#"{"any": "x"}"#, "a0='x' shape +1");
}

#[test]
fn the_values_of_a_row_may_be_wrapped() {
    check(
        r#"{"instances": [{"features": [1, 2, 3]}, {"k": 0, "features": {"values": [4, 5]}}, {"features": {"b": 6}}, {"features": 7}]}"#,
        "a0=1 b0=2 c0=3 +1 a1=4 b1=5 extra shape +1 b2=6 +1 extra +1",
    );
}

#[test]
fn a_document_may_be_a_list_of_rows() {
    let check =
        |body, expected| render::check(Form::Document(&LIST), body, expected, JsonEnd::Complete);
    check("[[1, 2, 3], {\"b\": 4}, 5]", "a0=1 b0=2 c0=3 +1 b1=4 +1 a2=5 shape +1");
    check("{\"p\": [[1, 2, 3]]}", "a0=1 b0=2 c0=3 +1");
    check("5", "");
}

#[test]
fn every_line_is_a_row() {
    let check = |body, expected, ending| render::check(Form::Lines(&LINE), body, expected, ending);
    check(
        "[1, 2, 3]\n{\"b\": 4, \"x\": 0}\r\n\n{\"features\": [5, 6, 7]}\n",
        "a0=1 b0=2 c0=3 +1 b1=4 extra +1 a2=5 b2=6 c2=7 +1",
        JsonEnd::Complete,
    );
    check("5\n\"x\"\nnull", "a0=5 shape +1 a1='x' shape +1 a2=null shape +1", JsonEnd::Complete);
    check("5\n67", "a0=5 shape +1 a1=67 shape +1", JsonEnd::Complete);
    check("", "", JsonEnd::Empty);
    check("\n\n", "", JsonEnd::Empty);
}

#[test]
fn a_line_may_hold_rows() {
    render::check(
        Form::Lines(&LINE),
        "{\"k\": 1, \"instances\": [[1, 2, 3], {\"b\": 4, \"instances\": [0]}], \"l\": 2}\n[5, 6, 7]",
        "a0=1 b0=2 c0=3 +1 b1=4 extra +1 a2=5 b2=6 c2=7 +1",
        JsonEnd::Complete,
    );
}

#[test]
fn a_broken_line_leaves_the_others() {
    let check = |body, expected, ending| render::check(Form::Lines(&LINE), body, expected, ending);
    check("[1, 2\n[3, 4, 5]\n", "a0=1 - a1=3 b1=4 c1=5 +1", JsonEnd::Malformed);
    check("{\"a\": 1, x}\n[3, 4, 5]", "a0=1 - a1=3 b1=4 c1=5 +1", JsonEnd::Malformed);
    check("[1, 2, 3]\n[4, 5", "a0=1 b0=2 c0=3 +1 a1=4 -", JsonEnd::Incomplete);
}

#[test]
fn lengths_and_norms_are_read_where_they_are_wanted() {
    let places = [(named("a"), Projection::TextLength), (named("b"), Projection::VectorNorm)];
    let long = "\u{e9}".repeat(300);
    let body =
        std::format!(r#"{{"instances": [{{"a": "{long}", "b": [3, 4]}}, {{"a": 1, "b": 2}}]}}"#);
    check_places(&places, &body, "a0=300 b0=5 +1 a1=wrong_type b1=wrong_type +1");
    check_places(
        &places,
        r#"{"inputs": {"b": [[3, 4], [1, null]], "a": ["abc", ["\u00e9"]]}}"#,
        "b0=5 b1=null a0=3 a1=1 +2",
    );
}

#[test]
fn a_row_may_be_the_vector_that_is_looked_for() {
    let norm = [(Place::Position(0), Projection::VectorNorm)];
    check_places(
        &norm,
        r#"{"instances": [[3, 4], [[6, 8]], [], ["x"], 5]}"#,
        "a0=5 +1 a1=10 +1 shape +1 a3=wrong_type +1 a4=wrong_type +1",
    );
    check_places(
        &[(tensor("x", 0), Projection::VectorNorm)],
        r#"{"inputs": {"x": [[3, 4], [0]]}}"#,
        "a0=5 a1=0 +2",
    );
}

#[test]
fn of_labels_and_scores_the_best_counts() {
    let places = [(Place::Position(0), Projection::Value), (named("score"), Projection::Value)];
    check_places(
        &places,
        r#"{"results": [[["no", 0.2], ["yes", 0.7], ["maybe", 0.1]], [], [["x", NaN], ["y"]]]}"#,
        "a0='yes' b0=0.7 +1 +1 +1",
    );
    check_places(&places[..1], r#"{"results": [0.25, null]}"#, "a0=0.25 +1 a1=null +1");
}

#[test]
fn rows_are_counted_where_nothing_is_looked_for() {
    let body = r#"{"instances": [[1, 2], {"x": 1}, 3], "inputs": {"x": [1, 2]}, "data": {"tensor": {"shape": [1, 2], "values": [1, 2]}}}"#;
    check_columns(
        Form::Document(&TABLE),
        &Columns::new([None]),
        body,
        "+1 +1 +1 +2 +1",
        JsonEnd::Complete,
    );
    check_columns(
        Form::Lines(&LINE),
        &Columns::new([None]),
        "[1]\n{\"x\": 1}\n2",
        "+1 +1 +1",
        JsonEnd::Complete,
    );
}

#[test]
fn a_batch_of_any_size_needs_the_same_memory() {
    assert!(size_of::<super::DocumentReader>() <= 1600, "{}", size_of::<super::DocumentReader>());
}
