//! Collects rows column by column and builds the profile from them; it reads no file.

use std::{fmt, ops::RangeInclusive};

use driftline_statistics::document::OTHER_NAME;
use driftline_statistics::{
    document::{Path, Problems, label_fault, name_fault},
    profile::{CREATED_AT_MAX, Column, FEATURES_MAX, Feature, Profile},
};

use crate::{
    Cell, Recount,
    chi_square::quantiles,
    column::{Collected, ColumnBuilder, Sizes, Wish, tallied},
    recount::{Counting, Named},
};

/// How many bins a column may be given. Value bins have one more, `other`, and 100 is the most.
pub const BINS: RangeInclusive<usize> = 2..=99;
/// As many bins as hold the error of a distance near one part in a hundred, at a cost that 50 features can bear.
pub const BINS_DEFAULT: usize = 20;
/// How many categories a column may be given a bin for, beside the bin of all others.
pub const CATEGORIES: RangeInclusive<usize> = 1..=99;
/// How many bytes of numbers are kept, if nothing else is said: 512 MiB, which are 67 million numbers.
pub const MEMORY_BYTES_DEFAULT: u64 = 512 << 20;
/// However little memory there may be, that many numbers of each column are kept.
pub const SAMPLE_MIN: usize = 1_000;

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
    /// From 1, with it; `None` if the source has no lines.
    pub line: Option<u64>,
}

/// What a profile says of its model, and how large it may be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the model, as requests call it.
    pub model: String,
    /// The version of the model, if metrics tell it apart.
    pub version: Option<String>,
    /// When the profile is made, in seconds since 1970.
    pub created_at: u64,
    /// How many bins a column of numbers gets, within [`BINS`].
    pub bins: usize,
    /// How many categories get a bin, within [`CATEGORIES`].
    pub categories: usize,
    /// How many bytes of numbers are kept, all columns together; see [`ProfileBuilder`].
    pub memory_bytes_max: u64,
    /// Whether the number of different values of each column is estimated, in 16 KiB each.
    pub distinct: bool,
}

/// Rows on their way to a profile.
///
/// Tell it every column, then every row, then [`build`](ProfileBuilder::build).
///
/// Memory: 8 bytes per number, up to [`Settings::memory_bytes_max`], and [`SAMPLE_MIN`] numbers of each column in any
/// case. Beyond that each column keeps a uniform sample, from which the edges of quantile bins are taken, and the rows
/// are counted in a second reading; then everything but the place of those edges is exact.
#[derive(Debug)]
pub struct ProfileBuilder {
    settings: Settings,
    rows: u64,
    columns: Vec<Named<ColumnBuilder>>,
    /// How many numbers each column keeps at most, once there were too many.
    limit: Option<usize>,
    problems: Problems,
}

/// What became of the rows.
#[derive(Debug)]
pub enum Built {
    /// The profile.
    Profile(Profile),
    /// There were more numbers than could be kept: tell all rows once more.
    ReadAgain(Recount),
}

impl ProfileBuilder {
    /// An empty builder. Settings out of their range, and names that cannot be labels, are problems that `build` reports.
    #[must_use]
    pub fn new(settings: Settings) -> ProfileBuilder {
        let mut builder = ProfileBuilder {
            settings,
            rows: 0,
            columns: Vec::new(),
            limit: None,
            problems: Problems::default(),
        };
        builder.check_settings();
        builder
    }

    fn check_settings(&mut self) {
        let Settings { model, version, bins, categories, .. } = self.settings.clone();
        if let Some(fault) = label_fault(&model) {
            self.note(format_args!("the name of the model {fault}: {model:?}"));
        } else if model == OTHER_NAME {
            self.note(format_args!(
                "the model cannot be called \"{model}\": models that nobody listed are counted so"
            ));
        }
        if let Some((version, fault)) = version.as_deref().and_then(|v| Some((v, label_fault(v)?)))
        {
            self.note(format_args!("the version of the model {fault}: {version:?}"));
        }
        for (found, range, what) in [(bins, BINS, "bins"), (categories, CATEGORIES, "categories")] {
            if !range.contains(&found) {
                let (least, most) = (range.start(), range.end());
                self.note(format_args!("found {found} {what}, expected {least} to {most}"));
            }
        }
        self.settings.bins = bins.clamp(*BINS.start(), *BINS.end());
        self.settings.categories = categories.clamp(*CATEGORIES.start(), *CATEGORIES.end());
        self.settings.created_at = self.settings.created_at.min(CREATED_AT_MAX);
    }

