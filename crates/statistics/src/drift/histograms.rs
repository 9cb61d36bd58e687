//! Two histograms over the same bins, checked once for all measures; it computes none of them.

use super::{BEYOND, BinPositions};

/// The reference and the live rows in the same bins, both with something in them.
///
/// The bins come from the reference alone; letting live rows shape them would let drift hide itself.
#[derive(Clone, Copy, Debug)]
pub struct Histograms<'a> {
    /// Without what lies beyond.
    reference: &'a [u64],
    live: &'a [u64],
    /// Only of value bins.
    beyond: Option<Beyond>,
    reference_rows: f64,
    live_rows: f64,
}

/// The rows below the lowest and above the highest value of value bins, in this order. Measures that need no order take
/// them for rows of the last bin, `other`: so the index of a window does not depend on where its new values lie, and
/// three bins that the reference leaves empty do not count three times.
#[derive(Clone, Copy, Debug)]
struct Beyond {
    reference: [u64; BEYOND],
    live: [u64; BEYOND],
}

/// Added to every count where a bin that one side never filled would make a measure infinite.
///
/// Half a count is the Jeffreys prior of a multinomial. It fades as samples grow, which a fixed floor on the shares
/// does not, and PromQL can compute it.
const PRIOR_COUNT: f64 = 0.5;

impl<'a> Histograms<'a> {
    /// `reference[i]` and `live[i]` are the row counts of the same bin `i`.
    ///
    /// `None` if there are fewer than two bins, the lengths differ, or either side is empty or counts more than
    /// 2^64 - 1 rows. One pass over both.
    #[must_use]
    pub fn new(reference: &'a [u64], live: &'a [u64]) -> Option<Histograms<'a>> {
        if reference.len() != live.len() || reference.len() < 2 {
            return None;
        }
        let (reference_rows, live_rows) = (rows(reference)?, rows(live)?);
        Some(Histograms {
            reference,
            live,
            beyond: None,
            reference_rows: reference_rows as f64,
            live_rows: live_rows as f64,
        })
    }

    /// The same for the bins that lie on this line; `None` for categories, which have none.
    ///
    /// The last three of value bins are `other`, `below` and `above`, as [`Bins::live_count`](crate::bins::Bins::live_count)
    /// says: the last two of them count as `other` but where there is an order. A side of another live window may have
    /// rows there, too.
    #[must_use]
    pub fn on(
        line: Option<&BinPositions>,
        reference: &'a [u64],
        live: &'a [u64],
    ) -> Option<Histograms<'a>> {
        let all = Histograms::new(reference, live)?;
        if !line.is_some_and(|line| line.has_beyond(reference.len())) {
            return Some(all);
        }
        let ((reference, beyond), (live, live_beyond)) =
            (reference.split_last_chunk()?, live.split_last_chunk()?);
        let beyond = Some(Beyond { reference: *beyond, live: *live_beyond });
        Some(Histograms { reference, live, beyond, ..all })
    }

    /// How many bins there are, `below` and `above` not counted; at least 2.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.reference.len()
    }

    /// Rows of the reference, as a number to compute with.
    #[must_use]
    pub fn reference_rows(&self) -> f64 {
        self.reference_rows
    }

    /// Live rows, as a number to compute with.
    #[must_use]
    pub fn live_rows(&self) -> f64 {
        self.live_rows
    }

    /// One less than the bins that the reference fills, and at least 1: what the noise of a comparison is made of. Live
    /// rows without drift are in no other bin, as far as the reference tells.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> f64 {
        (self.bins() as f64 - self.unfilled() - 1.0).max(1.0)
    }

    /// How many bins the reference leaves empty.
    pub(super) fn unfilled(&self) -> f64 {
        self.counts().filter(|&(reference, _)| reference == 0.0).count() as f64
    }

    /// What [`Histograms::raised_shares`] makes of a bin that both sides leave empty.
    pub(super) fn raised_share_of_none(&self) -> (f64, f64) {
        let (reference_rows, live_rows) = self.raised_rows();
        (PRIOR_COUNT / reference_rows, PRIOR_COUNT / live_rows)
    }

    fn raised_rows(&self) -> (f64, f64) {
        let prior_rows = PRIOR_COUNT * self.bins() as f64;
        (self.reference_rows + prior_rows, self.live_rows + prior_rows)
    }

    /// Reference and live count of each bin.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        let last = self.reference.len().saturating_sub(1);
        let beyond = self.beyond.map_or((0, 0), |it| (sum(it.reference), sum(it.live)));
        self.reference.iter().zip(self.live).enumerate().map(move |(bin, (&reference, &live))| {
            match bin == last {
                true => (
                    reference.saturating_add(beyond.0) as f64,
                    live.saturating_add(beyond.1) as f64,
                ),
                false => (reference as f64, live as f64),
            }
        })
    }

    /// Reference and live count of the bins that have a place in the order: all of them but `other` of value bins.
    pub(super) fn in_order(&self) -> impl ExactSizeIterator<Item = (f64, f64)> + use<'a> {
        let placed = match self.beyond {
            Some(_) => self.reference.len().saturating_sub(1),
            None => self.reference.len(),
        };
        self.reference.iter().zip(self.live).take(placed).map(as_numbers)
    }

    /// Reference and live rows below all bins that have a place.
    pub(super) fn below(&self) -> (f64, f64) {
        self.beyond.map_or((0.0, 0.0), |Beyond { reference: [below, _], live: [live, _] }| {
            (below as f64, live as f64)
        })
    }

    /// Reference and live rows somewhere between the first and the last bin that have a place.
    pub(super) fn between(&self) -> (f64, f64) {
        let other = self.reference.last().zip(self.live.last());
        other.filter(|_| self.beyond.is_some()).map_or((0.0, 0.0), as_numbers)
    }

    /// Reference and live share of each bin, as counted.
    pub(super) fn shares(&self) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        let (reference_rows, live_rows) = (self.reference_rows, self.live_rows);
        self.counts().map(move |(reference, live)| (reference / reference_rows, live / live_rows))
    }

    /// Reference and live share of each bin, each count raised by one half, so that none is 0.
    pub(super) fn raised_shares(&self) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        let (reference_rows, live_rows) = self.raised_rows();
        self.counts().map(move |(reference, live)| {
            ((reference + PRIOR_COUNT) / reference_rows, (live + PRIOR_COUNT) / live_rows)
        })
    }
}

