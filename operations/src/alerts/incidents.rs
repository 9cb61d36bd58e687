//! Which domain an incident of a model lies in, as recording rules between the alerts of one domain and those of the next.
//! Prometheus evaluates a group rule by rule for one moment, so each rule sees the alerts before it as they are at that
//! moment. It decides nothing by what an alert is called, except by the lists that the table of alerts gives.
//!
//! | rule, by `model` | is 1 |
//! | --- | --- |
//! | `driftline:incident:system`, `:data`, `:model` | while an alert of that domain fires that opens incidents |
//! | `driftline:inhibited:data`, `:model` | while a domain before it has an incident, or is about to have one |
//! | `driftline:cause:data` | while an alert on data fires other than the one on what it does to quality |
//!
//! An alert that is inhibited stays so for as long after the incident as it looks back: the rows of those minutes are still
//! in what it judges. An alert that waits for its time to fire (`pending`) inhibits too, or the later domain would be named
//! first and the pager would ring twice; but it does not end an incident that is already open, as it may come to nothing.

use super::{
    Alert, Domain, Scope,
    expression::{ALERTS, Expressions, MODEL, PROXIES, series},
    recording,
};
use crate::{
    promql::equals,
    rules::{INTERVAL_SECONDS, Rule},
};
use driftline_labels::{LabelValue, Outcome};
use driftline_metrics::catalogue::{Label, Metric};

/// Which models each proxy serves, as its last scrape had them.
pub(super) const MODELS_OF_PROXIES: &str = "driftline:proxy:models";
/// The alert that carries a fall of quality while the data of a model have an incident.
pub(super) const CARRIES_QUALITY: &str = "DriftlineDataHurtsQuality";
/// A cause in the data of a model.
pub(super) const CAUSE: &str = "driftline:cause:data";

/// The name of the rule that is 1 while a model has an incident in this domain.
pub(super) fn incident(domain: Domain) -> String {
    format!("driftline:incident:{}", domain.name())
}

/// The name of the rule that is 1 while a domain before this one has an incident.
fn inhibition(domain: Domain) -> String {
    format!("driftline:inhibited:{}", domain.name())
}

/// The rule that says which models a proxy serves. While it cannot be scraped, or shows nothing of the filter, these are those
/// of before, as long as Prometheus knows the proxy.
pub(super) fn models_of_proxies(_: &Expressions<'_>) -> Rule {
    let served = series(Metric::Requests, &[equals(Label::Outcome, Outcome::Complete.word())]);
    recording(
        MODELS_OF_PROXIES.to_owned(),
        format!(
            "group by ({PROXIES}, {MODEL}) ({served})\n\
             or ({MODELS_OF_PROXIES} and on ({PROXIES}) group by ({PROXIES}) (up)\n  \
             unless on ({PROXIES}) group by ({PROXIES}) ({served}))"
        ),
    )
}

/// What an alert fires for, less what is inhibited.
pub(super) fn inhibited(
    domain: Domain,
    alert: &Alert,
    expression: &str,
    of: &Expressions<'_>,
) -> String {
    let window = of.span((alert.looks_back)(of));
    let over = |rule: &str| format!("max_over_time({rule}[{window}])");
    let by_system = over(&incident(Domain::System));
    let all = match domain {
        Domain::System => return expression.to_owned(),
        Domain::Data => vec![inhibition(domain), by_system],
        Domain::Model => vec![inhibition(domain), by_system, over(CAUSE)],
    };
    let unless = all.iter().map(|rule| match alert.scope {
        Scope::Model | Scope::Proxy => format!("\nunless on ({MODEL}) {rule}"),
        Scope::Fleet => format!("\nunless on () group({rule})"),
    });
    format!("({expression}){}", unless.collect::<String>())
}

/// After the alerts of the system.
pub(super) fn of_system(of: &Expressions<'_>) -> Vec<Rule> {
    let pending = in_state(&opening(Domain::System), State::Pending);
    let open = open_before(Domain::Data, of);
    vec![
        recording(incident(Domain::System), in_state(&opening(Domain::System), State::Firing)),
        recording(
            inhibition(Domain::Data),
            format!("{}\nor (({pending})\n  unless on ({MODEL}) {open})", incident(Domain::System)),
        ),
    ]
}

/// Before the alert on what data do to quality, and after all others on data.
pub(super) fn causes_in_data(_: &Expressions<'_>) -> String {
    let mut causes = opening(Domain::Data);
    causes.retain(|alert| alert.name != CARRIES_QUALITY);
    in_state(&causes, State::Firing)
}

/// After the alerts of the data.
pub(super) fn of_data(of: &Expressions<'_>) -> Vec<Rule> {
    let mut before = opening(Domain::System);
    before.extend(opening(Domain::Data));
    let pending = in_state(&before, State::Pending);
    let open = open_before(Domain::Model, of);
    vec![
        recording(incident(Domain::Data), in_state(&opening(Domain::Data), State::Firing)),
        recording(
            inhibition(Domain::Model),
            format!(
                "{}\nor {CAUSE}\nor (({pending})\n  unless on ({MODEL}) {open})",
                incident(Domain::System)
            ),
        ),
    ]
}

/// After the alerts of the model.
pub(super) fn of_model(_: &Expressions<'_>) -> Vec<Rule> {
    vec![recording(incident(Domain::Model), in_state(&opening(Domain::Model), State::Firing))]
}

/// What Prometheus says of an alert.
#[derive(Clone, Copy)]
enum State {
    Pending,
    Firing,
}

/// The alerts of a domain that open incidents.
fn opening(domain: Domain) -> Vec<&'static Alert> {
    domain.alerts().iter().filter(|alert| alert.opens_incident).collect()
}

/// The models with one of these alerts in this state: those that it names, or those that its proxy serves.
fn in_state(alerts: &[&Alert], state: State) -> String {
    let state = match state {
        State::Pending => "pending",
        State::Firing => "firing",
    };
    let of_scope = |scope: Scope| {
        let names: Vec<&str> =
            alerts.iter().filter(|alert| alert.scope == scope).map(|alert| alert.name).collect();
        (!names.is_empty()).then(|| {
            format!("{ALERTS}{{alertname=~\"{}\", alertstate=\"{state}\"}}", names.join("|"))
        })
    };
    let of_models = of_scope(Scope::Model).map(|alerts| format!("max by ({MODEL}) ({alerts})"));
    let of_proxies = of_scope(Scope::Proxy).map(|alerts| {
        format!("max by ({MODEL}) (\n  {MODELS_OF_PROXIES} and on ({PROXIES}) {alerts}\n)")
    });
    of_models.into_iter().chain(of_proxies).collect::<Vec<_>>().join("\nor ")
}

/// Models whose incident in this domain was open at the evaluation before.
fn open_before(domain: Domain, of: &Expressions<'_>) -> String {
    format!("last_over_time({}[{}])", incident(domain), of.span(2 * INTERVAL_SECONDS))
}
