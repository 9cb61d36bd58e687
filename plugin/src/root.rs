//! The root context: makes a session of the configuration, and streams that share it; passes on ticks.

use std::rc::Rc;

use driftline_monitor::{memory::VmMemory, session::Session};

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
    pub(crate) const fn new() -> Root {
        Root { session: None }
    }

    /// Whether the configuration is accepted.
    pub(crate) fn configure(&mut self, size: usize) -> bool {
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

    pub(crate) fn tick(&self) {
        if let Some(session) = &self.session {
            session.tick(&ProxyWasm);
        }
    }

    /// A stream that is measured under this configuration.
    pub(crate) fn stream(&self) -> Stream {
        Stream::new(self.session.clone())
    }

    pub(crate) fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.close(&ProxyWasm);
        }
    }
}
