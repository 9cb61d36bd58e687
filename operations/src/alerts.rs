//! Renders `prometheus/alerts.rules.yml`: what is worth waking or telling someone, each with its playbook, and which domain
//! an incident lies in. It spells no metric of the filter, and asks no Alertmanager for anything.
//!
//! Alerts of one domain stand in one file, `alerts/<domain>.rs`, each as one [`Alert`]: an alert more is an entry there, a
//! page in `docs/runbooks/`, and a scenario in `operations/tests/alerts/`.
//!
//! A model has an incident in one domain at a time, the first of system, data and model that explains the others. Which one
//! is decided by rules in the same group as the alerts: [`incidents`].

mod data;
mod expression;
mod incidents;
mod model;
mod playbook;
mod system;
mod verdicts;

use std::collections::BTreeMap;

use self::expression::Expressions;
pub use self::playbook::{index, runbook_head};
use crate::{
    File,
    rules::{self, Group, INTERVAL_SECONDS, Recording, Rule, RuleFile},
    settings::Settings,
};

/// What an incident lies in. Each explains those that come after it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Domain {
    /// Proxies, the network, model servers, and the filter itself.
    System,
    /// What reaches the model, and the labels that come later.
    Data,
    /// The model itself.
    Model,
}

impl Domain {
    /// All of them, in the order in which they explain each other.
    pub const ALL: [Domain; 3] = [Domain::System, Domain::Data, Domain::Model];

    /// The value of the label `domain`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Domain::System => "system",
            Domain::Data => "data",
            Domain::Model => "model",
        }
    }

    /// The alerts of this domain, in the order in which they are evaluated.
    #[must_use]
    pub const fn alerts(self) -> &'static [Alert] {
        match self {
            Domain::System => system::ALERTS,
            Domain::Data => data::ALERTS,
            Domain::Model => model::ALERTS,
        }
    }
}

/// How soon someone must look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// Now, at night too: users are harmed.
    Page,
    /// In working hours.
    Ticket,
    /// When there is time.
    Info,
}

impl Severity {
    /// The value of the label `severity`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Page => "page",
            Severity::Ticket => "ticket",
            Severity::Info => "info",
        }
    }
}

/// What each series of an alert is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// A model: it has the label `model`.
    Model,
    /// A proxy, with the labels `job` and `instance`. Its incident is one of all models that the proxy serves.
    Proxy,
    /// All proxies together.
    Fleet,
}

/// A dashboard of `grafana/`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dashboard {
    /// The three questions on one screen.
    Overview,
    /// Golden signals, first tokens, tokens.
    Serving,
    /// Features, nulls, the schema.
    Data,
    /// Quality, detectors, KPIs, labels.
    Model,
    /// What the filter reads, costs and lacks.
    Itself,
}

impl Dashboard {
    /// Its `uid` in Grafana.
    #[must_use]
    pub const fn uid(self) -> &'static str {
        match self {
            Dashboard::Overview => "driftline-overview",
            Dashboard::Serving => "driftline-serving",
            Dashboard::Data => "driftline-data",
            Dashboard::Model => "driftline-model",
            Dashboard::Itself => "driftline-itself",
        }
    }
}

/// Writes an expression.
type Expression = fn(&Expressions<'_>) -> String;

/// An alert and its playbook. Its domain is that of the file that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Alert {
    /// Its name in Prometheus, and that of its runbook.
    pub name: &'static str,
    /// How soon someone must look.
    pub severity: Severity,
    /// What each of its series is about.
    pub scope: Scope,
    /// Whether it makes an incident of its domain, which inhibits the alerts of the domains after it. One that does not may
    /// fire for weeks and explains nothing.
    pub opens_incident: bool,
    /// What it answers, for the index of runbooks.
    pub question: &'static str,
    /// Recording rules that it alone needs, right before it: names and expressions.
    needs: &'static [(&'static str, Expression)],
    /// The expression, without what inhibits it.
    expression: Expression,
    /// How far back the expression looks, in seconds: for this long after an incident in a domain before it, rows of that
    /// incident are still looked at.
    looks_back: fn(&Expressions<'_>) -> u64,
    /// For how long the expression must hold before it fires, in seconds.
    pub for_seconds: u64,
    /// For how long it fires afterwards, in seconds. Only alerts of the system have this: nothing would end it when an
    /// incident in a domain before its own begins.
    pub keep_firing_seconds: u64,
    /// What happened, in one sentence. Templates of Prometheus are filled in.
    pub summary: &'static str,
    /// Where to look to see whether it is real: a dashboard, its panel, and what that shows if it is.
    pub is_real: (Dashboard, &'static str, &'static str),
    /// What to do at once.
    pub at_once: &'static str,
    /// Where to look for the cause.
    pub cause: &'static str,
}

