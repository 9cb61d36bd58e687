//! One HTTP stream as the host sees it. It reads and continues; it never pauses, buffers or rewrites, but for a
//! header that an operator may have it take out of requests, and one that it may be told to put in.

use std::rc::Rc;

use driftline_core::{
    inference::{
        exchange::{DOCUMENT_LENGTH, Exchange, MESSAGE_ENCODING, RequestHead, ResponseHead},
        load::{BINARY_REPORT_HEADER, FORMAT_HEADER, REPORT_HEADER, ReportHeaders},
    },
    monitor::{host::Host, layout::Unmeasured},
};
use driftline_labels::Direction;
use proxy_wasm::{
    traits::{Context, HttpContext},
    types::Action,
};

use crate::{
    host::{self, Headers, ProxyWasm},
    shared::Shared,
};

/// The most bytes of a body that are copied into the VM at once: a proxy may hand over hundreds of
/// KiB in one callback.
const WINDOW_BYTES: usize = 32 * 1024;

/// How the content type of gRPC begins; what follows says how messages are written.
const GRPC: &[u8] = b"application/grpc";

/// Watches one exchange.
///
/// Invariant: every callback returns [`Action::Continue`].
pub(crate) struct Stream {
    /// `None` under a root without a configuration, where nothing is counted.
    shared: Option<Rc<Shared>>,
    /// `None` before the request's headers, after the end, and for a stream that is not measured.
    exchange: Option<Exchange>,
    /// A request that the proxy refuses early ends without ever showing its headers.
    saw_request_headers: bool,
    is_over: bool,
}

impl Stream {
    pub(crate) fn new(shared: Option<Rc<Shared>>) -> Stream {
        Stream { shared, exchange: None, saw_request_headers: false, is_over: false }
    }

    /// Ends the exchange, the first time that it is called: `on_log` comes before `on_done` where
    /// there is one, and upstream filters have only the latter.
    fn finish(&mut self) {
        let Some(shared) = &self.shared else {
            return;
        };
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        if let Some(mut exchange) = self.exchange.take() {
            let now = host::now();
            shared.record(|monitor, buffer| exchange.end_naming(monitor, buffer));
            shared.answer_admission(&mut exchange);
            let flags = host::property("response\0flags")
                .and_then(|bytes| bytes.try_into().ok())
                .map_or(0, u64::from_le_bytes);
            shared.record(|monitor, buffer| exchange.finish(monitor, buffer, now, flags));
        } else if !self.saw_request_headers {
            shared.record(|monitor, buffer| {
                monitor.count_unmeasured(buffer, Unmeasured::NoRequestHeaders);
            });
        }
    }
}

