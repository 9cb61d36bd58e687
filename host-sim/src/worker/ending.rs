//! The ends of a stream: local replies, streams that are cut, a filter that died, and the last three callbacks.

use super::Worker;
use crate::{
    EndInfo, Error,
    direction::Direction,
    flow::{Chain, Frame, Reply},
};

impl Worker {
    /// Answers in the upstream's place: through the filter if it has seen no
    /// response yet, past it if nothing of one was sent, else the stream is cut.
    pub(crate) fn reply(&mut self, id: u64, reply: Reply) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        if flow.end.is_some() {
            return;
        }
        let (grpc, head_only) = (flow.grpc, flow.head_only);
        let (sent, seen) = (flow.response.passed.headers.is_some(), flow.response.seen);
        if sent {
            let end = EndInfo {
                flags: reply.flags | reply.flags_at_end,
                code_details: Some(reply.details),
            };
            return self.finish_flow(id, end);
        }
        flow.replied = true;
        flow.flags_at_end = reply.flags_at_end;
        flow.request.closed = true;
        flow.response = Default::default();
        let context = flow.context;
        let (headers, body) = reply.parts(grpc, head_only);
        if let Some(info) = context.and_then(|context| self.info_mut(context)) {
            info.flags |= reply.flags;
            info.code_details = Some(reply.details);
        }
        let head = Frame::Headers(headers.clone(), body.is_none());
        let frames = [Some(head), body.map(|body| Frame::Data(body, true))];
        let direct = seen || self.is_out_of_reach(id);
        if let Some(context) = context.filter(|_| direct) {
            self.sent_headers(context, None, headers);
        }
        for frame in frames.into_iter().flatten() {
            if direct {
                self.pass(id, Direction::Response, frame);
            } else {
                self.push(id, Direction::Response, frame);
            }
        }
    }

    /// The filter's VM is dead: the stream goes on without it, or is answered or cut.
    pub(super) fn fail(&mut self, id: u64, direction: Direction, frame: Frame) {
        let goes_on = self.failure_policy().running_streams_bypass();
        let dead = self.dead();
        let Some(flow) = self.flows.get_mut(&id) else { return };
        flow.error = flow.error.take().or(dead);
        if !goes_on {
            if !std::mem::replace(&mut flow.failed, true) {
                self.reply(id, Reply::failed_stream());
            }
            return;
        }
        flow.bypass = true;
        self.resume(id, Direction::Request);
        self.resume(id, Direction::Response);
        self.pass(id, direction, frame);
    }

    /// The last callbacks of a stream: log (unless it is after the router), done, delete.
    pub(crate) fn finish_flow(&mut self, id: u64, end: EndInfo) {
        let out_of_reach = self.is_out_of_reach(id);
        // Its last callbacks never come.
        let dead = if out_of_reach { self.dead() } else { None };
        let Some(flow) = self.flows.get_mut(&id).filter(|flow| flow.end.is_none()) else { return };
        flow.error = flow.error.take().or(dead);
        let (context, chain) = (flow.context, flow.chain);
        let mut end = end;
        flow.end = Some(end.clone());
        let Some(context) = context else { return };
        if let Some(info) = self.info_mut(context) {
            end.code_details = end.code_details.or(info.code_details.clone());
            let seen = EndInfo { flags: end.flags | info.flags, ..end.clone() };
            if let Some(flow) = self.flows.get_mut(&id) {
                flow.end = Some(seen);
            }
        }
        if out_of_reach {
            if self.flows.get(&id).is_some_and(|flow| flow.generation == self.generation) {
                self.vm.store.data_mut().streams.remove(&context);
            }
            return;
        }
        let ended = match chain {
            Chain::Downstream => self.end_stream(context, end),
            Chain::Upstream => self.end_stream_unlogged(context, end),
        };
        if let Err(error) = ended {
            self.note_error(id, error);
        }
    }

    /// What a stream has met that its VM does not serve any more; nothing has happened to it since.
    pub(crate) fn lost(&self, id: u64) -> Option<Error> {
        self.dead().filter(|_| self.is_out_of_reach(id))
    }

    /// True if no filter sees this stream (any more).
    fn is_out_of_reach(&self, id: u64) -> bool {
        let reached = self.flows.get(&id).is_some_and(|flow| {
            flow.context.is_some() && !flow.bypass && flow.generation == self.generation
        });
        !reached || self.is_dead()
    }
}
