//! The tokenizer against tables of documents, each cut everywhere; nothing here knows how it works inside.

use std::{format, string::String, vec, vec::Vec};

use super::*;
use driftline_cuts::every_cut;

/// Reads `pieces`, asking for a skip after the token of that number, and writes down what comes.
pub(super) fn read(pieces: &[&[u8]], skip_after: Option<usize>) -> (Vec<String>, JsonEnd) {
    let mut tokenizer = Tokenizer::new();
    let mut tokens = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        loop {
            let progress = tokenizer.next(input);
            let (consumed, token) = (progress.consumed, progress.token);
            let done = token.is_none();
            if let Some(token) = token {
                tokens.push(written(token));
                if skip_after == Some(tokens.len() - 1) {
                    tokenizer.skip();
                }
            } else {
                assert_eq!(consumed, input.len(), "an input without a token is used up");
            }
            input = &input[consumed..];
            if done {
                break;
            }
        }
    }
    let finish = tokenizer.finish();
    tokens.extend(finish.token.map(written));
    (tokens, finish.ending)
}

fn written(token: Token<'_>) -> String {
    match token {
        Token::ObjectStart => String::from("{"),
        Token::ObjectEnd => String::from("}"),
        Token::ArrayStart => String::from("["),
        Token::ArrayEnd => String::from("]"),
        Token::Key(text) => format!("{}:", written_text(text)),
        Token::String(text) => format!("'{}'", written_text(text)),
        Token::Number(number) => format!("{number}"),
        Token::Nan => String::from("NaN"),
        Token::NotFinite => String::from("?"),
        Token::Bool(bool) => format!("{bool}"),
        Token::Null => String::from("null"),
        Token::Piece(bytes) => format!("{}+", bytes.escape_ascii()),
        Token::PiecesEnd => String::from("+"),
        Token::Passed => String::from("passed"),
    }
}

fn written_text(text: Text<'_>) -> String {
    assert_eq!(text.bytes.len() as u64, text.length.min(TEXT_BYTES_MAX as u64));
    let bytes = text.bytes.escape_ascii();
    if text.is_whole() { format!("{bytes}") } else { format!("{bytes}..{}", text.length) }
}

/// Declares one test per document: the tokens it gives and its ending, however it is cut.
macro_rules! reads {
    ($($name:ident: $document:expr => $tokens:expr, $ending:ident;)*) => {$(
        #[test]
        fn $name() {
            check(&$document[..], $tokens, JsonEnd::$ending);
        }
    )*};
}

#[track_caller]
fn check(document: &[u8], tokens: &str, ending: JsonEnd) {
    every_cut(document, |pieces, name| {
        let (found, found_ending) = read(pieces, None);
        assert_eq!((found.join(" ").as_str(), found_ending), (tokens, ending), "{name}");
    });
}

