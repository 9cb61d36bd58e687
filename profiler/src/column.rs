//! Collects the values of one column and decides on its bins; it knows neither files nor names.

use std::fmt;

use driftline_statistics::{
    bins::Bins,
    profile::{Column, Kind, Quantiles},
};

use crate::{
    Place,
    cardinality::Cardinality,
    category::Categories,
    cell::{Cell, WITHOUT_AS_OF},
    distinct::{DISTINCT_MAX, Distinct},
    quantile::{Sum, edges},
    sample::Sample,
    tally::{Plan, Tally},
};

/// Larger numbers are refused: their squares would not fit into a double any more.
const MAGNITUDE_MAX: f64 = 1e100;
/// Above this a double no longer tells whole numbers apart.
const WHOLE_MAGNITUDE_MAX: f64 = 9_007_199_254_740_992.0;
/// Text that is quoted in a message is cut after this many characters.
const QUOTE_CHARS_MAX: usize = 40;
/// What a column of no said kind may hold.
const EXPECTED: &str = "numbers up to 1e100, true and false, or nothing (empty, NA, NaN, null), \
                        or else text in all rows, or lists of numbers in all rows";

/// What was said of a column beforehand.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Wish {
    /// What its values are; `None` to find out.
    pub kind: Option<Kind>,
    /// Whether each different number gets a bin of its own.
    pub bin_by_value: bool,
}

/// How many bins a column gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Quantile bins of numbers, and the most values of integers that get a bin each.
    pub(crate) bins: usize,
    /// Categories beside the bin of all others.
    pub(crate) categories: usize,
}

/// The values of a column so far: 8 bytes for each number that is kept, and each different text once.
#[derive(Debug, Default)]
pub(crate) struct ColumnBuilder {
    wish: Wish,
    sample: Sample,
    distinct: Distinct,
    /// `None` if nobody asked.
    cardinality: Option<Cardinality>,
    sum: Sum,
    /// The smallest and the largest number.
    ends: Option<(f64, f64)>,
    categories: Categories,
    nulls: u64,
    first_boolean: Option<Place>,
    first_number: Option<Place>,
    first_list: Option<Place>,
    first_moment: Option<Place>,
    has_fractions: bool,
    first_text: Option<(Place, String)>,
    /// The first value that cannot be counted with, and how many there are.
    fault: Option<(Place, String)>,
    faults: u64,
}

/// A column after the first reading of its rows.
#[derive(Debug)]
pub(crate) enum Collected {
    /// There is nothing left to count.
    Column(Column),
    /// All numbers are there, in ascending order, and are to be counted.
    Values(Plan, Vec<f64>),
    /// The numbers were too many to keep, and are to be read again.
    ReadAgain(Plan),
}

/// What a cell is in a column of a known kind.
pub(crate) enum Value<'c> {
    Null,
    Number(f64),
    Category(&'c str),
    /// It does not belong there.
    Unfit,
}

impl<'c> Value<'c> {
    pub(crate) fn new(cell: Cell<'c>, kind: Kind) -> Value<'c> {
        let number = |x: f64| {
            let fits = match kind {
                Kind::Integer => x.fract() == 0.0,
                _ => true,
            };
            // Zero and minus zero are one value, and sort as one.
            if fits && x.abs() <= MAGNITUDE_MAX { Value::Number(x + 0.0) } else { Value::Unfit }
        };
        match (kind, cell) {
            (_, Cell::Null) => Value::Null,
            (Kind::Number | Kind::Integer, Cell::Number(x)) => number(x),
            (Kind::Boolean, Cell::Boolean(value)) => Value::Number(f64::from(u8::from(value))),
            (Kind::Category, Cell::Text(text)) => Value::Category(text),
            (Kind::TextLength, Cell::Text(text)) => number(text.chars().count() as f64),
            (Kind::TextLength, Cell::Length(length)) => number(length),
            (Kind::VectorNorm, Cell::List(norm)) => number(norm),
            (Kind::Timestamp, Cell::Age(seconds)) => number(seconds),
            _ => Value::Unfit,
        }
    }
}

impl ColumnBuilder {
    pub(crate) fn new(wish: Wish, nulls: u64) -> ColumnBuilder {
        ColumnBuilder { wish, nulls, ..ColumnBuilder::default() }
    }

