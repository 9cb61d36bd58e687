//! The callbacks of one stream, in the order in which a proxy calls them: what is asked of the host for each, and what
//! the exchange is told. It changes no traffic but two headers of requests, and only if the configuration says so.

use alloc::boxed::Box;

use driftline_inference::{
    exchange::{Exchange, Observation, ProxyEnd, RequestHead, ResponseHead},
    load::{FORMAT_HEADER, Report, ReportHeaders},
    recognition::{Dialect, Recognised},
};
use driftline_labels::{Direction, Unmeasured};
use driftline_metrics::series::SeriesView;
use driftline_statistics::{
    time::{Timestamp, moment},
    value::Cell,
};
use driftline_wire::encoding::Reservation;

use super::{
    Flow, Measured, Session, Stream,
    heads::{self, Heads, grpc_status, header_values, report},
};
use crate::{
    feedback::{
        id_header, id_is_in,
        tracker::{Tracked, Tracker},
    },
    host::{HeaderMap, Host},
    metric_ids::Definer,
    recorder::{Recorder, Recording},
};

/// The most bytes of a body that are copied at once: a proxy may hand over hundreds of KiB in one callback.
const WINDOW_BYTES: usize = 32 * 1024;
/// The proxy's name of the route.
const ROUTE_NAME: &str = "xds\0route_name";
/// The proxy's word on who ended an exchange.
const RESPONSE_FLAGS: &str = "response\0flags";
/// Where a response came from.
const CODE_DETAILS: &str = "response\0code_details";
/// How often the proxy asked an upstream.
const UPSTREAM_ATTEMPTS: &str = "upstream\0request_attempt_count";

/// What only streams that are measured need is in functions of their own, which are never inlined: a stream of another kind
/// would pay for their registers in each callback.
impl Session {
    /// Takes the request's headers; `end_of_stream` if no body comes.
    ///
    /// Looks at the path first, and at nothing else of a request that is not for a model. Of one that is, two things
    /// may change if the configuration says so: `accept-encoding` leaves, and a format of load reports is asked for.
    pub fn request_headers(
        &self,
        host: &impl Host,
        stream: &mut Stream,
        end_of_stream: bool,
    ) -> Flow {
        let now = host.now();
        stream.saw_request_headers = true;
        self.carries_traffic.set(true);
        if self.memory.lacks_room {
            self.count_unmeasured(host, Unmeasured::NoRoom);
            return Flow::Continue;
        }
        let path = host.header(HeaderMap::Request, ":path").unwrap_or_default();
        let asks_for_route = self.layout.asks_for_route();
        let route = asks_for_route.then(|| host.property(ROUTE_NAME)).flatten();
        if let Some(feedback) = &self.layout.feedback
            && let Some(intake) = feedback.intake(&path, route.as_deref())
        {
            return self.feedback_headers(host, feedback, stream, intake, end_of_stream);
        }
        let recogniser = &self.layout.recogniser;
        let recognised = recogniser.recognise_head(&path, route.as_deref(), !end_of_stream);
        let measured = recognised.and_then(|recognised| {
            // On the same paths a browser asks for permission (OPTIONS), and clients list or probe (GET, HEAD).
            if host.header(HeaderMap::Request, ":method").as_deref() != Some(b"POST") {
                return Err(Unmeasured::OtherMethod);
            }
            let bytes = self.layout.exchange_bytes(&recognised.dialect);
            let reservation = self.memory.vm.reserve(bytes).ok_or(Unmeasured::NoRoom)?;
            Ok(self.start(host, now, &recognised, route.as_deref(), reservation))
        });
        match measured {
            Ok(mut measured) => {
                self.admit(host, &mut measured.recorder);
                if end_of_stream {
                    measured.exchange.request_end();
                }
                stream.measured = Some(Box::new(measured));
                self.change_request_headers(host);
            }
            Err(reason) => self.count_unmeasured(host, reason),
        }
        Flow::Continue
    }

    /// Takes `size` bytes of the request's body, which are new; `end_of_stream` if they are the last.
    #[inline]
    pub fn request_body(
        &self,
        host: &impl Host,
        stream: &mut Stream,
        size: usize,
        end_of_stream: bool,
    ) -> Flow {
        if let Some(measured) = &mut stream.measured {
            self.measured_request_body(host, measured, size, end_of_stream);
        } else if let Some(intake) = &mut stream.intake {
            return self.feedback_body(host, intake, size, end_of_stream);
        }
        Flow::Continue
    }

