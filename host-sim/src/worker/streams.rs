//! Callbacks of a stream, one method each, and what the proxy and the filter leave of it; nothing is held or passed on here.

use std::mem;

use bytes::Bytes;

use super::{Worker, length};
use crate::{
    EndInfo, Error, HeaderMap, StreamInfo,
    direction::Direction,
    state::{Phase, StreamState},
};

impl Worker {
    pub(crate) fn open_stream(&mut self, mut info: StreamInfo) -> Result<u32, Error> {
        let clock = &self.vm.store.data().services.clock;
        info.start_wall_ns = clock.wall_ns();
        info.start_monotonic_ns = clock.monotonic_ns();
        let (id, root) = (self.next_context(), self.root);
        self.vm.store.data_mut().streams.insert(id, StreamState::new(root, info));
        let callback = self.vm.callbacks.context_create.clone();
        self.vm.call(&callback, id, (id, root))?;
        Ok(id)
    }

    pub(crate) fn headers(
        &mut self,
        id: u32,
        direction: Direction,
        headers: HeaderMap,
        end_of_stream: bool,
    ) -> Result<(), Error> {
        let callback = match direction {
            Direction::Request => self.vm.callbacks.request_headers.name(),
            Direction::Response => self.vm.callbacks.response_headers.name(),
        };
        continues(callback, self.headers_raw(id, direction, headers, end_of_stream)?)
    }

    /// Shows headers to the filter; returns its raw answer.
    pub(crate) fn headers_raw(
        &mut self,
        id: u32,
        direction: Direction,
        headers: HeaderMap,
        end_of_stream: bool,
    ) -> Result<u32, Error> {
        let count = length(headers.len());
        let callbacks = &self.vm.callbacks;
        let (phase, callback) = match direction {
            Direction::Request => (Phase::RequestHeaders, callbacks.request_headers.clone()),
            Direction::Response => (Phase::ResponseHeaders, callbacks.response_headers.clone()),
        };
        let Some(stream) = self.enter(id, phase, end_of_stream) else { return Ok(0) };
        match direction {
            Direction::Request => stream.request_headers = Some(headers),
            Direction::Response => {
                stream.info.response_code =
                    headers.get_str(":status").and_then(|code| code.parse().ok());
                stream.response_headers = Some(headers);
            }
        }
        let action = self.vm.call(&callback, id, (id, count, u32::from(end_of_stream)));
        self.leave(id);
        Ok(action?.unwrap_or(0))
    }

    /// Gives one chunk to the filter; the bytes come back as the filter left them.
    pub(crate) fn body(
        &mut self,
        id: u32,
        direction: Direction,
        chunk: Bytes,
        end_of_stream: bool,
    ) -> (Bytes, Result<(), Error>) {
        let callback = match direction {
            Direction::Request => self.vm.callbacks.request_body.name(),
            Direction::Response => self.vm.callbacks.response_body.name(),
        };
        let new = chunk.len();
        let (chunk, action) = self.body_raw(id, direction, chunk, new, end_of_stream);
        (chunk, action.and_then(|action| continues(callback, action)))
    }

    /// Gives the filter a chunk of which the last `new` bytes are new to it;
    /// returns the bytes as it left them, and its raw answer.
    pub(crate) fn body_raw(
        &mut self,
        id: u32,
        direction: Direction,
        chunk: Bytes,
        new: usize,
        end_of_stream: bool,
    ) -> (Bytes, Result<u32, Error>) {
        let size = chunk.len();
        let callbacks = &self.vm.callbacks;
        let (phase, callback) = match direction {
            Direction::Request => (Phase::RequestBody, callbacks.request_body.clone()),
            Direction::Response => (Phase::ResponseBody, callbacks.response_body.clone()),
        };
        let Some(stream) = self.enter(id, phase, end_of_stream) else { return (chunk, Ok(0)) };
        if direction == Direction::Request {
            stream.info.request_bytes += new as u64;
        }
        stream.body = chunk;
        let action = self.vm.call(&callback, id, (id, length(size), u32::from(end_of_stream)));
        let mut chunk = Bytes::new();
        if let Some(stream) = self.vm.store.data_mut().streams.get_mut(&id) {
            chunk = mem::take(&mut stream.body);
            if direction == Direction::Response {
                // Envoy counts what it sends, so a filter does not yet see its own chunk.
                stream.info.response_bytes += chunk.len() as u64;
            }
        }
        self.leave(id);
        (chunk, action.map(|action| action.unwrap_or(0)))
    }

    pub(crate) fn trailers(
        &mut self,
        id: u32,
        direction: Direction,
        trailers: HeaderMap,
    ) -> Result<(), Error> {
        let callback = match direction {
            Direction::Request => self.vm.callbacks.request_trailers.name(),
            Direction::Response => self.vm.callbacks.response_trailers.name(),
        };
        continues(callback, self.trailers_raw(id, direction, trailers)?)
    }

