//! Decides which columns of a table are read, and as what; it sees names only.

use std::fmt;

use driftline_statistics::{
    document::{Path, Problems},
    profile::Kind,
};

use super::options::{AsOf, Options};
use crate::{assembly::Role, column::ColumnOptions};

/// What excluded columns are named for.
const TO_EXCLUDE: &str = "to exclude";

/// What a column is read for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// It is a feature, the prediction or a KPI.
    Column(Role),
    /// It says when each row was made, and is no part of the profile.
    Apart,
    /// It says how good the model was, and is neither a feature nor the prediction.
    Outcome,
}

/// What a column is read for, and what the options say of it; `None` if it is left out.
pub(super) fn purpose(name: &str, options: &Options) -> Option<(Purpose, ColumnOptions)> {
    let same = |column: &String| column.trim() == name;
    let said = options.kinds.iter().rev().find(|(column, _)| same(column));
    let bin_by_value = options.value_bins.iter().any(same);
    let role = role(name, options);
    let is_wanted_besides =
        role.is_some_and(|role| role != Role::Feature) || said.is_some() || bin_by_value;
    let is_apart = says_as_of(name, options)
        || says_hour(name, options) && (role.is_none() || !is_wanted_besides);
    if is_apart {
        let of_moments = ColumnOptions { kind: Some(Kind::Timestamp), bin_by_value: false };
        return Some((Purpose::Apart, of_moments));
    }
    let of_column = ColumnOptions { kind: said.map(|(_, kind)| *kind), bin_by_value };
    match role {
        Some(role) => Some((Purpose::Column(role), of_column)),
        None => says_outcome(name, options).then_some((Purpose::Outcome, of_column)),
    }
}

/// What a column is to the model, whatever else it says; `None` if it is left out.
fn role(name: &str, options: &Options) -> Option<Role> {
    let same = |column: &String| column.trim() == name;
    let is = |column: &Option<String>| column.as_ref().is_some_and(same);
    if options.kpis.iter().any(same) {
        Some(Role::Kpi)
    } else if is(&options.prediction) {
        Some(Role::Prediction)
    } else if is(&options.score) {
        Some(Role::Score)
    } else if options.exclude.iter().any(same) {
        None
    } else if is(&options.target) {
        options.prediction.is_none().then_some(Role::Prediction)
    } else if says_outcome(name, options) {
        None
    } else {
        Some(Role::Feature)
    }
}

/// Whether a column says as of when the ages in a row count.
pub(super) fn says_as_of(name: &str, options: &Options) -> bool {
    matches!(&options.as_of, Some(AsOf::Column(column)) if column.trim() == name)
}

/// Whether a column says the hour of a row.
pub(super) fn says_hour(name: &str, options: &Options) -> bool {
    options.by_hour.as_ref().is_some_and(|column| column.trim() == name)
}

/// Whether a column has the labels or the scores.
fn says_outcome(name: &str, options: &Options) -> bool {
    options.quality.as_ref().is_some_and(|quality| {
        let mut columns = [&quality.label].into_iter().chain(&quality.score);
        columns.any(|column| column.trim() == name)
    })
}

/// Whether the options name a column for anything but to leave it out.
pub(super) fn wants(name: &str, options: &Options) -> bool {
    asked(options).any(|(what, asked)| what != TO_EXCLUDE && asked.trim() == name)
}

/// Notes each column that the options name and that does not exist, and each KPI that is named for something else, too.
pub(super) fn check(names: &[String], options: &Options, problems: &mut Problems) {
    let is_there = |asked: &str| names.iter().any(|name| name.trim() == asked.trim());
    for (what, name) in asked(options).filter(|(_, name)| name.is_empty() || !is_there(name)) {
        problems.add(
            &Path::ROOT,
            format_args!("found no column `{name}` {what}, the columns are {}", ColumnNames(names)),
        );
    }
    if options.score.is_some() && options.prediction.is_none() && options.target.is_none() {
        problems.add(
            &Path::ROOT,
            format_args!(
                "found a score without a prediction, expected a target or a prediction as well"
            ),
        );
    }
    check_kpis(options, problems);
}

/// Notes each KPI that is named for something else, too. It may be the label.
fn check_kpis(options: &Options, problems: &mut Problems) {
    for (index, kpi) in options.kpis.iter().enumerate() {
        let same = |column: &String| column.trim() == kpi.trim();
        let as_of = match &options.as_of {
            Some(AsOf::Column(column)) => Some(column),
            Some(AsOf::Moment(_)) | None => None,
        };
        let mut scores = options.quality.iter().filter_map(|quality| quality.score.as_ref());
        for (what, is_so) in [
            ("twice", options.kpis.iter().take(index).any(same)),
            ("and as what is excluded", options.exclude.iter().any(same)),
            ("and as the target", options.target.iter().any(same)),
            ("and as the prediction", options.prediction.iter().any(same)),
            ("and as the score", scores.any(same)),
            ("and as what says when a row was made", as_of.into_iter().any(same)),
            ("and as what says the hour of a row", options.by_hour.iter().any(same)),
        ] {
            if is_so {
                problems.add(
                    &Path::ROOT,
                    format_args!("found `{kpi}` as a KPI {what}, expected it as a KPI alone"),
                );
            }
        }
    }
}

/// Every column that the options name, with what for.
fn asked(options: &Options) -> impl Iterator<Item = (&'static str, &String)> {
    let asked = options.exclude.iter().map(|name| (TO_EXCLUDE, name));
    let quality = options.quality.iter().flat_map(|quality| {
        let label = ("as the label", &quality.label);
        let other = |name: &&String| options.score.as_ref() != Some(*name);
        let score = quality.score.iter().filter(other).map(|name| ("as the score", name));
        let segments = quality.segments.iter().map(|name| ("to tell errors apart by", name));
        [label].into_iter().chain(score).chain(segments)
    });
    let as_of = match &options.as_of {
        Some(AsOf::Column(name)) => Some(("to say when a row was made", name)),
        Some(AsOf::Moment(_)) | None => None,
    };
    asked
        .chain(as_of)
        .chain(options.by_hour.iter().map(|name| ("to say the hour of a row", name)))
        .chain(options.target.iter().map(|name| ("as the target", name)))
        .chain(options.prediction.iter().map(|name| ("as the prediction", name)))
        .chain(options.score.iter().map(|name| ("as the score", name)))
        .chain(quality)
        .chain(options.kpis.iter().map(|name| ("as a KPI", name)))
        .chain(options.kinds.iter().map(|(name, _)| ("to give a type", name)))
        .chain(options.value_bins.iter().map(|name| ("to bin by value", name)))
}

/// The names of a table's columns in a message: quoted, and the first fifty of them.
#[derive(Clone, Copy, Debug)]
pub struct ColumnNames<'n>(pub &'n [String]);

impl fmt::Display for ColumnNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// A file of the wrong kind may have a header of any length.
        const SHOWN_MAX: usize = 50;
        let names: Vec<String> = self
            .0
            .iter()
            .filter(|name| !name.is_empty())
            .take(SHOWN_MAX)
            .map(|name| format!("`{}`", name.chars().take(60).collect::<String>().escape_debug()))
            .collect();
        f.write_str(&names.join(", "))?;
        match self.0.len().saturating_sub(SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
