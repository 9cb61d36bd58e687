//! A host within the process, for tools and tests: it keeps what a proxy keeps, and changes no traffic.
//!
//! Metrics are those of one VM: a counter or gauge has its value, a histogram the number and the sum of its samples.
//! Clocks stand until they are set.

use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};
use core::cell::{Cell, RefCell};

use driftline_labels::Direction;
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};

use crate::{
    host::{HeaderMap, Host, IF_ABSENT, LogLevel, MetricId},
    session::{Session, Stream},
};
use driftline_inference::exchange::Observation;
use driftline_metrics::{buffer::Change, catalogue::Kind, series::Series};

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
    /// What the running callback's body brought.
    pub body: RefCell<Vec<u8>>,
    metrics: RefCell<Vec<Metric>>,
    /// Numbers of the metrics that changed since [`NativeHost::changes`] was asked, each once.
    changed: RefCell<Vec<usize>>,
    shared: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    log: RefCell<Vec<(LogLevel, String)>>,
    tick_milliseconds: Cell<Option<u32>>,
}

/// A header's name in lower case, and its value.
pub type Header = (String, Vec<u8>);

/// A metric as the host keeps it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metric {
    /// How it behaves.
    pub kind: Kind,
    /// The name that the filter gave it, labels included.
    pub stat_name: String,
    /// What a counter or a gauge stands at; of a histogram, how many samples it has.
    pub value: u64,
    /// The sum of a histogram's samples, which wraps around.
    pub sum: u64,
    /// By how much `value` has changed since it was last asked; it wraps around.
    change: i64,
    sum_change: u64,
    is_changed: bool,
    is_set: bool,
}

/// What happened to a metric.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MetricChange {
    /// Which one, in the order of definition.
    pub number: usize,
    /// By how much its value changed; of a gauge that was set, what it was set to.
    pub by: i64,
    /// By how much the sum of its samples grew.
    pub sum: u64,
}

impl NativeHost {
    /// All metrics, in the order of definition.
    pub fn metrics(&self) -> Vec<Metric> {
        self.metrics.borrow().clone()
    }

    /// All series, in the order of definition: a session defines none without a stat name of the catalogue's form.
    pub fn series(&self) -> Vec<Series> {
        let metrics = self.metrics.borrow();
        metrics.iter().filter_map(|it| Series::of_stat_name(it.kind, &it.stat_name)).collect()
    }

    /// What changed since the last call, and is not as it was.
    pub fn changes(&self) -> Vec<MetricChange> {
        let mut metrics = self.metrics.borrow_mut();
        let mut changes = Vec::new();
        for number in self.changed.borrow_mut().drain(..) {
            let Some(metric) = metrics.get_mut(number) else { continue };
            metric.is_changed = false;
            let change = core::mem::take(&mut metric.change);
            let is_set = core::mem::take(&mut metric.is_set);
            let by = if is_set { metric.value.cast_signed() } else { change };
            let sum = core::mem::take(&mut metric.sum_change);
            if by != 0 || sum != 0 {
                changes.push(MetricChange { number, by, sum });
            }
        }
        changes
    }

    /// The lines of the log, and forgets them.
    pub fn log_lines(&self) -> Vec<(LogLevel, String)> {
        core::mem::take(&mut self.log.borrow_mut())
    }

    /// How often the filter asked to be ticked; `None` if it did not.
    pub fn tick_milliseconds(&self) -> Option<u32> {
        self.tick_milliseconds.get()
    }

    /// Forgets the stream: its headers, properties and bodies.
    pub fn end_stream(&self) {
        for headers in [&self.request, &self.response, &self.trailers] {
            headers.borrow_mut().clear();
        }
        self.properties.borrow_mut().clear();
        self.body.borrow_mut().clear();
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

/// One stream of a session under a [`NativeHost`]: it sets what the host holds, and calls the session.
pub struct NativeStream<'s> {
    session: &'s Session,
    host: &'s NativeHost,
    stream: Stream,
}

impl<'s> NativeStream<'s> {
    /// Begins with the request's headers; `is_end` if no body comes.
    pub fn begin(
        session: &'s Session,
        host: &'s NativeHost,
        headers: Vec<Header>,
        is_end: bool,
    ) -> NativeStream<'s> {
        *host.request.borrow_mut() = headers;
        let mut stream = Stream::default();
        session.request_headers(host, &mut stream, is_end);
        NativeStream { session, host, stream }
    }

