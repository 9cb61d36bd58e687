//! One client connection: request after request until either side ends it; pipelined requests wait their turn.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    net::SocketAddr,
    rc::Rc,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use tokio::{net::TcpStream, sync::Notify};

use super::{
    exchange::{Exchange, Next},
    head::{Follows, Kind, Refusal, Request, complete_head, reason, write_response},
    pool::Pool,
    wire::{Read, Wire},
};
use crate::{EndInfo, Error, HeaderMap, LogLevel, Recorder, Stream, StreamInfo, Worker, flags};

/// What all connections of one worker share.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) worker: Rc<RefCell<Worker>>,
    pub(super) pool: Pool,
    pub(super) route_name: String,
    pub(super) timeout: Option<Duration>,
    pub(super) recorder: Option<Recorder>,
    /// Protocols that a request may ask for, in lower case.
    pub(super) upgrades: BTreeSet<String>,
    /// Tells exchanges that a callback may have done something about them which they have not asked for.
    pub(super) progress: Rc<Notify>,
}

/// Beyond this much unread input of one kind, the other side has to wait.
pub(super) const INPUT_BYTES_MAX: usize = 64 * 1024;

/// Connections are numbered over all workers.
static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// Serves requests until the client or an error closes the connection.
pub(super) async fn serve(context: Rc<Context>, tcp: TcpStream, client: SocketAddr) {
    let own = tcp.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let info = StreamInfo {
        connection_id: CONNECTIONS.fetch_add(1, Relaxed),
        source_address: client.to_string(),
        destination_address: own,
        route_name: Some(context.route_name.clone()),
        ..StreamInfo::default()
    };
    let mut wire = Wire::new(tcp);
    loop {
        let request = match Request::take(&mut wire.input) {
            Ok(Some(request)) => request,
            Ok(None) => {
                if wire.tcp.readable().await.is_err()
                    || wire.read_now(2 * INPUT_BYTES_MAX) == Read::Closed
                {
                    return;
                }
                continue;
            }
            Err(refusal) => {
                let next = refuse(&context, &mut wire, info.clone(), refusal).await;
                if next == Next::Close {
                    return;
                }
                continue;
            }
        };
        if let Kind::Upgrade(protocol) = &request.kind
            && !context.upgrades.contains(protocol)
        {
            refuse(&context, &mut wire, info, Refusal::upgrade(request.headers)).await;
            return;
        }
        let exchange = Exchange::begin(&context, info.clone(), request);
        if exchange.run(&mut wire).await == Next::Close {
            return;
        }
    }
}

/// Answers in the filter chain's place. The filter gets a context, and only its end.
async fn refuse(context: &Context, wire: &mut Wire, info: StreamInfo, refusal: Refusal) -> Next {
    // A request that was understood but for its host gets a bare answer, in Envoy, too.
    let body = if refusal.headers.is_some() { "" } else { reason(refusal.status) };
    let mut headers: HeaderMap = [(":status", refusal.status.to_string())].into_iter().collect();
    if !body.is_empty() {
        headers.add("content-length", body.len().to_string());
        headers.add("content-type", "text/plain");
    }
    complete_head(&mut headers);
    let mut stream = open(context, info.without_route());
    stream.sent_headers(refusal.headers, headers.clone());
    stream.update(|info| info.response_bytes = body.len() as u64);
    let flags = if refusal.protocol_error { flags::DOWNSTREAM_PROTOCOL_ERROR } else { 0 };
    let end = EndInfo { flags, code_details: Some(refusal.details.into()) };
    context.note(stream.end(end));
    let follows = if body.is_empty() { Follows::Nothing } else { Follows::Body };
    write_response(&headers, follows, refusal.keep_alive, &mut wire.output);
    wire.output.extend_from_slice(body.as_bytes());
    // The client may be gone already; then nobody misses the answer.
    let sent = wire.flush().await;
    if refusal.keep_alive && sent.is_ok() { Next::KeepAlive } else { Next::Close }
}

/// A stream of the worker's filter, or one past it if the filter crashes over it.
fn open(context: &Context, info: StreamInfo) -> Stream {
    let opened = Stream::open(Rc::clone(&context.worker), info);
    opened.unwrap_or_else(|error| {
        context.note(Err(error));
        Stream::bypass(Rc::clone(&context.worker))
    })
}

impl Context {
    /// A random UUID (version 4), as Envoy gives a request that brings none.
    pub(super) fn request_id(&self) -> String {
        let mut worker = self.worker.borrow_mut();
        let (high, low) = (worker.random(), worker.random());
        let high = high & 0xffff_ffff_ffff_0fff | 0x4000;
        let low = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    /// Logs what the filter did wrong over a request that it does not see.
    fn note(&self, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            self.worker.borrow_mut().note(LogLevel::Error, error.to_string());
        }
    }
}
