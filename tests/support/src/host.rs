//! A proxy in memory: the metrics, shared data and clock of one process, which tests set and look at. It serves no
//! traffic, and calls nobody.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use driftline_labels::Direction;
use driftline_metrics::{buffer::Change, catalogue::Kind};
use driftline_monitor::host::{HeaderMap, Host, IF_ABSENT, LogLevel, MetricId};
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};

/// What one proxy keeps, whichever of its VMs calls.
#[derive(Debug, Default)]
pub struct MemoryHost {
    now: Cell<Timestamp>,
    tick_period: Cell<Option<u32>>,
    has_no_shared_data: bool,
    shared_data: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    /// By id.
    metrics: RefCell<Vec<Metric>>,
    refused: RefCell<Refused>,
    reads: Cell<u64>,
    log: RefCell<Vec<String>>,
}

#[derive(Debug)]
struct Metric {
    kind: Kind,
    name: String,
    /// Of a histogram, how many samples.
    value: u64,
}

/// Which metrics cannot be read.
#[derive(Debug, Default)]
struct Refused {
    all: bool,
    names: BTreeSet<String>,
}

impl MemoryHost {
    /// A proxy that has just started, at this time of its clock.
    #[must_use]
    pub fn starting_at(now: Timestamp) -> MemoryHost {
        MemoryHost { now: Cell::new(now), ..MemoryHost::default() }
    }

    /// A proxy without shared data, which every VM has for its own.
    #[must_use]
    pub fn without_shared_data() -> MemoryHost {
        MemoryHost { has_no_shared_data: true, ..MemoryHost::default() }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).expect("a test takes less than 500 years");
        self.now.set(Timestamp(self.now.get().0 + by));
    }

    /// Sets the clock.
    pub fn set_now(&self, now: Timestamp) {
        self.now.set(now);
    }

    /// Which tick period was asked for last, in milliseconds.
    pub fn tick_period(&self) -> Option<u32> {
        self.tick_period.get()
    }

    /// What a metric stands at; panics if there is none of this stat name.
    #[track_caller]
    pub fn value(&self, stat_name: &str) -> u64 {
        let metrics = self.metrics.borrow();
        let found = metrics.iter().find(|metric| metric.name == stat_name);
        found.unwrap_or_else(|| panic!("no {stat_name}")).value
    }

    /// All values of one kind, in the order in which the metrics were defined.
    pub fn values(&self, kind: Kind) -> Vec<u64> {
        let metrics = self.metrics.borrow();
        metrics.iter().filter(|metric| metric.kind == kind).map(|metric| metric.value).collect()
    }

    /// Sets a metric, as if workers had counted so far; panics if there is none of this stat name.
    #[track_caller]
    pub fn set(&self, stat_name: &str, value: u64) {
        let mut metrics = self.metrics.borrow_mut();
        let found = metrics.iter_mut().find(|metric| metric.name == stat_name);
        found.unwrap_or_else(|| panic!("no {stat_name}")).value = value;
    }

    /// The same, by how much it grew.
    #[track_caller]
    pub fn add(&self, stat_name: &str, amount: u64) {
        self.set(stat_name, self.value(stat_name) + amount);
    }

    /// From now on refuses to read this metric, or no longer does.
    pub fn refuse(&self, stat_name: &str, is_refused: bool) {
        let names = &mut self.refused.borrow_mut().names;
        if is_refused {
            names.insert(stat_name.to_owned());
        } else {
            names.remove(stat_name);
        }
    }

    /// From now on refuses to read any metric, or only those that are refused one by one.
    pub fn refuse_all(&self, is_refused: bool) {
        self.refused.borrow_mut().all = is_refused;
    }

    /// How often a metric was read back.
    pub fn reads(&self) -> u64 {
        self.reads.get()
    }

    /// The keys of all shared data that begin so.
    pub fn shared_keys(&self, prefix: &str) -> Vec<String> {
        let shared_data = self.shared_data.borrow();
        shared_data.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
    }
}

impl Host for MemoryHost {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn wall_clock(&self) -> Option<UnixTime> {
        None
    }

    fn configuration(&self) -> Vec<u8> {
        Vec::new()
    }

    fn log(&self, _: LogLevel, message: &str) {
        self.log.borrow_mut().push(message.to_owned());
    }

    fn set_tick_period(&self, milliseconds: u32) {
        self.tick_period.set(Some(milliseconds));
    }

    /// Several ids may be those of one name; here there is only one.
    fn define_metric(&self, kind: Kind, stat_name: &str) -> Option<MetricId> {
        let mut metrics = self.metrics.borrow_mut();
        let known = metrics.iter().position(|metric| metric.name == stat_name);
        let id = known.unwrap_or_else(|| {
            metrics.push(Metric { kind, name: stat_name.to_owned(), value: 0 });
            metrics.len() - 1
        });
        MetricId::new(u32::try_from(id).ok()?)
    }

    fn change_metric(&self, id: MetricId, change: Change) {
        if let Some(Metric { value, .. }) = self.metrics.borrow_mut().get_mut(id.number() as usize)
        {
            *value = match change {
                Change::Add(amount) => *value + amount,
                Change::Shift(by) => value.checked_add_signed(by).expect("a gauge below zero"),
                Change::Set(set) => set,
                Change::Sample(_) => *value + 1,
            };
        }
    }

    fn metric(&self, id: MetricId) -> Option<u64> {
        self.reads.set(self.reads.get() + 1);
        let (metrics, refused) = (self.metrics.borrow(), self.refused.borrow());
        let metric = metrics.get(id.number() as usize)?;
        (!refused.all && !refused.names.contains(&metric.name)).then_some(metric.value)
    }

    fn shared_data(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.shared_data.borrow().get(key).cloned()
    }

    fn set_shared_data(&self, key: &str, value: &[u8], version: u32) -> bool {
        let mut shared_data = self.shared_data.borrow_mut();
        let current = shared_data.get(key).map(|(_, version)| *version);
        let fits = match current {
            Some(current) => version == 0 || version == current,
            None => version == 0 || version == IF_ABSENT,
        };
        let is_set = fits && !self.has_no_shared_data;
        if is_set {
            let next = current.map_or(1, |current| current + 1);
            shared_data.insert(key.to_owned(), (value.to_vec(), next));
        }
        is_set
    }

    fn header(&self, _: HeaderMap, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn add_header(&self, _: HeaderMap, _: &str, _: &str) {}

    fn remove_header(&self, _: HeaderMap, _: &str) {}

    fn property(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn body(&self, _: Direction, _: usize, _: usize) -> Option<Vec<u8>> {
        None
    }
}