const HEAD: &str = "\
# Generated by `driftline render`; the alerts are those of operations/src/alerts/.
#
# Each alert says in its annotations whether it is real, what to do at once and where to look for the cause, and links its
# runbook. A model has an incident in one domain at a time: one of the system inhibits the alerts of data and model, one of
# data inhibits those of the model, while it lasts and for as long as its rows are looked at. For Prometheus 2.42 or later.
";

/// `prometheus/alerts.rules.yml`.
#[must_use]
pub fn file(settings: &Settings<'_>) -> File {
    let of = Expressions::new(settings);
    let rules = [
        vec![incidents::models_of_proxies(&of)],
        rules_of(Domain::System, &of),
        incidents::of_system(&of),
        rules_of(Domain::Data, &of),
        incidents::of_data(&of),
        rules_of(Domain::Model, &of),
        incidents::of_model(&of),
    ];
    let rules = rules.into_iter().flatten().collect();
    let group = Group::new("driftline_alerts", INTERVAL_SECONDS, rules, settings);
    rules::file("alerts", RuleFile { groups: vec![group] }.text(HEAD))
}

/// Every alert with its domain.
pub fn all() -> impl Iterator<Item = (Domain, &'static Alert)> {
    let of_domain = |domain: Domain| domain.alerts().iter().map(move |alert| (domain, alert));
    Domain::ALL.into_iter().flat_map(of_domain)
}

/// The rules of all alerts of a domain.
fn rules_of(domain: Domain, of: &Expressions<'_>) -> Vec<Rule> {
    domain.alerts().iter().flat_map(|alert| alert.rules(domain, of)).collect()
}

impl Alert {
    /// What most alerts have in common. The rest has no default.
    const USUAL: Alert = Alert {
        name: "",
        severity: Severity::Ticket,
        scope: Scope::Model,
        opens_incident: true,
        question: "",
        needs: &[],
        expression: |_| String::new(),
        looks_back: |of| of.drift_window(),
        for_seconds: 0,
        keep_firing_seconds: 0,
        summary: "",
        is_real: (Dashboard::Overview, "", ""),
        at_once: "",
        cause: "",
    };

    /// What it fires for, with what inhibits it.
    #[must_use]
    pub fn expression(&self, domain: Domain, settings: &Settings<'_>) -> String {
        self.inhibited(domain, &Expressions::new(settings))
    }

    fn inhibited(&self, domain: Domain, of: &Expressions<'_>) -> String {
        let expression = (self.expression)(of);
        incidents::inhibited(domain, self, &expression, of)
    }

    /// The alert, and before it the rules that it alone needs.
    fn rules(&self, domain: Domain, of: &Expressions<'_>) -> Vec<Rule> {
        let needs = self.needs.iter();
        let mut rules: Vec<Rule> =
            needs.map(|(name, expr)| recording((*name).to_owned(), expr(of))).collect();
        rules.push(Rule::Alert(rules::Alert {
            alert: self.name,
            expr: self.inhibited(domain, of),
            r#for: of.span_or_none(self.for_seconds),
            keep_firing_for: (self.keep_firing_seconds != 0)
                .then(|| of.span(self.keep_firing_seconds)),
            labels: [("severity", self.severity.name()), ("domain", domain.name())]
                .map(|(label, value)| (label, value.to_owned()))
                .into(),
            annotations: self.annotations(domain, of),
        }));
        rules
    }

    fn annotations(&self, domain: Domain, of: &Expressions<'_>) -> BTreeMap<&'static str, String> {
        let (dashboard, panel, shows) = self.is_real;
        [
            ("summary", self.summary.to_owned()),
            ("is_real", format!("{}, panel \"{panel}\": {shows}", dashboard.uid())),
            ("which_domain", self.which_domain(domain).to_owned()),
            ("at_once", self.at_once.to_owned()),
            ("cause", self.cause.to_owned()),
            ("dashboard", dashboard.uid().to_owned()),
            ("runbook_url", format!("{}/{}.md", of.runbooks(), self.name)),
        ]
        .into()
    }

    /// What its domain means for the other alerts of the model.
    fn which_domain(&self, domain: Domain) -> &'static str {
        match (domain, self.opens_incident) {
            (Domain::System, true) => {
                "system: while it fires, alerts on data and model are inhibited, because they may be its effects."
            }
            (Domain::Data, true) => {
                "data: no incident of the system explains it. While it fires, alerts on the model are inhibited."
            }
            (Domain::Model, true) => "model: no incident of the system or of the data explains it.",
            (Domain::System, false) => "system, but no incident: it inhibits no other alert.",
            (Domain::Data, false) => "data, but no incident: it inhibits no other alert.",
            (Domain::Model, false) => "model, but no incident.",
        }
    }
}

/// A recording rule of incidents.
fn recording(record: String, expr: String) -> Rule {
    Rule::Recording(Recording { record, expr, labels: BTreeMap::new() })
}
