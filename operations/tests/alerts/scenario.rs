//! What an alert must do, whatever it is: fire on its fault, stay silent in health, and yield to incidents before its
//! domain. It knows no series of any alert.

use driftline_operations::alerts::{self, Alert, Domain, Scope};
use serde_json::{Value, json};

use crate::{
    series::{Case, Course, Series, burns, gauge},
    tested,
};

/// A fault that an alert is for.
pub(crate) struct Scenario {
    /// The alert.
    pub(crate) alert: &'static str,
    /// What it needs to know.
    pub(crate) series: Vec<Series>,
    /// When the fault begins, in minutes: after as much health as the alert looks back on.
    pub(crate) onset: usize,
    /// How many minutes later it fires at the latest.
    pub(crate) within: usize,
    /// How many minutes after the fault it has ended.
    pub(crate) recovery: usize,
    /// Labels that it must have.
    pub(crate) labels: &'static str,
    /// Whether the fault is that nothing is counted any more.
    pub(crate) is_silence: bool,
}

/// A scenario with what most have in common.
pub(crate) fn scenario(alert: &'static str, within: usize, series: Vec<Series>) -> Scenario {
    let labels = r#"model="rain""#;
    Scenario { alert, series, onset: 75, within, recovery: 45, labels, is_silence: false }
}

impl Scenario {
    /// With this much health before the fault, in minutes.
    pub(crate) fn after(self, onset: usize) -> Scenario {
        Scenario { onset, ..self }
    }

    pub(crate) fn with_labels(self, labels: &'static str) -> Scenario {
        Scenario { labels, ..self }
    }

    pub(crate) fn of_silence(self) -> Scenario {
        Scenario { is_silence: true, ..self }
    }

    pub(crate) fn recovers_within(self, recovery: usize) -> Scenario {
        Scenario { recovery, ..self }
    }

    /// When it must fire.
    fn deadline(&self) -> usize {
        self.onset + self.within
    }

    /// The cases of it: in health and in a fault, with all that may befall a proxy meanwhile.
    fn cases(&self) -> Vec<Happening<'_>> {
        let found = alerts::all().find(|(_, alert)| alert.name == self.alert);
        let (domain, alert) = found.unwrap_or_else(|| panic!("{} is in the table", self.alert));
        let mut cases = self.in_fault(domain, alert);
        cases.extend(self.in_health(alert));
        cases.extend(self.inhibited(domain, alert));
        cases
    }

    /// It fires in time, not before, and ends; whether gauges are doubled or counters begin anew while it begins.
    fn in_fault(&self, domain: Domain, alert: &Alert) -> Vec<Happening<'_>> {
        let deadline = self.deadline();
        let ends = deadline + 5;
        let end = ends + self.recovery;
        let fault = Course { fault: self.onset..ends, ..Course::of_health(end + 1) };
        let doubled =
            Course { doubled: deadline.saturating_sub(13)..deadline + 1, ..fault.clone() };
        let reset = Course { reset: Some(deadline - 1), ..fault.clone() };
        let any = subject(alert);
        let mut checks = vec![
            never(self.alert, any, self.onset),
            fires(self.alert, &format!("{}, {}", self.labels, summarised(alert)), deadline),
            is_silent(self.alert, any, end),
            one_domain("model=\"rain\"", end),
        ];
        if alert.opens_incident && alert.scope != Scope::Fleet {
            checks.push(incident(domain, deadline + 1, Some(1.0)));
        }
        [("fault", fault), ("doubled", doubled), ("reset", reset)]
            .map(|(name, course)| self.case(name, course, vec![], checks.clone()))
            .into()
    }

    /// It never fires, whatever befalls the proxy.
    fn in_health(&self, alert: &Alert) -> Vec<Happening<'_>> {
        let (deadline, end) = (self.deadline(), self.deadline() + 6);
        let health = Course::of_health(end);
        let doubled = deadline.saturating_sub(13)..deadline + 1;
        let mut courses = vec![
            ("health", health.clone()),
            ("health-doubled", Course { doubled, ..health.clone() }),
            ("health-reset", Course { reset: Some(deadline - 1), ..health.clone() }),
            ("just-begun", Course { begins: deadline - 3, ..health.clone() }),
        ];
        if !self.is_silence {
            courses.push(("no-traffic", Course { silence: self.onset, ..health }));
        }
        let check = never(self.alert, subject(alert), end);
        let case = |(name, course)| self.case(name, course, vec![], vec![check.clone()]);
        courses.into_iter().map(case).collect()
    }

    /// The same fault during an incident of each domain before its own, which then is the one that is named.
    fn inhibited(&self, domain: Domain, alert: &Alert) -> Vec<Happening<'_>> {
        let deadline = self.deadline();
        let fault = self.onset - 10..deadline + 6;
        let course = Course { fault, ..Course::of_health(deadline + 6) };
        let before = Domain::ALL.into_iter().filter(|before| *before < domain);
        before
            .map(|before| {
                let mut checks = vec![
                    incident(before, deadline, Some(1.0)),
                    never(self.alert, subject(alert), deadline),
                    one_domain("model=\"rain\"", deadline),
                ];
                if alert.scope == Scope::Model {
                    checks.push(incident(domain, deadline, None));
                }
                self.case(before.name(), course.clone(), incident_of(before), checks)
            })
            .collect()
    }

    fn case(
        &self,
        name: &'static str,
        course: Course,
        others: Vec<Series>,
        checks: Vec<Value>,
    ) -> Happening<'_> {
        Happening { scenario: self, name, course, others, checks }
    }
}

