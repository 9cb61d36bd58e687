//! A host within the process, for tools and tests: it keeps what a proxy keeps, and sends nothing.
//!
//! All sessions that it is given to share what it keeps, as the VMs of one proxy do. A counter or gauge has its value, a histogram the number and the sum of its samples.
//! Clocks stand until they are set.

mod metrics;
mod stream;

use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};
use core::{
    cell::{Cell, RefCell},
    time::Duration,
};

use driftline_labels::Direction;
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};

use self::metrics::Metrics;
use crate::host::{HeaderMap, Host, IF_ABSENT, LogLevel, MetricId};
use driftline_metrics::{buffer::Change, catalogue::Kind, series::Series};

pub use self::{
    metrics::{Metric, MetricChange},
    stream::NativeStream,
};

/// A host in memory. One stream at a time: its headers and its pieces of bodies are set before each callback.
#[derive(Debug, Default)]
pub struct NativeHost {
    /// What the monotonic clock shows.
    pub now: Cell<Timestamp>,
    /// What the wall clock shows; `None` for a host without one.
    pub wall_clock: Cell<Option<UnixTime>>,
    /// The filter's configuration.
    pub configuration: RefCell<Vec<u8>>,
    /// The request's headers, names in lower case, `:path` and `:method` among them.
    pub request: RefCell<Vec<Header>>,
    /// The response's headers, `:status` among them.
    pub response: RefCell<Vec<Header>>,
    /// The response's trailers.
    pub trailers: RefCell<Vec<Header>>,
    /// What the stream's properties hold, by path.
    pub properties: RefCell<BTreeMap<String, Vec<u8>>>,
    /// What the running callback's body brought, without what was drained.
    pub body: RefCell<Vec<u8>>,
    /// It takes no shared data, so that every VM has its own past.
    pub has_no_shared_data: Cell<bool>,
    metrics: RefCell<Metrics>,
    shared: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    log: RefCell<Vec<(LogLevel, String)>>,
    tick_milliseconds: Cell<Option<u32>>,
    drained_bytes: Cell<usize>,
    local_reply: RefCell<Option<LocalReply>>,
}

/// What the stream was answered in the model server's place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LocalReply {
    /// The status code.
    pub status: u32,
    /// The value of `content-type`.
    pub content_type: String,
    /// The whole body.
    pub body: Vec<u8>,
}

/// A header's name in lower case, and its value.
pub type Header = (String, Vec<u8>);

impl NativeHost {
    /// A host that has just started, at this time of its clock.
    pub fn starting_at(now: Timestamp) -> NativeHost {
        NativeHost { now: Cell::new(now), ..NativeHost::default() }
    }

    /// Lets time pass; the clock stops at its end, after 584 years.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.now.set(Timestamp(self.now.get().0.saturating_add(by)));
    }

    /// All metrics, in the order of definition.
    pub fn metrics(&self) -> Vec<Metric> {
        self.metrics.borrow().all().to_vec()
    }

    /// All series, in the order of definition: a session defines none without a stat name of the catalogue's form.
    pub fn series(&self) -> Vec<Series> {
        let metrics = self.metrics.borrow();
        metrics.all().iter().filter_map(|it| Series::of_stat_name(it.kind, &it.stat_name)).collect()
    }

    /// What changed since the last call, and is not as it was.
    pub fn changes(&self) -> Vec<MetricChange> {
        self.metrics.borrow_mut().take_changes()
    }

    /// What the metric of this stat name stands at, whether the host refuses to tell it or not; `None` if there is none.
    pub fn value(&self, stat_name: &str) -> Option<u64> {
        self.metrics.borrow_mut().of_name(stat_name).map(|metric| metric.value)
    }

    /// All values of one kind, in the order of definition.
    pub fn values(&self, kind: Kind) -> Vec<u64> {
        let metrics = self.metrics.borrow();
        let of_kind = metrics.all().iter().filter(|metric| metric.kind == kind);
        of_kind.map(|metric| metric.value).collect()
    }

    /// Changes the metric of this stat name as if other workers had; whether there is one.
    pub fn edit_metric(&self, stat_name: &str, edit: impl FnOnce(&mut Metric)) -> bool {
        self.metrics.borrow_mut().of_name(stat_name).map(edit).is_some()
    }

    /// From now on refuses to tell any metric, or only those that are refused one by one.
    pub fn refuse_metrics(&self, are_refused: bool) {
        self.metrics.borrow_mut().are_refused = are_refused;
    }

    /// How often a metric was read back.
    pub fn metric_reads(&self) -> u64 {
        self.metrics.borrow().reads
    }

    /// The keys of all shared data that begin so.
    pub fn shared_keys(&self, prefix: &str) -> Vec<String> {
        let shared = self.shared.borrow();
        shared.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
    }

    /// The lines of the log, and forgets them.
    pub fn log_lines(&self) -> Vec<(LogLevel, String)> {
        core::mem::take(&mut self.log.borrow_mut())
    }

    /// How often the filter asked to be ticked; `None` if it did not.
    pub fn tick_milliseconds(&self) -> Option<u32> {
        self.tick_milliseconds.get()
    }

    /// How many bytes of the stream's bodies were drained.
    pub fn drained_bytes(&self) -> usize {
        self.drained_bytes.get()
    }

    /// What the stream was answered in the model server's place; `None` if it was not.
    pub fn reply(&self) -> Option<LocalReply> {
        self.local_reply.borrow().clone()
    }

    /// Forgets the stream: its headers, properties, bodies and local reply.
    pub fn end_stream(&self) {
        for headers in [&self.request, &self.response, &self.trailers] {
            headers.borrow_mut().clear();
        }
        self.properties.borrow_mut().clear();
        self.body.borrow_mut().clear();
        self.drained_bytes.set(0);
        *self.local_reply.borrow_mut() = None;
    }

    /// Sets a property of the stream.
    pub fn set_property(&self, path: &str, value: &[u8]) {
        self.properties.borrow_mut().insert(path.to_owned(), value.to_owned());
    }

    fn headers(&self, map: HeaderMap) -> &RefCell<Vec<Header>> {
        match map {
            HeaderMap::Request => &self.request,
            HeaderMap::Response => &self.response,
            HeaderMap::ResponseTrailers => &self.trailers,
        }
    }
}

