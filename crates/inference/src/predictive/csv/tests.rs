//! What the reader of CSV must report, whatever the cut.

use super::{CsvReader, Header, Record};
use crate::predictive::{
    Columns, Place, Projection,
    reader::Form,
    render::{self, check_columns, columns, named},
};
use driftline_wire::json::JsonEnd;

#[track_caller]
fn check(header: Header, body: &str, expected: &str) {
    check_ending(header, body, expected, JsonEnd::Complete);
}

#[track_caller]
fn check_ending(header: Header, body: &str, expected: &str, ending: JsonEnd) {
    render::check(Form::Csv(header, Record::Row), body, expected, ending);
}

#[test]
fn without_names_positions_count() {
    check(
        Header::Absent,
        "1,2.5,x\r\n-3e2,NaN,\"y,\"\"z\"\"\"\r\n",
        "a0=`1` b0=`2.5` c0=`x` +1 a1=`-3e2` b1=`NaN` c1=`y,\\\"z\\\"` +1",
    );
}

#[test]
fn names_say_what_a_field_is() {
    check(
        Header::Present,
        "c,\"x\", a\n1,2,3\n4,5,6",
        "c0=`1` a0=`3` extra +1 c1=`4` a1=`6` extra +1",
    );
    check(Header::Present, "a,b,c\n", "");
    check(Header::Present, "a,b,c", "");
}

#[test]
fn the_end_of_the_last_line_may_be_left_out() {
    check(Header::Absent, "1,2,3\n4,5,6", "a0=`1` b0=`2` c0=`3` +1 a1=`4` b1=`5` c1=`6` +1");
    check(Header::Absent, "1,2,\"3\"", "a0=`1` b0=`2` c0=`3` +1");
}

#[test]
fn line_ends_may_be_any() {
    check(
        Header::Absent,
        "1,2,3\r4,5,6\r\n\r\n\n7,8,9\n",
        "a0=`1` b0=`2` c0=`3` +1 a1=`4` b1=`5` c1=`6` +1 a2=`7` b2=`8` c2=`9` +1",
    );
    check(Header::Absent, "\"1\n2\",3,\"\r\n\"", "a0=`1\\n2` b0=`3` c0=`\\r\\n` +1");
}

#[test]
fn a_field_is_what_it_says_for_its_column_to_decide() {
    check(
        Header::Absent,
        ",\"\", \nNA,null, x ",
        "a0=`` b0=`` c0=` ` +1 a1=`NA` b1=`null` c1=` x ` +1",
    );
}

#[test]
fn records_of_another_width_are_reported() {
    check(Header::Absent, "1,2,3,4\n5\n", "a0=`1` b0=`2` c0=`3` shape +1 a1=`5` shape +1");
    check(Header::Present, "b,a\n1\n2,3,4\n", "b0=`1` shape +1 b1=`2` a1=`3` shape +1");
}

#[test]
fn a_byte_order_mark_is_no_name() {
    check(Header::Present, "\u{feff}a,b,c\n1,2,3", "a0=`1` b0=`2` c0=`3` +1");
    check(Header::Absent, "\u{feff}1,2,3", "a0=`1` b0=`2` c0=`3` +1");
    check(Header::Absent, "\u{feff}\u{feff},2,3", "a0=`\\xef\\xbb\\xbf` b0=`2` c0=`3` +1");
    check(Header::Unknown, "\u{feff}b,c\n1,2", "b0=`1` c0=`2` +1");
}

#[test]
fn without_a_declaration_a_known_name_decides() {
    check(Header::Unknown, "x,a,y\n1,2,3", "a0=`2` extra +1");
    check(Header::Unknown, "1,2,3\n4,5,6", "a0=`1` b0=`2` c0=`3` +1 a1=`4` b1=`5` c1=`6` +1");
    check(Header::Unknown, "x,y,z\n1,2,3", "a0=`x` b0=`y` c0=`z` +1 a1=`1` b1=`2` c1=`3` +1");
    check(Header::Unknown, "1,2,3", "a0=`1` b0=`2` c0=`3` +1");
    check(Header::Unknown, "x,\"b\"", "");
    check(Header::Unknown, "a", "");
}