    /// Has different values estimated, from now on.
    pub(crate) fn estimate_distinct(&mut self) {
        self.cardinality = Cardinality::new();
    }

    pub(crate) fn add(&mut self, cell: Cell<'_>, place: Place) {
        let kind = self.wish.kind.unwrap_or(match cell {
            Cell::Boolean(_) => Kind::Boolean,
            Cell::Text(_) => Kind::Category,
            Cell::List(_) => Kind::VectorNorm,
            Cell::Age(_) => Kind::Timestamp,
            Cell::Moment(_) | Cell::Null | Cell::Number(_) | Cell::Length(_) | Cell::Other(_) => {
                Kind::Number
            }
        });
        match Value::new(cell, kind) {
            Value::Null => self.nulls += 1,
            Value::Number(value) => {
                let first = match cell {
                    Cell::Boolean(_) => &mut self.first_boolean,
                    Cell::List(_) => &mut self.first_list,
                    Cell::Age(_) => &mut self.first_moment,
                    _ => &mut self.first_number,
                };
                first.get_or_insert(place);
                self.has_fractions |= value.fract() != 0.0 || WHOLE_MAGNITUDE_MAX < value.abs();
                self.sample.add(value);
                self.distinct.add(value);
                if let Some(cardinality) = &mut self.cardinality {
                    cardinality.add_number(value);
                }
                self.sum.add(value);
                let (low, high) = self.ends.get_or_insert((value, value));
                (*low, *high) = (low.min(value), high.max(value));
            }
            Value::Category(text) => {
                self.first_text.get_or_insert_with(|| (place, quoted(text)));
                self.categories.add(text);
                if let Some(cardinality) = &mut self.cardinality {
                    cardinality.add_text(text);
                }
            }
            Value::Unfit => {
                self.faults += 1;
                self.fault.get_or_insert_with(|| (place, shown(cell)));
            }
        }
    }

    /// Keeps at most that many numbers from now on.
    pub(crate) fn limit(&mut self, values: usize) {
        self.sample.limit(values);
    }

    /// How many numbers are kept.
    pub(crate) fn kept(&self) -> usize {
        self.sample.len()
    }

    /// The reference of the column as far as it is known, or what stands in its way: a sentence that continues
    /// "the column ...".
    pub(crate) fn build(
        self,
        sizes: Sizes,
        chi_square: impl Fn(usize) -> Quantiles,
    ) -> Result<Collected, String> {
        let kind = self.kind()?;
        let seen = if kind.is_none() { self.categories.rows } else { self.sample.seen() };
        let estimate = self.cardinality.as_ref().map(|cardinality| cardinality.estimate(seen));
        let Some(kind) = kind else {
            return self
                .categories
                .column(self.nulls, sizes.categories, chi_square)
                .map(|column| Collected::Column(Column { distinct: estimate, ..column }));
        };
        let Some((minimum, maximum)) = self.ends else {
            return Err(String::from("holds no value in any row of the reference"));
        };
        let values = self.sample.seen();
        let is_whole = self.sample.is_whole();
        let by_value = by_value(kind, self.wish.bin_by_value, &self.distinct, sizes.bins)?;
        let bins = |sorted: &[f64]| match by_value {
            Some(values) => Bins::Values { values },
            None => Bins::Quantile { edges: edges(sorted, sizes.bins) },
        };
        let sorted = self.sample.into_sorted();
        let plan = Plan {
            kind,
            bins: bins(&sorted),
            nulls: self.nulls,
            values,
            mean: self.sum.mean(values, minimum, maximum).unwrap_or(minimum),
            minimum,
            maximum,
            distinct: estimate,
        };
        Ok(if is_whole { Collected::Values(plan, sorted) } else { Collected::ReadAgain(plan) })
    }

