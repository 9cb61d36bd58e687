//! One request and its response, both directions at once; every chunk goes to the filter and on in the same turn.

mod passing;

use std::{future::Future, io, pin::Pin, rc::Rc, time::Duration};

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, sleep_until};

use super::{
    body::{Framing, Piece, Writing},
    context::Context,
    filtered::Filtered,
    head::{Kind, Request, Response},
    wire::{INPUT_BYTES_MAX, Read, Wire},
};
use crate::{
    EndInfo, LogLevel, StreamInfo,
    direction::Direction,
    flags,
    flow::{Frame, Reply},
    local_reply::LocalReply,
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
    /// `None` if nobody records.
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

/// Envoy reads this much at most before it serves the next connection.
const UPSTREAM_READ_BYTES_MAX: usize = 1024 * 1024;

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
        // Whoever cannot take more makes the other side wait, and so does the filter.
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

    fn client_readable(&mut self, client: &mut Wire) {
        let read = client.read_now(INPUT_BYTES_MAX);
        if !client.input.is_empty() {
            self.client_data(client);
        }
        // In HTTP/1, Envoy takes a half-closed connection for a client that went away.
        if read == Read::Closed {
            self.pass_on(client);
            self.client_gone();
        }
    }

    /// Gives the filter what has come of the request's body.
    fn client_data(&mut self, client: &mut Wire) {
        let upgrade = matches!(self.request.kind, Kind::Upgrade(_));
        // Envoy makes the wish for another protocol known with a chunk, even without a byte.
        if self.request.framing.is_ended() || (client.input.is_empty() && !upgrade) {
            return;
        }
        let Ok(piece) = self.request.framing.take(&mut client.input) else {
            self.keep_alive = false;
            if self.response.framing.is_none() {
                return self.reply(LocalReply::bad_request());
            }
            return self.filtered.end(EndInfo::rejected());
        };
        if let Some(tape) = &mut self.tape {
            tape.request_data(&piece.data);
            if piece.ended {
                tape.request_end(piece.trailers.as_ref());
            }
        }
        self.give(Direction::Request, piece, upgrade);
        self.start_timer();
    }

    /// Gives the filter one piece, with HTTP/1's form of the end: an empty last chunk, or trailers.
    fn give(&self, direction: Direction, piece: Piece, even_empty: bool) {
        if !piece.data.is_empty() || (even_empty && !piece.ended) {
            self.filtered.give(direction, Frame::Data(piece.data, false));
        }
        if piece.ended {
            let end = match piece.trailers {
                Some(trailers) => Frame::Trailers(trailers),
                None => Frame::Data(Bytes::new(), true),
            };
            self.filtered.give(direction, end);
        }
    }

    fn connected(&mut self, mut wire: Wire) {
        let address = wire.tcp.peer_addr().map(|address| address.to_string()).ok();
        self.filtered.update(|info| info.upstream_address = address);
        wire.output.unsplit(std::mem::take(&mut self.request.waiting));
        self.upstream = Upstream::Connected(wire);
    }

    fn upstream_readable(&mut self) {
        let Upstream::Connected(wire) = &mut self.upstream else { return };
        let read = wire.read_now(UPSTREAM_READ_BYTES_MAX);
        let mut input = std::mem::take(&mut wire.input);
        self.upstream_data(&mut input, read);
        if let Upstream::Connected(wire) = &mut self.upstream {
            wire.input = input;
        }
    }

    /// Gives the filter what has come of the response.
    fn upstream_data(&mut self, input: &mut BytesMut, read: Read) {
        while self.response.framing.is_none() && !input.is_empty() {
            match Response::take(input, self.request.head_only, &self.request.kind) {
                // Interim answers are not for filters, and Envoy does not pass them on.
                Ok(Some(response)) if response.is_interim() => {}
                Ok(Some(response)) => self.response_head(response),
                Ok(None) => break,
                Err(_) => return self.reply(LocalReply::protocol_error()),
            }
        }
        let Some(mut framing) = self.response.framing else {
            if read == Read::Closed {
                self.reply(match input.is_empty() {
                    true => LocalReply::connection_termination(),
                    false => LocalReply::protocol_error(),
                });
            }
            return;
        };
        if self.response.received {
            return;
        }
        let Ok(mut piece) = framing.take(input) else {
            return self.filtered.end(EndInfo::upstream_reset());
        };
        self.response.framing = Some(framing);
        let (switched, closed) = (self.response.switched, read == Read::Closed);
        piece.ended |= framing == Framing::UntilClose && closed && !switched;
        let ended = piece.ended;
        if let Some(tape) = &mut self.tape {
            tape.response_data(&piece.data);
            if ended {
                tape.response_end(piece.trailers.as_ref());
            }
        }
        self.response.received = ended;
        let has_data = !piece.data.is_empty();
        self.give(Direction::Response, piece, switched);
        if closed && switched {
            if has_data {
                // Envoy reads the end of the other protocol, and only then takes it for a break.
                self.filtered.give(Direction::Response, Frame::Data(Bytes::new(), false));
            }
            self.filtered.end(EndInfo::upstream_disconnect());
        } else if closed && !ended {
            self.filtered.end(EndInfo::upstream_reset());
        }
    }

    fn response_head(&mut self, response: Response) {
        let mut headers = response.headers;
        if let Some(ended) = self.request.ended {
            // Envoy tells how long the upstream took only if it had the whole request.
            let waited = ended.elapsed().as_millis();
            headers.replace("x-envoy-upstream-service-time", waited.to_string());
        }
        let ended = response.framing.is_ended();
        if let Some(tape) = &mut self.tape {
            tape.response(&headers, ended);
        }
        self.response.framing = Some(response.framing);
        self.response.upstream_keeps_alive = response.keep_alive;
        self.response.switched = response.switches;
        self.response.received = ended;
        if self.request.kind.is_websocket() && (200..400).contains(&response.status) {
            self.response.received = true;
            return self.filtered.reply(Reply::failed_handshake(response.status, headers));
        }
        self.filtered.update(|info| info.code_details = Some("via_upstream".into()));
        self.filtered.give(Direction::Response, Frame::Headers(headers, ended));
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
            let message = format!("an exchange could not be recorded: {error}");
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
