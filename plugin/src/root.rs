//! The root context: makes a session of the configuration, and streams that share it; passes on ticks.

use std::rc::Rc;

use driftline_monitor::{memory::VmMemory, session::Session};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::ContextType,
};

use crate::{host::ProxyWasm, stream::Stream};

thread_local! {
    /// All configurations of a VM, which has one thread, share its memory.
    static VM_MEMORY: VmMemory = VmMemory::default();
}

/// One configuration of the filter within one VM.
pub(crate) struct Root {
    /// `None` until a configuration was accepted.
    session: Option<Rc<Session>>,
}

impl Root {
    pub(crate) fn new() -> Root {
        Root { session: None }
    }
}

impl Context for Root {
    fn on_done(&mut self) -> bool {
        if let Some(session) = self.session.take() {
            session.close(&ProxyWasm);
        }
        true
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        match VM_MEMORY.with(|memory| Session::configure(&ProxyWasm, memory, size)) {
            Ok(session) => {
                if let Some(before) = self.session.replace(Rc::new(session)) {
                    before.close(&ProxyWasm);
                }
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
