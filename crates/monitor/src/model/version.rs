//! What a version of a model counts so that it can be compared with another one; it compares nothing.

use core::cell::Cell;

use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};
use driftline_statistics::{bins::Bins, fingerprint::Fingerprint, profile::Profile};

/// The longest duration that counts as it is, an hour; a longer one counts as that. A sum of squares has room for a
/// million of them, or for five hundred years of a thousand exchanges a second that take a second each.
const DURATION_MICROSECONDS_MAX: u64 = 3600 * 1_000_000;
/// Square microseconds in a square millisecond.
const SQUARE: u64 = 1_000_000;

/// The counters of how long the exchanges of a version take.
#[derive(Debug)]
pub(crate) struct VersionSeries {
    requests: SeriesId,
    duration: SeriesId,
    squares: SeriesId,
    /// Square microseconds that make no whole square millisecond yet: without them the squares of exchanges below a
    /// millisecond would all be 0.
    rest: Cell<u64>,
}

impl VersionSeries {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        labels: [&str; 2],
    ) -> VersionSeries {
        let mut one = |metric| registrar.add(metric, &labels);
        VersionSeries {
            requests: one(Metric::VersionRequests),
            duration: one(Metric::VersionDuration),
            squares: one(Metric::VersionDurationSquares),
            rest: Cell::new(0),
        }
    }

    /// Counts an exchange that completed.
    #[inline(never)]
    pub(crate) fn count(&self, buffer: &mut MetricBuffer, duration_microseconds: u64) {
        let microseconds = duration_microseconds.min(DURATION_MICROSECONDS_MAX);
        let square = microseconds.saturating_mul(microseconds).saturating_add(self.rest.get());
        self.rest.set(square % SQUARE);
        buffer.add(self.requests, 1);
        buffer.add(self.duration, microseconds);
        buffer.add(self.squares, square / SQUARE);
    }
}

/// Registers what tells the bins of the prediction apart, and its value, in 32 bits; `None` without a prediction.
pub(super) fn prediction_bins(
    registrar: &mut SeriesRegistrar<'_>,
    labels: [&str; 2],
    profile: &Profile,
) -> Option<(SeriesId, u64)> {
    let numbers = |numbers: &[f64]| {
        let bits = numbers.iter().map(|number| number.to_bits());
        bits.fold(Fingerprint::new(), Fingerprint::with_number)
    };
    let found = match &profile.prediction.as_ref()?.bins {
        Bins::Quantile { edges } => numbers(edges).with(b"quantile"),
        Bins::Values { values } => numbers(values).with(b"values"),
        Bins::Categories { names } => {
            names.iter().fold(Fingerprint::new(), |all, name| all.with_text(name))
        }
    };
    // More bits would not survive in Prometheus, whose numbers are doubles.
    Some((registrar.add(Metric::PredictionBins, &labels), found.value() & u64::from(u32::MAX)))
}
