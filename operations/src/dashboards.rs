//! Grafana dashboards as JSON models, ready for provisioning: one module per dashboard, each of which is a list of panels.
//! It asks no server and draws nothing.
//!
//! To add a panel, add an entry to the list of its dashboard. Its place on the grid follows from its size.

mod grid;
mod panel;
mod queries;
mod runbooks;
mod variables;
mod words;

mod data;
mod itself;
mod model;
mod overview;
mod serving;

use serde_json::{Value, json};

use self::{grid::Row, queries::Queries, variables::Variable};
use crate::{File, settings::Settings};

/// What every dashboard is tagged with; they link to each other by it.
const TAG: &str = "driftline";
/// The version of the JSON model: that of Grafana 10.0. Later versions of Grafana bring it up to date when they load it.
const SCHEMA_VERSION: u32 = 38;
/// How far back a dashboard looks at first, in seconds.
const RANGE_SECONDS: u64 = 3600;

/// A dashboard.
struct Dashboard {
    /// What its file and its address are called.
    name: &'static str,
    title: &'static str,
    /// What it answers.
    about: &'static str,
    /// Beside those that all dashboards have.
    variables: Vec<Variable>,
    rows: Vec<Row>,
}

/// All dashboards, as files below `grafana/`.
#[must_use]
pub fn files(settings: &Settings<'_>) -> Vec<File> {
    let queries = Queries::new(settings);
    [
        overview::dashboard(&queries),
        serving::dashboard(&queries),
        data::dashboard(&queries),
        model::dashboard(&queries),
        itself::dashboard(&queries),
    ]
    .into_iter()
    .map(|dashboard| dashboard.file(settings, &queries))
    .collect()
}

impl Dashboard {
    fn file(self, settings: &Settings<'_>, queries: &Queries) -> File {
        let uid = format!("{TAG}-{}", self.name);
        let path = format!("grafana/{uid}.json");
        let text = format!("{:#}\n", self.model(&uid, settings, queries));
        File { path, text }
    }

    fn model(self, uid: &str, settings: &Settings<'_>, queries: &Queries) -> Value {
        let Dashboard { title, about, variables, rows, .. } = self;
        let variables: Vec<Value> = variables::of_all(queries)
            .into_iter()
            .chain(variables)
            .map(|variable| variable.model())
            .collect();
        json!({
            "uid": uid,
            "title": format!("Driftline / {title}"),
            "description": about,
            "tags": [TAG],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": true,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": format!("now-{}", settings.scale.span(RANGE_SECONDS)), "to": "now"},
            "timezone": "browser",
            "annotations": {"list": []},
            "links": [{
                "type": "dashboards",
                "title": "Driftline",
                "tooltip": "The other dashboards of Driftline",
                "icon": "external link",
                "tags": [TAG],
                "asDropdown": false,
                "includeVars": true,
                "keepTime": true,
                "targetBlank": false,
            }],
            "templating": {"list": variables},
            "panels": grid::panels(rows, uid),
        })
    }
}

#[cfg(test)]
mod tests;
