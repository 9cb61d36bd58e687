//! The quantiles of the chi-square distribution that a profile carries; it computes no test with them.

use driftline_statistics::profile::Quantiles;
use statrs::distribution::{ChiSquared, ContinuousCDF as _};

/// The quantiles for a column of that many bins, in a profile of that many columns, the prediction included.
///
/// `None` for fewer than 2 bins, which have nothing to compare.
pub(crate) fn quantiles(bins: usize, columns: usize) -> Option<Quantiles> {
    let of = |probability: f64| quantile(bins.checked_sub(1)?, probability);
    let one_percent = of(0.01)?;
    Some(Quantiles {
        five_percent: of(0.05)?,
        one_percent,
        // Each column is judged twice, by its bins and by its share of nulls, and may call a drift either way.
        family: of(0.01 / (2.0 * columns.max(1) as f64))?,
    })
}

/// What chance alone exceeds with that probability.
fn quantile(degrees_of_freedom: usize, probability: f64) -> Option<f64> {
    let law = ChiSquared::new(degrees_of_freedom as f64).ok()?;
    Some(law.inverse_cdf(1.0 - probability))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

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
            let found = quantile(freedom.parse().unwrap(), probability.parse().unwrap()).unwrap();
            let expected = expected.as_f64().unwrap();
            let error = (found / expected - 1.0).abs();
            assert!(error < 1e-9, "{name}: {found}, expected {expected}");
        }
        assert!(20 < known.len());
    }

    #[test]
    fn the_family_is_judged_more_strictly_the_larger_it_is() {
        // Two degrees of freedom have a closed form: minus twice the logarithm.
        for columns in [1, 50] {
            let family = quantiles(3, columns).unwrap().family;
            let expected = -2.0 * (0.005 / columns as f64).ln();
            assert!((family - expected).abs() < 1e-9, "{columns} columns: {family}");
        }
        let largest = quantiles(100, 257).unwrap();
        assert!(largest.five_percent < largest.one_percent && largest.one_percent < largest.family);
        assert_eq!(quantiles(1, 5), None);
    }
}
