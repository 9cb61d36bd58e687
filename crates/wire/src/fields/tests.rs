//! The path matcher against tables of documents, each cut everywhere; nothing here knows how it works inside.

use std::{format, string::String, vec::Vec};

use super::*;
use driftline_cuts::every_cut;

use crate::{field_table, json::DEPTH_MAX};

/// Reads `pieces` and writes down what was found as `slot=value`.
fn read(table: FieldTable<&'static str>, pieces: &[&[u8]]) -> (Vec<String>, JsonEnd) {
    let mut reader = FieldReader::new(table);
    let mut values = Vec::new();
    for piece in pieces {
        reader.read(piece, &mut |slot, value| values.push(format!("{slot}={}", written(value))));
    }
    let ending = reader.finish();
    (values, ending)
}

fn written(value: Value<'_>) -> String {
    match value {
        Value::String(text) => format!("'{}'", text.bytes.escape_ascii()),
        Value::Number(number) => format!("{number}"),
        Value::NotFinite => String::from("?"),
        Value::Bool(bool) => format!("{bool}"),
        Value::Null => String::from("null"),
        Value::Object => String::from("{"),
        Value::Array => String::from("["),
    }
}

/// Declares one test per document: paths, and what they find, however the document is cut.
macro_rules! finds {
    ($($name:ident: [$($path:literal),*] in $document:expr => $found:expr;)*) => {$(
        #[test]
        fn $name() {
            static TABLE: FieldTable<&str> = field_table![$(($path, $path)),*];
            check(TABLE, &$document[..], $found, JsonEnd::Complete);
        }
    )*};
}

#[track_caller]
fn check(table: FieldTable<&'static str>, document: &[u8], found: &str, ending: JsonEnd) {
    every_cut(document, |pieces, name| {
        let (values, found_ending) = read(table, pieces);
        assert_eq!((values.join(" ").as_str(), found_ending), (found, ending), "{name}");
    });
}

