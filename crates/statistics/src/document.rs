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

use alloc::format;

pub use label::{LABEL_BYTES_MAX, OTHER_NAME, label_fault, label_value, name_fault};
pub use node::{Node, Object, WHOLE_MAX};
pub use path::Path;
pub use problems::{PROBLEMS_MAX, Problems};
use serde::de::DeserializeSeed;
use serde_json::{Deserializer, Value};

use self::tree::Tree;

/// The most memory that the parsed tree may take, in bytes, by an upper estimate.
///
/// The text alone bounds too little: 4 MiB of `1,1,1,...` make a tree of 100 MiB, more than the filter may have.
pub const TREE_BYTES_MAX: usize = 24 << 20;

/// A value in a list that is being grown, twice its size.
const VALUE_BYTES: usize = 48;
/// An object beyond its values: a node of a tree with room for eleven of them.
const OBJECT_BYTES: usize = 480;

/// Parses `json`, or notes what stands in the way: its size, or the line and column of its fault.
///
/// Longer input than `bytes_max`, or such of more than [`TREE_BYTES_MAX`], is refused before parsing, so that memory
/// stays bounded.
/// Nesting is bounded by the parser (128 levels). A field that an object has twice is a problem with its path, whatever
/// the object is for; the first value then stands for both, so that the rest can be read for its problems.
pub fn parse(json: &[u8], bytes_max: usize, problems: &mut Problems) -> Option<Value> {
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
    let tree = Tree { path: Path::ROOT, problems }.deserialize(&mut parser);
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
        // The shortest text of a number must read as that number again; serde_json's fast path may
        // be one bit off, and a bin edge that is one bit off moves every tied value to the next bin.
        for number in [5.4e-79_f64, 0.1 + 0.2, 1.0 / 3.0, 2.2250738585072014e-308, -0.4453364474982]
        {
            let value = parse(number.to_string().as_bytes(), 1000, &mut Problems::default());
            assert_eq!(value.and_then(|value| value.as_f64()), Some(number));
        }
    }
}
