//! Fixed bins of a feature: which bin a value falls in, and what each bin is called.
//! The bins come from the reference alone; live values never move them.

mod merged;

pub use self::merged::{Draws, MergedEdges, MergedReference, UNBOUNDED};

use alloc::{format, string::String, vec::Vec};

use crate::{drift::BEYOND, fingerprint::Fingerprint, value::Precision};

/// The most bins that a feature may have, `other` included. Labels have two digits.
pub const BINS_MAX: usize = 100;

/// The label of the bin for values that the reference has never seen; of value bins, those between two of its values.
pub const OTHER: &str = "other";
/// The label of the live bin for numbers below all values of value bins.
pub const BELOW: &str = "below";
/// The label of the live bin for numbers above all values of value bins.
pub const ABOVE: &str = "above";

/// The bins of one feature or prediction.
///
/// Reading a profile checks what the variants ask of their numbers; code that builds bins by hand
/// must keep to it, or [`of`](Bins::of) answers nonsense (but never panics).
#[derive(Clone, Debug, PartialEq)]
pub enum Bins {
    /// Ranges between edges, for numbers of many values.
    ///
    /// Bins are closed on the right, like the `le` of a Prometheus histogram: the first holds
    /// `x <= edges[0]`, bin `i` holds `edges[i-1] < x <= edges[i]`, the last holds what is above
    /// all edges. That is `numpy.searchsorted(edges, x, side="left")`. It is the closing that fits
    /// quantiles: with the smallest value that at least `k/B` of the rows do not exceed as the last one below edge `k`,
    /// every bin holds its share of the rows however many values are tied. The edge itself lies between that value and
    /// the next larger one of the reference, so that values that come with fewer digits stay on their side of it.
    Quantile {
        /// Finite and strictly increasing, at least one; there is one bin more than edges.
        edges: Vec<f64>,
    },
    /// One bin per value, for integers and booleans of few values, and a last one for all others.
    ///
    /// Live rows have two more after it, for numbers below the lowest and above the highest value: see
    /// [`Bins::live_count`]. The reference has none, since its own lowest and highest values have bins. They are told
    /// apart for measures that need an order; all others take the three for one.
    Values {
        /// Finite and strictly increasing, at least one; there is one bin more than values.
        values: Vec<f64>,
    },
    /// One bin per category, and a last one for all others, be they rare in the reference or never seen there.
    Categories {
        /// Unique, fit for labels, at least one; there is one bin more than names.
        names: Vec<String>,
    },
}

impl Bins {
    /// How many bins there are, `other` included.
    #[must_use]
    pub fn count(&self) -> usize {
        let named = match self {
            Bins::Quantile { edges: bounds } | Bins::Values { values: bounds } => bounds.len(),
            Bins::Categories { names } => names.len(),
        };
        named.saturating_add(1)
    }

    /// How many bins live rows fall in: those of the reference, and two more of value bins.
    #[must_use]
    pub fn live_count(&self) -> usize {
        let beyond = if matches!(self, Bins::Values { .. }) { BEYOND } else { 0 };
        self.count().saturating_add(beyond)
    }

    /// The bin of the number `x`, from 0 to `count() - 1`; the last one for categories. Binary search, no allocation.
    ///
    /// The infinities fall in the outer bins or in `other`. `x` must not be NaN, which has no bin and
    /// gets an arbitrary one: count it as invalid before asking.
    #[must_use]
    pub fn of(&self, x: f64) -> usize {
        match self {
            Bins::Quantile { edges } => edges.partition_point(|edge| *edge < x),
            Bins::Values { values } => {
                let index = values.partition_point(|value| *value < x);
                if values.get(index) == Some(&x) { index } else { values.len() }
            }
            Bins::Categories { names } => names.len(),
        }
    }

    /// As [`Bins::of`], for a number that came in this precision: it is in the bin of a value too if one of them is the
    /// other one, rounded. One more comparison, and only for a number that is none of the values.
    #[inline]
    #[must_use]
    pub fn of_rounded(&self, x: f64, precision: Precision) -> usize {
        let found = self.of(x);
        match self {
            Bins::Values { values } if found == values.len() => nearby(values, x, precision),
            _ => found,
        }
    }

    /// As [`Bins::of_rounded`], for a live number: from 0 to `live_count() - 1`.
    #[inline]
    #[must_use]
    pub fn of_live(&self, x: f64, precision: Precision) -> usize {
        let found = self.of_rounded(x, precision);
        let Bins::Values { values } = self else {
            return found;
        };
        if found < values.len() {
            return found;
        }
        let is_beyond = [
            values.first().is_some_and(|&lowest| x < lowest),
            values.last().is_some_and(|&highest| highest < x),
        ];
        match is_beyond {
            [true, _] => found.saturating_add(1),
            [_, true] => found.saturating_add(BEYOND),
            _ => found,
        }
    }

