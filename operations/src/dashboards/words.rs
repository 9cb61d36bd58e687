//! Numbers that stand for words, with their colours: verdicts, states and incidents. It queries nothing.

use serde_json::{Map, Value, json};

pub(super) const GREEN: &str = "green";
pub(super) const YELLOW: &str = "yellow";
pub(super) const ORANGE: &str = "orange";
pub(super) const RED: &str = "red";
pub(super) const GREY: &str = "#8e8e8e";
pub(super) const BLUE: &str = "blue";

/// A number, what is shown for it, and in which colour.
pub(super) type Word = (u32, &'static str, &'static str);

/// Of a verdict: what [`super::queries::Queries::verdict`] makes of it.
pub(super) const VERDICT: &[Word] =
    &[(0, "too few rows", GREY), (1, "ok", GREEN), (2, "drift", RED)];
/// The answers to the questions of the overview.
pub(super) const IS_SLOW: &[Word] = &[(0, "Fine", GREEN), (1, "Incident", RED)];
pub(super) const HAS_CHANGED: &[Word] =
    &[(0, "Too few rows", GREY), (1, "Unchanged", GREEN), (2, "Changed", RED)];
pub(super) const IS_RIGHT: &[Word] =
    &[(0, "Too few labels", GREY), (1, "Right", GREEN), (2, "Worse", RED)];
/// Whether there is an incident.
pub(super) const INCIDENT: &[Word] = &[(0, "none", GREEN), (1, "incident", RED)];
/// Whether something moved in a feature.
pub(super) const MOVED: &[Word] = &[(0, "no", GREEN), (1, "moved", RED)];
/// The rank of a segment that did not get worse.
pub(super) const SEGMENT_RANK: &[Word] = &[(0, "none", GREY)];
/// Whether a proxy answers Prometheus.
pub(super) const SCRAPED: &[Word] = &[(0, "lost", RED), (1, "scraped", GREEN)];
/// Whether one version is better or worse than another one.
pub(super) const BETTER: &[Word] = &[(0, "no", GREY), (1, "yes", GREEN)];
pub(super) const WORSE: &[Word] = &[(0, "no", GREY), (1, "yes", RED)];
/// The state of a detector.
pub(super) const DETECTOR: &[Word] =
    &[(0, "stable", GREEN), (1, "warning", YELLOW), (2, "drift", RED)];
/// The state of labels.
pub(super) const LABELS: &[Word] = &[(0, "none", GREY), (1, "late", YELLOW), (2, "live", GREEN)];

/// As Grafana's value mappings.
pub(super) fn mappings(words: &[Word]) -> Value {
    if words.is_empty() {
        return json!([]);
    }
    let options: Map<String, Value> = words
        .iter()
        .enumerate()
        .map(|(index, (number, text, colour))| {
            (number.to_string(), json!({"text": text, "color": colour, "index": index}))
        })
        .collect();
    json!([{"type": "value", "options": options}])
}
