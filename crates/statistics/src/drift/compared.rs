//! A window beside its reference: what every exported measure is given; it computes nothing.

use super::{BinPositions, Histograms};

/// Rows with and without a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NullCounts {
    /// Rows without a value.
    pub nulls: u64,
    /// All rows.
    pub rows: u64,
}

/// A window and its reference, as far as measures need them.
pub struct Compared<'a> {
    /// Rows of the reference, by live bin.
    pub reference: &'a [u64],
    /// Live rows, by live bin: see [`Histograms::on`].
    pub live: &'a [u64],
    /// `None` for categories.
    pub scale: Option<&'a BinPositions>,
    /// Sums of the live rows' [`BinPositions::tail_distance`].
    pub live_tail_distance: [u64; 2],
    /// Rows of the reference, and those of them without a value.
    pub reference_presence: NullCounts,
    /// Live rows, and those of them without a value.
    pub live_presence: NullCounts,
}

impl<'a> Compared<'a> {
    /// Both sides by bin; `None` if either is empty.
    #[must_use]
    pub fn histograms(&self) -> Option<Histograms<'a>> {
        Histograms::on(self.scale, self.reference, self.live)
    }
}
