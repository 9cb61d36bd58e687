//! Which bin a number is counted in that came over a wire of few digits, on which values of several bins are one number:
//! each of them gets the share that it has in the reference. It counts nothing.
//!
//! The number does not say which of the values it was. If all of them were counted in one bin, the bins beside it would
//! lack rows that are there, and healthy traffic would be called drift. A change from one of these values to another one
//! is not seen; neither does the model see it.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::cell::Cell;

use super::Bins;
use crate::value::Precision;

/// What is written of an edge.
const DIGITS: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];
/// The bits of such a digit.
const BRAIN: u8 = 1;
const HALF: u8 = 2;
const SINGLE: u8 = 4;

/// By edge of quantile bins: which precisions make one number of the two values of the reference beside it. Two edges are
/// a byte. Empty if none does for any edge, or nobody knows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MergedEdges(Box<[u8]>);

/// A low-discrepancy sequence in [0, 1): Weyl's of the golden ratio.
#[derive(Debug, Default)]
pub struct Draws(Cell<u32>);

/// What the reference of a column tells of merged numbers.
#[derive(Clone, Copy, Debug)]
pub struct MergedReference<'a> {
    /// Which edges lie between values that are one number.
    pub merged: &'a MergedEdges,
    /// Rows by bin.
    pub counts: &'a [u64],
    /// Mean of the rows of each bin.
    pub means: &'a [f64],
    /// The smallest and the largest value.
    pub range: (f64, f64),
}

/// A range of which nothing is known.
pub const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

impl MergedEdges {
    /// Those of edges between these values.
    #[must_use]
    pub fn between(neighbours: impl Iterator<Item = (f64, f64)>) -> MergedEdges {
        let merges = |precision: Precision, low, high| {
            let low = precision.round(low);
            low.is_finite() && low == precision.round(high)
        };
        let edges = neighbours.map(|(low, high)| {
            let merging = Precision::ALL.into_iter().filter(|it| merges(*it, low, high));
            merging.map(bit).fold(0, |bits, bit| bits | bit)
        });
        MergedEdges::of(&edges.collect::<Vec<u8>>())
    }

    /// Those of these bits.
    fn of(edges: &[u8]) -> MergedEdges {
        if edges.iter().all(|&edge| edge == 0) {
            return MergedEdges::default();
        }
        let byte = |two: &[u8]| two.iter().rev().fold(0, |byte, edge| byte << 4 | edge);
        MergedEdges(edges.chunks(2).map(byte).collect())
    }

    /// The bits of an edge.
    fn get(&self, edge: usize) -> u8 {
        self.0.get(edge >> 1).map_or(0, |byte| byte >> ((edge & 1) << 2) & 0xf)
    }

    /// As a profile has it: a digit for each of as many edges, the sum of 1 for bfloat16, 2 for half and 4 for single
    /// precision.
    #[must_use]
    pub fn digits(&self, edges: usize) -> Option<String> {
        let digit =
            |edge: usize| DIGITS.get(usize::from(self.get(edge))).copied().unwrap_or_default();
        (!self.0.is_empty()).then(|| (0..edges).map(digit).collect())
    }

    /// Reads [`MergedEdges::digits`] of as many edges.
    #[must_use]
    pub fn from_digits(digits: &str, edges: usize) -> Option<MergedEdges> {
        let of = |digit: char| digit.to_digit(8).and_then(|digit| u8::try_from(digit).ok());
        let found = digits.chars().map(of).collect::<Option<Vec<u8>>>()?;
        (found.len() == edges).then(|| MergedEdges::of(&found))
    }

    /// Whether the precision merges the values beside this edge.
    fn has(&self, edge: usize, precision: Precision) -> bool {
        self.get(edge) & bit(precision) != 0
    }
}

const fn bit(precision: Precision) -> u8 {
    match precision {
        Precision::Brain => BRAIN,
        Precision::Half => HALF,
        Precision::Single => SINGLE,
        Precision::Norm | Precision::HalfNorm | Precision::BrainNorm => 0,
    }
}

impl Draws {
    /// The next one.
    fn next(&self) -> f64 {
        const GOLDEN: u32 = 0x9e37_79b9;
        let next = self.0.get().wrapping_add(GOLDEN);
        self.0.set(next);
        f64::from(next) / 4_294_967_296.0
    }
}

