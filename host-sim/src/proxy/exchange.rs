//! One request and its response, both directions at once; every chunk goes to the filter and on in the same turn.

mod passing;
mod receiving;

use std::{future::Future, io, pin::Pin, rc::Rc, time::Duration};

use bytes::BytesMut;
use tokio::time::{Instant, sleep_until};

use super::{
    body::{Framing, Writing},
    context::Context,
    filtered::Filtered,
    head::{Kind, Request},
    wire::{INPUT_BYTES_MAX, Wire},
};
use crate::{
    EndInfo, LogLevel, StreamInfo, direction::Direction, flags, local_reply::LocalReply,
    record::Tape,
};

/// Whether the client's connection can carry another request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    KeepAlive,
    Close,
}

/// The state of one exchange.
pub(super) struct Exchange {
    context: Rc<Context>,
    filtered: Filtered,
    request: RequestSide,
    response: ResponseSide,
    upstream: Upstream,
    deadline: Option<Instant>,
    keep_alive: bool,
    /// The client waits for a word before it sends its body.
    expects_continue: bool,
    /// `None` if the proxy does not record.
    tape: Option<Tape>,
}

struct RequestSide {
    /// How its head announced that its body is delimited.
    announced: Framing,
    /// What of its body is still to come.
    framing: Framing,
    /// How it is delimited for the upstream, once its head has passed the filter.
    writing: Writing,
    /// Bytes for an upstream that is not connected yet.
    waiting: BytesMut,
    /// Bytes of another protocol, for an upstream that has not agreed to it yet.
    unagreed: BytesMut,
    kind: Kind,
    head_only: bool,
    /// When its last byte had come.
    ended: Option<Instant>,
}

struct ResponseSide {
    /// `None` until the upstream's final head has come.
    framing: Option<Framing>,
    writing: Writing,
    upstream_keeps_alive: bool,
    /// Both sides speak another protocol from here on.
    switched: bool,
    /// The upstream has said everything, though the filter may still hold it.
    received: bool,
}

enum Upstream {
    /// The filter has not let the request's head pass.
    Unasked,
    Connecting(Pin<Box<dyn Future<Output = io::Result<Wire>>>>),
    Connected(Wire),
}

/// What can happen to an exchange.
enum Event {
    ClientReadable,
    ClientWritable,
    UpstreamReadable,
    UpstreamWritable,
    Connected(io::Result<Wire>),
    Deadline,
    /// The filter may have let go what it held, in a callback that was not about this exchange.
    Woken,
}

impl Exchange {
    /// Shows the request's head to the filter.
    pub(super) fn begin(context: &Rc<Context>, mut info: StreamInfo, request: Request) -> Exchange {
        let mut headers = request.headers;
        let tape = context.recorder.as_ref().map(|recorder| recorder.begin(&headers));
        if headers.get("x-request-id").is_none() {
            headers.add("x-request-id", context.request_id());
        }
        if request.expects_continue {
            // Envoy has said so by the time its filters run.
            info.response_code = Some(100);
        }
        let ended = request.framing.is_ended();
        let filtered = Filtered::begin(&context.worker, info, headers, ended);
        if request.kind == Kind::Connect {
            filtered.reply(LocalReply::route_not_found().into());
        }
        let mut exchange = Exchange {
            context: Rc::clone(context),
            filtered,
            request: RequestSide {
                announced: request.framing,
                framing: request.framing,
                writing: Writing::Plain,
                waiting: BytesMut::new(),
                unagreed: BytesMut::new(),
                kind: request.kind,
                head_only: request.head_only,
                ended: None,
            },
            response: ResponseSide {
                framing: None,
                writing: Writing::Plain,
                upstream_keeps_alive: false,
                switched: false,
                received: false,
            },
            upstream: Upstream::Unasked,
            deadline: None,
            keep_alive: request.keep_alive,
            expects_continue: request.expects_continue,
            tape,
        };
        exchange.start_timer();
        exchange
    }

