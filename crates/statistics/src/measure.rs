//! The measures that are exported beside PSI: what each is called, which metrics it has, and what they hold; it decides nothing.

use alloc::vec::Vec;

use crate::drift::{
    BinPositions, Histograms, NullCounts, Reference, chi_square, hellinger, jensen_shannon,
    kolmogorov_smirnov, kullback_leibler, l_infinity, null_ratio, total_variation,
};

/// Parts per million in one, which is how gauges hold every ratio and every statistic.
const PPM: f64 = 1e6;
/// The most values of one measure.
pub const VALUES_MAX: usize = 4;

/// A measure that can be left out to save its series.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Measure {
    /// [`kullback_leibler`], both ways.
    KullbackLeibler,
    /// [`jensen_shannon`].
    JensenShannon,
    /// [`hellinger`].
    Hellinger,
    /// [`total_variation`].
    TotalVariation,
    /// [`l_infinity`].
    LInfinity,
    /// [`kolmogorov_smirnov`], of numbers only.
    KolmogorovSmirnov,
    /// [`chi_square`] in both forms.
    ChiSquare,
    /// [`BinPositions::wasserstein`], of numbers only.
    Wasserstein,
    /// [`null_ratio`].
    NullRatio,
}

/// A window and its reference, as far as measures need them.
pub struct Compared<'a> {
    /// Rows of the reference, by bin.
    pub reference: &'a [u64],
    /// Live rows, by bin.
    pub live: &'a [u64],
    /// `None` for categories.
    pub scale: Option<&'a BinPositions>,
    /// Sums of the live rows' [`BinPositions::tail_distance`].
    pub live_tail_distance: [u64; 2],
    /// Rows of the reference, and those of them without a value.
    pub reference_presence: NullCounts,
    /// Live rows, and those of them without a value.
    pub live_presence: NullCounts,
}

impl Measure {
    /// All of them.
    pub const ALL: [Measure; 9] = [
        Measure::KullbackLeibler,
        Measure::JensenShannon,
        Measure::Hellinger,
        Measure::TotalVariation,
        Measure::LInfinity,
        Measure::KolmogorovSmirnov,
        Measure::ChiSquare,
        Measure::Wasserstein,
        Measure::NullRatio,
    ];

    /// The word that configurations use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Measure::KullbackLeibler => "kullback_leibler",
            Measure::JensenShannon => "jensen_shannon",
            Measure::Hellinger => "hellinger",
            Measure::TotalVariation => "total_variation",
            Measure::LInfinity => "l_infinity",
            Measure::KolmogorovSmirnov => "kolmogorov_smirnov",
            Measure::ChiSquare => "chi_square",
            Measure::Wasserstein => "wasserstein",
            Measure::NullRatio => "null_ratio",
        }
    }

    /// Whether it needs bins in an order.
    pub const fn is_of_numbers(self) -> bool {
        matches!(self, Measure::KolmogorovSmirnov | Measure::Wasserstein)
    }

    /// How many values it has, [`VALUES_MAX`] at most.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Measure::JensenShannon
            | Measure::Hellinger
            | Measure::TotalVariation
            | Measure::LInfinity => 1,
            Measure::KullbackLeibler | Measure::KolmogorovSmirnov | Measure::Wasserstein => 2,
            Measure::NullRatio => 3,
            Measure::ChiSquare => 4,
        }
    }

    /// Its values in parts per million, those that it does not have being 0. An empty window differs by nothing, and
    /// its p-values are 1.
    pub fn values(self, it: &Compared<'_>, scratch: &mut Vec<f64>) -> [u64; VALUES_MAX] {
        let histograms = Histograms::new(it.reference, it.live);
        let of = |measure: fn(&Histograms<'_>) -> f64| histograms.as_ref().map_or(0.0, measure);
        let values: [f64; VALUES_MAX] = match self {
            Measure::KullbackLeibler => histograms.map_or([0.0; VALUES_MAX], |both| {
                let found = kullback_leibler(&both);
                [found.live_from_reference, found.reference_from_live, 0.0, 0.0]
            }),
            Measure::JensenShannon => [of(jensen_shannon), 0.0, 0.0, 0.0],
            Measure::Hellinger => [of(hellinger), 0.0, 0.0, 0.0],
            Measure::TotalVariation => [of(total_variation), 0.0, 0.0, 0.0],
            Measure::LInfinity => [of(|both| l_infinity(both).value), 0.0, 0.0, 0.0],
            Measure::KolmogorovSmirnov => {
                let found = histograms.map(|both| kolmogorov_smirnov(&both));
                found.map_or([0.0, 1.0, 0.0, 0.0], |it| [it.statistic, it.p_value, 0.0, 0.0])
            }
            Measure::ChiSquare => {
                let [fit, fit_p_value] = it.chi_square(histograms, Reference::Law);
                let [statistic, p_value] = it.chi_square(histograms, Reference::Sample);
                [fit, fit_p_value, statistic, p_value]
            }
            Measure::Wasserstein => {
                let [distance, deviations] = it.wasserstein(scratch);
                [distance, deviations, 0.0, 0.0]
            }
            Measure::NullRatio => {
                let found = null_ratio(it.reference_presence, it.live_presence);
                found.map_or([0.0; VALUES_MAX], |it| {
                    [it.change.max(0.0), (-it.change).max(0.0), libm::fabs(it.z), 0.0]
                })
            }
        };
        values.map(to_ppm)
    }
}

