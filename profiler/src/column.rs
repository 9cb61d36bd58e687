//! Collects the values of one column and decides on its bins; it knows neither files nor names.

mod evidence;
mod message;
#[cfg(test)]
mod tests;

use driftline_statistics::{
    bins::{Bins, MergedEdges},
    profile::{ByHour, Column, Kind},
    time::hour::HourOfDay,
    value::NullTexts,
};

use self::evidence::{Evidence, NO_VALUE};
use crate::{
    bin_counts::{BinCounts, Plan},
    cardinality::Cardinality,
    category::Categories,
    cell::{Cell, Shown},
    distinct_values::{DISTINCT_VALUES_MAX, DistinctValues},
    edges::{edges, merged},
    hour_rows::HourRows,
    place::Place,
    sample::{Sample, Sorted},
    sum::Sum,
    value::Value,
};

/// What is given of a column before its values are seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ColumnOptions {
    /// What its values are; `None` to find out.
    pub kind: Option<Kind>,
    /// Whether each different number gets a bin of its own.
    pub bin_by_value: bool,
}

/// How large a column of the profile may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Quantile bins of numbers, and the most values of integers that get a bin each.
    pub(crate) bins: usize,
    /// Categories beside the bin of all others.
    pub(crate) categories: usize,
    /// All columns of the profile.
    pub(crate) columns: usize,
}

/// The values of a column so far: 8 bytes for each number that is kept, and each different text once.
#[derive(Debug, Default)]
pub(crate) struct ColumnBuilder {
    options: ColumnOptions,
    evidence: Evidence,
    sample: Sample,
    distinct: DistinctValues,
    /// `None` if not wanted.
    cardinality: Option<Cardinality>,
    sum: Sum,
    /// The smallest and the largest number.
    ends: Option<(f64, f64)>,
    categories: Categories,
    /// Words that are nothing if this turns out to be a column of numbers, and categories otherwise.
    null_words: Categories,
    nulls: u64,
    /// Those of them that say their hour of the day; `None` if hours are not wanted.
    nulls_by_hour: Option<HourRows>,
}

/// A column after the first reading of its rows.
#[derive(Debug)]
pub(crate) enum Collected {
    /// There is nothing left to count.
    Column(Column),
    /// All numbers are there, in ascending order, and are to be counted; by hour of the day they are already, if that is
    /// wanted.
    Values(Plan, Vec<f64>, Option<ByHour>),
    /// The numbers were too many to keep, and are to be read again.
    ReadAgain(Plan),
}

impl Collected {
    /// What its values are.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Collected::Column(column) => column.kind,
            Collected::Values(plan, ..) | Collected::ReadAgain(plan) => plan.kind,
        }
    }

    /// The column, in a profile of `columns` columns. Counts the numbers that were kept.
    pub(crate) fn counted(self, columns: usize) -> Column {
        let (plan, values, by_hour) = match self {
            Collected::Column(column) => return column,
            Collected::Values(plan, values, by_hour) => (plan, values, by_hour),
            Collected::ReadAgain(plan) => (plan, Vec::new(), None),
        };
        let mut counts = BinCounts::new(plan);
        values.into_iter().for_each(|value| counts.add(value, None));
        Column { by_hour, ..counts.column(columns) }
    }
}

impl ColumnBuilder {
    pub(crate) fn new(options: ColumnOptions, nulls: u64) -> ColumnBuilder {
        ColumnBuilder { options, nulls, ..ColumnBuilder::default() }
    }

    /// Estimates the number of different values from now on.
    pub(crate) fn estimate_distinct(&mut self) {
        self.cardinality = Cardinality::new();
    }

    /// Keeps rows by hour of the day from now on. Those so far have no value, and are in these hours.
    pub(crate) fn keep_hours(&mut self, nulls: HourRows) {
        self.nulls_by_hour = Some(nulls);
        self.sample.keep_hours();
    }

    pub(crate) fn add(
        &mut self,
        cell: Cell<'_>,
        hour: Option<HourOfDay>,
        place: Place,
        nulls: &NullTexts,
    ) {
        let is_untyped = matches!(cell, Cell::Untyped(_));
        let (cell, kind) = match (self.options.kind, cell) {
            (Some(kind), cell) => (cell, kind),
            (None, cell) => match cell.shown(nulls) {
                Shown::Value(shown) => (shown, Value::kind_of(shown)),
                Shown::NullWord(word) => return self.null_words.add(word, hour),
            },
        };
        match Value::new(cell, kind, nulls) {
            Value::Null => {
                self.nulls += 1;
                if let Some(nulls) = &mut self.nulls_by_hour {
                    nulls.add(hour, 1);
                }
            }
            Value::Number(value) => {
                self.evidence.number(cell, value, place);
                self.add_number(value, hour, kind);
            }
            Value::Category(text) => {
                self.evidence.text(&text, is_untyped, place);
                self.categories.add(&text, hour);
                self.add_distinct(&text);
            }
            Value::Unfit => {
                let is_moment =
                    self.options.kind == Some(Kind::Timestamp) || matches!(cell, Cell::Moment(_));
                let is_moment = is_moment && cell.moment(nulls).is_some();
                self.evidence.unfit(cell, is_moment, place);
            }
        }
    }

