//! Collects rows column by column and builds the profile from them; it reads no file.

#[cfg(test)]
mod tests;

use std::fmt;

use driftline_statistics::{
    document::{Path, Problems, label_fault, name_fault},
    profile::{FEATURES_MAX, KPIS_MAX, Kind, Profile, RECORD_MEMBERS, is_kpi_kind},
    time::hour::HourOfDay,
    value::NullTexts,
};

use crate::{
    assembly::{Named, Role, assembled},
    cell::Cell,
    column::{Collected, ColumnBuilder, ColumnOptions, Sizes},
    hour_rows::HourRows,
    place::Place,
    recount::Recount,
    settings::Settings,
};

/// Each column keeps at least this many numbers, however little memory is allowed.
pub const SAMPLE_MIN: usize = 1_000;

/// Rows on their way to a profile.
///
/// Say whether rows have [hours](ProfileBuilder::keep_hours), add every column, then every row, then
/// [`build`](ProfileBuilder::build).
///
/// Memory: 8 bytes per number, 9 with hours, up to [`Settings::memory_bytes_max`], but at least [`SAMPLE_MIN`] numbers of each
/// column. Beyond that, each column keeps a uniform sample, the edges of quantile bins are taken from it, and a second
/// reading counts the rows. Everything but the position of those edges is then exact.
#[derive(Debug)]
pub struct ProfileBuilder {
    settings: Settings,
    nulls: NullTexts,
    rows: u64,
    /// Those of them that say their hour of the day.
    hours: HourRows,
    keeps_hours: bool,
    columns: Vec<Named<ColumnBuilder>>,
    /// The most numbers that a column keeps, once there were too many.
    limit: Option<usize>,
    problems: Problems,
}

/// What the rows gave.
#[derive(Debug)]
pub enum Built {
    /// The profile.
    Profile(Profile),
    /// There were more numbers than could be kept: add all rows once more.
    ReadAgain(Recount),
}

impl ProfileBuilder {
    /// An empty builder. Settings out of their range, and names that cannot be labels, are problems that `build`
    /// reports.
    #[must_use]
    pub fn new(mut settings: Settings) -> ProfileBuilder {
        let mut problems = Problems::default();
        settings.check(&mut problems);
        let nulls = settings.nulls();
        ProfileBuilder {
            settings,
            nulls,
            rows: 0,
            hours: HourRows::default(),
            keeps_hours: false,
            columns: Vec::new(),
            limit: None,
            problems,
        }
    }

    /// Keeps the rows of each hour of the day as well, for all columns. Before the first column.
    pub fn keep_hours(&mut self) {
        self.keeps_hours = true;
    }

    /// Adds a column. Later rows have a cell for it, in the order of these calls; earlier rows count as null.
    ///
    /// A name that cannot be a label or occurs twice, one feature or KPI too many and a second prediction are problems that
    /// `build` reports, as is a KPI that is called as another member of a record of feedback.
    pub fn column(&mut self, name: &str, role: Role, options: ColumnOptions) {
        let fault = if role == Role::Kpi { label_fault(name) } else { name_fault(name) };
        if let Some(fault) = fault {
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
            Role::Kpi if of_this_role == KPIS_MAX => {
                self.note(format_args!(
                    "found more than {KPIS_MAX} KPIs, expected {KPIS_MAX} at most"
                ));
            }
            Role::Kpi if RECORD_MEMBERS.contains(&name) => {
                self.note(format_args!(
                    "the KPI `{name}` is called as a member of records of feedback that means something else; \
                     expected another name"
                ));
            }
            Role::Feature | Role::Prediction | Role::Score | Role::Kpi => {}
        }
        let mut column = ColumnBuilder::new(options, self.rows);
        if self.settings.distinct {
            column.estimate_distinct();
        }
        // Records of feedback come at hours of their own.
        if self.keeps_hours && role != Role::Kpi {
            column.keep_hours(self.hours);
        }
        self.columns.push(Named { name: String::from(name), role, column });
        if self.limit.is_some() {
            self.make_room();
        }
    }

    /// Adds a row: one cell per column. Missing cells count as null; surplus cells are ignored.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>, place: Place) {
        self.row_in_hour(cells, None, place);
    }

    /// Adds a row of this hour of the day. One that does not say its hour counts in the whole alone.
    pub fn row_in_hour<'c>(
        &mut self,
        cells: impl IntoIterator<Item = Cell<'c>>,
        hour: Option<HourOfDay>,
        place: Place,
    ) {
        self.rows += 1;
        self.hours.add(hour, 1);
        let mut cells = cells.into_iter();
        let mut kept = 0;
        for Named { column, .. } in &mut self.columns {
            column.add(cells.next().unwrap_or(Cell::Null), hour, place, &self.nulls);
            kept += column.kept();
        }
        if self.limit.is_none() && self.values_max() < kept {
            self.make_room();
        }
    }

    fn values_max(&self) -> usize {
        let bytes = if self.keeps_hours { 9 } else { 8 };
        usize::try_from(self.settings.memory_bytes_max / bytes).unwrap_or(usize::MAX)
    }

    /// Divides the memory among the columns; from now on none keeps more than its share.
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

    /// The most numbers that a column keeps, if not all are kept.
    #[must_use]
    pub fn sampled(&self) -> Option<usize> {
        self.limit
    }

    /// The profile, or the recount that leads to it. Sorts each column once.
    ///
    /// # Errors
    ///
    /// All problems at once: no rows, no columns, columns without values or with cells that are none, and what earlier
    /// calls noted.
    pub fn build(mut self) -> Result<Built, Problems> {
        let columns = self.collected();
        let ProfileBuilder { settings, rows, hours, problems, .. } = self;
        if !problems.is_empty() {
            return Err(problems);
        }
        if columns.iter().any(|named| matches!(named.column, Collected::ReadAgain(_))) {
            return Ok(Built::ReadAgain(Recount::new(settings, rows, hours, columns)));
        }
        let all = columns.len();
        let columns = columns.into_iter().map(|named| named.map(|column| column.counted(all)));
        Ok(Built::Profile(assembled(settings, rows, columns)))
    }

    /// Each column after this reading. Faults are noted.
    fn collected(&mut self) -> Vec<Named<Collected>> {
        let columns = std::mem::take(&mut self.columns);
        if self.rows == 0 {
            self.note(format_args!("found no rows, expected at least one"));
            return Vec::new();
        }
        if columns.is_empty() {
            self.note(format_args!("found no column to watch, expected at least one"));
        }
        let Settings { bins, categories, .. } = self.settings;
        let sizes = Sizes { bins, categories, columns: columns.len() };
        let mut collected = Vec::new();
        for Named { name, role, column } in columns {
            match column.build(sizes) {
                Ok(column) if role == Role::Kpi && !is_kpi_kind(column.kind()) => {
                    let what = match column.kind() {
                        Kind::Category => "holds text, which",
                        Kind::Timestamp => "holds moments, which",
                        _ => "counts by something else than its values, which",
                    };
                    self.note(format_args!(
                        "the column `{name}` {what} no KPI can be; expected numbers, or truth values"
                    ));
                }
                Ok(column) => collected.push(Named { name, role, column }),
                Err(fault) => {
                    let fault = fault.replace("--type COLUMN=", &format!("--type {name}="));
                    self.note(format_args!("the column `{name}` {fault}; repair or exclude it"));
                }
            }
        }
        collected
    }

    fn note(&mut self, problem: fmt::Arguments<'_>) {
        self.problems.add(&Path::ROOT, problem);
    }
}
