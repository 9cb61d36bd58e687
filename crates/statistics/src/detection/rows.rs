//! The counts of a column, live and of its reference, as a decision needs them; it compares nothing.

use crate::{counts::total, drift::BinPositions, profile::ByHour};

/// What is counted of a column, cell by cell: its bins, rows without a value, values that are none, values outside of the
/// reference's schema, and how far values lie beyond the bins on each side.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Cells {
    /// How many bins there are.
    pub bins: usize,
    /// Whether values can lie beyond them.
    pub has_tails: bool,
}

impl Cells {
    /// Where rows without a value are counted: null and missing.
    #[must_use]
    pub const fn unset(self) -> usize {
        self.bins
    }

    /// Where values are counted that are none: of the wrong type, and not finite.
    #[must_use]
    pub const fn unusable(self) -> usize {
        self.bins.saturating_add(1)
    }

    /// Where values are counted that have a bin and are outside of the schema.
    #[must_use]
    pub const fn outside(self) -> usize {
        self.bins.saturating_add(2)
    }

    /// Where the distances beyond the lowest edge are added up; those beyond the highest one follow.
    #[must_use]
    pub const fn tails(self) -> usize {
        self.bins.saturating_add(3)
    }

    /// How many cells there are.
    #[must_use]
    pub const fn count(self) -> usize {
        self.tails().saturating_add(if self.has_tails { 2 } else { 0 })
    }

    /// Whether a cell counts each row at most once, and none twice with any other such cell: bins, and what has none.
    #[must_use]
    pub const fn rows(self) -> usize {
        self.outside()
    }

    /// The parts of this many sums; those that there are not are 0.
    #[must_use]
    pub fn split(self, sums: &[u64]) -> LiveRows<'_> {
        let at = |cell: usize| sums.get(cell).copied().unwrap_or(0);
        let tails = self.tails();
        let bins = sums.get(..self.bins).unwrap_or_default();
        LiveRows {
            bins,
            binned: total(bins),
            unset: at(self.unset()),
            unusable: at(self.unusable()),
            outside: at(self.outside()),
            tail_distance: [at(tails), at(tails.saturating_add(1))],
        }
    }
}

/// Live rows.
#[derive(Clone, Copy, Debug)]
pub struct LiveRows<'a> {
    /// By bin.
    pub bins: &'a [u64],
    /// In all bins: their [`total`].
    pub binned: u64,
    /// Without a value.
    pub unset: u64,
    /// With one that is none.
    pub unusable: u64,
    /// With one that has a bin and is outside of the reference's schema.
    pub outside: u64,
    /// Sums of [`BinPositions::tail_distance`] below and above.
    pub tail_distance: [u64; 2],
}

impl LiveRows<'_> {
    /// All rows.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.binned.saturating_add(self.unbinned())
    }

    /// Rows in no bin.
    #[must_use]
    pub fn unbinned(&self) -> u64 {
        self.unset.saturating_add(self.unusable)
    }
}

/// Rows of a reference.
#[derive(Clone, Copy, Debug)]
pub struct ReferenceRows<'a> {
    /// By bin.
    pub bins: &'a [u64],
    /// In all bins: their [`total`].
    pub binned: u64,
    /// How many rows in bins these are worth: as many as they are, unless they are a mixture or come in clusters.
    pub effective: f64,
    /// Without a value.
    pub unset: u64,
    /// Where the bins lie; `None` for categories.
    pub positions: Option<&'a BinPositions>,
    /// Whether each bin is a class of its own, such as a category or a value.
    pub has_classes: bool,
    /// Whether its values lie on a line, on which they can move.
    pub is_on_line: bool,
    /// Whether a live value is outside of the schema if and only if the reference has none so low or so high.
    pub has_range: bool,
    /// The same rows by hour of the day, if the profile tells hours apart.
    pub by_hour: Option<&'a ByHour>,
}

impl ReferenceRows<'_> {
    /// How many bins it fills.
    #[must_use]
    pub fn filled(&self) -> usize {
        self.bins.iter().filter(|&&rows| rows != 0).count()
    }

    /// How many rows one of the counted ones is worth: see [`ReferenceRows::effective`].
    #[must_use]
    pub fn worth(&self) -> f64 {
        self.effective / self.binned.max(1) as f64
    }
}
