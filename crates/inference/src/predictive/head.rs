//! The names over a table: which column is at which position of its rows. No name is kept.

use alloc::vec::Vec;

use super::{COLUMNS_MAX, Columns};

/// The names of a table's columns, if it has any. Takes 4 bytes for each name that is a column's. A repeated name is
/// that of its first position, because further values do not count.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Positions and their columns, in the order of the positions; at most [`COLUMNS_MAX`].
    known: Vec<(u16, u16)>,
    /// All names.
    width: usize,
    /// Which of the first 64 names are of a data frame's index.
    left_out: u64,
    /// A value that is not a name was among them, so there are no names.
    is_void: bool,
}

impl Head {
    /// Forgets all names.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.width = 0;
        self.left_out = 0;
        self.is_void = false;
    }

    /// A value that is not a name: then columns are matched by position, as in a table without names.
    pub(super) fn refuse(&mut self) {
        self.clear();
        self.is_void = true;
    }

    /// The next name. Names beyond the highest position that can be looked for have no column.
    #[inline(never)]
    pub(super) fn push(&mut self, columns: &Columns, name: &[u8]) {
        let column = columns.named(name);
        if self.is_void {
            return;
        }
        let position = self.width;
        if column.is_none() && position < 64 && Columns::leaves_out(name) {
            self.left_out |= 1 << position;
        }
        self.width = position.saturating_add(1);
        if let Some(column) = column.and_then(|column| u16::try_from(column).ok())
            && let Ok(position) = u16::try_from(position)
            && self.known.len() < COLUMNS_MAX
            && self.known.iter().all(|(_, known)| *known != column)
        {
            self.known.push((position, column));
        }
    }

    /// The column at this position, by its name if there are names.
    #[inline]
    pub(super) fn at(&self, columns: &Columns, position: usize) -> Option<usize> {
        if self.width == 0 {
            return columns.at(position);
        }
        self.named(position).or_else(|| self.nameless(columns, position))
    }

    /// The column at a position whose name means nothing. If all names of an answer are such, and as many as there are
    /// values of a prediction, positions say what is what.
    #[inline(never)]
    fn nameless(&self, columns: &Columns, position: usize) -> Option<usize> {
        let is_answer = self.known.is_empty() && columns.takes_any();
        if is_answer && (self.width == 1 || self.width == columns.shares()) {
            columns.at(position)
        } else {
            columns.at_nameless(position)
        }
    }

    fn named(&self, position: usize) -> Option<usize> {
        // Usually all names are known, from the first one on.
        let (found, column) = match self.known.get(position) {
            Some(&(known, column)) if usize::from(known) == position => (known, column),
            _ => {
                let index = self.known.partition_point(|(known, _)| usize::from(*known) < position);
                *self.known.get(index)?
            }
        };
        (usize::from(found) == position).then_some(usize::from(column))
    }

    /// Whether the values at this position are a data frame's index.
    pub(super) const fn leaves_out(&self, position: usize) -> bool {
        position < 64 && self.left_out >> position & 1 == 1
    }

    /// How many values a row is expected to have that has this many; 0 if that is not known.
    pub(super) fn expected(&self, columns: &Columns, found: usize) -> usize {
        match self.width {
            0 if found != 0 && found == columns.shares() => found,
            0 => columns.width(),
            width => width,
        }
    }
}
