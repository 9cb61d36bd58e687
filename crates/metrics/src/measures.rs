//! Which metrics each measure of drift is exported as; it computes nothing.

use driftline_statistics::measure::Measure;

use crate::catalogue::Metric;

/// The metrics of a measure, one for each of its values.
pub const fn metrics(measure: Measure) -> &'static [Metric] {
    match measure {
        Measure::KullbackLeibler => &[Metric::FeatureKlLive, Metric::FeatureKlReference],
        Measure::JensenShannon => &[Metric::FeatureJensenShannon],
        Measure::Hellinger => &[Metric::FeatureHellinger],
        Measure::TotalVariation => &[Metric::FeatureTotalVariation],
        Measure::LInfinity => &[Metric::FeatureLInfinity],
        Measure::KolmogorovSmirnov => &[Metric::FeatureKsStatistic, Metric::FeatureKsPValue],
        Measure::ChiSquare => &[
            Metric::FeatureChiSquareFit,
            Metric::FeatureChiSquareFitPValue,
            Metric::FeatureChiSquare,
            Metric::FeatureChiSquarePValue,
        ],
        Measure::Wasserstein => &[Metric::FeatureWasserstein, Metric::FeatureWassersteinDeviations],
        Measure::NullRatio => &[
            Metric::FeatureNullRatioIncrease,
            Metric::FeatureNullRatioDecrease,
            Metric::FeatureNullRatioZ,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_a_measure_has_a_metric() {
        for measure in Measure::ALL {
            assert_eq!(metrics(measure).len(), measure.count(), "{measure:?}");
        }
    }
}