impl Bins {
    /// The bin of a number that this precision has made of values of several bins, drawn by their shares in the reference;
    /// `None` if all of them have one bin, which then is [`Bins::of_live`].
    ///
    /// Within a bin rows are taken for evenly spread around their mean. Ten roundings or so, and some more for each bin that
    /// may be the one.
    #[must_use]
    pub fn draw_merged(
        &self,
        x: f64,
        precision: Precision,
        reference: &MergedReference<'_>,
        draws: &Draws,
    ) -> Option<usize> {
        let wire = Wire { x, precision };
        let MergedReference { merged, counts, means, .. } = *reference;
        let (first, last) = match self {
            Bins::Values { values } => {
                let first = values.partition_point(|value| precision.round(*value) < x);
                let end = values.partition_point(|value| precision.round(*value) <= x);
                (first, end.checked_sub(1)?)
            }
            Bins::Quantile { edges } => {
                let is_merged = |edge: usize| {
                    let edge_at = edges.get(edge);
                    merged.has(edge, precision)
                        && edge_at.is_some_and(|&edge| precision.round(edge) == x)
                };
                let bin = edges.partition_point(|edge| *edge < x);
                let (mut first, mut last) = (bin, bin);
                while let Some(below) = first.checked_sub(1).filter(|&below| is_merged(below)) {
                    first = below;
                }
                while is_merged(last) {
                    last = last.saturating_add(1);
                }
                (first, last)
            }
            Bins::Categories { .. } => return None,
        };
        if last <= first {
            return None;
        }
        let rows = |bin: usize| {
            let count = counts.get(bin).copied().unwrap_or(0) as f64;
            match (self, means.get(bin)) {
                (Bins::Quantile { edges }, Some(mean)) => {
                    count * wire.part_of(edges, bin, *mean, reference)
                }
                _ => count,
            }
        };
        let mut left = draws.next() * (first..=last).map(rows).sum::<f64>();
        for bin in first..last {
            left -= rows(bin);
            if left < 0.0 {
                return Some(bin);
            }
        }
        Some(last)
    }
}

/// A number as it came.
#[derive(Clone, Copy, Debug)]
struct Wire {
    x: f64,
    precision: Precision,
}

