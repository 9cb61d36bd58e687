//! The peers of a world: a test answers the calls that filters make, and entries of shared queues find their readers.

use std::{cell::RefCell, rc::Rc};

use crate::{
    DnsAddress, DnsQuery, Error, GrpcCall, GrpcEvent, HttpAnswer, HttpCall, Worker, World,
};

impl World {
    /// HTTP calls of all VMs that have no answer yet.
    #[must_use]
    pub fn http_calls(&self) -> Vec<HttpCall> {
        self.all()
            .flat_map(|worker| worker.borrow().http_calls().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Answers a call. One that is over already gets no second answer, as late ones do not in Envoy.
    ///
    /// # Errors
    /// [`Error::Trap`] of the filter.
    pub fn answer_http_call(&self, call: &HttpCall, answer: HttpAnswer) -> Result<(), Error> {
        self.with_vm(call.vm_number, |worker| worker.answer_http_call(call.token, Some(answer)))
    }

    /// Resets a call: the filter gets an answer without headers, and status 9 from `get_status`.
    ///
    /// Envoy does so rarely; for a service that cannot be reached, see [`HttpAnswer::unreachable`].
    ///
    /// # Errors
    /// [`Error::Trap`] of the filter.
    pub fn reset_http_call(&self, call: &HttpCall) -> Result<(), Error> {
        self.with_vm(call.vm_number, |worker| worker.answer_http_call(call.token, None))
    }

    /// gRPC calls and streams of all VMs that are under way.
    #[must_use]
    pub fn grpc_calls(&self) -> Vec<GrpcCall> {
        self.all()
            .flat_map(|worker| worker.borrow().grpc_calls().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Plays a gRPC peer.
    ///
    /// # Errors
    /// [`Error::Trap`] of the filter.
    pub fn grpc_event(&self, call: &GrpcCall, event: GrpcEvent) -> Result<(), Error> {
        self.with_vm(call.vm_number, |worker| worker.grpc_event(call.token, event))
    }

    /// Names of all VMs that are not resolved yet.
    ///
    /// A query without an answer stays here. Envoy's resolver gives up on a silent server after
    /// a time that its machine configures; [`World::fail_dns`] plays that moment.
    #[must_use]
    pub fn dns_queries(&self) -> Vec<DnsQuery> {
        self.all()
            .flat_map(|worker| worker.borrow().dns_queries().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Plays the resolver: the name has these addresses, maybe none. A second answer is not heard.
    ///
    /// # Errors
    /// [`Error::Trap`] of the filter.
    pub fn answer_dns(&self, query: &DnsQuery, addresses: &[DnsAddress]) -> Result<(), Error> {
        self.with_vm(query.vm_number, |worker| worker.answer_dns(query.token, Some(addresses)))
    }

    /// Plays a resolver that found out nothing: the filter gets an answer of no bytes.
    ///
    /// # Errors
    /// [`Error::Trap`] of the filter.
    pub fn fail_dns(&self, query: &DnsQuery) -> Result<(), Error> {
        self.with_vm(query.vm_number, |worker| worker.answer_dns(query.token, None))
    }

    /// Tells readers of shared queues what has come since, each on its own VM, until nothing new comes; after
    /// 100,000 notices the rest waits for the next call, so that two filters that answer each other end.
    ///
    /// [`World::advance`] does it, too. In Envoy every thread is notified as soon as it is free.
    ///
    /// # Errors
    /// The first [`Error::Trap`]; the other VMs are notified all the same.
    pub fn deliver(&self) -> Result<(), Error> {
        let mut outcome = Ok(());
        for _ in 0..DELIVERIES_MAX {
            let Some(ready) = self.services().queues.next_ready() else { return outcome };
            // The canary is gone by then, so a queue that is registered there is never read.
            let notified = self.with_vm(ready.vm_number, |worker| {
                worker.queue_ready(ready.context, ready.queue).map(|()| true)
            });
            outcome = outcome.and(notified);
        }
        outcome
    }

    fn with_vm(
        &self,
        number: u64,
        act: impl FnOnce(&mut Worker) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let is_it = |worker: &&Rc<RefCell<Worker>>| worker.borrow().number() == number;
        let found = self.all().find(is_it);
        found.map_or(Ok(()), |worker| act(&mut worker.borrow_mut()).map(|_| ()))
    }
}

/// Two filters that answer each other's entries endlessly stop here.
const DELIVERIES_MAX: usize = 100_000;