fn number(id: MetricId) -> usize {
    usize::try_from(id.number()).unwrap_or(usize::MAX)
}

/// A header by text.
pub fn header(name: &str, value: &str) -> Header {
    (name.to_ascii_lowercase(), value.as_bytes().to_owned())
}

impl Host for NativeHost {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn wall_clock(&self) -> Option<UnixTime> {
        self.wall_clock.get()
    }

    fn configuration(&self) -> Vec<u8> {
        self.configuration.borrow().clone()
    }

    fn log(&self, level: LogLevel, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }

    fn set_tick_period(&self, milliseconds: u32) {
        self.tick_milliseconds.set(Some(milliseconds));
    }

    fn define_metric(&self, kind: Kind, stat_name: &str) -> Option<MetricId> {
        let number = self.metrics.borrow_mut().define(kind, stat_name);
        MetricId::new(u32::try_from(number).ok()?)
    }

    fn change_metric(&self, id: MetricId, change: Change) {
        self.metrics.borrow_mut().change(number(id), change);
    }

    fn metric(&self, id: MetricId) -> Option<u64> {
        self.metrics.borrow_mut().read(number(id))
    }

    fn shared_data(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.shared.borrow().get(key).cloned()
    }

    fn set_shared_data(&self, key: &str, value: &[u8], version: u32) -> bool {
        let mut shared = self.shared.borrow_mut();
        let current = shared.get(key).map(|(_, version)| *version);
        let fits = match current {
            None => true,
            Some(current) => version == 0 || (version != IF_ABSENT && version == current),
        };
        let is_set = fits && !self.has_no_shared_data.get();
        if is_set {
            let next = current.unwrap_or(0).wrapping_add(1);
            shared.insert(key.to_owned(), (value.to_owned(), next));
        }
        is_set
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        let headers = self.headers(map).borrow();
        headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn add_header(&self, map: HeaderMap, name: &str, value: &str) {
        self.headers(map).borrow_mut().push((name.to_owned(), value.as_bytes().to_owned()));
    }

    fn remove_header(&self, map: HeaderMap, name: &str) {
        self.headers(map).borrow_mut().retain(|(known, _)| known != name);
    }

    fn property(&self, path: &str) -> Option<Vec<u8>> {
        self.properties.borrow().get(path).cloned()
    }

    fn body(&self, _direction: Direction, start: usize, max: usize) -> Option<Vec<u8>> {
        let body = self.body.borrow();
        let end = start.saturating_add(max).min(body.len());
        body.get(start..end).map(<[u8]>::to_vec)
    }

    fn drain_body(&self, _direction: Direction, size: usize) {
        let mut body = self.body.borrow_mut();
        let size = size.min(body.len());
        body.drain(..size);
        self.drained_bytes.set(self.drained_bytes.get().saturating_add(size));
    }

    fn local_reply(&self, status: u32, content_type: &str, body: &[u8]) {
        let reply =
            LocalReply { status, content_type: content_type.to_owned(), body: body.to_owned() };
        *self.local_reply.borrow_mut() = Some(reply);
    }
}
