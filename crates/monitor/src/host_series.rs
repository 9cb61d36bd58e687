//! The series of one configuration as the host keeps them; it decides nothing.

use driftline_metrics::{buffer::MetricBuffer, series::SeriesId};

/// Reads series back from the host, and hands it changes.
pub trait HostSeries {
    /// What the whole proxy, over all its workers, has counted in a series; `None` if the host refuses it.
    fn total(&self, series: SeriesId) -> Option<u64>;

    /// Hands the host all changes that a buffer holds.
    fn flush(&self, buffer: &mut MetricBuffer);
}
