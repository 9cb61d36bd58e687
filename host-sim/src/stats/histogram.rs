//! A histogram as Envoy keeps one: circllhist, bins of two significant decimal digits; it never stores a sample.
//!
//! Follows libcircllhist as Envoy 1.40 uses it, including its approximations:
//! a sample counts as below a bound when the *lower* edge of its bin is, the
//! sum takes one middle value per bin, and a quantile is spread evenly inside
//! its bin. The arithmetic keeps libcircllhist's order of operations, because
//! a bin's edge decides on which side of a bound it falls, and `1.1 * 100.0`
//! is not 110.

use std::collections::BTreeMap;

/// One bin: `digits / 10 * 10^exponent` up to the next value of two digits.
///
/// `digits` is 0 for the value zero, else 10 to 99, negative for negative values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Bin {
    digits: i8,
    exponent: i8,
}

/// Samples by bin. Memory grows with the number of bins hit, at most 180 per power of ten.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Keyed so that iteration is in ascending order of value.
    bins: BTreeMap<i32, (Bin, u64)>,
    samples: u64,
}

impl Histogram {
    /// Records one sample. A value beyond `i64::MAX` becomes negative, as in Envoy.
    pub fn record(&mut self, value: u64) {
        let bin = Bin::of(value.cast_signed());
        self.bins.entry(bin.order()).or_insert((bin, 0)).1 += 1;
        self.samples += 1;
    }

    /// Adds all samples of `other`.
    pub fn merge(&mut self, other: &Histogram) {
        for (&order, &(bin, count)) in &other.bins {
            self.bins.entry(order).or_insert((bin, 0)).1 += count;
        }
        self.samples += other.samples;
    }

    /// Number of samples.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.samples
    }

    /// Approximate sum: per bin, the count times the bin's harmonic middle.
    #[must_use]
    pub fn sum(&self) -> f64 {
        let add = |sum, &(bin, count): &(Bin, u64)| sum + bin.middle() * count as f64;
        self.bins.values().fold(0.0, add)
    }

    /// Samples whose bin begins at or below `bound`; a bin that holds the bound counts as a whole.
    #[must_use]
    pub fn count_below(&self, bound: f64) -> u64 {
        let below = self.bins.values().take_while(|(bin, _)| bin.lower() <= bound);
        below.map(|&(_, count)| count).sum()
    }

    /// The value of rank `ceil(q * count)`, `q` in 0 to 1; `None` without samples.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let rank = (q * self.samples as f64).ceil().max(1.0);
        let mut before = 0.0;
        for &(bin, count) in self.bins.values() {
            let count = count as f64;
            if rank <= before + count {
                return Some(bin.lower() + (rank - before) / (count + 1.0) * bin.width());
            }
            before += count;
        }
        None
    }
}

impl Bin {
    fn of(value: i64) -> Bin {
        let mut rest = value.unsigned_abs();
        if rest == 0 {
            return Bin { digits: 0, exponent: 0 };
        }
        let mut exponent = 1;
        if rest < 10 {
            rest *= 10;
            exponent = 0;
        }
        while 100 <= rest {
            rest /= 10;
            exponent += 1;
        }
        let digits = rest as i8;
        Bin { digits: if value < 0 { -digits } else { digits }, exponent }
    }

    /// A key that sorts as the values do: exponents of `u64` samples are 0 to 19.
    fn order(self) -> i32 {
        match self.digits {
            0 => 0,
            digits => {
                let magnitude = i32::from(self.exponent) * 100 + i32::from(digits.abs());
                if digits < 0 { -magnitude } else { magnitude }
            }
        }
    }

    /// The edge that is nearer to zero.
    fn edge(self) -> f64 {
        f64::from(self.digits) / 10.0 * self.power()
    }

    fn power(self) -> f64 {
        // A table, because the last bit of `powi` is not specified.
        const POWERS: [f64; 20] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
            1e16, 1e17, 1e18, 1e19,
        ];
        POWERS[self.exponent.unsigned_abs() as usize]
    }

    fn width(self) -> f64 {
        if self.digits == 0 { 0.0 } else { self.power() / 10.0 }
    }

    fn lower(self) -> f64 {
        if self.digits < 0 { self.edge() - self.width() } else { self.edge() }
    }

    /// `2ab / (a + b)` of the edges: the value with the least relative error for either.
    fn middle(self) -> f64 {
        if self.digits == 0 {
            return 0.0;
        }
        let near = self.edge();
        let width = if self.digits < 0 { -self.width() } else { self.width() };
        near + width * (near / (near + (near + width)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|value| histogram.record(value));
        histogram
    }

    // Every expected number below was printed by Envoy 1.40 for the same samples.

    #[test]
    fn the_sum_is_the_one_envoy_prints() {
        assert_eq!(of([2, 3, 2, 3, 2, 3]).sum(), 15.293_882_447_021_192);
        let three_times = (1..=120).chain(1..=120).chain(1..=120);
        assert_eq!(of(three_times).sum(), 21_945.338_112_422);
    }

    #[test]
    fn a_bin_that_holds_the_bound_counts_as_below() {
        let histogram = of(1..=120);
        for (bound, count) in [(1.0, 1), (10.0, 10), (11.0, 11), (50.0, 50), (100.0, 109)] {
            assert_eq!(histogram.count_below(bound), count, "below {bound}");
        }
    }

    #[test]
    fn a_bound_just_below_its_own_bin_misses_it_as_in_envoy() {
        // The edge of the bin of 110 is computed as 110.00000000000001.
        let histogram = of([110, 230]);
        assert_eq!(histogram.count_below(110.0), 0);
        assert_eq!(histogram.count_below(230.0), 2);
    }

    #[test]
    fn quantiles_spread_the_samples_over_their_bin() {
        let histogram = of((1..=120).chain(1..=120).chain(1..=120));
        for (q, value) in [
            (0.0, 1.025),
            (0.25, 30.75),
            (0.9, 108.709_677_419_354_83),
            (0.99, 119.677_419_354_838_72),
            (0.995, 125.0),
            (1.0, 127.5),
        ] {
            assert_eq!(histogram.quantile(q), Some(value), "quantile {q}");
        }
    }

    #[test]
    fn negative_values_keep_their_order_and_their_sign() {
        // What a filter gets that records -5: the ABI's number is unsigned.
        let histogram = of([(-5_i64).cast_unsigned(), 0, 7]);
        assert_eq!(histogram.count_below(-5.0), 1);
        assert_eq!(histogram.count_below(0.0), 2);
        assert!((histogram.quantile(0.0).unwrap() + 5.05).abs() < 1e-9);
    }

    #[test]
    fn an_empty_histogram_has_no_quantile() {
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert_eq!(Histogram::default().sum(), 0.0);
    }
}
