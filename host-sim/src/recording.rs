//! One exchange as data: what each side sent, and when. It is read from and written to JSON, one line each.
//!
//! A recording is also the script of a simulated exchange: see
//! [`World::play`](crate::World::play).

mod check;

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use self::check::problems_of;
use crate::{Chunking, HeaderMap};

/// One request and its response.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// When the request's head came, in microseconds since any moment that all recordings of a file share.
    #[serde(default)]
    pub start_us: u64,
    /// The request's method.
    pub method: String,
    /// The request's path, with its query.
    pub path: String,
    /// The request's headers in order, without pseudo headers.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// What followed, in order.
    pub steps: Vec<Step>,
}

/// One event of a recording; `at_us` is microseconds since the request's head.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// A part of the request's body.
    RequestData {
        /// When it came.
        at_us: u64,
        /// Its length in bytes.
        size: usize,
        /// Its bytes, if they were recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Body>,
    },
    /// The end of the request's body.
    RequestEnd {
        /// When it came.
        at_us: u64,
    },
    /// Trailers of the request, which are its end.
    RequestTrailers {
        /// When they came.
        at_us: u64,
        /// Trailers in order.
        trailers: Vec<(String, String)>,
    },
    /// The head of the upstream's response.
    Response {
        /// When it came.
        at_us: u64,
        /// The status code.
        status: u16,
        /// Headers in order, without pseudo headers.
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// True if nothing follows.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ended: bool,
    },
    /// A part of the response's body.
    ResponseData {
        /// When it came.
        at_us: u64,
        /// Its length in bytes.
        size: usize,
        /// Its bytes, if they were recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Body>,
    },
    /// The end of the response's body.
    ResponseEnd {
        /// When it came.
        at_us: u64,
    },
    /// Trailers of the response, which are its end.
    ResponseTrailers {
        /// When they came.
        at_us: u64,
        /// Trailers in order.
        trailers: Vec<(String, String)>,
    },
    /// The client went away.
    ClientAborts {
        /// When it did.
        at_us: u64,
    },
    /// The upstream broke off.
    UpstreamResets {
        /// When it did.
        at_us: u64,
    },
    /// The upstream could not be reached.
    UpstreamUnreachable {
        /// When that was known.
        at_us: u64,
    },
    /// The proxy waited no longer.
    TimesOut {
        /// When it did.
        at_us: u64,
    },
}

/// Bytes of a body: as text where they are text, else in hexadecimal.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// UTF-8.
    Text(String),
    /// Two digits per byte.
    Hex(String),
}

/// Why a recording cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordingError {
    problems: Vec<String>,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "recording refused: {}", self.problems.join("; "))
    }
}

impl std::error::Error for RecordingError {}

/// In place of bytes that were not recorded.
const FILLER: u8 = b' ';

impl Recording {
    /// A request whose body and response are to be added.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Recording {
        Recording {
            start_us: 0,
            method: method.into(),
            path: path.into(),
            headers: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Reads JSON lines; empty ones are read over.
    ///
    /// # Errors
    /// Every line that cannot be read, by its number; every body that is not
    /// as long as its `size`, or is no hexadecimal text; every `size` above
    /// 64 MiB; every step that is before the one above it; every status without
    /// three digits; every method, path, header and trailer that HTTP has no form for.
    pub fn from_json_lines(text: &str) -> Result<Vec<Recording>, RecordingError> {
        let mut recordings = Vec::new();
        let mut problems = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str::<Recording>(line) {
                Ok(recording) => {
                    let wrong = problems_of(&recording);
                    problems.extend(
                        wrong.into_iter().map(|problem| format!("line {}: {problem}", index + 1)),
                    );
                    recordings.push(recording);
                }
                Err(error) => problems.push(format!("line {}: {error}", index + 1)),
            }
        }
        if problems.is_empty() { Ok(recordings) } else { Err(RecordingError { problems }) }
    }

