//! What a cell of each form is in a column of each kind.

use super::*;

const WRONG: Result<f64, Unbinned> = Err(Unbinned::WrongType);
const NULL: Result<f64, Unbinned> = Err(Unbinned::Null);
const INFINITE: Result<f64, Unbinned> = Err(Unbinned::NotFinite);

#[track_caller]
fn check_number(cell: Cell<'_>, expected: Result<f64, Unbinned>) {
    assert_eq!(cell.number(&NullTexts::NONE), expected, "{cell:?}");
}

#[test]
fn text_without_a_type_is_a_number_where_one_is_expected() {
    let check = |text: &str, expected| check_number(Cell::Untyped(text.as_bytes()), expected);
    check("2.5", Ok(2.5));
    check(" 1e0\t", Ok(1.0));
    check("False", Ok(0.0));
    for text in ["", "NaN", "NA", "N/A", "null", " "] {
        check(text, NULL);
    }
    check("-Infinity", INFINITE);
    check("1e400", INFINITE);
    check("1,5", WRONG);
    check("0x1", WRONG);
}

#[test]
fn text_where_there_are_numbers_is_none_but_may_say_nothing() {
    let check = |text: &str, expected| check_number(Cell::Text(text.as_bytes()), expected);
    check("2.5", WRONG);
    check("true", WRONG);
    for text in ["", "NaN", "NA", "n/a", "null"] {
        check(text, NULL);
    }
    check("-Infinity", INFINITE);
}

#[test]
fn nan_is_null_and_an_infinity_is_not_finite() {
    check_number(Cell::Number(f64::NAN), NULL);
    check_number(Cell::Rounded(f64::NAN, Precision::Half), NULL);
    check_number(Cell::Rounded(f64::INFINITY, Precision::Brain), INFINITE);
    check_number(Cell::Number(f64::NEG_INFINITY), INFINITE);
    check_number(Cell::Boolean(true), Ok(1.0));
    check_number(Cell::Unbinned(Unbinned::Missing), Err(Unbinned::Missing));
}

#[test]
fn a_text_that_stands_for_nothing_does_so_in_every_form() {
    let nulls = NullTexts::new(["-999", "?"]);
    for cell in [
        Cell::Untyped(b"-999"),
        Cell::Untyped(b"-999.0"),
        Cell::Number(-999.0),
        Cell::Text(b" ?"),
        Cell::Untyped(b"?"),
    ] {
        assert_eq!(cell.number(&nulls), NULL, "{cell:?}");
    }
    assert_eq!(Cell::Text(b"?").category(&nulls), Err(Unbinned::Null));
    assert_eq!(Cell::Text(b"??").category(&nulls), Ok(&b"??"[..]));
}

#[test]
fn words_for_nothing_are_categories_but_nan_and_nothing_are_not() {
    for form in [Cell::Text, Cell::Untyped] {
        let check = |text: &'static str, expected: Result<&str, Unbinned>| {
            let found = form(text.as_bytes()).category(&NullTexts::NONE);
            assert_eq!(found, expected.map(str::as_bytes), "{text:?}");
        };
        for text in ["NA", "N/A", "null", "None", "true", "007"] {
            check(text, Ok(text));
        }
        check(" State-gov\u{a0}", Ok("State-gov"));
        check("a b", Ok("a b"));
        for text in ["", " \t", "nan", " NaN"] {
            check(text, Err(Unbinned::Null));
        }
    }
    let wrong = Err(Unbinned::WrongType);
    assert_eq!(Cell::Number(3.0).category(&NullTexts::NONE), wrong);
    assert_eq!(Cell::Boolean(true).category(&NullTexts::NONE), wrong);
    assert_eq!(Cell::Number(f64::NAN).category(&NullTexts::NONE), Err(Unbinned::Null));
}