    /// Shows trailers to the filter; returns its raw answer.
    pub(crate) fn trailers_raw(
        &mut self,
        id: u32,
        direction: Direction,
        trailers: HeaderMap,
    ) -> Result<u32, Error> {
        let count = length(trailers.len());
        let callbacks = &self.vm.callbacks;
        let (phase, callback) = match direction {
            Direction::Request => (Phase::RequestTrailers, callbacks.request_trailers.clone()),
            Direction::Response => (Phase::ResponseTrailers, callbacks.response_trailers.clone()),
        };
        let Some(stream) = self.enter(id, phase, true) else { return Ok(0) };
        match direction {
            Direction::Request => stream.request_trailers = Some(trailers),
            Direction::Response => stream.response_trailers = Some(trailers),
        }
        let action = self.vm.call(&callback, id, (id, count));
        self.leave(id);
        Ok(action?.unwrap_or(0))
    }

    /// Log, done, delete: Envoy's order. The stream is gone afterwards, whatever happens.
    pub(crate) fn end_stream(&mut self, id: u32, end: EndInfo) -> Result<(), Error> {
        let now = self.now_ns();
        let Some(stream) = self.enter(id, Phase::Log, true) else { return Ok(()) };
        stream.info.end_monotonic_ns = Some(now);
        stream.info.flags |= end.flags;
        stream.info.code_details = end.code_details.or(stream.info.code_details.take());
        let callback = self.vm.callbacks.log.clone();
        self.vm.call(&callback, id, id)?;
        self.finish(id)?;
        self.sweep()
    }

    /// The end of a stream after the router: only done and delete.
    pub(crate) fn end_stream_unlogged(&mut self, id: u32, end: EndInfo) -> Result<(), Error> {
        let now = self.now_ns();
        let Some(stream) = self.enter(id, Phase::Done, true) else { return Ok(()) };
        stream.info.end_monotonic_ns = Some(now);
        stream.info.flags |= end.flags;
        stream.info.code_details = end.code_details.or(stream.info.code_details.take());
        self.finish(id)?;
        self.sweep()
    }

    /// The response's headers as they were sent, and the request's if they are new, for `on_log`; no callback is made.
    pub(crate) fn sent_headers(
        &mut self,
        id: u32,
        request: Option<HeaderMap>,
        response: HeaderMap,
    ) {
        if let Some(stream) = self.vm.store.data_mut().streams.get_mut(&id) {
            stream.info.response_code =
                response.get_str(":status").and_then(|code| code.parse().ok());
            stream.response_headers = Some(response);
            stream.request_headers = request.or(stream.request_headers.take());
        }
    }

    /// What the proxy knows about the stream, for it to keep up to date.
    pub(crate) fn info_mut(&mut self, id: u32) -> Option<&mut StreamInfo> {
        self.vm.store.data_mut().streams.get_mut(&id).map(|stream| &mut stream.info)
    }

    /// The headers as the filter left them.
    pub(crate) fn headers_of(&self, id: u32, direction: Direction) -> Option<&HeaderMap> {
        let stream = self.vm.store.data().streams.get(&id)?;
        match direction {
            Direction::Request => stream.request_headers.as_ref(),
            Direction::Response => stream.response_headers.as_ref(),
        }
    }

    /// The trailers as the filter left or made them.
    pub(crate) fn trailers_of(&self, id: u32, direction: Direction) -> Option<&HeaderMap> {
        let stream = self.vm.store.data().streams.get(&id)?;
        match direction {
            Direction::Request => stream.request_trailers.as_ref(),
            Direction::Response => stream.response_trailers.as_ref(),
        }
    }

    /// What the filter left with `set_property`, path parts separated by zero bytes.
    pub(crate) fn property(&self, id: u32, path: &[u8]) -> Option<Bytes> {
        self.vm.store.data().streams.get(&id)?.properties.get(path).cloned()
    }

    /// Puts a stream into a phase; `None` if the VM is dead, which is when streams bypass it.
    fn enter(&mut self, id: u32, phase: Phase, end_of_stream: bool) -> Option<&mut StreamState> {
        if self.vm.is_dead() {
            self.vm.store.data_mut().streams.remove(&id);
            return None;
        }
        let stream = self.vm.store.data_mut().streams.get_mut(&id)?;
        stream.phase = phase;
        stream.end_of_stream = end_of_stream;
        Some(stream)
    }

    fn leave(&mut self, id: u32) {
        if let Some(stream) = self.vm.store.data_mut().streams.get_mut(&id) {
            stream.phase = Phase::Between;
        }
    }
}

fn continues(callback: &'static str, action: u32) -> Result<(), Error> {
    if action == 0 { Ok(()) } else { Err(Error::Paused { callback, action }) }
}
