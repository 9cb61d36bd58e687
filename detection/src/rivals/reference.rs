//! A feature's training rows as other tools keep them: all values, sorted, and bins of several kinds. It sees no live row.

use super::measures::jensen_shannon;
use crate::law::Value;

/// Chunks of the reference whose distances say what is usual.
const CHUNKS: usize = 10;

/// The training rows of a feature.
#[derive(Clone, Debug)]
pub(super) enum Reference {
    Numbers(Numbers),
    Categories { counts: Vec<u64>, usual_distance: f64 },
}

#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) sorted: Vec<f64>,
    pub(super) deviation: f64,
    /// Where deciles end, for PSI; those that are the same are one.
    deciles: Vec<f64>,
    pub(super) in_deciles: Vec<u64>,
    /// Where Doane's bins end, the first of which begins at the lowest value.
    doane: Vec<f64>,
    pub(super) in_doane: Vec<u64>,
    /// The largest distance of Jensen and Shannon that is usual in Doane's bins.
    pub(super) usual_distance: f64,
}

/// Live rows of a feature.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) numbers: Vec<f64>,
    pub(super) categories: Vec<u64>,
}

impl Rows {
    pub(super) fn add(&mut self, value: Value) {
        match value {
            Value::Number(x) => self.numbers.push(x),
            Value::Category(number) => {
                let number = usize::from(number);
                if self.categories.len() <= number {
                    self.categories.resize(number + 1, 0);
                }
                self.categories[number] += 1;
            }
            Value::Null | Value::Wrong => {}
        }
    }
}

impl Reference {
    /// Of these rows in their order, which chunks need.
    pub(super) fn new(values: &[Value]) -> Reference {
        let mut all = Rows::default();
        values.iter().for_each(|&value| all.add(value));
        let chunks = values.chunks(values.len().div_ceil(CHUNKS)).map(|chunk| {
            let mut rows = Rows::default();
            chunk.iter().for_each(|&value| rows.add(value));
            rows
        });
        if all.numbers.is_empty() {
            let counts = all.categories;
            let distances = chunks.map(|mut it| {
                it.categories.resize(counts.len(), 0);
                jensen_shannon(&counts, &it.categories)
            });
            let usual_distance = usual(distances.collect());
            return Reference::Categories { counts, usual_distance };
        }
        let mut numbers = Numbers::new(all.numbers);
        let distances =
            chunks.map(|it| jensen_shannon(&numbers.in_doane, &numbers.doane(&it.numbers)));
        numbers.usual_distance = usual(distances.collect());
        Reference::Numbers(numbers)
    }
}

impl Numbers {
    fn new(mut sorted: Vec<f64>) -> Numbers {
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / count;
        let moment = |power| sorted.iter().map(|x| libm::pow(x - mean, power)).sum::<f64>() / count;
        let deviation = libm::sqrt(moment(2.0));
        let mut deciles: Vec<f64> = (1..10).map(|k| sorted[sorted.len() * k / 10]).collect();
        deciles.dedup();
        // D. Doane (1976): the number of bins grows with the skewness.
        let skewness = moment(3.0) / libm::pow(deviation, 3.0);
        let error = libm::sqrt(6.0 * (count - 2.0) / ((count + 1.0) * (count + 3.0)));
        let bins = (1.0 + libm::log2(count) + libm::log2(1.0 + skewness.abs() / error)).ceil();
        let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
        let doane = (0..=bins as usize).map(|k| low + (high - low) * k as f64 / bins).collect();
        let mut numbers = Numbers {
            sorted,
            deviation,
            deciles,
            in_deciles: Vec::new(),
            doane,
            in_doane: Vec::new(),
            usual_distance: 0.0,
        };
        numbers.in_deciles = numbers.deciles(&numbers.sorted);
        numbers.in_doane = numbers.doane(&numbers.sorted);
        numbers
    }

    pub(super) fn deciles(&self, values: &[f64]) -> Vec<u64> {
        let mut counts = vec![0; self.deciles.len() + 1];
        for x in values {
            counts[self.deciles.partition_point(|edge| edge <= x)] += 1;
        }
        counts
    }

    /// What lies out of range shares a bin.
    pub(super) fn doane(&self, values: &[f64]) -> Vec<u64> {
        let last = self.doane.len();
        let mut counts = vec![0; last];
        for x in values {
            let bin = self.doane.partition_point(|edge| edge <= x);
            let is_highest = self.doane.last() == Some(x);
            counts[if is_highest { last - 1 } else { bin % last }] += 1;
        }
        counts
    }
}

/// Three standard deviations above the mean.
fn usual(distances: Vec<f64>) -> f64 {
    let count = distances.len() as f64;
    let mean = distances.iter().sum::<f64>() / count;
    let variance = distances.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / count;
    mean + 3.0 * libm::sqrt(variance)
}
