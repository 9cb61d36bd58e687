//! One stream as Envoy's filter manager has it: frames that have passed, frames that are held, local replies.
//!
//! A flow belongs to a worker and not to its VM, because it outlives one that
//! crashes. Nothing here runs a callback or decides what client and upstream
//! send: the worker moves frames, the exchange makes them.

mod lane;
mod reply;

use bytes::{Bytes, BytesMut};

pub(crate) use self::{
    lane::{DataAction, Lane, Stop},
    reply::{FAILED, Reply},
};
use crate::{EndInfo, Error, HeaderMap, direction::Direction};

/// A part of a message, in the order headers, any data, maybe trailers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Frame {
    /// With true if nothing follows.
    Headers(HeaderMap, bool),
    /// With true if nothing follows.
    Data(Bytes, bool),
    /// Nothing ever follows.
    Trailers(HeaderMap),
}

/// What the client or the upstream received of a message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Received {
    /// `None` if nothing came.
    pub headers: Option<HeaderMap>,
    /// All of its data.
    pub body: BytesMut,
    /// `None` if there were none.
    pub trailers: Option<HeaderMap>,
    /// False if it broke off.
    pub complete: bool,
}

/// The filter chain that a filter is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Chain {
    /// Before the router: one stream per request, with `on_log`.
    Downstream,
    /// After the router: one stream per attempt, without `on_log`.
    Upstream,
}

/// One stream and how far it is.
#[derive(Debug)]
pub(crate) struct Flow {
    /// Its context in the VM; `None` if no filter sees it.
    pub(crate) context: Option<u32>,
    /// The VM that the context is in, counted over restarts.
    pub(crate) generation: u64,
    pub(crate) chain: Chain,
    pub(crate) request: Lane,
    pub(crate) response: Lane,
    /// The filter's VM died, and the stream goes on without it.
    pub(crate) bypass: bool,
    /// The proxy answered in the upstream's place.
    pub(crate) replied: bool,
    /// The filter's VM died, and the stream was answered or cut for that.
    pub(crate) failed: bool,
    /// The request was a HEAD, so that answers have no body.
    pub(crate) head_only: bool,
    /// The request was gRPC, so that local replies are, too.
    pub(crate) grpc: bool,
    /// Flags of a local reply that are visible only in `on_log`.
    pub(crate) flags_at_end: u64,
    /// Monotonic time of the request's last byte.
    pub(crate) request_ended_ns: Option<u64>,
    /// Set once it is over.
    pub(crate) end: Option<EndInfo>,
    /// The first failure of the filter in this stream.
    pub(crate) error: Option<Error>,
}

impl Flow {
    pub(crate) fn new(context: Option<u32>, generation: u64, chain: Chain) -> Flow {
        Flow {
            context,
            generation,
            chain,
            request: Lane::default(),
            response: Lane::default(),
            bypass: false,
            replied: false,
            failed: false,
            head_only: false,
            grpc: false,
            flags_at_end: 0,
            request_ended_ns: None,
            end: None,
            error: None,
        }
    }
}

impl Flow {
    pub(crate) fn lane(&mut self, direction: Direction) -> &mut Lane {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    /// Notes what kinds of answers the request's headers allow.
    pub(crate) fn describe(&mut self, request: &HeaderMap) {
        let get = |name| request.get_str(name).unwrap_or_default();
        self.head_only = get(":method") == "HEAD";
        self.grpc = get("content-type").starts_with("application/grpc");
    }
}

impl Received {
    /// The status code of a response, if it has one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.headers.as_ref()?.get_str(":status")?.parse().ok()
    }

    pub(crate) fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Headers(headers, ended) => {
                self.headers = Some(headers);
                self.complete |= ended;
            }
            Frame::Data(data, ended) => {
                self.body.extend_from_slice(&data);
                self.complete |= ended;
            }
            Frame::Trailers(trailers) => {
                self.trailers = Some(trailers);
                self.complete = true;
            }
        }
    }
}
