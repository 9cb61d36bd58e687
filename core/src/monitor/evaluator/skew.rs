//! Training-serving skew: the first rows under a profile, frozen; what drifts later does not reach it.

use alloc::{vec, vec::Vec};

use super::Verdict;
use driftline_statistics::time::Timestamp;

/// What is known about the first rows of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Skew {
    /// They are still coming.
    Gathering {
        /// When the profile came into use.
        since: Timestamp,
        /// Rows by bin, and behind them rows without a value.
        seen: Vec<u32>,
    },
    /// They have come.
    Known { psi_ppm: u64, verdict: Verdict },
}

impl Skew {
    /// Nothing has come yet.
    pub(crate) fn new(bins: usize, since: Timestamp) -> Skew {
        Skew::Gathering { since, seen: vec![0; bins.saturating_add(1)] }
    }

    /// Adds rows to a bin, or behind the bins rows without a value.
    pub(crate) fn add(&mut self, cell: usize, rows: u64) {
        if let Skew::Gathering { seen, .. } = self
            && let Some(count) = seen.get_mut(cell)
        {
            *count = count.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX));
        }
    }

    /// Whether the first window has passed by `now`, and had not by `before`.
    pub(crate) fn ripens(&self, before: Timestamp, now: Timestamp, window_ns: u64) -> bool {
        let has_passed = |at: Timestamp, since| window_ns <= at.nanoseconds_since(since);
        match self {
            Skew::Gathering { since, .. } => has_passed(now, *since) && !has_passed(before, *since),
            Skew::Known { .. } => false,
        }
    }

    /// Puts the rows into `rows` if a window has passed since the profile came into use and it is not known yet.
    pub(crate) fn is_due(&self, now: Timestamp, window_ns: u64, rows: &mut Vec<u64>) -> bool {
        match self {
            Skew::Gathering { since, seen } if window_ns <= now.nanoseconds_since(*since) => {
                rows.clear();
                rows.extend(seen.iter().map(|&count| u64::from(count)));
                true
            }
            _ => false,
        }
    }
}
