//! Training data and the reference profile, which the profiler itself makes of them. It sees no live row.

use anyhow::{Result, anyhow};
use driftline_profiler::{Built, Cell, ColumnOptions, Place, ProfileBuilder, Role, Settings};
use driftline_statistics::{profile::Profile, time::hour::HourOfDay};

use crate::{
    law::{Draw, Value, category_name},
    traffic::{DAY_SECONDS, Traffic},
};

/// Training rows were gathered over this many days.
const DAYS: f64 = 28.0;

/// The profile of so many rows of a traffic; by hour if the traffic asks for it.
///
/// # Errors
///
/// If the profiler refuses them.
pub fn profile(traffic: &Traffic, rows: usize, draw: &mut Draw) -> Result<Profile> {
    let mut builder = ProfileBuilder::new(Settings::of("simulated"));
    if traffic.seasons.by_hour {
        builder.keep_hours();
    }
    for number in 0..traffic.laws.len() {
        builder.column(&feature_name(number), Role::Feature, ColumnOptions::default());
    }
    let names: Vec<String> = (0..100).map(category_name).collect();
    let mut row = Vec::new();
    for _ in 0..rows {
        let seconds = draw.uniform() * DAYS * DAY_SECONDS;
        traffic.row(draw, seconds, &[], &mut row);
        let cells = row.iter().map(|value| match *value {
            Value::Number(x) => Cell::Number(x),
            Value::Category(number) => Cell::Text(&names[usize::from(number)]),
            Value::Null | Value::Wrong => Cell::Null,
        });
        builder.row_in_hour(cells, HourOfDay::of(seconds), Place { row: 1, line: None });
    }
    match builder.build().map_err(|problems| anyhow!("{problems}"))? {
        Built::Profile(profile) => Ok(profile),
        Built::ReadAgain(_) => Err(anyhow!("too many rows to keep")),
    }
}

/// The name of a feature.
#[must_use]
pub fn feature_name(number: usize) -> String {
    format!("f{number}")
}
