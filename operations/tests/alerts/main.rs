//! Alerts before promtool: each fires on its fault and only then, in windows of true length, and each has its runbook.

#[cfg(test)]
mod data;
#[cfg(test)]
mod domains;
#[cfg(test)]
mod model;
#[cfg(test)]
mod runbooks;
#[cfg(test)]
mod scenario;
#[cfg(test)]
mod series;
#[cfg(test)]
mod system;

use std::{collections::BTreeSet, num::NonZeroU32};

use driftline_monitor::config::Config;
use driftline_operations::{alerts, dashboards, settings::Settings, time_scale::TimeScale};
use driftline_testbed::promtool;
use serde_json::{Value, json};

use crate::scenario::Scenario;

/// The settings of a configuration of one model, with a name that needs care in expressions.
fn with_settings<T>(ask: impl FnOnce(&Settings<'_>) -> T) -> T {
    let config =
        r#"{"models": [{"name": "rain"}, {"name": "v1.5"}, {"name": "gpt-*"}], "names_max": 10}"#;
    let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    ask(&Settings::of(&config))
}

/// Has promtool carry out a test of all alerts, which are evaluated this often; what it says against them.
fn tested(interval: &str, test: &Value) -> Result<(), String> {
    let rules = with_settings(|settings| alerts::file(settings).text);
    promtool::test(
        &[("alerts.rules.yml", &rules)],
        |files| json!({"rule_files": files, "evaluation_interval": interval, "tests": [test]}),
    )
}

#[test]
fn promtool_accepts_the_rules_true_and_shortened() {
    with_settings(|settings| {
        let shortened = TimeScale::divided_by(NonZeroU32::new(240).unwrap());
        for scale in [TimeScale::TRUE, shortened] {
            let file = alerts::file(&Settings { scale, ..settings.clone() });
            promtool::check(&[("alerts.rules.yml", &file.text)]).unwrap();
        }
    });
}

#[test]
fn every_alert_has_a_scenario_and_every_scenario_an_alert() {
    let in_table: Vec<&str> = alerts::all().map(|(_, alert)| alert.name).collect();
    let scenarios = [system::scenarios(), data::scenarios(), model::scenarios()].concat_names();
    let names: BTreeSet<&str> = in_table.iter().copied().collect();
    assert_eq!(names.len(), in_table.len(), "names are unique");
    assert_eq!(names, scenarios);
    assert!(20 <= names.len());
}

/// The names of what several lists have.
trait ConcatNames {
    fn concat_names(&self) -> BTreeSet<&'static str>;
}

impl<const N: usize> ConcatNames for [Vec<Scenario>; N] {
    fn concat_names(&self) -> BTreeSet<&'static str> {
        self.iter().flatten().map(|scenario| scenario.alert).collect()
    }
}

#[test]
fn every_word_of_a_playbook_is_said() {
    for (_, alert) in alerts::all() {
        let (_, panel, shows) = alert.is_real;
        for text in [alert.question, alert.summary, panel, shows, alert.at_once, alert.cause] {
            assert!(!text.is_empty(), "{}", alert.name);
        }
        assert!(alert.question.ends_with('?'), "{}: {}", alert.name, alert.question);
        assert!(alert.name.starts_with("Driftline"), "{}", alert.name);
    }
}

#[test]
fn every_alert_names_a_panel_that_its_dashboard_has() {
    let dashboards = with_settings(dashboards::files);
    for (_, alert) in alerts::all() {
        let (dashboard, panel, _) = alert.is_real;
        let path = format!("grafana/{}.json", dashboard.uid());
        let file = dashboards.iter().find(|file| file.path == path);
        let text = &file.unwrap_or_else(|| panic!("there is no {path}")).text;
        let title = format!("\"title\": {panel:?}");
        assert!(text.contains(&title), "{}: {path} has no panel {panel:?}", alert.name);
    }
}
