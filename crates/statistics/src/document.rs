//! Reads JSON that people write, collecting every problem with its path instead of stopping at the first.
//! It knows no field: the readers of configurations and of profiles do.
//!
//! `serde`'s derive stops at the first mistake and names a line, which is of no use in a
//! configuration that Envoy has turned from YAML into one line of JSON. Here a reader walks a parsed
//! [`Value`] as [`Node`]s; each knows its [`Path`], so a problem reads like
//! `models[1].profile.features[0].bins.counts[3]: found "x", expected a whole number from 0 to 9007199254740991`.

mod found;
mod label;
mod node;
mod path;
mod problems;
mod tree;
mod value;

use alloc::format;

pub use label::{LABEL_BYTES_MAX, OTHER_NAME, label_fault, label_value, name_fault};
pub use node::{Node, Object, WHOLE_MAX};
pub use path::Path;
pub use problems::{PROBLEMS_MAX, Problems};
use serde::de::DeserializeSeed;
use serde_json::Deserializer;
pub use value::Value;

use self::{
    tree::{Noted, Tree},
    value::Numbers,
};

/// The most memory that the parsed tree may take, in bytes, by an upper estimate.
///
/// The text alone bounds too little: 4 MiB of `1,1,1,...` make a tree of 100 MiB, more than the filter may have.
pub const TREE_BYTES_MAX: usize = 24 << 20;

/// The most fields that an object may have. Nothing that is read here has half as many.
pub const FIELDS_MAX: usize = 128;

/// A value in a list that is being moved to twice the room: three times its size, and what is left over.
const VALUE_BYTES: usize = 40;
/// An object beyond its values: room for four fields, and the name of one.
const OBJECT_BYTES: usize = 128;

/// Parses `json`, or notes what stands in the way: its size, or the line and column of its fault.
///
/// Longer input than `bytes_max`, or such of more than [`TREE_BYTES_MAX`], is refused before parsing, so that memory
/// stays bounded.
/// A number beyond what a double can hold is refused, and one within two bits of that may be.
/// Nesting is bounded by the parser (128 levels), and the fields of an object by [`FIELDS_MAX`].
///
/// A field that an object has twice is a problem with its path, whatever the object is for; the first value then stands for
/// both, so that the rest can be read for its problems.
pub fn parse<'t>(json: &'t [u8], bytes_max: usize, problems: &mut Problems) -> Option<Value<'t>> {
    if bytes_max < json.len() {
        problems.add(
            &Path::ROOT,
            format_args!("found {} bytes, expected at most {bytes_max}", json.len()),
        );
        return None;
    }
    let tree_bytes = tree_bytes(json);
    if TREE_BYTES_MAX < tree_bytes {
        problems.add(
            &Path::ROOT,
            format_args!(
                "found values that take about {tree_bytes} bytes of memory, expected at most {TREE_BYTES_MAX}"
            ),
        );
        return None;
    }
    let mut parser = Deserializer::from_slice(json);
    let mut noted = Noted { numbers: Numbers::of(json), problems };
    let tree = Tree { path: Path::ROOT, noted: &mut noted }.deserialize(&mut parser);
    match tree.and_then(|value| parser.end().map(|()| value)) {
        Ok(value) => Some(value),
        Err(error) => {
            let reason = format!("{error}");
            problems.add(&Path::ROOT, format_args!("not valid JSON: {reason}"));
            None
        }
    }
}

/// What the tree of `json` takes at most, in bytes: each value but the root follows a comma or an opening bracket.
#[must_use]
pub fn tree_bytes(json: &[u8]) -> usize {
    json.iter().fold(0, |bytes: usize, byte| {
        bytes.saturating_add(match byte {
            b',' | b'[' => VALUE_BYTES,
            b'{' => OBJECT_BYTES,
            _ => 0,
        })
    })
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use std::format;

    use super::*;

    #[track_caller]
    fn refuses(json: &str, message: &str) {
        let mut problems = Problems::default();
        assert_eq!(parse(json.as_bytes(), 100, &mut problems), None);
        assert_eq!(problems.to_string(), message);
    }

    #[test]
    fn a_fault_in_the_syntax_has_line_and_column() {
        refuses("{\n  \"a\": 1,\n}", "not valid JSON: trailing comma at line 3 column 1");
        refuses("1e400", "not valid JSON: number out of range at line 1 column 5");
        refuses("", "not valid JSON: EOF while parsing a value at line 1 column 0");
    }

    #[test]
    fn text_that_is_too_long_is_not_parsed_at_all() {
        refuses(&"x".repeat(101), "found 101 bytes, expected at most 100");
    }

    #[test]
    fn a_text_that_makes_too_large_a_tree_is_not_parsed_at_all() {
        let refuses = |json: String| {
            let mut problems = Problems::default();
            assert_eq!(parse(json.as_bytes(), 4 << 20, &mut problems), None);
            let message = problems.to_string();
            assert!(message.contains("expected at most 25165824"), "{message}");
        };
        refuses(format!("[{}1]", "1,".repeat(2_000_000)));
        refuses(format!("[{}1]", "{\"\":0},".repeat(500_000)));
        let list = format!("[{}1]", "1,".repeat(500_000));
        assert!(parse(list.as_bytes(), 4 << 20, &mut Problems::default()).is_some());
    }

    #[test]
    fn deep_nesting_is_a_problem_not_a_crash() {
        let json: String = "[".repeat(100_000);
        let mut problems = Problems::default();
        assert_eq!(parse(json.as_bytes(), 1 << 20, &mut problems), None);
        assert!(format!("{problems}").contains("recursion limit exceeded"), "{problems}");
    }

    #[test]
    fn a_number_comes_back_to_the_last_bit() {
        // The shortest text of a number must read as that number again, and what the parser makes of it may be one bit off.
        for number in [5.4e-79_f64, 0.1 + 0.2, 1.0 / 3.0, 2.2250738585072014e-308, -0.4453364474982]
        {
            let text = number.to_string();
            let value = parse(text.as_bytes(), 1000, &mut Problems::default());
            assert_eq!(value.and_then(|value| value.as_f64()), Some(number));
        }
    }
}
