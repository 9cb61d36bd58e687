//! From the filter to the wires: what it has let pass, in the form that each side is to get; nothing is read here.

use std::rc::Rc;

use super::{
    super::{
        head::{Follows, write_request, write_response},
        wire::Wire,
    },
    Exchange, Upstream,
};
use crate::direction::Direction;

impl Exchange {
    /// Writes what the filter has let pass, in both directions.
    pub(super) fn pass_on(&mut self, client: &mut Wire) {
        self.pass_request_on();
        self.pass_response_on(client);
        if std::mem::take(&mut self.context.worker.borrow_mut().acted) {
            self.context.progress.notify_waiters();
        }
    }

    fn pass_request_on(&mut self) {
        let passed = self.filtered.take(Direction::Request);
        let request = &mut self.request;
        if let Some(head) = &passed.head {
            // A body that came with its head is over by now, and must be delimited all the same.
            request.writing = write_request(head, request.announced, &mut request.waiting);
            let context = Rc::clone(&self.context);
            let connect = async move { context.pool.connect().await };
            self.upstream = Upstream::Connecting(Box::pin(connect));
        }
        let output = match &mut self.upstream {
            Upstream::Connected(wire) => &mut wire.output,
            Upstream::Unasked | Upstream::Connecting(_) => &mut request.waiting,
        };
        if request.kind.is_websocket() && !self.response.switched {
            request.unagreed.unsplit(passed.data);
        } else {
            output.unsplit(std::mem::take(&mut request.unagreed));
            request.writing.data(&passed.data, output);
        }
        if passed.ended {
            request.writing.end(passed.trailers.as_ref(), output);
        }
        if let Upstream::Connected(wire) = &mut self.upstream {
            // A connection that broke says so when it is read.
            let _ = wire.write_now();
        }
    }

    fn pass_response_on(&mut self, client: &mut Wire) {
        let passed = self.filtered.take(Direction::Response);
        let output = &mut client.output;
        if let Some(head) = &passed.head {
            // A client that still sends cannot be answered and kept.
            self.keep_alive &= self.request.framing.is_ended() && !self.context.is_draining();
            let follows = if self.response.switched {
                Follows::OtherProtocol
            } else if self.request.head_only {
                Follows::NothingToHead
            } else if passed.ended && passed.data.is_empty() && passed.trailers.is_none() {
                Follows::Nothing
            } else {
                Follows::Body
            };
            self.response.writing = write_response(head, follows, self.keep_alive, output);
        }
        self.response.writing.data(&passed.data, output);
        if passed.ended {
            self.response.writing.end(passed.trailers.as_ref(), output);
        }
        if client.write_now().is_err() {
            self.client_gone();
        }
    }
}
