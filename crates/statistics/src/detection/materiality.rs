//! When a change matters, whatever chance says: defaults that mean something in words, and measures without the noise that
//! small windows add to them.

use super::{LiveRows, ReferenceRows};
use crate::drift::{Histograms, psi};

/// From where on a change of a column matters. Any one of these is enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Materiality {
    /// What the PSI is at least, noise considered. 0.1 is the industry's line between stable and worth a look.
    pub psi: f64,
    /// What Wasserstein's distance is at least, in standard deviations of the reference: how far the average row moved.
    pub wasserstein: f64,
    /// Of the share of a class, such as a category.
    pub class: ShareChange,
    /// Of the share of rows without a value, and of values that are none.
    pub unbinned: ShareChange,
}

/// From where on a change of a share matters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareChange {
    /// A change by this matters, from whatever to whatever.
    pub points: f64,
    /// So does a change by this if the share doubled or halved.
    pub points_if_doubled: f64,
}

impl Materiality {
    /// What matters if nobody says.
    pub const DEFAULT: Materiality = Materiality {
        psi: 0.1,
        wasserstein: 0.27,
        class: ShareChange { points: f64::INFINITY, points_if_doubled: 0.005 },
        unbinned: ShareChange { points: 0.05, points_if_doubled: 0.01 },
    };

    /// The same with every limit multiplied.
    #[must_use]
    pub fn times(self, factor: f64) -> Materiality {
        let Materiality { psi, wasserstein, class, unbinned } = self;
        Materiality {
            psi: psi * factor,
            wasserstein: wasserstein * factor,
            class: class.times(factor),
            unbinned: unbinned.times(factor),
        }
    }
}

impl ShareChange {
    /// From where on a change of the share of errors matters: by five points, or by one if it doubled.
    pub const OF_ERRORS: ShareChange = ShareChange { points: 0.05, points_if_doubled: 0.01 };

    fn times(self, factor: f64) -> ShareChange {
        ShareChange {
            points: self.points * factor,
            points_if_doubled: self.points_if_doubled * factor,
        }
    }

    /// Whether a change between these shares matters.
    #[must_use]
    pub fn matters(&self, from: f64, to: f64) -> bool {
        let change = libm::fabs(to - from);
        let has_doubled = 2.0 * from <= to || 2.0 * to <= from;
        self.points <= change || (has_doubled && self.points_if_doubled <= change)
    }
}

/// PSI less what noise alone adds to it in the mean: for each bin but one, a share of one over the rows of either side.
/// `live_effective` is how many rows the live ones are worth. Never negative.
#[must_use]
pub fn debiased_psi(
    reference: &ReferenceRows<'_>,
    live: &LiveRows<'_>,
    live_effective: f64,
) -> f64 {
    let Some(both) = Histograms::on(reference.positions, reference.bins, live.bins) else {
        return 0.0;
    };
    let filled = both.counts().filter(|&(reference, live)| 0.0 < reference + live).count();
    let noise = (filled.max(1) as f64 - 1.0) * (1.0 / live_effective + 1.0 / reference.effective);
    (psi(&both).value - noise).max(0.0)
}

/// The square of Wasserstein's distance that noise alone gives two samples of a normal distribution, in variances, for one
/// row on either side: found by simulation, see the test.
const WASSERSTEIN_NOISE: f64 = 1.8;

/// Wasserstein's distance in standard deviations less what noise alone adds to it; `None` for what has no line or no spread.
#[must_use]
pub fn debiased_wasserstein(
    reference: &ReferenceRows<'_>,
    live: &LiveRows<'_>,
    live_effective: f64,
) -> Option<f64> {
    let found = distance(reference, live, live.tail_distance)?;
    let noise = WASSERSTEIN_NOISE * (1.0 / live_effective + 1.0 / reference.effective);
    Some(libm::sqrt((found * found - noise).max(0.0)))
}

/// What PSI is at least: debiased, less so many standard errors.
pub(super) fn sure_psi(
    reference: &ReferenceRows<'_>,
    live: &LiveRows<'_>,
    live_effective: f64,
    errors: f64,
) -> f64 {
    let found = debiased_psi(reference, live, live_effective);
    let one = 1.0 / live_effective + 1.0 / reference.effective;
    let bins = reference.bins.len() as f64;
    found - errors * libm::sqrt(4.0 * found * one + 2.0 * bins * one * one)
}

/// What Wasserstein's distance is at least, in standard deviations, in the same way; 0 for what has none.
pub(super) fn sure_wasserstein(
    reference: &ReferenceRows<'_>,
    live: &LiveRows<'_>,
    live_effective: f64,
    errors: f64,
) -> f64 {
    let found = debiased_wasserstein(reference, live, live_effective).unwrap_or(0.0);
    found - errors * libm::sqrt(1.0 / live_effective + 1.0 / reference.effective)
}

