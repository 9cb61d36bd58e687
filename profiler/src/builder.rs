//! Collects rows column by column and builds the profile from them; it reads no file.

use std::{fmt, ops::RangeInclusive};

use driftline_core::{
    config::OTHER_NAME,
    document::{Path, Problems, label_fault},
    profile::{CREATED_AT_MAX, FEATURES_MAX, Feature, Profile, Quantiles},
};

use crate::{Cell, chi_square::quantiles, column::ColumnBuilder};

/// How many bins a column may be given. Value bins have one more, `other`, and 100 is the most.
pub const BINS: RangeInclusive<usize> = 2..=99;
/// As many bins as hold the error of a distance near one part in a hundred, at a cost that 50 features can bear.
pub const BINS_DEFAULT: usize = 20;

/// What a column is to the model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// An input.
    Feature,
    /// What the model answers; at most one column.
    Prediction,
}

/// Where a row stands in its source, for messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// From 1, without the header.
    pub row: u64,
    /// From 1, with it.
    pub line: u64,
}

/// Rows on their way to a profile.
///
/// Tell it every column, then every row, then [`build`](ProfileBuilder::build). Memory: 8 bytes per value.
#[derive(Debug)]
pub struct ProfileBuilder {
    model: String,
    version: Option<String>,
    created_at: u64,
    bins: usize,
    rows: u64,
    columns: Vec<Named>,
    problems: Problems,
}

#[derive(Debug)]
struct Named {
    name: String,
    role: Role,
    builder: ColumnBuilder,
}

impl ProfileBuilder {
    /// An empty builder for the model of that name. `bins` outside [`BINS`] is a problem that `build` reports.
    #[must_use]
    pub fn new(model: &str, bins: usize) -> ProfileBuilder {
        let mut builder = ProfileBuilder {
            model: String::from(model),
            version: None,
            created_at: 0,
            bins: bins.clamp(*BINS.start(), *BINS.end()),
            rows: 0,
            columns: Vec::new(),
            problems: Problems::default(),
        };
        if let Some(fault) = label_fault(model) {
            builder.note(format_args!("the name of the model {fault}: {model:?}"));
        } else if model == OTHER_NAME {
            builder.note(format_args!(
                "the model cannot be called \"{model}\": models that nobody listed are counted so"
            ));
        }
        if !BINS.contains(&bins) {
            builder.note(format_args!(
                "found {bins} bins, expected {} to {}",
                BINS.start(),
                BINS.end()
            ));
        }
        builder
    }

    /// Says which version of the model was trained on these rows. One that cannot be a label is a problem that `build`
    /// reports.
    pub fn version(&mut self, version: &str) {
        if let Some(fault) = label_fault(version) {
            self.note(format_args!("the version of the model {fault}: {version:?}"));
        }
        self.version = Some(String::from(version));
    }

    /// Says when the profile is made, in seconds since 1970. Without it: then.
    pub fn created_at(&mut self, seconds: u64) {
        self.created_at = seconds.min(CREATED_AT_MAX);
    }

    /// Adds a column; rows then carry a cell for it, in the order of these calls.
    ///
    /// A name that cannot be a label or occurs twice, one feature too many and a second prediction
    /// are problems that `build` reports.
    pub fn column(&mut self, name: &str, role: Role) {
        if let Some(fault) = label_fault(name) {
            self.note(format_args!("the name of a column {fault}: {name:?}"));
        } else if self.columns.iter().any(|column| column.name == name) {
            self.note(format_args!("two columns are called `{name}`, expected unique names"));
        }
        let of_this_role = self.columns.iter().filter(|column| column.role == role).count();
        match role {
            Role::Feature if of_this_role == FEATURES_MAX => {
                self.note(format_args!("found more than {FEATURES_MAX} features; exclude some"));
            }
            Role::Prediction if of_this_role == 1 => {
                self.note(format_args!("`{name}` is a second prediction, expected one at most"));
            }
            Role::Feature | Role::Prediction => {}
        }
        self.columns.push(Named { name: String::from(name), role, builder: Default::default() });
    }

