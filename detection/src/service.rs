//! A model at work on its traffic, tick by tick. It judges no verdict.

use driftline_statistics::{profile::Profile, time::Timestamp};

use crate::{
    defaults::{LENGTHS, TICK_SECONDS},
    law::{Change, Draw, Value},
    model::Model,
    traffic::Traffic,
};

/// How many ticks a day has.
pub const DAY_TICKS: u64 = 86_400 / TICK_SECONDS;
/// How many ticks an hour has.
pub const HOUR_TICKS: u64 = 3600 / TICK_SECONDS;
/// How many ticks a step has.
pub const STEP_TICKS: u64 = LENGTHS.step_seconds() / TICK_SECONDS;
/// When simulations begin: a Monday, at midnight.
const BEGIN: Timestamp = Timestamp(1_767_571_200_000_000_000);

/// A model at work on its traffic.
#[derive(Clone, Debug)]
pub struct Service<'t> {
    traffic: &'t Traffic,
    profile: &'t Profile,
    /// The filter's part.
    pub model: Model,
    draw: Draw,
    /// Since the simulation began.
    seconds: u64,
    row: Vec<Value>,
    /// How often the row at hand is still to come.
    repeats: u64,
    /// What happens to each feature.
    pub changes: Vec<Change>,
}

impl<'t> Service<'t> {
    /// Begins with a sequence of its own for each seed.
    #[must_use]
    pub fn new(traffic: &'t Traffic, profile: &'t Profile, seed: u64) -> Service<'t> {
        Service {
            traffic,
            profile,
            model: Model::new(profile, traffic.seasons, BEGIN),
            draw: Draw::new(seed),
            seconds: 0,
            row: Vec::new(),
            repeats: 0,
            changes: Vec::new(),
        }
    }

    /// The same service with another future.
    #[must_use]
    pub fn fork(&self, seed: u64) -> Service<'t> {
        Service { draw: Draw::new(seed), ..self.clone() }
    }

    /// The moment of the last tick.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(BEGIN.0 + self.seconds * 1_000_000_000)
    }

    /// Lets the rows of a tick come, and looks; `row` is given each.
    pub fn tick_with(&mut self, mut row: impl FnMut(&[Value])) {
        let rows = self.traffic.rows(&mut self.draw, self.seconds);
        for _ in 0..rows {
            if self.repeats == 0 {
                let at = self.seconds as f64;
                self.traffic.row(&mut self.draw, at, &self.changes, &mut self.row);
                self.repeats = self.traffic.cluster;
            }
            self.repeats -= 1;
            self.model.count(&self.row);
            row(&self.row);
        }
        self.seconds += TICK_SECONDS;
        self.model.tick(self.now(), rows != 0);
        if self.traffic.restarts && self.seconds.is_multiple_of(3600) {
            self.model = Model::new(self.profile, self.traffic.seasons, self.now());
        }
    }

    /// The same, without a look at the rows.
    pub fn tick(&mut self) {
        self.tick_with(|_| {});
    }

    /// Lets time pass.
    pub fn run(&mut self, ticks: u64) {
        (0..ticks).for_each(|_| self.tick());
    }
}