    /// A stream that the proxy refused before the filter saw its headers.
    pub fn refused(session: &'s Session, host: &'s NativeHost) -> NativeStream<'s> {
        NativeStream { session, host, stream: Stream::default() }
    }

    /// Whether the exchange is measured.
    pub fn is_measured(&self) -> bool {
        self.stream.is_measured()
    }

    /// Brings the next piece of the request's body.
    pub fn request_body(&mut self, bytes: &[u8], is_end: bool) {
        self.set_body(bytes);
        self.session.request_body(self.host, &mut self.stream, bytes.len(), is_end);
    }

    /// Ends the request by its trailers.
    pub fn request_trailers(&mut self) {
        self.session.request_trailers(&mut self.stream);
    }

    /// Brings the response's headers. A response is the upstream's unless the host's property says otherwise.
    pub fn response_headers(&mut self, headers: Vec<Header>, is_end: bool) {
        *self.host.response.borrow_mut() = headers;
        let mut properties = self.host.properties.borrow_mut();
        properties
            .entry("response\0code_details".to_owned())
            .or_insert_with(|| b"via_upstream".to_vec());
        drop(properties);
        self.session.response_headers(self.host, &mut self.stream, is_end);
    }

    /// Brings the next piece of the response's body.
    pub fn response_body(&mut self, bytes: &[u8], is_end: bool) {
        self.set_body(bytes);
        self.session.response_body(self.host, &mut self.stream, bytes.len(), is_end);
    }

    /// Ends the response by its trailers.
    pub fn response_trailers(&mut self, trailers: Vec<Header>) {
        *self.host.trailers.borrow_mut() = trailers;
        self.session.response_trailers(self.host, &mut self.stream);
    }

    /// Ends the stream with these response flags.
    pub fn end(mut self, response_flags: u64) -> Option<Observation> {
        self.host.set_property("response\0flags", &response_flags.to_le_bytes());
        let observation = self.session.end(self.host, &mut self.stream);
        self.host.end_stream();
        observation
    }

    fn set_body(&self, bytes: &[u8]) {
        let mut body = self.host.body.borrow_mut();
        body.clear();
        body.extend_from_slice(bytes);
    }
}

/// A header by text.
pub fn header(name: &str, value: &str) -> Header {
    (name.to_ascii_lowercase(), value.as_bytes().to_owned())
}

impl Metric {
    fn apply(&mut self, change: Change) {
        let before = self.value;
        match change {
            Change::Add(amount) => self.value = self.value.wrapping_add(amount),
            Change::Shift(by) => self.value = self.value.wrapping_add_signed(by),
            Change::Set(value) => {
                self.value = value;
                self.is_set = true;
            }
            Change::Sample(value) => {
                self.value = self.value.wrapping_add(1);
                self.sum = self.sum.wrapping_add(value);
                self.sum_change = self.sum_change.wrapping_add(value);
            }
        }
        let by = self.value.wrapping_sub(before).cast_signed();
        self.change = self.change.wrapping_add(by);
    }
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
        let mut metrics = self.metrics.borrow_mut();
        let id = MetricId::new(u32::try_from(metrics.len()).ok()?);
        let stat_name = stat_name.to_owned();
        metrics.push(Metric {
            kind,
            stat_name,
            value: 0,
            sum: 0,
            change: 0,
            sum_change: 0,
            is_changed: false,
            is_set: false,
        });
        id
    }

    fn change_metric(&self, id: MetricId, change: Change) {
        let number = usize::try_from(id.number()).unwrap_or(usize::MAX);
        if let Some(metric) = self.metrics.borrow_mut().get_mut(number) {
            metric.apply(change);
            if !core::mem::replace(&mut metric.is_changed, true) {
                self.changed.borrow_mut().push(number);
            }
        }
    }

    fn metric(&self, id: MetricId) -> Option<u64> {
        let number = usize::try_from(id.number()).ok()?;
        Some(self.metrics.borrow().get(number)?.value)
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
        if fits {
            let next = current.unwrap_or(0).wrapping_add(1);
            shared.insert(key.to_owned(), (value.to_owned(), next));
        }
        fits
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
}
