//! A set of columns, and how characters are counted; it knows no tensor.

use crate::prediction::columns::COLUMNS_MAX;

/// A set of columns.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ColumnSet([u64; COLUMNS_MAX.div_ceil(64)]);

impl ColumnSet {
    pub(super) fn add(&mut self, column: usize) {
        if let Some(bits) = self.0.get_mut(column >> 6) {
            *bits |= 1 << (column & 63);
        }
    }

    pub(super) fn has(&self, column: usize) -> bool {
        let bits = self.0.get(column >> 6).copied().unwrap_or(0);
        bits & (1 << (column & 63)) != 0
    }

    /// Adds all that `other` has, and empties it.
    pub(super) fn take(&mut self, other: &mut ColumnSet) {
        for (bits, others) in self.0.iter_mut().zip(&mut other.0) {
            *bits |= core::mem::take(others);
        }
    }
}

/// How many characters begin in these bytes.
pub(super) fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(byte & 0xc0 != 0x80)).sum()
}
