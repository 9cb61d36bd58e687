//! Counts of rows and errors as a stream of rows, in the most even order; it never draws at random.

/// A tick of `rows` rows of which `errors` are errors, as evenly interleaved as can be: the gaps between errors differ
/// by one row at most, and a single error is in the middle. More errors than rows count as `rows`.
///
/// The true order is lost in counters. An even one is the least surprising, so that a detector sees what differs from
/// tick to tick and nothing within a tick.
///
/// # Cost
///
/// One addition a row, so a tick costs as much as it has rows.
pub fn evenly(errors: u64, rows: u64) -> impl Iterator<Item = bool> {
    let errors = errors.min(rows);
    let correct = rows.saturating_sub(errors);
    // How far the next error is due, in parts of `rows`: Bresenham's line.
    let mut due = rows >> 1;
    (0..rows).map(move |_| match due.checked_sub(correct) {
        Some(rest) if errors != 0 => {
            due = rest;
            true
        }
        _ => {
            due = due.saturating_add(errors);
            false
        }
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn places(errors: u64, rows: u64) -> Vec<usize> {
        evenly(errors, rows)
            .enumerate()
            .filter(|&(_, is_error)| is_error)
            .map(|(row, _)| row)
            .collect()
    }

    #[test]
    fn errors_are_evenly_spread() {
        assert_eq!(places(1, 5), [2]);
        assert_eq!(places(3, 12), [1, 5, 9]);
        assert_eq!(places(2, 4), [0, 2]);
        assert_eq!((places(0, 7).len(), places(7, 7).len(), places(9, 7).len()), (0, 7, 7));
        assert_eq!(places(0, 0).len(), 0);
    }

    #[test]
    fn every_tick_has_its_errors_and_gaps_alike() {
        for (errors, rows) in [(3, 50), (17, 50), (49, 50), (33, 1000), (499, 1001)] {
            let places = places(errors, rows);
            assert_eq!(places.len() as u64, errors, "{errors} of {rows}");
            let gaps: Vec<usize> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let (least, most) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
            assert!(most - least <= 1, "{errors} of {rows}: {gaps:?}");
        }
    }

    #[test]
    fn large_counts_do_not_overflow() {
        let errors = u64::MAX - 1;
        assert_eq!(evenly(errors, u64::MAX).take(1000).filter(|&is_error| is_error).count(), 1000);
        assert_eq!(evenly(1, u64::MAX).take(1000).filter(|&is_error| is_error).count(), 0);
    }
}
