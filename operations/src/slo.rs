//! Service level objectives: how many events were bad, how fast that burns the budget, and what is left of it. It promises
//! nothing by itself: [`Objectives`] do.
//!
//! Events and bad ones are counted over five minutes, model by model, and longer windows are made of these counts. So thirty
//! days read one series each, whatever pods came and went, and an hour with twice the traffic counts twice.
//!
//! A budget is burnt at a rate of 1 if it lasts exactly thirty days. Alerts ask for a rate over a long window, so that a
//! short burst is none, and over a short one, so that they end soon after it: B. Beyer and others, "The Site Reliability
//! Workbook" (2018), chapter 5.

mod events;

use driftline_labels::labels;
use driftline_metrics::catalogue::Label;

use crate::{
    File,
    objectives::{Objectives, QualityBudget},
    promql::selected,
    rules::{self, Group, INTERVAL_SECONDS, Rule, RuleFile, over::Over, rule, with_labels},
    settings::{Lookback, Settings},
};

labels! {
    /// What is promised.
    pub enum Slo {
        /// Requests are answered.
        Availability = "availability",
        /// Streamed answers begin in time.
        Ttft = "ttft",
        /// Streamed answers flow.
        Tpot = "tpot",
        /// Timestamps among the features are new.
        Freshness = "freshness",
        /// Predictions are right.
        Quality = "quality",
        /// Predictions get labels.
        Labels = "labels",
    }
}

labels! {
    /// What an alert asks of people.
    pub enum Severity {
        /// To look at once.
        Page = "page",
        /// To look on the next working day.
        Ticket = "ticket",
    }
}

/// The label that tells objectives apart.
pub const SLO: &str = "slo";

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Over what events are counted.
const BASE: Lookback = Lookback::NOW;
/// Over what bad events are set against all, beside [`BASE`].
const WINDOWS: [u64; 3] = [30 * MINUTE, HOUR, 6 * HOUR];
/// The same, less often: they change slowly.
const LONG_WINDOWS: [u64; 2] = [3 * DAY, PERIOD];
/// What a budget is for.
const PERIOD: u64 = 30 * DAY;
/// How often long windows are evaluated: a sample holds for five minutes, and two of these must fit.
const LONG_INTERVAL_SECONDS: u64 = 2 * MINUTE;
/// A reference without an error still allows this share of wrong rows.
const BUDGET_MIN: f64 = 0.001;

const HEAD: &str = "\
# Generated from the catalogue of metrics, the objectives and the profiles of a configuration: operations/src/slo.rs.
#
# Service level objectives of each model over all pods together, for Prometheus 2.42 or later: bad events as a share of all,
# burn rates, and what is left of the budget of thirty days. Without traffic there is no sample. See
# docs/reading-metrics.md.
";

/// A long and a short window, and how fast a budget must burn over both to alert.
struct Burn {
    long: u64,
    short: u64,
    factor: f64,
}

impl Severity {
    /// 2 % of the budget within an hour or 5 % within six hours is a page, 10 % within three days is a ticket.
    const fn burns(self) -> &'static [Burn] {
        match self {
            Severity::Page => &[
                Burn { long: HOUR, short: 5 * MINUTE, factor: 14.4 },
                Burn { long: 6 * HOUR, short: 30 * MINUTE, factor: 6.0 },
            ],
            Severity::Ticket => &[Burn { long: 3 * DAY, short: 6 * HOUR, factor: 1.0 }],
        }
    }
}

impl Objectives {
    /// Which are promised.
    pub fn promised(&self) -> impl Iterator<Item = Slo> {
        Slo::ALL.into_iter().filter(|slo| match slo {
            Slo::Availability => self.availability.is_some(),
            Slo::Ttft => self.ttft.is_some(),
            Slo::Tpot => self.tpot.is_some(),
            Slo::Freshness => self.freshness.is_some(),
            Slo::Quality => self.quality.is_some(),
            Slo::Labels => self.labels.is_some(),
        })
    }
}

/// The file of their rules.
#[must_use]
pub fn file(settings: &Settings<'_>) -> File {
    let base = Over { lookback: BASE, scale: settings.scale };
    let mut rules = events::constants(settings);
    for slo in settings.objectives.promised() {
        let of_slo = events::rules(slo, settings);
        rules.extend(base.rules(of_slo.into_iter().map(|rule| of(slo, rule)).collect()));
    }
    for slo in settings.objectives.promised() {
        rules.extend(base.rules(vec![of(slo, rule("slo:budget", budget(slo, settings)))]));
    }
    rules.extend(
        base.rules(vec![ratio("driftline:slo:bad@", "driftline:slo:events@"), burn_rate()]),
    );
    for window in WINDOWS {
        rules.extend(over(window, settings));
    }
    let mut long: Vec<Rule> =
        LONG_WINDOWS.into_iter().flat_map(|window| over(window, settings)).collect();
    let period = Over { lookback: Lookback { seconds: PERIOD }, scale: settings.scale };
    let remaining = "1 - driftline:slo:bad_ratio@ / (driftline:slo:budget > 0)".to_owned();
    long.extend(period.rules(vec![rule("slo:budget_remaining@", remaining)]));
    let groups = vec![
        Group::new("driftline_slo", INTERVAL_SECONDS, rules, settings),
        Group::new("driftline_slo_long", LONG_INTERVAL_SECONDS, long, settings),
    ];
    rules::file("slo", RuleFile { groups }.text(HEAD))
}

