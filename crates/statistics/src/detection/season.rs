//! What live rows of a length are compared with: training, training in the hours that the length covers, and what came a
//! day or a week before. It judges nothing.

use alloc::vec::Vec;

use super::{
    Cells, Length, ReferenceRows, WindowLengths,
    mixture::{Mixed, Mixture},
    total,
};
use crate::{
    profile::ByHour,
    time::{Timestamp, WallClock, hour::HourOfDay},
    window::Ring,
};

const HOUR_SECONDS: u64 = 3600;
/// How many rows an hour of training must have for each bin to stand for itself.
const HOURLY_ROWS_PER_BIN: u64 = 20;

/// What is needed to compare; kept to be allocated once.
#[derive(Clone, Debug, Default)]
pub struct SeasonScratch {
    part: Vec<u64>,
    weights: Vec<f64>,
    training: Mixture,
    before: Mixture,
}

/// A column's rings, and when and how they are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seasons<'a> {
    pub(super) fresh: &'a Ring,
    pub(super) fast: &'a Ring,
    pub(super) slow: &'a Ring,
    pub(super) cells: Cells,
    pub(super) lengths: WindowLengths,
    pub(super) now: Timestamp,
    pub(super) wall_clock: Option<WallClock>,
}

impl Seasons<'_> {
    /// Training, in the hours of the day that the length covers if the profile tells them apart.
    pub(super) fn training<'s>(
        &self,
        length: Length,
        whole: &ReferenceRows<'s>,
        scratch: &'s mut SeasonScratch,
    ) -> ReferenceRows<'s> {
        let SeasonScratch { part, weights, training, .. } = scratch;
        let mixed = whole.by_hour.and_then(|by_hour| {
            self.by_hour(length, part, weights)?;
            mix_hours(by_hour, whole, weights, training)
        });
        match mixed {
            Some(mixed) => mixed.rows(training, whole),
            None => *whole,
        }
    }

    /// What came a season before the length; `None` if there is no season or nothing came. `clusters` of its rows count as
    /// one.
    pub(super) fn before<'s>(
        &self,
        length: Length,
        whole: &ReferenceRows<'s>,
        clusters: f64,
        scratch: &'s mut SeasonScratch,
    ) -> Option<ReferenceRows<'s>> {
        let season = self.lengths.season_windows;
        if season == 0 {
            return None;
        }
        let SeasonScratch { part, weights, before, .. } = scratch;
        let cells = self.cells;
        before.begin(cells.bins);
        let windows = match length {
            Length::Slow => self.lengths.slow_windows,
            // The window that is under way, and the one before it.
            _ => 2,
        };
        self.by_window(length, windows, part, weights);
        for (back, &weight) in (season..).zip(weights.iter()) {
            self.slow.sum(back..back.saturating_add(1), 0..cells.count(), part);
            let rows = cells.split(part);
            before.add(rows.bins, rows.unset, weight, clusters);
        }
        let mixed = before.whole()?;
        Some(ReferenceRows { has_range: false, ..mixed.rows(before, whole) })
    }

    /// The ring that a length is a part of, how many of its slots the length has, and how long these are at most.
    fn slots(&self, length: Length) -> (&Ring, u64, u64) {
        let step_seconds = self.lengths.step_seconds();
        match length {
            Length::QuarterStep => (self.fresh, 1, step_seconds),
            Length::HalfStep => (self.fresh, 2, step_seconds),
            Length::Slow => (self.slow, self.lengths.slow_windows, self.lengths.window_seconds),
            _ => (self.fast, length.steps(), step_seconds),
        }
    }

    /// Live rows of the length by hour of the day; `None` if it does not tell hours apart.
    fn by_hour(&self, length: Length, part: &mut Vec<u64>, weights: &mut Vec<f64>) -> Option<()> {
        let (ring, slots, slot_seconds) = self.slots(length);
        let clock = self.wall_clock.filter(|_| slot_seconds <= HOUR_SECONDS)?;
        weights.clear();
        weights.resize(HourOfDay::all().count(), 0.0);
        let mut until = clock.seconds(self.now);
        for back in 0..slots {
            // Slots that are older than the clock have no rows.
            let Some(began) = ring.began(back).map(|at| clock.seconds(at)) else { break };
            let rows = self.rows(ring, back, part);
            for (hour, part) in hours_between(began, until) {
                if let Some(weight) = weights.get_mut(hour.index()) {
                    *weight += rows * part;
                }
            }
            until = began;
        }
        Some(())
    }

    /// Live rows of the length by window, of so many windows, the one that is under way first.
    fn by_window(&self, length: Length, windows: u64, part: &mut Vec<u64>, weights: &mut Vec<f64>) {
        weights.clear();
        weights.resize(usize::try_from(windows).unwrap_or(0), 0.0);
        let now = self.lengths.window(self.now);
        let (ring, slots, _) = self.slots(length);
        for back in 0..slots {
            let window = ring.began(back).map(|at| self.lengths.window(at));
            let windows_back = window.and_then(|window| now.checked_sub(window));
            let place = windows_back.and_then(|back| usize::try_from(back).ok());
            if let Some(weight) = place.and_then(|place| weights.get_mut(place)) {
                *weight += self.rows(ring, back, part);
            }
        }
    }

    /// Rows in the bins of a slot.
    fn rows(&self, ring: &Ring, back: u64, part: &mut Vec<u64>) -> f64 {
        ring.sum(back..back.saturating_add(1), 0..self.cells.bins, part);
        total(part) as f64
    }
}

