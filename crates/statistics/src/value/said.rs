//! Categories that are numbers or truth values: which spellings are one, and which category a value is. It reads no cell.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use super::{
    Precision,
    text::{self, Said, is_exact},
};

/// Which of the categories of a column one is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Category {
    /// Its bin.
    pub bin: u16,
    /// Whether the schema lists it.
    pub is_allowed: bool,
}

/// The categories of a column that say numbers or truth values, by what they say.
#[derive(Clone, Debug, Default)]
pub struct Categories {
    /// Ascending.
    numbers: Vec<(f64, Category)>,
    truths: [Option<Category>; 2],
}

impl Categories {
    /// Those of these texts that say such. Of several that say the same the first one counts.
    pub fn new<'t>(texts: impl Iterator<Item = (&'t str, Category)>) -> Categories {
        let mut found = Categories::default();
        for (text, category) in texts {
            match text::said(text.trim().as_bytes()) {
                Some(Said::Number(x, _)) => {
                    let place = found.numbers.partition_point(|(known, _)| *known < x);
                    if found.numbers.get(place).is_none_or(|(known, _)| *known != x) {
                        found.numbers.insert(place, (x, category));
                    }
                }
                Some(Said::Truth(value)) => {
                    let [no, yes] = &mut found.truths;
                    (if value { yes } else { no }).get_or_insert(category);
                }
                None => {}
            }
        }
        found
    }

    /// Whether none of the categories says such.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.truths == [None; 2]
    }

    /// The category that says this. A fraction is also the one that it is in single precision; whole numbers are codes,
    /// which are themselves, unless their form has fewer digits than a single.
    #[must_use]
    pub fn of(&self, said: Said) -> Option<Category> {
        let (x, precision) = match said {
            Said::Number(x, precision) => (x, precision),
            Said::Truth(value) => {
                let [no, yes] = self.truths;
                return if value { yes } else { no };
            }
        };
        let above = self.numbers.partition_point(|(known, _)| *known < x);
        let is_it = |known: f64| {
            let is_code = precision == Precision::Single
                && libm::trunc(x) == x
                && libm::trunc(known) == known;
            known == x || !is_code && precision.same(known, x)
        };
        let beside = [Some(above), above.checked_sub(1)];
        let mut beside = beside.into_iter().flatten().filter_map(|place| self.numbers.get(place));
        beside.find(|(known, _)| is_it(*known)).map(|(_, category)| *category)
    }
}

/// The spelling of a number in profiles, as short as reads back: `1`, `0.1`, `1e-7`, `1e21`. `x` is its size.
pub(super) fn spelled(x: f64, number: impl fmt::Display + fmt::LowerExp) -> String {
    let is_usual = x == 0.0 || is_exact(x) && 1e-6 <= libm::fabs(x);
    if is_usual { format!("{number}") } else { format!("{number:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_what_they_say() {
        let texts = ["1.0", "0.1", "007", "True", "1", "x", "16777216", "1e21"];
        let texts = texts.into_iter().zip(0..);
        let all =
            Categories::new(texts.map(|(text, bin)| (text, Category { bin, is_allowed: true })));
        let check = |said, bin: Option<u16>| {
            assert_eq!(all.of(said).map(|it| it.bin), bin, "{said:?}");
        };
        let number = |x| Said::Number(x, Precision::Single);
        check(number(1.0), Some(0));
        check(number(f64::from(0.1_f32)), Some(1));
        check(number(7.0), None);
        check(Said::Truth(true), Some(3));
        check(Said::Truth(false), None);
        check(number(16_777_217.0), None);
        check(number(1e21), Some(7));
        check(Said::Number(0.100_097_656_25, Precision::Brain), Some(1));
        check(number(0.100_097_656_25), None);
        assert!(
            Categories::new([("x", Category { bin: 0, is_allowed: true })].into_iter()).is_empty()
        );
    }
}
