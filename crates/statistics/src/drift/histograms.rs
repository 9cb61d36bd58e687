//! Two histograms over the same bins, checked once for all measures; it computes none of them.

/// The reference and the live rows in the same bins, both with something in them.
///
/// The bins come from the reference alone; letting live rows shape them would let drift hide itself.
#[derive(Clone, Copy, Debug)]
pub struct Histograms<'a> {
    reference: &'a [u64],
    live: &'a [u64],
    reference_rows: f64,
    live_rows: f64,
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
            reference_rows: reference_rows as f64,
            live_rows: live_rows as f64,
        })
    }

    /// How many bins there are; at least 2.
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

    /// Reference and live count of each bin.
    pub(super) fn counts(&self) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        self.reference
            .iter()
            .zip(self.live)
            .map(|(&reference, &live)| (reference as f64, live as f64))
    }

    /// Reference and live share of each bin, as counted.
    pub(super) fn shares(&self) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        let (reference_rows, live_rows) = (self.reference_rows, self.live_rows);
        self.counts().map(move |(reference, live)| (reference / reference_rows, live / live_rows))
    }

    /// Reference and live share of each bin, each count raised by one half, so that none is 0.
    pub(super) fn raised_shares(&self) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        let prior_rows = PRIOR_COUNT * self.bins() as f64;
        let (reference_rows, live_rows) =
            (self.reference_rows + prior_rows, self.live_rows + prior_rows);
        self.counts().map(move |(reference, live)| {
            ((reference + PRIOR_COUNT) / reference_rows, (live + PRIOR_COUNT) / live_rows)
        })
    }
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
