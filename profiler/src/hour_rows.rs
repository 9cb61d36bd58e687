//! Counts rows by hour of the day; it knows no bins, and reads no clock.

use driftline_statistics::time::hour::{HOURS, HourOfDay};

/// Rows in each hour of the day. What is more than 32 bits hold stays at their most.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct HourRows([u32; HOURS]);

impl HourRows {
    /// Adds rows, unless they are in no hour.
    pub(crate) fn add(&mut self, hour: Option<HourOfDay>, rows: u32) {
        if let Some(count) = hour.and_then(|hour| self.0.get_mut(hour.index())) {
            *count = count.saturating_add(rows);
        }
    }

    /// Takes rows away.
    pub(crate) fn take(&mut self, hour: HourOfDay, rows: u32) {
        if let Some(count) = self.0.get_mut(hour.index()) {
            *count = count.saturating_sub(rows);
        }
    }

    pub(crate) fn join(&mut self, other: &HourRows) {
        other.rows().for_each(|(hour, rows)| self.add(Some(hour), rows));
    }

    /// Each hour with its rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (HourOfDay, u32)> + '_ {
        HourOfDay::all().zip(self.0.iter().copied())
    }
}
