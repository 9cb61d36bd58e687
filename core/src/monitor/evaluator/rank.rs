//! Which features moved most: places from 1 on by how far they moved; it does not ask whether that matters.

use alloc::vec::Vec;

/// Ranks what moved; to be allocated once.
#[derive(Debug, Default)]
pub(crate) struct Ranks {
    order: Vec<(f64, usize)>,
    places: Vec<u64>,
}

impl Ranks {
    /// The place of each: 1 moved most, of equals the first one; 0 for what cannot tell.
    pub(crate) fn of(&mut self, moved: impl IntoIterator<Item = Option<f64>>) -> &[u64] {
        self.order.clear();
        self.places.clear();
        for (number, moved) in moved.into_iter().enumerate() {
            self.places.push(0);
            self.order.extend(moved.map(|moved| (moved, number)));
        }
        self.order
            .sort_unstable_by(|(a, first), (b, second)| b.total_cmp(a).then(first.cmp(second)));
        for (place, &(_, number)) in (1..).zip(&self.order) {
            if let Some(found) = self.places.get_mut(number) {
                *found = place;
            }
        }
        &self.places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_moved_most_is_first() {
        let mut ranks = Ranks::default();
        assert_eq!(ranks.of([Some(0.1), Some(3.0), None, Some(0.2)]), [3, 1, 0, 2]);
        assert_eq!(ranks.of([Some(0.5), Some(0.5)]), [1, 2], "of equals the first one");
        assert_eq!(ranks.of([None, None]), [0, 0]);
        assert_eq!(ranks.of([]), [0; 0]);
    }
}
