//! A host whose own memory does not count: what it keeps is the proxy's. It answers as the host behind it.

use driftline_labels::Direction;
use driftline_metrics::{buffer::Change, catalogue::Kind};
use driftline_monitor::{
    host::{HeaderMap, Host, LogLevel, MetricId},
    native::NativeHost,
};
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};

use crate::counting::uncounted;

/// What the host behind it hands over counts, because a proxy writes it into the VM's memory.
pub(crate) struct QuietHost<'h>(pub(crate) &'h NativeHost);

fn counted<T: Clone>(ask: impl FnOnce() -> T) -> T {
    let value = uncounted(ask);
    let counted = value.clone();
    uncounted(|| drop(value));
    counted
}

impl Host for QuietHost<'_> {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn wall_clock(&self) -> Option<UnixTime> {
        self.0.wall_clock()
    }

    fn configuration(&self) -> Vec<u8> {
        counted(|| self.0.configuration())
    }

    fn log(&self, level: LogLevel, message: &str) {
        uncounted(|| self.0.log(level, message));
    }

    fn set_tick_period(&self, milliseconds: u32) {
        self.0.set_tick_period(milliseconds);
    }

    fn define_metric(&self, kind: Kind, stat_name: &str) -> Option<MetricId> {
        uncounted(|| self.0.define_metric(kind, stat_name))
    }

    fn change_metric(&self, id: MetricId, change: Change) {
        uncounted(|| self.0.change_metric(id, change));
    }

    fn metric(&self, id: MetricId) -> Option<u64> {
        self.0.metric(id)
    }

    fn shared_data(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        counted(|| self.0.shared_data(key))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], version: u32) -> bool {
        uncounted(|| self.0.set_shared_data(key, value, version))
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        counted(|| self.0.header(map, name))
    }

    fn add_header(&self, map: HeaderMap, name: &str, value: &str) {
        uncounted(|| self.0.add_header(map, name, value));
    }

    fn remove_header(&self, map: HeaderMap, name: &str) {
        uncounted(|| self.0.remove_header(map, name));
    }

    fn property(&self, path: &str) -> Option<Vec<u8>> {
        counted(|| self.0.property(path))
    }

    fn body(&self, direction: Direction, start: usize, max: usize) -> Option<Vec<u8>> {
        counted(|| self.0.body(direction, start, max))
    }

    fn drain_body(&self, direction: Direction, size: usize) {
        self.0.drain_body(direction, size);
    }

    fn local_reply(&self, status: u32, content_type: &str, body: &[u8]) {
        uncounted(|| self.0.local_reply(status, content_type, body));
    }
}