    fn add_distinct(&mut self, text: &str) {
        if let Some(cardinality) = &mut self.cardinality {
            cardinality.add_text(text);
        }
    }

    fn add_number(&mut self, value: f64, hour: Option<HourOfDay>, kind: Kind) {
        self.sample.add(value, hour);
        self.distinct.add(value, kind == Kind::VectorNorm);
        if let Some(cardinality) = &mut self.cardinality {
            cardinality.add_number(value);
        }
        self.sum.add(value);
        let (low, high) = self.ends.get_or_insert((value, value));
        (*low, *high) = (low.min(value), high.max(value));
    }

    /// Keeps at most `values` numbers from now on.
    pub(crate) fn limit(&mut self, values: usize) {
        self.sample.limit(values);
    }

    /// How many numbers are kept.
    pub(crate) fn kept(&self) -> usize {
        self.sample.len()
    }

    /// The reference of the column as far as it is known.
    ///
    /// # Errors
    ///
    /// A sentence that continues "the column ...".
    pub(crate) fn build(self, sizes: Sizes) -> Result<Collected, String> {
        match self.evidence.kind(self.options.kind)? {
            None => self.build_categories(sizes).map(Collected::Column),
            Some(kind) => self.build_numbers(kind, sizes),
        }
    }

    fn build_categories(mut self, sizes: Sizes) -> Result<Column, String> {
        let words = std::mem::take(&mut self.null_words);
        for (word, rows) in words.into_counts() {
            self.categories.add_rows(&word, &rows);
            self.add_distinct(&word);
        }
        let rows = self.categories.rows;
        let distinct = self.cardinality.map(|cardinality| cardinality.estimate(rows));
        let column = self.categories.column(
            self.nulls,
            self.nulls_by_hour.as_ref(),
            sizes.categories,
            sizes.columns,
        )?;
        Ok(Column { distinct, ..column })
    }

    fn build_numbers(self, kind: Kind, sizes: Sizes) -> Result<Collected, String> {
        let (minimum, maximum) = self.ends.ok_or(NO_VALUE)?;
        let values = self.sample.seen();
        let is_whole = self.sample.is_whole();
        let by_value = by_value(kind, self.options.bin_by_value, &self.distinct, sizes.bins)?;
        let Sorted { values: sorted, by_row } = self.sample.into_sorted();
        let bins = match by_value {
            Some(values) => Bins::Values { values },
            None => Bins::Quantile { edges: edges(&sorted, sizes.bins, kind == Kind::VectorNorm) },
        };
        let merged = match &bins {
            Bins::Quantile { edges } if kind != Kind::VectorNorm => merged(&sorted, edges),
            _ => MergedEdges::default(),
        };
        let nulls_by_hour = self.nulls_by_hour.map(|mut nulls| {
            nulls.join(&self.null_words.by_hour);
            let mut by_hour = ByHour::new(bins.count());
            nulls.rows().for_each(|(hour, rows)| by_hour.add(hour, None, rows));
            by_hour
        });
        let plan = Plan {
            kind,
            bins,
            merged,
            nulls: self.nulls + self.null_words.rows,
            values,
            mean: self.sum.mean(values, minimum, maximum).unwrap_or(minimum),
            minimum,
            maximum,
            distinct: self.cardinality.map(|cardinality| cardinality.estimate(values)),
            by_hour: nulls_by_hour,
        };
        if !is_whole {
            return Ok(Collected::ReadAgain(plan));
        }
        let mut by_hour = plan.by_hour.clone();
        if let (Some(by_hour), Some(by_row)) = (&mut by_hour, by_row) {
            for (value, hour) in by_row.with_hour() {
                by_hour.add(hour, Some(plan.bin_of(value)), 1);
            }
        }
        Ok(Collected::Values(plan, sorted, by_hour))
    }
}

/// The values that get a bin each; `None` for quantile bins.
fn by_value(
    kind: Kind,
    is_asked_for: bool,
    distinct: &DistinctValues,
    bins: usize,
) -> Result<Option<Vec<f64>>, String> {
    let at_most = match kind {
        _ if is_asked_for => DISTINCT_VALUES_MAX,
        // Quantile bins of a constant would notice only values above it.
        Kind::Number | Kind::VectorNorm | Kind::Timestamp => 1,
        Kind::Integer | Kind::TextLength => bins,
        Kind::Boolean | Kind::Category => DISTINCT_VALUES_MAX,
    };
    let values = distinct.at_most(at_most).map(<[f64]>::to_vec);
    if is_asked_for && values.is_none() {
        return Err(format!(
            "holds more than {DISTINCT_VALUES_MAX} different values, too many for a bin each"
        ));
    }
    Ok(values)
}
