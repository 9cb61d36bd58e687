//! The quantiles of the chi-square distribution that a profile carries; it computes no test with them.

use driftline_statistics::{drift::probability::chi_square_quantile, profile::Quantiles};

/// The quantiles for a column of `bins` bins in a profile of `columns` columns, the prediction included.
///
/// A column has at least two bins. A single bin, which has nothing to compare, is treated as two.
pub(crate) fn quantiles(bins: usize, columns: usize) -> Quantiles {
    let degrees_of_freedom = bins.saturating_sub(1).max(1) as f64;
    let of = |exceeded: f64| chi_square_quantile(exceeded, degrees_of_freedom);
    Quantiles {
        five_percent: of(0.05),
        one_percent: of(0.01),
        // Each column is judged twice, by its bins and by its share of nulls.
        family: of(0.01 / (2.0 * columns.max(1) as f64)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use statrs::distribution::{ChiSquared, ContinuousCDF as _};

    use super::*;

    /// `scipy.stats.chi2.isf`, from tests/data/vectors.
    #[test]
    fn quantiles_are_those_of_scipy() {
        let file: Value =
            serde_json::from_str(include_str!("../../tests/data/vectors/distributions.json"))
                .unwrap();
        let known = file["chi2_isf"].as_object().unwrap();
        for (name, expected) in known {
            let (freedom, probability) =
                name.trim_start_matches("df=").split_once(",alpha=").unwrap();
            let found = chi_square_quantile(probability.parse().unwrap(), freedom.parse().unwrap());
            let expected = expected.as_f64().unwrap();
            let error = (found / expected - 1.0).abs();
            assert!(error < 1e-14, "{name}: {found}, expected {expected}");
        }
        assert!(20 < known.len());
    }

    /// The survival function of `statrs` gives back the level of every quantile that a profile may hold. Its own
    /// quantiles are not compared: its search for them stops after about ten digits.
    #[test]
    fn quantiles_are_exceeded_as_often_as_statrs_says() {
        for bins in 2..=100 {
            let law = ChiSquared::new(bins as f64 - 1.0).unwrap();
            for columns in [1, 2, 9, 50, 257] {
                let Quantiles { five_percent, one_percent, family } = quantiles(bins, columns);
                let family_level = 0.01 / (2.0 * columns as f64);
                for (quantile, level) in
                    [(five_percent, 0.05), (one_percent, 0.01), (family, family_level)]
                {
                    let error = (law.sf(quantile) / level - 1.0).abs();
                    assert!(error < 1e-12, "{bins} bins, {level}: {quantile} is off by {error}");
                }
            }
        }
    }

    #[test]
    fn the_family_is_judged_more_strictly_the_larger_it_is() {
        // Two degrees of freedom have a closed form: minus twice the logarithm.
        for columns in [1, 50] {
            let family = quantiles(3, columns).family;
            let expected = -2.0 * (0.005 / columns as f64).ln();
            assert!((family - expected).abs() < 1e-13, "{columns} columns: {family}");
        }
        let largest = quantiles(100, 257);
        assert!(largest.five_percent < largest.one_percent && largest.one_percent < largest.family);
    }
}
