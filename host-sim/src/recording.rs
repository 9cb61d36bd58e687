//! One exchange as data: what each side sent, and when. It is read from and written to JSON, one line each.
//!
//! A recording is also the script of a simulated exchange: see
//! [`World::play`](crate::World::play).

mod check;
#[cfg(test)]
mod tests;

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use self::check::{problems_between, problems_of};
use crate::Chunking;

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

    /// Reads JSON lines; empty ones are skipped.
    ///
    /// # Errors
    /// Every line that cannot be read, by its number; every body that is not
    /// as long as its `size`, or is no hexadecimal text; every `size` above
    /// 64 MiB; every step that is before the one above it, or cannot follow those
    /// above it; every time more than a year after the first; every status without
    /// three digits; every method, path, header and trailer that HTTP has no form for.
    pub fn from_json_lines(text: &str) -> Result<Vec<Recording>, RecordingError> {
        let mut recordings = Vec::new();
        let mut problems = Vec::new();
        for (index, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let line = index + 1;
            match serde_json::from_str::<Recording>(text) {
                Ok(recording) => {
                    let wrong = problems_of(&recording);
                    problems
                        .extend(wrong.into_iter().map(|problem| format!("line {line}: {problem}")));
                    recordings.push((line, recording));
                }
                Err(error) => {
                    // It says that this is in line 1, which is true of what it was given.
                    let place = format!(" at line {} column {}", error.line(), error.column());
                    let problem = error.to_string().replace(&place, "");
                    problems.push(format!("line {line}, column {}: {problem}", error.column()));
                }
            }
        }
        problems.extend(problems_between(&recordings));
        if problems.is_empty() {
            Ok(recordings.into_iter().map(|(_, recording)| recording).collect())
        } else {
            Err(RecordingError { problems })
        }
    }

    /// The text of a file without its last line, if that was cut, and the number of that line.
    ///
    /// A process that was killed, or a copy that was made while it recorded, may leave the begin of a line. What is whole
    /// is read all the same, and who reads it should say that something is missing.
    #[must_use]
    pub fn without_cut_line(text: &[u8]) -> (&[u8], Option<usize>) {
        let begin = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let (whole, last) = text.split_at(begin);
        if !Recording::is_cut(last) {
            return (text, None);
        }
        let before = whole.iter().filter(|&&byte| byte == b'\n').count();
        (whole, Some(before + 1))
    }

    /// Whether a line, which is the last one of a file and without its end, breaks off in the middle.
    #[must_use]
    pub fn is_cut(line: &[u8]) -> bool {
        let parsed = serde_json::from_slice::<serde::de::IgnoredAny>(line);
        !line.trim_ascii().is_empty() && parsed.is_err_and(|error| error.is_eof())
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

    /// Its name in a file.
    fn name(&self) -> &'static str {
        match self {
            Step::RequestData { .. } => "request_data",
            Step::RequestEnd { .. } => "request_end",
            Step::RequestTrailers { .. } => "request_trailers",
            Step::Response { .. } => "response",
            Step::ResponseData { .. } => "response_data",
            Step::ResponseEnd { .. } => "response_end",
            Step::ResponseTrailers { .. } => "response_trailers",
            Step::ClientAborts { .. } => "client_aborts",
            Step::UpstreamResets { .. } => "upstream_resets",
            Step::UpstreamUnreachable { .. } => "upstream_unreachable",
            Step::TimesOut { .. } => "times_out",
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

    /// `None` if a digit is not hexadecimal.
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