/// Wasserstein's distance in standard deviations, with these sums of distances beyond the bins.
pub(super) fn distance(
    reference: &ReferenceRows<'_>,
    live: &LiveRows<'_>,
    tail_distance: [u64; 2],
) -> Option<f64> {
    let positions = reference.positions?;
    let deviation = positions.deviation();
    let distance = positions.wasserstein(reference.bins, live.bins, tail_distance)?;
    (0.0 < deviation).then(|| distance / deviation)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use driftline_random::Random;

    use super::*;
    use crate::drift::BinPositions;

    #[test]
    fn a_share_matters_by_points_or_by_doubling() {
        let nulls = Materiality::DEFAULT.unbinned;
        assert!(nulls.matters(0.001, 0.045) && nulls.matters(0.045, 0.001));
        assert!(nulls.matters(0.2, 0.26) && !nulls.matters(0.2, 0.24));
        assert!(nulls.matters(0.0, 0.01) && !nulls.matters(0.0, 0.009));
        assert!(!nulls.times(2.0).matters(0.0, 0.01));
        let class = Materiality::DEFAULT.class;
        assert!(class.matters(0.009, 0.0) && !class.matters(0.4, 0.7));
    }

    /// Windows of 500 rows and of 36,000 see the same change: twenty bins of a normal distribution, at no shift and at .3.
    #[test]
    fn noise_is_taken_off() {
        let edges: vec::Vec<f64> = (1..20).map(|k| -normal_point(f64::from(k) / 20.0)).collect();
        let mut random = Random::new(14);
        for shift in [0.0, 0.3] {
            let mut found = vec::Vec::new();
            for (rows, rounds) in [(500, 200), (20_000, 20)] {
                let (mut psi, mut wasserstein, mut raw) = (0.0, 0.0, 0.0);
                for _ in 0..rounds {
                    let mut sample = |rows: usize, shift: f64| {
                        let (mut bins, mut tails) = (vec![0; 20], [0; 2]);
                        let positions = BinPositions::of_edges(&edges, &[], 1.0);
                        for _ in 0..rows {
                            let x = random.irwin_hall() + shift;
                            bins[edges.partition_point(|edge| *edge < x)] += 1;
                            if let Some((side, distance)) = positions.tail_distance(x) {
                                tails[side as usize] += distance;
                            }
                        }
                        (bins, tails)
                    };
                    let (reference, tails) = sample(20_000, 0.0);
                    let (live, live_tails) = sample(rows, shift);
                    let mut means: vec::Vec<Option<f64>> =
                        edges.windows(2).map(|pair| Some((pair[0] + pair[1]) / 2.0)).collect();
                    let outer = |sum: u64, rows: u64| sum as f64 / rows as f64 / 1e3;
                    means.insert(0, Some(edges[0] - outer(tails[0], reference[0])));
                    means.push(Some(edges[18] + outer(tails[1], reference[19])));
                    let positions = BinPositions::of_edges(&edges, &means, 1.0);
                    let reference = ReferenceRows {
                        bins: &reference,
                        binned: 20_000,
                        effective: 20_000.0,
                        unset: 0,
                        positions: Some(&positions),
                        has_classes: false,
                        is_on_line: true,
                        has_range: true,
                        by_hour: None,
                    };
                    let live = LiveRows {
                        bins: &live,
                        binned: rows as u64,
                        unset: 0,
                        unusable: 0,
                        outside: 0,
                        tail_distance: live_tails,
                    };
                    psi += debiased_psi(&reference, &live, rows as f64) / f64::from(rounds);
                    wasserstein += debiased_wasserstein(&reference, &live, rows as f64).unwrap()
                        / f64::from(rounds);
                    raw += distance(&reference, &live, live_tails).unwrap().powi(2)
                        / f64::from(rounds);
                }
                if shift == 0.0 {
                    let noise = raw / (1.0 / rows as f64 + 1.0 / 20_000.0);
                    assert!((1.5..2.1).contains(&noise), "{rows}: {noise}");
                }
                found.push((psi, wasserstein));
            }
            let [few, many] = found[..] else { panic!() };
            assert!((few.0 - many.0).abs() < 0.012 && (few.1 - many.1).abs() < 0.03, "{found:?}");
        }
    }

    /// What a standard normal variable exceeds so often.
    fn normal_point(exceeded: f64) -> f64 {
        use crate::drift::probability::normal_quantile;
        if exceeded <= 0.5 { normal_quantile(exceeded) } else { -normal_quantile(1.0 - exceeded) }
    }
}