    /// Adds a column; rows then carry a cell for it, in the order of these calls. In rows that came before, it was null.
    ///
    /// A name that cannot be a label or occurs twice, one feature too many and a second prediction
    /// are problems that `build` reports.
    pub fn column(&mut self, name: &str, role: Role, wish: Wish) {
        if let Some(fault) = name_fault(name) {
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
        let mut column = ColumnBuilder::new(wish, self.rows);
        if self.settings.distinct {
            column.estimate_distinct();
        }
        self.columns.push(Named { name: String::from(name), role, column });
        if self.limit.is_some() {
            self.make_room();
        }
    }

    /// Adds a row: one cell per column. Missing cells count as null, further ones are ignored.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, place: Place) {
        self.rows += 1;
        let mut cells = cells.into_iter();
        let mut kept = 0;
        for Named { column, .. } in &mut self.columns {
            column.add(cells.next().unwrap_or(Cell::Null), place);
            kept += column.kept();
        }
        if self.limit.is_none() && self.values_max() < kept {
            self.make_room();
        }
    }

    fn values_max(&self) -> usize {
        usize::try_from(self.settings.memory_bytes_max / 8).unwrap_or(usize::MAX)
    }

    /// Shares the memory out among the columns; from now on none keeps more than its share.
    fn make_room(&mut self) {
        let limit = (self.values_max() / self.columns.len().max(1)).max(SAMPLE_MIN);
        self.limit = Some(limit);
        self.columns.iter_mut().for_each(|named| named.column.limit(limit));
    }

    /// How many rows were added.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many numbers of each column are kept, if not all.
    #[must_use]
    pub fn sampled(&self) -> Option<usize> {
        self.limit
    }