#[test]
fn a_first_record_that_is_too_long_for_names_is_a_row() {
    let long = "9".repeat(3000);
    let body = std::format!("{long},2,3\na,b,c");
    let start = "9".repeat(256);
    let rows = std::format!("a0=`{start}` b0=`2` c0=`3` +1 a1=`a` b1=`b` c1=`c` +1");
    check(Header::Unknown, &body, &rows);
}

#[test]
fn a_quoted_field_that_is_never_closed_is_cut_off() {
    check_ending(Header::Absent, "1,2,3\n\"4,5", "a0=`1` b0=`2` c0=`3` +1", JsonEnd::Incomplete);
    check_ending(Header::Absent, "\"1\"\"", "", JsonEnd::Incomplete);
    // A quote within a field that is not quoted is a quote.
    check(Header::Absent, "5\",2,3", "a0=`5\\\"` b0=`2` c0=`3` +1");
}

#[test]
fn nothing_is_empty() {
    check_ending(Header::Absent, "", "", JsonEnd::Empty);
    check_ending(Header::Unknown, "\r\n\n", "", JsonEnd::Empty);
    check_ending(Header::Present, "\u{feff}", "", JsonEnd::Empty);
}

#[test]
fn lengths_are_in_characters_however_long_a_field_is() {
    let places = [(named("a"), Projection::TextLength), (named("b"), Projection::VectorNorm)];
    let body = std::format!("b,a\n1,{}\n,\nNA,ab\n", "\u{e9}".repeat(300));
    check_columns(
        Form::Csv(Header::Present, Record::Row),
        &columns(&places),
        &body,
        "b0=wrong_type a0=300 +1 b1=null a1=null +1 b2=null a2=2 +1",
        JsonEnd::Complete,
    );
}

#[test]
fn a_vector_is_a_list_in_json_however_long_it_is() {
    let places = [(named("a"), Projection::Value), (named("v"), Projection::VectorNorm)];
    let long = std::format!("\"[{}0]\"", "1, ".repeat(400));
    let body = std::format!(
        "v, a\n\"[3, -4.0]\",1\n{long},2\n\"[true, 0]\",3\n\"[NaN, 1]\",4\n[],5\n[1,6\n\"[1e400]\",7\n\"[[1]]\",8\n"
    );
    check_columns(
        Form::Csv(Header::Present, Record::Row),
        &columns(&places),
        &body,
        "b0=5 a0=`1` +1 b1=20 a1=`2` +1 b2=1 a2=`3` +1 b3=null a3=`4` +1 b4=0 a4=`5` +1 \
         b5=wrong_type a5=`6` +1 b6=not_finite a6=`7` +1 b7=wrong_type a7=`8` +1",
        JsonEnd::Complete,
    );
}

#[test]
fn one_record_may_hold_all_predictions() {
    let form = Form::Csv(Header::Absent, Record::RowOrRows);
    let one = columns(&[(Place::Position(0), Projection::Value)]);
    check_columns(
        form,
        &one,
        "0.5,0.25\n1",
        "a0=`0.5` +1 a1=`0.25` +1 a2=`1` +1",
        JsonEnd::Complete,
    );
    let two = columns(&[
        (Place::Position(0), Projection::Value),
        (Place::Position(1), Projection::Value),
    ]);
    check_columns(form, &two, "0.5,0.25\n", "a0=`0.5` b0=`0.25` +1", JsonEnd::Complete);
}

#[test]
fn rows_are_counted_where_nothing_is_looked_for() {
    let form = Form::Csv(Header::Absent, Record::Row);
    check_columns(form, &Columns::default(), "1,2\n3\n", "+1 +1", JsonEnd::Complete);
}

#[test]
fn a_reader_is_small() {
    assert!(size_of::<CsvReader>() <= 512, "{}", size_of::<CsvReader>());
    assert!(size_of::<csv_core::Reader>() <= 1024, "{}", size_of::<csv_core::Reader>());
}
