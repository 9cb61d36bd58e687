//! The macro behind the table of the measures that are exported beside PSI, and how their values become gauges; it lists
//! no measure.

use super::Compared;
use crate::float::rounded;

/// Parts per million in one, which is how gauges hold every ratio and every statistic.
const PPM: f64 = 1e6;
/// The most values of one measure.
pub const VALUES_MAX: usize = 3;

/// Declares the enum of all measures. Of each: its variant, the word that configurations use, whether it is `of any`
/// column or only `of numbers`, whose bins have an order, and the function of its values.
macro_rules! measures {
    ($(
        $(#[$meta:meta])+
        $variant:ident = $word:literal of $of:ident by $module:ident::$values:ident;
    )+) => {
        /// A measure that can be left out to save its series.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Measure {$(
            $(#[$meta])+
            $variant,
        )+}

        impl Measure {
            /// All of them.
            pub const ALL: [Measure; [$($word),+].len()] = [$(Measure::$variant),+];

            /// The word that configurations use.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {$(
                    Measure::$variant => $word,
                )+}
            }

            /// Whether it needs bins in an order.
            #[must_use]
            pub const fn is_of_numbers(self) -> bool {
                match self {$(
                    Measure::$variant => measures!(@is_of_numbers $of),
                )+}
            }

            /// How many values it has, [`VALUES_MAX`] at most.
            #[must_use]
            pub const fn count(self) -> usize {
                match self {$(
                    Measure::$variant => measure::count($module::$values),
                )+}
            }

            /// Its values in parts per million, those that it does not have being 0. An empty window differs by
            /// nothing, and its p-values are 1.
            #[must_use]
            pub fn values(self, compared: &Compared<'_>) -> [u64; VALUES_MAX] {
                let values = match self {$(
                    Measure::$variant => measure::padded($module::$values(compared)),
                )+};
                values.map(to_ppm)
            }
        }
    };
    (@is_of_numbers any) => { false };
    (@is_of_numbers numbers) => { true };
}

pub(super) use measures;

/// How many values such a function gives.
pub(super) const fn count<const N: usize>(_: fn(&Compared<'_>) -> [f64; N]) -> usize {
    const { assert!(N <= VALUES_MAX, "raise VALUES_MAX") };
    N
}

/// Values, and 0 for those that the measure does not have.
pub(super) fn padded<const N: usize>(values: [f64; N]) -> [f64; VALUES_MAX] {
    let mut all = [0.0; VALUES_MAX];
    for (value, found) in all.iter_mut().zip(values) {
        *value = found;
    }
    all
}

/// A value whose gauge is in thousandths: such a gauge holds its parts per million, too.
pub(super) fn thousandths(value: f64) -> f64 {
    value / 1e3
}

/// A ratio or statistic as a gauge holds it: rounded to the nearest part per million, and never negative.
#[must_use]
pub fn to_ppm(ratio: f64) -> u64 {
    rounded(ratio * PPM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{BinPositions, Measure, NullCounts};

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
        let found = measure.values(&compared);
        assert_eq!(found[..measure.count()], *gauges, "{measure:?} of {live:?}");
    }

    #[test]
    fn an_empty_window_moved_by_nothing() {
        let none = NullCounts { nulls: 0, rows: 0 };
        for measure in Measure::ALL {
            let gauges: &[u64] = match measure {
                Measure::KolmogorovSmirnov | Measure::ChiSquare => &[0, 1_000_000, 0],
                Measure::ChiSquareFit => &[0, 1_000_000],
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
        // scipy.stats.chi2_contingency([[50, 50], [75, 25]], correction=False), and -numpy.log10 of its p-value
        check(Measure::ChiSquare, &[75, 25, 0], ROWS, &[13_333_333, 261, 3_584]);
        // scipy.stats.chisquare([75, 25])
        check(Measure::ChiSquareFit, &[75, 25, 0], ROWS, &[25_000_000, 1]);
    }

    #[test]
    fn a_p_value_below_a_millionth_still_has_a_significance() {
        // scipy.stats.chi2_contingency([[50, 50], [2, 98]], correction=False), and -numpy.log10 of its p-value
        check(Measure::ChiSquare, &[2, 98, 0], ROWS, &[59_875_260, 0, 13_995]);
        // -scipy.stats.kstwobign.logsf((r + 0.12 + 0.11 / r) * 0.48) / numpy.log(10) with r = numpy.sqrt(50)
        check(Measure::KolmogorovSmirnov, &[2, 98, 0], ROWS, &[480_000, 0, 10_092]);
    }

    #[test]
    fn what_the_reference_never_had_is_infinitely_far_from_it() {
        check(Measure::ChiSquareFit, &[50, 49, 1], ROWS, &[u64::MAX, 0]);
        check(Measure::ChiSquare, &[50, 49, 1], ROWS, &[1_010_101, 603_475, 219]);
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
        assert_eq!(Measure::NullRatio.values(&fell), [0, 200_000, 4_714_045]);
    }

    #[test]
    fn all_but_the_one_that_misleads_are_exported_by_default() {
        let left_out = Measure::ALL.into_iter().filter(|it| !Measure::DEFAULT.contains(it));
        assert!(left_out.eq([Measure::ChiSquareFit]));
    }
}