#[test]
fn a_category_is_spelled_in_one_way() {
    let check = |cell: Cell<'_>, expected: Result<&str, Unbinned>| {
        let found = cell.spelled(&NullTexts::new(["9"]));
        assert_eq!(found, expected.map(String::from), "{cell:?}");
    };
    let wrong = Err(Unbinned::WrongType);
    for form in [Cell::Text, Cell::Untyped] {
        for (text, expected) in [
            ("1", "1"),
            (" 1.0", "1"),
            ("1e0", "1"),
            ("-0", "0"),
            ("007", "007"),
            ("0.10", "0.1"),
            ("True", "true"),
            ("FALSE", "false"),
            ("NA", "NA"),
            ("1e+16", "1e16"),
            ("1e-05", "0.00001"),
            ("1e-300", "1e-300"),
            ("9007199254740993", "9007199254740993"),
        ] {
            check(form(text.as_bytes()), Ok(expected));
        }
        check(form(b"9.0"), Err(Unbinned::Null));
        check(form(b"-NaN"), Err(Unbinned::Null));
    }
    check(Cell::Number(1.0), Ok("1"));
    check(Cell::Number(-0.0), Ok("0"));
    check(Cell::Number(0.1), Ok("0.1"));
    check(Cell::Number(f64::from(0.1_f32)), Ok("0.10000000149011612"));
    check(Cell::Rounded(f64::from(0.1_f32), Precision::Single), Ok("0.1"));
    check(Cell::Number(9_007_199_254_740_991.0), Ok("9007199254740991"));
    check(Cell::Number(9_007_199_254_740_992.0), wrong);
    check(Cell::Number(9.0), Err(Unbinned::Null));
    check(Cell::Number(f64::NAN), Err(Unbinned::Null));
    check(Cell::Boolean(true), Ok("true"));
}

#[test]
fn what_stands_for_nothing_does_so_in_every_form() {
    let nulls = NullTexts::new(["inf", "False"]);
    for cell in [
        Cell::Untyped(b"inf"),
        Cell::Untyped(b"Infinity"),
        Cell::Number(f64::INFINITY),
        Cell::Text(b"-inf"),
        Cell::Unbinned(Unbinned::NotFinite),
        Cell::Boolean(false),
        Cell::Untyped(b"false"),
    ] {
        assert_eq!(cell.number(&nulls), NULL, "{cell:?}");
    }
    assert_eq!(Cell::Boolean(true).number(&nulls), Ok(1.0));
    for cell in [Cell::Boolean(false), Cell::Text(b"FALSE"), Cell::Untyped(b"False")] {
        assert_eq!(cell.category(&nulls), Err(Unbinned::Null), "{cell:?}");
    }
    assert_eq!(Cell::Rounded(-1000.0, Precision::Brain).number(&NullTexts::new(["-999"])), NULL);
}

/// Ages at 1,000 seconds after the moment 2026-11-25T12:00:00Z.
#[track_caller]
fn check_age(cell: Cell<'_>, expected: Result<f64, Unbinned>) {
    let found = cell.aged(Some(1_795_609_000.0), &NullTexts::NONE);
    assert_eq!(found, expected.map_or_else(Cell::Unbinned, Cell::Number), "{cell:?}");
}

#[test]
fn a_moment_is_as_old_as_it_is_in_whatever_form_it_comes() {
    check_age(Cell::Text(b"2026-11-25T12:00:00Z"), Ok(1_000.0));
    check_age(Cell::Text(b"2026-11-25\xc2\xa0"), Ok(44_200.0));
    check_age(Cell::Number(1_795_608_000.0), Ok(1_000.0));
    check_age(Cell::Number(1_795_608_000_500.0), Ok(999.5));
    check_age(Cell::Number(1_795_610_000.0), Ok(-1_000.0));
    check_age(Cell::Untyped(b" 2026-11-25 12:00:00 "), Ok(1_000.0));
    check_age(Cell::Untyped(b"1795608000"), Ok(1_000.0));
    check_age(Cell::Untyped(b"0"), Ok(1_795_609_000.0));
}

#[test]
fn what_is_no_moment_has_no_age() {
    check_age(Cell::Text(b"yesterday"), WRONG);
    check_age(Cell::Text(b"1795608000"), WRONG);
    check_age(Cell::Number(1e21), WRONG);
    check_age(Cell::Untyped(b"true"), WRONG);
    check_age(Cell::Boolean(true), WRONG);
    check_age(Cell::Boolean(false), WRONG);
    check_age(Cell::Untyped(b"soon"), WRONG);
    check_age(Cell::Untyped(b""), NULL);
    check_age(Cell::Untyped(b"NA"), NULL);
    check_age(Cell::Text(b"null"), NULL);
    check_age(Cell::Number(f64::NAN), NULL);
    check_age(Cell::Untyped(b"1e400"), INFINITE);
    check_age(Cell::Unbinned(Unbinned::Null), NULL);
    let without = Cell::Number(0.0).aged(None, &NullTexts::NONE);
    assert_eq!(without, Cell::Unbinned(Unbinned::WrongType));
}

#[test]
fn an_empty_text_has_no_length() {
    assert_eq!(length(0), Cell::Unbinned(Unbinned::Null));
    assert_eq!(length(3), Cell::Number(3.0));
}
