//! What a configuration says of feedback, in words: where labels come in, what they count for, and how long predictions
//! wait for them. It reads no traffic.

use std::fmt::Write as _;

use driftline_monitor::config::{Config, FEEDBACK_PATH, Feedback, Model};
use driftline_statistics::profile::quality::Task;

use crate::table::thousands;

/// Bytes of a prediction that waits for its label.
const PREDICTION_BYTES: u64 = 32;
/// A rate at which it is said how long predictions wait.
const ROWS_PER_SECOND: u64 = 100;

/// The paragraph on feedback; empty if the configuration takes none.
pub(super) fn describe(config: &Config) -> String {
    let Some(feedback) = &config.feedback else { return String::new() };
    let mut text = String::from("Feedback:");
    for line in intake(feedback).into_iter().chain([joining(feedback)]) {
        let _ = write!(text, "\n- {line}");
    }
    for model in &config.models {
        let _ = write!(text, "\n- {}", of_model(model, feedback));
    }
    text.push_str("\n\n");
    text
}

fn intake(feedback: &Feedback) -> Vec<String> {
    let mut lines = Vec::new();
    if feedback.endpoint {
        let believed = match &feedback.secret {
            Some((header, _)) => format!("with the secret in `{header}`"),
            None => "from any client that reaches it; a `secret`, or the route's own authentication, restricts it".into(),
        };
        lines.push(format!(
            "`POST {FEEDBACK_PATH}` is answered by the filter, {believed}. The proxy's plugin configuration needs \
             `allow_on_headers_stop_iteration: true`, or such requests hang."
        ));
    }
    if !feedback.watch.is_empty() {
        let watched = counted(feedback.watch.len(), "entry", "entries");
        lines.push(format!("Feedback that {watched} of `watch` fit is read as it passes."));
    }
    if lines.is_empty() {
        lines.push("No feedback can come in: `endpoint` is false, and nothing is watched.".into());
    }
    lines
}

fn joining(feedback: &Feedback) -> String {
    let most = feedback.predictions_max;
    if most == 0 {
        return "No predictions wait for labels: each label must bring its prediction.".into();
    }
    format!(
        "{} predictions wait for labels by id, in {} KiB that all workers share: {} minutes' worth at {ROWS_PER_SECOND} rows \
         a second. They wait in the proxy that saw them: with replicas, or labels that come later, send the prediction with \
         the label, or route feedback by id.",
        thousands(most),
        thousands((most * PREDICTION_BYTES).div_ceil(1024)),
        thousands(most / ROWS_PER_SECOND / 60),
    )
}

fn of_model(model: &Model, feedback: &Feedback) -> String {
    let name = match &model.version {
        Some(version) => format!("`{}` {version}", model.name),
        None => format!("`{}`", model.name),
    };
    let quality = model.profile.as_ref().and_then(|profile| profile.quality.as_ref());
    let labels = match quality.map(|quality| &quality.task) {
        Some(Task::Classes(classes)) => {
            let scores = if classes.scores.is_some() { " with scores" } else { "" };
            format!("labels are one of {} classes{scores}", classes.names.len())
        }
        Some(Task::Regression(_)) => "labels are numbers".into(),
        None => {
            let lacks = match model.profile {
                Some(_) => "its profile has no quality",
                None => "it has no profile",
            };
            format!("labels are refused, because {lacks} (`driftline profile --label`)")
        }
    };
    let mut text = format!(
        "{name}: {labels}; {}, {}.",
        counted(model.kpis.len(), "KPI", "KPIs"),
        counted(model.segments.len(), "segment", "segments")
    );
    for line in references(model) {
        text.push(' ');
        text.push_str(&line);
    }
    let answers = model.profile.as_ref().is_some_and(|profile| profile.prediction.is_some());
    if quality.is_some() && !answers && feedback.predictions_max != 0 {
        text += " Its profile has no prediction, so none waits for a label: labels must bring them along.";
    }
    text
}

/// Which KPIs are compared with nothing, and which the profile knows and nobody counts.
fn references(model: &Model) -> Vec<String> {
    let known = model.profile.as_ref().map_or(&[][..], |profile| &profile.kpis);
    let is_known = |name: &str| known.iter().any(|kpi| kpi.name == name);
    let is_counted = |name: &str| model.kpis.iter().any(|kpi| kpi.name == name);
    let without = model.kpis.iter().map(|kpi| &*kpi.name).filter(|name| !is_known(name));
    let uncounted = known.iter().map(|kpi| &*kpi.name).filter(|name| !is_counted(name));
    let mut lines = Vec::new();
    let without = named(without);
    if !without.is_empty() {
        lines.push(format!(
            "No verdict, for lack of a reference (`driftline profile --kpi`): {without}."
        ));
    }
    let uncounted = named(uncounted);
    if !uncounted.is_empty() {
        lines.push(format!(
            "In the profile, and not counted, because `kpis` does not list it: {uncounted}."
        ));
    }
    lines
}

fn named<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use driftline_profiler::{
        Built, Cell, ColumnOptions, Place, ProfileBuilder, Role, Settings, to_text,
    };

    use super::*;

    #[test]
    fn feedback_is_described_only_if_there_is_some() {
        let of = |feedback: &str| {
            let config = format!(r#"{{"models": [{{"name": "m"}}]{feedback}}}"#);
            describe(&Config::from_json(config.as_bytes()).unwrap())
        };
        assert_eq!(of(""), "");
        let text = of(r#", "feedback": {}"#);
        for part in [
            "allow_on_headers_stop_iteration",
            "any client that reaches it",
            "3,125 KiB",
            "16 minutes'",
            "are refused",
            "0 KPIs, 0 segments",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let text = of(r#", "feedback": {"endpoint": false, "predictions_max": 0}"#);
        assert!(text.contains("No feedback can come in") && text.contains("must bring"), "{text}");
        let text = of(r#", "feedback": {"secret": "x"}"#);
        assert!(text.contains("with the secret in `x-driftline-secret`"), "{text}");
    }

    #[test]
    fn kpis_without_a_reference_and_references_without_a_kpi_are_named() {
        let mut builder = ProfileBuilder::new(Settings::of("shop"));
        for kpi in ["clicked", "revenue"] {
            builder.column(kpi, Role::Kpi, ColumnOptions::default());
        }
        builder.row([Cell::Boolean(true), Cell::Number(12.5)], Place { row: 1, line: None });
        let Ok(Built::Profile(profile)) = builder.build() else { panic!() };
        let profile = to_text(&profile);
        let of = |kpis: &str| {
            let config = format!(
                r#"{{"models": [{{"name": "shop", "type": "language", "profile": {profile}, "kpis": {kpis}}}], "feedback": {{}}}}"#
            );
            let text = describe(&Config::from_json(config.as_bytes()).unwrap());
            text.lines().rfind(|line| line.contains("`shop`")).unwrap_or_default().to_owned()
        };
        let both = of(r#"[{"name": "clicked"}, {"name": "revenue", "maximum": 100}]"#);
        assert!(both.ends_with("2 KPIs, 0 segments."), "{both}");
        let one = of(r#"[{"name": "clicked"}, {"name": "tips"}]"#);
        assert!(
            one.ends_with(
                "2 KPIs, 0 segments. No verdict, for lack of a reference (`driftline profile --kpi`): `tips`. In the \
                 profile, and not counted, because `kpis` does not list it: `revenue`."
            ),
            "{one}"
        );
    }
}
