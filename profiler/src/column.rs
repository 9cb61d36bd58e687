//! Collects the values of one column and turns them into its reference; it knows neither files nor names.

use std::fmt;

use driftline_core::{
    bins::Bins,
    profile::{Column, Kind, Numbers, Quantiles, Range, Schema, TailExcess},
};

use crate::{
    Cell, Place,
    category::Categories,
    quantile::{deviation, edges, mean, sum},
};

/// Larger numbers are refused: their squares would not fit into a double any more.
const MAGNITUDE_MAX: f64 = 1e100;
/// Above this a double no longer tells whole numbers apart.
const WHOLE_MAGNITUDE_MAX: f64 = 9_007_199_254_740_992.0;
/// Text that is quoted in a message is cut after this many characters.
const QUOTE_CHARS_MAX: usize = 40;

/// The values of a column so far: 8 bytes for each number, and each different text once.
#[derive(Debug, Default)]
pub(crate) struct ColumnBuilder {
    values: Vec<f64>,
    categories: Categories,
    nulls: u64,
    first_boolean: Option<Place>,
    first_number: Option<Place>,
    has_fractions: bool,
    first_text: Option<(Place, String)>,
    /// The first number that cannot be counted with, and how many there are.
    fault: Option<(Place, String)>,
    faults: u64,
}

impl ColumnBuilder {
    pub(crate) fn add(&mut self, cell: Cell<'_>, place: Place) {
        match cell {
            Cell::Null => self.nulls += 1,
            Cell::Boolean(value) => {
                self.first_boolean.get_or_insert(place);
                self.values.push(f64::from(u8::from(value)));
            }
            Cell::Number(value) if value.abs() <= MAGNITUDE_MAX => {
                self.first_number.get_or_insert(place);
                self.has_fractions |= value.fract() != 0.0 || WHOLE_MAGNITUDE_MAX < value.abs();
                // Zero and minus zero are one value, and sort as one.
                self.values.push(value + 0.0);
            }
            Cell::Number(value) => self.fault(place, || format!("the number {value:e}")),
            Cell::Text(text) => {
                self.first_text.get_or_insert_with(|| (place, quoted(text)));
                self.categories.add(text);
            }
        }
    }

    fn fault(&mut self, place: Place, what: impl FnOnce() -> String) {
        self.faults += 1;
        self.fault.get_or_insert_with(|| (place, what()));
    }

    /// The reference of the column, or what stands in its way: a sentence that continues "the column ...".
    pub(crate) fn build(
        mut self,
        bins: usize,
        chi_square: impl Fn(usize) -> Quantiles,
    ) -> Result<Column, String> {
        let is_category = self.values.is_empty() && self.faults == 0;
        let (fault, faults) = match (self.first_text, self.fault) {
            (Some(_), _) if is_category => {
                return self.categories.column(self.nulls, bins, chi_square);
            }
            (Some(text), None) => (Some(text), self.categories.rows),
            (_, fault) => (fault, self.faults),
        };
        if let Some((place, found)) = fault {
            let more = match faults.saturating_sub(1) {
                0 => String::new(),
                more => format!(" and {more} more of the kind"),
            };
            return Err(format!(
                "holds {found} at {place}{more}; expected numbers up to 1e100, true and false, \
                 or nothing (empty, NA, NaN, null), or else text in all rows"
            ));
        }
        let kind = match (self.first_boolean, self.first_number) {
            (Some(boolean), Some(number)) => {
                return Err(format!(
                    "holds true or false at {boolean}, but a number at {number}; expected one kind"
                ));
            }
            (Some(_), None) => Kind::Boolean,
            (None, Some(_)) if self.has_fractions => Kind::Number,
            (None, Some(_)) => Kind::Integer,
            (None, None) => {
                return Err(String::from("holds no value in any row of the reference"));
            }
        };
        self.values.sort_unstable_by(f64::total_cmp);
        Ok(column(kind, self.nulls, &self.values, bins, chi_square))
    }
}

fn quoted(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(QUOTE_CHARS_MAX)
        .map(|character| if character.is_control() { '\u{fffd}' } else { character })
        .collect();
    if text.chars().nth(QUOTE_CHARS_MAX).is_some() {
        shown.push_str("...");
    }
    format!("\"{shown}\"")
}