    /// Adds a row: one cell per column. Missing cells count as null, further ones are ignored.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, place: Place) {
        self.rows += 1;
        let mut cells = cells.into_iter();
        for column in &mut self.columns {
            column.builder.add(cells.next().unwrap_or(Cell::Null), place);
        }
    }

    /// How many rows were added.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The profile. Sorts each column once.
    ///
    /// # Errors
    ///
    /// All problems at once: no rows, no columns, columns that hold no values or other things than
    /// values, and what earlier calls noted.
    pub fn build(self) -> Result<Profile, Problems> {
        let ProfileBuilder { model, version, created_at, bins, rows, columns, mut problems } = self;
        let all = columns.len();
        let mut features = Vec::new();
        let mut prediction = None;
        if rows == 0 {
            problems.add(&Path::ROOT, format_args!("found no rows, expected at least one"));
        } else if columns.is_empty() {
            problems
                .add(&Path::ROOT, format_args!("found no column to watch, expected at least one"));
        } else {
            for Named { name, role, builder } in columns {
                match builder.build(bins, |bins| chi_square(bins, all)) {
                    Err(fault) => problems.add(
                        &Path::ROOT,
                        format_args!("the column `{name}` {fault}; repair or exclude it"),
                    ),
                    Ok(column) => match role {
                        Role::Feature => features.push(Feature { name, column }),
                        Role::Prediction => prediction = Some(column),
                    },
                }
            }
        }
        if problems.is_empty() {
            Ok(Profile { model, version, created_at, rows, features, prediction })
        } else {
            Err(problems)
        }
    }

    fn note(&mut self, problem: fmt::Arguments<'_>) {
        self.problems.add(&Path::ROOT, problem);
    }
}

fn chi_square(bins: usize, columns: usize) -> Quantiles {
    // A column has two bins at least, for which there always are quantiles.
    quantiles(bins, columns).unwrap_or(Quantiles {
        five_percent: 1.0,
        one_percent: 1.0,
        family: 1.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(row: u64) -> Place {
        Place { row, line: row + 1 }
    }

    #[test]
    fn columns_keep_their_order_and_roles() {
        let mut builder = ProfileBuilder::new("rain", 20);
        builder.column("wind", Role::Feature);
        builder.column("rain", Role::Prediction);
        builder.column("dew point", Role::Feature);
        builder.row([Cell::Number(1.5), Cell::Boolean(true), Cell::Number(2.0)], at(1));
        builder.row([Cell::Null, Cell::Boolean(false)], at(2));
        let profile = builder.build().unwrap();
        let names: Vec<&str> =
            profile.features.iter().map(|feature| feature.name.as_str()).collect();
        assert_eq!(names, ["wind", "dew point"]);
        assert_eq!(profile.features[1].column.nulls, 1);
        assert_eq!(profile.prediction.unwrap().counts, [1, 1, 0]);
        assert_eq!(profile.rows, 2);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let mut builder = ProfileBuilder::new("other", 1);
        builder.column("a;.;b", Role::Feature);
        builder.column("wind", Role::Feature);
        builder.column("wind", Role::Prediction);
        builder.column("x", Role::Prediction);
        builder.row([Cell::Number(0.5), Cell::Text("N"), Cell::Null, Cell::Number(1.0)], at(1));
        builder.row([Cell::Number(0.5), Cell::Number(0.5), Cell::Null, Cell::Number(1.0)], at(2));
        let problems = builder.build().unwrap_err();
        assert_eq!(
            problems.kept().collect::<Vec<_>>(),
            [
                "the model cannot be called \"other\": models that nobody listed are counted so",
                "found 1 bins, expected 2 to 99",
                "the name of a column must not contain `;.` or `=.=`, which delimit labels in \
                 Envoy's stat names: \"a;.;b\"",
                "two columns are called `wind`, expected unique names",
                "`x` is a second prediction, expected one at most",
                "the column `wind` holds \"N\" at row 1 (line 2); expected numbers up to 1e100, \
                 true and false, or nothing (empty, NA, NaN, null), or else text in all rows; repair or exclude it",
                "the column `wind` holds no value in any row of the reference; repair or exclude it",
            ]
        );
    }

    #[test]
    fn nothing_makes_no_profile() {
        let mut builder = ProfileBuilder::new("rain", 20);
        builder.column("wind", Role::Feature);
        assert_eq!(
            builder.build().unwrap_err().to_string(),
            "found no rows, expected at least one"
        );
    }
}