    /// What its values are; `None` for categories.
    fn kind(&self) -> Result<Option<Kind>, String> {
        let expected = |kind: Kind| match kind {
            Kind::Number => "numbers up to 1e100",
            Kind::Integer => "whole numbers up to 1e100",
            Kind::Boolean => "true and false",
            Kind::Category | Kind::TextLength => "text",
            Kind::VectorNorm => "lists of numbers",
            Kind::Timestamp => "moments (RFC 3339, or numbers since 1970)",
        };
        let has_numbers = self.sample.seen() != 0;
        let (fault, faults) = match (&self.fault, &self.first_text) {
            (Some(fault), _) => (Some(fault), self.faults),
            // Text among numbers is what is wrong, however much there is of it.
            (None, Some(text)) if has_numbers => (Some(text), self.categories.rows),
            (None, _) => (None, 0),
        };
        if let Some((place, found)) = fault {
            let more = match faults.saturating_sub(1) {
                0 => String::new(),
                more => format!(" and {more} more of the kind"),
            };
            return Err(match self.wish.kind {
                Some(kind) => format!(
                    "holds {found} at {place}{more}; expected {}, or nothing, for the type {}",
                    expected(kind),
                    kind.word()
                ),
                None => format!("holds {found} at {place}{more}; expected {EXPECTED}"),
            });
        }
        if let Some(kind) = self.wish.kind {
            return if kind == Kind::Category && self.categories.rows == 0 {
                Err(String::from("holds no value in any row of the reference"))
            } else {
                Ok(Some(kind).filter(|kind| *kind != Kind::Category))
            };
        }
        let seen = [
            (self.first_boolean, "true or false"),
            (self.first_list, "a list"),
            (self.first_moment, "a moment"),
            (self.first_number, "a number"),
        ];
        let mut seen = seen.into_iter().filter_map(|(place, what)| Some((place?, what)));
        if let (Some((place, what)), Some((other_place, other))) = (seen.next(), seen.next()) {
            return Err(format!(
                "holds {what} at {place}, but {other} at {other_place}; expected one kind"
            ));
        }
        if self.first_text.is_some() {
            return Ok(None);
        }
        Ok(Some(if self.first_boolean.is_some() {
            Kind::Boolean
        } else if self.first_list.is_some() {
            Kind::VectorNorm
        } else if self.first_moment.is_some() {
            Kind::Timestamp
        } else if self.has_fractions {
            Kind::Number
        } else {
            Kind::Integer
        }))
    }
}

/// The values that get a bin each; `None` for quantile bins.
fn by_value(
    kind: Kind,
    wished: bool,
    distinct: &Distinct,
    bins: usize,
) -> Result<Option<Vec<f64>>, String> {
    let at_most = match kind {
        _ if wished => DISTINCT_MAX,
        // Quantile bins of a constant would only notice values above it.
        Kind::Number | Kind::VectorNorm | Kind::Timestamp => 1,
        Kind::Integer | Kind::TextLength => bins,
        Kind::Boolean | Kind::Category => DISTINCT_MAX,
    };
    let values = distinct.at_most(at_most).map(<[f64]>::to_vec);
    if wished && values.is_none() {
        return Err(format!(
            "holds more than {DISTINCT_MAX} different values, too many for a bin each"
        ));
    }
    Ok(values)
}

fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => String::from("nothing"),
        Cell::Boolean(value) => value.to_string(),
        Cell::Number(value) if value.abs() < 1e15 => format!("the number {value}"),
        Cell::Number(value) => format!("the number {value:e}"),
        Cell::Text(text) => quoted(text),
        Cell::List(norm) => format!("a list of the norm {norm:e}"),
        Cell::Length(length) => format!("a text of {length} characters"),
        // Had anybody said as of when, it would have come as an age.
        Cell::Moment(_) => String::from(WITHOUT_AS_OF),
        Cell::Age(seconds) => format!("a moment {seconds} seconds ago"),
        Cell::Other(what) => String::from(what),
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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "row {} (line {line})", self.row),
            None => write!(f, "row {}", self.row),
        }
    }
}

/// Counts all of the values.
pub(crate) fn tallied(plan: Plan, values: &[f64]) -> Tally {
    let mut tally = Tally::new(plan);
    values.iter().for_each(|&value| tally.add(value));
    tally
}

#[cfg(test)]
mod tests {
    use driftline_statistics::profile::{Range, TailExcess};

    use super::*;
    use crate::chi_square::quantiles;

    fn build(cells: &[&str], bins: usize) -> Result<Column, String> {
        build_as(Wish::default(), cells, bins)
    }

