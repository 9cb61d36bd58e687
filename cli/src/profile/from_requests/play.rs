//! Plays a recording to the filter's core, as the filter would. It sends nothing.

use driftline_metrics::series::Series;
use driftline_monitor::{
    capture::Captured,
    config::Config,
    native::{Header, NativeHost, NativeStream, header},
    session::Session,
};
use host_sim::{Recording, Step};

/// The filter's core under a configuration, to which recordings are played.
pub(in crate::profile) struct Player {
    host: NativeHost,
    pub(super) session: Session,
    /// By number.
    pub(in crate::profile) series: Vec<Series>,
}

/// Whether a part of a body is known by its length alone.
pub(super) fn lacks_bodies(recording: &Recording) -> bool {
    recording.steps.iter().any(|step| match step {
        Step::RequestData { size, body, .. } | Step::ResponseData { size, body, .. } => {
            *size != 0 && body.is_none()
        }
        _ => false,
    })
}

/// Whether a whole answer of success came. What a model did not answer is no part of a golden period.
pub(super) fn is_answered(recording: &Recording) -> bool {
    let mut is_success = false;
    let mut has_ended = false;
    for step in &recording.steps {
        match step {
            Step::Response { status, ended, .. } => {
                is_success = (200..300).contains(status);
                has_ended = *ended;
            }
            Step::ResponseEnd { .. } | Step::ResponseTrailers { .. } => has_ended = true,
            _ => {}
        }
    }
    is_success && has_ended
}

impl Player {
    pub(in crate::profile) fn new(config: Config) -> Player {
        let host = NativeHost::default();
        let session = Session::new(&host, config);
        let series = host.series();
        host.changes();
        Player { host, session, series }
    }

    /// The same, which keeps the values that are read and, if told to, notes those that no column looks for.
    pub(super) fn capturing(config: Config, notes_unlisted: bool) -> Player {
        let mut player = Player::new(config);
        player.session.start_capture();
        if notes_unlisted {
            player.session.layout_mut().note_unlisted();
        }
        player
    }

    /// Plays an exchange to the filter's core as the filter would.
    pub(in crate::profile) fn play(&self, recording: &Recording) {
        let first = [header(":method", &recording.method), header(":path", &recording.path)];
        let all = first.into_iter().chain(headers(&recording.headers)).collect();
        let mut stream = NativeStream::begin(&self.session, &self.host, all, false);
        for step in &recording.steps {
            match step {
                Step::RequestData { .. } => stream.request_body(&step.data(), false),
                Step::RequestEnd { .. } => stream.request_body(b"", true),
                Step::RequestTrailers { .. } => stream.request_trailers(),
                Step::Response { status, headers: others, ended, .. } => {
                    let status = [header(":status", &status.to_string())];
                    let all = status.into_iter().chain(headers(others)).collect();
                    stream.response_headers(all, *ended);
                }
                Step::ResponseData { .. } => stream.response_body(&step.data(), false),
                Step::ResponseTrailers { trailers, .. } => {
                    stream.response_trailers(headers(trailers).collect());
                }
                Step::ResponseEnd { .. } => stream.response_body(b"", true),
                Step::ClientAborts { .. }
                | Step::UpstreamResets { .. }
                | Step::UpstreamUnreachable { .. }
                | Step::TimesOut { .. } => {}
            }
        }
        stream.end(0);
    }

    /// The values that were read since the last call.
    pub(super) fn captured(&self) -> Vec<Captured> {
        self.host.changes();
        self.session.captured()
    }

    /// What was counted since the last call.
    #[cfg(test)]
    pub(in crate::profile) fn changes(&self) -> Vec<driftline_monitor::native::MetricChange> {
        self.host.changes()
    }
}

fn headers(headers: &[(String, String)]) -> impl Iterator<Item = Header> {
    headers.iter().map(|(name, value)| header(name, value))
}
