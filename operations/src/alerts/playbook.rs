//! What of the runbooks is generated: the head of each page, and the index. The five steps of a page are written by hand.

use std::fmt::Write;

use super::{Alert, Domain, Scope, all};
use crate::settings::Settings;

/// The first lines of a runbook after its title: what the alert is, and what it fires for.
#[must_use]
pub fn runbook_head(domain: Domain, alert: &Alert, settings: &Settings<'_>) -> String {
    let (dashboard, panel, shows) = alert.is_real;
    let mut text = format!("{}\n\n| | |\n| --- | --- |\n", alert.question);
    let about = match alert.scope {
        Scope::Model => "a model",
        Scope::Proxy => "a proxy (`instance`)",
        Scope::Fleet => "all proxies",
    };
    let _ = writeln!(text, "| domain | {} |", domain.name());
    let _ = writeln!(text, "| severity | {} |", alert.severity.name());
    let _ = writeln!(text, "| is about | {about} |");
    let _ = writeln!(text, "| inhibits | {} |", alert.inhibits(domain));
    let _ = writeln!(text, "| fires after | {} |", settings.scale.span(alert.for_seconds));
    let _ = writeln!(text, "| look at | `{}`, panel \"{panel}\": {shows} |", dashboard.uid());
    let _ = writeln!(text, "| at once | {} |", alert.at_once);
    let expression = alert.expression(domain, settings);
    let _ = write!(text, "\n```promql\n{expression}\n```\n");
    text
}

/// The table of `docs/runbooks/README.md`.
#[must_use]
pub fn index() -> String {
    let mut text =
        String::from("| alert | domain | severity | question |\n| --- | --- | --- | --- |\n");
    for (domain, Alert { name, severity, question, .. }) in all() {
        let (domain, severity) = (domain.name(), severity.name());
        let _ = writeln!(text, "| [{name}]({name}.md) | {domain} | {severity} | {question} |");
    }
    text
}

impl Alert {
    fn inhibits(&self, domain: Domain) -> &'static str {
        match domain {
            _ if !self.opens_incident => "nothing",
            Domain::System => "alerts on data and model",
            Domain::Data => "alerts on the model",
            Domain::Model => "nothing: it is the last domain",
        }
    }
}
