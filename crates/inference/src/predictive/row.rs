//! The row, or the table by columns, that is open: which columns it had so far; it holds no value.

use super::{Event, Fault, answer::NUMBERS_MAX};

/// A set of columns, and of the parts of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ColumnSet([u64; NUMBERS_MAX.div_ceil(64)]);

/// A row that is being read.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Its number in the body, from 0.
    pub(super) index: u64,
    seen: ColumnSet,
    /// Values so far, or members.
    pub(super) position: usize,
    /// It had a value that no column looks for, or a second one of the same name.
    pub(super) has_extra: bool,
    /// Its values have positions.
    pub(super) is_list: bool,
}

impl ColumnSet {
    /// Adds a column; false if the set has it, or if there is no such column.
    pub(super) fn add(&mut self, column: usize) -> bool {
        let Some(bits) = self.0.get_mut(column >> 6) else { return false };
        let bit = 1 << (column & 63);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }

    pub(super) fn has(&self, column: usize) -> bool {
        let bits = self.0.get(column >> 6).copied().unwrap_or(0);
        bits & (1 << (column & 63)) != 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|&bits| bits == 0)
    }

    /// Adds all that `other` has, and empties it.
    pub(super) fn take(&mut self, other: &mut ColumnSet) {
        for (bits, others) in self.0.iter_mut().zip(&mut other.0) {
            *bits |= core::mem::take(others);
        }
    }
}

impl Row {
    /// Marks a column as seen; false if it was before, so that a name that an object repeats counts once.
    #[inline]
    pub(super) fn mark(&mut self, column: usize) -> bool {
        self.seen.add(column)
    }

    /// Whether it had a column.
    pub(super) fn has_seen(&self) -> bool {
        !self.seen.is_empty()
    }

    /// Adds the columns that it had to `set`.
    pub(super) fn move_seen(&mut self, set: &mut ColumnSet) {
        set.take(&mut self.seen);
    }

    /// Forgets what was there, but not which row it is.
    pub(super) fn restart(&mut self) {
        *self = Row { index: self.index, ..Row::default() };
    }

    /// Ends the row, which was expected to have this many values; 0 if that is not known.
    pub(super) fn end(&mut self, expected: usize, take: &mut impl FnMut(Event<'_>)) {
        let is_wrong = self.is_list && expected != 0 && self.position != expected;
        // What is too wide has more values than columns, which is one breach.
        if self.has_extra && !(is_wrong && expected < self.position) {
            take(Event::Fault(Fault::ExtraColumn));
        }
        if is_wrong {
            take(Event::Fault(Fault::WrongShape));
        }
        take(Event::Rows(1));
        self.index = self.index.saturating_add(1);
        self.restart();
    }
}
