//! A recorder of exchanges for the embedded proxy: times and sizes, named values of heads, bodies only on demand. It never
//! stops traffic: what cannot be written is left out and counted.

mod allowed;

use std::{
    collections::BTreeSet,
    fmt,
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use self::allowed::Allowed;
use crate::{EndInfo, HeaderMap, Recording, Step, flags};

/// Writes one line of JSON for each exchange, when it is over. Clones write to the same file.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

/// What a recording holds beside times, sizes and names of headers.
///
/// Of all that is not named here or in [`RecorderOptions::HEADERS`] and [`RecorderOptions::QUERY`], it holds the length.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RecorderOptions {
    /// Whether bodies are recorded.
    pub bodies: bool,
    /// Headers and trailers whose values are recorded, in any case.
    pub headers: BTreeSet<String>,
    /// Query parameters that are recorded, by their names as they are in the path.
    pub query: BTreeSet<String>,
    /// Paths, or parts of them, that are recorded wherever they occur. Parts are what `/` and `:` separate. Without any,
    /// nothing of a path is but versions such as `v1`.
    pub paths: BTreeSet<String>,
}

struct Inner {
    output: Mutex<Output>,
    bodies: bool,
    allowed: Allowed,
    start: Instant,
}

struct Output {
    file: File,
    /// Length of the whole lines in it.
    bytes: u64,
    /// Exchanges that could not be written.
    missing: u64,
}

impl RecorderOptions {
    /// Headers and trailers whose values are always recorded.
    pub const HEADERS: &[&str] = &allowed::HEADERS;
    /// Query parameters that are always recorded.
    pub const QUERY: &[&str] = &allowed::QUERY;
}

impl Recorder {
    /// Records into a new file, which its owner alone may read.
    ///
    /// # Errors
    /// Those of making the file. One that is there already is not overwritten: it may be all that is left of its traffic.
    pub fn create(path: &Path, options: &RecorderOptions) -> io::Result<Recorder> {
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        let RecorderOptions { bodies, headers, query, paths } = options;
        Ok(Recorder(Arc::new(Inner {
            output: Mutex::new(Output { file, bytes: 0, missing: 0 }),
            bodies: *bodies,
            allowed: Allowed::new(headers, query, paths),
            start: Instant::now(),
        })))
    }

    /// True while the file holds no exchange.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.output(|output| output.bytes == 0)
    }

    /// Exchanges that are over and could not be written.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.output(|output| output.missing)
    }

    /// The beginning of an exchange: its request's head has come.
    pub(crate) fn begin(&self, headers: &HeaderMap) -> Tape {
        let allowed = &self.0.allowed;
        let path = allowed.path(headers.get(":path").map_or(&[], |path| &path[..]));
        let method = headers.get_str(":method").unwrap_or_default();
        let mut recording = Recording::new(method, &path);
        recording.start_us = microseconds(self.0.start);
        recording.headers = allowed.headers(headers);
        if let Some(authority) = headers.get(":authority") {
            recording.headers.insert(0, ("host".into(), allowed::authority(authority)));
        }
        Tape { recorder: self.clone(), recording, start: Instant::now() }
    }

    /// Writes a line. An error is only told once: those that follow are counted.
    fn write(&self, recording: &Recording) -> io::Result<()> {
        let line = recording.to_json_line() + "\n";
        self.output(|output| {
            // At once and whole: a signal may stop the proxy at any time.
            let Err(error) = output.file.write_all(line.as_bytes()) else {
                output.bytes += line.len() as u64;
                return Ok(());
            };
            // Where only a part of a line fits, the next line would make one unreadable line with it.
            let _ = output.file.set_len(output.bytes);
            output.missing += 1;
            if output.missing == 1 { Err(error) } else { Ok(()) }
        })
    }

    fn output<R>(&self, act: impl FnOnce(&mut Output) -> R) -> R {
        act(&mut self.0.output.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("bodies", &self.0.bodies).finish_non_exhaustive()
    }
}

/// The recording of one exchange that runs.
#[derive(Debug)]
pub(crate) struct Tape {
    recorder: Recorder,
    recording: Recording,
    start: Instant,
}

impl Tape {
    pub(crate) fn request_data(&mut self, data: &[u8]) {
        if !data.is_empty() {
            let step = Step::request_data(self.now(), data);
            self.push(step);
        }
    }

    pub(crate) fn request_end(&mut self, trailers: Option<&HeaderMap>) {
        let at_us = self.now();
        self.push(match trailers {
            Some(trailers) => Step::RequestTrailers { at_us, trailers: self.allowed(trailers) },
            None => Step::RequestEnd { at_us },
        });
    }

    pub(crate) fn response(&mut self, headers: &HeaderMap, ended: bool) {
        let status = headers.get_str(":status").and_then(|status| status.parse().ok());
        let headers = self.allowed(headers);
        let at_us = self.now();
        self.push(Step::Response { at_us, status: status.unwrap_or(0), headers, ended });
    }

    pub(crate) fn response_data(&mut self, data: &[u8]) {
        if !data.is_empty() {
            let step = Step::response_data(self.now(), data);
            self.push(step);
        }
    }

    pub(crate) fn response_end(&mut self, trailers: Option<&HeaderMap>) {
        let at_us = self.now();
        self.push(match trailers {
            Some(trailers) => Step::ResponseTrailers { at_us, trailers: self.allowed(trailers) },
            None => Step::ResponseEnd { at_us },
        });
    }

    /// The proxy answers by itself; what made it do so is recorded, and not the answer.
    pub(crate) fn local_reply(&mut self, reply_flags: u64) {
        let at_us = self.now();
        let step = if reply_flags & flags::UPSTREAM_REQUEST_TIMEOUT != 0 {
            Step::TimesOut { at_us }
        } else if reply_flags & flags::UPSTREAM_CONNECTION_FAILURE != 0 {
            Step::UpstreamUnreachable { at_us }
        } else if reply_flags & flags::DOWNSTREAM_PROTOCOL_ERROR != 0 {
            Step::ClientAborts { at_us }
        } else {
            Step::UpstreamResets { at_us }
        };
        self.push(step);
    }

    /// The end of the exchange; an error is that of writing it down, the first time that there is one.
    pub(crate) fn finish(mut self, end: &EndInfo) -> io::Result<()> {
        let at_us = self.now();
        if end.flags & flags::DOWNSTREAM_CONNECTION_TERMINATION != 0 {
            self.push(Step::ClientAborts { at_us });
        } else if end.flags & flags::UPSTREAM_PROTOCOL_ERROR != 0 {
            self.push(Step::UpstreamResets { at_us });
        } else if end.flags & flags::UPSTREAM_REQUEST_TIMEOUT != 0 {
            self.push(Step::TimesOut { at_us });
        }
        self.recorder.write(&self.recording)
    }

    fn push(&mut self, mut step: Step) {
        if !self.recorder.0.bodies
            && let Step::RequestData { body, .. } | Step::ResponseData { body, .. } = &mut step
        {
            *body = None;
        }
        self.recording.steps.push(step);
    }

    fn allowed(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        self.recorder.0.allowed.headers(headers)
    }

    fn now(&self) -> u64 {
        microseconds(self.start)
    }
}

fn microseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