/// One less than the bins that are filled, and at least 1.
#[must_use]
pub fn degrees_of_freedom(reference: &[u64]) -> f64 {
    let filled = reference.iter().filter(|&&rows| rows != 0).count();
    (filled as f64 - 1.0).max(1.0)
}

fn as_numbers((&reference, &live): (&u64, &u64)) -> (f64, f64) {
    (reference as f64, live as f64)
}

fn sum([below, above]: [u64; BEYOND]) -> u64 {
    below.saturating_add(above)
}

/// The sum of the counts, if there is anything in it and it fits.
fn rows(counts: &[u64]) -> Option<u64> {
    counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count)).filter(|rows| *rows != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mismatched_or_empty_sides_cannot_be_compared() {
        let is_some = |reference, live| Histograms::new(reference, live).is_some();
        assert!(is_some(&[1, 2], &[0, 1]));
        assert!(!is_some(&[1, 2], &[1, 2, 3]));
        assert!(!is_some(&[10], &[10]));
        assert!(!is_some(&[0, 0], &[1, 2]));
        assert!(!is_some(&[1, 2], &[0, 0]));
        assert!(!is_some(&[], &[]));
        assert!(!is_some(&[u64::MAX, 1], &[1, 2]));
    }

    #[test]
    fn what_lies_beyond_values_counts_as_other() {
        let line = BinPositions::of_values(&[0.0, 1.0], 0.5);
        let histograms =
            Histograms::on(Some(&line), &[5, 3, 0, 0, 0], &[1, 2, 3, 40, 500]).unwrap();
        assert_eq!((histograms.bins(), histograms.live_rows()), (3, 546.0));
        assert!(histograms.counts().eq([(5.0, 1.0), (3.0, 2.0), (0.0, 543.0)]));
        assert!(histograms.in_order().eq([(5.0, 1.0), (3.0, 2.0)]));
        assert_eq!((histograms.below(), histograms.between()), ((0.0, 40.0), (0.0, 3.0)));
        assert_eq!(histograms.degrees_of_freedom(), 1.0);
        // As a profile has them, and as categories are.
        for (line, reference, live) in [
            (Some(&line), &[5, 3, 0][..], &[1, 2, 3][..]),
            (None, &[5, 3, 0, 0, 0], &[1, 2, 3, 40, 500]),
        ] {
            let plain = Histograms::on(line, reference, live).unwrap();
            assert_eq!((plain.bins(), plain.in_order().len()), (live.len(), live.len()));
            assert_eq!((plain.below(), plain.between()), ((0.0, 0.0), (0.0, 0.0)));
        }
    }

    #[test]
    fn shares_of_either_kind_add_up_to_one() {
        let histograms = Histograms::new(&[1, 0, 7], &[0, 0, 3]).unwrap();
        for sums in [
            histograms.shares().fold((0.0, 0.0), |(a, b), (p, q)| (a + p, b + q)),
            histograms.raised_shares().fold((0.0, 0.0), |(a, b), (p, q)| (a + p, b + q)),
        ] {
            assert!(
                (sums.0 - 1.0_f64).abs() < 1e-15 && (sums.1 - 1.0_f64).abs() < 1e-15,
                "{sums:?}"
            );
        }
        assert!(histograms.raised_shares().all(|(p, q)| 0.0 < p && 0.0 < q));
    }
}