/// A scenario as it happens once.
struct Happening<'s> {
    scenario: &'s Scenario,
    name: &'static str,
    course: Course,
    /// What else there is.
    others: Vec<Series>,
    checks: Vec<Value>,
}

/// Has promtool carry out scenarios: all cases of those that are short at once, and longer ones and those of the whole fleet
/// by themselves. Says of all that fail what promtool said.
#[track_caller]
pub(crate) fn carry_out(scenarios: &[Scenario]) {
    let mut together = Vec::new();
    let mut apart: Vec<Vec<Happening<'_>>> = Vec::new();
    for scenario in scenarios {
        let is_of_fleet = alerts::all()
            .any(|(_, alert)| alert.name == scenario.alert && alert.scope == Scope::Fleet);
        let cases = scenario.cases();
        match scenario.deadline() {
            _ if is_of_fleet => apart.extend(cases.into_iter().map(|case| vec![case])),
            0..200 => together.extend(cases),
            _ => apart.push(cases),
        }
    }
    apart.push(together);
    let failed: Vec<String> =
        apart.iter().filter_map(|cases| tested("1m", &test(cases)).err()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// One test of promtool for several cases.
fn test(cases: &[Happening<'_>]) -> Value {
    let (mut series, mut checks) = (Vec::new(), Vec::new());
    for (number, Happening { scenario, name, course, others, checks: own }) in
        cases.iter().enumerate()
    {
        let case = Case(format!("-{number}-{}-{name}", scenario.alert));
        let all = scenario.series.iter().chain(others);
        series.extend(all.map(|series| course.input(series, &case)));
        checks.extend(own.iter().map(|check| {
            let mut check = check.clone();
            let expression = check["expr"].as_str().map(|expression| case.own(expression));
            check["expr"] = expression.into();
            check
        }));
    }
    json!({"interval": "1m", "input_series": series, "promql_expr_test": checks})
}

/// Matchers of the labels that the summary of an alert names: each has a value, or the summary has a hole.
fn summarised(alert: &Alert) -> String {
    let names = alert.summary.split("$labels.").skip(1);
    let names = names.filter_map(|rest| rest.split_once(' ').map(|(name, _)| name));
    // A version and a bin may be empty; what a sentence is about may not.
    names.map(|name| format!("{name}!=\"\"")).collect::<Vec<_>>().join(", ")
}

/// What the series of an alert have in common in one case.
fn subject(alert: &Alert) -> &'static str {
    match alert.scope {
        Scope::Model => "model=\"rain\"",
        Scope::Proxy => "instance=\"a:9901\"",
        Scope::Fleet => "",
    }
}

fn incident(domain: Domain, minute: usize, value: Option<f64>) -> Value {
    let name = domain.name();
    expect(&format!("group(driftline:incident:{name}{{model=\"rain\"}})"), minute, value)
}

/// Series of an incident in this domain that lasts as long as the fault.
pub(crate) fn incident_of(domain: Domain) -> Vec<Series> {
    match domain {
        Domain::System => burns("availability", ["1h", "5m"], 20.0)
            .into_iter()
            .map(|series| series.of_pod("incident"))
            .collect(),
        Domain::Data => vec![gauge(
            r#"driftline_feature_verdict{model="rain", role="feature", feature="other", window="fast", verdict="drift", pod="incident"}"#,
            0.0,
            1.0,
        )],
        Domain::Model => vec![gauge(
            r#"driftline_quality_verdict{model="rain", window="fast", verdict="drift", pod="incident"}"#,
            0.0,
            1.0,
        )],
    }
}

/// A selector of an alert that fires.
pub(crate) fn firing(alert: &str, labels: &str) -> String {
    format!("ALERTS{{alertname=\"{alert}\", alertstate=\"firing\", {labels}}}")
}

/// The alert has not fired until then.
pub(crate) fn never(alert: &str, labels: &str, until: usize) -> Value {
    expect(&format!("group(last_over_time({}[{until}m]))", firing(alert, labels)), until, None)
}

pub(crate) fn fires(alert: &str, labels: &str, minute: usize) -> Value {
    expect(&format!("group({})", firing(alert, labels)), minute, Some(1.0))
}

pub(crate) fn is_silent(alert: &str, labels: &str, minute: usize) -> Value {
    expect(&format!("group({})", firing(alert, labels)), minute, None)
}

/// No model with these labels has had incidents in two domains at once until then.
pub(crate) fn one_domain(labels: &str, until: usize) -> Value {
    let incidents = format!("{{__name__=~\"driftline:incident:.+\", {labels}}}");
    let two = format!("count by (model) ({incidents}) > 1");
    expect(&format!("count_over_time(({two})[{until}m:1m])"), until, None)
}

/// What an expression must give at this minute: this value without labels, or nothing.
pub(crate) fn expect(expression: &str, minute: usize, value: Option<f64>) -> Value {
    let samples: Vec<Value> =
        value.map(|value| json!({"labels": "{}", "value": value})).into_iter().collect();
    json!({"expr": expression, "eval_time": format!("{minute}m"), "exp_samples": samples})
}
