//! Builds the tree of a JSON document and notes every field that an object has more than once; it judges nothing else.
//!
//! `serde_json`'s own tree keeps the last of two fields with one name and drops the other without a word.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{FIELDS_MAX, Path, Problems, Value, found::Found, value::Numbers};

/// Reads one value at `path`. A field that comes again is a problem, and its first value is kept.
///
/// Takes no more memory than the tree itself.
pub(super) struct Tree<'p, 'n, 't> {
    pub(super) path: Path<'p>,
    pub(super) noted: &'p mut Noted<'n, 't>,
}

/// What is one for the whole document.
pub(super) struct Noted<'n, 't> {
    /// Those that the parser has not come to.
    ///
    /// It does not say how a number is written, and what it says of its value may be one bit off: a bin edge that is one bit
    /// off would move every tied value to the next bin.
    pub(super) numbers: Numbers<'t>,
    pub(super) problems: &'n mut Problems,
}

impl<'t> Tree<'_, '_, 't> {
    /// The number that the parser has come to.
    fn number(self) -> Value<'t> {
        self.noted.numbers.next().map_or(Value::Null, Value::Number)
    }
}

impl<'de, 't> DeserializeSeed<'de> for Tree<'_, '_, 't> {
    type Value = Value<'t>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'t>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, 't> Visitor<'de> for Tree<'_, '_, 't> {
    type Value = Value<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'t>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, found: bool) -> Result<Value<'t>, E> {
        Ok(Value::Bool(found))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Value<'t>, E> {
        Ok(self.number())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value<'t>, E> {
        Ok(self.number())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value<'t>, E> {
        Ok(self.number())
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<Value<'t>, E> {
        Ok(Value::Text(found.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'t>, A::Error> {
        let Tree { path, noted } = self;
        let mut array = Vec::new();
        while let Some(item) =
            items.next_element_seed(Tree { path: path.index(array.len()), noted })?
        {
            array.push(item);
        }
        Ok(Value::Array(array.into_boxed_slice()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value<'t>, A::Error> {
        let Tree { path, noted } = self;
        let mut object: Vec<(Box<str>, Value<'t>)> = Vec::new();
        let mut is_too_long = false;
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Tree { path: path.field(&name), noted })?;
            // Each is compared with all before it, which are few.
            if let Some((_, first)) = object.iter().find(|(known, _)| **known == *name) {
                let twice =
                    format_args!("given twice, as {} and as {}", Found(first), Found(&value));
                noted.problems.add(&path.field(&name), twice);
            } else if object.len() < FIELDS_MAX {
                object.push((name.into(), value));
            } else {
                is_too_long = true;
            }
        }
        if is_too_long {
            let expected = format_args!("found an object of more than {FIELDS_MAX} fields");
            noted.problems.add(&path, expected);
        }
        Ok(Value::Object(object.into_boxed_slice()))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use std::format;

    use super::super::{PROBLEMS_MAX, parse};
    use super::*;

    #[track_caller]
    fn refuses(json: &str, message: &str) {
        let mut problems = Problems::default();
        parse(json.as_bytes(), 1 << 20, &mut problems);
        assert_eq!(problems.to_string(), message);
    }

    /// What `serde_json` reads into its own tree.
    fn known<'t>(value: &serde_json::Value, written: &mut Numbers<'t>) -> Value<'t> {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(found) => Value::Bool(*found),
            serde_json::Value::Number(found) => {
                let number = Value::Number(written.next().unwrap());
                assert_eq!((number.as_u64(), number.as_f64()), (found.as_u64(), found.as_f64()));
                number
            }
            serde_json::Value::String(found) => Value::Text(found.as_str().into()),
            serde_json::Value::Array(items) => {
                Value::Array(items.iter().map(|item| known(item, written)).collect())
            }
            serde_json::Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, it)| (name.as_str().into(), known(it, written)))
                    .collect(),
            ),
        }
    }

    #[test]
    fn the_tree_is_that_of_the_parser() {
        for json in [
            "null",
            "[true, false, null]",
            r#"[0, -1, 18446744073709551615, -9223372036854775808, 1.5, -0.0, -0, 1e300, 1e20]"#,
            r#"{"": [[], {}], "a": {"-1": 5E-324}, "b\"2": {"a": ["x", "é\n3\\", 4.50]}}"#,
        ] {
            let mut problems = Problems::default();
            let found = parse(json.as_bytes(), 1000, &mut problems);
            let expected =
                known(&serde_json::from_str(json).unwrap(), &mut Numbers::of(json.as_bytes()));
            assert_eq!(found, Some(expected), "{json}");
            assert!(problems.is_empty(), "{problems}");
        }
    }

    #[test]
    fn a_field_that_is_given_twice_is_named_with_its_place() {
        refuses(
            r#"{"models": [{"name": "a"}, {"name": "a", "profile": {"rows": 5, "rows": [1, {}]}, "name": "b"}]}"#,
            r#"models[1].profile.rows: given twice, as 5 and as [1,{}]; models[1].name: given twice, as "a" and as "b""#,
        );
        refuses(
            r#"{"a": 1, "a": 1, "a": 2}"#,
            "a: given twice, as 1 and as 1; a: given twice, as 1 and as 2",
        );
    }

    #[test]
    fn names_are_compared_as_they_read_and_not_as_they_are_spelt() {
        refuses(r#"{"a": 1, "\u0061": 2}"#, "a: given twice, as 1 and as 2");
        refuses(r#"{"a": 1, "A": 2, "a ": 3}"#, "");
    }

    #[test]
    fn a_name_from_outside_cannot_spoil_the_message() {
        let long = "x".repeat(5000);
        let json = format!(r#"{{"{long}": {{"a.b\n": 1, "a.b\n": 2}}}}"#);
        let shown = format!("[\"{}...", "x".repeat(59));
        refuses(&json, &format!("{shown}][\"a.b\u{fffd}\"]: given twice, as 1 and as 2"));
    }

    #[test]
    fn a_flood_of_repeated_fields_is_counted() {
        let mut problems = Problems::default();
        let json = format!("{{{}\"a\": 0}}", "\"a\": 0,".repeat(10_000));
        assert!(parse(json.as_bytes(), 1 << 20, &mut problems).is_some());
        assert_eq!(problems.count(), 10_000);
        assert_eq!(problems.kept().count(), PROBLEMS_MAX);
    }
    #[test]
    fn an_object_of_too_many_fields_is_a_problem() {
        let json = |fields: usize| {
            let fields: Vec<_> = (0..fields).map(|it| format!("\"{it}\": {it}")).collect();
            format!(r#"[{{{}}}]"#, fields.join(", "))
        };
        refuses(&json(FIELDS_MAX), "");
        refuses(&json(FIELDS_MAX + 2), "[0]: found an object of more than 128 fields");
    }
}
