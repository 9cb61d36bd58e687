//! Whether live rows have drifted from a reference: one look at one length. It keeps no state, and does not know how often
//! it is asked: how much evidence it takes is told to it.

use driftline_labels::DriftReason;

use super::{
    Clusters, LiveRows, Materiality, ReferenceRows,
    evidence::{MeanChange, TwoShares, is_beyond_extremes, split},
    materiality::{distance, sure_psi, sure_wasserstein},
    total,
};
use crate::{
    drift::{degrees_of_freedom, probability::chi_square_beyond},
    fingerprint::Fingerprint,
};

/// How many tests a look makes at most: of nulls, types, bins, classes, location, spread, and tails.
pub(super) const TESTS: usize = 7;

/// What is said of a column's verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The evidence that is needed: see [`Budget`](super::Budget).
    pub nats: f64,
    /// The rows that are needed.
    pub rows_min: u64,
    /// What matters.
    pub materiality: Materiality,
}

/// What a column is judged by, made ready for its reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judge {
    /// The rows, all clusters told off, that are needed to judge.
    pub rows_min: f64,
    /// The evidence that is needed: see [`Budget`](super::Budget).
    pub nats: f64,
    /// What chi-square exceeds as rarely as that, with as many degrees of freedom as the reference fills bins, less one.
    pub chi_square: f64,
    /// What matters.
    pub materiality: Materiality,
    /// Whether only rows that lie in higher bins than those of the reference, on average, have drifted.
    pub only_rises: bool,
}

/// The largest score: see [`Scored::new`].
const SCORE_MAX: f64 = 0.5;

/// What the bins say, in one pass and without a logarithm.
#[derive(Clone, Copy, Debug)]
struct Scored {
    /// Pearson's chi-square of two samples, which is never less than half the likelihood ratio, in nats.
    pearson: f64,
    location: MeanChange,
    spread: MeanChange,
    most: Most,
}

/// How large a change can be at most.
#[derive(Clone, Copy, Debug)]
struct Most {
    location: f64,
    spread: f64,
}

/// The fewest rows that are judged if nobody says. The tests hold at any number, but little is known about clusters below.
pub const ROWS_MIN: u64 = 50;

/// The evidence, in nats, that a drift which has begun needs to go on: what chance does in 7 looks of 1,000.
const STILL_NATS: f64 = 5.0;
/// The part of what matters that it must still be.
const STILL_MATERIAL: f64 = 0.8;

impl Limits {
    /// Tells them apart.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let Limits { nats, rows_min, materiality } = *self;
        let Materiality { psi, wasserstein, class, unbinned } = materiality;
        let numbers = [
            nats,
            psi,
            wasserstein,
            class.points,
            class.points_if_doubled,
            unbinned.points,
            unbinned.points_if_doubled,
        ];
        numbers.iter().fold(Fingerprint::new().with_number(rows_min), |all, number| {
            all.with_number(number.to_bits())
        })
    }
}

impl Judge {
    /// What begins a drift of a column with this reference. Some thousand operations: see [`Judge::of`].
    #[must_use]
    pub fn new(limits: &Limits, reference: &ReferenceRows<'_>) -> Judge {
        Judge::of(limits, chi_square_beyond(limits.nats, degrees_of_freedom(reference.bins)))
    }

    /// The same, whose `chi_square` is known.
    #[must_use]
    pub fn of(limits: &Limits, chi_square: f64) -> Judge {
        let Limits { nats, rows_min, materiality } = *limits;
        Judge { rows_min: rows_min as f64, nats, chi_square, materiality, only_rises: false }
    }

    /// What chi-square exceeds as rarely as a drift needs that has begun.
    #[must_use]
    pub fn still_chi_square(reference: &ReferenceRows<'_>) -> f64 {
        chi_square_beyond(STILL_NATS, degrees_of_freedom(reference.bins))
    }

    /// What a drift must fall below to be gone; `chi_square` is [`Judge::still_chi_square`].
    #[must_use]
    pub fn still(&self, chi_square: f64) -> Judge {
        let materiality = self.materiality.times(STILL_MATERIAL);
        Judge { nats: STILL_NATS, chi_square, materiality, ..*self }
    }

