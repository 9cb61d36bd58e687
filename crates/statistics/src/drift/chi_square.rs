//! Pearson's chi-square test on the counts of two histograms, in both of its forms; it does not know the order of the bins.
//!
//! Reference: K. Pearson (1900), "On the criterion that a given system of deviations [...]", Philosophical Magazine
//! series 5, 50(302); the form for two samples is that of a 2 x k contingency table, without Yates' correction.

use super::{
    Compared, Histograms, measure,
    probability::{chi_square_log_survival, significance},
};

/// What the test says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquare {
    /// The statistic; 0 for counts in the same proportions.
    pub statistic: f64,
    /// The bins that count, less one.
    pub degrees_of_freedom: f64,
    /// How often the statistic would be as large, or larger, if nothing had changed. Cells that expect fewer than
    /// five rows make it inexact.
    pub p_value: f64,
    /// `-log10` of the p-value, also where that is too small for a double.
    pub significance: f64,
}

/// What the reference is taken for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reference {
    /// A sample, like the live rows: what is compared are two samples of an unknown distribution.
    Sample,
    /// The distribution itself (goodness of fit). Live rows in a bin that it does not have are impossible under it.
    /// A reference is a sample all the same, whose own noise this leaves out: of 20,000 rows in 20 bins, the p-value is
    /// below .05 in 10 % of windows of 2,000 rows without drift, and in 39 % of those of 10,000.
    Law,
}

/// Runs the test in one pass; bins that both sides leave empty do not count.
///
/// `None` if fewer than two bins count, or if live rows fall where a [`Reference::Law`] has none: the statistic is
/// infinite then, and the novelty says more than any p-value.
#[must_use]
pub fn chi_square(histograms: &Histograms<'_>, taken_for: Reference) -> Option<ChiSquare> {
    let (reference_rows, live_rows) = (histograms.reference_rows(), histograms.live_rows());
    let all_rows = reference_rows + live_rows;
    let (mut statistic, mut bins) = (0.0, 0.0);
    for (reference, live) in histograms.counts().filter(|&(reference, live)| 0.0 < reference + live)
    {
        bins += 1.0;
        statistic += match taken_for {
            Reference::Sample => {
                let both = reference + live;
                deviation(reference, both * reference_rows / all_rows)
                    + deviation(live, both * live_rows / all_rows)
            }
            Reference::Law if reference == 0.0 => return None,
            Reference::Law => deviation(live, reference / reference_rows * live_rows),
        };
    }
    let degrees_of_freedom = bins - 1.0;
    (0.0 < degrees_of_freedom).then(|| {
        let log_p_value = chi_square_log_survival(statistic, degrees_of_freedom);
        ChiSquare {
            statistic,
            degrees_of_freedom,
            p_value: libm::exp(log_p_value),
            significance: significance(log_p_value),
        }
    })
}

fn deviation(observed: f64, expected: f64) -> f64 {
    let difference = observed - expected;
    difference * difference / expected
}

/// Statistic, p-value and significance of two samples.
pub(super) fn values(compared: &Compared<'_>) -> [f64; 3] {
    let found = compared.histograms().and_then(|both| chi_square(&both, Reference::Sample));
    found.map_or([0.0, 1.0, 0.0], |it| {
        [it.statistic, it.p_value, measure::thousandths(it.significance)]
    })
}

/// Statistic and p-value of the reference as a law.
pub(super) fn values_of_fit(compared: &Compared<'_>) -> [f64; 2] {
    let Some(histograms) = compared.histograms() else {
        return [0.0, 1.0];
    };
    if let Some(found) = chi_square(&histograms, Reference::Law) {
        return [found.statistic, found.p_value];
    }
    let mut counts = histograms.counts();
    let is_novel = counts.any(|(reference, live)| reference == 0.0 && live != 0.0);
    // What the law does not have is infinitely far from it.
    if is_novel { [f64::INFINITY, 0.0] } else { [0.0, 1.0] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bin_alone_says_nothing() {
        let histograms = Histograms::new(&[5, 0, 0], &[9, 0, 0]).unwrap();
        assert_eq!(chi_square(&histograms, Reference::Sample), None);
        assert_eq!(chi_square(&histograms, Reference::Law), None);
    }

    #[test]
    fn what_a_law_does_not_have_is_beyond_the_test() {
        let histograms = Histograms::new(&[5, 5, 0], &[9, 9, 1]).unwrap();
        assert_eq!(chi_square(&histograms, Reference::Law), None);
        assert_eq!(chi_square(&histograms, Reference::Sample).unwrap().degrees_of_freedom, 2.0);
    }
}
