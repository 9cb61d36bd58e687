//! Rows over time: how many come, in what clusters, with which season, and what changes. It counts and judges nothing.

use crate::{
    defaults::TICK_SECONDS,
    law::{Change, Draw, Law, Value},
};

/// A day.
pub const DAY_SECONDS: f64 = 86_400.0;

/// What traffic is like.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// Of each feature.
    pub laws: Vec<Law>,
    /// While it is open.
    pub rows_per_hour: f64,
    /// How often each row comes, one right after the other.
    pub cluster: u64,
    /// When rows come.
    pub arrivals: Arrivals,
    /// The share of the variance of a normal feature that the time of day explains.
    pub cycle: f64,
    /// By how many deviations weekends differ.
    pub weekend: f64,
    /// How the filter is told of seasons.
    pub seasons: Seasons,
    /// Whether the proxy restarts every hour, and forgets everything.
    pub restarts: bool,
}

/// How the filter is told of seasons.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Seasons {
    /// Whether the profile is made `--by-hour`.
    pub by_hour: bool,
    /// The days of a season that verdicts compare over as well as with training: 1, 7, or 0 for none. Until one has passed,
    /// training decides alone.
    pub days: u64,
}

/// When rows come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrivals {
    /// At any time.
    Even,
    /// Not from 22:00 to 6:00.
    ByDay,
    /// Those of a minute at once.
    Bursts,
}

impl Traffic {
    /// Whether the time of day or of the week moves it.
    #[must_use]
    pub fn has_season(&self) -> bool {
        self.cycle != 0.0 || self.weekend != 0.0
    }

    /// Where the mean of a feature lies at a moment, in deviations.
    fn season(&self, seconds: f64) -> f64 {
        if !self.has_season() {
            return 0.0;
        }
        let angle = seconds / DAY_SECONDS * core::f64::consts::TAU;
        let cycle = libm::sqrt(2.0 * self.cycle / (1.0 - self.cycle)) * libm::sin(angle);
        let is_weekend = 5.0 <= (seconds / DAY_SECONDS) % 7.0;
        cycle + if is_weekend { self.weekend } else { 0.0 }
    }

    /// A row of a moment.
    pub fn row(&self, draw: &mut Draw, seconds: f64, changes: &[Change], row: &mut Vec<Value>) {
        let season = self.season(seconds);
        row.clear();
        for (number, law) in self.laws.iter().enumerate() {
            let change = changes.get(number).unwrap_or(&Change::None);
            row.push(draw.value(law, season, change));
        }
    }

    /// How many rows come in the tick that begins at a moment.
    pub fn rows(&self, draw: &mut Draw, seconds: u64) -> u64 {
        let per_tick = self.rows_per_hour / 3600.0 * TICK_SECONDS as f64;
        let mean = match self.arrivals {
            Arrivals::Even => per_tick,
            Arrivals::ByDay if (6 * 3600..22 * 3600).contains(&(seconds % 86_400)) => per_tick,
            Arrivals::Bursts if seconds.is_multiple_of(60) => per_tick * 12.0,
            Arrivals::ByDay | Arrivals::Bursts => 0.0,
        };
        if mean == 0.0 { 0 } else { draw.poisson(mean) }
    }
}