    /// [`Bins::of_live`] and [`Bins::is_tail`] of it, by one look at what bins these are.
    #[inline]
    #[must_use]
    pub fn of_live_number(&self, x: f64, precision: Precision) -> (usize, bool) {
        if let Bins::Quantile { edges } = self {
            let bin = edges.partition_point(|edge| *edge < x);
            return (bin, bin == 0 || bin == edges.len());
        }
        let bin = self.of_live(x, precision);
        (bin, self.is_tail(bin))
    }

    /// The same where numbers are few: a filter has it once.
    #[inline(never)]
    #[must_use]
    pub fn place_of(&self, x: f64, precision: Precision) -> (usize, bool) {
        self.of_live_number(x, precision)
    }

    /// Whether the numbers of a live bin lie beyond all edges or all values.
    #[inline]
    #[must_use]
    pub fn is_tail(&self, bin: usize) -> bool {
        match self {
            Bins::Quantile { edges } => bin == 0 || bin == edges.len(),
            Bins::Values { values } => values.len() < bin,
            Bins::Categories { .. } => false,
        }
    }

    /// The bin of a category; `None` if these are bins of numbers. Compares with each name.
    #[must_use]
    pub fn of_category(&self, category: &[u8]) -> Option<usize> {
        match self {
            Bins::Categories { names } => {
                let found = names.iter().position(|name| name.as_bytes() == category);
                Some(found.unwrap_or(names.len()))
            }
            Bins::Quantile { .. } | Bins::Values { .. } => None,
        }
    }

    /// Tells bins apart, after all that `before` tells apart.
    #[must_use]
    pub fn fingerprint(&self, before: Fingerprint) -> Fingerprint {
        match self {
            Bins::Quantile { edges: bounds } | Bins::Values { values: bounds } => {
                bounds.iter().fold(before, |all, bound| all.with_number(bound.to_bits()))
            }
            Bins::Categories { names } => {
                names.iter().fold(before, |all, name| all.with_text(name))
            }
        }
    }

    /// What live bin `index` is called in metrics: `00`, `01`, ..., or the category, [`OTHER`] for the last of value bins
    /// and of categories, and [`BELOW`] and [`ABOVE`] for the two after that.
    #[must_use]
    pub fn label(&self, index: usize) -> String {
        match self {
            Bins::Values { values } if values.len() <= index => {
                let beside = [OTHER, BELOW, ABOVE].get(index.saturating_sub(values.len()));
                String::from(*beside.unwrap_or(&OTHER))
            }
            Bins::Categories { names } => names.get(index).map_or(OTHER, String::as_str).into(),
            _ => format!("{index:02}"),
        }
    }
}