    /// Looks once: why it has drifted, if it has. What matters must do so with so many standard `errors` to spare: see
    /// [`Length::errors`](super::Length::errors).
    ///
    /// # Cost
    ///
    /// Some twenty operations for each bin and a few logarithms, unless there is something to find: then some six
    /// logarithms more for each bin.
    #[must_use]
    pub fn look(
        &self,
        reference: &ReferenceRows<'_>,
        live: &LiveRows<'_>,
        clusters: Clusters,
        errors: f64,
    ) -> Option<DriftReason> {
        if self.only_rises && mean_bin(live.bins) <= mean_bin(reference.bins) {
            return None;
        }
        let assumed = f64::from(clusters.assumed);
        let all = live.all() as f64;
        let of_unbinned = if self.rows_min <= all / f64::from(clusters.found) {
            self.unbinned(reference, live, assumed)
        } else {
            None
        };
        of_unbinned.or_else(|| {
            let has_rows = self.has_rows(live, clusters);
            if has_rows { self.binned(reference, live, assumed, errors) } else { None }
        })
    }

    /// Whether there are rows enough in bins to judge.
    #[must_use]
    pub fn has_rows(&self, live: &LiveRows<'_>, clusters: Clusters) -> bool {
        self.rows_min <= live.binned as f64 / f64::from(clusters.found)
    }

    /// Drifts of what has no bin.
    fn unbinned(
        &self,
        reference: &ReferenceRows<'_>,
        live: &LiveRows<'_>,
        overdispersion: f64,
    ) -> Option<DriftReason> {
        let all_live = live.all() as f64;
        let all_reference = reference.binned.saturating_add(reference.unset) as f64;
        let has_changed = |of_reference: u64, of_live: u64| {
            let (of_reference, of_live) = (of_reference as f64, of_live as f64);
            let (from, to) = (of_reference / all_reference, of_live / all_live);
            if !self.materiality.unbinned.matters(from, to) {
                return false;
            }
            // The rows of the reference that these are worth as well.
            let worth = reference.worth();
            let shares = TwoShares {
                reference: (of_reference * worth, all_reference * worth),
                live: (of_live / overdispersion, all_live / overdispersion),
            };
            self.nats <= shares.nats()
        };
        if has_changed(0, live.unusable) {
            Some(DriftReason::Types)
        } else if has_changed(reference.unset, live.unset) {
            Some(DriftReason::Nulls)
        } else {
            None
        }
    }

    /// Drifts of what has one.
    fn binned(
        &self,
        reference: &ReferenceRows<'_>,
        live: &LiveRows<'_>,
        overdispersion: f64,
        errors: f64,
    ) -> Option<DriftReason> {
        let rows = live.binned as f64;
        let effective = rows / overdispersion;
        let scored = Scored::new(reference, live, effective);
        let location = scored.location.nats(reference.effective, effective);
        let spread = scored.spread.nats(reference.effective, effective);
        let is_on_line = reference.is_on_line;
        let moved = scored.moved(location, spread);
        // What Pearson's does not see, no likelihood ratio does.
        let may_have_changed = self.chi_square.min(2.0 * self.nats) <= 2.0 * scored.pearson;
        if may_have_changed
            && reference.has_classes
            && let Some(reason) = self.class(reference, live, overdispersion, effective)
        {
            // What lies on a line has moved along it.
            let is_moved = is_on_line && reason == DriftReason::CategoryShare;
            return Some(if is_moved { moved } else { reason });
        }
        let beyond = live.outside as f64 / overdispersion;
        let has_tail = reference.has_range
            && is_beyond_extremes(beyond, effective, reference.effective, self.nats);
        let has_moved = is_on_line && (self.nats <= location || self.nats <= spread);
        let has_changed = self.chi_square <= 2.0 * scored.pearson
            && self.chi_square <= 2.0 * likelihood_ratio(reference, live, effective);
        if !(has_tail || has_moved || has_changed) {
            return None;
        }
        let is_far =
            self.materiality.wasserstein <= sure_wasserstein(reference, live, effective, errors);
        if !is_far && sure_psi(reference, live, effective, errors) < self.materiality.psi {
            return None;
        }
        Some(match (is_on_line, is_far && self.is_of_tails(reference, live)) {
            (false, _) => DriftReason::CategoryShare,
            (true, false) => moved,
            (true, true) if reference.has_classes => DriftReason::NovelValues,
            (true, true) => DriftReason::Tail,
        })
    }

    /// Whether more of the distance comes from how far rows lie beyond the bins than from the bins that they are in.
    fn is_of_tails(&self, reference: &ReferenceRows<'_>, live: &LiveRows<'_>) -> bool {
        let usual = reference.positions.map(|it| it.usual_tails(live.bins));
        let usual = usual.and_then(|tails| distance(reference, live, tails));
        let found = distance(reference, live, live.tail_distance);
        usual.zip(found).is_some_and(|(usual, found)| usual < found / 2.0)
    }

