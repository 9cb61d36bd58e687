//! Frames on their way through the filter: shown, passed on, held, and let go again.

use super::Worker;
use crate::{
    EndInfo, Error, StreamInfo,
    direction::Direction,
    flow::{Chain, DataAction, FAILED, Flow, Frame, Reply, Stop},
    state::{Deferred, Held},
};

impl Worker {
    /// Begins a stream. A dead VM is restarted, passed by or answered for, as its failure policy says.
    pub(crate) fn open_flow(&mut self, chain: Chain, info: StreamInfo) -> u64 {
        self.revive();
        let mut flow = Flow::new(None, self.generation, chain);
        if self.is_dead() {
            flow.bypass = self.failure_policy().new_streams_bypass();
            flow.error = self.dead();
        } else {
            match self.open_stream(info) {
                Ok(context) => flow.context = Some(context),
                Err(error) => {
                    self.note(crate::LogLevel::Critical, error.to_string());
                    flow.error = Some(error);
                }
            }
        }
        self.last_flow += 1;
        self.flows.insert(self.last_flow, flow);
        self.last_flow
    }

    /// One frame from the client or the upstream, and all that follows from it.
    pub(crate) fn frame(&mut self, id: u64, direction: Direction, frame: Frame) {
        self.push(id, direction, frame);
        self.settle();
    }