reads! {
    nothing: b"" => "", Empty;
    white_space_alone: b" \t\r\n" => "", Empty;
    a_byte_order_mark_alone: b"\xef\xbb\xbf" => "", Empty;
    an_object: b"{\"a\":1}" => "{ a: 1 }", Complete;
    an_array: b"[1,2]" => "[ 1 2 ]", Complete;
    empty_containers: b"[{},[]]" => "[ { } [ ] ]", Complete;
    white_space_everywhere: b" { \"a\" : [ 1 , 2 ] , \"b\" : { } } " => "{ a: [ 1 2 ] b: { } }", Complete;
    the_words: b"[true,false,null]" => "[ true false null ]", Complete;
    the_words_of_python: b"[NaN,Infinity,-Infinity]" => "[ NaN ? ? ]", Complete;
    a_root_word: b"null" => "null", Complete;
    a_root_string: b"\"a\"" => "'a'", Complete;
    a_root_number_ends_with_the_document: b"12" => "12", Complete;
    a_root_number_before_white_space: b"12 " => "12", Complete;
    a_root_zero: b"-0" => "-0", Complete;
    byte_order_mark_is_skipped: b"\xef\xbb\xbf[1]" => "[ 1 ]", Complete;
    half_a_byte_order_mark: b"\xef\xbb[1]" => "", Malformed;
    half_a_byte_order_mark_at_the_end: b"\xef\xbb" => "", Incomplete;
    two_byte_order_marks: b"\xef\xbb\xbf\xef\xbb\xbf[1]" => "", Malformed;
    a_byte_order_mark_after_white_space: b" \xef\xbb\xbf[1]" => "", Malformed;
    simple_escapes: br#""\"\\\/\b\f\n\r\t""# => r#"'\"\\/\x08\x0c\n\r\t'"#, Complete;
    a_unicode_escape: br#"["\u00e9","\u20AC","\u0041"]"# => r"[ '\xc3\xa9' '\xe2\x82\xac' 'A' ]", Complete;
    a_surrogate_pair: br#""\ud83e\udd80""# => r"'\xf0\x9f\xa6\x80'", Complete;
    the_last_surrogate_pair: br#""\uDBFF\uDFFF""# => r"'\xf4\x8f\xbf\xbf'", Complete;
    a_lone_first_half: br#""\ud83e""# => r"'\xef\xbf\xbd'", Complete;
    a_lone_first_half_before_text: br#""\ud83ea""# => r"'\xef\xbf\xbda'", Complete;
    a_lone_first_half_before_an_escape: br#""\ud83e\n""# => r"'\xef\xbf\xbd\n'", Complete;
    a_lone_first_half_before_a_unicode_escape: br#""\ud83e\u0041""# => r"'\xef\xbf\xbdA'", Complete;
    two_first_halves_and_a_second: br#""\ud83e\ud83e\udd80""# => r"'\xef\xbf\xbd\xf0\x9f\xa6\x80'", Complete;
    a_lone_second_half: br#""\udd80""# => r"'\xef\xbf\xbd'", Complete;
    the_null_character: br#""\u0000""# => r"'\x00'", Complete;
    multi_byte_text: "\"h\u{e9}\u{1f980}\"".as_bytes() => r"'h\xc3\xa9\xf0\x9f\xa6\x80'", Complete;
    invalid_utf_8_in_a_string_passes: b"\"\xff\xc3\"" => r"'\xff\xc3'", Complete;
    delete_is_no_control_character_of_json: b"\"\x7f\"" => r"'\x7f'", Complete;
    an_escaped_key: br#"{"us\u0061ge":1}"# => "{ usage: 1 }", Complete;
    an_empty_key: br#"{"":""}"# => "{ : '' }", Complete;
    a_key_given_twice: br#"{"a":1,"a":2}"# => "{ a: 1 a: 2 }", Complete;
    numbers: b"[0,-1,1.5,-2.25e2,1E+2,5e-1,1e0]" => "[ 0 -1 1.5 -225 100 0.5 1 ]", Complete;
    a_number_beyond_the_range: b"[1e400,-1e400]" => "[ ? ? ]", Complete;
    a_number_too_small_to_tell_from_zero: b"[1e-400,-1e-400]" => "[ 0 -0 ]", Complete;
    an_exponent_beyond_all_counting: b"[1e99999999999,0e99999999999,1e-99999999999]" => "[ ? 0 0 ]", Complete;
    the_largest_integers: b"[9007199254740993,18446744073709551615,18446744073709551616]"
        => "[ 9007199254740992 18446744073709552000 18446744073709552000 ]", Complete;

    a_comma_before_the_end_of_an_object: br#"{"a":1,}"# => "{ a: 1", Malformed;
    a_comma_before_the_end_of_an_array: b"[1,]" => "[ 1", Malformed;
    no_comma_in_an_array: b"[1 2]" => "[ 1", Malformed;
    no_comma_in_an_object: br#"{"a":1 "b":2}"# => "{ a: 1", Malformed;
    no_colon: br#"{"a" 1}"# => "{ a:", Malformed;
    two_colons: br#"{"a"::1}"# => "{ a:", Malformed;
    a_comma_for_a_colon: br#"{"a",1}"# => "{ a:", Malformed;
    a_colon_in_an_array: br#"["a":1]"# => "[ 'a'", Malformed;
    no_value: br#"{"a":}"# => "{ a:", Malformed;
    no_key: b"{:1}" => "{", Malformed;
    a_number_for_a_key: b"{1:1}" => "{", Malformed;
    a_bare_key: b"{a:1}" => "{", Malformed;
    a_comma_first: b"[,1]" => "[", Malformed;
    a_comma_first_in_an_object: b"{,}" => "{", Malformed;
    two_commas: b"[1,,2]" => "[ 1", Malformed;
    a_bracket_that_does_not_match: b"[1}" => "[ 1", Malformed;
    a_brace_that_does_not_match: br#"{"a":1]"# => "{ a: 1", Malformed;
    a_bracket_that_closes_nothing: b"]" => "", Malformed;
    a_comma_alone: b"," => "", Malformed;
    a_second_root_value: b"{} {}" => "{ }", Malformed;
    a_second_root_number: b"1 2" => "1", Malformed;
    a_bracket_too_many: b"[1]]" => "[ 1 ]", Malformed;
    garbage_behind_the_root: b"[1]x" => "[ 1 ]", Malformed;
    a_word_misspelt: b"[nulx]" => "[", Malformed;
    a_word_too_long: b"[truee]" => "[ true", Malformed;
    a_word_in_capitals: b"[True]" => "[", Malformed;
    a_word_that_ends_early: b"[nul]" => "[", Malformed;
    minus_nan: b"[-NaN]" => "[", Malformed;
    minus_infinity_misspelt: b"[-Infinite]" => "[", Malformed;
    plus: b"[+1]" => "[", Malformed;
    a_leading_zero: b"[01]" => "[ 0", Malformed;
    a_negative_leading_zero: b"[-01]" => "[ -0", Malformed;
    no_digit_before_the_point: b"[.5]" => "[", Malformed;
    no_digit_behind_the_point: b"[1.]" => "[", Malformed;
    an_exponent_right_behind_the_point: b"[1.e1]" => "[", Malformed;
    an_exponent_without_digits: b"[1e]" => "[", Malformed;
    a_signed_exponent_without_digits: b"[1e+]" => "[", Malformed;
    two_points: b"[1.2.3]" => "[ 1.2", Malformed;
    two_signs: b"[--1]" => "[", Malformed;
    a_hexadecimal_number: b"[0x1]" => "[ 0", Malformed;
    a_number_with_a_tail: b"[12a]" => "[ 12", Malformed;
    single_quotes: b"['a']" => "[", Malformed;
    a_comment: b"[1/*a*/]" => "[ 1", Malformed;
    a_tab_in_a_string: b"\"a\tb\"" => "", Malformed;
    a_line_end_in_a_string: b"\"a\nb\"" => "", Malformed;
    a_null_byte_in_a_string: b"\"a\0b\"" => "", Malformed;
    an_unknown_escape: br#""\x""# => "", Malformed;
    an_escaped_line_end: b"\"\\\n\"" => "", Malformed;
    a_unicode_escape_with_a_letter_too_far: br#""\u00g0""# => "", Malformed;
    a_unicode_escape_cut_by_the_quote: br#""\u00""# => "", Malformed;
    a_form_feed_between_tokens: b"[\x0c1]" => "[", Malformed;
    a_no_break_space_between_tokens: b"[\xc2\xa01]" => "[", Malformed;

    an_open_array: b"[1," => "[ 1", Incomplete;
    an_open_object: br#"{"a":1"# => "{ a:", Incomplete;
    an_open_string: br#"["a"# => "[", Incomplete;
    an_open_escape: br#""\"# => "", Incomplete;
    an_open_unicode_escape: br#""\u00"# => "", Incomplete;
    an_open_word: b"nul" => "", Incomplete;
    a_sign_alone: b"-" => "", Incomplete;
    a_point_at_the_end: b"1." => "", Incomplete;
    an_exponent_mark_at_the_end: b"1e" => "", Incomplete;
    a_key_alone: br#"{"a""# => "{ a:", Incomplete;
    a_number_in_an_open_array: b"[12" => "[", Incomplete;
}

