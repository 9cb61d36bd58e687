//! The metrics that a [`NativeHost`](super::NativeHost) keeps, by id and by name. It makes no page of them.

use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};

use driftline_metrics::{buffer::Change, catalogue::Kind};

/// All metrics, in the order of definition.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    metrics: Vec<Metric>,
    by_name: BTreeMap<String, usize>,
    /// Numbers of those that changed since [`Metrics::take_changes`] was asked, each once.
    changed: Vec<usize>,
    /// No metric at all can be read.
    pub(super) are_refused: bool,
    /// How often one was read.
    pub(super) reads: u64,
}

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
    /// Whether the host refuses to tell the value.
    pub is_refused: bool,
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

impl Metrics {
    pub(super) fn all(&self) -> &[Metric] {
        &self.metrics
    }

    /// The number of the metric of this name, which is the one that was defined first.
    pub(super) fn define(&mut self, kind: Kind, stat_name: &str) -> usize {
        if let Some(&number) = self.by_name.get(stat_name) {
            return number;
        }
        let number = self.metrics.len();
        self.by_name.insert(stat_name.to_owned(), number);
        self.metrics.push(Metric {
            kind,
            stat_name: stat_name.to_owned(),
            value: 0,
            sum: 0,
            is_refused: false,
            change: 0,
            sum_change: 0,
            is_changed: false,
            is_set: false,
        });
        number
    }

    pub(super) fn change(&mut self, number: usize, change: Change) {
        if let Some(metric) = self.metrics.get_mut(number) {
            metric.apply(change);
            if !core::mem::replace(&mut metric.is_changed, true) {
                self.changed.push(number);
            }
        }
    }

    pub(super) fn read(&mut self, number: usize) -> Option<u64> {
        self.reads = self.reads.saturating_add(1);
        let metric = self.metrics.get(number)?;
        (!self.are_refused && !metric.is_refused).then_some(metric.value)
    }

    pub(super) fn of_name(&mut self, stat_name: &str) -> Option<&mut Metric> {
        self.metrics.get_mut(*self.by_name.get(stat_name)?)
    }

    /// What changed since the last call, and is not as it was.
    pub(super) fn take_changes(&mut self) -> Vec<MetricChange> {
        let mut changes = Vec::new();
        for number in self.changed.drain(..) {
            let Some(metric) = self.metrics.get_mut(number) else { continue };
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
