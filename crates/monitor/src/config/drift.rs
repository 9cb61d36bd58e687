//! What an operator may say about windows, measures and verdicts; it judges nothing.

use alloc::{format, string::String, vec::Vec};
use core::ops::RangeInclusive;

use super::table::{Number, Shown, Then, Whole, Word, Words, list, settings};
use driftline_statistics::{
    detection::{self, Budget, Materiality},
    drift::Measure,
};

/// What `slow_windows` may be: up to a week of hours.
pub const SLOW_WINDOWS: RangeInclusive<u64> = 2..=168;
/// What `rows_min` may be.
pub const ROWS_MIN: RangeInclusive<u64> = 1..=1_000_000_000;
/// What `false_alarms` may be: from one in three years to ten a day.
pub const FALSE_ALARMS: RangeInclusive<f64> = 0.001..=10.0;
/// What `recovery_seconds` may be: up to a week.
pub const RECOVERY_SECONDS: RangeInclusive<u64> = 1..=604_800;
/// What `material_psi` may be.
pub const MATERIAL_PSI: RangeInclusive<f64> = 0.001..=100.0;
/// What `material_wasserstein` may be.
pub const MATERIAL_WASSERSTEIN: RangeInclusive<f64> = 0.001..=1000.0;
/// What a change of a share may be; 1 for never.
pub const MATERIAL_SHARE: RangeInclusive<f64> = 0.0001..=1.0;

settings! {
    /// How drift is detected, for all models.
    pub struct Drift reads DriftFields at "" {
        /// How many windows of `window_seconds` make up the slow window.
        slow_windows: u64 = Whole(SLOW_WINDOWS), [or 24], "12";
        /// How many false drifts chance may call in a day, in the mean, by all features of a model and all looks at them
        /// together; with feedback, by its quality and its KPIs as well.
        false_alarms: f64 = Number(FALSE_ALARMS), [or Budget::FALSE_ALARMS_PER_DAY], "0.1";
        /// For how long a drift must have been gone before its verdict ends.
        recovery_seconds: Option<u64> = Whole(RECOVERY_SECONDS),
            [optional "a quarter of the window"], "600";
        /// What a window must differ from to be a drift: only `training`, or `both` training and the same window a season
        /// before. Training is that of the same hours of the day if the profile tells these apart. With `both` a drift
        /// ends when training no longer says so; until a season has passed, training decides alone.
        compare_with: CompareWith = Word(compare_with), [or CompareWith::Training], r#""both""#;
        /// How long a season is, a `day` or a `week`. Only for `both`; it consists of whole windows, of which
        /// there are 65,535 at most, with those of the slow window.
        season: Season = Word(season), [or Season::Day], r#""week""#;
        /// How many rows a window must be worth to be judged, rows of one cluster counting as one.
        rows_min: u64 = Whole(ROWS_MIN), [or detection::ROWS_MIN], "500";
        /// The PSI from which a drift that is beyond chance is material.
        material_psi: f64 = Number(MATERIAL_PSI), [or Materiality::DEFAULT.psi], "0.25";
        /// The distance, in standard deviations of the training data, by which the average row must have moved for it to be.
        material_wasserstein: f64 = Number(MATERIAL_WASSERSTEIN), [or Materiality::DEFAULT.wasserstein], "0.5";
        /// The change of the share of a class (a category, a flag, a new value) from which it is if that share doubled or
        /// halved.
        material_class: f64 = Number(MATERIAL_SHARE), [or Materiality::DEFAULT.class.points_if_doubled], "0.02";
        /// The change of the share of rows without a value from which it is, whatever the share was.
        material_nulls: f64 = Number(MATERIAL_SHARE), [or Materiality::DEFAULT.unbinned.points], "0.2";
        /// The same, if that share doubled or halved.
        material_nulls_doubled: f64 = Number(MATERIAL_SHARE), [or Materiality::DEFAULT.unbinned.points_if_doubled], "0.05";
        /// The measures that are exported in addition to PSI; `[]` for none. By default all but `chi_square_fit`, whose
        /// p-value takes the reference for exact and so is too small.
        measures: Vec<Measure> = Then(Words(measures), in_order), [or Measure::DEFAULT.to_vec()],
            r#"["jensen_shannon", "null_ratio"]"#;
    }
}

/// What a window must differ from to be a drift.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CompareWith {
    /// Training alone.
    Training,
    /// Training, and what came a season before.
    Both,
}

/// What traffic repeats in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Season {
    /// 24 hours.
    Day,
    /// Seven days.
    Week,
}

impl Season {
    /// Its length.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        match self {
            Season::Day => 86_400,
            Season::Week => 604_800,
        }
    }

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Season::Day => "day",
            Season::Week => "week",
        }
    }
}

impl CompareWith {
    const fn word(self) -> &'static str {
        match self {
            CompareWith::Training => "training",
            CompareWith::Both => "both",
        }
    }
}

fn compare_with() -> Vec<(&'static str, CompareWith)> {
    [CompareWith::Training, CompareWith::Both].map(|it| (it.word(), it)).into()
}

fn season() -> Vec<(&'static str, Season)> {
    [Season::Day, Season::Week].map(|it| (it.word(), it)).into()
}

impl Shown for CompareWith {
    fn shown(&self) -> String {
        format!("\"{}\"", self.word())
    }
}

impl Shown for Season {
    fn shown(&self) -> String {
        format!("\"{}\"", self.word())
    }
}

fn measures() -> Vec<(&'static str, Measure)> {
    Measure::ALL.map(|measure| (measure.word(), measure)).into()
}

/// Each of these once, in the order of [`Measure::ALL`].
fn in_order(listed: Vec<Measure>) -> Vec<Measure> {
    let mut all = Measure::ALL.to_vec();
    all.retain(|measure| listed.contains(measure));
    all
}

impl Shown for Vec<Measure> {
    fn shown(&self) -> String {
        list(self.iter().map(|measure| measure.word()))
    }
}
