//! Rules for Prometheus: what a recording rule, an alert and a group are, and one module per subject. It evaluates none.
//!
//! All rules of a subject are one group: Prometheus evaluates a group rule by rule for one moment, but groups at moments
//! of their own.

pub mod data;
pub mod drift;
pub mod experiment;
pub(crate) mod over;
pub mod pods;
pub mod quality;
pub mod serving;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{File, settings::Settings, yaml};

/// The files of recording rules, one for each subject.
#[must_use]
pub fn files(settings: &Settings<'_>) -> Vec<File> {
    let subjects = [
        ("serving", serving::render(settings)),
        ("data", data::render(settings)),
        ("drift", drift::render(settings)),
        ("quality", quality::render(settings)),
        ("experiment", experiment::render(settings)),
        ("pods", pods::render(settings)),
    ];
    subjects.into_iter().map(|(subject, text)| file(subject, text)).collect()
}

/// Where the rules of a subject lie.
pub(crate) fn file(subject: &str, text: String) -> File {
    File { path: format!("prometheus/{subject}.rules.yml"), text }
}

/// How often rules are evaluated.
pub(crate) const INTERVAL_SECONDS: u64 = 60;

/// A file of rules.
#[derive(Clone, Debug, Serialize)]
pub struct RuleFile {
    /// Evaluated side by side.
    pub groups: Vec<Group>,
}

/// Rules that are evaluated one after another for the same moment.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// Unique within a file.
    pub name: String,
    /// How often, as a span of time.
    pub interval: String,
    /// In the order in which they need each other.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Rule {
    /// Keeps the value of an expression as series.
    Recording(Recording),
    /// Fires for each sample of an expression.
    Alert(Alert),
}

/// A recording rule.
#[derive(Clone, Debug, Serialize)]
pub struct Recording {
    /// The name of the series.
    pub record: String,
    /// PromQL.
    pub expr: String,
    /// Labels that are set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<&'static str, String>,
}

/// A rule that alerts.
#[derive(Clone, Debug, Serialize)]
pub struct Alert {
    /// Its name.
    pub alert: &'static str,
    /// PromQL.
    pub expr: String,
    /// How long a sample must be there before it fires, as a span of time.
    pub r#for: String,
    /// How long it fires when the sample is gone, as a span of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_firing_for: Option<String>,
    /// Labels that are set.
    pub labels: BTreeMap<&'static str, String>,
    /// Texts for people.
    pub annotations: BTreeMap<&'static str, String>,
}

/// A recording rule whose name begins with `driftline:`.
pub(crate) fn rule(record: &str, expr: String) -> Rule {
    let record = format!("driftline:{record}");
    Rule::Recording(Recording { record, expr, labels: BTreeMap::new() })
}

/// The same with labels that are set. An empty value is no label.
pub(crate) fn with_labels<const N: usize>(rule: Rule, labels: [(&'static str, String); N]) -> Rule {
    match rule {
        Rule::Recording(mut recording) => {
            let said = labels.into_iter().filter(|(_, value)| !value.is_empty());
            recording.labels.extend(said);
            Rule::Recording(recording)
        }
        alert @ Rule::Alert(_) => alert,
    }
}

impl Group {
    /// Rules that are evaluated together, each time that so many true seconds have passed.
    pub(crate) fn new(
        name: &str,
        seconds: u64,
        rules: Vec<Rule>,
        settings: &Settings<'_>,
    ) -> Group {
        Group { name: name.to_owned(), interval: settings.scale.span(seconds), rules }
    }
}

impl RuleFile {
    /// Its text, after these lines of comment.
    #[must_use]
    pub fn text(&self, head: &str) -> String {
        [head, &yaml::document(self)].concat()
    }
}
