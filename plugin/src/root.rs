//! The root context: makes a session of the configuration, and streams that share it; passes on ticks.

use std::rc::Rc;

use driftline_monitor::session::Session;
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::ContextType,
};

use crate::{host::ProxyWasm, stream::Stream};

/// One configuration of the filter within one VM.
#[derive(Default)]
pub(crate) struct Root {
    /// `None` until a configuration was accepted.
    session: Option<Rc<Session>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        match Session::configure(&ProxyWasm) {
            Ok(session) => {
                self.session = Some(Rc::new(session));
                true
            }
            // The host keeps the configuration before. What is wrong with this one is in its log.
            Err(_) => false,
        }
    }

    fn on_tick(&mut self) {
        if let Some(session) = &self.session {
            session.tick(&ProxyWasm);
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.session.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