#[test]
fn a_string_is_cut_at_the_limit_and_keeps_its_length() {
    for length in [TEXT_BYTES_MAX - 1, TEXT_BYTES_MAX, TEXT_BYTES_MAX + 1, 1000] {
        let shown = "x".repeat(length.min(TEXT_BYTES_MAX));
        let rest = if TEXT_BYTES_MAX < length { format!("..{length}") } else { String::new() };
        check(
            format!("[\"{}\"]", "x".repeat(length)).as_bytes(),
            &format!("[ '{shown}{rest}' ]"),
            JsonEnd::Complete,
        );
    }
}

#[test]
fn a_decoded_character_may_be_cut_at_the_limit() {
    let document = format!("\"{}\\u20ac\"", "x".repeat(TEXT_BYTES_MAX - 1));
    let shown = format!("'{}\\xe2..{}'", "x".repeat(TEXT_BYTES_MAX - 1), TEXT_BYTES_MAX + 2);
    check(document.as_bytes(), &shown, JsonEnd::Complete);
}

#[test]
fn containers_nest_to_the_limit_and_not_deeper() {
    for (open, close, shown) in [("[", "]", "["), ("{\"a\":", "}", "{ a:")] {
        let deepest = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let (tokens, ending) = read(&[deepest(DEPTH_MAX).as_bytes()], None);
        assert_eq!(ending, JsonEnd::Complete);
        assert_eq!(tokens.last().map(String::as_str), Some(close));
        let expected = vec![shown; DEPTH_MAX].join(" ");
        check(deepest(DEPTH_MAX + 1).as_bytes(), &expected, JsonEnd::TooDeep);
    }
}