    /// Runs until the response is delivered, or cannot be.
    pub(super) async fn run(mut self, client: &mut Wire) -> Next {
        if self.expects_continue {
            client.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        // The head may have come with (a part of) its body.
        self.client_data(client);
        self.pass_on(client);
        while self.filtered.ended().is_none() {
            match self.next_event(client).await {
                Event::ClientReadable => self.client_readable(client),
                Event::ClientWritable => {
                    if client.write_now().is_err() {
                        self.client_gone();
                    }
                }
                Event::Connected(Ok(wire)) => self.connected(wire),
                Event::Connected(Err(error)) => self.reply(LocalReply::connection_failure(&error)),
                Event::UpstreamWritable => {
                    if let Upstream::Connected(wire) = &mut self.upstream {
                        // A connection that broke says so when it is read.
                        let _ = wire.write_now();
                    }
                }
                Event::UpstreamReadable => self.upstream_readable(),
                Event::Deadline => self.timed_out(),
                Event::Woken => {}
            }
            self.pass_on(client);
        }
        self.finish(client).await
    }

    async fn next_event(&mut self, client: &Wire) -> Event {
        let deadline = async {
            match self.deadline.filter(|_| !self.response.received) {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        // A peer that cannot take more makes the other one wait, and so does the filter.
        let to_upstream = match &self.upstream {
            Upstream::Connected(wire) => wire.output.len(),
            Upstream::Unasked | Upstream::Connecting(_) => self.request.waiting.len(),
        };
        let read_client = if self.request.framing.is_ended() {
            // Nothing is expected but the next request, or the client's leaving.
            client.input.len() < INPUT_BYTES_MAX
        } else {
            to_upstream + self.request.unagreed.len() < INPUT_BYTES_MAX
                && self.filtered.has_room(Direction::Request)
        };
        let read_upstream = client.output.len() < INPUT_BYTES_MAX
            && self.filtered.has_room(Direction::Response)
            && !self.response.received;
        let write_client = !client.output.is_empty();
        let woken = self.context.progress.notified();
        match &mut self.upstream {
            Upstream::Unasked => tokio::select! {
                _ = client.tcp.readable(), if read_client => Event::ClientReadable,
                _ = client.tcp.writable(), if write_client => Event::ClientWritable,
                () = woken => Event::Woken,
                () = deadline => Event::Deadline,
            },
            Upstream::Connecting(connecting) => tokio::select! {
                _ = client.tcp.readable(), if read_client => Event::ClientReadable,
                _ = client.tcp.writable(), if write_client => Event::ClientWritable,
                connected = connecting => Event::Connected(connected),
                () = woken => Event::Woken,
                () = deadline => Event::Deadline,
            },
            Upstream::Connected(wire) => tokio::select! {
                _ = client.tcp.readable(), if read_client => Event::ClientReadable,
                _ = client.tcp.writable(), if write_client => Event::ClientWritable,
                _ = wire.tcp.readable(), if read_upstream => Event::UpstreamReadable,
                _ = wire.tcp.writable(), if !wire.output.is_empty() => Event::UpstreamWritable,
                () = woken => Event::Woken,
                () = deadline => Event::Deadline,
            },
        }
    }

    fn connected(&mut self, mut wire: Wire) {
        let address = wire.tcp.peer_addr().map(|address| address.to_string()).ok();
        self.filtered.update(|info| info.upstream_address = address);
        wire.output.unsplit(std::mem::take(&mut self.request.waiting));
        self.upstream = Upstream::Connected(wire);
    }

    fn timed_out(&mut self) {
        if self.response.framing.is_none() {
            return self.reply(LocalReply::timeout());
        }
        self.filtered.end(EndInfo {
            flags: flags::UPSTREAM_REQUEST_TIMEOUT,
            code_details: Some("response_timeout".into()),
        });
    }

    /// Answers in the upstream's place, through the filter.
    fn reply(&mut self, reply: LocalReply) {
        if let Some(tape) = &mut self.tape {
            tape.local_reply(reply.flags | reply.flags_at_end);
        }
        // Whatever the upstream says from here on is too late.
        self.response.received = true;
        self.filtered.reply(reply.into());
    }

    fn client_gone(&self) {
        self.filtered.end(EndInfo::client_disconnect());
    }

    /// Sends what is left to the client, and keeps the upstream's connection if it is at a message boundary.
    async fn finish(mut self, client: &mut Wire) -> Next {
        let whole = self.filtered.is_whole();
        if let (Some(tape), Some(end)) = (self.tape.take(), self.filtered.ended())
            && let Err(error) = tape.finish(&end)
        {
            let message = format!(
                "an exchange could not be recorded: {error}; traffic goes on, and so does recording where it can, \
                 but nothing more is said of it"
            );
            self.context.worker.borrow_mut().note(LogLevel::Error, message);
        }
        if let Upstream::Connected(wire) = self.upstream
            && self.response.upstream_keeps_alive
            && self.response.framing == Some(Framing::Ended)
            && self.request.framing.is_ended()
        {
            self.context.pool.give_back(wire);
        }
        let next = if whole && self.keep_alive { Next::KeepAlive } else { Next::Close };
        if client.flush().await.is_err() {
            return Next::Close;
        }
        if whole && !self.request.framing.is_ended() {
            client.linger().await;
        }
        next
    }

    /// The route's timeout, and the upstream's service time, run from the end of the request.
    fn start_timer(&mut self) {
        if self.request.framing.is_ended() && self.request.ended.is_none() {
            self.request.ended = Some(Instant::now());
            self.deadline = self.context.timeout.map(|timeout: Duration| Instant::now() + timeout);
        }
    }
}
