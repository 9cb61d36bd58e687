//! The process-wide store of stats: every VM that defines a name gets the same object; values are `u64` and wrap.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::{Histogram, PREFIX, StatsConfig, tags::Extracted};

/// All stats of one proxy. Cheap to share; every method takes `&self`.
#[derive(Debug, Default)]
pub struct Stats {
    config: StatsConfig,
    /// Samples show from the next [`Stats::flush`] on, not at once.
    shows_after_flush: bool,
    registry: Mutex<Registry>,
}

/// Stats by full name, `wasmcustom.` included, in the order of the admin page.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) counters: BTreeMap<String, Arc<Number>>,
    pub(super) gauges: BTreeMap<String, Arc<Number>>,
    pub(super) histograms: BTreeMap<String, Arc<Samples>>,
}

/// A counter or a gauge.
#[derive(Debug)]
pub(super) struct Number {
    pub(super) labels: Extracted,
    value: AtomicU64,
}

/// A histogram with its bounds.
#[derive(Debug)]
pub(super) struct Samples {
    pub(super) labels: Extracted,
    pub(super) bounds: Vec<f64>,
    shows_after_flush: bool,
    recorded: Mutex<Recorded>,
}

/// Every sample that shows, and those of the flush interval before this one.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorded {
    pub(super) total: Histogram,
    pub(super) interval: Histogram,
    pending: Histogram,
}

/// A handle to one stat, as a VM holds it under its metric id.
#[derive(Clone, Debug)]
pub struct Metric(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Counter(Arc<Number>),
    Gauge(Arc<Number>),
    Histogram(Arc<Samples>),
}

/// Envoy's bounds for a histogram that no setting matches.
const DEFAULT_BOUNDS: [f64; 19] = [
    0.5, 1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5,
    1.8e6, 3.6e6,
];

impl Stats {
    /// An empty store that will cut labels and choose buckets by `config`. Samples of histograms
    /// show at once, so that a test need not wait for them.
    #[must_use]
    pub fn new(config: StatsConfig) -> Stats {
        Stats { config, shows_after_flush: false, registry: Mutex::default() }
    }

    /// As [`Stats::new`], but samples show from the next [`Stats::flush`] on, as in Envoy.
    #[must_use]
    pub fn flushed(config: StatsConfig) -> Stats {
        Stats { shows_after_flush: true, ..Stats::new(config) }
    }

    /// The counter of this name as a filter spells it, made on first use.
    pub fn counter(&self, name: &str) -> Metric {
        let name = full(name);
        let mut registry = self.registry();
        let number = registry.counters.entry(name).or_insert_with_key(|name| self.number(name));
        Metric(Kind::Counter(Arc::clone(number)))
    }

    /// The gauge of this name as a filter spells it, made on first use.
    pub fn gauge(&self, name: &str) -> Metric {
        let name = full(name);
        let mut registry = self.registry();
        let number = registry.gauges.entry(name).or_insert_with_key(|name| self.number(name));
        Metric(Kind::Gauge(Arc::clone(number)))
    }

    /// The histogram of this name as a filter spells it, made on first use.
    pub fn histogram(&self, name: &str) -> Metric {
        let name = full(name);
        let mut registry = self.registry();
        let samples = registry.histograms.entry(name).or_insert_with_key(|name| {
            let setting = self.config.buckets.iter().find(|setting| setting.matcher.matches(name));
            Arc::new(Samples {
                labels: self.config.extract(name),
                bounds: setting.map_or_else(|| DEFAULT_BOUNDS.to_vec(), |it| it.bounds.clone()),
                shows_after_flush: self.shows_after_flush,
                recorded: Mutex::default(),
            })
        });
        Metric(Kind::Histogram(Arc::clone(samples)))
    }

    /// The value of a counter by its name as the filter spells it; `None` if it is not defined.
    #[must_use]
    pub fn counter_value(&self, name: &str) -> Option<u64> {
        self.registry().counters.get(&full(name)).map(|number| number.get())
    }

    /// The value of a gauge by its name as the filter spells it; `None` if it is not defined.
    #[must_use]
    pub fn gauge_value(&self, name: &str) -> Option<u64> {
        self.registry().gauges.get(&full(name)).map(|number| number.get())
    }

