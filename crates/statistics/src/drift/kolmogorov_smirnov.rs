//! The two-sample Kolmogorov-Smirnov test on bins; between the edges it sees nothing, so it never overstates.
//!
//! The statistic of binned rows is at most that of the rows themselves and falls short of it by at most the share of
//! one bin: 1/20 with twenty bins of equal mass, in practice about a tenth of that. Where every value has a bin of its
//! own it is exact, also for live values below and above all of them. New values between two of them (`other`) lie
//! nobody knows where: the distance counts as far as it is there wherever they lie. To leave them out, or to place them
//! in the middle of the range, overstates it by up to .09 and .68 in simulations; in the last place, by up to .82.
//!
//! References: N. Smirnov (1948), "Table for Estimating the Goodness of Fit of Empirical Distributions", Annals of
//! Mathematical Statistics 19(2); the correction for small samples: M. A. Stephens (1970), "Use of the
//! Kolmogorov-Smirnov, Cramér-Von Mises and Related Statistics Without Extensive Tables", Journal of the Royal
//! Statistical Society B 32(1).

use super::{
    Compared, Histograms, measure,
    probability::{kolmogorov_log_survival, significance},
};

/// The largest distance of the two distribution functions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KolmogorovSmirnov {
    /// The distance, from 0 to 1.
    pub statistic: f64,
    /// The bin at whose right edge the functions are farthest apart; the first one of several. The first one, too, if it
    /// is below all values.
    pub bin: usize,
    /// How often two samples of one distribution would be so far apart, or farther. Tied values make the truth
    /// smaller than this, so what it calls significant is.
    pub p_value: f64,
    /// `-log10` of the p-value, also where that is too small for a double.
    pub significance: f64,
}

/// Runs the test over bins in the order of their values. One pass, and a series of a few exponentials.
#[must_use]
pub fn kolmogorov_smirnov(histograms: &Histograms<'_>) -> KolmogorovSmirnov {
    let (reference_rows, live_rows) = (histograms.reference_rows(), histograms.live_rows());
    let (mut statistic, mut farthest) = (0.0, 0);
    // How far the functions are apart at least, with these rows below, and these either below or not.
    let mut see = |bin: usize, below: (f64, f64), more: (f64, f64)| {
        let live_exceeds = below.1 / live_rows - (below.0 + more.0) / reference_rows;
        let reference_exceeds = below.0 / reference_rows - (below.1 + more.1) / live_rows;
        let distance = live_exceeds.max(reference_exceeds);
        // Cumulated counts are whole, so equal distances differ by rounding of the quotients alone.
        if statistic + 1e-12 < distance {
            (statistic, farthest) = (distance, bin);
        }
    };
    let none = (0.0, 0.0);
    let (mut below, between) = (histograms.below(), histograms.between());
    see(0, below, none);
    let bins = histograms.in_order();
    let last = bins.len().saturating_sub(1);
    for (bin, counts) in bins.enumerate() {
        // What lies between the first and the last value is above the first one, and below the last one.
        if bin == last {
            below = plus(below, between);
            see(bin, below, none);
        }
        below = plus(below, counts);
        see(bin, below, if bin == 0 || bin == last { none } else { between });
    }
    let log_p_value = kolmogorov_log_survival(scaled(statistic, histograms));
    KolmogorovSmirnov {
        statistic,
        bin: farthest,
        p_value: libm::exp(log_p_value),
        significance: significance(log_p_value),
    }
}

fn plus(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 + b.0, a.1 + b.1)
}

/// Stephens' correction makes the limit hold for samples of any size.
fn scaled(statistic: f64, histograms: &Histograms<'_>) -> f64 {
    let (reference, live) = (histograms.reference_rows(), histograms.live_rows());
    let root = libm::sqrt(reference * live / (reference + live));
    (root + 0.12 + 0.11 / root) * statistic
}

/// Statistic, p-value and significance.
pub(super) fn values(compared: &Compared<'_>) -> [f64; 3] {
    let found = compared.histograms().map(|both| kolmogorov_smirnov(&both));
    found.map_or([0.0, 1.0, 0.0], |it| {
        [it.statistic, it.p_value, measure::thousandths(it.significance)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::BinPositions;

    /// 100 rows of each value from 0 to 9, compared with live rows as `driftline_feature_bin_total` counts them.
    #[track_caller]
    fn check(live: [u64; 10], [other, below, above]: [u64; 3], statistic: f64) {
        let values: [f64; 10] = core::array::from_fn(|value| value as f64);
        let line = BinPositions::of_values(&values, 2.872);
        let reference = [&[100; 10][..], &[0; 3]].concat();
        let live = [&live[..], &[other, below, above]].concat();
        let found = kolmogorov_smirnov(&Histograms::on(Some(&line), &reference, &live).unwrap());
        assert!((found.statistic - statistic).abs() < 1e-12, "{live:?}: {found:?}");
    }

    #[test]
    fn values_beyond_all_others_are_where_they_are() {
        // scipy.stats.ks_2samp(numpy.repeat(range(10), 100), live).statistic
        check([0, 0, 0, 0, 0, 0, 0, 0, 0, 500], [0, 500, 0], 0.5);
        check([50, 50, 50, 50, 50, 50, 50, 50, 50, 50], [0, 0, 500], 0.5);
        check([0; 10], [0, 7, 0], 1.0);
        check([0; 10], [0, 0, 7], 1.0);
        check([10; 10], [0, 0, 0], 0.0);
    }

    #[test]
    fn values_between_others_count_as_far_as_they_do_wherever_they_lie() {
        // All are above 0 and below 9: at either end a tenth of the reference is on the other side.
        check([0; 10], [1000, 0, 0], 0.1);
        // They fill what is missing in the middle, or not.
        check([100, 100, 100, 100, 0, 0, 100, 100, 100, 100], [200, 0, 0], 0.0);
        check([0, 0, 0, 0, 0, 200, 200, 200, 200, 200], [0; 3], 0.5);
        check([0, 0, 0, 0, 0, 180, 180, 180, 180, 180], [100, 0, 0], 0.4);
        check([0, 0, 0, 0, 0, 0, 0, 0, 0, 800], [100, 0, 100], 0.8);
    }

    #[test]
    fn a_constant_sees_both_sides() {
        let line = BinPositions::of_values(&[3.0], 0.0);
        let of = |live: &[u64]| {
            let both = Histograms::on(Some(&line), &[9, 0, 0, 0], live);
            kolmogorov_smirnov(&both.unwrap()).statistic
        };
        assert_eq!([of(&[3, 0, 1, 0]), of(&[3, 0, 0, 1]), of(&[3, 0, 0, 0])], [0.25, 0.25, 0.0]);
    }
}
