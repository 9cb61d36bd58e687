//! When a change of a KPI matters, whatever chance says: what a business figure is compared by, where a feature is not. It
//! judges nothing.

use super::{Materiality, Reference, ShareChange, total};

impl Materiality {
    /// The same for a KPI that is compared with `reference`. A change of its mean matters by the share of the mean, however
    /// wide values are spread: rows that moved by this `part` of how large values are in the mean are far enough. What has
    /// two values, such as a click, is a share, which matters by points as the share of errors does.
    #[must_use]
    pub fn of_kpi(self, part: f64, reference: &Reference) -> Materiality {
        let mut limits = self;
        if let Some(positions) = &reference.positions {
            let placed = reference.bins.iter().zip(positions.at());
            let sum: f64 = placed.map(|(&rows, &at)| rows as f64 * libm::fabs(at)).sum();
            let size = sum / total(&reference.bins).max(1) as f64;
            let far = part * size / positions.deviation();
            // A constant has no deviation, and one of 0 no size either.
            if 0.0 < far {
                limits.wasserstein = limits.wasserstein.min(far);
            }
        }
        if reference.has_classes && !reference.is_on_line {
            limits.class.points = limits.class.points.min(ShareChange::OF_ERRORS.points);
        }
        limits
    }
}

#[cfg(test)]
mod tests;