finds! {
    a_key: ["a"] in b"{\"a\":1}" => "a=1";
    a_key_among_others: ["b"] in br#"{"a":1,"b":2,"c":3}"# => "b=2";
    a_key_within: ["a.b.c"] in br#"{"a":{"b":{"c":true}}}"# => "a.b.c=true";
    the_same_key_elsewhere: ["a.b"] in br#"{"b":1,"c":{"a":{"b":2}},"a":{"c":{"b":3},"b":4}}"# => "a.b=4";
    a_key_given_twice: ["a"] in br#"{"a":1,"a":2}"# => "a=1 a=2";
    every_kind_of_value: ["a[]"] in br#"{"a":["s",1,NaN,true,null,{},[]]}"#
        => "a[]='s' a[]=1 a[]=? a[]=true a[]=null a[]={ a[]=[";
    elements: ["a[]"] in b"{\"a\":[1,2,3]}" => "a[]=1 a[]=2 a[]=3";
    elements_of_elements: ["a[][]"] in b"{\"a\":[[1,2],[],[3],4,{\"x\":5}]}" => "a[][]=1 a[][]=2 a[][]=3";
    rows_and_their_elements: ["a[]", "a[][]"] in b"{\"a\":[[1,2],[3]]}"
        => "a[]=[ a[][]=1 a[][]=2 a[]=[ a[][]=3";
    members_of_elements: ["a[].b"] in br#"{"a":[{"b":1},{"c":2},3,{"b":4,"c":5}]}"# => "a[].b=1 a[].b=4";
    a_root_array: ["[].a", "[][]"] in br#"[{"a":1},[2],3]"# => "[].a=1 [][]=2";
    a_container_and_what_is_in_it: ["error", "error.message"] in br#"{"error":{"type":"x","message":"m"}}"#
        => "error={ error.message='m'";
    what_is_in_a_container_and_the_container: ["error.message", "error"] in br#"{"error":{"message":"m"}}"#
        => "error={ error.message='m'";
    a_container_that_turns_out_a_string: ["error", "error.message"] in br#"{"error":"m"}"# => "error='m'";
    a_container_that_turns_out_null: ["usage.n", "x"] in br#"{"usage":null,"x":1}"# => "x=1";
    an_object_that_turns_out_an_array: ["a.b", "x"] in br#"{"a":[{"b":1}],"x":2}"# => "x=2";
    an_array_that_turns_out_an_object: ["a[].b", "x"] in br#"{"a":{"b":1},"x":2}"# => "x=2";
    one_key_both_ways: ["a.b", "a[]", "a"] in br#"{"a":{"b":1},"a":[2],"a":3}"# => "a={ a.b=1 a=[ a[]=2 a=3";
    one_path_for_two_slots: ["a", "a"] in b"{\"a\":1}" => "a=1 a=1";
    a_root_scalar_stands_at_no_path: ["a"] in b"12" => "";
    a_root_of_the_wrong_kind: ["a"] in b"[1]" => "";
    an_empty_table: [] in b"{\"a\":1}" => "";
    text_that_looks_like_a_member: ["usage"] in br#"{"content":"\"usage\":1,{\"usage\":2}","usage":3}"# => "usage=3";
    a_key_that_is_an_element: ["usage"] in br#"{"x":["usage",1],"y":"usage"}"# => "";
    an_escaped_key: ["usage.n"] in br#"{"us\u0061ge":{"\u006e":1}}"# => "usage.n=1";
    keys_of_seven_to_nine_bytes: ["abcdefg", "abcdefgh", "abcdefghi"]
        in br#"{"abcdefgh":1,"abcdefg":2,"abcdefghi":3,"abcdefghj":4,"abcdefg\u0000":5}"#
        => "abcdefgh=1 abcdefg=2 abcdefghi=3";
    a_key_with_null_bytes_is_not_a_shorter_one: ["a"] in br#"{"a\u0000":1,"":2,"a":3}"# => "a=3";
    an_empty_key_is_not_an_element: ["a[]", "x"] in br#"{"a":{"":1},"x":2}"# => "x=2";
    long_keys_with_one_beginning: ["reasoning", "reasoning_content", "reasoning_contents"]
        in br#"{"reasoning_content":1,"reasoning_contenT":2,"reasoning":3,"reasoning_contents":4}"#
        => "reasoning_content=1 reasoning=3 reasoning_contents=4";
    multi_byte_keys: ["temp\u{e9}rature"] in "{\"temp\u{e9}rature\":1,\"temp\\u00e9rature\":2}".as_bytes()
        => "temp\u{e9}rature=1 temp\u{e9}rature=2";
    after_a_container_its_parent_goes_on: ["a[].b.c", "a[].d", "e"]
        in br#"{"a":[{"b":{"c":1,"x":{"c":2}},"d":3},{"d":4}],"e":5}"#
        => "a[].b.c=1 a[].d=3 a[].d=4 e=5";
    rows_that_share_a_beginning_apart_and_together: ["a.b", "a.c", "x", "a.b.d", "a", "a.e[]", "a.e[].f", "a.c"]
        in br#"{"a":{"b":{"d":1},"c":2,"e":[{"f":3}]},"x":4}"#
        => "a={ a.b={ a.b.d=1 a.c=2 a.c=2 a.e[]={ a.e[].f=3 x=4";
    long_keys_that_begin_alike_stand_together: ["abcdefghi.a", "abcdefghj.a", "abcdefghj.b"]
        in br#"{"abcdefghj":{"a":1,"b":2},"abcdefghi":{"a":3,"b":4}}"#
        => "abcdefghj.a=1 abcdefghj.b=2 abcdefghi.a=3";
    a_chat_chunk: ["choices[].delta.content", "choices[].finish_reason", "usage.completion_tokens", "model"]
        in br#"{"id":"x","model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":null,"finish_reason":null}],"usage":{"completion_tokens":12}}"#
        => "model='m' choices[].delta.content='Hi' choices[].finish_reason=null usage.completion_tokens=12";
    any_other_key: ["a", "*.b", "c.*[]"] in br#"{"a":1,"x":{"b":2},"c":{"y":[3],"z":4},"a":{"b":5}}"#
        => "a=1 *.b=2 c.*[]=3 a={";
    keys_that_contain_a_word: ["stop_reason", "*reason*", "*"] in br#"{"stop_reason":1,"Reasoning":2,"my_reason":3,"reaso":4}"#
        => "stop_reason=1 *reason*=2 *reason*=3 *=4";
    what_is_passed_over_matches_no_pattern: ["!id", "*"] in br#"{"id":1,"idx":2,"i":3}"# => "*=2 *=3";
    what_has_what_another_has: ["u.n", "u.d.m", "x.u=u", "x"] in br#"{"x":{"u":{"n":1,"d":{"m":2}}},"u":{"n":3}}"#
        => "x={ x.u=u={ u.n=1 u.d.m=2 u.n=3";
    sixteen_steps: ["a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o"]
        in br#"{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":{"j":{"k":{"l":{"m":{"n":{"o":{"p":{"q":1}}}}}}}}}}}}}}}}}"#
        => "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o={ a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p={";
}

