//! A model at work: its columns, and when the filter looks at them. It draws nothing.

use driftline_labels::DriftReason;
use driftline_statistics::{
    detection::{ASSUMED, Budget, LookScratch, Overdispersion, WindowLengths},
    profile::Profile,
    time::Timestamp,
};

use crate::{
    column::Column,
    defaults::{LENGTHS, TICK_SECONDS},
    law::Value,
    traffic::Seasons,
};

/// A model with its reference.
#[derive(Clone, Debug)]
pub struct Model {
    /// By feature.
    pub columns: Vec<Column>,
    scratch: LookScratch,
    /// `None` before the first look.
    step: Option<u64>,
    due_at: Timestamp,
    clusters: Overdispersion,
}

impl Model {
    /// Begins at a moment with no past.
    #[must_use]
    pub fn new(profile: &Profile, seasons: Seasons, begin: Timestamp) -> Model {
        let lengths = WindowLengths { season_windows: seasons.days * 24, ..LENGTHS };
        let budget = Budget {
            false_alarms_per_day: Budget::FALSE_ALARMS_PER_DAY,
            looks_per_day: 86_400.0 / TICK_SECONDS as f64,
            columns: profile.features.len(),
        };
        let features = profile.features.iter();
        Model {
            columns: features.map(|it| Column::new(&it.column, lengths, &budget, begin)).collect(),
            scratch: LookScratch::default(),
            step: None,
            due_at: begin,
            clusters: Overdispersion::default(),
        }
    }

    /// Counts a row: a value for each column.
    pub fn count(&mut self, row: &[Value]) {
        self.columns.iter_mut().zip(row).for_each(|(column, &value)| column.count(value));
    }

    /// Looks at all columns, if rows came since the last tick or the time alone may change a verdict.
    pub fn tick(&mut self, now: Timestamp, rows_came: bool) {
        if !rows_came && now < self.due_at {
            return;
        }
        let step = LENGTHS.step(now);
        let step_ended = self.step.is_none_or(|before| before < step);
        self.step = Some(step);
        let of_model = self.clusters.factor(ASSUMED);
        (self.clusters, self.due_at) = (Overdispersion::default(), LENGTHS.step_end(now));
        for column in &mut self.columns {
            column.look(now, step_ended, of_model, &mut self.scratch);
            self.clusters = self.clusters.with(column.clusters());
            self.due_at = self.due_at.min(column.due_at(now));
        }
    }

    /// The columns that have drifted, by number, and why.
    pub fn drifts(&self) -> impl Iterator<Item = (usize, DriftReason)> {
        let columns = self.columns.iter().enumerate();
        columns.filter_map(|(number, column)| Some((number, column.reason?)))
    }
}