    #[inline(never)]
    fn measured_request_body(
        &self,
        host: &impl Host,
        measured: &mut Measured,
        size: usize,
        end_of_stream: bool,
    ) {
        measured.exchange.note_bytes(Direction::Request, size);
        self.look_for_id(host, measured, Direction::Request, size);
        if size != 0 && measured.exchange.reads_request() {
            self.recording(host, measured, |exchange, recording| {
                for_each_window(host, Direction::Request, size, |bytes| {
                    exchange.request_body(&self.layout.read, recording, bytes);
                });
            });
            self.admit(host, &mut measured.recorder);
        }
        if end_of_stream {
            measured.exchange.request_end();
        }
    }

    /// Takes the request's trailers, which are its end.
    pub fn request_trailers(&self, host: &impl Host, stream: &mut Stream) -> Flow {
        if let Some(measured) = &mut stream.measured {
            measured.exchange.request_end();
        } else if let Some(intake) = &mut stream.intake {
            return self.feedback_trailers(host, intake);
        }
        Flow::Continue
    }

    /// Takes the response's headers; `end_of_stream` if no body comes.
    #[inline]
    pub fn response_headers(&self, host: &impl Host, stream: &mut Stream, end_of_stream: bool) {
        if let Some(measured) = &mut stream.measured {
            self.measured_response_headers(host, measured, end_of_stream);
        }
    }

    #[inline(never)]
    fn measured_response_headers(
        &self,
        host: &impl Host,
        measured: &mut Measured,
        end_of_stream: bool,
    ) {
        let heads = Heads::read(host, HeaderMap::Response, measured.predicts);
        if measured.predicts {
            let values =
                header_values(host, HeaderMap::Response, &self.layout, Direction::Response);
            measured.recorder.keep_headers(Direction::Response, values);
        }
        let status = host.header(HeaderMap::Response, ":status");
        let code_details = host.property(CODE_DETAILS);
        if let (Some(tracker), Some(feedback)) = (&mut measured.tracker, &self.layout.feedback)
            && let Some(name) = id_header(&feedback.id, Direction::Response)
            && let Some(id) = host.header(HeaderMap::Response, name)
        {
            tracker.take_id(Cell::Untyped(&id));
        }
        let head = ResponseHead {
            status: status.and_then(|status| u16::try_from(heads::number(&status)?).ok()),
            grpc_status: heads.is_grpc().then(|| grpc_status(host, HeaderMap::Response)).flatten(),
            is_local_reply: code_details.is_some_and(|details| details != b"via_upstream"),
            body: heads.body(),
        };
        self.recording(host, measured, |exchange, recording| {
            // A model that was not named by now is none of the admitted ones.
            recording.end_naming();
            exchange.response_head(&self.layout.read, recording, &head);
        });
        self.admit(host, &mut measured.recorder);
        self.note_load_report(host, measured, HeaderMap::Response);
        if end_of_stream {
            measured.exchange.response_end();
        }
    }

    /// Takes `size` bytes of the response's body, which are new; `end_of_stream` if they are the last.
    #[inline]
    pub fn response_body(
        &self,
        host: &impl Host,
        stream: &mut Stream,
        size: usize,
        end_of_stream: bool,
    ) {
        if let Some(measured) = &mut stream.measured {
            self.measured_response_body(host, measured, size, end_of_stream);
        }
    }

    #[inline(never)]
    fn measured_response_body(
        &self,
        host: &impl Host,
        measured: &mut Measured,
        size: usize,
        end_of_stream: bool,
    ) {
        measured.exchange.note_bytes(Direction::Response, size);
        self.look_for_id(host, measured, Direction::Response, size);
        if size != 0 && measured.exchange.reads_response() {
            let now = host.now();
            self.recording(host, measured, |exchange, recording| {
                for_each_window(host, Direction::Response, size, |bytes| {
                    exchange.response_body(&self.layout.read, recording, now, bytes);
                });
            });
        }
        if end_of_stream {
            measured.exchange.response_end();
        }
    }

    /// Takes the response's trailers, which are its end.
    pub fn response_trailers(&self, host: &impl Host, stream: &mut Stream) {
        let Some(measured) = &mut stream.measured else { return };
        self.note_load_report(host, measured, HeaderMap::ResponseTrailers);
        measured.exchange.response_trailers(grpc_status(host, HeaderMap::ResponseTrailers));
    }

