//! What an alert must do, whatever it is: fire on its fault, stay silent in health, and yield to incidents before its
//! domain. It knows no series of any alert.

use driftline_operations::alerts::{self, Alert, Domain, Scope};
use serde_json::{Value, json};

use crate::{
    promtool,
    series::{Course, Series, counter, gauge, recorded},
    with_settings,
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

    /// Has promtool carry it out, in health and fault and with all that may befall a proxy meanwhile.
    pub(crate) fn carry_out(&self) -> Result<(), String> {
        let found = alerts::all().find(|(_, alert)| alert.name == self.alert);
        let (domain, alert) = found.unwrap_or_else(|| panic!("{} is in the table", self.alert));
        let mut tests = self.in_fault(domain, alert);
        tests.extend(self.in_health());
        tests.extend(self.inhibited(domain, alert));
        let rules = with_settings(|settings| alerts::file(settings).text);
        promtool::test(&rules, &tests).map_err(|said| format!("{}: {said}", self.alert))
    }

    /// It fires in time, not before, and ends; whether gauges are doubled or counters begin anew while it begins.
    fn in_fault(&self, domain: Domain, alert: &Alert) -> Vec<Value> {
        let deadline = self.deadline();
        let ends = deadline + 5;
        let fault =
            Course { fault: self.onset..ends, ..Course::of_health(ends + self.recovery + 1) };
        let doubled =
            Course { doubled: deadline.saturating_sub(13)..deadline + 1, ..fault.clone() };
        let reset = Course { reset: Some(deadline - 1), ..fault.clone() };
        let mut checks = vec![
            never(self.alert, self.onset),
            expect(&format!("group({})", firing(self.alert, self.labels)), deadline, Some(1.0)),
            expect(&format!("group({})", firing(self.alert, "")), ends + self.recovery, None),
            one_domain(ends),
        ];
        if alert.opens_incident && alert.scope != Scope::Fleet {
            let incident = format!("group(driftline:incident:{}{{model=\"rain\"}})", domain.name());
            checks.push(expect(&incident, deadline + 1, Some(1.0)));
        }
        [
            ("in a fault", fault),
            ("with doubled gauges", doubled),
            ("with counters that begin anew", reset),
        ]
        .map(|(name, course)| self.test(name, &course, &[], &checks))
        .into()
    }

    /// It never fires, whatever befalls the proxy.
    fn in_health(&self) -> Vec<Value> {
        let (deadline, end) = (self.deadline(), self.deadline() + 6);
        let health = Course::of_health(end);
        let doubled = deadline.saturating_sub(13)..deadline + 1;
        let mut courses = vec![
            ("in health", health.clone()),
            ("in health with doubled gauges", Course { doubled, ..health.clone() }),
            ("in health with a restart", Course { reset: Some(deadline - 1), ..health.clone() }),
            ("of a proxy that has just begun", Course { begins: deadline - 3, ..health.clone() }),
        ];
        if !self.is_silence {
            courses.push(("without traffic", Course { silence: self.onset, ..health }));
        }
        courses
            .into_iter()
            .map(|(name, course)| self.test(name, &course, &[], &[never(self.alert, end)]))
            .collect()
    }

    /// The same fault during an incident of each domain before its own, which then is the one that is named.
    fn inhibited(&self, domain: Domain, alert: &Alert) -> Vec<Value> {
        let deadline = self.deadline();
        let course =
            Course { fault: self.onset - 10..deadline + 6, ..Course::of_health(deadline + 6) };
        let before = Domain::ALL.into_iter().filter(|before| *before < domain);
        before
            .map(|before| {
                let incident =
                    format!("group(driftline:incident:{}{{model=\"rain\"}})", before.name());
                let mut checks = vec![
                    expect(&incident, deadline, Some(1.0)),
                    never(self.alert, deadline),
                    one_domain(deadline),
                ];
                if alert.scope == Scope::Model {
                    let own = format!("driftline:incident:{}{{model=\"rain\"}}", domain.name());
                    checks.push(expect(&own, deadline, None));
                }
                let name = format!("during an incident of the {}", before.name());
                self.test(&name, &course, &incident_of(before), &checks)
            })
            .collect()
    }

    fn test(&self, name: &str, course: &Course, others: &[Series], checks: &[Value]) -> Value {
        let series: Vec<Value> =
            self.series.iter().chain(others).map(|series| course.input(series)).collect();
        json!({
            "name": format!("{} {name}", self.alert),
            "interval": "1m",
            "input_series": series,
            "promql_expr_test": checks,
        })
    }
}

/// Series of an incident in this domain that lasts as long as the fault.
pub(crate) fn incident_of(domain: Domain) -> Vec<Series> {
    match domain {
        Domain::System => {
            let burns = |lookback: &str| {
                let name = format!(
                    "driftline:slo:burn_rate{lookback}{{slo=\"availability\", model=\"rain\", pod=\"incident\"}}"
                );
                recorded(&name, 0.0, 20.0)
            };
            let failures =
                r#"driftline_requests_total{model="rain", outcome="error_status", pod="incident"}"#;
            vec![burns("1h"), burns("5m"), counter(failures, 1.0, 1.0)]
        }
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
pub(crate) fn never(alert: &str, until: usize) -> Value {
    expect(&format!("group(last_over_time({}[{until}m]))", firing(alert, "")), until, None)
}

/// No model has had incidents in two domains at once until then.
pub(crate) fn one_domain(until: usize) -> Value {
    let two = "count by (model) ({__name__=~\"driftline:incident:.+\"}) > 1";
    expect(&format!("count_over_time(({two})[{until}m:1m])"), until, None)
}

/// What an expression must give at this minute: this value without labels, or nothing.
pub(crate) fn expect(expression: &str, minute: usize, value: Option<f64>) -> Value {
    let samples: Vec<Value> =
        value.map(|value| json!({"labels": "{}", "value": value})).into_iter().collect();
    json!({"expr": expression, "eval_time": format!("{minute}m"), "exp_samples": samples})
}
