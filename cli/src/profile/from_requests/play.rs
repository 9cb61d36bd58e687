//! Plays a recording to the filter's core, as the filter would. It sends nothing.

use driftline_core::{
    exchange::{DOCUMENT_LENGTH, Exchange, MESSAGE_ENCODING, RequestHead, ResponseHead},
    ledger::Ledger,
    monitor::Monitor,
    time::Timestamp,
};
use host_sim::{Recording, Step};

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

/// Plays an exchange to the filter's core as the filter would.
pub(in crate::profile) fn play(recording: &Recording, monitor: &Monitor, ledger: &mut Ledger) {
    let values = values_of(&recording.headers, monitor.request_headers());
    let head = RequestHead {
        method: recording.method.as_bytes(),
        path: recording.path.as_bytes(),
        content_type: header(&recording.headers, "content-type"),
        content_encoding: header(&recording.headers, "content-encoding"),
        document_length: header(&recording.headers, DOCUMENT_LENGTH),
        message_encoding: header(&recording.headers, MESSAGE_ENCODING),
        values: &values,
        ..RequestHead::default()
    };
    let Some(mut exchange) = Exchange::start(monitor, ledger, Timestamp(0), &head) else { return };
    for step in &recording.steps {
        match step {
            Step::RequestData { .. } => exchange.request_body(monitor, ledger, &step.data()),
            Step::RequestEnd { .. } | Step::RequestTrailers { .. } => exchange.request_end(),
            Step::Response { status, headers, ended, .. } => {
                let values = values_of(headers, monitor.response_headers());
                let head = ResponseHead {
                    status: Some(*status),
                    content_type: header(headers, "content-type"),
                    content_encoding: header(headers, "content-encoding"),
                    document_length: header(headers, DOCUMENT_LENGTH),
                    message_encoding: header(headers, MESSAGE_ENCODING),
                    values: &values,
                    grpc_status: grpc_status(headers),
                    ..ResponseHead::default()
                };
                exchange.response_head(monitor, ledger, &head);
                if *ended {
                    exchange.response_end();
                }
            }
            Step::ResponseData { .. } => {
                exchange.response_body(monitor, ledger, Timestamp(0), &step.data());
            }
            Step::ResponseTrailers { trailers, .. } => {
                exchange.response_trailers(grpc_status(trailers));
                exchange.response_end();
            }
            Step::ResponseEnd { .. } => exchange.response_end(),
            Step::ClientAborts { .. }
            | Step::UpstreamResets { .. }
            | Step::UpstreamUnreachable { .. }
            | Step::TimesOut { .. } => {}
        }
    }
    exchange.finish(monitor, ledger, Timestamp(0), 0);
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h [u8]> {
    let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_bytes())
}

fn values_of(headers: &[(String, String)], names: &[Box<str>]) -> Vec<Option<Vec<u8>>> {
    names.iter().map(|name| header(headers, name).map(<[u8]>::to_vec)).collect()
}

fn grpc_status(headers: &[(String, String)]) -> Option<u32> {
    str::from_utf8(header(headers, "grpc-status")?).ok()?.parse().ok()
}
