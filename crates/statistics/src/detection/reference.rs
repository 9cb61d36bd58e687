//! What a column is compared with, as its profile says; it is made once and never changes.

use alloc::boxed::Box;

use driftline_labels::DriftReason::{
    self, CategoryShare, Location, NovelValues, Nulls, Spread, Tail, Types,
};

use super::{ReferenceRows, total};
use crate::{
    bins::Bins,
    drift::BinPositions,
    fingerprint::Fingerprint,
    profile::{ByHour, Column, Kind},
};

/// The reference rows of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// By live bin: none in those that only live rows have.
    pub bins: Box<[u64]>,
    /// Without a value.
    pub unset: u64,
    /// The same by hour of the day, if its profile has it.
    pub by_hour: Option<ByHour>,
    /// Where the bins lie; `None` for categories.
    pub positions: Option<BinPositions>,
    /// Whether each bin is a class of its own.
    pub has_classes: bool,
    /// Whether its values lie on a line.
    pub is_on_line: bool,
    /// Whether the schema allows what the reference has, and nothing beyond it.
    pub has_range: bool,
}

impl Reference {
    /// That of a column of a profile.
    #[must_use]
    pub fn of(column: &Column) -> Reference {
        let positions = positions(column);
        let filled = column.counts.iter().filter(|&&rows| rows != 0).count();
        let range = column.numbers.as_ref().zip(column.schema.range.as_ref());
        let mut bins = column.counts.clone();
        bins.resize(column.bins.live_count(), 0);
        Reference {
            bins: bins.into(),
            unset: column.nulls,
            by_hour: column.by_hour.clone(),
            positions,
            has_classes: !matches!(column.bins, Bins::Quantile { .. }),
            is_on_line: is_on_line(&column.bins, filled),
            has_range: column.kind != Kind::Category
                && range.is_some_and(|(numbers, range)| {
                    numbers.minimum == range.minimum && numbers.maximum == range.maximum
                }),
        }
    }

    /// Tells what is compared with apart, after all that `before` tells apart.
    #[must_use]
    pub fn fingerprint(&self, before: Fingerprint) -> Fingerprint {
        let counts = self.bins.iter().fold(before, |all, &rows| all.with_number(rows));
        let deviation = self.positions.as_ref().map_or(0, |it| it.deviation().to_bits());
        counts.with_number(self.unset).with_number(deviation)
    }

    /// As rows to compare with.
    #[must_use]
    pub fn rows(&self) -> ReferenceRows<'_> {
        let binned = total(&self.bins);
        ReferenceRows {
            bins: &self.bins,
            binned,
            effective: binned as f64,
            unset: self.unset,
            positions: self.positions.as_ref(),
            has_classes: self.has_classes,
            is_on_line: self.is_on_line,
            has_range: self.has_range,
            by_hour: self.by_hour.as_ref(),
        }
    }
}

/// What may be said of a drift of a column.
#[must_use]
pub fn reasons(column: &Column) -> &'static [DriftReason] {
    let filled = column.counts.iter().filter(|&&rows| rows != 0).count();
    match (&column.bins, is_on_line(&column.bins, filled)) {
        (Bins::Quantile { .. }, _) => &[Location, Spread, Tail, Nulls, Types],
        (_, true) => &[Location, Spread, NovelValues, Nulls, Types],
        (_, false) => &[CategoryShare, NovelValues, Nulls, Types],
    }
}

/// Whether values lie on a line, on which they can move: of two values only the shares can.
fn is_on_line(bins: &Bins, filled: usize) -> bool {
    match bins {
        Bins::Quantile { .. } => true,
        Bins::Values { .. } => 2 < filled,
        Bins::Categories { .. } => false,
    }
}

/// Where the bins of a column lie.
fn positions(column: &Column) -> Option<BinPositions> {
    let numbers = column.numbers.as_ref()?;
    match &column.bins {
        Bins::Quantile { edges } => {
            Some(BinPositions::of_edges(edges, &numbers.means, numbers.standard_deviation))
        }
        Bins::Values { values } => {
            Some(BinPositions::of_values(values, numbers.standard_deviation))
        }
        Bins::Categories { .. } => None,
    }
}
