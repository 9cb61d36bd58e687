//! The different numbers of a column, as long as they are few; it counts none.

use driftline_statistics::value::Precision;

/// Different numbers in ascending order, or only that there are more than [`DISTINCT_VALUES_MAX`].
#[derive(Debug, Default)]
pub(crate) struct DistinctValues {
    values: Vec<f64>,
    too_many: bool,
}

/// The most bins of a column, beside the one for all other values.
pub(crate) const DISTINCT_VALUES_MAX: usize = 99;

impl DistinctValues {
    /// Adds a number. Of norms that are the [same](Precision::same) only the first one is kept.
    pub(crate) fn add(&mut self, value: f64, is_norm: bool) {
        if self.too_many {
            return;
        }
        let place = self.values.partition_point(|known| *known < value);
        let is_known = |place: Option<usize>| {
            let known = place.and_then(|place| self.values.get(place));
            known.is_some_and(|&known| {
                known == value || is_norm && Precision::Norm.same(known, value)
            })
        };
        if is_known(Some(place)) || is_known(place.checked_sub(1)) {
            return;
        }
        if self.values.len() == DISTINCT_VALUES_MAX {
            self.too_many = true;
            self.values = Vec::new();
        } else {
            self.values.insert(place, value);
        }
    }

    /// All of them, if they are at most `count`.
    pub(crate) fn at_most(&self, count: usize) -> Option<&[f64]> {
        (!self.too_many && self.values.len() <= count).then_some(&self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_numbers_are_told_apart_and_many_are_many() {
        let mut distinct = DistinctValues::default();
        [3.0, -1.0, 3.0, 0.5].into_iter().for_each(|value| distinct.add(value, false));
        assert_eq!(distinct.at_most(3), Some(&[-1.0, 0.5, 3.0][..]));
        assert_eq!(distinct.at_most(2), None);
        (0..=DISTINCT_VALUES_MAX).for_each(|value| distinct.add(value as f64, false));
        let mut norms = DistinctValues::default();
        [1.0, 1.000_000_1, 0.999_999_9, 1.1].into_iter().for_each(|value| norms.add(value, true));
        assert_eq!(norms.at_most(2), Some(&[1.0, 1.1][..]));
        assert_eq!(distinct.at_most(usize::MAX), None);
    }
}
