//! Reads JSON that people write, collecting every problem with its path instead of stopping at the first.
//! It knows no field of ours: the shapes live with [`crate::config`] and [`crate::profile`].
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

use alloc::format;

pub use label::{LABEL_BYTES_MAX, label_fault};
pub use node::{Node, Object, WHOLE_MAX};
pub use path::Path;
pub use problems::{PROBLEMS_MAX, Problems};
use serde_json::Value;

/// Parses `json`, or notes the one problem that stands in the way: its size, or the line and column of its fault.
///
/// Longer input than `bytes_max` is refused before parsing, so that memory stays bounded.
/// Nesting is bounded by the parser (128 levels). Of a field that occurs twice, the last counts.
pub fn parse(json: &[u8], bytes_max: usize, problems: &mut Problems) -> Option<Value> {
    if bytes_max < json.len() {
        problems.add(
            &Path::ROOT,
            format_args!("found {} bytes, expected at most {bytes_max}", json.len()),
        );
        return None;
    }
    match serde_json::from_slice(json) {
        Ok(value) => Some(value),
        Err(error) => {
            let reason = format!("{error}");
            problems.add(&Path::ROOT, format_args!("not valid JSON: {reason}"));
            None
        }
    }
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
