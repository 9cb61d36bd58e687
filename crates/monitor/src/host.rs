//! What a session needs of the proxy that it runs in; an implementation translates and decides nothing.
//!
//! proxy-wasm is one host, the native stage of the tests another. All calls are about the stream whose callback runs,
//! where there is one. A call that the host refuses gives `None` or changes nothing, never a panic.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use driftline_labels::Direction;
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};

use driftline_metrics::{buffer::Change, catalogue::Kind};

/// For [`Host::set_shared_data`]: writes only if there is no value yet. Hosts give versions from 1 upwards and compare
/// them where there is a value, so this one fits none.
pub const IF_ABSENT: u32 = u32::MAX;

/// A proxy, as a session sees it.
///
/// Four calls change traffic: [`Host::add_header`] and [`Host::remove_header`], where the configuration says so, and
/// [`Host::drain_body`] and [`Host::local_reply`], for requests to the filter itself.
pub trait Host {
    /// The monotonic clock; zero, for good, on a host that has none.
    fn now(&self) -> Timestamp;

    /// The wall clock, which may step; `None` on a host that has none.
    fn wall_clock(&self) -> Option<UnixTime>;

    /// The filter's configuration, as the operator wrote it.
    fn configuration(&self) -> Vec<u8>;

    /// Writes a line to the proxy's log.
    fn log(&self, level: LogLevel, message: &str);

    /// Asks for a tick every so many milliseconds.
    fn set_tick_period(&self, milliseconds: u32);

    /// Defines a metric by its stat name; `None` if the host refuses it. A proxy may give a new id at each call, so it
    /// is called once per series and configuration.
    fn define_metric(&self, kind: Kind, stat_name: &str) -> Option<MetricId>;

    /// Makes a change to a metric. A host that refuses it loses this one change and nothing else.
    fn change_metric(&self, id: MetricId, change: Change);

    /// The value of a counter or gauge of the whole proxy, over all its workers; `None` if the host refuses to tell,
    /// which is not a value of 0.
    fn metric(&self, id: MetricId) -> Option<u64>;

    /// A value that all VMs of the filter share, and its version; `None` if there is none, or no shared memory.
    fn shared_data(&self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Replaces a shared value if it still has this version; 0 replaces in any case, [`IF_ABSENT`] only if there is no
    /// value. Whether it did.
    fn set_shared_data(&self, key: &str, value: &[u8], version: u32) -> bool;

    /// The first value of a header.
    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>>;

    /// Puts a header in.
    fn add_header(&self, map: HeaderMap, name: &str, value: &str);

    /// Takes a header out, all its values.
    fn remove_header(&self, map: HeaderMap, name: &str);

    /// A property of the stream; `path` has its parts separated by NUL.
    fn property(&self, path: &str) -> Option<Vec<u8>>;

    /// Up to `max` bytes from `start` on of what a body's callback brought.
    fn body(&self, direction: Direction, start: usize, max: usize) -> Option<Vec<u8>>;

    /// Takes all `size` bytes out of what a body's callback brought, so that they are neither passed on nor kept: a proxy
    /// keeps what is left in a body that stops.
    fn drain_body(&self, direction: Direction, size: usize);

    /// Answers the request in the model server's place, once the callback is over; nothing more of the request is shown.
    /// The callbacks of a response follow, with this one.
    fn local_reply(&self, status: u32, content_type: &str, body: &[u8]);
}

/// A header map, readable in its own callback.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeaderMap {
    /// The request's headers.
    Request,
    /// The response's headers.
    Response,
    /// The response's trailers.
    ResponseTrailers,
}

/// How loud a line of the log is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogLevel {
    /// For the record.
    Info,
    /// Something is not as the operator asked.
    Error,
}

/// The host's name for a defined metric: one more than its number, so that `Option<MetricId>` takes four bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MetricId(NonZeroU32);

impl MetricId {
    /// The metric that the host gave this number; `None` for the last of all numbers, which no host gives.
    #[must_use]
    pub fn new(number: u32) -> Option<MetricId> {
        NonZeroU32::new(number.wrapping_add(1)).map(MetricId)
    }

    /// The host's number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.get().wrapping_sub(1)
    }
}
