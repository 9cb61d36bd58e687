//! Objectives minute by minute, and over true windows of days: what burns, when it alerts, and what is left.

use driftline_operations::{
    settings::Settings,
    slo::{self, Severity, Slo},
};
use driftline_statistics::{
    profile::quality::{Quality, Regression, Task},
    quality::RegressionSums,
};

use crate::{
    settings::{config, profile, with_profile},
    story::{Label, Story},
};

/// How often rules are evaluated, in minutes, and what events are counted over.
const EVERY: usize = 5;
/// When all of it goes wrong, and for how long, in minutes.
const OUTAGE: std::ops::Range<usize> = 300..330;
const LAST: usize = 400;
const HOUR: usize = 60;
const DAY: usize = 24 * HOUR;
const WINDOWS: [(&str, usize); 6] =
    [("5m", 5), ("30m", 30), ("1h", HOUR), ("6h", 6 * HOUR), ("3d", 3 * DAY), ("30d", 30 * DAY)];

/// A counter that grows by one number each minute, and by another one during the outage.
fn steps(usual: u64, in_outage: u64, outage: &std::ops::Range<usize>, last: usize) -> String {
    let (before, during) = (outage.start - 1, outage.len() - 1);
    let at_start = usual * before as u64;
    let first = at_start + in_outage;
    let at_end = at_start + in_outage * outage.len() as u64 + usual;
    // The minute at which an outage begins is the first one that is counted under it.
    format!(
        "0+{usual}x{before} {first}+{in_outage}x{during} {at_end}+{usual}x{}",
        last - outage.end
    )
}

