//! The names over a table: which column stands at which position of its rows. No name is kept.

use alloc::vec::Vec;

use super::Columns;

/// So many positions have names; values beyond are nobody's. Takes 4 bytes each, and only where names are given.
pub(super) const NAMES_MAX: usize = 1024;

/// The names of a table's columns, if it gives any.
#[derive(Debug, Default)]
pub(super) struct Head {
    columns: Vec<Option<u16>>,
    /// All names, [`NAMES_MAX`] or more.
    width: usize,
    /// Something else was among the names, so that they are none.
    is_void: bool,
}

impl Head {
    /// Forgets all names.
    pub(super) fn clear(&mut self) {
        *self = Head::default();
    }

    /// Something that is no name: there are none then, but numbers, as a table has that never had names.
    pub(super) fn refuse(&mut self) {
        self.clear();
        self.is_void = true;
    }

    /// The next name, and whose it is.
    pub(super) fn push(&mut self, column: Option<usize>) {
        if self.is_void {
            return;
        }
        self.width = self.width.saturating_add(1);
        if self.columns.len() < NAMES_MAX {
            self.columns.push(column.and_then(|column| u16::try_from(column).ok()));
        }
    }

    /// The column at this position, by its name if there are names.
    #[inline]
    pub(super) fn at(&self, columns: &Columns, position: usize) -> Option<usize> {
        if self.width == 0 {
            return columns.at(position);
        }
        let named = self.columns.get(position).copied().flatten().map(usize::from);
        named.or_else(|| columns.at_nameless(position))
    }

    /// How many values a row is expected to have; 0 if nobody knows.
    pub(super) fn expected(&self, columns: &Columns) -> usize {
        if self.width == 0 { columns.width() } else { self.width }
    }
}
