//! What a KPI of a profile may be and be called. It reads none.

use super::Kind;

/// The most KPIs of one model.
pub const KPIS_MAX: usize = 8;

/// Members of a record of feedback that have a meaning of their own, so that no KPI may be called so.
pub const RECORD_MEMBERS: [&str; 8] =
    ["model", "version", "id", "row", "label", "prediction", "score", "predicted_at"];

/// Whether the values of a KPI may be of this kind: numbers by themselves, as records of feedback have them.
#[must_use]
pub const fn is_kpi_kind(kind: Kind) -> bool {
    matches!(kind, Kind::Number | Kind::Integer | Kind::Boolean)
}
