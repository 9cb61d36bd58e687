//! What a configuration says of drift, made ready for those that judge; it judges nothing.

use alloc::vec::Vec;

use driftline_statistics::{
    detection::{Budget, Limits, Materiality, ShareChange, WindowLengths},
    drift::Measure,
};

use crate::config::{self, Config, Drift, Thresholds};

const DAY_MILLISECONDS: f64 = 86_400_000.0;

/// What the configuration says of drift, for all models.
#[derive(Clone, Debug)]
pub(crate) struct DriftSettings {
    pub(crate) windows: WindowLengths,
    /// For how long a drift must have been gone.
    pub(crate) recovery_ns: u64,
    /// What is exported beside PSI.
    pub(crate) measures: Vec<Measure>,
    /// What matters of a column of which nothing else is said.
    rows_min: u64,
    materiality: Materiality,
    false_alarms_per_day: f64,
    looks_per_day: f64,
    takes_feedback: bool,
}

impl DriftSettings {
    pub(crate) fn of(config: &Config) -> DriftSettings {
        let windows = WindowLengths {
            window_seconds: config.window_seconds,
            slow_windows: config.drift.slow_windows,
            season_windows: config.season_windows(),
        };
        let recovery_seconds = config.drift.recovery_seconds.unwrap_or(windows.recovery_seconds());
        let Drift { rows_min, material_psi, material_wasserstein, material_class, .. } =
            config.drift;
        DriftSettings {
            windows,
            recovery_ns: recovery_seconds.saturating_mul(1_000_000_000),
            measures: config.drift.measures.clone(),
            rows_min,
            materiality: Materiality {
                psi: material_psi,
                wasserstein: material_wasserstein,
                class: ShareChange {
                    points_if_doubled: material_class,
                    ..Materiality::DEFAULT.class
                },
                unbinned: ShareChange {
                    points: config.drift.material_nulls,
                    points_if_doubled: config.drift.material_nulls_doubled,
                },
            },
            false_alarms_per_day: config.drift.false_alarms,
            looks_per_day: DAY_MILLISECONDS / config.tick_milliseconds.max(1) as f64,
            takes_feedback: config.feedback.is_some(),
        }
    }

    /// The evidence that a drift needs of which so many share their false alarms, in nats.
    pub(crate) fn nats(&self, columns: usize) -> f64 {
        let DriftSettings { false_alarms_per_day, looks_per_day, .. } = *self;
        Budget { false_alarms_per_day, looks_per_day, columns }.nats()
    }

    /// The same of any verdict on a model: on the columns of its profile, and, if there is feedback, on its quality and the
    /// KPIs that its profile knows.
    pub(crate) fn nats_of(&self, model: &config::Model) -> f64 {
        let Some(profile) = &model.profile else { return self.nats(0) };
        let kpis = model.kpis.iter().filter(|kpi| profile.kpi(&kpi.name).is_some());
        let of_labels = kpis.count().saturating_add(profile.quality.iter().count());
        let of_labels = if self.takes_feedback { of_labels } else { 0 };
        self.nats(profile.columns().count().saturating_add(of_labels))
    }

    /// How many rows a window must be worth if nothing else is said.
    pub(crate) fn rows_min(&self) -> u64 {
        self.rows_min
    }

    /// What a column is judged by, of which this is said.
    pub(crate) fn limits(&self, nats: f64, said: &Thresholds) -> Limits {
        let usual = &self.materiality;
        let unbinned = ShareChange {
            points: said.material_nulls.unwrap_or(usual.unbinned.points),
            points_if_doubled: said
                .material_nulls_doubled
                .unwrap_or(usual.unbinned.points_if_doubled),
        };
        let class = said.material_class.unwrap_or(usual.class.points_if_doubled);
        Limits {
            nats,
            rows_min: said.rows_min.unwrap_or(self.rows_min),
            materiality: Materiality {
                psi: said.material_psi.unwrap_or(usual.psi),
                wasserstein: said.material_wasserstein.unwrap_or(usual.wasserstein),
                class: ShareChange { points_if_doubled: class, ..usual.class },
                unbinned,
            },
        }
    }
}
