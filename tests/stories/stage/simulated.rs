//! The order in which Envoy calls a filter, for stages without a network. It knows neither filter nor metric.
//!
//! Recorded from Envoy 1.40: HTTP/1 ends a body with an empty piece; whoever breaks off leaves no end at all; what the
//! proxy answers in the model server's place comes as one piece that is the end, too.

use std::time::Duration;

use host_sim::flags;

use crate::script::{BODY_PAUSE_MS, Client, Framing, Request, Script, Step};

/// Whoever is told what happens: a filter, one stream at a time.
pub(super) trait Told {
    fn advance(&mut self, by: Duration);
    fn request_headers(
        &mut self,
        route: &str,
        path: &str,
        headers: &[(String, String)],
        ended: bool,
    );
    fn request_body(&mut self, bytes: &[u8], ended: bool);
    /// `details` is what Envoy calls the response's origin.
    fn response_headers(
        &mut self,
        status: u16,
        headers: &[(String, String)],
        details: &str,
        ended: bool,
    );
    fn response_body(&mut self, bytes: &[u8], ended: bool);
    /// The end of the response, as trailers.
    fn response_trailers(&mut self, trailers: &[(String, String)]);
    /// The end of the stream, with Envoy's flags.
    fn end(&mut self, flags: u64);
    /// A whole stream that the proxy refused before the filter saw its request.
    fn refused(&mut self);
}

/// Tells one exchange.
pub(super) fn play(told: &mut impl Told, script: &Script) {
    let (path, headers, body) = match &script.request {
        Request::Post { path, headers, body } => (path, headers, body),
        Request::Refused(_) => return told.refused(),
        Request::Broken { path, body } => return broken(told, path, body),
    };
    told.request_headers(&script.route, path, headers, body.is_empty());
    for (index, piece) in body.iter().enumerate() {
        if index != 0 {
            told.advance(Duration::from_millis(BODY_PAUSE_MS));
        }
        told.request_body(piece, false);
    }
    told.request_body(&[], true);
    let end_flags = answer(told, script);
    told.end(end_flags);
}

/// Tells the answer, and returns the flags of the end.
fn answer(told: &mut impl Told, script: &Script) -> u64 {
    let mut framing = None;
    let mut received = Vec::new();
    let mut elapsed = Duration::ZERO;
    for step in &script.steps {
        match step {
            Step::Pause(pause) => {
                if let Client::LeavesAt(at) = script.client
                    && at <= elapsed + *pause
                {
                    told.advance(at - elapsed);
                    return flags::DOWNSTREAM_CONNECTION_TERMINATION;
                }
                if let Some(at) = script.patience
                    && at <= elapsed + *pause
                {
                    told.advance(at - elapsed);
                    if framing.is_none() {
                        local_reply(told, 504, "response_timeout");
                    }
                    return flags::UPSTREAM_REQUEST_TIMEOUT;
                }
                told.advance(*pause);
                elapsed += *pause;
            }
            Step::Head { status, headers, framing: of_body } => {
                framing = Some(*of_body);
                told.response_headers(
                    *status,
                    headers,
                    "via_upstream",
                    *of_body == Framing::Length(0),
                );
            }
            Step::Send(bytes) => {
                told.response_body(bytes, false);
                received.extend_from_slice(bytes);
                if script.client.has_enough(&received) {
                    return flags::DOWNSTREAM_CONNECTION_TERMINATION;
                }
            }
            Step::Close if framing == Some(Framing::UntilClose) => {
                told.response_body(&[], true);
                return 0;
            }
            Step::Finish => {
                if framing != Some(Framing::Length(0)) {
                    told.response_body(&[], true);
                }
                return 0;
            }
            Step::Trailers(trailers) => {
                told.response_trailers(trailers);
                return 0;
            }
            Step::Close | Step::Reset if framing.is_some() => {
                return flags::UPSTREAM_PROTOCOL_ERROR;
            }
            Step::Close | Step::Reset => {
                local_reply(told, 503, BEFORE_THE_ANSWER);
                return flags::UPSTREAM_CONNECTION_TERMINATION;
            }
            Step::Unreachable => {
                local_reply(told, 503, BEFORE_THE_ANSWER);
                return flags::UPSTREAM_CONNECTION_FAILURE;
            }
        }
    }
    panic!("a story without an end: {script:?}");
}

const BEFORE_THE_ANSWER: &str = "upstream_reset_before_response_started";

fn broken(told: &mut impl Told, path: &str, body: &[u8]) {
    told.request_headers("", path, &[], false);
    told.request_body(body, false);
    told.advance(Duration::from_millis(BODY_PAUSE_MS));
    local_reply(told, 400, "http1.codec_error");
    told.end(flags::DOWNSTREAM_PROTOCOL_ERROR);
}

/// What the proxy answers in the model server's place.
fn local_reply(told: &mut impl Told, status: u16, details: &str) {
    let headers = [("content-type".to_owned(), "text/plain".to_owned())];
    told.response_headers(status, &headers, details, false);
    told.response_body(b"said by the proxy", true);
}