impl Context for Stream {
    fn on_done(&mut self) -> bool {
        self.finish();
        true
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let now = host::now();
        self.saw_request_headers = true;
        if let Some(shared) = &self.shared {
            shared.carries_traffic.set(true);
            let path = host::header(Headers::Request, ":path").unwrap_or_default();
            let method = host::header(Headers::Request, ":method").unwrap_or_default();
            let content_type = host::header(Headers::Request, "content-type");
            let content_encoding = host::header(Headers::Request, "content-encoding");
            let document_length = host::header(Headers::Request, DOCUMENT_LENGTH);
            let message_encoding = message_encoding(Headers::Request, content_type.as_deref());
            let values = headers(Headers::Request, shared.monitor().request_headers());
            let asks_for_route = shared.monitor().asks_for_route();
            let route = asks_for_route.then(|| host::property("xds\0route_name")).flatten();
            let head = RequestHead {
                method: &method,
                path: &path,
                route: route.as_deref(),
                content_type: content_type.as_deref(),
                content_encoding: content_encoding.as_deref(),
                document_length: document_length.as_deref(),
                message_encoding: message_encoding.as_deref(),
                values: &values,
                asked_at: shared.monitor().asks_for_time().then(host::wall_clock).flatten(),
            };
            self.exchange =
                shared.record(|monitor, buffer| Exchange::start(monitor, buffer, now, &head));
            if let Some(exchange) = &mut self.exchange {
                shared.answer_admission(exchange);
                if shared.monitor().remove_accept_encoding {
                    host::remove_header(Headers::Request, "accept-encoding");
                }
                if let Some(format) = shared.monitor().request_load_reports
                    && host::header(Headers::Request, FORMAT_HEADER).is_none()
                {
                    host::add_header(Headers::Request, FORMAT_HEADER, format.word());
                }
                if end_of_stream {
                    exchange.request_end();
                }
            }
        }
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if let (Some(shared), Some(exchange)) = (&self.shared, &mut self.exchange) {
            if exchange.reads_request() {
                shared.record(|monitor, buffer| {
                    for_each_window(Direction::Request, size, |bytes| {
                        exchange.request_body(monitor, buffer, bytes);
                    });
                });
                shared.answer_admission(exchange);
            }
            if end_of_stream {
                exchange.request_end();
            }
        }
        Action::Continue
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        if let Some(exchange) = &mut self.exchange {
            exchange.request_end();
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        if let (Some(shared), Some(exchange)) = (&self.shared, &mut self.exchange) {
            let status = host::header(Headers::Response, ":status");
            let content_type = host::header(Headers::Response, "content-type");
            let content_encoding = host::header(Headers::Response, "content-encoding");
            let document_length = host::header(Headers::Response, DOCUMENT_LENGTH);
            let message_encoding = message_encoding(Headers::Response, content_type.as_deref());
            let values = headers(Headers::Response, shared.monitor().response_headers());
            let is_grpc = is_grpc(content_type.as_deref());
            let grpc_status = is_grpc.then(|| grpc_status(Headers::Response)).flatten();
            let code_details = host::property("response\0code_details");
            let head = ResponseHead {
                status: status.and_then(|status| String::from_utf8(status).ok()?.parse().ok()),
                content_type: content_type.as_deref(),
                content_encoding: content_encoding.as_deref(),
                document_length: document_length.as_deref(),
                message_encoding: message_encoding.as_deref(),
                values: &values,
                grpc_status,
                is_local_reply: code_details.is_some_and(|details| details != b"via_upstream"),
            };
            shared.record(|monitor, buffer| exchange.response_head(monitor, buffer, &head));
            shared.answer_admission(exchange);
            note_load_report(shared, exchange, Headers::Response);
            if end_of_stream {
                exchange.response_end();
            }
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if let (Some(shared), Some(exchange)) = (&self.shared, &mut self.exchange) {
            if exchange.reads_response() {
                let now = host::now();
                shared.record(|monitor, buffer| {
                    for_each_window(Direction::Response, size, |bytes| {
                        exchange.response_body(monitor, buffer, now, bytes);
                    });
                });
            }
            if end_of_stream {
                exchange.response_end();
            }
        }
        Action::Continue
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        if let (Some(shared), Some(exchange)) = (&self.shared, &mut self.exchange) {
            note_load_report(shared, exchange, Headers::ResponseTrailers);
            exchange.response_trailers(grpc_status(Headers::ResponseTrailers));
        }
        Action::Continue
    }

    fn on_log(&mut self) {
        self.finish();
    }
}

/// The values of these headers. No call, and no memory, if none is asked for.
fn headers(map: Headers, names: &[Box<str>]) -> Vec<Option<Vec<u8>>> {
    names.iter().map(|name| host::header(map, name)).collect()
}

/// Whether the content type is that of gRPC.
fn is_grpc(content_type: Option<&[u8]>) -> bool {
    content_type.is_some_and(|value| value.starts_with(GRPC))
}

/// How the messages of a call over gRPC are coded. No call for whatever is none.
fn message_encoding(headers: Headers, content_type: Option<&[u8]>) -> Option<Vec<u8>> {
    is_grpc(content_type).then(|| host::header(headers, MESSAGE_ENCODING)).flatten()
}

/// The status of an answer over gRPC, if these headers have it.
fn grpc_status(headers: Headers) -> Option<u32> {
    String::from_utf8(host::header(headers, "grpc-status")?).ok()?.parse().ok()
}

/// Hands on what the model server says about its load, if it does.
fn note_load_report(shared: &Shared, exchange: &Exchange, headers: Headers) {
    let report = host::header(headers, REPORT_HEADER);
    let binary = host::header(headers, BINARY_REPORT_HEADER);
    if report.is_some() || binary.is_some() {
        let headers = ReportHeaders { report: report.as_deref(), binary: binary.as_deref() };
        shared.record(|monitor, buffer| exchange.load_report(monitor, buffer, &headers));
    }
}

/// Calls `take` with a body's bytes, window by window.
fn for_each_window(direction: Direction, size: usize, mut take: impl FnMut(&[u8])) {
    let mut start = 0usize;
    while start < size {
        let length = size.saturating_sub(start).min(WINDOW_BYTES);
        match ProxyWasm.body(direction, start, length) {
            Some(bytes) if !bytes.is_empty() => {
                take(&bytes);
                start = start.saturating_add(bytes.len());
            }
            // The host has less than it said; what there was has been read.
            _ => return,
        }
    }
}