/// The expression of an alert: it has a sample, by [`SLO`] and model, for each budget that burns too fast, which is the
/// burn rate over the longer window. Its names are those of [`file()`]'s rules, at any scale.
#[must_use]
pub fn burning(slo: Slo, settings: &Settings<'_>, severity: Severity) -> String {
    let of_slo = |name: &str, seconds: u64| {
        let window = Lookback { seconds }.name();
        selected(&format!("driftline:slo:{name}{window}"), &[(SLO, "=", slo.name())])
    };
    let bad_min = settings.objectives.bad_events_min;
    let burns = severity.burns().iter().map(|&Burn { long, short, factor }| {
        format!(
            "(\n  {} > {factor}\n  and {} > {factor}\n  and ({} >= {bad_min} or {} >= {bad_min})\n)",
            of_slo("burn_rate", long),
            of_slo("burn_rate", short),
            of_slo("bad", long),
            of_slo("bad", BASE.seconds)
        )
    });
    let burns: Vec<String> = burns.collect();
    burns.join("\nor ")
}

fn of(slo: Slo, rule: Rule) -> Rule {
    with_labels(rule, [(SLO, slo.name().to_owned())])
}

/// Which share of events may be bad. It is there wherever events are counted, even while there are none.
fn budget(slo: Slo, settings: &Settings<'_>) -> String {
    let objectives = &settings.objectives;
    let events = selected("driftline:slo:events@", &[(SLO, "=", slo.name())]);
    let fixed = |objective: Option<f64>| {
        // To nine digits: the rest is what is left of a subtraction of doubles.
        let budget = ((1.0 - objective.unwrap_or(0.0)) * 1e9).round() / 1e9;
        format!("clamp({events}, {budget}, {budget})")
    };
    match slo {
        Slo::Availability => fixed(objectives.availability.as_ref().map(|it| it.objective)),
        Slo::Ttft => fixed(objectives.ttft.map(|it| it.objective)),
        Slo::Tpot => fixed(objectives.tpot.map(|it| it.objective)),
        Slo::Freshness => fixed(objectives.freshness.map(|it| it.objective)),
        Slo::Labels => fixed(objectives.labels),
        Slo::Quality => match objectives.quality {
            Some(QualityBudget::TimesReference(times)) => format!(
                "clamp(max by ({}) (driftline:version:reference_errors) * {times}, {BUDGET_MIN}, 1)",
                Label::Model.name()
            ),
            Some(QualityBudget::Objective(objective)) => fixed(Some(objective)),
            None => fixed(None),
        },
    }
}

/// Bad events as a share of all. More labels than predictions are not less than no bad event.
fn ratio(bad: &str, events: &str) -> Rule {
    rule("slo:bad_ratio@", format!("clamp_min({bad} / ({events} > 0), 0)"))
}

fn burn_rate() -> Rule {
    rule("slo:burn_rate@", "driftline:slo:bad_ratio@ / (driftline:slo:budget > 0)".to_owned())
}

/// The same over a longer window. How many events there were is known for whole base windows, and their share at once: it is
/// that of all counts, which overlap.
fn over(seconds: u64, settings: &Settings<'_>) -> Vec<Rule> {
    let over = Over { lookback: Lookback { seconds }, scale: settings.scale };
    let [bad, events] =
        ["bad", "events"].map(|name| format!("driftline:slo:{name}{}", BASE.name()));
    let (span, step) = (over.span(), BASE.range(settings.scale));
    let count = |name: &str, base: &str| {
        rule(&format!("slo:{name}@"), format!("sum_over_time({base}[{span}:{step}])"))
    };
    let mean = |base: &str| format!("avg_over_time({base}[@])");
    over.rules(vec![
        count("bad", &bad),
        count("events", &events),
        ratio(&mean(&bad), &mean(&events)),
        burn_rate(),
    ])
}

#[cfg(test)]
mod tests {
    use driftline_monitor::config::Config;

    use super::*;

    fn config() -> Config {
        Config::from_json(br#"{"models": [{"name": "m"}]}"#).unwrap()
    }

    #[test]
    fn a_page_asks_for_both_windows_and_for_more_than_a_few_bad_events() {
        let config = config();
        let expression = burning(Slo::Ttft, &Settings::of(&config), Severity::Page);
        assert_eq!(
            expression,
            "(\n  driftline:slo:burn_rate1h{slo=\"ttft\"} > 14.4\n  \
             and driftline:slo:burn_rate5m{slo=\"ttft\"} > 14.4\n  \
             and (driftline:slo:bad1h{slo=\"ttft\"} >= 5 or driftline:slo:bad5m{slo=\"ttft\"} >= 5)\n)\n\
             or (\n  driftline:slo:burn_rate6h{slo=\"ttft\"} > 6\n  \
             and driftline:slo:burn_rate30m{slo=\"ttft\"} > 6\n  \
             and (driftline:slo:bad6h{slo=\"ttft\"} >= 5 or driftline:slo:bad5m{slo=\"ttft\"} >= 5)\n)"
        );
    }

    #[test]
    fn alerts_ask_for_nothing_that_no_rule_records() {
        let config = config();
        let settings = Settings::of(&config);
        let text = file(&settings).text;
        for slo in Slo::ALL {
            for severity in Severity::ALL {
                let asked = burning(slo, &settings, severity);
                for name in
                    asked.split(['\n', ' ', '{', '(']).filter(|it| it.starts_with("driftline:"))
                {
                    assert!(text.contains(&format!("record: {name}\n")), "{name}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_promised_has_no_rule() {
        let config = config();
        let mut settings = Settings::of(&config);
        assert!(file(&settings).text.contains("slo: tpot"));
        settings.objectives.tpot = None;
        assert!(!file(&settings).text.contains("slo: tpot"));
    }
}
