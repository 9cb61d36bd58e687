//! An incremental reader of JSON documents, one per line (NDJSON, JSON Lines); it hands on slices and copies nothing.
//!
//! LF ends a line, and so do CR and CRLF: neither can stand within a JSON document but as white space. A line of
//! nothing but white space is none. The last line needs no end: [`Reader::is_open`] says that it has begun.
//!
//! A broken document ends with its line, so the next one is read again.

use super::{
    frame::{FrameStep, Progress},
    scan,
};

/// A push reader. One value reads one body, in a few bytes of memory.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// The open line has more than white space.
    has_data: bool,
}

impl Reader {
    /// Reads up to the end of the next fragment or line.
    ///
    /// Consumes at least one byte of an input that is not empty. Runs in time linear in the bytes consumed.
    pub fn next<'i>(&mut self, input: &'i [u8]) -> Progress<'i> {
        let mut start = 0usize;
        if !self.has_data {
            let is_data = |byte: &u8| !byte.is_ascii_whitespace();
            let Some(first) = input.iter().position(is_data) else {
                return Progress { consumed: input.len(), step: FrameStep::InputEmpty };
            };
            start = first;
            self.has_data = true;
        }
        let rest = input.get(start..).unwrap_or_default();
        let run = scan::line(rest);
        match rest.get(..run).unwrap_or_default() {
            [] if rest.is_empty() => Progress { consumed: start, step: FrameStep::InputEmpty },
            [] => {
                self.has_data = false;
                Progress { consumed: start.saturating_add(1), step: FrameStep::EventEnd }
            }
            line => Progress { consumed: start.saturating_add(run), step: FrameStep::Data(line) },
        }
    }

    /// A line has begun and not ended.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.has_data
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
            let mut lines = Vec::new();
            let line = read_pieces(&mut reader, pieces, Reader::next, |_, line| {
                let line = line.expect("text has no broken frames");
                lines.push(String::from_utf8(line).unwrap());
            });
            assert_eq!(lines, expected, "{name}");
            assert_eq!(String::from_utf8_lossy(&line), open, "{name}");
            assert_eq!(reader.is_open(), !open.is_empty(), "{name}");
        });
    }

    #[test]
    fn every_line_is_a_document() {
        check("{\"a\":1}\n{\"b\":2}\n", &["{\"a\":1}", "{\"b\":2}"], "");
        check("1\r\n2\r3\n", &["1", "2", "3"], "");
    }

    #[test]
    fn the_last_line_needs_no_end() {
        check("1\n2", &["1"], "2");
        check("{\"a\": \"b", &[], "{\"a\": \"b");
    }

    #[test]
    fn empty_lines_are_none() {
        check("", &[], "");
        check("\n \n\r\n\t1 \n\n", &["1 "], "");
    }
}
