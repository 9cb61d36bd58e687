//! What all connections of one worker share; it reads and writes no connection.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc, sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};

use super::pool::Pool;
use crate::{Error, LogLevel, Recorder, Worker};

/// One worker's part of the proxy, and how its exchanges are served.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) worker: Rc<RefCell<Worker>>,
    pub(super) pool: Pool,
    pub(super) route_name: String,
    pub(super) timeout: Option<Duration>,
    pub(super) request_headers_timeout: Option<Duration>,
    pub(super) recorder: Option<Recorder>,
    /// Protocols that a request may ask for, in lower case.
    pub(super) upgrades: BTreeSet<String>,
    /// Tells exchanges that a callback may have done something about them which they have not asked for.
    pub(super) progress: Rc<Notify>,
    pub(super) life: watch::Receiver<Life>,
    /// Of all workers.
    pub(super) open: Arc<watch::Sender<Open>>,
}

/// How far a proxy is; it never goes back.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Life {
    Serving,
    /// No connection is accepted; what is under way goes on.
    Draining,
    Stopped,
}

/// What a proxy that drains has left.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Open {
    pub(super) listeners: usize,
    pub(super) connections: usize,
}

/// A connection that is open until this is dropped.
#[derive(Debug)]
pub(super) struct Connected(Arc<watch::Sender<Open>>);

impl Connected {
    pub(super) fn new(open: &Arc<watch::Sender<Open>>) -> Connected {
        open.send_modify(|open| open.connections += 1);
        Connected(Arc::clone(open))
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.send_modify(|open| open.connections -= 1);
    }
}

/// Waits until a proxy is as far as this.
pub(super) async fn has_come_to(life: &watch::Receiver<Life>, point: Life) {
    // Without a sender the proxy is gone.
    let _ = life.clone().wait_for(|&life| point <= life).await;
}

impl Context {
    /// True once no connection is to outlive the exchange that it carries.
    pub(super) fn is_draining(&self) -> bool {
        Life::Draining <= *self.life.borrow()
    }

    /// A random UUID (version 4), as Envoy gives a request that brings none.
    pub(super) fn request_id(&self) -> String {
        let mut worker = self.worker.borrow_mut();
        let (high, low) = (worker.random(), worker.random());
        let high = high & 0xffff_ffff_ffff_0fff | 0x4000;
        let low = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    /// Logs what the filter did wrong over a request that it does not see.
    pub(super) fn note(&self, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            self.worker.borrow_mut().note(LogLevel::Error, error.to_string());
        }
    }
}