    /// The samples that show of a histogram, by its name as the filter spells it; `None` if it is not defined.
    #[must_use]
    pub fn histogram_value(&self, name: &str) -> Option<Histogram> {
        self.registry().histograms.get(&full(name)).map(|samples| samples.recorded().total.clone())
    }

    /// Ends a flush interval: what came since the last call becomes the left
    /// number of the quantiles in [`Stats::text`], and shows from now on if it did not at once.
    pub fn flush(&self) {
        for samples in self.registry().histograms.values() {
            let mut recorded = samples.recorded();
            recorded.interval = std::mem::take(&mut recorded.pending);
            if samples.shows_after_flush {
                let Recorded { total, interval, .. } = &mut *recorded;
                total.merge(interval);
            }
        }
    }

    /// Forgets every stat that no VM holds any more.
    pub(crate) fn prune(&self) {
        let mut registry = self.registry();
        registry.counters.retain(|_, number| 1 < Arc::strong_count(number));
        registry.gauges.retain(|_, number| 1 < Arc::strong_count(number));
        registry.histograms.retain(|_, samples| 1 < Arc::strong_count(samples));
    }

    pub(super) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number(&self, name: &str) -> Arc<Number> {
        Arc::new(Number { labels: self.config.extract(name), value: AtomicU64::new(0) })
    }
}

impl Metric {
    /// Adds to a counter or a gauge, wrapping; false for a histogram.
    #[must_use]
    pub fn add(&self, offset: u64) -> bool {
        match &self.0 {
            Kind::Counter(number) | Kind::Gauge(number) => {
                number.value.fetch_add(offset, Relaxed);
                true
            }
            Kind::Histogram(_) => false,
        }
    }

    /// What `record_metric` does: adds to a counter, sets a gauge, samples a histogram.
    pub fn record(&self, value: u64) {
        match &self.0 {
            Kind::Counter(number) => drop(number.value.fetch_add(value, Relaxed)),
            Kind::Gauge(number) => number.value.store(value, Relaxed),
            Kind::Histogram(samples) => {
                let mut recorded = samples.recorded();
                recorded.pending.record(value);
                if !samples.shows_after_flush {
                    recorded.total.record(value);
                }
            }
        }
    }

    /// The value of a counter or a gauge; `None` for a histogram.
    #[must_use]
    pub fn get(&self) -> Option<u64> {
        match &self.0 {
            Kind::Counter(number) | Kind::Gauge(number) => Some(number.get()),
            Kind::Histogram(_) => None,
        }
    }
}

impl Number {
    pub(super) fn get(&self) -> u64 {
        self.value.load(Relaxed)
    }
}

impl Samples {
    pub(super) fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn full(name: &str) -> String {
    // Envoy stores names by their dotted parts and loses empty ones at the end.
    format!("{PREFIX}{}", name.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_object_for_everyone_who_defines_it() {
        let stats = Stats::default();
        assert!(stats.counter("requests").add(2));
        stats.counter("requests").record(3);
        assert_eq!(stats.counter_value("requests"), Some(5));
        assert_eq!(stats.gauge_value("requests"), None);
    }

    #[test]
    fn samples_that_wait_for_a_flush_show_once_each() {
        let stats = Stats::flushed(StatsConfig::default());
        let histogram = stats.histogram("bytes");
        let shown = || stats.histogram_value("bytes").unwrap().count();
        histogram.record(10);
        assert_eq!(shown(), 0);
        stats.flush();
        assert_eq!(shown(), 1);
        histogram.record(20);
        stats.flush();
        stats.flush();
        assert_eq!(shown(), 2);
    }

    #[test]
    fn a_gauge_below_zero_wraps() {
        let stats = Stats::default();
        let gauge = stats.gauge("in_flight");
        assert!(gauge.add(5));
        assert!(gauge.add((-7_i64).cast_unsigned()));
        assert_eq!(gauge.get(), Some(u64::MAX - 1));
    }

    #[test]
    fn a_histogram_takes_samples_only() {
        let stats = Stats::default();
        let histogram = stats.histogram("latency");
        assert!(!histogram.add(1));
        assert_eq!(histogram.get(), None);
        histogram.record(7);
        assert_eq!(stats.histogram_value("latency").unwrap().count(), 1);
    }
}