    /// Ends the stream, the first time that it is called: what is known of its exchange, if it was measured.
    ///
    /// All that the proxy has to say about the end is asked for, also what no metric needs.
    pub fn end(&self, host: &impl Host, stream: &mut Stream) -> Option<Observation> {
        let measured = self.take_over(host, stream)?;
        let upstream_attempts = number(host, UPSTREAM_ATTEMPTS);
        let mut observation = None;
        self.finish(host, measured, upstream_attempts, &mut observation);
        observation
    }

    /// The same where nobody reads the observation: the host is asked only for what metrics need.
    #[inline]
    pub fn end_unobserved(&self, host: &impl Host, stream: &mut Stream) {
        if let Some(measured) = self.take_over(host, stream) {
            self.finish_unobserved(host, measured);
        }
    }

    #[inline(never)]
    fn finish_unobserved(&self, host: &impl Host, measured: Box<Measured>) {
        self.finish(host, measured, None, &mut None);
    }

    /// What was measured of a stream, the first time that it ends.
    #[inline]
    fn take_over(&self, host: &impl Host, stream: &mut Stream) -> Option<Box<Measured>> {
        if core::mem::replace(&mut stream.is_over, true) {
            return None;
        }
        let measured = stream.measured.take();
        if let Some(mut intake) = stream.intake.take() {
            self.leave_feedback(host, &mut intake);
        } else if measured.is_none() && !stream.saw_request_headers {
            self.count_unmeasured(host, Unmeasured::NoRequestHeaders);
        }
        measured
    }

    /// The observation is written in place, because it is large, and what is returned is copied.
    #[inline]
    fn finish(
        &self,
        host: &impl Host,
        mut measured: Box<Measured>,
        upstream_attempts: Option<u64>,
        observation: &mut Option<Observation>,
    ) {
        let end = ProxyEnd {
            now: host.now(),
            response_flags: number(host, RESPONSE_FLAGS).unwrap_or(0),
            upstream_attempts,
        };
        if !measured.recorder.is_named() {
            self.with_buffer(host, |layout, buffer| measured.recorder.end_naming(layout, buffer));
            self.admit(host, &mut measured.recorder);
        }
        // The exchange is copied where it is taken out of its box, so that is done last, and what is beside it stays there.
        self.with_capture(host, move |layout, buffer, capture, calls| {
            let recorder = &mut measured.recorder;
            let tracker = measured.tracker.as_deref_mut();
            let mut recording = Recording::new(layout, recorder, buffer, capture, tracker, calls);
            let observation = observation.insert(measured.exchange.finish(&mut recording, &end));
            drop(recording);
            recorder.end(layout, buffer, capture, observation);
            if let Some(tracker) = &mut measured.tracker {
                recorder.end_tracking(layout, tracker, buffer, calls.note, observation);
            }
        });
    }

    #[inline(never)]
    fn count_unmeasured(&self, host: &impl Host, reason: Unmeasured) {
        self.with_buffer(host, |layout, buffer| layout.count_unmeasured(buffer, reason));
    }

    /// Begins to measure a request that is recognised.
    fn start(
        &self,
        host: &impl Host,
        now: Timestamp,
        recognised: &Recognised<'_>,
        route: Option<&[u8]>,
        reservation: Reservation,
    ) -> Measured {
        let layout = &self.layout;
        let predicts = matches!(recognised.dialect, Dialect::Predictive(_));
        let asked_at = (predicts && layout.asks_for_time()).then(|| host.wall_clock()).flatten();
        let asked_at = asked_at.map(moment::seconds);
        let mut recorder = Recorder::new(predicts, layout.route(route), asked_at);
        if predicts {
            let values = header_values(host, HeaderMap::Request, layout, Direction::Request);
            recorder.keep_headers(Direction::Request, values);
        }
        let mut tracker = if layout.tracks(predicts) { self.tracker(host, predicts) } else { None };
        let heads = Heads::read(host, HeaderMap::Request, predicts);
        let head = RequestHead { route, body: heads.body() };
        let exchange = self.with_capture(host, |layout, buffer, capture, calls| {
            let tracker = tracker.as_deref_mut();
            let mut recording =
                Recording::new(layout, &mut recorder, buffer, capture, tracker, calls);
            Exchange::start(&layout.read, &mut recording, now, recognised, &head)
        });
        Measured { exchange, recorder, tracker, predicts, _reservation: reservation }
    }

