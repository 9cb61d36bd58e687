//! Counts the numbers of a column into bins that are fixed; it moves no edge, and knows no text.

use driftline_statistics::{
    bins::Bins,
    profile::{Column, Distinct, Kind, Numbers, Range, Schema, TailExcess},
    value::Precision,
};

use crate::{chi_square::quantiles, sum::Sum};

/// What is known of a column of numbers before its values are counted.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) bins: Bins,
    /// Rows without a value.
    pub(crate) nulls: u64,
    /// Rows with one, at least 1.
    pub(crate) values: u64,
    pub(crate) mean: f64,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
    /// How many different values, if estimated.
    pub(crate) distinct: Option<Distinct>,
}

/// The counts and sums of a column of numbers. Add each value once.
#[derive(Debug)]
pub(crate) struct BinCounts {
    plan: Plan,
    counts: Vec<u64>,
    /// Of the values in each bin.
    sums: Vec<Sum>,
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

    /// Counts a finite value.
    pub(crate) fn add(&mut self, value: f64) {
        let bin = match self.plan.kind {
            Kind::VectorNorm => self.plan.bins.of_rounded(value, Precision::Norm),
            _ => self.plan.bins.of(value),
        };
        if let (Some(count), Some(sum)) = (self.counts.get_mut(bin), self.sums.get_mut(bin)) {
            *count += 1;
            sum.add(value);
        }
        let distance = value - self.plan.mean;
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
        let Plan { kind, bins, nulls, values, mean, minimum, maximum, distinct } = self.plan;
        // Equal values do not deviate, whatever rounding gives.
        let standard_deviation =
            if minimum == maximum { 0.0 } else { (self.squares.total() / values as f64).sqrt() };
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
                tail_excess,
            }),
            distinct,
            chi_square: quantiles(bins.count(), columns),
            counts: self.counts,
            bins,
        }
    }
}
