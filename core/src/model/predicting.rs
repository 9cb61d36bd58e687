//! The series of a model that predicts: one for each, whatever the route. It only looks things up.

use alloc::vec::Vec;

use super::{
    column::{ColumnLabels, MonitoredColumn, Role},
    violation::Violations,
};
use crate::{
    catalogue::Metric,
    drift::probability::chi_square_quantile,
    evaluator::Span,
    ledger::Ledger,
    measure::Measure,
    prediction::Columns,
    profile::Profile,
    series::{Registry, SeriesId},
};

/// A name that stands in the label `feature` for a model's output.
const PREDICTION: &str = "prediction";
/// How often one of a model's columns may be called drifted by chance, all of them taken together; each is judged
/// twice, by its bins and by its share of nulls.
const FAMILY_LEVEL: f64 = 0.01;

/// What only models that predict have.
#[derive(Debug)]
pub(crate) struct PredictionSeries {
    pub(crate) instances: SeriesId,
    pub(crate) predictions: SeriesId,
    pub(crate) features: Vec<MonitoredColumn>,
    pub(crate) prediction: Option<MonitoredColumn>,
    /// By [`Span`]; `None` without a profile, as the two below.
    pub(crate) drifted: Option<[SeriesId; Span::ALL.len()]>,
    pub(crate) violations: Option<Violations>,
    /// Where it says when the profile was made, and what it says.
    profile_created: Option<(SeriesId, u64)>,
    /// The standard errors beyond which a share has changed, at the family level.
    pub(crate) null_z: f64,
}

impl PredictionSeries {
    /// How many series a model has; a test compares it with those that are made.
    pub(crate) fn series(profile: Option<&Profile>, measures: &[Measure]) -> usize {
        let Some(profile) = profile else {
            return 2;
        };
        let features = profile.features.iter().map(|it| (&it.column, Role::Feature));
        let prediction = profile.prediction.iter().map(|column| (column, Role::Prediction));
        features
            .chain(prediction)
            .map(|(column, role)| MonitoredColumn::series(column, role, measures))
            .fold(2, usize::saturating_add)
            .saturating_add(Violations::SERIES)
            .saturating_add(Span::ALL.len())
            .saturating_add(1)
    }

    /// A model that predicts; without a profile, the one that stands for all that are not listed.
    pub(crate) fn new(
        registry: &mut Registry,
        model: &str,
        profile: Option<&Profile>,
        measures: &[Measure],
    ) -> PredictionSeries {
        let mut series = PredictionSeries {
            instances: registry.add(Metric::Instances, &[model]),
            predictions: registry.add(Metric::Predictions, &[model]),
            features: Vec::new(),
            prediction: None,
            drifted: None,
            violations: None,
            profile_created: None,
            null_z: f64::INFINITY,
        };
        let Some(profile) = profile else {
            return series;
        };
        let version = profile.version.as_deref().unwrap_or_default();
        let violations = Violations::new(registry, model, version);
        let labels = |role, name| ColumnLabels { model, version, role, name };
        for feature in &profile.features {
            let labels = labels(Role::Feature, feature.name.as_str());
            let column = &feature.column;
            series
                .features
                .push(MonitoredColumn::new(registry, labels, column, violations, measures));
        }
        series.prediction = profile.prediction.as_ref().map(|column| {
            let labels = labels(Role::Prediction, PREDICTION);
            MonitoredColumn::new(registry, labels, column, violations, measures)
        });
        series.drifted = Some(
            Span::ALL
                .map(|span| registry.add(Metric::DriftedFeatures, &[model, version, span.name()])),
        );
        series.violations = Some(violations);
        let created = registry.add(Metric::ProfileCreated, &[model, version]);
        series.profile_created = Some((created, profile.created_at));
        let columns = series.columns().count().max(1) as f64;
        // The square of a normal deviate is chi-square with one degree of freedom, and both sides count.
        series.null_z = libm::sqrt(chi_square_quantile(FAMILY_LEVEL / (2.0 * columns), 1.0));
        series
    }

    /// Everything that is compared with a reference.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &MonitoredColumn> {
        self.features.iter().chain(&self.prediction)
    }

    /// Sets what the profile alone says.
    pub(crate) fn describe(&self, ledger: &mut Ledger) {
        if let Some((id, seconds)) = self.profile_created {
            ledger.set(id, seconds);
        }
        for column in self.columns() {
            column.describe(ledger);
        }
    }
}

impl Columns for PredictionSeries {
    fn count(&self) -> usize {
        self.features.len()
    }

    fn named(&self, name: &[u8], hint: usize) -> Option<usize> {
        let is_it = |feature: &MonitoredColumn| feature.is_called(name);
        match self.features.get(hint) {
            Some(feature) if is_it(feature) => Some(hint),
            _ => self.features.iter().position(is_it),
        }
    }
}