static ONE: FieldTable<&str> = field_table![("a", "a")];

#[test]
fn endings_are_those_of_the_tokenizer() {
    check(ONE, b"", "", JsonEnd::Empty);
    check(ONE, b"{\"a\":1,\"b\":", "a=1", JsonEnd::Incomplete);
    check(ONE, b"{\"a\":1]", "a=1", JsonEnd::Malformed);
    check(ONE, "[".repeat(DEPTH_MAX + 1).as_bytes(), "", JsonEnd::TooDeep);
    check(ONE, b"[DONE]", "", JsonEnd::Complete);
    static ROOT: FieldTable<&str> = field_table![("[]", "[]")];
    check(ROOT, b"[DONE]", "", JsonEnd::Malformed);
}

#[test]
fn after_finish_and_reset_the_next_document_starts_afresh() {
    static TABLE: FieldTable<&str> = field_table![("a[].b", "a[].b"), ("c", "c")];
    let mut reader = FieldReader::new(TABLE);
    let mut found = Vec::new();
    let mut note =
        |slot: &'static str, value: Value<'_>| found.push(format!("{slot}={}", written(value)));
    for unfinished in ["{\"a\":[{\"b\":", "{\"c\":1", "{\"a\":[}", "[[", "{\"x\":{\"y"] {
        reader.read(unfinished.as_bytes(), &mut note);
        reader.reset();
        reader.read(b"{\"a\":[{\"b\":1}]}", &mut note);
        assert_eq!(reader.finish(), JsonEnd::Complete, "{unfinished}");
        reader.read(unfinished.as_bytes(), &mut note);
        assert_ne!(reader.finish(), JsonEnd::Complete, "{unfinished}");
        reader.read(b"{\"c\":2}", &mut note);
        assert_eq!(reader.finish(), JsonEnd::Complete, "{unfinished}");
    }
    assert_eq!(found, ["a[].b=1", "c=2"].repeat(5));
}

#[test]
fn a_table_has_room_for_254_fields_and_a_node_for_each_different_step() {
    const PATHS: [&str; 254] = {
        let mut paths = ["usage.tokens"; 254];
        paths[0] = "usage";
        paths[252] = "usage.input_tokens";
        paths[253] = "usage.input_tokens_details.cached";
        paths
    };
    static MANY: FieldTable<&str> = field_table!(in &PATHS, &PATHS);
    const COMPILED: Compiled = Compiled::of(&PATHS);
    assert_eq!((COMPILED.nodes(), COMPILED.key_bytes()), (6, 12 + 20));
    let document = br#"{"usage":{"input_tokens_details":{"cached":1},"input_tokens":2}}"#;
    let found = "usage={ usage.input_tokens_details.cached=1 usage.input_tokens=2";
    check(MANY, document, found, JsonEnd::Complete);
}

#[test]
fn a_reader_is_less_than_700_bytes() {
    assert!(size_of::<FieldReader<&str>>() < 700, "{}", size_of::<FieldReader<&str>>());
}