impl Compared<'_> {
    /// Statistic and p-value.
    fn chi_square(&self, histograms: Option<Histograms<'_>>, taken_for: Reference) -> [f64; 2] {
        let Some(histograms) = histograms else {
            return [0.0, 1.0];
        };
        match chi_square(&histograms, taken_for) {
            Some(found) => [found.statistic, found.p_value],
            None => {
                let mut bins = self.reference.iter().zip(self.live);
                let is_novel = bins.any(|(&reference, &live)| reference == 0 && live != 0);
                // What the law does not have is infinitely far from it.
                if is_novel && taken_for == Reference::Law {
                    [f64::INFINITY, 0.0]
                } else {
                    [0.0, 1.0]
                }
            }
        }
    }

    /// In the unit of the values, and in standard deviations of the reference.
    fn wasserstein(&self, scratch: &mut Vec<f64>) -> [f64; 2] {
        let found = self.scale.and_then(|scale| {
            let distance =
                scale.wasserstein(self.reference, self.live, self.live_tail_distance, scratch)?;
            let deviation = scale.deviation();
            let deviations = if deviation == 0.0 { 0.0 } else { distance / deviation };
            Some([distance, deviations])
        });
        found.unwrap_or([0.0; 2])
    }
}

/// A ratio or statistic as a gauge holds it: rounded to the nearest part per million, and never negative.
pub fn to_ppm(ratio: f64) -> u64 {
    // The cast saturates, and takes NaN, which no measure gives, to 0.
    libm::round(ratio * PPM) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: NullCounts = NullCounts { nulls: 0, rows: 100 };

    #[track_caller]
    fn check(measure: Measure, live: &[u64], live_presence: NullCounts, gauges: &[u64]) {
        let scale = BinPositions::of_values(&[0.0, 1.0], 0.5);
        let compared = Compared {
            reference: &[50, 50, 0],
            live,
            scale: Some(&scale),
            live_tail_distance: [0, 0],
            reference_presence: ROWS,
            live_presence,
        };
        let found = measure.values(&compared, &mut Vec::new());
        assert_eq!(found[..measure.count()], *gauges, "{measure:?} of {live:?}");
    }

    #[test]
    fn an_empty_window_moved_by_nothing() {
        let none = NullCounts { nulls: 0, rows: 0 };
        for measure in Measure::ALL {
            let gauges: &[u64] = match measure {
                Measure::KolmogorovSmirnov => &[0, 1_000_000],
                Measure::ChiSquare => &[0, 1_000_000, 0, 1_000_000],
                _ => &[0; VALUES_MAX][..measure.count()],
            };
            check(measure, &[0, 0, 0], none, gauges);
        }
    }

    #[test]
    fn a_window_that_moved_says_by_how_much() {
        check(Measure::TotalVariation, &[75, 25, 0], ROWS, &[250_000]);
        check(Measure::LInfinity, &[75, 25, 0], ROWS, &[250_000]);
        check(Measure::Wasserstein, &[75, 25, 0], ROWS, &[250_000, 500_000]);
        // scipy.stats.chisquare([75, 25]) and scipy.stats.chi2_contingency([[50, 50], [75, 25]], correction=False)
        check(Measure::ChiSquare, &[75, 25, 0], ROWS, &[25_000_000, 1, 13_333_333, 261]);
    }

    #[test]
    fn what_the_reference_never_had_is_infinitely_far_from_it() {
        check(Measure::ChiSquare, &[50, 49, 1], ROWS, &[u64::MAX, 0, 1_010_101, 603_475]);
    }

    #[test]
    fn a_share_of_nulls_that_falls_has_a_gauge_of_its_own() {
        check(
            Measure::NullRatio,
            &[0, 0, 0],
            NullCounts { nulls: 20, rows: 100 },
            &[200_000, 0, 4_714_045],
        );
        let compared = |reference_presence, live_presence| Compared {
            reference: &[],
            live: &[],
            scale: None,
            live_tail_distance: [0, 0],
            reference_presence,
            live_presence,
        };
        let fell = compared(NullCounts { nulls: 20, rows: 100 }, ROWS);
        assert_eq!(Measure::NullRatio.values(&fell, &mut Vec::new()), [0, 200_000, 4_714_045, 0]);
    }
}