impl Wire {
    /// The part of a bin, whose rows have this mean, that is rounded to the number.
    fn part_of(self, edges: &[f64], bin: usize, mean: f64, reference: &MergedReference<'_>) -> f64 {
        let Wire { x, precision } = self;
        let MergedReference { merged, range: (minimum, maximum), .. } = *reference;
        let below = bin.checked_sub(1);
        let low = below.and_then(|edge| edges.get(edge)).copied().unwrap_or(minimum);
        let high = edges.get(bin).copied().unwrap_or(maximum);
        // Numbers are closer to each other on the side of a power of two that is nearer to 0.
        let reach_below = precision.half_place(x.next_down());
        let reach_above = precision.half_place(x.next_up());
        // Where an edge keeps its neighbours apart, the next number of this precision beyond the edge is that of the nearest
        // value. If it is `x`, no value of the bin on this side is another one.
        let is_apart = |edge: Option<usize>| edge.is_some_and(|edge| !merged.has(edge, precision));
        let is_whole_below = is_apart(below) && x - 2.0 * reach_below <= low;
        let is_whole_above =
            is_apart(Some(bin).filter(|&bin| bin < edges.len())) && high < x + 2.0 * reach_above;
        // Rows lie on both sides of their mean, and on neither of them beyond an edge.
        let (low, high) = (low.max(2.0 * mean - high), high.min(2.0 * mean - low));
        let from = if is_whole_below { low } else { low.max(x - reach_below) };
        let until = if is_whole_above { high } else { high.min(x + reach_above) };
        let part = (until - from) / (high - low);
        // A bin without an extent is one value.
        if part.is_finite() { part.clamp(0.0, 1.0) } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// How many of 1,000 numbers like this are counted in each bin.
    fn drawn(
        bins: &Bins,
        (counts, means): (&[u64], &[f64]),
        merged: &str,
        x: f64,
        precision: Precision,
    ) -> Vec<u32> {
        let merged = MergedEdges::from_digits(merged, merged.len()).unwrap();
        let (draws, mut found) = (Draws::default(), vec![0; counts.len()]);
        let reference = MergedReference { merged: &merged, counts, means, range: UNBOUNDED };
        for _ in 0..1000 {
            let bin = bins.draw_merged(x, precision, &reference, &draws);
            found[bin.unwrap_or_else(|| bins.of_live(x, precision))] += 1;
        }
        found
    }

    #[test]
    fn values_that_are_one_number_get_their_shares() {
        // BF16 has every eighth year: 1996 to 2004 are 2000.
        let bins = Bins::Values { values: vec![1990.0, 1996.0, 1999.0, 2004.0, 2005.0] };
        let counts: (&[u64], &[f64]) = (&[5, 10, 20, 70, 9, 0], &[]);
        let found = drawn(&bins, counts, "", 2000.0, Precision::Brain);
        assert!(found[1].abs_diff(100) <= 2 && found[2].abs_diff(200) <= 2, "{found:?}");
        assert_eq!(found.iter().sum::<u32>() - found[1] - found[2], found[3]);
        assert_eq!(drawn(&bins, counts, "", 1992.0, Precision::Brain)[0], 1000);
        assert_eq!(drawn(&bins, counts, "", 2000.0, Precision::Half)[5], 1000, "none of them");
        assert_eq!(drawn(&bins, counts, "", 1999.0, Precision::Half)[2], 1000);
    }

    #[test]
    fn ranges_get_the_part_that_is_one_number() {
        // 1996 to 2004 again: four tenths of the second bin, all of the third, and a tenth of the last.
        let bins = Bins::Quantile { edges: vec![1990.0, 2000.0, 2002.0] };
        let counts: (&[u64], &[f64]) = (&[100, 250, 100, 100], &[1985.0, 1995.0, 2001.0, 2012.0]);
        let found = drawn(&bins, counts, "011", 2000.0, Precision::Brain);
        let expected = [0.0, 100.0, 100.0, 10.0].map(|it: f64| it / 210.0 * 1000.0);
        for (found, expected) in found.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 3.0, "{found} {expected}");
        }
        // Kept apart, or in another precision, a number is where it lies.
        for (merged, precision) in [("000", Precision::Brain), ("011", Precision::Half)] {
            assert_eq!(drawn(&bins, counts, merged, 2000.0, precision)[1], 1000);
        }
    }

    /// 2012 to 2020 are 2016, and 2011 is 2008, so no row of 2012 is below.
    #[test]
    fn an_edge_that_keeps_values_apart_ends_what_is_merged() {
        let bins = Bins::Quantile { edges: vec![2011.5, 2012.5, 2013.5] };
        let counts: (&[u64], &[f64]) = (&[100; 4], &[2010.0, 2012.0, 2013.0, 2015.0]);
        let found = drawn(&bins, counts, "011", 2016.0, Precision::Brain);
        assert_eq!(found[0], 0);
        assert!(found[1..].iter().all(|rows| rows.abs_diff(333) < 3), "{found:?}");
        assert_eq!(drawn(&bins, counts, "011", 2008.0, Precision::Brain)[0], 1000);
    }

    #[test]
    fn what_is_merged_is_known_by_neighbours() {
        let merged = |pairs: &[(f64, f64)]| MergedEdges::between(pairs.iter().copied());
        let pairs = [(1.0, 2.0), (1999.0, 2001.0), (300.01, 300.02), (1e6, 2e6), (1e9, 1e9 + 1.0)];
        let some = merged(&pairs);
        // A billion is no half.
        assert_eq!(some.digits(5).as_deref(), Some("01305"));
        assert_eq!(MergedEdges::from_digits("01305", 5), Some(some));
        assert_eq!(merged(&[(1.0, 2.0)]).digits(1), None);
        assert_eq!(MergedEdges::from_digits("00", 2), Some(MergedEdges::default()));
        for (digits, edges) in [("013", 2), ("018", 3), ("01x", 3), ("", 1)] {
            assert_eq!(MergedEdges::from_digits(digits, edges), None, "{digits}");
        }
    }
}
