//! Builds the tree of a JSON document and notes every field that an object has more than once; it judges nothing else.
//!
//! `serde_json`'s own [`Value`] keeps the last of two fields with one name and drops the other without a word.

use alloc::{string::String, vec::Vec};
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, map::Entry};

use super::{Path, Problems, found::Found};

/// Reads one value at `path`. A field that comes again is a problem, and its first value is kept.
///
/// Takes no more memory than the tree itself.
pub(super) struct Tree<'p> {
    pub(super) path: Path<'p>,
    pub(super) problems: &'p mut Problems,
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, found: bool) -> Result<Value, E> {
        Ok(Value::Bool(found))
    }

    fn visit_u64<E: Error>(self, found: u64) -> Result<Value, E> {
        Ok(Value::Number(found.into()))
    }

    fn visit_i64<E: Error>(self, found: i64) -> Result<Value, E> {
        Ok(Value::Number(found.into()))
    }

    fn visit_f64<E: Error>(self, found: f64) -> Result<Value, E> {
        // The parser gives no number that is not finite.
        Ok(Number::from_f64(found).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<Value, E> {
        Ok(Value::String(found.into()))
    }

    fn visit_string<E: Error>(self, found: String) -> Result<Value, E> {
        Ok(Value::String(found))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let Tree { path, problems } = self;
        let mut array = Vec::new();
        while let Some(item) =
            items.next_element_seed(Tree { path: path.index(array.len()), problems })?
        {
            array.push(item);
        }
        // A third of it is room to grow, and most of a profile is arrays.
        array.shrink_to_fit();
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let Tree { path, problems } = self;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Tree { path: path.field(&name), problems })?;
            match object.entry(name) {
                Entry::Vacant(field) => {
                    field.insert(value);
                }
                Entry::Occupied(field) => problems.add(
                    &path.field(field.key()),
                    format_args!("given twice, as {} and as {}", Found(field.get()), Found(&value)),
                ),
            }
        }
        Ok(Value::Object(object))
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

    #[test]
    fn the_tree_is_that_of_the_parser() {
        for json in [
            "null",
            "[true, false, null]",
            r#"[0, -1, 18446744073709551615, -9223372036854775808, 1.5, -0.0, 1e300, 1e20]"#,
            r#"{"b": {"a": ["x", "é\n"]}, "a": {}, "": [[], {}]}"#,
        ] {
            let mut problems = Problems::default();
            let found = parse(json.as_bytes(), 1000, &mut problems);
            assert_eq!(found, Some(serde_json::from_str(json).unwrap()), "{json}");
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
}
