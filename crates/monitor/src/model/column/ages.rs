//! How old the values of a column of timestamps are when they come: the series of it; it reads no value and no clock.

use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar, Timing},
};

/// The series of one column of timestamps.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgeSeries {
    ages: Timing,
    in_future: SeriesId,
}

impl AgeSeries {
    pub(super) fn new(registrar: &mut SeriesRegistrar<'_>, labels: [&str; 4]) -> AgeSeries {
        AgeSeries {
            ages: registrar.add(Metric::FeatureAge, &labels),
            in_future: registrar.add(Metric::FeatureInFuture, &labels),
        }
    }

    /// Counts an age in seconds, as whole seconds rounded down; a moment that is still to come has none.
    ///
    /// Costs a host call for each row, unlike bins, which cost one for each that a callback touched: a proxy's histogram
    /// takes one sample at a time and no weight, so equal ages cannot be put together. A model's `sampling` may make it fewer.
    pub(super) fn count(&self, buffer: &mut MetricBuffer, age: f64) {
        if age < 0.0 {
            buffer.add(self.in_future, 1);
        } else {
            // The cast saturates, and finite ages are far from where it would.
            buffer.observe(self.ages, age as u64);
        }
    }
}
