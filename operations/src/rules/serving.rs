//! Renders the recording rules of serving: how many requests there are, how they fail, how long they take, how many are
//! under way, and how full the model servers are. It spells no metric of the filter.
//!
//! The filter counts in whole microseconds under names of its own. The first group gives its histograms the names, the unit
//! and the labels of OpenTelemetry, bucket by bucket, so that dashboards made for these show them. It keeps the labels of
//! each pod and adds nothing up, since a sum over pods falls when one restarts, and `rate` would take that for a reset of
//! all.

use driftline_labels::{Outcome, RequestResult};
use driftline_metrics::{
    buckets::Buckets,
    catalogue::{Definition, Label, Metric},
};

use super::{Group, INTERVAL_SECONDS, Rule, RuleFile, over::Over, rule, with_labels};
use crate::{
    outcomes::{ErrorClass, pattern},
    promql::{LE, at_most, labels, none_of, rate, selected},
    settings::Settings,
};

/// How often histograms get their OpenTelemetry names: they are copies, and a `rate` over a minute needs a few of them.
const COPY_SECONDS: u64 = 15;
/// What quantiles of a time are recorded.
pub(super) const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];
/// The label that tells quantiles apart, as summaries of Prometheus have it.
pub(super) const QUANTILE: &str = "quantile";
/// The label that tells errors apart: [`ErrorClass`].
const ERROR: &str = "error";
const MICROSECONDS: f64 = 1e6;

/// The times of an exchange that are recorded in seconds.
pub(super) const TIMES: [Metric; 3] =
    [Metric::TimeToFirstToken, Metric::TimePerOutputToken, Metric::RequestDuration];

/// What OpenTelemetry's semantic conventions for generative AI (v1.41) call a time of a model server.
struct Convention {
    metric: Metric,
    name: &'static str,
    /// Whether it is defined for failures too.
    has_failures: bool,
}

const CONVENTIONS: [Convention; 3] = [
    Convention {
        metric: Metric::TimeToFirstToken,
        name: "gen_ai.server.time_to_first_token",
        has_failures: false,
    },
    Convention {
        metric: Metric::TimePerOutputToken,
        name: "gen_ai.server.time_per_output_token",
        has_failures: false,
    },
    Convention {
        metric: Metric::RequestDuration,
        name: "gen_ai.server.request.duration",
        has_failures: true,
    },
];
/// Attributes of the conventions, as Prometheus writes them.
const REQUEST_MODEL: &str = "gen_ai_request_model";
const ERROR_TYPE: &str = "error_type";
/// The conventions' word for an error of which no more is known.
const ERROR_OTHER: &str = "_OTHER";

const HEAD: &str = "\
# Generated from the catalogue of metrics: operations/src/rules/serving.rs.
#
# Serving, as recording rules for Prometheus 2.42 or later: OpenTelemetry's names in seconds, and of each model over all pods
# together requests, errors, latencies, concurrency and saturation. See docs/reading-metrics.md.
";

/// The text of the file.
#[must_use]
pub fn render(settings: &Settings<'_>) -> String {
    let of_model: &[Label] = &[Label::Model];
    let of_route: &[Label] = &[Label::Model, Label::Route];
    let has_routes = !settings.config.routes.is_empty();
    let mut rules = vec![in_flight()];
    for over in Over::all_and_now(settings) {
        let mut of_lookback = traffic("model", of_model);
        of_lookback.extend(latencies("model", of_model));
        if has_routes {
            of_lookback.extend(traffic("route", of_route));
            of_lookback.extend(latencies("route", of_route));
        }
        of_lookback.extend(tokens());
        of_lookback.extend(saturation());
        rules.extend(over.rules(of_lookback));
    }
    let groups = vec![
        Group::new(
            "driftline_opentelemetry",
            COPY_SECONDS,
            opentelemetry(&settings.config.buckets),
            settings,
        ),
        Group::new("driftline_serving", INTERVAL_SECONDS, rules, settings),
    ];
    RuleFile { groups }.text(HEAD)
}

