//! An incremental reader of a JSON array whose elements are sent one by one; it hands on slices and copies nothing.
//!
//! It knows brackets and strings, and no more: what stands between two elements separates them, and whether an element
//! is JSON is for the reader behind it to say ([`json`](super::json)). An element is an object or an array; other
//! values are passed over. Brackets that do not match leave the rest of the body one open element.

use super::frame::{FrameStep, Progress};

/// A push reader. One value reads one body, in a few bytes of memory.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// Open brackets, the array's own left out.
    depth: u32,
    in_string: bool,
    /// The byte before was a backslash that escapes the next one.
    is_escaped: bool,
    /// The element's last byte was handed out; its end is the next step.
    is_complete: bool,
    /// The array's own bracket was seen.
    in_array: bool,
    /// The array was closed: what follows is none of its elements.
    is_closed: bool,
}

impl Reader {
    /// Reads up to the end of the next fragment or element.
    ///
    /// Consumes at least one byte of an input that is not empty, but for the step [`FrameStep::EventEnd`], which consumes
    /// none. Runs in time linear in the bytes consumed.
    pub fn next<'i>(&mut self, input: &'i [u8]) -> Progress<'i> {
        if core::mem::take(&mut self.is_complete) {
            return Progress { consumed: 0, step: FrameStep::EventEnd };
        }
        let start = if self.is_open() { 0 } else { self.skip(input) };
        let element = input.get(start..).unwrap_or_default();
        if element.is_empty() {
            return Progress { consumed: input.len(), step: FrameStep::InputEmpty };
        }
        let length = self.scan(element);
        Progress {
            consumed: start.saturating_add(length),
            step: FrameStep::Data(element.get(..length).unwrap_or(element)),
        }
    }

    /// An element has begun and not ended.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.depth != 0
    }

    /// The array's last bracket was seen.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Passes over what stands between elements: the position of the next one's first byte.
    fn skip(&mut self, input: &[u8]) -> usize {
        for (position, &byte) in input.iter().enumerate() {
            match byte {
                _ if self.is_closed => return input.len(),
                _ if self.in_string => self.step_in_string(byte),
                b'"' => self.in_string = true,
                b'[' if !self.in_array => self.in_array = true,
                b'[' | b'{' if self.in_array => return position,
                b']' => self.is_closed = self.in_array,
                _ => {}
            }
        }
        input.len()
    }

    /// Follows an element: how many of the bytes are its.
    fn scan(&mut self, element: &[u8]) -> usize {
        for (position, &byte) in element.iter().enumerate() {
            if self.in_string {
                self.step_in_string(byte);
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.is_complete = true;
                        return position.saturating_add(1);
                    }
                }
                _ => {}
            }
        }
        element.len()
    }

    fn step_in_string(&mut self, byte: u8) {
        if !core::mem::take(&mut self.is_escaped) {
            self.is_escaped = byte == b'\\';
            self.in_string = byte != b'"';
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{string::String, vec::Vec};

    use super::*;
    use crate::frame::testing::read_pieces;
    use driftline_cuts::every_cut;

    #[track_caller]
    fn check(stream: &str, expected: &[&str], open: &str) {
        every_cut(stream.as_bytes(), |pieces, name| {
            let mut reader = Reader::default();
            let mut elements = Vec::new();
            let element = read_pieces(&mut reader, pieces, Reader::next, |_, element| {
                let element = element.expect("text has no broken frames");
                elements.push(String::from_utf8(element).unwrap());
            });
            assert_eq!(elements, expected, "{name}");
            assert_eq!(String::from_utf8_lossy(&element), open, "{name}");
            assert_eq!(reader.is_open(), !open.is_empty(), "{name}");
            assert_eq!(reader.is_closed(), stream.trim_end().ends_with(']'), "{name}");
        });
    }

    #[test]
    fn elements_are_told_by_their_brackets() {
        check("[{\"a\":1}\n,\r\n{\"b\":[2,{}]}]", &["{\"a\":1}", "{\"b\":[2,{}]}"], "");
        check(" [[1],[] , {}] ", &["[1]", "[]", "{}"], "");
        check("[]", &[], "");
    }

    #[test]
    fn brackets_within_strings_are_text() {
        check(r#"[{"a":"}]\"}{","b\\":"["},{}]"#, &[r#"{"a":"}]\"}{","b\\":"["}"#, "{}"], "");
    }

    #[test]
    fn other_values_are_passed_over() {
        check(r#"[1, "{", null, {"a":1}]"#, &[r#"{"a":1}"#], "");
    }

    #[test]
    fn an_array_that_breaks_off_leaves_its_last_element_open() {
        check(r#"[{"a":1},{"b":"#, &[r#"{"a":1}"#], r#"{"b":"#);
    }
}
