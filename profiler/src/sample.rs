//! The values of a column that are kept: all of them, or a uniform sample once there are too many. It sorts them once,
//! and sums nothing.

use driftline_statistics::time::hour::{HOURS, HourOfDay};

/// Values of a column, each of which was kept with the same probability.
///
/// With each value its hour of the day may be kept, as long as all values are. Of a sample no hour is of use: all rows are
/// read again.
///
/// The sample is a reservoir (A. Waterman's algorithm R, in D. Knuth, TAOCP 3.4.2). Its generator has a fixed seed, so
/// the same values in the same order give the same sample.
#[derive(Debug)]
pub(crate) struct Sample {
    values: Vec<f64>,
    /// Of each value, [`NO_HOUR`] for those without; `None` if not wanted, or no more.
    hours: Option<Vec<u8>>,
    /// How many values were added.
    seen: u64,
    /// The most that are kept.
    limit: usize,
    random: SplitMix64,
}

/// Stands for no hour.
const NO_HOUR: u8 = HOURS as u8;

/// What became of the values.
pub(crate) struct Sorted {
    /// The kept values, in ascending order.
    pub(crate) values: Vec<f64>,
    /// All values with their hours, in the order of the rows, if hours were wanted and all values were kept.
    pub(crate) by_row: Option<ByRow>,
}

/// Values in the order of the rows, each with its hour.
pub(crate) struct ByRow {
    values: Vec<f64>,
    hours: Vec<u8>,
}

impl ByRow {
    /// Each value that has an hour.
    pub(crate) fn with_hour(&self) -> impl Iterator<Item = (f64, HourOfDay)> + '_ {
        let pairs = self.values.iter().zip(&self.hours);
        pairs.filter_map(|(value, hour)| Some((*value, HourOfDay::new(*hour)?)))
    }
}

impl Default for Sample {
    fn default() -> Sample {
        Sample {
            values: Vec::new(),
            hours: None,
            seen: 0,
            limit: usize::MAX,
            random: SplitMix64(0),
        }
    }
}

impl Sample {
    /// Keeps the hour of each value from now on. Before the first one.
    pub(crate) fn keep_hours(&mut self) {
        self.hours = Some(Vec::new());
    }

    pub(crate) fn add(&mut self, value: f64, hour: Option<HourOfDay>) {
        self.seen += 1;
        if self.values.len() < self.limit {
            self.values.push(value);
            if let Some(hours) = &mut self.hours {
                hours.push(hour.map_or(NO_HOUR, |hour| hour.index() as u8));
            }
        } else {
            self.hours = None;
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
            self.hours = None;
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

    /// The kept values, in ascending order, and beside them those with hours.
    pub(crate) fn into_sorted(mut self) -> Sorted {
        let by_row = self.hours.map(|hours| ByRow { values: self.values.clone(), hours });
        self.values.sort_unstable_by(f64::total_cmp);
        Sorted { values: self.values, by_row }
    }
}

/// G. Steele, D. Lea and C. Flood, Fast Splittable Pseudorandom Number Generators, 2014.
#[derive(Debug)]
pub(crate) struct SplitMix64(pub(crate) u64);

impl SplitMix64 {
    /// A whole number under `bound`, which is not 0. Its bias is under `bound` / 2^64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
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
            sample.add(value.into(), None);
        }
        sample
    }

    #[test]
    fn all_values_are_kept_while_there_is_room() {
        let sample = sample(100, &[(0, 100)]);
        assert!(sample.is_whole());
        assert_eq!(sample.into_sorted().values, (0..100).map(f64::from).collect::<Vec<_>>());
    }

    /// The rank of a quantile of `S` sampled values has a standard error of at most `0.5 / sqrt(S)`.
    #[test]
    fn beyond_that_quantiles_stay_where_they_are() {
        let (all, kept) = (1_000_000, 10_000);
        for limits in [&[(0, kept)][..], &[(20_000, kept)], &[(30_000, 20_000), (700_000, kept)]] {
            let sample = sample(all, limits);
            assert_eq!((sample.len(), sample.seen()), (kept, all.into()));
            assert!(!sample.is_whole());
            let sorted = sample.into_sorted().values;
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
        let twice = [0, 1].map(|_| sample(5_000, &[(100, 70)]).into_sorted().values);
        assert_eq!(twice[0], twice[1]);
    }

    #[test]
    fn hours_stay_with_their_values_as_long_as_all_are_kept() {
        let hour = |hour: usize| HourOfDay::new(hour as u8);
        let mut sample = Sample::default();
        sample.keep_hours();
        for (value, of_value) in [(3.0, hour(7)), (1.0, None), (2.0, hour(23))] {
            sample.add(value, of_value);
        }
        sample.limit(3);
        let Sorted { values, by_row } = sample.into_sorted();
        assert_eq!(values, [1.0, 2.0, 3.0]);
        let by_row: Vec<(f64, usize)> =
            by_row.unwrap().with_hour().map(|(value, hour)| (value, hour.index())).collect();
        assert_eq!(by_row, [(3.0, 7), (2.0, 23)]);
        for limit_at in [2, 4] {
            let mut sample = Sample::default();
            sample.keep_hours();
            for n in 0..5 {
                if n == limit_at {
                    sample.limit(3);
                }
                sample.add(f64::from(n), hour(1));
            }
            assert!(sample.into_sorted().by_row.is_none());
        }
    }
}