    /// [`Worker::frame`] without the consequences.
    pub(super) fn push(&mut self, id: u64, direction: Direction, frame: Frame) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        if flow.end.is_some() || flow.lane(direction).closed {
            return;
        }
        if flow.lane(direction).stop == Stop::All && !flow.bypass {
            flow.lane(direction).waiting.push_back(frame);
            return;
        }
        self.offer(id, direction, frame);
    }

    /// Shows a frame to the filter and does what it answers.
    fn offer(&mut self, id: u64, direction: Direction, frame: Frame) {
        let Some(flow) = self.flows.get(&id) else { return };
        if flow.bypass {
            return self.pass(id, direction, frame);
        }
        let context = flow.context.filter(|_| flow.generation == self.generation);
        let Some(context) = context.filter(|_| !self.is_dead()) else {
            return self.fail(id, direction, frame);
        };
        let mut untouched = frame.clone();
        let outcome = match frame {
            Frame::Headers(headers, ended) => {
                let action = self.headers_raw(context, direction, headers, ended);
                action.map(|action| self.after_headers(id, context, direction, action, ended))
            }
            Frame::Data(data, ended) => {
                let Some(flow) = self.flows.get_mut(&id) else { return };
                let lane = flow.lane(direction);
                let mut visible = data.clone();
                let is_added = lane.stop == Stop::Buffering;
                if is_added {
                    lane.buffer.extend_from_slice(&data);
                    visible = lane.buffer.split().freeze();
                }
                untouched = Frame::Data(visible.clone(), ended);
                let size = visible.len();
                let (data, action) = self.body_raw(context, direction, visible, data.len(), ended);
                // Envoy adds what has come to what is held before it asks the filter, and gives up there.
                let is_too_large = is_added && self.buffer_bytes_max() < size;
                if action.is_ok()
                    && is_too_large
                    && direction == Direction::Request
                    && !self.wants_reply(context)
                {
                    return self.overflow(id, direction);
                }
                action.map(|action| self.after_data(id, context, direction, action, data, ended))
            }
            Frame::Trailers(trailers) => {
                let action = self.trailers_raw(context, direction, trailers);
                action.map(|action| self.after_trailers(id, context, direction, action))
            }
        };
        if let Err(error) = outcome {
            self.note_error(id, error);
            self.fail(id, direction, untouched);
        }
    }

    fn after_headers(
        &mut self,
        id: u64,
        context: u32,
        direction: Direction,
        action: u32,
        ended: bool,
    ) {
        let replies = self.wants_reply(context);
        let only_headers = action == STOP_ITERATION && self.allows_on_headers_stop_iteration();
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let lane = flow.lane(direction);
        lane.seen = true;
        if action != 0 || replies {
            lane.headers_wait = Some(ended);
            lane.stop = if only_headers && !replies { Stop::Headers } else { Stop::All };
            return self.hold(context, direction, |held| held.headers = true);
        }
        let headers = self.headers_of(context, direction).cloned();
        let required = |headers: &crate::HeaderMap| {
            direction == Direction::Request || headers.get(":status").is_some()
        };
        if headers.as_ref().is_some_and(|headers| !required(headers)) {
            return self.reply(id, Reply::without_status());
        }
        if let Some(headers) = headers {
            self.pass(id, direction, Frame::Headers(headers, ended));
        }
    }

    fn after_data(
        &mut self,
        id: u64,
        context: u32,
        direction: Direction,
        action: u32,
        data: bytes::Bytes,
        ended: bool,
    ) {
        let action = DataAction::from_raw(action);
        // A filter that has answered for itself passes nothing on, whatever it returns.
        let action = if self.wants_reply(context) { DataAction::Drop } else { action };
        let made_trailers = self.trailers_of(context, direction).cloned().filter(|_| ended);
        let headers = self.headers_of(context, direction).cloned();
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let lane = flow.lane(direction);
        match action {
            DataAction::Continue => {
                // What was held before goes first.
                let headers = lane.held_headers(headers);
                let held = lane.buffer.split();
                lane.stop = Stop::Open;
                self.hold(context, direction, |held| held.body = None);
                if let Some(headers) = headers {
                    self.pass(id, direction, headers);
                }
                if !held.is_empty() {
                    self.pass(id, direction, Frame::Data(held.freeze(), false));
                }
                self.pass(id, direction, Frame::Data(data, ended && made_trailers.is_none()));
                if let Some(trailers) = made_trailers {
                    self.pass(id, direction, Frame::Trailers(trailers));
                }
            }
            DataAction::Buffer | DataAction::Watermark => {
                lane.hold(&data, ended);
                let size = lane.buffer.len();
                let buffering = action == DataAction::Buffer;
                lane.stop = if buffering { Stop::Buffering } else { Stop::Watermark };
                let held = bytes::Bytes::copy_from_slice(&lane.buffer);
                self.hold(context, direction, |it| it.body = Some(held));
                let limit = self.buffer_bytes_max();
                if buffering && limit < size {
                    self.overflow(id, direction);
                }
            }
            DataAction::Drop => {
                lane.buffer_ends |= ended;
                lane.stop = Stop::Watermark;
            }
        }
    }

    fn after_trailers(&mut self, id: u64, context: u32, direction: Direction, action: u32) {
        let stopped = action != 0 || self.wants_reply(context);
        let Some(trailers) = self.trailers_of(context, direction).cloned() else { return };
        let headers = self.headers_of(context, direction).cloned();
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let lane = flow.lane(direction);
        lane.stop = Stop::Trailers(trailers);
        if stopped {
            return self.hold(context, direction, |held| held.trailers = true);
        }
        for frame in lane.release(headers) {
            self.pass(id, direction, frame);
        }
    }

    /// Passes a frame to the other side, past the filter.
    pub(super) fn pass(&mut self, id: u64, direction: Direction, frame: Frame) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        if flow.end.is_some() {
            return;
        }
        let mut frame = frame;
        let context = flow.context;
        if direction == Direction::Response
            && let Frame::Headers(headers, _) = &mut frame
            && let Some(complete) = self.vm.store.data().services.embedded
        {
            complete(headers);
            if let Some(context) = context {
                self.sent_headers(context, None, headers.clone());
            }
        }
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let first_of_request =
            direction == Direction::Request && matches!(frame, Frame::Headers(..));
        flow.lane(direction).passed.take(frame);
        let over = direction == Direction::Response && flow.response.passed.complete;
        let chain = flow.chain;
        let simulated = self.vm.store.data().services.embedded.is_none();
        if first_of_request
            && chain == Chain::Downstream
            && let Some(info) = context.and_then(|context| self.info_mut(context))
        {
            // Envoy's router counts an attempt before it has a connection for it.
            info.attempts += 1;
            if simulated {
                info.upstream_address.get_or_insert_with(|| DEFAULT_UPSTREAM.into());
            }
        }
        if over {
            let flags = self.flows.get(&id).map_or(0, |flow| flow.flags_at_end);
            self.finish_flow(id, EndInfo { flags, ..EndInfo::complete() });
        }
    }

    /// Lets a held direction go on, as `continue_stream` asks.
    pub(super) fn resume(&mut self, id: u64, direction: Direction) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        if flow.lane(direction).closed {
            return;
        }
        let context = flow.context;
        let headers = context.and_then(|context| self.headers_of(context, direction).cloned());
        if let Some(context) = context {
            self.hold(context, direction, |held| *held = Held::default());
        }
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let lane = flow.lane(direction);
        let frames = lane.release(headers);
        let waiting = std::mem::take(&mut lane.waiting);
        for frame in frames {
            self.pass(id, direction, frame);
        }
        for frame in waiting {
            self.push(id, direction, frame);
        }
    }

    /// Does what host functions have put off until the callback was over.
    pub(crate) fn settle(&mut self) {
        loop {
            let deferred = std::mem::take(&mut self.vm.store.data_mut().deferred);
            if deferred.is_empty() {
                break;
            }
            for action in deferred {
                self.carry_out(action);
            }
        }
        if let Err(error) = self.sweep() {
            self.note(crate::LogLevel::Error, error.to_string());
        }
    }

    fn carry_out(&mut self, action: Deferred) {
        let context = match &action {
            Deferred::Continue(context, _)
            | Deferred::Close(context)
            | Deferred::Reply(context, _) => *context,
        };
        let mine = |flow: &Flow| flow.generation == self.generation && flow.end.is_none();
        let id = self.flows.iter().find(|(_, flow)| flow.context == Some(context) && mine(flow));
        let Some(id) = id.map(|(id, _)| *id) else {
            if self.vm.store.data().streams.contains_key(&context) {
                let message =
                    "a bare Stream cannot be held, closed or answered; World::exchange can";
                self.note(crate::LogLevel::Error, message.into());
            }
            return;
        };
        self.acted = true;
        match action {
            Deferred::Continue(_, direction) => self.resume(id, direction),
            Deferred::Close(_) => {
                // Details that the stream has already are kept.
                let info = self.info_mut(context);
                let known = info.and_then(|info| info.code_details.clone());
                let details = known.or(Some(FAILED.into()));
                self.finish_flow(id, EndInfo { flags: 0, code_details: details });
            }
            Deferred::Reply(_, reply) => self.reply(id, reply),
        }
    }

    fn wants_reply(&self, context: u32) -> bool {
        let asked = |action: &Deferred| matches!(action, Deferred::Reply(of, _) if *of == context);
        self.vm.store.data().deferred.iter().any(asked)
    }

    fn overflow(&mut self, id: u64, direction: Direction) {
        match direction {
            Direction::Request => self.reply(id, Reply::payload_too_large()),
            Direction::Response => {
                let details = Some("response_payload_too_large".into());
                self.finish_flow(id, EndInfo { flags: 0, code_details: details });
            }
        }
    }

    /// Changes what the filter may read and change between its callbacks.
    fn hold(&mut self, context: u32, direction: Direction, change: impl FnOnce(&mut Held)) {
        if let Some(stream) = self.vm.store.data_mut().streams.get_mut(&context) {
            change(match direction {
                Direction::Request => &mut stream.held_request,
                Direction::Response => &mut stream.held_response,
            });
        }
    }

    pub(super) fn note_error(&mut self, id: u64, error: Error) {
        self.note(crate::LogLevel::Critical, error.to_string());
        if let Some(flow) = self.flows.get_mut(&id) {
            flow.error.get_or_insert(error);
        }
    }
}

/// What a callback of headers answers to stop there, and only there if the proxy allows it.
const STOP_ITERATION: u32 = 1;

/// The upstream of a simulated proxy.
const DEFAULT_UPSTREAM: &str = "127.0.0.1:8000";
