//! One stream's way through the filter: what client and upstream send goes in, what may go on comes out; no socket here.

use std::{cell::RefCell, rc::Rc};

use bytes::BytesMut;

use crate::{
    EndInfo, HeaderMap, StreamInfo, Worker,
    direction::Direction,
    flow::{Chain, Flow, Frame, Reply},
};

/// A stream of the worker's filter. One that is dropped is one whose client hung up.
#[derive(Debug)]
pub(super) struct Filtered {
    worker: Rc<RefCell<Worker>>,
    id: u64,
    request: Taken,
    response: Taken,
}

/// What of a message was taken already.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    head: bool,
    end: bool,
}

/// What has passed the filter in one direction since it was last taken.
#[derive(Debug, Default)]
pub(super) struct Passed {
    pub(super) head: Option<HeaderMap>,
    pub(super) data: BytesMut,
    /// This is the end of the message.
    pub(super) ended: bool,
    /// Only with the end.
    pub(super) trailers: Option<HeaderMap>,
}

impl Filtered {
    /// Begins a stream with its request's head; `change` says what the filter can learn of it.
    pub(super) fn begin(
        worker: &Rc<RefCell<Worker>>,
        info: StreamInfo,
        headers: HeaderMap,
        ended: bool,
    ) -> Filtered {
        let mut borrowed = worker.borrow_mut();
        let id = borrowed.open_flow(Chain::Downstream, info);
        if let Some(flow) = borrowed.flows.get_mut(&id) {
            flow.describe(&headers);
        }
        borrowed.frame(id, Direction::Request, Frame::Headers(headers, ended));
        drop(borrowed);
        let (request, response) = Default::default();
        Filtered { worker: Rc::clone(worker), id, request, response }
    }

    /// Gives the filter a part of either message.
    pub(super) fn give(&self, direction: Direction, frame: Frame) {
        self.worker.borrow_mut().frame(self.id, direction, frame);
    }

    /// Answers in the upstream's place, through the filter.
    pub(super) fn reply(&self, reply: Reply) {
        let mut worker = self.worker.borrow_mut();
        worker.reply(self.id, reply);
        worker.settle();
    }

    /// Ends the stream, unless it has ended.
    pub(super) fn end(&self, end: EndInfo) {
        let mut worker = self.worker.borrow_mut();
        worker.finish_flow(self.id, end);
        worker.settle();
    }

    /// Changes what the filter can learn through properties.
    pub(super) fn update(&self, change: impl FnOnce(&mut StreamInfo)) {
        let mut worker = self.worker.borrow_mut();
        let context = worker.flows.get(&self.id).and_then(|flow| flow.context);
        if let Some(info) = context.and_then(|context| worker.info_mut(context)) {
            change(info);
        }
    }

    /// Takes what has passed and was not taken yet.
    pub(super) fn take(&mut self, direction: Direction) -> Passed {
        let mut worker = self.worker.borrow_mut();
        let Some(flow) = worker.flows.get_mut(&self.id) else { return Passed::default() };
        let passed = &mut flow.lane(direction).passed;
        let taken = match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        };
        let head = if taken.head { None } else { passed.headers.clone() };
        taken.head |= head.is_some();
        let ended = passed.complete && !taken.end;
        taken.end |= ended;
        let trailers = passed.trailers.clone().filter(|_| ended);
        Passed { head, data: std::mem::take(&mut passed.body), ended, trailers }
    }

    /// Whether the filter may keep back more in one direction.
    pub(super) fn has_room(&self, direction: Direction) -> bool {
        let mut worker = self.worker.borrow_mut();
        let limit = worker.buffer_bytes_max();
        worker.flows.get_mut(&self.id).is_none_or(|flow| flow.lane(direction).held_bytes() <= limit)
    }

    /// Whether the client gets a whole answer.
    pub(super) fn is_whole(&self) -> bool {
        self.read(|flow| flow.response.passed.complete).unwrap_or(false)
    }

    /// How the stream ended, once it has.
    pub(super) fn ended(&self) -> Option<EndInfo> {
        self.read(|flow| flow.end.clone()).flatten()
    }

    fn read<R>(&self, read: impl FnOnce(&Flow) -> R) -> Option<R> {
        self.worker.borrow().flows.get(&self.id).map(read)
    }
}

impl Drop for Filtered {
    fn drop(&mut self) {
        self.end(EndInfo::client_disconnect());
        self.worker.borrow_mut().flows.remove(&self.id);
    }
}
