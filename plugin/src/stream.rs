//! One HTTP stream as proxy-wasm sees it: each callback is handed to the session as it came.

use std::rc::Rc;

use driftline_monitor::session::{self, Flow, Session};

use crate::host::ProxyWasm;

/// Watches one exchange.
pub(crate) struct Stream {
    /// `None` under a root without a configuration, where nothing is counted.
    session: Option<Rc<Session>>,
    stream: session::Stream,
}

impl Stream {
    pub(crate) fn new(session: Option<Rc<Session>>) -> Stream {
        Stream { session, stream: session::Stream::default() }
    }

    pub(crate) fn request_headers(&mut self, end_of_stream: bool) -> Flow {
        let Some(session) = &self.session else { return Flow::Continue };
        session.request_headers(&ProxyWasm, &mut self.stream, end_of_stream)
    }

    pub(crate) fn request_body(&mut self, size: usize, end_of_stream: bool) -> Flow {
        let Some(session) = &self.session else { return Flow::Continue };
        session.request_body(&ProxyWasm, &mut self.stream, size, end_of_stream)
    }

    pub(crate) fn request_trailers(&mut self) -> Flow {
        let Some(session) = &self.session else { return Flow::Continue };
        session.request_trailers(&ProxyWasm, &mut self.stream)
    }

    pub(crate) fn response_headers(&mut self, end_of_stream: bool) {
        if let Some(session) = &self.session {
            session.response_headers(&ProxyWasm, &mut self.stream, end_of_stream);
        }
    }

    pub(crate) fn response_body(&mut self, size: usize, end_of_stream: bool) {
        if let Some(session) = &self.session {
            session.response_body(&ProxyWasm, &mut self.stream, size, end_of_stream);
        }
    }

    pub(crate) fn response_trailers(&mut self) {
        if let Some(session) = &self.session {
            session.response_trailers(&ProxyWasm, &mut self.stream);
        }
    }

    #[inline]
    pub(crate) fn end(&mut self) {
        if let Some(session) = &self.session {
            session.end_unobserved(&ProxyWasm, &mut self.stream);
        }
    }
}
