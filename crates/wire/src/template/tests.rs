//! A document fits if it differs in nothing but values that have differed, whole and of the same kind.

use std::{string::String, vec, vec::Vec};

use super::*;

const FIRST: &str = r#"{"id":"a","n":7,"list":[1.5,"x"],"same":"yes"}"#;

fn learned(documents: &[&str]) -> Template {
    let mut template = Template::new();
    assert!(template.keep(documents[0].as_bytes(), |_, _, _| Some(0)));
    for document in &documents[1..] {
        assert!(template.merge(document.as_bytes()), "{document}");
    }
    template
}

fn fitted(template: &Template, bytes: &str) -> Option<(usize, Vec<String>)> {
    let mut values = vec![];
    let length = template.fit(bytes.as_bytes(), |_, _, value| {
        values.push(String::from_utf8(value.to_vec()).unwrap());
        true
    })?;
    Some((length, values))
}

#[test]
fn a_document_fits_itself_and_no_beginning_of_it() {
    let template = learned(&[FIRST]);
    assert_eq!(fitted(&template, FIRST), Some((FIRST.len(), vec![])));
    for cut in 0..FIRST.len() {
        assert_eq!(fitted(&template, &FIRST[..cut]), None, "{cut}");
    }
    assert_eq!(fitted(&Template::new(), FIRST), None);
    assert_eq!(fitted(&Template::new(), ""), None);
}

#[test]
fn only_values_that_have_differed_may_differ() {
    let second = r#"{"id":"","n":-12e3,"list":[1.5,"x"],"same":"yes"}"#;
    let template = learned(&[FIRST, second]);
    for (document, expected) in [
        (r#"{"id":"bc","n":0,"list":[1.5,"x"],"same":"yes"}"#, Some(vec!["bc", "0"])),
        (
            r#"{"id":"\n\u00e9\"","n":0.25,"list":[1.5,"x"],"same":"yes"}..."#,
            Some(vec![r#"\n\u00e9\""#, "0.25"]),
        ),
        (r#"{"id":"bc","n":0,"list":[1.5,"y"],"same":"yes"}"#, None),
        (r#"{"id":"bc","n":0,"list":[1.6,"x"],"same":"yes"}"#, None),
        (r#"{"id":"bc","n":"0","list":[1.5,"x"],"same":"yes"}"#, None),
        (r#"{"id":1,"n":0,"list":[1.5,"x"],"same":"yes"}"#, None),
        (r#"{"id":"bc","n":01,"list":[1.5,"x"],"same":"yes"}"#, None),
        (r#"{"id":"bc","n":1.,"list":[1.5,"x"],"same":"yes"}"#, None),
        (r#"{"id":"bc","n":-,"list":[1.5,"x"],"same":"yes"}"#, None),
        (r#"{"id":"bc","n":1e,"list":[1.5,"x"],"same":"yes"}"#, None),
        (r#"{"id":"b\q","n":0,"list":[1.5,"x"],"same":"yes"}"#, None),
        (r#"{"id":"\ud83d\ude00","n":0,"list":[1.5,"x"],"same":"yes"}"#, None),
        ("{\"id\":\"b\n\",\"n\":0,\"list\":[1.5,\"x\"],\"same\":\"yes\"}", None),
        (r#"{"id":"bc", "n":0,"list":[1.5,"x"],"same":"yes"}"#, None),
    ] {
        let found = fitted(&template, document).map(|(_, values)| values);
        let expected = expected.map(|values| values.into_iter().map(String::from).collect());
        assert_eq!(found, expected, "{document}");
    }
}

#[test]
fn a_document_of_another_form_changes_nothing() {
    let mut template = learned(&[FIRST]);
    for other in [
        r#"{"id":"b","n":7,"list":[1.5,"x"],"other":"yes"}"#,
        r#"{"id":"b","n":7,"list":[1.5,"x"],"same":"yes"} "#,
        r#"{"id":"b","n":7,"list":[1.5,"x"],"same":"ye"#,
        r#"{"id":"b","n":null,"list":[1.5,"x"],"same":"yes"}"#,
        "",
    ] {
        assert!(!template.merge(other.as_bytes()), "{other}");
    }
    assert_eq!(fitted(&template, FIRST), Some((FIRST.len(), vec![])));
    assert_eq!(fitted(&template, &FIRST.replace("\"a\"", "\"b\"")), None);
}

#[test]
fn what_may_not_differ_is_compared() {
    let mut template = Template::new();
    let end = FIRST.find(",\"n\"").unwrap();
    let mut asked = vec![];
    assert!(template.keep(FIRST.as_bytes(), |kind, value, at| {
        asked.push((kind, String::from_utf8(value.to_vec()).unwrap(), at));
        (at == end).then_some(0)
    }));
    let text = |value: &str| (Kind::Text, String::from(value));
    let number = |value: &str| (Kind::Number, String::from(value));
    let kinds: Vec<_> = asked.iter().map(|(kind, value, _)| (*kind, value.clone())).collect();
    assert_eq!(kinds, [text("a"), number("7"), number("1.5"), text("x"), text("yes")]);
    assert!(template.merge(FIRST.replace("\"a\"", "\"b\"").as_bytes()));
    assert!(!template.merge(FIRST.replace(":7", ":8").as_bytes()));
}

#[test]
fn what_is_too_long_is_not_kept() {
    let mut template = learned(&[FIRST]);
    assert!(!template.keep(&[b' '; BYTES_MAX + 1], |_, _, _| Some(0)));
    assert!(!template.is_kept());
    assert_eq!(fitted(&template, FIRST), None);
    // Of more values than there is room for, the rest repeats.
    let many = std::format!("[{}0]", "1,".repeat(VALUES_MAX));
    let template = learned(&[&many, &many.replace('1', "2")]);
    assert!(fitted(&template, &many.replace('1', "3")).is_some());
    assert!(fitted(&template, &many.replace("0]", "4]")).is_none());
}

#[test]
fn characters_are_those_of_the_decoded_text() {
    for (text, expected) in
        [("", 0), ("abc", 3), ("h\u{e9}", 2), (r"\n\n", 2), (r"a\u00e9b\\", 4), (r#"\"\/"#, 2)]
    {
        assert_eq!(characters(text.as_bytes()), expected, "{text}");
    }
}