    /// A class whose share changed by enough to matter, and beyond chance.
    fn class(
        &self,
        reference: &ReferenceRows<'_>,
        live: &LiveRows<'_>,
        overdispersion: f64,
        effective: f64,
    ) -> Option<DriftReason> {
        let rows = live.binned as f64;
        let (all, worth) = (reference.binned as f64, reference.worth());
        // Any of the bins may be the one.
        let nats = self.nats + libm::log(reference.bins.len() as f64);
        let mut surest: Option<(f64, u64, u64)> = None;
        for (&of_reference, &of_live) in reference.bins.iter().zip(live.bins) {
            let (from, to) = (of_reference as f64 / all, of_live as f64 / rows);
            if !self.materiality.class.matters(from, to) {
                continue;
            }
            let shares = TwoShares {
                reference: (of_reference as f64 * worth, reference.effective),
                live: (of_live as f64 / overdispersion, effective),
            };
            let found = shares.nats();
            if nats <= found && surest.is_none_or(|(most, ..)| most < found) {
                surest = Some((found, of_reference, of_live));
            }
        }
        let (_, of_reference, of_live) = surest?;
        // Of the bin of all rare categories, those count that the reference never had.
        let is_novel = of_reference == 0 || of_live < live.outside.saturating_mul(2);
        Some(if is_novel { DriftReason::NovelValues } else { DriftReason::CategoryShare })
    }
}

/// The mean number of the bins that rows lie in.
fn mean_bin(bins: &[u64]) -> f64 {
    let weighted = bins.iter().zip(0_u32..).map(|(&rows, bin)| rows as f64 * f64::from(bin));
    weighted.sum::<f64>() / total(bins).max(1) as f64
}

impl Scored {
    /// What values on a line did, by the nats against either. Rows that all moved far are also far from the middle: so a
    /// change of location that is a larger part of what it can be is never taken for one of spread.
    fn moved(&self, location: f64, spread: f64) -> DriftReason {
        let part = |change: &MeanChange, most: f64| libm::fabs(change.difference) / most;
        let is_location = spread <= location
            || part(&self.spread, self.most.spread) <= part(&self.location, self.most.location);
        if is_location { DriftReason::Location } else { DriftReason::Spread }
    }

    /// One pass over the bins. Scores are the ranks of the reference, from -1/2 to 1/2, rows of one bin sharing theirs: so
    /// the reference's mean is 0 by construction. Those of spread are their squares.
    fn new(reference: &ReferenceRows<'_>, live: &LiveRows<'_>, effective: f64) -> Scored {
        let to_share = 1.0 / (reference.binned.max(1) as f64);
        let to_live_share = 1.0 / (live.binned.max(1) as f64);
        let both = reference.effective + effective;
        let (of_reference, of_live) = (reference.effective / both, effective / both);
        let (mut below, mut pearson) = (0.0, 0.0);
        // Moments of the scores: of live rows, of the reference and of both.
        let (mut live_first, mut live_second, mut reference_second) = (0.0, 0.0, 0.0);
        let (mut first, mut second, mut fourth) = (0.0, 0.0, 0.0);
        for (&reference, &live) in reference.bins.iter().zip(live.bins) {
            let (p, q) = (reference as f64 * to_share, live as f64 * to_live_share);
            let pooled = p * of_reference + q * of_live;
            if pooled == 0.0 {
                continue;
            }
            let change = q - p;
            pearson += change * change / pooled;
            // What the reference never had has no rank.
            let score = if p == 0.0 { 0.0 } else { below + p / 2.0 - 0.5 };
            below += p;
            let square = score * score;
            live_first += q * score;
            live_second += q * square;
            reference_second += p * square;
            first += pooled * score;
            second += pooled * square;
            fourth += pooled * square * square;
        }
        let spread = live_second - reference_second;
        Scored {
            pearson: pearson * reference.effective * of_live,
            most: Most {
                location: SCORE_MAX,
                spread: if spread < 0.0 {
                    reference_second
                } else {
                    SCORE_MAX * SCORE_MAX - reference_second
                },
            },
            location: MeanChange {
                difference: live_first,
                variance: second - first * first,
                reach: SCORE_MAX + libm::fabs(first),
            },
            spread: MeanChange {
                difference: spread,
                variance: fourth - second * second,
                reach: second.max(SCORE_MAX * SCORE_MAX - second),
            },
        }
    }
}

/// Half the likelihood ratio of the bins, in nats. Two logarithms for each bin.
fn likelihood_ratio(reference: &ReferenceRows<'_>, live: &LiveRows<'_>, effective: f64) -> f64 {
    let worth = reference.worth();
    let worth_live = effective / (live.binned.max(1) as f64);
    let share = effective / (effective + reference.effective);
    let bins = reference.bins.iter().zip(live.bins);
    bins.map(|(&of_reference, &of_live)| {
        split(of_reference as f64 * worth, of_live as f64 * worth_live, share)
    })
    .sum()
}

#[cfg(test)]
mod tests;
