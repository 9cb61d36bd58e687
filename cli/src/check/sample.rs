//! A request or a response in a file: a first line, headers, an empty line, the body. It sends none.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail, ensure};
use driftline_monitor::native::{Header, header};
use driftline_statistics::time::rfc3339::UnixTime;

use crate::inputs::read;

/// A message of HTTP/1.1 as text; its lines end with LF or CRLF, its body is all that follows the empty line.
#[derive(Debug)]
pub(super) struct Sample {
    /// The words of the first line.
    words: Vec<String>,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Sample {
    /// Reads the file that was given to `option`.
    pub(super) fn read(path: &Path, option: &str) -> anyhow::Result<Sample> {
        let bytes = read(path, option)?;
        Sample::parse(&bytes, option == "--sample")
            .with_context(|| format!("{option} {}", path.display()))
    }

    fn parse(bytes: &[u8], is_request: bool) -> anyhow::Result<Sample> {
        let (mut lines, mut rest) = (Vec::new(), bytes);
        loop {
            let Some(end) = rest.iter().position(|&byte| byte == b'\n') else {
                bail!("no empty line ends the headers; the body must follow one");
            };
            let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
            rest = &rest[end + 1..];
            if line.is_empty() {
                break;
            }
            let text = std::str::from_utf8(line);
            let number = lines.len() + 1;
            lines.push(text.with_context(|| format!("line {number} is not UTF-8"))?.to_string());
        }
        let mut lines = lines.into_iter();
        let first = lines.next().unwrap_or_default();
        let words: Vec<String> = first.split_whitespace().map(str::to_string).collect();
        let is_it = match (is_request, words.as_slice()) {
            (true, [_, path, ..]) => path.starts_with('/'),
            (false, [version, status, ..]) => {
                version.starts_with("HTTP/") && status.parse::<u16>().is_ok()
            }
            _ => false,
        };
        let expected = if is_request { "POST /v1/models/rain:predict" } else { "HTTP/1.1 200" };
        ensure!(is_it, "line 1 is {first:?}, expected one such as {expected:?}");
        let mut headers = Vec::new();
        for (line, number) in lines.zip(2..) {
            let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.is_empty())
            else {
                bail!(
                    "line {number} is {line:?}, expected a header such as \"content-type: text/csv\""
                );
            };
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_string()));
        }
        Ok(Sample { words, headers, body: rest.to_vec() })
    }

    /// The headers of a request, those of HTTP/2 among them.
    pub(super) fn request_headers(&self) -> Vec<Header> {
        self.headers(vec![header(":method", self.word(0)), header(":path", self.word(1))])
    }

    /// The headers of a response, likewise.
    pub(super) fn response_headers(&self) -> Vec<Header> {
        self.headers(vec![header(":status", self.word(1))])
    }

    fn headers(&self, mut all: Vec<Header>) -> Vec<Header> {
        all.extend(self.headers.iter().map(|(name, value)| header(name, value)));
        all
    }

    /// A word of the first line; empty if there is none.
    pub(super) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }
}

/// As if the request came now.
pub(super) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_nanoseconds(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_whichever_way_its_lines_end() {
        for end in ["\n", "\r\n"] {
            let text = ["POST /a HTTP/1.1", "Content-Type: text/csv", "", "1,2\n\n3"].join(end);
            let sample = Sample::parse(text.as_bytes(), true).unwrap();
            let expected = [(":method", "POST"), (":path", "/a"), ("content-type", "text/csv")];
            assert_eq!(sample.request_headers(), expected.map(|(name, value)| header(name, value)));
            assert_eq!(sample.body, b"1,2\n\n3");
        }
        let answer = Sample::parse(b"HTTP/1.1 201 Created\n\n", false).unwrap();
        assert_eq!(answer.response_headers(), [header(":status", "201")]);
    }

    #[track_caller]
    fn refuses(text: &str, is_request: bool, message: &str) {
        let error = Sample::parse(text.as_bytes(), is_request).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_line() {
        refuses("{}", true, "no empty line ends the headers; the body must follow one");
        refuses(
            "{}\n\n",
            true,
            "line 1 is \"{}\", expected one such as \"POST /v1/models/rain:predict\"",
        );
        refuses(
            "POST /a\n\n",
            false,
            "line 1 is \"POST /a\", expected one such as \"HTTP/1.1 200\"",
        );
        refuses(
            "POST /a\nhost\n\n",
            true,
            "line 2 is \"host\", expected a header such as \"content-type: text/csv\"",
        );
    }
}