fn grows(story: &mut Story, name: &str, labels: &[Label<'_>], usual: u64, in_outage: u64) {
    story.series(name, labels, steps(usual, in_outage, &OUTAGE, LAST));
}

/// What is evaluated in a window that ends at a minute: how many events came in the five minutes before each evaluation.
fn counted(usual: f64, in_outage: f64, window: usize, at: usize) -> f64 {
    let begins = if window == EVERY { at } else { at.saturating_sub(window) };
    let of_minute = |minute| if OUTAGE.contains(&minute) { in_outage } else { usual };
    let evaluations = (begins..=at).filter(|minute| minute % EVERY == 0 && EVERY <= *minute);
    evaluations.flat_map(|end| end + 1 - EVERY..=end).map(of_minute).sum()
}

/// Events and bad ones for each minute, usually and in the outage, and the budget.
struct Known {
    slo: &'static str,
    model: &'static str,
    events: [f64; 2],
    bad: [f64; 2],
    budget: f64,
}

/// A promise of each kind that is broken in the outage, and the counters that say so.
fn broken_promises(story: &mut Story) -> Vec<Known> {
    let model = ("model", "m");
    for (outcome, usual, in_outage) in
        [("complete", 19, 4), ("timeout", 1, 6), ("error_status", 0, 10), ("client_cancel", 5, 5)]
    {
        grows(story, "driftline_requests_total", &[model, ("outcome", outcome)], usual, in_outage);
    }
    for (name, bound) in [("time_to_first_token", "5000000"), ("time_per_output_token", "200000")] {
        let bucket = format!("driftline_{name}_microseconds_bucket");
        let success = [model, ("result", "success")];
        grows(story, &bucket, &[&success[..], &[("le", bound)]].concat(), 10, 2);
        grows(story, &bucket, &[&success[..], &[("le", "+Inf")]].concat(), 10, 10);
        // Failures are another promise's.
        grows(story, &bucket, &[model, ("result", "failure"), ("le", "+Inf")], 50, 50);
    }
    let age = "driftline_feature_age_seconds_bucket";
    grows(story, age, &[model, ("feature", "f"), ("le", "86400")], 40, 0);
    grows(story, age, &[model, ("feature", "f"), ("le", "+Inf")], 40, 40);
    let version = [model, ("version", "1")];
    for (actual, predicted, usual, in_outage) in
        [("a", "a", 8, 1), ("a", "b", 1, 8), ("b", "b", 1, 1)]
    {
        let labels = [&version[..], &[("actual", actual), ("predicted", predicted)]].concat();
        grows(story, "driftline_confusion_rows_total", &labels, usual, in_outage);
    }
    let accuracy = [&version[..], &[("measure", "accuracy")]].concat();
    // The gauges of both processes add up while it restarts hot.
    let values = format!("900000x{} 1800000x15 900000x{}", LAST - 30, LAST);
    story.series("driftline_reference_quality_ppm", &accuracy, values);
    grows(story, "driftline_predictions_total", &version, 10, 10);
    for (outcome, usual, in_outage) in
        [("joined", 9, 0), ("with_prediction", 1, 0), ("unmatched", 0, 4)]
    {
        grows(
            story,
            "driftline_labels_total",
            &[&version[..], &[("outcome", outcome)]].concat(),
            usual,
            in_outage,
        );
    }
    // A regression, whose errors are in four bins.
    let version = [("model", "regression"), ("version", "1")];
    for (bin, usual, in_outage) in [("00", 6, 2), ("01", 2, 2), ("02", 1, 3), ("03", 1, 3)] {
        let labels = [&version[..], &[("bin", bin)]].concat();
        grows(story, "driftline_absolute_error_rows_total", &labels, usual, in_outage);
    }
    vec![
        Known {
            slo: "availability",
            model: "m",
            events: [20.0, 20.0],
            bad: [1.0, 16.0],
            budget: 0.001,
        },
        Known { slo: "ttft", model: "m", events: [10.0, 10.0], bad: [0.0, 8.0], budget: 0.01 },
        Known { slo: "tpot", model: "m", events: [10.0, 10.0], bad: [0.0, 8.0], budget: 0.01 },
        Known {
            slo: "freshness",
            model: "m",
            events: [40.0, 40.0],
            bad: [0.0, 40.0],
            budget: 0.01,
        },
        Known {
            slo: "quality",
            model: "m",
            events: [10.0, 10.0],
            bad: [1.0, 8.0],
            budget: 0.1 * 1.25,
        },
        Known { slo: "labels", model: "m", events: [10.0, 10.0], bad: [0.0, 10.0], budget: 0.2 },
        // Of the reference a fifth is in the last two bins, as they hold at least a tenth.
        Known {
            slo: "quality",
            model: "regression",
            events: [10.0, 10.0],
            bad: [2.0, 6.0],
            budget: 0.2 * 1.25,
        },
    ]
}

/// A model whose reference has these rows by bin of their error.
fn regression(error_counts: &[u64]) -> Quality {
    let sums = RegressionSums::default();
    let error_edges = (1..error_counts.len()).map(|edge| edge as f64).collect();
    let task = Task::Regression(Regression {
        mean: 0.0,
        deviation: 1.0,
        sums,
        error_edges,
        error_counts: error_counts.to_vec(),
    });
    Quality { task, segments: Vec::new() }
}

#[test]
fn bad_events_burn_budgets_over_all_windows_and_alert() {
    let mut of_regression = profile(Vec::new());
    of_regression.quality = Some(Box::new(regression(&[60, 20, 12, 8])));
    let config = with_profile("regression", of_regression);
    let settings = Settings::of(&config);
    let mut story = Story::of("slo", &settings).lasting(EVERY, LAST);
    for known in broken_promises(&mut story) {
        let labels = [("slo", known.slo), ("model", known.model)];
        story.says("driftline:slo:budget", &labels, known.budget);
        for (name, window) in WINDOWS {
            let [events, bad] = [known.events, known.bad]
                .map(|[usual, in_outage]| counted(usual, in_outage, window, LAST));
            let ratio = bad / events;
            for (rule, value) in [
                ("events", events),
                ("bad", bad),
                ("bad_ratio", ratio),
                ("burn_rate", ratio / known.budget),
            ] {
                story.says(&format!("driftline:slo:{rule}{name}"), &labels, value);
            }
            if name == "30d" {
                story.says(
                    "driftline:slo:budget_remaining30d",
                    &labels,
                    1.0 - ratio / known.budget,
                );
            }
        }
    }
    story.says("driftline:version:reference_errors", &[("model", "m"), ("version", "1")], 0.1);
    story.says(
        "driftline:version:reference_errors",
        &[("model", "regression"), ("version", "1")],
        0.2,
    );
    story.says("driftline:bin:wrong", &[("model", "regression"), ("bin", "02")], 1.0);
    let confusion = [("slo", "quality"), ("model", "m"), ("actual", "a"), ("predicted", "a")];
    story.says("driftline:slo:confusion5m", &confusion, 40.0);
    let page = |slo: Slo| slo::burning(slo, &settings, Severity::Page);
    for slo in [Slo::Availability, Slo::Ttft, Slo::Tpot, Slo::Freshness] {
        story.holds_at(OUTAGE.end, format!("count({})", page(slo)), 1.0);
    }
    // What a reference gets wrong is too much of all for a budget to burn six times too fast.
    story.is_silent_at(OUTAGE.end, page(Slo::Quality));
    for slo in [Slo::Ttft, Slo::Freshness, Slo::Quality, Slo::Labels] {
        story.is_silent_at(OUTAGE.start - EVERY, page(slo));
        let ticket = slo::burning(slo, &settings, Severity::Ticket);
        story.is_silent_at(OUTAGE.start - EVERY, ticket);
    }
    // Half an hour after the end the short windows have seen that it is over; what was spent is a ticket.
    let after = OUTAGE.end + 40;
    story.is_silent_at(after, page(Slo::Ttft));
    story.holds_at(
        after,
        format!("count({})", slo::burning(Slo::Ttft, &settings, Severity::Ticket)),
        1.0,
    );
    story.holds();
}

#[test]
fn little_traffic_pages_nobody_and_none_says_nothing() {
    let config = config(r#"{"models": [{"name": "m"}]}"#);
    let settings = Settings::of(&config);
    let mut story = Story::of("slo", &settings).lasting(EVERY, LAST);
    // Four requests, of which all fail, and a model that nobody asks.
    for (model, last) in [("few", 4), ("idle", 0)] {
        for (outcome, requests) in [("complete", 0), ("timeout", last)] {
            let labels = [("model", model), ("outcome", outcome)];
            let values = format!("0x{} 0+1x{requests} {requests}x20", LAST - 25 + 4 - requests);
            story.series("driftline_requests_total", &labels, values);
        }
    }
    let ratio = |model: &str| format!("driftline:slo:bad_ratio1h{{model=\"{model}\"}}");
    story.holds_at(LAST, format!("sum({})", ratio("few")), 1.0);
    story.is_silent_at(LAST, ratio("idle"));
    story.is_silent_at(LAST, "driftline:slo:burn_rate30d{model=\"idle\"}".to_owned());
    story.is_silent_at(LAST, "driftline:slo:budget_remaining30d{model=\"idle\"}".to_owned());
    for severity in Severity::ALL {
        story.is_silent_at(LAST - 20, slo::burning(Slo::Availability, &settings, severity));
    }
    let mut settings = settings.clone();
    settings.objectives.bad_events_min = 1;
    let page = slo::burning(Slo::Availability, &settings, Severity::Page);
    story.holds_at(LAST - 20, format!("count({page})"), 1.0);
    story.is_carried_out();
}

/// Windows of true length: twelve hours in which all fails, looked at every hour for 37 days.
#[test]
fn thirty_days_forget_an_outage_and_not_before() {
    let config = config(r#"{"models": [{"name": "m"}]}"#);
    let settings = Settings::of(&config);
    let outage = 5 * DAY..5 * DAY + 12 * HOUR;
    let last = 37 * DAY;
    let mut story = Story::of("slo", &settings).lasting(HOUR, last);
    for (outcome, usual, in_outage) in [("complete", 10, 0), ("timeout", 0, 10)] {
        let labels = [("model", "m"), ("outcome", outcome)];
        story.series("driftline_requests_total", &labels, steps(usual, in_outage, &outage, last));
    }
    let of = |rule: &str| format!("driftline:slo:{rule}{{slo=\"availability\"}}");
    let mut says = |day: usize, rule: &str, value: f64| {
        let expression = format!("sum(abs({} - {value}) < bool 1e-9)", of(rule));
        story.holds_at(day * DAY, expression, 1.0);
    };
    // Of the 73 evaluations of three days, both ends among them, those from an hour after the beginning on saw failures.
    says(6, "bad_ratio3d", 12.0 / 73.0);
    says(6, "burn_rate3d", 12.0 / 73.0 / 0.001);
    says(9, "bad_ratio3d", 0.0);
    says(6, "bad_ratio6h", 0.0);
    says(34, "bad_ratio30d", 12.0 / 721.0);
    says(34, "budget_remaining30d", 1.0 - 12.0 / 721.0 / 0.001);
    says(36, "bad_ratio30d", 0.0);
    says(36, "budget_remaining30d", 1.0);
    let ticket = slo::burning(Slo::Availability, &settings, Severity::Ticket);
    story.holds_at(outage.end, format!("count({ticket})"), 1.0);
    story.is_silent_at(7 * DAY, ticket.clone());
    story.is_silent_at(4 * DAY, ticket);
    story.is_carried_out();
}
