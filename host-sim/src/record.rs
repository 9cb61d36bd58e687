//! A recorder of exchanges for the embedded proxy: timing and sizes always, bodies only on demand, secrets never.

mod secrets;

use std::{
    fmt,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use crate::{EndInfo, HeaderMap, Recording, Step, flags, recording::recorded_headers};

/// Writes one line of JSON for each exchange, when it is over. Clones write to the same file.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    file: Mutex<BufWriter<File>>,
    bodies: bool,
    start: Instant,
}

impl Recorder {
    /// Records into a new file; `bodies` says whether it holds bodies, too.
    ///
    /// # Errors
    /// Those of making the file. One that is there already is not overwritten: it may be all that is left of its traffic.
    pub fn create(path: &Path, bodies: bool) -> io::Result<Recorder> {
        let file = Mutex::new(BufWriter::new(File::create_new(path)?));
        Ok(Recorder(Arc::new(Inner { file, bodies, start: Instant::now() })))
    }

    /// The beginning of an exchange: its request's head has come.
    pub(crate) fn begin(&self, headers: &HeaderMap) -> Tape {
        let text = |name| headers.get_str(name).unwrap_or_default();
        let path = secrets::redact_path(text(":path"));
        let mut recording = Recording::new(text(":method"), &path);
        recording.start_us = microseconds(self.0.start);
        recording.headers = redacted(headers);
        if let Some(authority) = headers.get_str(":authority") {
            recording.headers.insert(0, ("host".into(), authority.into()));
        }
        Tape { recorder: self.clone(), recording, start: Instant::now() }
    }

    fn write(&self, recording: &Recording) -> io::Result<()> {
        let mut file = self.0.file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{}", recording.to_json_line())?;
        // A signal may stop the proxy at any time, and what was recorded until then must be in the file.
        file.flush()
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
            Some(trailers) => Step::RequestTrailers { at_us, trailers: redacted(trailers) },
            None => Step::RequestEnd { at_us },
        });
    }

    pub(crate) fn response(&mut self, headers: &HeaderMap, ended: bool) {
        let status = headers.get_str(":status").and_then(|status| status.parse().ok());
        let headers = redacted(headers);
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
            Some(trailers) => Step::ResponseTrailers { at_us, trailers: redacted(trailers) },
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

    /// The end of the exchange; an error is that of writing it down.
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

    fn now(&self) -> u64 {
        microseconds(self.start)
    }
}

fn redacted(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut headers = recorded_headers(headers);
    secrets::redact_headers(&mut headers);
    headers
}

fn microseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