/// The value beside `x` that it is in this precision; the number of values if it is neither.
fn nearby(values: &[f64], x: f64, precision: Precision) -> usize {
    let above = values.partition_point(|value| *value < x);
    let is_same = |&index: &usize| values.get(index).is_some_and(|&value| precision.same(value, x));
    let beside = [above.checked_sub(1), Some(above)];
    beside.into_iter().flatten().find(is_same).unwrap_or(values.len())
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use driftline_random::Random;
    use serde_json::Value;

    use super::*;

    #[track_caller]
    fn check(bins: &Bins, x: f64, bin: usize) {
        assert_eq!(bins.of(x), bin, "{x}");
        assert!(bin < bins.count());
    }

    #[test]
    fn a_value_on_an_edge_belongs_to_the_bin_below_it() {
        let bins = Bins::Quantile { edges: vec![-1.0, 0.0, 2.5] };
        assert_eq!(bins.count(), 4);
        for (x, bin) in [
            (f64::NEG_INFINITY, 0),
            (-1.0, 0),
            (-0.999, 1),
            (-0.0, 1),
            (0.0, 1),
            (f64::MIN_POSITIVE, 2),
            (2.5, 2),
            (2.500_001, 3),
            (f64::INFINITY, 3),
        ] {
            check(&bins, x, bin);
        }
    }

    /// The samples are generated as tests/data/vectors/versions.json says, the counts are numpy's.
    #[test]
    fn counts_are_those_of_numpy() {
        let file: Value =
            serde_json::from_str(include_str!("../../../tests/data/vectors/binned.json")).unwrap();
        let mut compared = 0;
        for (name, case) in file["cases"].as_object().unwrap() {
            for (spec, counts) in [("ref_spec", "ref_counts"), ("cur_spec", "cur_counts")] {
                if case[spec][0] != "ih_list" {
                    continue;
                }
                let part = |index: usize| case[spec][index].as_f64().unwrap();
                let mut random = Random::new(case[spec][1].as_u64().unwrap());
                let bins = Bins::Quantile { edges: numbers(&case["edges"]) };
                let mut found = vec![0.0; bins.count()];
                for _ in 0..part(2) as usize {
                    let x = random.irwin_hall() * part(3) + part(4);
                    found[bins.of(x)] += 1.0;
                }
                assert_eq!(found, numbers(&case[counts]), "{name} {counts}");
                compared += 1;
            }
        }
        assert!(18 < compared, "{compared}");
    }

    fn numbers(list: &Value) -> Vec<f64> {
        list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    }

    #[test]
    fn a_value_without_a_bin_is_other() {
        let bins = Bins::Values { values: vec![0.0, 1.0, 4.0] };
        assert_eq!(bins.count(), 4);
        for (x, bin) in
            [(0.0, 0), (-0.0, 0), (1.0, 1), (4.0, 2), (2.0, 3), (4.5, 3), (-7.0, 3), (9e9, 3)]
        {
            check(&bins, x, bin);
        }
    }

    #[test]
    fn live_numbers_beyond_all_values_have_bins_of_their_own() {
        let bins = Bins::Values { values: vec![0.0, 1.0, 4.1] };
        assert_eq!(bins.live_count(), 6);
        for (x, bin) in [
            (f64::NEG_INFINITY, "below"),
            (-0.5, "below"),
            (0.0, "00"),
            (2.0, "other"),
            (4.1, "02"),
            (f64::from(4.1_f32), "02"),
            (4.2, "above"),
            (f64::INFINITY, "above"),
            (f64::NAN, "other"),
        ] {
            let found = bins.of_live(x, Precision::Single);
            assert_eq!(bins.label(found), bin, "{x}");
            assert_eq!(bins.is_tail(found), ["below", "above"].contains(&bin), "{x}");
        }
        let constant = Bins::Values { values: vec![3.0] };
        let labels =
            [2.0, 3.0, 4.0].map(|x| constant.label(constant.of_live(x, Precision::Single)));
        assert_eq!(labels, ["below", "00", "above"]);
        let edges = Bins::Quantile { edges: vec![0.0, 1.0] };
        assert_eq!((edges.live_count(), edges.of_live(9.0, Precision::Single)), (3, 2));
        assert_eq!([0, 1, 2].map(|bin| edges.is_tail(bin)), [true, false, true]);
    }

    #[test]
    fn a_value_in_another_precision_is_the_value() {
        let bins = Bins::Values { values: vec![-0.1, 0.1, 6.1, 16_777_216.0, 16_777_217.0] };
        for (x, precision, bin) in [
            (f64::from(0.1_f32), Precision::Single, 1),
            (f64::from(-0.1_f32), Precision::Single, 0),
            (16_777_217.0, Precision::Single, 4),
            (0.099_975_585_937_5, Precision::Single, 5),
            (0.099_975_585_937_5, Precision::Half, 1),
            (6.093_75, Precision::Brain, 2),
            (6.2, Precision::Half, 5),
        ] {
            assert_eq!(bins.of_rounded(x, precision), bin, "{x} {precision:?}");
        }
        let singles = Bins::Values { values: vec![f64::from(6.1_f32)] };
        assert_eq!(singles.of_rounded(6.1, Precision::Single), 0);
        assert_eq!(Bins::Quantile { edges: vec![0.5] }.of_rounded(0.6, Precision::Half), 1);
    }

    #[test]
    fn nothing_panics_on_a_value_that_is_not_a_number() {
        assert!(Bins::Quantile { edges: vec![0.0] }.of(f64::NAN) < 2);
        assert_eq!(Bins::Values { values: vec![0.0] }.of(f64::NAN), 1);
        assert_eq!(Bins::Values { values: vec![] }.of(1.0), 0);
    }

    #[test]
    fn labels_sort_as_their_bins_do() {
        let quantile = Bins::Quantile { edges: vec![0.0; 11] };
        assert_eq!((quantile.label(0), quantile.label(11)), ("00".into(), "11".into()));
        let values = Bins::Values { values: vec![0.0, 1.0] };
        assert_eq!((values.label(1), values.label(2)), ("01".into(), "other".into()));
    }

    #[test]
    fn a_category_is_its_name_or_other() {
        let bins = Bins::Categories { names: vec!["N".into(), "E".into()] };
        assert_eq!(bins.count(), 3);
        let of = |name: &str| bins.of_category(name.as_bytes());
        assert_eq!([of("N"), of("E"), of("n"), of("")], [Some(0), Some(1), Some(2), Some(2)]);
        assert_eq!((bins.label(1), bins.label(2)), ("E".into(), "other".into()));
        assert_eq!(bins.of(1.0), 2, "a number is none of the names");
        assert_eq!(Bins::Values { values: vec![0.0] }.of_category(b"N"), None);
    }
}