    /// Looks for the id of a request in the bodies of a model that generates, if it is said to be there.
    #[inline]
    fn look_for_id(
        &self,
        host: &impl Host,
        measured: &mut Measured,
        direction: Direction,
        size: usize,
    ) {
        if let Some(tracker) = &mut measured.tracker
            && !measured.predicts
            && tracker.looks_for_id()
            && let Some(feedback) = &self.layout.feedback
            && id_is_in(&feedback.id, direction)
        {
            for_each_window(host, direction, size, |bytes| {
                tracker.read_id(&feedback.id_paths, bytes);
            });
        }
    }

    /// Follows the predictions of a request until their labels come.
    #[inline(never)]
    fn tracker(&self, host: &impl Host, predicts: bool) -> Tracked {
        let feedback = self.layout.feedback.as_ref()?;
        let mut tracker = Box::<Tracker>::default();
        if let Some(name) = id_header(&feedback.id, Direction::Request)
            && let Some(id) = host.header(HeaderMap::Request, name)
        {
            tracker.take_id(Cell::Untyped(&id));
        }
        for name in self.layout.segment_headers().filter(|_| predicts) {
            if let Some(value) = host.header(HeaderMap::Request, name) {
                tracker.take_header(name, &value);
            }
        }
        Some(tracker)
    }

    fn change_request_headers(&self, host: &impl Host) {
        if self.layout.remove_accept_encoding {
            host.remove_header(HeaderMap::Request, "accept-encoding");
        }
        if let Some(format) = self.layout.request_load_reports
            && host.header(HeaderMap::Request, FORMAT_HEADER).is_none()
        {
            host.add_header(HeaderMap::Request, FORMAT_HEADER, format.word());
        }
    }

    /// Records what the model server says about its load, if it does.
    fn note_load_report(&self, host: &impl Host, measured: &Measured, map: HeaderMap) {
        // What the proxy says in a server's place has no report; a header that looks like one is of another origin.
        if measured.exchange.is_local_reply() {
            return;
        }
        let (text, binary) = report(host, map);
        let headers = ReportHeaders { report: text.as_deref(), binary: binary.as_deref() };
        if let Some(report) = Report::read(&headers) {
            self.with_buffer(host, |layout, buffer| {
                measured.recorder.load(layout, buffer, report);
            });
        }
    }

    /// Answers the recorder's request to be admitted, if it has one.
    fn admit(&self, host: &impl Host, recorder: &mut Recorder) {
        let Some(series_key) = recorder.admission_request() else { return };
        let mut definer = Definer::new(host);
        let define = |id, series: SeriesView<'_>| self.metrics.define(&mut definer, id, series);
        let granted = self.admission.admit(host, &self.layout, series_key, define);
        self.with_buffer(host, |layout, buffer| {
            recorder.answer_admission(layout, buffer, granted);
        });
    }

    /// Runs `act` on the exchange, and records what it reports.
    fn recording(
        &self,
        host: &impl Host,
        measured: &mut Measured,
        act: impl FnOnce(&mut Exchange, &mut Recording<'_, '_>),
    ) {
        let Measured { exchange, recorder, tracker, .. } = measured;
        self.with_capture(host, |layout, buffer, capture, calls| {
            let tracker = tracker.as_deref_mut();
            act(exchange, &mut Recording::new(layout, recorder, buffer, capture, tracker, calls));
        });
    }
}

/// A property that is a number.
fn number(host: &impl Host, path: &str) -> Option<u64> {
    Some(u64::from_le_bytes(host.property(path)?.try_into().ok()?))
}

/// Calls `take` with a body's bytes, window by window.
pub(super) fn for_each_window(
    host: &impl Host,
    direction: Direction,
    size: usize,
    mut take: impl FnMut(&[u8]),
) {
    let mut start = 0usize;
    while start < size {
        let length = size.saturating_sub(start).min(WINDOW_BYTES);
        match host.body(direction, start, length) {
            Some(bytes) if !bytes.is_empty() => {
                take(&bytes);
                start = start.saturating_add(bytes.len());
            }
            // The host has less than it said; what there was has been read.
            _ => return,
        }
    }
}
