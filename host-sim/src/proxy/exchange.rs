//! One request and its response, both directions at once; every chunk goes to the filter and on in the same turn.

use std::{future::Future, io, pin::Pin, rc::Rc, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::{
    body::{Framing, Piece, Writing},
    connection::{Context, INPUT_BYTES_MAX, open},
    head::{Request, Response, complete_head, write_request, write_response},
    wire::{Read, Wire},
};
use crate::{
    EndInfo, HeaderMap, LogLevel, Stream, StreamInfo, flags, local_reply::LocalReply, record::Tape,
    worker::Side,
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
    /// `None` once it has ended.
    stream: Option<Stream>,
    request: RequestSide,
    response: ResponseSide,
    deadline: Option<Instant>,
    keep_alive: bool,
    /// The client waits for a word before it sends its body.
    expects_continue: bool,
    /// `None` if nobody records, or once it has ended.
    tape: Option<Tape>,
}

struct RequestSide {
    framing: Framing,
    writing: Writing,
    /// Bytes for an upstream that is not connected yet.
    waiting: bytes::BytesMut,
    head_only: bool,
    /// When its last byte had come.
    ended: Option<Instant>,
}

struct ResponseSide {
    /// `None` until the final head has come.
    framing: Option<Framing>,
    writing: Writing,
    upstream_keeps_alive: bool,
}

enum Upstream {
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
}

/// Envoy reads this much at most before it serves the next connection.
const UPSTREAM_READ_BYTES_MAX: usize = 1024 * 1024;

impl Exchange {
    /// Shows the request's head to the filter.
    pub(super) fn begin(context: &Rc<Context>, info: StreamInfo, request: Request) -> Exchange {
        let mut stream = open(context, info);
        let mut headers = request.headers;
        let tape = context.recorder.as_ref().map(|recorder| recorder.begin(&headers));
        if headers.get("x-request-id").is_none() {
            headers.add("x-request-id", context.request_id());
        }
        let untouched = headers.clone();
        let ended = request.framing.is_ended();
        if request.expects_continue {
            // Envoy has said so by the time its filters run.
            stream.update(|info| info.response_code = Some(100));
        }
        context.note(stream.headers(Side::Request, headers, ended));
        let headers = stream.headers_after(Side::Request).unwrap_or(untouched);
        // Envoy's router counts an attempt before it has a connection for it.
        stream.update(|info| info.attempts += 1);
        let mut waiting = bytes::BytesMut::new();
        let writing = write_request(&headers, request.framing, &mut waiting);
        let mut exchange = Exchange {
            context: Rc::clone(context),
            stream: Some(stream),
            request: RequestSide {
                framing: request.framing,
                writing,
                waiting,
                head_only: request.head_only,
                ended: None,
            },
            response: ResponseSide {
                framing: None,
                writing: Writing::Plain,
                upstream_keeps_alive: false,
            },
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
        let context = Rc::clone(&self.context);
        let connect = async move { context.pool.connect().await };
        let mut upstream = Upstream::Connecting(Box::pin(connect));
        if self.expects_continue {
            client.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        // The head may have come with (a part of) its body.
        if let Some(next) = self.client_data(client, &mut upstream) {
            return self.finish(client, upstream, next).await;
        }
        loop {
            let outcome = match self.next_event(client, &mut upstream).await {
                Event::ClientReadable => self.client_readable(client, &mut upstream),
                Event::ClientWritable => client.write_now().err().map(|_| self.client_gone()),
                Event::Connected(Ok(mut wire)) => {
                    self.connected(&wire);
                    wire.output.unsplit(std::mem::take(&mut self.request.waiting));
                    // A connection that broke already says so when it is read.
                    let _ = wire.write_now();
                    upstream = Upstream::Connected(wire);
                    None
                }
                Event::Connected(Err(error)) => {
                    Some(self.reply(client, LocalReply::connection_failure(&error)))
                }
                Event::UpstreamWritable => {
                    if let Upstream::Connected(wire) = &mut upstream {
                        let _ = wire.write_now();
                    }
                    None
                }
                Event::UpstreamReadable => self.upstream_readable(client, &mut upstream),
                Event::Deadline => Some(self.timed_out(client)),
            };
            if let Some(next) = outcome {
                return self.finish(client, upstream, next).await;
            }
        }
    }

    async fn next_event(&self, client: &Wire, upstream: &mut Upstream) -> Event {
        let deadline = async {
            match self.deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        // Whoever cannot take more makes the other side wait.
        let room_upstream = match upstream {
            Upstream::Connected(wire) => wire.output.len() < INPUT_BYTES_MAX,
            Upstream::Connecting(_) => self.request.waiting.len() < INPUT_BYTES_MAX,
        };
        let read_client = if self.request.framing.is_ended() {
            // Nothing is expected but the next request, or the client's leaving.
            client.input.len() < INPUT_BYTES_MAX
        } else {
            room_upstream
        };
        let room_client = client.output.len() < INPUT_BYTES_MAX;
        match upstream {
            Upstream::Connecting(connecting) => tokio::select! {
                _ = client.tcp.readable(), if read_client => Event::ClientReadable,
                _ = client.tcp.writable(), if !client.output.is_empty() => Event::ClientWritable,
                connected = connecting => Event::Connected(connected),
                () = deadline => Event::Deadline,
            },
            Upstream::Connected(wire) => tokio::select! {
                _ = client.tcp.readable(), if read_client => Event::ClientReadable,
                _ = client.tcp.writable(), if !client.output.is_empty() => Event::ClientWritable,
                _ = wire.tcp.readable(), if room_client => Event::UpstreamReadable,
                _ = wire.tcp.writable(), if !wire.output.is_empty() => Event::UpstreamWritable,
                () = deadline => Event::Deadline,
            },
        }
    }

    fn client_readable(&mut self, client: &mut Wire, upstream: &mut Upstream) -> Option<Next> {
        let read = client.read_now(INPUT_BYTES_MAX);
        let next = self.client_data(client, upstream);
        // In HTTP/1, Envoy takes a half-closed connection for a client that went away.
        if next.is_none() && read == Read::Closed { Some(self.client_gone()) } else { next }
    }

    /// Passes on what has come of the request's body.
    fn client_data(&mut self, client: &mut Wire, upstream: &mut Upstream) -> Option<Next> {
        if self.request.framing.is_ended() || client.input.is_empty() {
            return None;
        }
        let Ok(piece) = self.request.framing.take(&mut client.input) else {
            self.keep_alive = false;
            return Some(self.reply(client, LocalReply::bad_request()));
        };
        if let Some(tape) = &mut self.tape {
            tape.request_data(&piece.data);
            if piece.ended {
                tape.request_end(piece.trailers.as_ref());
            }
        }
        let output = match upstream {
            Upstream::Connected(wire) => &mut wire.output,
            Upstream::Connecting(_) => &mut self.request.waiting,
        };
        let (context, writing) = (&self.context, self.request.writing);
        if let Some(stream) = &mut self.stream {
            pass(context, stream, Side::Request, writing, piece, output);
        }
        if let Upstream::Connected(wire) = upstream {
            let _ = wire.write_now();
        }
        self.start_timer();
        None
    }

    fn connected(&mut self, wire: &Wire) {
        let address = wire.tcp.peer_addr().map(|address| address.to_string()).ok();
        if let Some(stream) = &mut self.stream {
            stream.update(|info| info.upstream_address = address);
        }
    }

    fn upstream_readable(&mut self, client: &mut Wire, upstream: &mut Upstream) -> Option<Next> {
        let Upstream::Connected(wire) = upstream else { return None };
        let read = wire.read_now(UPSTREAM_READ_BYTES_MAX);
        while self.response.framing.is_none() && !wire.input.is_empty() {
            match Response::take(&mut wire.input, self.request.head_only) {
                // Interim answers are not for filters, and Envoy does not pass them on.
                Ok(Some(response)) if response.status < 200 => {}
                Ok(Some(response)) => self.response_head(client, response),
                Ok(None) => break,
                Err(_) => return Some(self.reply(client, LocalReply::protocol_error())),
            }
        }
        let Some(mut framing) = self.response.framing else {
            let closed = read == Read::Closed;
            let reply = if wire.input.is_empty() {
                LocalReply::connection_termination()
            } else {
                LocalReply::protocol_error()
            };
            return closed.then(|| self.reply(client, reply));
        };
        let piece = if framing.is_ended() {
            // Header-only: the head has said all, and there is no body callback.
            Ok(None)
        } else {
            framing.take(&mut wire.input).map(Some)
        };
        self.response.framing = Some(framing);
        match piece {
            Ok(Some(mut piece)) => {
                piece.ended |= framing == Framing::UntilClose && read == Read::Closed;
                let ended = piece.ended;
                if let Some(tape) = &mut self.tape {
                    tape.response_data(&piece.data);
                    if ended {
                        tape.response_end(piece.trailers.as_ref());
                    }
                }
                if let Some(stream) = &mut self.stream {
                    let writing = self.response.writing;
                    pass(&self.context, stream, Side::Response, writing, piece, &mut client.output);
                }
                if client.write_now().is_err() {
                    return Some(self.client_gone());
                }
                if !ended && read == Read::Closed {
                    return Some(self.end(EndInfo::upstream_reset()));
                }
                ended.then(|| self.complete())
            }
            Ok(None) => Some(self.complete()),
            Err(_) => Some(self.end(EndInfo::upstream_reset())),
        }
    }

    fn response_head(&mut self, client: &mut Wire, response: Response) {
        let mut headers = response.headers;
        let waited = self.request.ended.map_or(0, |ended| ended.elapsed().as_millis());
        headers.replace("x-envoy-upstream-service-time", waited.to_string());
        let ended = response.framing.is_ended();
        if let Some(tape) = &mut self.tape {
            tape.response(&headers, ended);
        }
        let headers = self.show_head(headers, ended, "via_upstream");
        self.response.framing = Some(response.framing);
        self.response.upstream_keeps_alive = response.keep_alive;
        // A client that still sends cannot be answered and kept.
        self.keep_alive &= self.request.framing.is_ended();
        let has_body = !ended;
        self.response.writing =
            write_response(&headers, has_body, self.keep_alive, &mut client.output);
    }

    /// Gives a head to the filter; returns it as the filter left it.
    fn show_head(&mut self, headers: HeaderMap, ended: bool, details: &str) -> HeaderMap {
        let Some(stream) = &mut self.stream else { return headers };
        stream.update(|info| info.code_details = Some(details.into()));
        let untouched = headers.clone();
        self.context.note(stream.headers(Side::Response, headers, ended));
        let mut headers = stream.headers_after(Side::Response).unwrap_or(untouched);
        complete_head(&mut headers);
        stream.sent_headers(None, headers.clone());
        headers
    }

    fn timed_out(&mut self, client: &mut Wire) -> Next {
        if self.response.framing.is_none() {
            return self.reply(client, LocalReply::timeout());
        }
        self.end(EndInfo {
            flags: flags::UPSTREAM_REQUEST_TIMEOUT,
            code_details: Some("response_timeout".into()),
        })
    }

    /// Answers in the upstream's place, through the filter.
    fn reply(&mut self, client: &mut Wire, reply: LocalReply) -> Next {
        let headers: HeaderMap = [
            (":status", reply.status.to_string()),
            ("content-length", reply.body.len().to_string()),
            ("content-type", "text/plain".into()),
        ]
        .into_iter()
        .collect();
        if let Some(tape) = &mut self.tape {
            tape.local_reply(reply.flags | reply.flags_at_end);
        }
        if let Some(stream) = &mut self.stream {
            stream.update(|info| info.flags |= reply.flags);
        }
        let headers = self.show_head(headers, false, &reply.details);
        self.keep_alive &= self.request.framing.is_ended();
        let writing = write_response(&headers, true, self.keep_alive, &mut client.output);
        let data = if self.request.head_only { Bytes::new() } else { reply.body.into() };
        let piece = Piece { data, ended: true, trailers: None };
        if let Some(stream) = &mut self.stream {
            pass_whole(&self.context, stream, writing, piece, &mut client.output);
        }
        self.end(EndInfo { flags: reply.flags_at_end, code_details: None });
        if self.keep_alive { Next::KeepAlive } else { Next::Close }
    }

    fn complete(&mut self) -> Next {
        self.end(EndInfo::complete());
        if self.keep_alive { Next::KeepAlive } else { Next::Close }
    }

    fn client_gone(&mut self) -> Next {
        self.end(EndInfo::client_disconnect())
    }

    fn end(&mut self, end: EndInfo) -> Next {
        if let Some(tape) = self.tape.take()
            && let Err(error) = tape.finish(&end)
        {
            let message = format!("an exchange could not be recorded: {error}");
            self.context.worker.borrow_mut().note(LogLevel::Error, message);
        }
        if let Some(stream) = self.stream.take() {
            self.context.note(stream.end(end));
        }
        Next::Close
    }

    /// Sends what is left to the client, and keeps the upstream's connection if it is at a message boundary.
    async fn finish(self, client: &mut Wire, upstream: Upstream, next: Next) -> Next {
        if let Upstream::Connected(wire) = upstream
            && self.response.upstream_keeps_alive
            && self.response.framing == Some(Framing::Ended)
            && self.request.framing.is_ended()
        {
            self.context.pool.give_back(wire);
        }
        if client.flush().await.is_err() { Next::Close } else { next }
    }

    /// The route's timeout, and the upstream's service time, run from the end of the request.
    fn start_timer(&mut self) {
        if self.request.framing.is_ended() && self.request.ended.is_none() {
            self.request.ended = Some(Instant::now());
            self.deadline = self.context.timeout.map(|timeout: Duration| Instant::now() + timeout);
        }
    }
}

/// Gives one piece to the filter and writes what it leaves, with HTTP/1's form of the end: an empty last chunk, or trailers.
fn pass(
    context: &Context,
    stream: &mut Stream,
    side: Side,
    writing: Writing,
    piece: Piece,
    output: &mut bytes::BytesMut,
) {
    if !piece.data.is_empty() {
        let (data, outcome) = stream.body(side, piece.data, false);
        context.note(outcome);
        writing.data(&data, output);
    }
    if !piece.ended {
        return;
    }
    match piece.trailers {
        Some(trailers) => context.note(stream.trailers(side, trailers)),
        None => {
            let (data, outcome) = stream.body(side, Bytes::new(), true);
            context.note(outcome);
            writing.data(&data, output);
        }
    }
    writing.end(stream.trailers_after(side).as_ref(), output);
}

/// A local reply's body is one chunk that is the end, too.
fn pass_whole(
    context: &Context,
    stream: &mut Stream,
    writing: Writing,
    piece: Piece,
    output: &mut bytes::BytesMut,
) {
    let (data, outcome) = stream.body(Side::Response, piece.data, true);
    context.note(outcome);
    writing.data(&data, output);
    writing.end(None, output);
}
