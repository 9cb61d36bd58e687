//! Which rows of a large batch are looked at; it counts none.

use super::table::{Whole, settings};
use driftline_statistics::document::{Node, Problems, WHOLE_MAX};

settings! {
    /// Which rows of a batch fall into bins. All of them count as rows.
    pub struct Sampling derives Copy, Eq and reads SamplingFields at "models[].sampling" {
        /// How many rows at the beginning of each batch fall into bins.
        rows: u64 = Whole(0..=WHOLE_MAX), [required], "100";
        /// Of the rows after these, those whose number in the batch, from 0, is a multiple of this fall into bins, too.
        every: u64 = Whole(1..=WHOLE_MAX), [required], "10";
    }
}

impl Sampling {
    /// Every row counts.
    pub const NONE: Sampling = Sampling { rows: 0, every: 1 };

    pub(super) fn read(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Sampling> {
        let fields = node.object(SamplingFields::NAMES, problems)?;
        SamplingFields::of(&fields, problems).complete()
    }

    /// Whether the row with this number in its batch, from 0, counts.
    #[must_use]
    pub fn keeps(self, row: u64) -> bool {
        row < self.rows || row.checked_rem(self.every) == Some(0)
    }

    /// How many of the first `rows` rows of a batch count.
    #[must_use]
    pub fn kept(self, rows: u64) -> u64 {
        let first = rows.min(self.rows);
        // Rows after the first ones whose number is a multiple: those below `rows` less those below `first`.
        let multiples = |end: u64| end.div_ceil(self.every.max(1));
        first.saturating_add(multiples(rows).saturating_sub(multiples(first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_that_are_kept_are_as_many_as_said() {
        for rows in 0..5 {
            for every in 1..5 {
                let sampling = Sampling { rows, every };
                for batch in 0..20 {
                    let kept = (0..batch).filter(|&row| sampling.keeps(row)).count();
                    assert_eq!(sampling.kept(batch), kept as u64, "{sampling:?} of {batch}");
                }
            }
        }
        assert_eq!(Sampling::NONE.kept(u64::MAX), u64::MAX);
    }
}
