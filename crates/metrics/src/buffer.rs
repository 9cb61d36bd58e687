//! What a callback changed in the series, collected until the host takes it; it never talks to the host.

use alloc::{vec, vec::Vec};

use crate::series::{SeriesId, Timing};

/// How many changes that cannot be added up may wait: in one callback, a body that is compressed brings millions of values,
/// each of which may be a sample.
const OTHERS_MAX: usize = 1024;

/// A change of one series.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// A counter grew by this much; never 0.
    Add(u64),
    /// A gauge moved by this much; never 0. Gauges that several workers share are moved, not set, but for snapshots.
    Shift(i64),
    /// A gauge has this value now.
    Set(u64),
    /// A histogram has one more sample.
    Sample(u64),
}

/// Changes that wait for the host.
///
/// Counter increments of one series are added up, so that a batch of a thousand rows costs one
/// host call per touched bin. Draining keeps the allocated memory. It grows with the number of distinct series, and not with
/// traffic, if whoever counts many values asks [`MetricBuffer::is_full`] and flushes it.
#[derive(Debug, Default)]
pub struct MetricBuffer {
    /// Pending increments by series index; as narrow as most callbacks need, as there is one for every series.
    pending: Vec<u32>,
    /// Series with a pending increment, each once.
    touched: Vec<SeriesId>,
    /// Everything that is not a counter, in order, and increments that are too large to wait.
    others: Vec<(SeriesId, Change)>,
}

impl MetricBuffer {
    /// A buffer for a registrar of this many series.
    pub fn new(series: usize) -> MetricBuffer {
        let pending = vec![0; series];
        MetricBuffer { pending, touched: Vec::new(), others: Vec::new() }
    }

    /// Adds to a counter.
    #[inline]
    pub fn add(&mut self, id: SeriesId, amount: u64) {
        let Some(pending) = self.pending.get_mut(id.index()) else {
            return;
        };
        let Ok(small) = u32::try_from(amount) else {
            self.others.push((id, Change::Add(amount)));
            return;
        };
        if let Some(sum) = pending.checked_add(small) {
            if small != 0 && *pending == 0 {
                self.touched.push(id);
            }
            *pending = sum;
        } else {
            // What waits goes ahead, and what comes waits: so this happens once for billions, not for each that follows.
            let waited = core::mem::replace(pending, small);
            self.others.push((id, Change::Add(u64::from(waited))));
        }
    }

    /// Takes back what `count` adds, which was added before and has not been flushed.
    pub fn take_back(&mut self, count: impl FnOnce(&mut MetricBuffer)) {
        // Each increment becomes what it lacks of the largest one, so that adding takes away.
        self.negate();
        count(self);
        self.negate();
    }

    /// Makes each pending increment what it lacks of the largest one, and back. Drops those that are 0 then.
    fn negate(&mut self) {
        let MetricBuffer { pending, touched, .. } = self;
        touched.retain(|id| match pending.get_mut(id.index()) {
            Some(pending) => {
                *pending = !*pending;
                *pending != 0
            }
            None => false,
        });
    }

    /// Whether so much waits that it is to be flushed before the callback is over.
    #[inline]
    pub fn is_full(&self) -> bool {
        OTHERS_MAX <= self.others.len()
    }

    /// Moves a gauge.
    pub fn shift(&mut self, id: SeriesId, by: i64) {
        if by != 0 {
            self.others.push((id, Change::Shift(by)));
        }
    }

    /// Sets a gauge.
    pub fn set(&mut self, id: SeriesId, value: u64) {
        self.others.push((id, Change::Set(value)));
    }

    /// Adds a sample to a histogram and to its exact counters.
    pub fn observe(&mut self, timing: Timing, value: u64) {
        self.others.push((timing.histogram, Change::Sample(value)));
        self.add(timing.sum, value);
        self.add(timing.observations, 1);
    }

    /// Hands out all changes, once, and forgets them.
    pub fn flush(&mut self, mut take: impl FnMut(SeriesId, Change)) {
        for id in self.touched.drain(..) {
            if let Some(pending) = self.pending.get_mut(id.index()) {
                take(id, Change::Add(u64::from(core::mem::take(pending))));
            }
        }
        for (id, change) in self.others.drain(..) {
            take(id, change);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use super::*;
    use crate::{catalogue::Metric, series::SeriesRegistrar};

    #[test]
    fn increments_of_one_series_are_one_change() {
        let mut registrar = SeriesRegistrar::numbering(0);
        let a = registrar.add(Metric::Instances, &["a", ""]);
        let b = registrar.add(Metric::Instances, &["b", ""]);
        let mut buffer = MetricBuffer::new(registrar.next());
        buffer.add(b, 1);
        buffer.add(a, 0);
        buffer.add(b, 2);
        assert_eq!(drained(&mut buffer), vec![(b, Change::Add(3))]);
        assert_eq!(drained(&mut buffer), vec![], "a change is handed out once");
        buffer.add(b, 4);
        assert_eq!(drained(&mut buffer), vec![(b, Change::Add(4))]);
    }

    #[test]
    fn what_is_taken_back_is_no_change() {
        let mut registrar = SeriesRegistrar::numbering(0);
        let a = registrar.add(Metric::Instances, &["a", ""]);
        let b = registrar.add(Metric::Instances, &["b", ""]);
        let mut buffer = MetricBuffer::new(registrar.next());
        buffer.add(a, 3);
        buffer.add(b, 5);
        buffer.take_back(|buffer| {
            buffer.add(a, 3);
            buffer.add(b, 1);
            buffer.add(b, 1);
        });
        assert_eq!(drained(&mut buffer), vec![(b, Change::Add(3))]);
        buffer.add(a, 1);
        assert_eq!(drained(&mut buffer), vec![(a, Change::Add(1))]);
    }

    #[test]
    fn nothing_of_a_large_increment_is_lost() {
        let mut registrar = SeriesRegistrar::numbering(0);
        let id = registrar.add(Metric::Instances, &["a", ""]);
        let mut buffer = MetricBuffer::new(registrar.next());
        let large = u64::from(u32::MAX);
        for amount in [large, 1, 0, large + 7, 5_u64.pow(20)] {
            buffer.add(id, amount);
        }
        let sum: u64 = drained(&mut buffer)
            .iter()
            .map(|(_, change)| match change {
                Change::Add(amount) => *amount,
                other => panic!("{other:?}"),
            })
            .sum();
        assert_eq!(sum, 2 * large + 8 + 5_u64.pow(20));
        assert_eq!(drained(&mut buffer), vec![]);
    }

    #[test]
    fn a_sample_moves_three_series() {
        let mut registrar = SeriesRegistrar::numbering(0);
        let timing: Timing = registrar.add(Metric::InterChunkGap, &["a", ""]);
        let mut buffer = MetricBuffer::new(registrar.next());
        buffer.observe(timing, 7);
        buffer.observe(timing, 0);
        assert_eq!(
            drained(&mut buffer),
            vec![
                (timing.sum, Change::Add(7)),
                (timing.observations, Change::Add(2)),
                (timing.histogram, Change::Sample(7)),
                (timing.histogram, Change::Sample(0)),
            ]
        );
    }

    fn drained(buffer: &mut MetricBuffer) -> Vec<(SeriesId, Change)> {
        let mut changes = Vec::new();
        buffer.flush(|id, change| changes.push((id, change)));
        changes
    }
}
