//! Colours of Grafana's dark theme, and those that thresholds and words give to values. It draws nothing.

use crate::dashboard::{Field, Thresholds};
use serde_json::Value;

pub(super) const BACKGROUND: &str = "#111217";
pub(super) const PANEL: &str = "#181b1f";
pub(super) const GRID: &str = "#2c3235";
pub(super) const TEXT: &str = "#ccccdc";
pub(super) const WEAK: &str = "#9a9ba8";
pub(super) const LINK: &str = "#6e9fff";
pub(super) const EMPTY: &str = "#22252b";

/// Grafana's classic palette.
const PALETTE: [&str; 12] = [
    "#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0",
    "#37872d", "#fade2a", "#447ebc", "#c15c17",
];
/// From few to many.
pub(super) const ORANGES: [&str; 8] =
    ["#3d1c04", "#6b2c05", "#963c06", "#bf4f0a", "#e0661c", "#f5863d", "#fdb06b", "#fee0b8"];

pub(super) fn of_palette(number: usize) -> &'static str {
    PALETTE[number % PALETTE.len()]
}

/// A colour as SVG knows it.
pub(super) fn named(name: &str) -> &str {
    match name {
        "green" => "#73bf69",
        "yellow" => "#fade2a",
        "orange" => "#ff9830",
        "red" => "#f2495c",
        "blue" => "#5794f2",
        other => other,
    }
}

/// The colour that thresholds give to a value.
pub(super) fn of_threshold(thresholds: &Thresholds, value: f64) -> &str {
    let reached = thresholds.steps.iter().rfind(|it| it.value.is_none_or(|from| from <= value));
    reached.map_or(TEXT, |it| named(&it.color))
}

/// The word for a value, with its colour, if these mappings have one.
pub(super) fn word(mappings: &[Value], value: f64) -> Option<(&str, &str)> {
    let options = &mappings.first()?["options"][format!("{value}")];
    Some((options["text"].as_str()?, named(options["color"].as_str()?)))
}

/// What is shown of a value of a field, and in which colour.
pub(super) fn shown(field: &Field, value: f64, now: f64) -> (String, &str) {
    match word(&field.mappings, value) {
        Some((text, colour)) => (text.to_owned(), colour),
        None => (
            crate::units::shown(value, &field.unit, field.decimals, now),
            of_threshold(&field.thresholds, value),
        ),
    }
}