    /// One line of JSON, without its end.
    #[must_use]
    pub fn to_json_line(&self) -> String {
        // Strings, numbers and lists of them are always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The same exchange with its response's body cut in another way; see [`Recording::request_chunked`] for the other.
    ///
    /// A new chunk comes when its last byte came.
    #[must_use]
    pub fn chunked(&self, chunking: Chunking) -> Recording {
        let is_data = |step: &Step| matches!(step, Step::ResponseData { .. });
        self.cut(chunking, is_data, Step::response_data)
    }

    /// The same exchange with its request's body cut in another way.
    ///
    /// A new chunk comes when its last byte came.
    #[must_use]
    pub fn request_chunked(&self, chunking: Chunking) -> Recording {
        let is_data = |step: &Step| matches!(step, Step::RequestData { .. });
        self.cut(chunking, is_data, Step::request_data)
    }

    /// Cuts the body whose parts are the steps that `is_data` picks, and `data` makes.
    fn cut(
        &self,
        chunking: Chunking,
        is_data: fn(&Step) -> bool,
        data: fn(u64, &[u8]) -> Step,
    ) -> Recording {
        let mut arrivals = Vec::new();
        let mut total = 0;
        for step in self.steps.iter().filter(|step| is_data(step)) {
            total += step.data().len();
            arrivals.push((total, step.at_us()));
        }
        let written: Vec<Bytes> =
            self.steps.iter().filter(|step| is_data(step)).map(Step::data).collect();
        let mut end = 0;
        let cut = chunking.cut(&written).into_iter().map(|chunk| {
            end += chunk.len();
            let arrival = arrivals.iter().find(|(total, _)| end <= *total);
            data(arrival.map_or(0, |(_, at_us)| *at_us), &chunk)
        });
        let mut cut = Some(cut.collect::<Vec<_>>());
        let steps = self.steps.iter().flat_map(|step| {
            if is_data(step) { cut.take().unwrap_or_default() } else { vec![step.clone()] }
        });
        let mut steps: Vec<Step> = steps.collect();
        // What the other side sends keeps its place in time; what has one time keeps its order.
        steps.sort_by_key(Step::at_us);
        Recording { steps, ..self.clone() }
    }
}

impl Step {
    /// A part of the request's body with its bytes.
    #[must_use]
    pub fn request_data(at_us: u64, data: &[u8]) -> Step {
        Step::RequestData { at_us, size: data.len(), body: Some(Body::new(data)) }
    }

    /// A part of the response's body with its bytes.
    #[must_use]
    pub fn response_data(at_us: u64, data: &[u8]) -> Step {
        Step::ResponseData { at_us, size: data.len(), body: Some(Body::new(data)) }
    }

    /// Microseconds since the request's head.
    #[must_use]
    pub fn at_us(&self) -> u64 {
        match self {
            Step::RequestData { at_us, .. }
            | Step::RequestEnd { at_us }
            | Step::RequestTrailers { at_us, .. }
            | Step::Response { at_us, .. }
            | Step::ResponseData { at_us, .. }
            | Step::ResponseEnd { at_us }
            | Step::ResponseTrailers { at_us, .. }
            | Step::ClientAborts { at_us }
            | Step::UpstreamResets { at_us }
            | Step::UpstreamUnreachable { at_us }
            | Step::TimesOut { at_us } => *at_us,
        }
    }