    fn build_as(wish: Wish, cells: &[&str], bins: usize) -> Result<Column, String> {
        let mut builder = ColumnBuilder::new(wish, 0);
        for (cell, row) in cells.iter().zip(1..) {
            builder.add(Cell::from_text_of(cell, wish.kind), Place { row, line: Some(row + 1) });
        }
        let chi_square = |bins| quantiles(bins, 1);
        builder.build(Sizes { bins, categories: bins }, chi_square).map(|collected| match collected
        {
            Collected::Column(column) => column,
            Collected::Values(plan, values) => tallied(plan, &values).column(chi_square),
            Collected::ReadAgain(_) => panic!("nothing was left out"),
        })
    }

    fn edges_of(column: &Column) -> &[f64] {
        match &column.bins {
            Bins::Quantile { edges } => edges,
            other => panic!("{other:?} are no quantile bins"),
        }
    }

    #[track_caller]
    fn refuses(cells: &[&str], message: &str) {
        assert_eq!(
            build(cells, 4).unwrap_err(),
            message.replace("{expected}", &format!("expected {EXPECTED}"))
        );
    }

    #[track_caller]
    fn refuses_as(kind: Kind, cells: &[&str], message: &str) {
        let wish = Wish { kind: Some(kind), bin_by_value: false };
        assert_eq!(build_as(wish, cells, 4).unwrap_err(), message);
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
            "holds \"N/E\" at row 2 (line 3) and 1 more of the kind; {expected}",
        );
        refuses(&["1", "inf"], "holds the number inf at row 2 (line 3); {expected}");
        refuses(
            &["1", "", "true"],
            "holds true or false at row 3 (line 4), but a number at row 1 (line 2); expected one kind",
        );
        refuses(&["", "NA"], "holds no value in any row of the reference");
    }

    #[test]
    fn a_kind_that_was_said_is_what_the_column_is() {
        let of = |kind: Kind, cells: &[&str]| {
            build_as(Wish { kind: Some(kind), bin_by_value: false }, cells, 4).unwrap()
        };
        let zip = of(Kind::Category, &["02134", "10001", "02134", "NA", ""]);
        assert_eq!(
            zip.bins,
            Bins::Categories { names: vec!["02134".into(), "10001".into(), "NA".into()] }
        );
        assert_eq!((zip.nulls, zip.numbers), (1, None));
        let lengths = of(Kind::TextLength, &["größe", "a b", "", "null"]);
        assert_eq!(lengths.bins, Bins::Values { values: vec![3.0, 4.0, 5.0] });
        assert_eq!((lengths.kind, lengths.nulls), (Kind::TextLength, 1));
        let norms = of(Kind::VectorNorm, &["[3, 4]", "[0]", "[-6,8]", "NA"]);
        assert_eq!(norms.bins, Bins::Quantile { edges: vec![0.0, 5.0, 10.0] });
        let numbers = of(Kind::Number, &["1", "2", "3", "4"]);
        assert_eq!(numbers.kind, Kind::Number);
        assert_eq!(numbers.bins, Bins::Quantile { edges: vec![1.0, 2.0, 3.0] });
    }

    #[test]
    fn numbers_get_a_bin_each_if_that_is_wished() {
        let wish = Wish { kind: None, bin_by_value: true };
        let column = build_as(wish, &["0.5", "0.25", "0.5", "7", "8", "9"], 4).unwrap();
        assert_eq!(column.bins, Bins::Values { values: vec![0.25, 0.5, 7.0, 8.0, 9.0] });
        assert_eq!(column.counts, [1, 2, 1, 1, 1, 0]);
        let many: Vec<String> = (0..100).map(|value| value.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(
            build_as(wish, &many, 4).unwrap_err(),
            "holds more than 99 different values, too many for a bin each"
        );
    }

    #[test]
    fn what_does_not_fit_a_said_kind_is_shown_with_its_place() {
        refuses_as(
            Kind::Integer,
            &["1", "1.5", "x"],
            "holds the number 1.5 at row 2 (line 3) and 1 more of the kind; \
             expected whole numbers up to 1e100, or nothing, for the type integer",
        );
        refuses_as(
            Kind::VectorNorm,
            &["[1, 2]", "[1, \"x\"]"],
            "holds \"[1, \"x\"]\" at row 2 (line 3); expected lists of numbers, or nothing, for the type vector_norm",
        );
        refuses_as(
            Kind::Number,
            &["true"],
            "holds true at row 1 (line 2); expected numbers up to 1e100, or nothing, for the type number",
        );
        for kind in Kind::ALL {
            refuses_as(kind, &["", ""], "holds no value in any row of the reference");
        }
    }
}
