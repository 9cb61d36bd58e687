//! By how much rows that come in clusters are fewer than they seem: each user's session, each retry and each batch repeats
//! values. It is found from how steps of time differ, and never from the reference.
//!
//! If rows are independent, the chi-square of homogeneity of two samples that follow each other is as large as its degrees
//! of freedom in the mean. In clusters of five rows alike it is five times as large, and so is the noise of every share.
//! Only neighbours are compared, so a change that takes hours counts little.
//!
//! Samples are of two sizes. Batches of a hundred rows or more tell within seconds what retries and sessions are like.
//! Steps of the ring tell what takes minutes; only those before the length under test count, because a change under way
//! makes steps differ, too, and must not hide itself. It is in one or two pairs of batches, which are limited.

use super::total;

/// How many degrees of freedom it takes to outweigh what is assumed.
pub const ASSUMED_DEGREES: f64 = 15.0;
/// What is assumed of the evidence in a model that nothing is known of: clusters of twenty. A few batches of a few columns
/// tell better, within seconds where rows are many.
pub const ASSUMED: f64 = 20.0;
/// The most that a pair counts, as a multiple of what is usual: a change is in one or two pairs, clusters are in all.
pub const SURPRISE_MAX: f32 = 8.0;

/// What is left of the past after a batch. A column of two bins then has 256 degrees of freedom.
pub(super) const KEPT_OF_BATCHES: f32 = 1.0 - 1.0 / 256.0;
/// The same after a step: 64 of them are those of eight hours.
pub(super) const KEPT_OF_STEPS: f32 = 1.0 - 1.0 / 64.0;

/// How many rows count as one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clusters {
    /// As far as is known: of a column that nothing is known of, none is taken for another one. `rows_min` is asked of this.
    pub found: f32,
    /// As it is assumed where evidence is weighed: more while little is known.
    pub assumed: f32,
}

/// What pairs of samples have told.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overdispersion {
    /// The sum of their chi-squares.
    pub statistic: f32,
    /// What that is in the mean without clusters.
    pub degrees: f32,
}

impl Overdispersion {
    /// What two samples tell, each by cell; nothing if either has no rows. No logarithm.
    #[must_use]
    pub fn of_pair<N: Copy + Into<u64>>(one: &[N], other: &[N]) -> Overdispersion {
        let (a, b) = (total(one) as f64, total(other) as f64);
        let (mut statistic, mut filled) = (0.0_f64, 0.0_f32);
        if a == 0.0 || b == 0.0 {
            return Overdispersion::default();
        }
        let (to_a, to_b) = (libm::sqrt(b / a), libm::sqrt(a / b));
        for (&x, &y) in one.iter().zip(other) {
            let (x, y) = (x.into() as f64, y.into() as f64);
            if 0.0 < x + y {
                let difference = x * to_a - y * to_b;
                statistic += difference * difference / (x + y);
                filled += 1.0;
            }
        }
        // The fourth digit does not matter.
        Overdispersion { statistic: statistic as f32, degrees: filled - 1.0 }
    }

    /// Adds what a pair tells, of which `usual` rows count as one, and leaves this share of the past.
    pub fn learn(&mut self, pair: Overdispersion, usual: f64, kept: f32) {
        let statistic = pair.statistic.min(SURPRISE_MAX * usual as f32 * pair.degrees);
        self.statistic = self.statistic * kept + statistic;
        self.degrees = self.degrees * kept + pair.degrees;
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Overdispersion) -> Overdispersion {
        Overdispersion {
            statistic: self.statistic + other.statistic,
            degrees: self.degrees + other.degrees,
        }
    }

    /// How many rows count as one, if so many are `assumed` before anything is told; at least 1.
    #[must_use]
    pub fn factor(&self, assumed: f64) -> f64 {
        let found = assumed * ASSUMED_DEGREES + f64::from(self.statistic);
        (found / (ASSUMED_DEGREES + f64::from(self.degrees))).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use driftline_random::Random;

    use super::*;

    /// Steps of rows of so many even bins, each row so many times in a row.
    fn found(bins: u64, rows: u64, cluster: u64, steps: usize) -> f64 {
        let mut random = Random::new(bins * rows * cluster);
        let mut step = || {
            let mut counts = vec![0; bins as usize];
            for _ in 0..rows / cluster {
                counts[(random.word() % bins) as usize] += cluster;
            }
            counts
        };
        let mut before: Vec<u64> = step();
        let mut all = Overdispersion::default();
        for _ in 0..steps {
            let now = step();
            let usual = all.factor(ASSUMED);
            all.learn(Overdispersion::of_pair(&now, &before), usual, KEPT_OF_STEPS);
            before = now;
        }
        all.factor(ASSUMED)
    }

    #[test]
    fn clusters_are_told_from_independent_rows() {
        for (bins, cluster) in [(20, 1), (20, 5), (20, 20), (2, 5), (2, 20)] {
            let factor = found(bins, 1000, cluster, 400);
            let expected = if bins == 2 {
                // Few degrees of freedom leave a part of what is assumed.
                (300.0 + 64.0 * cluster as f64) / 79.0
            } else {
                cluster as f64
            };
            assert!((factor / expected - 1.0).abs() < 0.35, "{bins} {cluster}: {factor}");
        }
    }

    #[test]
    fn little_is_known_of_few_steps() {
        assert_eq!(Overdispersion::default().factor(ASSUMED), ASSUMED);
        assert!((8.0..12.0).contains(&found(20, 400, 1, 1)));
        assert!((1.0..1.7).contains(&found(20, 400, 1, 30)));
    }

    #[test]
    fn a_change_that_is_past_counts_little() {
        let mut all = Overdispersion { statistic: 1216.0, degrees: 1216.0 };
        let change = Overdispersion { statistic: 1e6, degrees: 19.0 };
        all.learn(change, 1.0, KEPT_OF_STEPS);
        assert!(all.factor(ASSUMED) < 1.4, "{}", all.factor(ASSUMED));
        assert_eq!(Overdispersion::of_pair(&[0_u64, 0], &[3, 4]), Overdispersion::default());
    }
}
