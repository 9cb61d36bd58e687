//! Callbacks of a root context that a peer or another VM causes: answers to calls, and queue entries.

use std::mem;

use super::{Worker, length};
use crate::{
    Error, GrpcEvent, HttpAnswer,
    callout::{Arrived, DnsAddress, DnsQuery, GrpcCall, HttpCall, addresses_as_bytes},
    status::Status,
};

/// gRPC's "deadline exceeded".
const DEADLINE_EXCEEDED: u32 = 4;

impl Worker {
    /// Monotonic time of whatever comes next: a tick, or the end of a call's patience.
    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        let calls = self.vm.store.data().calls.next_due_ns().filter(|_| !self.is_dead());
        self.next_tick_ns().into_iter().chain(calls).chain(self.next_end_ns()).min()
    }

    pub(crate) fn http_calls(&self) -> impl Iterator<Item = &HttpCall> {
        self.vm.store.data().calls.http.values()
    }

    pub(crate) fn grpc_calls(&self) -> impl Iterator<Item = &GrpcCall> {
        self.vm.store.data().calls.grpc.values()
    }

    /// The answer to a call, or `None` for a connection that broke. False if there is no such call.
    pub(crate) fn answer_http_call(
        &mut self,
        token: u32,
        answer: Option<HttpAnswer>,
    ) -> Result<bool, Error> {
        let state = self.vm.store.data_mut();
        let Some(call) = state.calls.http.remove(&token) else { return Ok(false) };
        let mut sizes = (0, 0, 0);
        match answer {
            Some(answer) => {
                sizes = (answer.headers.len(), answer.body.len(), answer.trailers.len());
                state.arrived = Arrived {
                    headers: Some(answer.headers),
                    body: Some(answer.body),
                    trailers: Some(answer.trailers),
                    ..Arrived::default()
                };
            }
            None => state.status = (Status::BrokenConnection as u32, "reset".into()),
        }
        let callback = self.vm.callbacks.http_call_response.clone();
        let (headers, body, trailers) = (length(sizes.0), length(sizes.1), length(sizes.2));
        let parameters = (call.root, token, headers, body, trailers);
        let outcome = self.vm.call(&callback, call.root, parameters);
        self.forget_arrived();
        outcome.map(|_| true)
    }

    /// What a gRPC peer does. False if there is no such call.
    pub(crate) fn grpc_event(&mut self, token: u32, event: GrpcEvent) -> Result<bool, Error> {
        let callbacks = self.vm.callbacks.clone();
        let state = self.vm.store.data_mut();
        let Some(call) = state.calls.grpc.get(&token) else { return Ok(false) };
        let (root, is_call) = (call.root, call.timeout.is_some());
        let (callback, number, over) = match event {
            GrpcEvent::InitialMetadata(metadata) => {
                let count = length(metadata.len());
                state.arrived.initial_metadata = Some(metadata);
                (callbacks.grpc_initial_metadata, count, false)
            }
            GrpcEvent::Message(message) => {
                let size = length(message.len());
                state.arrived.message = Some(message);
                (callbacks.grpc_receive, size, is_call)
            }
            GrpcEvent::TrailingMetadata(metadata) => {
                let count = length(metadata.len());
                state.arrived.trailing_metadata = Some(metadata);
                (callbacks.grpc_trailing_metadata, count, false)
            }
            GrpcEvent::Close(status, message) => {
                state.status = (status, message);
                (callbacks.grpc_close, status, true)
            }
        };
        if over {
            state.calls.grpc.remove(&token);
        }
        let outcome = self.vm.call(&callback, root, (root, token, number));
        self.forget_arrived();
        outcome.map(|_| true)
    }

    pub(crate) fn dns_queries(&self) -> impl Iterator<Item = &DnsQuery> {
        self.vm.store.data().calls.dns.values()
    }

    /// What the resolver found; `None` if it failed. False if there is no such query.
    pub(crate) fn answer_dns(
        &mut self,
        token: u32,
        addresses: Option<&[DnsAddress]>,
    ) -> Result<bool, Error> {
        let state = self.vm.store.data_mut();
        let Some(query) = state.calls.dns.remove(&token) else { return Ok(false) };
        let answer = addresses.map(addresses_as_bytes).unwrap_or_default();
        let size = length(answer.len());
        state.arrived.addresses = Some(answer);
        let callback = self.vm.callbacks.resolve_dns.clone();
        let outcome = self.vm.call(&callback, query.root, (query.root, token, size));
        self.forget_arrived();
        outcome.map(|_| true)
    }

    /// Answers in the peers' place what has waited too long.
    pub(crate) fn expire_calls(&mut self) -> Result<(), Error> {
        let now = self.now_ns();
        let calls = &self.vm.store.data().calls;
        let is_due = |due_ns: Option<u64>| due_ns.is_some_and(|due| due <= now);
        let http = calls.http.values().filter(|call| is_due(call.due_ns)).map(|call| call.token);
        let grpc = calls.grpc.values().filter(|call| is_due(call.due_ns)).map(|call| call.token);
        let (http, grpc) = (http.collect::<Vec<_>>(), grpc.collect::<Vec<_>>());
        for token in http {
            self.answer_http_call(token, Some(HttpAnswer::timeout()))?;
        }
        for token in grpc {
            self.grpc_event(token, GrpcEvent::Close(DEADLINE_EXCEEDED, String::new()))?;
        }
        Ok(())
    }

    /// Tells a context that one of its queues has an entry.
    pub(crate) fn queue_ready(&mut self, context: u32, queue: u32) -> Result<(), Error> {
        if !self.vm.store.data().roots.contains_key(&context) {
            return Ok(());
        }
        let callback = self.vm.callbacks.queue_ready.clone();
        let outcome = self.vm.call(&callback, context, (context, queue));
        self.settle();
        outcome.map(|_| ())
    }

    fn forget_arrived(&mut self) {
        let state = self.vm.store.data_mut();
        drop(mem::take(&mut state.arrived));
        state.status.1.clear();
        self.settle();
    }
}