/// `sorted` is in ascending order, finite, and not empty.
fn column(
    kind: Kind,
    nulls: u64,
    sorted: &[f64],
    bins_wanted: usize,
    chi_square: impl Fn(usize) -> Quantiles,
) -> Column {
    let mean_of_all = mean(sorted).unwrap_or(0.0);
    let standard_deviation = deviation(sorted, mean_of_all);
    let bins = bins(kind, sorted, bins_wanted);
    // Bins of a sorted list are runs of it, so counting is finding where each run ends.
    let runs: Vec<&[f64]> = match &bins {
        Bins::Quantile { edges } => {
            let mut runs = runs(sorted, edges);
            runs.resize(bins.count(), &[]);
            runs
        }
        // Every value has its bin here; nothing is left for `other`.
        Bins::Values { values } => {
            let mut runs = runs(sorted, values);
            runs.truncate(values.len());
            runs.push(&[]);
            runs
        }
        Bins::Categories { .. } => Vec::new(),
    };
    let tail_excess = match &bins {
        Bins::Quantile { edges } => tail_excess(edges, &runs, standard_deviation),
        Bins::Values { .. } | Bins::Categories { .. } => TailExcess::default(),
    };
    let minimum = sorted.first().copied().unwrap_or(0.0);
    let maximum = sorted.last().copied().unwrap_or(0.0);
    Column {
        kind,
        schema: Schema {
            required: nulls == 0,
            range: Some(Range { minimum, maximum }),
            categories: None,
        },
        nulls,
        counts: runs.iter().map(|run| run.len() as u64).collect(),
        numbers: Some(Numbers {
            mean: mean_of_all,
            standard_deviation,
            minimum,
            maximum,
            means: runs.iter().map(|run| mean(run)).collect(),
            tail_excess,
        }),
        chi_square: chi_square(bins.count()),
        bins,
    }
}

fn bins(kind: Kind, sorted: &[f64], wanted: usize) -> Bins {
    let constant = sorted.first() == sorted.last();
    let by_value = match kind {
        // Quantile bins of a constant would only notice values above it.
        Kind::Number | Kind::VectorNorm => constant,
        Kind::Integer | Kind::TextLength => {
            sorted.chunk_by(|a, b| a == b).take(wanted + 1).count() <= wanted
        }
        Kind::Boolean | Kind::Category => true,
    };
    if by_value {
        let values = sorted.chunk_by(|a, b| a == b).filter_map(|run| run.first().copied());
        Bins::Values { values: values.collect() }
    } else {
        Bins::Quantile { edges: edges(sorted, wanted) }
    }
}

/// Cuts `sorted` after the last value that does not exceed each bound; the rest is the last run.
fn runs<'s>(sorted: &'s [f64], bounds: &[f64]) -> Vec<&'s [f64]> {
    let mut rest = sorted;
    let mut runs: Vec<&[f64]> = bounds
        .iter()
        .map(|bound| {
            let (run, above) = rest.split_at(rest.partition_point(|value| value <= bound));
            rest = above;
            run
        })
        .collect();
    runs.push(rest);
    runs
}

