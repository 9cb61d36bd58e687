//! One client connection: request after request until either side ends it; pipelined requests wait their turn.

use std::{
    net::SocketAddr,
    rc::Rc,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};

use super::{
    context::{Connected, Context, Life, has_come_to},
    exchange::{Exchange, Next},
    head::{Follows, Kind, Refusal, Request, complete_head, write_response},
    wire::{INPUT_BYTES_MAX, Read, Wire},
};
use crate::{EndInfo, HeaderMap, Stream, StreamInfo, flags};

/// Connections are numbered over all workers.
static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// What a connection that waits for a request's head may see first.
enum Wait {
    Readable,
    Broken,
    /// The head takes too long.
    TooLong,
    /// The proxy drains.
    Draining,
}

/// Serves requests until the client or an error closes the connection, or the proxy drains and no request is under way.
pub(super) async fn serve(
    context: Rc<Context>,
    tcp: TcpStream,
    client: SocketAddr,
    _connected: Connected,
) {
    let own = tcp.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let info = StreamInfo {
        connection_id: CONNECTIONS.fetch_add(1, Relaxed),
        source_address: client.to_string(),
        destination_address: own,
        route_name: Some(context.route_name.clone()),
        ..StreamInfo::default()
    };
    let mut wire = Wire::new(tcp);
    let mut deadline = None;
    loop {
        let request = match Request::take(&mut wire.input) {
            Ok(Some(request)) => request,
            Ok(None) => {
                // Between two requests a client may be silent, and its time begins with the first byte.
                if deadline.is_none() && !wire.input.is_empty() {
                    deadline = context.request_headers_timeout.map(|limit| Instant::now() + limit);
                }
                match wait(&context, &wire, deadline).await {
                    Wait::Broken => return,
                    Wait::TooLong => {
                        refuse(&context, &mut wire, info, Refusal::too_slow()).await;
                        return wire.linger().await;
                    }
                    // A request may have come with the wish to drain.
                    Wait::Readable | Wait::Draining => {
                        if wire.read_now(2 * INPUT_BYTES_MAX) == Read::Closed
                            || (wire.input.is_empty() && context.is_draining())
                        {
                            return;
                        }
                    }
                }
                continue;
            }
            Err(refusal) => {
                let next = refuse(&context, &mut wire, info.clone(), refusal).await;
                if next == Next::Close {
                    return;
                }
                deadline = None;
                continue;
            }
        };
        deadline = None;
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

async fn wait(context: &Context, wire: &Wire, deadline: Option<Instant>) -> Wait {
    let too_long = async {
        match deadline {
            Some(deadline) => sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        readable = wire.tcp.readable() => {
            if readable.is_ok() { Wait::Readable } else { Wait::Broken }
        }
        () = too_long => Wait::TooLong,
        () = has_come_to(&context.life, Life::Draining), if wire.input.is_empty() => Wait::Draining,
    }
}

/// Answers in the filter chain's place. The filter gets a context, and only its end.
async fn refuse(context: &Context, wire: &mut Wire, info: StreamInfo, refusal: Refusal) -> Next {
    // A request that was understood but for its host gets a bare answer, in Envoy, too.
    let body = if refusal.headers.is_some() { "" } else { refusal.body };
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
    // The client may be gone already; then the response does not matter.
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
