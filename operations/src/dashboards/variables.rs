//! The variables of dashboards: what a reader chooses above the panels. It renders no panel.

use driftline_metrics::catalogue::{Label, Metric};
use serde_json::{Value, json};

use super::queries::{POD, POD_LABEL, Queries};
use crate::settings::Lookback;

/// The variable with the data source, which panels refer to.
pub(super) const DATA_SOURCE: &str = "datasource";
/// The variable with the folder of the runbooks.
pub(super) const RUNBOOKS: &str = "runbooks";
/// What a label of Prometheus' own is called that every target has.
pub(super) const INSTANCE: &str = "instance";

/// A variable.
pub(super) struct Variable {
    name: &'static str,
    label: &'static str,
    about: &'static str,
    choice: Choice,
}

/// What can be chosen.
enum Choice {
    /// A Prometheus.
    DataSource,
    /// Nothing: it is changed in the settings of the dashboard.
    Constant(String),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Any values of a label, or all.
    Values(String),
    /// One value of a label, at first this one.
    Value(String, Option<&'static str>),
}

/// The variables that all dashboards have.
pub(super) fn of_all(queries: &Queries) -> Vec<Variable> {
    let mut all = vec![
        Variable {
            name: DATA_SOURCE,
            label: "Prometheus",
            about: "The Prometheus that scrapes the proxies.",
            choice: Choice::DataSource,
        },
        Variable {
            name: Label::Model.name(),
            label: "Model",
            about: "The models that requests name; other is all that are not configured.",
            choice: Choice::Values(label_values(Metric::RequestsInFlight, Label::Model, &[])),
        },
    ];
    if queries.has_routes() {
        all.push(Variable {
            name: Label::Route.name(),
            label: "Route",
            about: "Routes of the proxy.",
            choice: Choice::Values(label_values(
                Metric::RequestsInFlight,
                Label::Route,
                &[Label::Model],
            )),
        });
    }
    all.extend([
        Variable {
            name: Label::Version.name(),
            label: "Version",
            about: "Versions of the models.",
            choice: Choice::Values(label_values(
                Metric::Predictions,
                Label::Version,
                &[Label::Model],
            )),
        },
        Variable {
            name: POD_LABEL,
            label: "Pods by",
            about: "The label that tells proxies apart: Kubernetes' pod, or the instance of any other target.",
            choice: Choice::OneOf(&[INSTANCE, "pod"]),
        },
        Variable {
            name: POD,
            label: "Pod",
            about: "The proxies.",
            choice: Choice::Values(format!(
                "label_values({}, ${POD_LABEL})",
                Metric::Evaluations.definition().name
            )),
        },
        Variable {
            name: RUNBOOKS,
            label: "Runbooks",
            about: "The folder of the runbooks, which panels link to.",
            choice: Choice::Constant(queries.runbooks().to_owned()),
        },
    ]);
    all
}

/// The feature that is looked at.
pub(super) fn feature() -> Variable {
    Variable {
        name: Label::Feature.name(),
        label: "Feature",
        about: "The feature whose bins are shown.",
        choice: Choice::Value(
            label_values(Metric::ReferenceBinRows, Label::Feature, &[Label::Model, Label::Version]),
            None,
        ),
    }
}

/// The measure of quality that is looked at.
pub(super) fn measure(first: &'static str) -> Variable {
    Variable {
        name: Label::Measure.name(),
        label: "Measure",
        about: "The measure of quality that is shown over time.",
        choice: Choice::Value(
            label_values(Metric::ReferenceQuality, Label::Measure, &[Label::Model, Label::Version]),
            Some(first),
        ),
    }
}

/// The version that others are compared with.
pub(super) fn baseline() -> Variable {
    Variable {
        name: "baseline",
        label: "Baseline",
        about: "The version that others are compared with.",
        choice: Choice::Value(compared("baseline"), None),
    }
}

/// The figure that is compared.
pub(super) fn figure() -> Variable {
    Variable {
        name: "figure",
        label: "Figure",
        about: "What the versions are compared by.",
        choice: Choice::Value(compared("figure"), None),
    }
}

/// The values of a label of the rules that compare versions.
fn compared(label: &str) -> String {
    let rule = format!("driftline:experiment:difference{}", Lookback::HOUR.name());
    format!("label_values({rule}{{{0}=~\"${0}\"}}, {label})", Label::Model.name())
}

/// The values that a label of a metric has, of what is chosen of these labels.
fn label_values(metric: Metric, label: Label, chosen: &[Label]) -> String {
    let matchers: Vec<String> =
        chosen.iter().map(|label| format!("{0}=~\"${0}\"", label.name())).collect();
    let selected = match matchers.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", matchers.join(", ")),
    };
    format!("label_values({}{selected}, {})", metric.definition().name, label.name())
}

impl Variable {
    pub(super) fn model(self) -> Value {
        let Variable { name, label, about, choice } = self;
        let mut model = json!({"name": name, "label": label, "description": about, "hide": 0});
        let more = match choice {
            Choice::DataSource => json!({
                "type": "datasource", "query": "prometheus", "refresh": 1, "regex": "",
                "multi": false, "includeAll": false, "options": [],
                "current": {"text": "default", "value": "default"},
            }),
            Choice::Constant(value) => json!({"type": "constant", "query": value, "hide": 2}),
            Choice::OneOf(values) => json!({
                "type": "custom",
                "query": values.join(","),
                "multi": false,
                "includeAll": false,
                "current": {"text": values[0], "value": values[0]},
                "options": values.iter().map(|value| {
                    json!({"text": value, "value": value, "selected": *value == values[0]})
                }).collect::<Vec<_>>(),
            }),
            Choice::Values(query) => of_prometheus(
                &query,
                json!({
                    "multi": true,
                    "includeAll": true,
                    // A label that a series does not have is empty, and belongs to all.
                    "allValue": ".*",
                    "current": {"text": ["All"], "value": ["$__all"]},
                }),
            ),
            Choice::Value(query, first) => of_prometheus(
                &query,
                match first {
                    Some(first) => json!({
                        "multi": false, "includeAll": false,
                        "current": {"text": first, "value": first},
                    }),
                    None => json!({"multi": false, "includeAll": false}),
                },
            ),
        };
        merge(&mut model, more);
        model
    }
}

fn of_prometheus(query: &str, more: Value) -> Value {
    let mut model = json!({
        "type": "query",
        "datasource": {"type": "prometheus", "uid": format!("${{{DATA_SOURCE}}}")},
        "query": {"query": query, "refId": "StandardVariableQuery"},
        "refresh": 2,
        "sort": 1,
        "regex": "",
    });
    merge(&mut model, more);
    model
}

/// Adds the members of one object to another one.
pub(super) fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
