//! Estimates how many different values a column has (HyperLogLog, P. Flajolet and others, 2007); it keeps no value.
//!
//! Apache `datasketches` does it. It keeps and counts the hashes of a few different values; for more it has 16,384
//! registers of a byte, so a column takes 16 KiB.

use datasketches::hll::{HllSketch, HllType};
use driftline_statistics::profile::Distinct;

/// The logarithm of the number of registers.
const REGISTERS_LOG2: u8 = 14;
/// The standard error of the estimate while values come one after the other (the historic inverse probability
/// estimator, D. Ting, 2014): `sqrt(ln 2 / registers)`, 0.65 %.
const RELATIVE_STANDARD_ERROR: f64 = 0.0065;

/// The different values so far.
#[derive(Debug)]
pub(crate) struct Cardinality(HllSketch);

impl Cardinality {
    /// Never `None`: the library accepts this number of registers.
    pub(crate) fn new() -> Option<Cardinality> {
        HllSketch::new(REGISTERS_LOG2, HllType::Hll8).ok().map(Cardinality)
    }

    /// Zero and minus zero count as two; the caller has made them one.
    pub(crate) fn add_number(&mut self, value: f64) {
        self.0.update(value.to_bits());
    }

    pub(crate) fn add_text(&mut self, text: &str) {
        self.0.update(text);
    }

    /// The estimate for a column of `values` values, which is also the most that can be different.
    pub(crate) fn estimate(&self, values: u64) -> Distinct {
        let estimate = (self.0.estimate().round() as u64).clamp(1, values.max(1));
        Distinct { values: estimate, relative_standard_error: RELATIVE_STANDARD_ERROR }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(different: u32, times: u32, mut add: impl FnMut(&mut Cardinality, u32)) -> f64 {
        let mut cardinality = Cardinality::new().unwrap();
        for _ in 0..times {
            (0..different).for_each(|n| add(&mut cardinality, n));
        }
        cardinality.estimate(u64::from(different) * u64::from(times)).values as f64
    }

    /// The errors of many columns match the stated one: their root mean square is at most a tenth above it, and none is
    /// beyond four of it.
    #[test]
    fn the_error_is_the_stated_one() {
        let mut squares = Vec::new();
        for salt in 0..60_u32 {
            for different in [40_000, 90_000] {
                let error = |found: f64| (found - f64::from(different)) / f64::from(different);
                let found = match salt % 2 {
                    0 => of(different, 1, |it, n| {
                        it.add_number(f64::from(n) + f64::from(salt) / 64.0);
                    }),
                    _ => of(different, 1, |it, n| it.add_text(&format!("{salt}:{n}"))),
                };
                assert!(
                    error(found).abs() < 4.0 * RELATIVE_STANDARD_ERROR,
                    "{salt}: {found} of {different}"
                );
                squares.push(error(found).powi(2));
            }
        }
        let root = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
        assert!(root < 1.1 * RELATIVE_STANDARD_ERROR, "{root}");
        assert!(0.3 * RELATIVE_STANDARD_ERROR < root, "{root}: it states too much");
    }

    #[test]
    fn values_that_come_again_count_once_and_few_are_exact() {
        for different in [1, 2, 20, 150] {
            assert_eq!(
                of(different, 5, |it, n| it.add_number(f64::from(n) - 0.5)),
                f64::from(different)
            );
            assert_eq!(of(different, 5, |it, n| it.add_text(&n.to_string())), f64::from(different));
        }
        assert_eq!(Cardinality::new().unwrap().estimate(7).values, 1, "a column has a value");
    }
}