/// Copies of the histograms, sums and counts included.
fn opentelemetry(buckets: &Buckets) -> Vec<Rule> {
    CONVENTIONS.iter().flat_map(|convention| convention.rules(buckets)).collect()
}

impl Convention {
    fn rules(&self, buckets: &Buckets) -> Vec<Rule> {
        let definition = self.metric.definition();
        let name = format!("{}_seconds", self.name.replace('.', "_"));
        let success = [(Label::Result.name(), "=", RequestResult::Success.name())];
        let matchers = if self.has_failures { &[] } else { &success[..] };
        let named = |suffix: &str, expression: String| {
            Rule::Recording(super::Recording {
                record: format!("{name}_{suffix}"),
                expr: attributes(&expression, self.has_failures),
                labels: [].into(),
            })
        };
        let bucket = |bound: Option<u64>, le: String| {
            with_labels(named("bucket", at_most(self.metric, bound, matchers)), [(LE, le)])
        };
        let bounds = definition.scale.map_or(&[][..], |scale| buckets.bounds(scale));
        let buckets = bounds
            .iter()
            .map(|&bound| bucket(Some(bound), (bound as f64 / MICROSECONDS).to_string()));
        let mut rules: Vec<Rule> = buckets.collect();
        rules.push(bucket(None, "+Inf".to_owned()));
        // The exact counters, since a proxy keeps two digits of a sample.
        if let Some([sum, count]) = definition.companions() {
            let sum = format!("{} / {MICROSECONDS}", selected(&sum.name, matchers));
            rules.extend([named("sum", sum), named("count", selected(&count.name, matchers))]);
        }
        rules
    }
}

/// The attributes of the conventions, beside the labels that are there.
fn attributes(vector: &str, has_failures: bool) -> String {
    let named = format!(
        "label_replace({vector}, \"{REQUEST_MODEL}\", \"$1\", \"{}\", \"(.*)\")",
        Label::Model.name()
    );
    if !has_failures {
        return named;
    }
    let (failure, cancelled) = (RequestResult::Failure.name(), RequestResult::Cancelled.name());
    [(failure, ERROR_OTHER), (cancelled, cancelled)].into_iter().fold(
        named,
        |vector, (ended, error)| {
            let result = Label::Result.name();
            format!(
                "label_replace({vector}, \"{ERROR_TYPE}\", \"{error}\", \"{result}\", \"{ended}\")"
            )
        },
    )
}

/// The exported name without what all names begin and end with.
pub(super) fn stem(metric: Metric) -> &'static str {
    let Definition { name, .. } = metric.definition();
    let name = name.strip_prefix("driftline_").unwrap_or(name);
    let units = ["_total", "_microseconds", "_seconds", "_ppm", "_thousandths", "_millihertz"];
    units.into_iter().fold(name, |name, unit| name.strip_suffix(unit).unwrap_or(name))
}

/// Requests per second, and which part of them had an error of which class.
fn traffic(subject: &str, by: &[Label]) -> Vec<Rule> {
    let by = labels(by);
    let requests = Metric::Requests.definition().name;
    let outcome = Label::Outcome.name();
    let all = format!("sum by ({by}) ({})", rate(requests));
    let mut rules = vec![rule(&format!("{subject}:requests_per_second@"), all)];
    let all = format!("driftline:{subject}:requests_per_second@");
    for class in ErrorClass::ALL {
        let of_class = selected(requests, &[(outcome, "=~", &pattern(class.outcomes()))]);
        let ratio =
            format!("(sum by ({by}) ({}) or {}) / ({all} > 0)", rate(&of_class), none_of(&all));
        let ratio = rule(&format!("{subject}:error_ratio@"), ratio);
        rules.push(with_labels(ratio, [(ERROR, class.name().to_owned())]));
    }
    let failed = selected(requests, &[(outcome, "!=", Outcome::Complete.name())]);
    rules.push(rule(
        &format!("{subject}:failed_requests_per_second@"),
        format!("sum by ({by}) ({}) or {}", rate(&failed), none_of(&all)),
    ));
    rules
}