    /// The profile, or how to get to it. Sorts each column once.
    ///
    /// # Errors
    ///
    /// All problems at once: no rows, no columns, columns that hold no values or other things than
    /// values, and what earlier calls noted.
    pub fn build(self) -> Result<Built, Problems> {
        let ProfileBuilder { settings, rows, columns, limit: _, mut problems } = self;
        let all = columns.len();
        let mut counting = Vec::new();
        if rows == 0 {
            problems.add(&Path::ROOT, format_args!("found no rows, expected at least one"));
        } else if columns.is_empty() {
            problems
                .add(&Path::ROOT, format_args!("found no column to watch, expected at least one"));
        }
        if rows != 0 {
            let sizes = Sizes { bins: settings.bins, categories: settings.categories };
            for Named { name, role, column } in columns {
                match column.build(sizes, |bins| quantiles(bins, all)) {
                    Err(fault) => problems.add(
                        &Path::ROOT,
                        format_args!("the column `{name}` {fault}; repair or exclude it"),
                    ),
                    Ok(column) => counting.push(Named { name, role, column }),
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let again = counting.iter().any(|named| matches!(named.column, Collected::ReadAgain(_)));
        if again {
            let columns = counting.into_iter().map(|named| named.map(Counting::from)).collect();
            return Ok(Built::ReadAgain(Recount::new(settings, rows, columns)));
        }
        let columns = counting.into_iter().map(|named| {
            named.map(|collected| match collected {
                Collected::Column(column) => column,
                Collected::Values(plan, values) => {
                    tallied(plan, &values).column(|bins| quantiles(bins, all))
                }
                // There is none, as was seen above; what it would be is a column of no rows.
                Collected::ReadAgain(plan) => {
                    tallied(plan, &[]).column(|bins| quantiles(bins, all))
                }
            })
        });
        Ok(Built::Profile(profile(settings, rows, columns)))
    }

    fn note(&mut self, problem: fmt::Arguments<'_>) {
        self.problems.add(&Path::ROOT, problem);
    }
}

/// Puts the columns where they belong.
pub(crate) fn profile(
    settings: Settings,
    rows: u64,
    columns: impl IntoIterator<Item = Named<Column>>,
) -> Profile {
    let Settings { model, version, created_at, .. } = settings;
    let mut profile =
        Profile { model, version, created_at, rows, features: Vec::new(), prediction: None };
    for Named { name, role, column } in columns {
        match role {
            Role::Feature => profile.features.push(Feature { name, column }),
            Role::Prediction => profile.prediction = Some(column),
        }
    }
    profile
}

impl Settings {
    /// The usual sizes, for the model of that name.
    #[must_use]
    pub fn of(model: &str) -> Settings {
        Settings { model: String::from(model), ..Settings::default() }
    }
}

impl Default for Settings {
    /// The usual sizes, for a model that has no name yet.
    fn default() -> Settings {
        Settings {
            model: String::new(),
            version: None,
            created_at: 0,
            bins: BINS_DEFAULT,
            categories: BINS_DEFAULT,
            memory_bytes_max: MEMORY_BYTES_DEFAULT,
            distinct: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> ProfileBuilder {
        ProfileBuilder::new(Settings { model: "rain".into(), ..Settings::default() })
    }

    fn built(builder: ProfileBuilder) -> Profile {
        match builder.build().unwrap() {
            Built::Profile(profile) => profile,
            Built::ReadAgain(_) => panic!("there was room for everything"),
        }
    }

    fn at(row: u64) -> Place {
        Place { row, line: Some(row + 1) }
    }

    #[test]
    fn columns_keep_their_order_and_roles() {
        let mut builder = builder();
        builder.column("wind", Role::Feature, Wish::default());
        builder.column("rain", Role::Prediction, Wish::default());
        builder.column("dew point", Role::Feature, Wish::default());
        builder.row([Cell::Number(1.5), Cell::Boolean(true), Cell::Number(2.0)], at(1));
        builder.row([Cell::Null, Cell::Boolean(false)], at(2));
        let profile = built(builder);
        let names: Vec<&str> =
            profile.features.iter().map(|feature| feature.name.as_str()).collect();
        assert_eq!(names, ["wind", "dew point"]);
        assert_eq!(profile.features[1].column.nulls, 1);
        assert_eq!(profile.prediction.unwrap().counts, [1, 1, 0]);
        assert_eq!(profile.rows, 2);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let mut builder = ProfileBuilder::new(Settings {
            model: "other".into(),
            bins: 1,
            categories: 0,
            ..Settings::default()
        });
        builder.column("a;.;b", Role::Feature, Wish::default());
        builder.column("wind", Role::Feature, Wish::default());
        builder.column("wind", Role::Prediction, Wish::default());
        builder.column("x", Role::Prediction, Wish::default());
        builder.row([Cell::Number(0.5), Cell::Text("N"), Cell::Null, Cell::Number(1.0)], at(1));
        builder.row([Cell::Number(0.5), Cell::Number(0.5), Cell::Null, Cell::Number(1.0)], at(2));
        let problems = builder.build().unwrap_err();
        assert_eq!(
            problems.kept().collect::<Vec<_>>(),
            [
                "the model cannot be called \"other\": models that nobody listed are counted so",
                "found 1 bins, expected 2 to 99",
                "found 0 categories, expected 1 to 99",
                "the name of a column must not contain `;.` or `=.=`, which delimit labels in \
                 Envoy's stat names: \"a;.;b\"",
                "two columns are called `wind`, expected unique names",
                "`x` is a second prediction, expected one at most",
                "the column `wind` holds \"N\" at row 1 (line 2); expected numbers up to 1e100, \
                 true and false, or nothing (empty, NA, NaN, null), or else text in all rows, or lists of numbers in all rows; repair or exclude it",
                "the column `wind` holds no value in any row of the reference; repair or exclude it",
            ]
        );
    }

    #[test]
    fn nothing_makes_no_profile() {
        let mut builder = builder();
        builder.column("wind", Role::Feature, Wish::default());
        assert_eq!(
            builder.build().unwrap_err().to_string(),
            "found no rows, expected at least one"
        );
    }

    /// Numbers, integers, text, nulls and a prediction, so many that 1,000 of each column are kept.
    fn tell(mut row: impl FnMut(&[Cell<'_>], Place)) {
        for n in 1..=5_000_u32 {
            let x = f64::from(n % 997) * f64::from(n % 991) / 7.0;
            let text = format!("c{}", n % 3);
            let cells = [
                if n % 10 == 0 { Cell::Null } else { Cell::Number(x) },
                Cell::Number(f64::from(n % 4)),
                Cell::Text(&text),
                Cell::Boolean(n % 5 == 0),
            ];
            row(&cells, at(n.into()));
        }
    }

    fn collected(memory_bytes_max: u64) -> ProfileBuilder {
        let settings = Settings { model: "rain".into(), memory_bytes_max, ..Settings::default() };
        let mut builder = ProfileBuilder::new(settings);
        for name in ["x", "few", "text"] {
            builder.column(name, Role::Feature, Wish::default());
        }
        builder.column("rain", Role::Prediction, Wish::default());
        tell(|cells, place| builder.row(cells.iter().copied(), place));
        builder
    }

    #[test]
    fn too_many_numbers_are_counted_in_a_second_reading() {
        let whole = built(collected(MEMORY_BYTES_DEFAULT));
        let builder = collected(100);
        assert_eq!(builder.sampled(), Some(SAMPLE_MIN));
        let Built::ReadAgain(mut recount) = builder.build().unwrap() else {
            panic!("there was no room")
        };
        tell(|cells, place| recount.row(cells.iter().copied(), place));
        let sampled = recount.build().unwrap();

        // Only the edges of quantile bins come from the sample, and they are where they were within its error.
        assert_eq!(sampled.features[1..], whole.features[1..]);
        assert_eq!(sampled.prediction, whole.prediction);
        let [x, exact] = [&sampled, &whole].map(|profile| &profile.features[0].column);
        assert_eq!((x.nulls, &x.schema), (exact.nulls, &exact.schema));
        let [numbers, expected] = [x, exact].map(|column| column.numbers.as_ref().unwrap());
        assert_eq!(numbers.mean, expected.mean);
        let error = numbers.standard_deviation / expected.standard_deviation - 1.0;
        assert!(error.abs() < 1e-12, "{error}");
        assert_eq!(x.counts.iter().sum::<u64>(), 4_500);
        let mut below = 0;
        for (k, count) in x.counts.iter().enumerate() {
            below += count;
            let error = below as f64 / 4_500.0 - (k + 1) as f64 / 20.0;
            // Four standard errors of a share among 1,000 values.
            assert!(error.abs() < 4.0 * 0.5 / 1_000.0_f64.sqrt(), "bin {k}: {error}");
        }
        let mut counted = vec![0; x.bins.count()];
        tell(|cells, _| {
            if let Cell::Number(value) = cells[0] {
                counted[x.bins.of(value)] += 1;
            }
        });
        assert_eq!(x.counts, counted);
    }

    #[test]
    fn rows_that_changed_between_two_readings_make_no_profile() {
        let refused = |change: fn(u64, Cell<'_>) -> Option<Cell<'_>>| {
            let Built::ReadAgain(mut recount) = collected(100).build().unwrap() else {
                panic!("there was no room")
            };
            tell(|cells, place| {
                if let Some(first) = change(place.row, cells[0]) {
                    recount.row([first].into_iter().chain(cells[1..].iter().copied()), place);
                }
            });
            recount.build().unwrap_err().to_string()
        };
        let message =
            "the data changed while it was read: it was not the same in the second reading";
        assert_eq!(refused(|row, cell| (row != 7).then_some(cell)), message);
        assert_eq!(
            refused(|row, cell| Some(if row == 7 { Cell::Text("x") } else { cell })),
            message
        );
        assert_eq!(refused(|row, cell| Some(if row == 7 { Cell::Null } else { cell })), message);
    }

    #[test]
    fn a_column_that_comes_late_was_null_before() {
        let mut builder = builder();
        builder.column("wind", Role::Feature, Wish::default());
        builder.row([Cell::Number(1.0)], at(1));
        builder.column("dew", Role::Feature, Wish::default());
        builder.row([Cell::Number(1.0), Cell::Number(2.0)], at(2));
        assert_eq!(built(builder).features[1].column.nulls, 1);
    }
}