#[test]
fn depth_counts_open_containers() {
    let mut tokenizer = Tokenizer::new();
    let mut depths = Vec::new();
    let mut input: &[u8] = b"[{\"a\":[1]},2]";
    loop {
        let progress = tokenizer.next(input);
        let (consumed, done) = (progress.consumed, progress.token.is_none());
        input = &input[consumed..];
        if done {
            break;
        }
        depths.push(tokenizer.depth());
    }
    assert_eq!(depths, [1, 2, 2, 3, 3, 2, 1, 1, 0]);
}

#[test]
fn after_finish_and_reset_the_next_document_starts_afresh() {
    let mut tokenizer = Tokenizer::new();
    for unfinished in [&b"{\"a\":[\"\\ud83e"[..], b"[1,}", b"-1.5e", b"{\"a\":tr", b"\"abc"] {
        for skip in [false, true] {
            drain(&mut tokenizer, unfinished, skip);
            tokenizer.reset();
            assert_eq!(tokenizer.next(b"null").token, Some(Token::Null));
            assert_eq!(tokenizer.finish().ending, JsonEnd::Complete);
            drain(&mut tokenizer, unfinished, skip);
            assert_ne!(tokenizer.finish().ending, JsonEnd::Complete);
            assert_eq!(tokenizer.next(b"null").token, Some(Token::Null));
            assert_eq!(tokenizer.finish().ending, JsonEnd::Complete);
        }
    }
}

fn drain(tokenizer: &mut Tokenizer, mut input: &[u8], skip: bool) {
    loop {
        let progress = tokenizer.next(input);
        let (consumed, done) = (progress.consumed, progress.token.is_none());
        input = &input[consumed..];
        if done {
            break;
        }
        if skip {
            tokenizer.skip();
        }
    }
}

#[test]
fn a_tokenizer_is_a_few_hundred_bytes() {
    assert!(size_of::<Tokenizer>() <= 384, "{}", size_of::<Tokenizer>());
}

/// Whole documents without errors, for skipping.
const DOCUMENTS: &[&str] = &[
    r#"{"a":1,"b":[1,[2,{}],"x"],"c":{"d":{"e":"f"}},"g":null}"#,
    r#"[[1,2],[3,[4,5]],{"a":"]}"},"[{",{"b":"\"]"},6]"#,
    r#" { "a" : "\\\"}" , "b" : -1.5e3 , "c" : true , "d" : [ ] , "e" : { } } "#,
    r#"{"a":NaN,"b":-Infinity,"c":1e400,"\"":"\u005c\"","d":"\\"}"#,
    "[[[[[[[[]]]]]]]]",
    r#"{"":{"":{"":[{"":""}]}}}"#,
    "7",
    "\"a\"",
];

