//! One request and its response, step by step as a proxy sees them. Every method says what a client or an upstream does.
//!
//! ```
//! # use host_sim::{Filter, World, WorldOptions};
//! # let module = wat::parse_str(r#"(module (func (export "proxy_abi_version_0_2_1"))
//! #     (memory (export "memory") 1) (func (export "malloc") (param i32) (result i32) (i32.const 1024))
//! #     (func (export "_initialize")))"#).unwrap();
//! # let filter = Filter::from_bytes(&module)?;
//! let world = World::new(&filter, WorldOptions::default())?;
//! let outcome = world
//!     .exchange(0)
//!     .post("/v1/chat/completions", r#"{"model":"demo"}"#)
//!     .response(200, &[("content-type", "text/event-stream")])
//!     .response_chunk("data: hello\n\n")
//!     .client_aborts()
//!     .outcome();
//! assert_eq!(outcome.status(), Some(200));
//! assert!(!outcome.client.complete);
//! # Ok::<(), host_sim::Error>(())
//! ```

mod endings;
mod grpc;
mod outcome;
mod request;
mod response;

use std::{cell::RefCell, rc::Rc};

pub use self::outcome::Outcome;
use crate::{
    HeaderMap, StreamInfo, Worker,
    direction::Direction,
    flags,
    flow::{Chain, Frame},
};

/// An exchange under way. Dropped before its end, its client hangs up.
///
/// The proxy's part is played as Envoy plays it: it completes the headers, it
/// chooses the form of the end by protocol, it holds what the filter holds,
/// and it answers where there is no upstream that could. A step of the
/// upstream or of an end that comes before the request, and any that comes after
/// the exchange is over, changes nothing.
#[derive(Debug)]
#[must_use = "an exchange that is dropped is one whose client hung up"]
pub struct Exchange {
    worker: Rc<RefCell<Worker>>,
    chain: Chain,
    /// `None` until the request's headers.
    flow: Option<u64>,
    info: StreamInfo,
    /// The upstream speaks HTTP/2, which ends a message with its last data.
    upstream_http2: bool,
    /// The request asked for another protocol, so nothing of it ever ends.
    upgrade: bool,
    request_ended: bool,
    /// How often the route tries again; `None` if it never does.
    retries: Option<u64>,
}

impl Exchange {
    pub(crate) fn new(worker: Rc<RefCell<Worker>>, chain: Chain) -> Exchange {
        let info = StreamInfo::default();
        Exchange {
            worker,
            chain,
            flow: None,
            info,
            upstream_http2: false,
            upgrade: false,
            request_ended: false,
            retries: None,
        }
    }

    /// The client speaks HTTP/2: its last data is the end, too. To be said before the request.
    pub fn http2(mut self) -> Exchange {
        self.info.protocol = "HTTP/2".into();
        self
    }

    /// The upstream speaks HTTP/2.
    pub fn upstream_http2(mut self) -> Exchange {
        self.upstream_http2 = true;
        self
    }

    /// The route asks again, at most `count` times, where an attempt fails: its `retry_on` is `5xx`.
    ///
    /// Attempts that the proxy hides are played with [`Exchange::attempt_fails`]. If what follows
    /// them fails, too, and `count` is used up, Envoy says so in the flags (`URX`).
    pub fn retries(mut self, count: u64) -> Exchange {
        self.retries = Some(count);
        self
    }

    /// Changes what the filter can learn through properties, now or before the request.
    pub fn info(mut self, change: impl FnOnce(&mut StreamInfo)) -> Exchange {
        let context = self.flow.and_then(|id| self.worker.borrow().flows.get(&id)?.context);
        match context {
            Some(context) => {
                if let Some(info) = self.worker.borrow_mut().info_mut(context) {
                    change(info);
                }
            }
            None => change(&mut self.info),
        }
        self
    }

    /// True once the client has its answer, or will get none.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.read(|flow| flow.end.is_some()).unwrap_or(false)
    }

    /// True while the filter holds the request back; false once the exchange is over.
    #[must_use]
    pub fn request_is_held(&self) -> bool {
        self.read(|flow| flow.end.is_none() && flow.request.stop != Default::default())
            .unwrap_or(false)
    }

    /// True while the filter holds the response back; false once the exchange is over.
    #[must_use]
    pub fn response_is_held(&self) -> bool {
        self.read(|flow| flow.end.is_none() && flow.response.stop != Default::default())
            .unwrap_or(false)
    }

    /// What the client and the upstream have received so far.
    #[must_use]
    pub fn so_far(&self) -> Outcome {
        let mut outcome = self.read(Outcome::of).unwrap_or_default();
        if let Some(id) = self.flow.filter(|_| !outcome.over && outcome.error.is_none()) {
            outcome.error = self.worker.borrow().lost(id);
        }
        outcome
    }

    /// The end of the story: what the client and the upstream received.
    pub fn outcome(mut self) -> Outcome {
        let outcome = self.so_far();
        self.leave();
        outcome
    }

    fn read<R>(&self, read: impl FnOnce(&crate::flow::Flow) -> R) -> Option<R> {
        self.worker.borrow().flows.get(&self.flow?).map(read)
    }

    fn is_http2(&self) -> bool {
        self.info.protocol == "HTTP/2"
    }

    /// Requests sent upstream so far.
    fn attempts(&self) -> u64 {
        let mut worker = self.worker.borrow_mut();
        let context = self.flow.and_then(|id| worker.flows.get(&id)?.context);
        let info = context.and_then(|context| worker.info_mut(context));
        info.map_or(self.info.attempts, |info| info.attempts)
    }

    /// An attempt has failed, and no other will be made: known before the filter sees what is answered.
    fn attempt_has_failed(self) -> Exchange {
        if self.retries.is_none_or(|count| self.attempts() <= count) {
            return self;
        }
        self.info(|info| info.flags |= flags::UPSTREAM_RETRY_LIMIT_EXCEEDED)
    }

    fn frame(self, direction: Direction, frame: Frame) -> Exchange {
        // An upstream that was asked nothing answers nothing.
        let is_asked = self.read(|flow| flow.request.passed.headers.is_some());
        if direction == Direction::Response && is_asked == Some(false) {
            return self;
        }
        if let Some(id) = self.flow {
            self.worker.borrow_mut().frame(id, direction, frame);
        }
        self
    }

    /// Ends the stream if it still runs, and forgets it.
    fn leave(&mut self) {
        let Some(id) = self.flow.take() else { return };
        // While a test unwinds, its worker may be borrowed; there is nothing left to tell then.
        let Ok(mut worker) = self.worker.try_borrow_mut() else { return };
        worker.finish_flow(id, crate::EndInfo::client_disconnect());
        worker.settle();
        worker.flows.remove(&id);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Pairs as a header map.
fn header_map(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs.iter().copied().collect()
}
