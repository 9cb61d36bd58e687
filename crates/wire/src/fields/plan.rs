//! What a table says about each depth, as sets of its rows; it knows nothing of the document.

use super::{
    FIELDS_MAX, Field,
    path::{Key, STEPS_MAX},
};

/// A set of rows, one bit each.
pub(super) type Rows = u64;

/// The rows of a table by what their paths do at each step.
///
/// Made once per reader, so that a key is compared once for all neighbouring rows that share it, and a container is
/// entered by two operations on a set.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// All rows.
    all: Rows,
    /// Rows whose path has this many steps.
    ends: [Rows; STEPS_MAX + 1],
    /// Rows whose step here is `[]`.
    elements: [Rows; STEPS_MAX],
    /// Rows that differ from the row before in this step or an earlier one. The rows from one of them up to the next
    /// share all steps up to this one.
    leaders: [Rows; STEPS_MAX],
}

impl Plan {
    pub(super) fn of<T>(table: &[Field<T>]) -> Plan {
        let mut plan = Plan {
            all: 0,
            ends: [0; STEPS_MAX + 1],
            elements: [0; STEPS_MAX],
            leaders: [0; STEPS_MAX],
        };
        let mut before: Option<&Field<T>> = None;
        for (row, field) in table.iter().take(FIELDS_MAX).enumerate() {
            let bit = 1_u64.unbounded_shl(row as u32);
            plan.all |= bit;
            let steps = field.path.steps();
            if let Some(ends) = plan.ends.get_mut(steps) {
                *ends |= bit;
            }
            let shared = before.map_or(0, |before| field.path.common_steps(&before.path));
            let sets = plan.elements.iter_mut().zip(&mut plan.leaders);
            for (step, (elements, leaders)) in sets.enumerate().take(steps) {
                if field.path.is_element(step) {
                    *elements |= bit;
                }
                if shared <= step {
                    *leaders |= bit;
                }
            }
            before = Some(field);
        }
        plan
    }

    #[inline]
    pub(super) const fn all(&self) -> Rows {
        self.all
    }

    /// Those of `rows` that end at a value with `steps` steps above it.
    #[inline]
    pub(super) fn ending(&self, rows: Rows, steps: usize) -> Rows {
        rows & self.ends.get(steps).copied().unwrap_or(0)
    }

    /// Those of `rows`, all of which lead to a value with `steps` steps above it, that go on if it is an array.
    #[inline]
    pub(super) fn inside_array(&self, rows: Rows, steps: usize) -> Rows {
        rows & self.elements.get(steps).copied().unwrap_or(0)
    }

    /// Those of `rows`, all of which lead to a value with `steps` steps above it, that go on if it is an object.
    #[inline]
    pub(super) fn inside_object(&self, rows: Rows, steps: usize) -> Rows {
        rows & !self.ending(rows, steps) & !self.inside_array(rows, steps)
    }

    /// Those of `rows`, all of which have a key as step `step`, that have this key.
    #[inline]
    pub(super) fn with_key<T>(
        &self,
        table: &[Field<T>],
        rows: Rows,
        step: usize,
        key: Key<'_>,
    ) -> Rows {
        let mut leaders = rows & self.leaders.get(step).copied().unwrap_or(0);
        let mut matching = 0;
        while let Some(field) = table.get(leaders.trailing_zeros() as usize) {
            let later = leaders & leaders.wrapping_sub(1);
            if field.path.key_is(step, key) {
                let before_next = lowest(later).wrapping_sub(1);
                let from_this = !lowest(leaders).wrapping_sub(1);
                matching |= rows & before_next & from_this;
            }
            leaders = later;
        }
        matching
    }
}

/// The lowest row of a set, as a set; empty for an empty one.
#[inline]
const fn lowest(rows: Rows) -> Rows {
    rows & rows.wrapping_neg()
}
