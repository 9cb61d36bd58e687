//! How surprising a difference of two samples is, in nats: bounds that hold however rare the rows and however small the
//! probability. It does not ask whether the difference matters.
//!
//! False alarms of one look in a billion are far beyond where the normal and the chi-square approximation hold for rare
//! bins. Here each test is of the form of a large-deviation bound, which is right there: the exponent of the likelihood
//! ratio is that of the probability itself.
//!
//! References: S. S. Wilks (1938), "The Large-Sample Distribution of the Likelihood Ratio for Testing Composite
//! Hypotheses", Annals of Mathematical Statistics 9(1); W. Hoeffding (1965), "Asymptotically Optimal Tests for
//! Multinomial Distributions", Annals of Mathematical Statistics 36(2): why it is right far out; S. N. Bernstein's
//! inequality as in S. Boucheron, G. Lugosi, P. Massart (2013), "Concentration Inequalities", 2.8.

/// A count of one kind in two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoShares {
    /// Of the reference: rows of the kind, and all.
    pub reference: (f64, f64),
    /// Of the live rows.
    pub live: (f64, f64),
}

impl TwoShares {
    /// The nats against both shares being the same: half the likelihood ratio of the 2 x 2 table. 0 if either side is
    /// empty. Four logarithms.
    ///
    /// With a share that is known this is the bound of Chernoff, which holds at any count, of one and of none too.
    #[must_use]
    pub fn nats(&self) -> f64 {
        let (of_reference, reference) = self.reference;
        let (of_live, live) = self.live;
        if reference <= 0.0 || live <= 0.0 {
            return 0.0;
        }
        let expected = live / (reference + live);
        let kind = split(of_reference, of_live, expected);
        let others = split(reference - of_reference, live - of_live, expected);
        (kind + others).max(0.0)
    }
}

/// The nats against rows of one kind being split between reference and live rows as all rows are, of which this share is
/// live. Two logarithms. Summed over all kinds, half the likelihood ratio of the table.
#[must_use]
pub fn split(of_reference: f64, of_live: f64, live_share: f64) -> f64 {
    let both = of_reference + of_live;
    let term = |count: f64, share: f64| {
        if 0.0 < count { count * libm::log(count / (both * share)) } else { 0.0 }
    };
    term(of_reference, 1.0 - live_share) + term(of_live, live_share)
}

/// Whether the nats against rows beyond the range of the reference by chance are as many as needed: how rarely `beyond` of
/// `live` rows lie beyond the extremes of `reference` other rows of any one distribution, on both sides taken together. It
/// asks nothing of the distribution. A root, and two logarithms if there may be something.
#[must_use]
pub fn is_beyond_extremes(beyond: f64, live: f64, reference: f64, needed: f64) -> bool {
    let odds = reference / live;
    // The logarithm of 1 + x is less than the root of x.
    if live <= 0.0 || beyond * libm::sqrt(odds) < needed {
        return false;
    }
    // Of all orders of the rows, live ones are the first of either end: at most so often for each division of the ends.
    needed <= beyond * libm::log(1.0 + odds) - libm::log(beyond + 1.0)
}

/// A difference of two means of bounded scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanChange {
    /// Live mean less reference mean.
    pub difference: f64,
    /// The variance of one score, of both samples taken together.
    pub variance: f64,
    /// How far one score lies from the mean at most.
    pub reach: f64,
}

impl MeanChange {
    /// The nats against the means being the same, by Bernstein's inequality for both sides. No logarithm.
    #[must_use]
    pub fn nats(&self, reference: f64, live: f64) -> f64 {
        if reference <= 0.0 || live <= 0.0 || self.difference == 0.0 {
            return 0.0;
        }
        let distance = libm::fabs(self.difference);
        let variance = self.variance * (1.0 / reference + 1.0 / live);
        let jump = self.reach / reference.min(live);
        let bound = 2.0 * (variance + jump * distance / 3.0);
        let nats = distance * distance / bound - core::f64::consts::LN_2;
        if 0.0 < bound { nats.max(0.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_shares(reference: (f64, f64), live: (f64, f64), expected: f64) {
        let found = TwoShares { reference, live }.nats();
        assert!((found - expected).abs() < 1e-9 * expected.max(1.0), "{found}, not {expected}");
    }

    #[test]
    fn shares_have_the_likelihood_ratio_of_their_table() {
        // scipy.stats.chi2_contingency([[10, 190], [20, 80]], correction=False, lambda_="log-likelihood").statistic / 2
        check_shares((10.0, 200.0), (20.0, 100.0), 7.781_600_994_441_174);
        check_shares((1.0, 100.0), (1.0, 100.0), 0.0);
        check_shares((5.0, 0.0), (5.0, 10.0), 0.0);
    }

    /// Exact probabilities of a binomial are never more than the bound says, at small counts too.
    #[test]
    fn the_bound_of_shares_holds_at_small_counts() {
        for (share, rows) in [(0.01, 60_u32), (0.01, 400), (0.001, 2000), (0.2, 30)] {
            // A reference so large that its share is known.
            let reference = (share * 1e12, 1e12);
            let mut chances = alloc::vec![libm::pow(1.0 - share, f64::from(rows))];
            for count in 1..=rows {
                let odds = share / (1.0 - share) * f64::from(rows - count + 1) / f64::from(count);
                chances.push(chances[chances.len() - 1] * odds);
            }
            let mut tail = 0.0;
            for (count, chance) in chances.iter().enumerate().rev() {
                tail += chance;
                let live = (count as f64, f64::from(rows));
                if share * live.1 < live.0 {
                    let bound = libm::exp(-TwoShares { reference, live }.nats());
                    assert!(tail <= bound * (1.0 + 1e-4), "{share} {live:?}: {tail} {bound}");
                }
            }
        }
    }

    #[test]
    fn rows_beyond_the_extremes_are_rare_by_their_number_alone() {
        // Half of all rows are live: each of ten is the largest left with probability one half, on one of two sides.
        let nats = 10.0 * 2_f64.ln() - 11_f64.ln();
        assert!(is_beyond_extremes(10.0, 100.0, 100.0, nats - 1e-9));
        assert!(!is_beyond_extremes(10.0, 100.0, 100.0, nats + 1e-9));
        assert!(
            !is_beyond_extremes(0.0, 100.0, 100.0, 1.0) && !is_beyond_extremes(1.0, 0.0, 9.0, 1.0)
        );
        assert!(is_beyond_extremes(7.0, 450.0, 20_000.0, 20.0));
        assert!(!is_beyond_extremes(5.0, 450.0, 20_000.0, 20.0));
    }

    #[test]
    fn means_are_compared_by_bernstein() {
        let change = MeanChange { difference: 0.1, variance: 1.0 / 12.0, reach: 0.5 };
        let found = change.nats(1e12, 1000.0);
        let expected = 0.01 / (2.0 * (1.0 / 12.0 / 1000.0 + 0.5 / 1000.0 * 0.1 / 3.0)) - 2_f64.ln();
        assert!((found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
        assert_eq!(MeanChange { difference: 0.0, ..change }.nats(10.0, 10.0), 0.0);
        assert_eq!(MeanChange { variance: 0.0, reach: 0.0, ..change }.nats(10.0, 10.0), 0.0);
    }
}
