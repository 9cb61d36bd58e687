//! What of a configuration is valid and yet rarely meant. It refuses nothing.

use std::fmt::Write as _;

use driftline_monitor::config::{Config, Model, ModelKind};

/// Shorter windows than this hold few rows of most models, in seconds.
const WINDOW_SHORT: u64 = 60;
/// References of fewer rows are mostly noise.
const ROWS_FEW: u64 = 400;

/// The paragraph on it; empty if there is nothing.
pub(super) fn describe(config: &Config) -> String {
    let mut lines: Vec<String> =
        config.models.iter().flat_map(|model| of_model(config, model)).collect();
    if config.window_seconds < WINDOW_SHORT {
        lines.push(format!(
            "`window_seconds` is {}: with few rows in it, verdicts stay `insufficient`.",
            config.window_seconds
        ));
    }
    if lines.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nUnusual:");
    for line in lines {
        let _ = write!(text, "\n- {line}");
    }
    text.push('\n');
    text
}

fn of_model(config: &Config, model: &Model) -> Vec<String> {
    let name = &model.name;
    let mut lines = Vec::new();
    match &model.profile {
        None if model.kind == ModelKind::Predictive => lines.push(format!(
            "`{name}` has no profile: its rows are counted, and nothing is compared."
        )),
        Some(profile) => {
            if profile.rows < ROWS_FEW {
                lines.push(format!(
                    "The profile of `{name}` has {} rows: a reference of fewer than {ROWS_FEW} is mostly noise.",
                    profile.rows
                ));
            }
            if model.kind == ModelKind::Predictive && profile.prediction.is_none() {
                lines.push(format!(
                    "The profile of `{name}` has no prediction: `driftline profile --target` or `--prediction` adds it."
                ));
            }
            if profile.quality.is_some() && config.feedback.is_none() {
                lines.push(format!(
                    "The profile of `{name}` knows its quality, and no labels can come in: set `feedback`."
                ));
            }
        }
        None => {}
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_rarely_meant_is_said() {
        let of = |json: &str| describe(&Config::from_json(json.as_bytes()).unwrap());
        assert_eq!(of(r#"{"models": [{"name": "m"}]}"#), "");
        let text = of(r#"{"models": [{"name": "m", "type": "predictive"}], "window_seconds": 5}"#);
        assert!(
            text.contains("`m` has no profile") && text.contains("`window_seconds` is 5"),
            "{text}"
        );
    }
}
