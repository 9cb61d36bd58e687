//! Calls that a filter makes to other services: what is under way, and what their answers bring; a test plays the peers.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use bytes::Bytes;

use crate::{HeaderMap, local_reply::LocalReply};

/// An HTTP request of a filter's own that has no answer yet.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct HttpCall {
    /// The VM that made it.
    pub vm: String,
    /// Its number in that VM: 4, 8, ...
    pub token: u32,
    /// Where it goes.
    pub cluster: String,
    /// Pseudo headers included.
    pub headers: HeaderMap,
    /// Maybe empty.
    pub body: Bytes,
    /// Maybe empty.
    pub trailers: HeaderMap,
    /// After this time Envoy answers it with 504; never if it is zero.
    pub timeout: Duration,
    pub(crate) vm_number: u64,
    pub(crate) root: u32,
    pub(crate) due_ns: Option<u64>,
}

/// What comes back for an [`HttpCall`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HttpAnswer {
    /// `:status` included.
    pub headers: HeaderMap,
    /// Maybe empty.
    pub body: Bytes,
    /// Maybe empty.
    pub trailers: HeaderMap,
}

/// A gRPC call or stream of a filter's own.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct GrpcCall {
    /// The VM that made it.
    pub vm: String,
    /// Its number in that VM: 5, 9, ... for calls and 6, 10, ... for streams.
    pub token: u32,
    /// Where it goes.
    pub cluster: String,
    /// `package.Service`.
    pub service: String,
    /// The method's name.
    pub method: String,
    /// The client's metadata.
    pub metadata: HeaderMap,
    /// The messages sent so far; of a call, its one.
    pub messages: Vec<Bytes>,
    /// The filter sends no more.
    pub half_closed: bool,
    /// After this time Envoy closes a call with status 4, never if it is zero; streams have none.
    pub timeout: Option<Duration>,
    pub(crate) vm_number: u64,
    pub(crate) root: u32,
    pub(crate) due_ns: Option<u64>,
}

/// What a gRPC peer does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GrpcEvent {
    /// The head of its answer.
    InitialMetadata(HeaderMap),
    /// A message. To a call, this is the whole answer, and its end.
    Message(Bytes),
    /// What follows the last message.
    TrailingMetadata(HeaderMap),
    /// The end, with a status and its words.
    Close(u32, String),
}

/// A name that a filter wants resolved (`envoy_resolve_dns`).
///
/// It waits for [`World::answer_dns`](crate::World::answer_dns), however long that takes.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct DnsQuery {
    /// The VM that asks.
    pub vm: String,
    /// Its number in that VM: 2, 3, ...
    pub token: u32,
    /// The name.
    pub name: String,
    pub(crate) vm_number: u64,
    pub(crate) root: u32,
}

/// One address of a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DnsAddress {
    /// The filter reads it with port 0: `192.0.2.1:0`, `[2001:db8::1]:0`.
    pub address: IpAddr,
    /// How long it may be kept; the filter reads whole seconds.
    pub time_to_live: Duration,
}

/// The calls of one VM that are under way.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(crate) http: BTreeMap<u32, HttpCall>,
    pub(crate) grpc: BTreeMap<u32, GrpcCall>,
    pub(crate) dns: BTreeMap<u32, DnsQuery>,
    last: [u32; 3],
    dns_tokens: u32,
}

/// The answer that the callback which runs now may read.
#[derive(Debug, Default)]
pub(crate) struct Arrived {
    pub(crate) headers: Option<HeaderMap>,
    pub(crate) body: Option<Bytes>,
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) initial_metadata: Option<HeaderMap>,
    pub(crate) message: Option<Bytes>,
    pub(crate) trailing_metadata: Option<HeaderMap>,
    pub(crate) addresses: Option<Bytes>,
}

/// What a token counts; its low two bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Http = 0,
    GrpcCall = 1,
    GrpcStream = 2,
}

impl Calls {
    /// Tokens go up in steps of four, so that the low two bits tell the kind.
    pub(crate) fn next_token(&mut self, kind: Kind) -> u32 {
        let last = &mut self.last[kind as usize];
        *last += 4;
        *last + kind as u32
    }

    /// The resolver's tokens are numbers of their own, from 2 on.
    pub(crate) fn next_dns_token(&mut self) -> u32 {
        self.dns_tokens += 1;
        self.dns_tokens + 1
    }

    /// Monotonic time at which the first of them has waited too long.
    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        let http = self.http.values().filter_map(|call| call.due_ns);
        http.chain(self.grpc.values().filter_map(|call| call.due_ns)).min()
    }
}

/// What a filter reads of addresses: their count, the seconds that each lives, each as text closed by a zero byte.
pub(crate) fn addresses_as_bytes(addresses: &[DnsAddress]) -> Bytes {
    let word = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let mut out = word(addresses.len() as u64).to_vec();
    for address in addresses {
        out.extend_from_slice(&word(address.time_to_live.as_secs()));
    }
    for address in addresses {
        out.extend_from_slice(SocketAddr::new(address.address, 0).to_string().as_bytes());
        out.push(0);
    }
    out.into()
}

impl HttpAnswer {
    /// An answer with a body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Bytes>) -> HttpAnswer {
        let headers = [(":status", status.to_string())].into_iter().collect();
        HttpAnswer { headers, body: body.into(), trailers: HeaderMap::new() }
    }

    /// How Envoy answers a call to a service that it cannot connect to.
    #[must_use]
    pub fn unreachable() -> HttpAnswer {
        let refused = std::io::Error::from_raw_os_error(111);
        HttpAnswer::local(503, LocalReply::connection_failure(&refused).body)
    }

    /// How Envoy answers a call that was not answered in time.
    pub(crate) fn timeout() -> HttpAnswer {
        HttpAnswer::local(504, LocalReply::timeout().body)
    }

    fn local(status: u16, body: String) -> HttpAnswer {
        let mut answer = HttpAnswer::new(status, body);
        answer.headers.add("content-length", answer.body.len().to_string());
        answer.headers.add("content-type", "text/plain");
        answer
    }
}
