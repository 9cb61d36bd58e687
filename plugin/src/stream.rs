//! One HTTP stream as proxy-wasm sees it: each callback is handed to the session as it came, and answered as that says.

use std::rc::Rc;

use driftline_monitor::session::{self, Flow, Session};
use proxy_wasm::{
    traits::{Context, HttpContext},
    types::Action,
};

use crate::host::ProxyWasm;

/// Watches one exchange.
///
/// Invariant: only callbacks of a request that the session answers itself return anything but [`Action::Continue`].
pub(crate) struct Stream {
    /// `None` under a root without a configuration, where nothing is counted.
    session: Option<Rc<Session>>,
    stream: session::Stream,
}

impl Stream {
    pub(crate) fn new(session: Option<Rc<Session>>) -> Stream {
        Stream { session, stream: session::Stream::default() }
    }

    /// `on_log` comes before `on_done` where there is one, and upstream filters have only the latter; the session ends
    /// a stream once.
    #[inline]
    fn end(&mut self) {
        if let Some(session) = &self.session {
            session.end_unobserved(&ProxyWasm, &mut self.stream);
        }
    }
}

const fn action(flow: Flow) -> Action {
    match flow {
        Flow::Continue => Action::Continue,
        Flow::Stop => Action::Pause,
    }
}

impl Context for Stream {
    fn on_done(&mut self) -> bool {
        self.end();
        true
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        if let Some(session) = &self.session {
            return action(session.request_headers(&ProxyWasm, &mut self.stream, end_of_stream));
        }
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if let Some(session) = &self.session {
            return action(session.request_body(&ProxyWasm, &mut self.stream, size, end_of_stream));
        }
        Action::Continue
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        if let Some(session) = &self.session {
            return action(session.request_trailers(&ProxyWasm, &mut self.stream));
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        if let Some(session) = &self.session {
            session.response_headers(&ProxyWasm, &mut self.stream, end_of_stream);
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if let Some(session) = &self.session {
            session.response_body(&ProxyWasm, &mut self.stream, size, end_of_stream);
        }
        Action::Continue
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        if let Some(session) = &self.session {
            session.response_trailers(&ProxyWasm, &mut self.stream);
        }
        Action::Continue
    }

    fn on_log(&mut self) {
        self.end();
    }
}