fn tail_excess(edges: &[f64], runs: &[&[f64]], standard_deviation: f64) -> TailExcess {
    let mean_beyond = |run: Option<&&[f64]>, edge: Option<&f64>| match (run, edge) {
        (Some(run), Some(edge)) if !run.is_empty() && 0.0 < standard_deviation => {
            sum(run.iter().map(|value| (value - edge).abs()))
                / run.len() as f64
                / standard_deviation
        }
        _ => 0.0,
    };
    TailExcess {
        low: mean_beyond(runs.first(), edges.first()),
        high: mean_beyond(runs.last(), edges.last()),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} (line {})", self.row, self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chi_square::quantiles;

    fn build(cells: &[&str], bins: usize) -> Result<Column, String> {
        let mut builder = ColumnBuilder::default();
        for (cell, row) in cells.iter().zip(1..) {
            builder.add(Cell::from_text(cell), Place { row, line: row + 1 });
        }
        builder.build(bins, |bins| quantiles(bins, 1).unwrap())
    }

    fn edges_of(column: &Column) -> &[f64] {
        match &column.bins {
            Bins::Quantile { edges } => edges,
            other => panic!("{other:?} are no quantile bins"),
        }
    }

    #[track_caller]
    fn refuses(cells: &[&str], message: &str) {
        assert_eq!(build(cells, 4).unwrap_err(), message);
    }

    #[test]
    fn every_bin_of_numbers_holds_its_share() {
        let cells: Vec<String> = (0..100).map(|n| format!("{}.5", n * n)).collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let column = build(&cells, 20).unwrap();
        assert_eq!(column.kind, Kind::Number);
        assert_eq!(column.counts, [5; 20]);
        assert_eq!(edges_of(&column)[0], 16.5);
        assert_eq!(column.numbers.as_ref().unwrap().means[0], Some(6.5));
        assert!(column.schema.required);
        assert_eq!(column.schema.range, Some(Range { minimum: 0.5, maximum: 9801.5 }));
    }

    #[test]
    fn counts_are_what_the_bins_say_of_each_value() {
        let cells = ["1.5", "0.5", "0.5", "0.5", "", "9.25", "NA", "-3"];
        let column = build(&cells, 3).unwrap();
        assert_eq!(column.nulls, 2);
        assert!(!column.schema.required);
        assert_eq!(column.bins, Bins::Quantile { edges: vec![0.5] });
        assert_eq!(column.counts, [4, 2]);
        let values: [f64; 6] = [1.5, 0.5, 0.5, 0.5, 9.25, -3.0];
        let mut counted = [0; 2];
        for value in values {
            counted[column.bins.of(value)] += 1;
        }
        assert_eq!(column.counts, counted);
        let numbers = column.numbers.unwrap();
        // numpy: (0.5 - [-3, .5, .5, .5]).mean() / std, ([1.5, 9.25] - 0.5).mean() / std.
        assert!((numbers.standard_deviation - 3.726_081_125_734_591).abs() < 1e-12);
        assert!((numbers.tail_excess.low - 0.234_831_172_611_008).abs() < 1e-12);
        assert!((numbers.tail_excess.high - 1.308_345_104_547_046).abs() < 1e-12);
    }

    #[test]
    fn integers_of_few_values_are_binned_by_value() {
        let column = build(&["3", "1", "3.0", "-0", "0"], 3).unwrap();
        assert_eq!(column.kind, Kind::Integer);
        assert_eq!(column.bins, Bins::Values { values: vec![0.0, 1.0, 3.0] });
        assert_eq!(column.counts, [2, 1, 2, 0]);
        assert_eq!(column.numbers.as_ref().unwrap().means, [Some(0.0), Some(1.0), Some(3.0), None]);
        assert_eq!(column.numbers.as_ref().unwrap().tail_excess, TailExcess::default());
        let column = build(&["3", "1", "2", "0"], 3).unwrap();
        assert_eq!(column.bins, Bins::Quantile { edges: vec![1.0, 2.0] });
    }

    #[test]
    fn booleans_are_zero_and_one() {
        let column = build(&["true", "False", "TRUE", "null"], 20).unwrap();
        assert_eq!((column.kind, column.nulls), (Kind::Boolean, 1));
        assert_eq!(column.bins, Bins::Values { values: vec![0.0, 1.0] });
        assert_eq!(column.counts, [1, 2, 0]);
    }

    #[test]
    fn a_constant_has_one_bin_and_other() {
        let column = build(&["0.1", "0.1", "0.1"], 20).unwrap();
        assert_eq!(column.bins, Bins::Values { values: vec![0.1] });
        assert_eq!(column.counts, [3, 0]);
        let numbers = column.numbers.unwrap();
        assert_eq!((numbers.mean, numbers.standard_deviation), (0.1, 0.0));
    }

    #[test]
    fn mass_at_the_top_leaves_a_bin_for_what_was_never_seen_above() {
        let column = build(&["0.5", "7.5", "7.5", "7.5"], 4).unwrap();
        assert_eq!(column.bins, Bins::Quantile { edges: vec![0.5, 7.5] });
        assert_eq!(column.counts, [1, 3, 0]);
        assert_eq!(column.numbers.as_ref().unwrap().means, [Some(0.5), Some(7.5), None]);
        assert_eq!(column.numbers.unwrap().tail_excess.high, 0.0);
    }

    #[test]
    fn what_is_no_value_is_shown_with_its_place() {
        refuses(
            &["1", "N/E", "2", "S"],
            "holds \"N/E\" at row 2 (line 3) and 1 more of the kind; expected numbers up to 1e100, \
             true and false, or nothing (empty, NA, NaN, null), or else text in all rows",
        );
        refuses(
            &["1", "inf"],
            "holds the number inf at row 2 (line 3); expected numbers up to 1e100, true and false, \
             or nothing (empty, NA, NaN, null), or else text in all rows",
        );
        refuses(
            &["1", "", "true"],
            "holds true or false at row 3 (line 4), but a number at row 1 (line 2); expected one kind",
        );
        refuses(&["", "NA"], "holds no value in any row of the reference");
    }
}