/// The hours of the day that a slot of an hour at most lies in, and the part of it that is in each. Its rows are taken for
/// evenly spread. The ends are in seconds since 1970.
fn hours_between(began: f64, until: f64) -> impl Iterator<Item = (HourOfDay, f64)> {
    let hour_seconds = HOUR_SECONDS as f64;
    let next_hour = (libm::floor(began / hour_seconds) + 1.0) * hour_seconds;
    let later = ((until - next_hour) / (until - began)).clamp(0.0, 1.0);
    // Not a number of a slot that has just begun.
    let later = if later.is_finite() { later } else { 0.0 };
    let hours = [(began, 1.0 - later), (next_hour, later)];
    hours.into_iter().filter_map(|(at, part)| Some((HourOfDay::of(at)?, part)))
}

/// Mixes the hours by their weights; one with too few rows is stood for by the whole.
fn mix_hours(
    by_hour: &ByHour,
    whole: &ReferenceRows<'_>,
    weights: &[f64],
    mixture: &mut Mixture,
) -> Option<Mixed> {
    mixture.begin(whole.bins.len());
    let needed =
        u64::try_from(whole.filled()).unwrap_or(u64::MAX).saturating_mul(HOURLY_ROWS_PER_BIN);
    for (hour, &weight) in HourOfDay::all().zip(weights).filter(|&(_, &weight)| 0.0 < weight) {
        let bins = by_hour.bins(hour);
        if total(bins) < needed {
            mixture.add(whole.bins, whole.unset, weight, 1.0);
        } else {
            mixture.add(bins, u64::from(by_hour.nulls(hour)), weight, 1.0);
        }
    }
    mixture.whole()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_slot_is_shared_by_the_hours_that_it_lies_in() {
        let hours = |began, until| -> Vec<(usize, f64)> {
            hours_between(began, until).map(|(hour, part)| (hour.index(), part)).collect()
        };
        assert_eq!(hours(3600.0, 7200.0), [(1, 1.0), (2, 0.0)]);
        assert_eq!(hours(3000.0, 4200.0), [(0, 0.5), (1, 0.5)]);
        assert_eq!(hours(86_400.0 - 900.0, 86_400.0 + 2700.0), [(23, 0.25), (0, 0.75)]);
        assert_eq!(hours(3599.0, 3599.0), [(0, 1.0), (1, 0.0)]);
    }
}