/// Quantiles of each time, of successes and failures apart, and how many exchanges were under way in the mean: what all of
/// them took, divided by the time in which they ended (J. D. C. Little, Operations Research 9(3), 1961).
fn latencies(subject: &str, by: &[Label]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = TIMES
        .into_iter()
        .flat_map(|metric| {
            let by = labels(&[by, &[Label::Result]].concat());
            quantiles(
                &format!("{subject}:{}_seconds@", stem(metric)),
                metric,
                &format!("by ({by}, {LE})"),
            )
        })
        .collect();
    if let Some([sum, _]) = Metric::RequestDuration.definition().companions() {
        rules.push(rule(
            &format!("{subject}:concurrency@"),
            format!("sum by ({}) ({}) / {MICROSECONDS}", labels(by), rate(&sum.name)),
        ));
    }
    rules
}

/// Quantiles of a histogram in seconds, each a series by [`QUANTILE`]; none without samples.
pub(super) fn quantiles(record: &str, histogram: Metric, grouping: &str) -> Vec<Rule> {
    let Definition { name, unit, .. } = histogram.definition();
    let to_seconds = match unit {
        "microseconds" => format!(" / {MICROSECONDS}"),
        _ => String::new(),
    };
    let of = |quantile: f64| {
        let buckets = format!("sum {grouping} ({})", rate(&format!("{name}_bucket")));
        // Without samples it is no number, and that is not at least 0.
        let expression = format!("histogram_quantile({quantile}, {buckets}){to_seconds} >= 0");
        with_labels(rule(record, expression), [(QUANTILE, quantile.to_string())])
    };
    QUANTILES.map(of).into()
}

/// Requests under way now. Gauges of the old and the new process of a hot restart add up, as their requests do.
fn in_flight() -> Rule {
    let gauge = Metric::RequestsInFlight.definition().name;
    rule("model:requests_in_flight", format!("sum by ({}) ({gauge})", Label::Model.name()))
}

fn tokens() -> [Rule; 2] {
    [Metric::InputTokens, Metric::OutputTokens].map(|metric| {
        let counter = metric.definition().name;
        rule(
            &format!("model:{}_per_second@", stem(metric)),
            format!("sum by ({}) ({})", Label::Model.name(), rate(counter)),
        )
    })
}

/// Gauges of model servers in natural units. Each is a snapshot of whichever server answered last, so what is recorded is
/// their mean over time and pods, where reports came.
fn saturation() -> Vec<Rule> {
    let reports = Metric::LoadReports.definition().name;
    SERVER
        .map(|(metric, per_unit)| {
            let gauge = metric.definition().name;
            let mean = format!("avg_over_time({gauge}[@]) and increase({reports}[@]) > 0");
            rule(
                &format!("model:{}@", stem(metric)),
                format!("avg by ({}) ({mean}){}", Label::Model.name(), divided_by(per_unit)),
            )
        })
        .into()
}

/// What model servers say of themselves, and how many of the gauge's units are one.
pub(super) const SERVER: [(Metric, u64); 9] = [
    (Metric::ServerCpuUtilization, 1_000_000),
    (Metric::ServerMemoryUtilization, 1_000_000),
    (Metric::ServerApplicationUtilization, 1_000_000),
    (Metric::ServerKvCacheUsage, 1_000_000),
    (Metric::ServerKvCacheCapacity, 1),
    (Metric::ServerRequestsRunning, 1),
    (Metric::ServerRequestsWaiting, 1),
    (Metric::ServerRequestRate, 1000),
    (Metric::ServerErrorRate, 1000),
];

/// How an expression is brought to its natural unit.
pub(super) fn divided_by(per_unit: u64) -> String {
    if per_unit == 1 { String::new() } else { format!(" / {per_unit}") }
}