#[test]
fn skipping_leaves_out_what_the_last_token_opened_and_nothing_else() {
    for document in DOCUMENTS {
        let (tokens, _) = read(&[document.as_bytes()], None);
        for number in 0..tokens.len() {
            let mut expected = tokens.clone();
            expected.drain(number + 1..end_of_skip(&tokens, number));
            every_cut(document.as_bytes(), |pieces, name| {
                let found = read(pieces, Some(number));
                let expected = (expected.clone(), JsonEnd::Complete);
                assert_eq!(found, expected, "{document} skipped after token {number}, {name}");
            });
        }
    }
}

/// The token after what `skip` passes over after token `number`, found by counting brackets in the tokens.
fn end_of_skip(tokens: &[String], number: usize) -> usize {
    let mut at = match tokens[number].as_str() {
        "{" | "[" => number,
        key if key.ends_with(':') => number + 1,
        _ => return number + 1,
    };
    let mut depth = 0_usize;
    loop {
        match tokens[at].as_str() {
            "{" | "[" => depth += 1,
            "}" | "]" => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
}

#[test]
fn the_end_of_a_value_that_passes_is_told_where_it_is() {
    let values =
        ["[1,[2,\"]\"],x]", "{\"x\":{}}", "\"a\\\"b\"", "-1.5e3", "true", "null", "NaN", "[]"];
    for value in values {
        for after in ["}", "  }", ",\"b\":[2]}", "\n , \"b\":1 }"] {
            let before = format!("{{\"a\" : {value}");
            let document = format!("{before}{after}");
            every_cut(document.as_bytes(), |pieces, name| {
                let mut tokenizer = Tokenizer::new();
                let (mut at, mut told, mut is_first) = (0, Vec::new(), true);
                for piece in pieces {
                    let mut input = *piece;
                    loop {
                        let Progress { consumed, token } = tokenizer.next(input);
                        at += consumed;
                        input = &input[consumed..];
                        match token {
                            Some(Token::Key(_)) if core::mem::take(&mut is_first) => {
                                tokenizer.skip_to_end();
                            }
                            Some(Token::Passed) => told.push(at),
                            Some(_) => {}
                            None => break,
                        }
                    }
                }
                assert_eq!(tokenizer.finish().ending, JsonEnd::Complete, "{document} {name}");
                assert_eq!(told, [before.len()], "{document} {name}");
            });
        }
    }
}

/// Documents with an error, read with a skip after the first key or container.
#[track_caller]
fn check_skip(document: &str, tokens: &str, ending: JsonEnd) {
    every_cut(document.as_bytes(), |pieces, name| {
        let (found, found_ending) = read(pieces, Some(1));
        assert_eq!(
            (found.join(" ").as_str(), found_ending),
            (tokens, ending),
            "{document}, {name}"
        );
    });
}

#[test]
fn what_is_skipped_is_checked_for_brackets_and_strings_only() {
    check_skip(r#"{"a":[1,,x 2],"b":1}"#, "{ a: b: 1 }", JsonEnd::Complete);
    check_skip("{\"a\":\"\t\\x\",\"b\":1}", "{ a: b: 1 }", JsonEnd::Complete);
    check_skip(r#"{"a":[1},"b":1}"#, "{ a:", JsonEnd::Malformed);
    check_skip(r#"{"a":{"x":[}]},"b":1}"#, "{ a:", JsonEnd::Malformed);
    check_skip(r#"{"a":["x"#, "{ a:", JsonEnd::Incomplete);
    check_skip(r#"{"a":"x"#, "{ a:", JsonEnd::Incomplete);
    check_skip(r#"{"a":nul}"#, "{ a:", JsonEnd::Malformed);
    check_skip(r#"{"a":1.}"#, "{ a:", JsonEnd::Malformed);
    check_skip(r#"{"a":}"#, "{ a:", JsonEnd::Malformed);
    check_skip(r#"{"a",1}"#, "{ a:", JsonEnd::Malformed);
    check_skip(r#"{"a":[]]"#, "{ a:", JsonEnd::Malformed);
    let deep = format!("{{\"a\":{}", "[".repeat(DEPTH_MAX));
    check_skip(&deep, "{ a:", JsonEnd::TooDeep);
}

/// Reads a document with the value after each key in pieces, and writes down each string that came so.
fn in_pieces(pieces: &[&[u8]]) -> (Vec<String>, JsonEnd) {
    let mut tokenizer = Tokenizer::new();
    let (mut values, mut value) = (Vec::new(), Vec::new());
    for piece in pieces {
        let mut input = *piece;
        loop {
            let progress = tokenizer.next(input);
            let consumed = progress.consumed;
            match progress.token {
                None => break,
                Some(Token::Piece(bytes)) => {
                    assert_ne!(bytes, b"");
                    value.extend_from_slice(bytes);
                }
                Some(Token::PiecesEnd) => {
                    let whole = core::mem::take(&mut value);
                    values.push(format!("'{}'", whole.escape_ascii()));
                }
                Some(Token::Key(_)) => tokenizer.pieces(),
                Some(token) => values.push(written(token)),
            }
            input = &input[consumed..];
        }
    }
    (values, tokenizer.finish().ending)
}

#[track_caller]
fn check_pieces(document: &str, values: &str, ending: JsonEnd) {
    every_cut(document.as_bytes(), |pieces, name| {
        let (found, found_ending) = in_pieces(pieces);
        assert_eq!(
            (found.join(" ").as_str(), found_ending),
            (values, ending),
            "{document}, {name}"
        );
    });
}

#[test]
fn a_string_in_pieces_is_the_string() {
    check_pieces(r#"{"a":"","b" : "xyz","c":"u"}"#, "{ '' 'xyz' 'u' }", JsonEnd::Complete);
    check_pieces(r#"{"a":"x\/y\n\u002b\u003d\"z"}"#, r#"{ 'x/y\n+=\"z' }"#, JsonEnd::Complete);
    let long = "+".repeat(3 * TEXT_BYTES_MAX);
    check_pieces(&format!("{{\"a\":\"{long}\"}}"), &format!("{{ '{long}' }}"), JsonEnd::Complete);
}

#[test]
fn surrogates_in_pieces_are_paired_or_replaced() {
    check_pieces(r#"{"a":"\ud83d\ude00"}"#, r"{ '\xf0\x9f\x98\x80' }", JsonEnd::Complete);
    check_pieces(r#"{"a":"\ud83dx"}"#, r"{ '\xef\xbf\xbdx' }", JsonEnd::Complete);
    check_pieces(r#"{"a":"\ud83d"}"#, r"{ '\xef\xbf\xbd' }", JsonEnd::Complete);
    check_pieces(r#"{"a":"\ud83d\n"}"#, r"{ '\xef\xbf\xbd\n' }", JsonEnd::Complete);
    check_pieces(
        r#"{"a":"\ud83d\ud83d\ude00"}"#,
        r"{ '\xef\xbf\xbd\xf0\x9f\x98\x80' }",
        JsonEnd::Complete,
    );
}

#[test]
fn only_strings_come_in_pieces() {
    check_pieces(
        r#"{"a":1,"b":["x"],"c":null,"d":{"e":"y"}}"#,
        "{ 1 [ 'x' ] null { 'y' } }",
        JsonEnd::Complete,
    );
}

#[test]
fn a_broken_string_in_pieces_is_as_broken() {
    check_pieces("{\"a\":\"x\ny\"}", "{", JsonEnd::Malformed);
    check_pieces(r#"{"a":"x\q"}"#, "{", JsonEnd::Malformed);
    check_pieces(r#"{"a":"x"#, "{", JsonEnd::Incomplete);
}
