//! Counts the numbers of a column into bins that are fixed; it moves no edge, and knows no text.

use driftline_statistics::{
    bins::{Bins, MergedEdges},
    float::power_of_two,
    profile::{ByHour, Column, Distinct, Kind, Numbers, Range, Schema, TailExcess},
    time::hour::HourOfDay,
    value::Precision,
};

use crate::{chi_square::quantiles, sum::Sum};

/// What is known of a column of numbers before its values are counted.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) bins: Bins,
    /// Which of its edges lie between values that a wire of few digits merges.
    pub(crate) merged: MergedEdges,
    /// Rows without a value.
    pub(crate) nulls: u64,
    /// Rows with one, at least 1.
    pub(crate) values: u64,
    pub(crate) mean: f64,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
    /// How many different values, if estimated.
    pub(crate) distinct: Option<Distinct>,
    /// The rows without a value by hour of the day, if hours are wanted; those with one come as they are counted.
    pub(crate) by_hour: Option<ByHour>,
}

impl Plan {
    /// The bin of a finite value.
    pub(crate) fn bin_of(&self, value: f64) -> usize {
        match self.kind {
            Kind::VectorNorm => self.bins.of_rounded(value, Precision::Norm),
            _ => self.bins.of(value),
        }
    }
}

/// The counts and sums of a column of numbers. Add each value once.
#[derive(Debug)]
pub(crate) struct BinCounts {
    plan: Plan,
    counts: Vec<u64>,
    /// Of the values in each bin.
    sums: Vec<Sum>,
    /// What distances from the mean are divided by before they are squared: squares of numbers below 1e-162 are 0, and
    /// dividing by a power of two loses nothing, so all other deviations stay what they are to the bit.
    unit: f64,
    /// Of the squared distances from the mean.
    squares: Sum,
    /// Of the distances below the first and above the last edge.
    below: Sum,
    above: Sum,
}

impl BinCounts {
    pub(crate) fn new(plan: Plan) -> BinCounts {
        let bins = plan.bins.count();
        BinCounts {
            unit: power_of_two(plan.maximum - plan.minimum).max(f64::MIN_POSITIVE),
            plan,
            counts: vec![0; bins],
            sums: vec![Sum::default(); bins],
            squares: Sum::default(),
            below: Sum::default(),
            above: Sum::default(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.plan.kind
    }

    pub(crate) fn bins(&self) -> &Bins {
        &self.plan.bins
    }

    /// Counts a finite value, in its hour of the day too, if it has one and hours are wanted.
    pub(crate) fn add(&mut self, value: f64, hour: Option<HourOfDay>) {
        let bin = self.plan.bin_of(value);
        if let (Some(by_hour), Some(hour)) = (&mut self.plan.by_hour, hour) {
            by_hour.add(hour, Some(bin), 1);
        }
        if let (Some(count), Some(sum)) = (self.counts.get_mut(bin), self.sums.get_mut(bin)) {
            *count += 1;
            sum.add(value);
        }
        let distance = (value - self.plan.mean) / self.unit;
        self.squares.add(distance * distance);
        if let Bins::Quantile { edges } = &self.plan.bins {
            if let Some(edge) = edges.first().filter(|_| bin == 0) {
                self.below.add(edge - value);
            }
            if let Some(edge) = edges.last().filter(|_| bin == edges.len()) {
                self.above.add(value - edge);
            }
        }
    }

    /// Whether all values of the plan were counted.
    pub(crate) fn is_complete(&self) -> bool {
        self.counts.iter().sum::<u64>() == self.plan.values
    }

    /// The column, in a profile of `columns` columns.
    pub(crate) fn column(self, columns: usize) -> Column {
        let Plan { kind, bins, merged, nulls, values, mean, minimum, maximum, distinct, by_hour } =
            self.plan;
        // Equal values do not deviate, whatever rounding gives.
        let standard_deviation = if minimum == maximum {
            0.0
        } else {
            (self.squares.total() / values as f64).sqrt() * self.unit
        };
        let beyond = |sum: Sum, count: Option<&u64>| match count {
            Some(&count) if count != 0 && 0.0 < standard_deviation => {
                sum.total() / count as f64 / standard_deviation
            }
            _ => 0.0,
        };
        let tail_excess = TailExcess {
            low: beyond(self.below, self.counts.first()),
            high: beyond(self.above, self.counts.last()),
        };
        let ends = |bin: usize| match &bins {
            Bins::Quantile { edges } => (
                bin.checked_sub(1).and_then(|below| edges.get(below)).copied().unwrap_or(minimum),
                edges.get(bin).copied().unwrap_or(maximum),
            ),
            Bins::Values { values } => {
                values.get(bin).map_or((minimum, maximum), |value| (*value, *value))
            }
            Bins::Categories { .. } => (minimum, maximum),
        };
        let means = self.sums.iter().zip(&self.counts).enumerate().map(|(bin, (sum, count))| {
            let (low, high) = ends(bin);
            sum.mean(*count, low, high)
        });
        Column {
            kind,
            schema: Schema {
                required: nulls == 0,
                range: Some(Range { minimum, maximum }),
                categories: None,
            },
            nulls,
            numbers: Some(Numbers {
                mean,
                standard_deviation,
                minimum,
                maximum,
                means: means.collect(),
                merged,
                tail_excess,
            }),
            distinct,
            chi_square: quantiles(bins.count(), columns),
            counts: self.counts,
            by_hour,
            bins,
        }
    }
}