    /// The bytes of a part of a body; spaces where they were not recorded, nothing for other steps.
    #[must_use]
    pub fn data(&self) -> Bytes {
        match self {
            Step::RequestData { size, body, .. } | Step::ResponseData { size, body, .. } => {
                let recorded = body.as_ref().and_then(Body::bytes);
                recorded.unwrap_or_else(|| vec![FILLER; *size].into())
            }
            _ => Bytes::new(),
        }
    }
}

impl Body {
    /// The shortest form for these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Body {
        match std::str::from_utf8(bytes) {
            Ok(text) => Body::Text(text.into()),
            Err(_) => Body::Hex(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }

    /// `None` if the digits are none.
    #[must_use]
    pub fn bytes(&self) -> Option<Bytes> {
        match self {
            Body::Text(text) => Some(text.clone().into()),
            Body::Hex(digits) => {
                let pairs = digits.as_bytes().chunks(2);
                let byte = |pair: &[u8]| {
                    let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
                    u8::from_str_radix(pair, 16).ok()
                };
                pairs.map(byte).collect()
            }
        }
    }
}

/// Pairs for a recording: without pseudo headers, text made of whatever it was.
pub(crate) fn recorded_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let pairs = headers.iter().map(|(name, value)| (text(name), text(value)));
    pairs.filter(|(name, _)| !name.starts_with(':')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording() -> Recording {
        let mut recording = Recording::new("POST", "/x");
        recording.headers = vec![("accept".into(), "*/*".into())];
        recording.steps = vec![
            Step::request_data(5, b"ab"),
            Step::RequestEnd { at_us: 6 },
            Step::Response { at_us: 10, status: 200, headers: Vec::new(), ended: false },
            Step::response_data(20, b"abc"),
            Step::ResponseData { at_us: 30, size: 3, body: None },
            Step::response_data(40, b"\xff"),
            Step::ResponseEnd { at_us: 50 },
        ];
        recording
    }

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let line = recording().to_json_line();
        assert_eq!(Recording::from_json_lines(&format!("\n{line}\n")), Ok(vec![recording()]));
        assert!(line.contains(r#"{"what":"response_data","at_us":30,"size":3}"#), "{line}");
        assert!(line.contains(r#""body":{"hex":"ff"}"#), "{line}");
    }

    #[test]
    fn all_problems_are_named_with_their_lines() {
        let wrong = recording().to_json_line().replace("\"size\":2", "\"size\":7");
        let text = format!("{wrong}\n{{\"method\":1}}\n");
        let error = Recording::from_json_lines(&text).unwrap_err().to_string();
        assert!(error.contains("line 1: steps[0] has size 7, but its body has 2 bytes"), "{error}");
        assert!(error.contains("line 2: invalid type"), "{error}");
    }

    #[test]
    fn sizes_that_no_memory_holds_and_steps_out_of_order_are_refused() {
        let mut wrong = recording();
        wrong.steps[3] = Step::ResponseData { at_us: 20, size: usize::MAX, body: None };
        wrong.steps[6] = Step::ResponseEnd { at_us: 39 };
        let error = Recording::from_json_lines(&wrong.to_json_line()).unwrap_err().to_string();
        let size = format!("steps[3] has size {}, but 67108864 is the most", usize::MAX);
        assert!(error.contains(&size), "{error}");
        assert!(error.contains("steps[6] has at_us 39, but follows one at 40"), "{error}");
    }

    #[test]
    fn what_http_cannot_say_is_refused_with_its_place() {
        let mut wrong = recording();
        wrong.method = String::new();
        wrong.path = "/a b".into();
        wrong.headers = vec![("ok".into(), "v".into()), ("x-a".into(), "1\r\nx-b: 2".into())];
        wrong.steps[2] = Step::Response {
            at_us: 10,
            status: 7,
            headers: vec![("".into(), "v".into()), (":status".into(), "200".into())],
            ended: false,
        };
        let trailers = vec![("t".into(), "\0".into())];
        wrong.steps[6] = Step::ResponseTrailers { at_us: 50, trailers };
        let error = Recording::from_json_lines(&wrong.to_json_line()).unwrap_err().to_string();
        for expected in [
            r#"line 1: method is "", but must be letters, digits and a few signs"#,
            r#"line 1: path is "/a b", but must be without spaces and control characters, and not empty"#,
            r#"headers[1] has the value "1\r\nx-b: 2", but no value has CR, LF or NUL"#,
            "steps[2] has status 7, but 100 to 999 is allowed",
            r#"steps[2].headers[0] is called "", but a name must be"#,
            r#"steps[2].headers[1] is called ":status", but a name must be"#,
            r#"steps[6].trailers[0] has the value "\0", but"#,
        ] {
            assert!(error.contains(expected), "{expected}\n{error}");
        }
        assert!(!error.contains("headers[0] has"), "{error}");
    }

    #[test]
    fn a_request_is_cut_by_itself() {
        let sizes = |recording: &Recording| {
            let data = recording.steps.iter().map(|step| (step.at_us(), step.data().len()));
            data.filter(|(_, size)| *size > 0).collect::<Vec<_>>()
        };
        let whole = sizes(&recording());
        let cut = recording().request_chunked(Chunking::Bytes);
        assert_eq!(sizes(&cut), [&[(5, 1), (5, 1)], &whole[1..]].concat());
        assert_eq!(cut.steps[2], Step::RequestEnd { at_us: 6 });
        assert_eq!(sizes(&recording().chunked(Chunking::Coalesced)), [(5, 2), (40, 7)]);
    }

    #[test]
    fn another_chunking_keeps_bytes_and_the_time_of_the_last_of_them() {
        let cut = recording().chunked(Chunking::SplitAt(4));
        let data: Vec<(u64, Bytes)> = cut
            .steps
            .iter()
            .filter(|step| matches!(step, Step::ResponseData { .. }))
            .map(|step| (step.at_us(), step.data()))
            .collect();
        assert_eq!(data, [(30, Bytes::from("abc ")), (40, Bytes::from(&b"  \xff"[..]))]);
        assert_eq!(cut.steps.last(), Some(&Step::ResponseEnd { at_us: 50 }));
    }
}
