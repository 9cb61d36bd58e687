//! The values of a column that are kept: all of them, or a uniform sample once there are too many. It sorts them once,
//! and sums nothing.

/// Values of a column, each of which was kept with the same probability.
///
/// The sample is a reservoir (A. Waterman's algorithm R, in D. Knuth, TAOCP 3.4.2). Its generator has a fixed seed, so
/// the same values in the same order give the same sample.
#[derive(Debug)]
pub(crate) struct Sample {
    values: Vec<f64>,
    /// How many values were added.
    seen: u64,
    /// The most that are kept.
    limit: usize,
    random: SplitMix64,
}

impl Default for Sample {
    fn default() -> Sample {
        Sample { values: Vec::new(), seen: 0, limit: usize::MAX, random: SplitMix64(0) }
    }
}

impl Sample {
    pub(crate) fn add(&mut self, value: f64) {
        self.seen += 1;
        if self.values.len() < self.limit {
            self.values.push(value);
        } else {
            let place = self.random.below(self.seen);
            if let Some(kept) = usize::try_from(place).ok().and_then(|at| self.values.get_mut(at)) {
                *kept = value;
            }
        }
    }

    /// Keeps at most `limit` values from now on. A sample of a sample is a sample of all values.
    pub(crate) fn limit(&mut self, limit: usize) {
        self.limit = self.limit.min(limit);
        let count = self.values.len();
        if limit < count {
            for kept in 0..limit {
                let other = kept as u64 + self.random.below((count - kept) as u64);
                self.values.swap(kept, other as usize);
            }
            self.values.truncate(limit);
            self.values.shrink_to_fit();
        }
    }

    /// How many values are kept.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// How many values were added.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether every value is kept.
    pub(crate) fn is_whole(&self) -> bool {
        self.values.len() as u64 == self.seen
    }

    /// The kept values, in ascending order.
    pub(crate) fn into_sorted(mut self) -> Vec<f64> {
        self.values.sort_unstable_by(f64::total_cmp);
        self.values
    }
}

/// G. Steele, D. Lea and C. Flood, Fast Splittable Pseudorandom Number Generators, 2014.
#[derive(Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    /// A whole number under `bound`, which is not 0. Its bias is under `bound` / 2^64.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let scaled = u128::from(z ^ (z >> 31)) * u128::from(bound);
        (scaled >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(count: u32, limits: &[(u32, usize)]) -> Sample {
        let mut sample = Sample::default();
        for value in 0..count {
            if let Some((_, limit)) = limits.iter().find(|(at, _)| *at == value) {
                sample.limit(*limit);
            }
            sample.add(value.into());
        }
        sample
    }

    #[test]
    fn all_values_are_kept_while_there_is_room() {
        let sample = sample(100, &[(0, 100)]);
        assert!(sample.is_whole());
        assert_eq!(sample.into_sorted(), (0..100).map(f64::from).collect::<Vec<_>>());
    }

    /// The rank of a quantile of `S` sampled values has a standard error of at most `0.5 / sqrt(S)`.
    #[test]
    fn beyond_that_quantiles_stay_where_they_are() {
        let (all, kept) = (1_000_000, 10_000);
        for limits in [&[(0, kept)][..], &[(20_000, kept)], &[(30_000, 20_000), (700_000, kept)]] {
            let sample = sample(all, limits);
            assert_eq!((sample.len(), sample.seen()), (kept, all.into()));
            assert!(!sample.is_whole());
            let sorted = sample.into_sorted();
            let distinct = sorted.windows(2).all(|pair| pair[0] < pair[1]);
            assert!(distinct, "no value is kept twice");
            for k in 1..20 {
                let share = sorted[kept * k / 20] / f64::from(all);
                let error = (share - k as f64 / 20.0).abs();
                assert!(error < 4.0 * 0.5 / 100.0, "{limits:?}, {k}: {share}");
            }
        }
    }

    #[test]
    fn the_same_values_give_the_same_sample() {
        let twice = [0, 1].map(|_| sample(5_000, &[(100, 70)]).into_sorted());
        assert_eq!(twice[0], twice[1]);
    }
}
