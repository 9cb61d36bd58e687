//! One stream as tools and tests play it: pieces in, callbacks of a session out. It measures nothing.

use alloc::{borrow::ToOwned, string::ToString, vec::Vec};

use driftline_inference::exchange::Observation;

use super::{Header, NativeHost, header};
use crate::session::{Flow, Session, Stream};

/// What a proxy says of a response that the filter made.
const LOCAL_REPLY_DETAILS: &[u8] = b"driftline";

/// One stream of a session under a [`NativeHost`]: it sets what the host holds, and calls the session.
pub struct NativeStream<'s> {
    session: &'s Session,
    host: &'s NativeHost,
    stream: Stream,
    flow: Flow,
    is_answered: bool,
}

impl<'s> NativeStream<'s> {
    /// Begins with the request's headers; `is_end` if no body comes.
    pub fn begin(
        session: &'s Session,
        host: &'s NativeHost,
        headers: Vec<Header>,
        is_end: bool,
    ) -> NativeStream<'s> {
        *host.request.borrow_mut() = headers;
        let mut stream = Stream::default();
        let flow = session.request_headers(host, &mut stream, is_end);
        let mut begun = NativeStream { session, host, stream, flow, is_answered: false };
        begun.answer();
        begun
    }

    /// A stream that the proxy refused before the filter saw its headers.
    pub fn refused(session: &'s Session, host: &'s NativeHost) -> NativeStream<'s> {
        let (stream, flow) = Default::default();
        NativeStream { session, host, stream, flow, is_answered: false }
    }

    /// Whether the exchange is measured.
    pub fn is_measured(&self) -> bool {
        self.stream.is_measured()
    }

    /// What became of the last part of the request.
    pub fn flow(&self) -> Flow {
        self.flow
    }

    /// Brings the next piece of the request's body, unless the request is answered already.
    pub fn request_body(&mut self, bytes: &[u8], is_end: bool) {
        if self.is_answered {
            return;
        }
        self.set_body(bytes);
        self.flow = self.session.request_body(self.host, &mut self.stream, bytes.len(), is_end);
        self.answer();
    }

    /// Ends the request by its trailers, unless it is answered already.
    pub fn request_trailers(&mut self) {
        if self.is_answered {
            return;
        }
        self.flow = self.session.request_trailers(self.host, &mut self.stream);
        self.answer();
    }

    /// Brings the response's headers. A response is the upstream's unless the host's property says otherwise.
    pub fn response_headers(&mut self, headers: Vec<Header>, is_end: bool) {
        *self.host.response.borrow_mut() = headers;
        let mut properties = self.host.properties.borrow_mut();
        properties
            .entry("response\0code_details".to_owned())
            .or_insert_with(|| b"via_upstream".to_vec());
        drop(properties);
        self.session.response_headers(self.host, &mut self.stream, is_end);
    }

    /// Brings the next piece of the response's body.
    pub fn response_body(&mut self, bytes: &[u8], is_end: bool) {
        self.set_body(bytes);
        self.session.response_body(self.host, &mut self.stream, bytes.len(), is_end);
    }

    /// Ends the response by its trailers.
    pub fn response_trailers(&mut self, trailers: Vec<Header>) {
        *self.host.trailers.borrow_mut() = trailers;
        self.session.response_trailers(self.host, &mut self.stream);
    }

    /// Ends the stream with these response flags.
    pub fn end(mut self, response_flags: u64) -> Option<Observation> {
        self.host.set_property("response\0flags", &response_flags.to_le_bytes());
        let observation = self.session.end(self.host, &mut self.stream);
        self.host.end_stream();
        observation
    }

    /// Shows the session its own local reply, if it has just made one, as a proxy does.
    fn answer(&mut self) {
        let Some(reply) = self.host.reply() else { return };
        self.is_answered = true;
        self.host.set_property("response\0code_details", LOCAL_REPLY_DETAILS);
        let headers = [
            header(":status", &reply.status.to_string()),
            header("content-type", &reply.content_type),
        ];
        self.response_headers(headers.into(), reply.body.is_empty());
        if !reply.body.is_empty() {
            self.response_body(&reply.body, true);
        }
    }

    fn set_body(&self, bytes: &[u8]) {
        let mut body = self.host.body.borrow_mut();
        body.clear();
        body.extend_from_slice(bytes);
    }
}
