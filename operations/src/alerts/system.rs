//! Alerts of the system: proxies, the network, model servers, and the filter itself. Nothing inhibits them.

mod proxies;
mod traffic;

use driftline_labels::{Outcome, ReadProblem, Unmeasured};
use driftline_metrics::catalogue::{Label, Metric};
use driftline_monitor::memory::VM_BYTES;

use self::{
    proxies::{READ_SHARE, names_full, read_share},
    traffic::{outcomes, pile_up, problems, saturated, slow_first_tokens},
};
use super::{
    Alert, Dashboard, Scope, Severity,
    expression::{DAY, HOT_RESTART, HOUR, MINUTE, MODEL, PROXIES, series, words},
    incidents::MODELS_OF_PROXIES,
};
use crate::{
    promql::equals,
    slo::{self, Slo},
};

/// In the order in which they are evaluated.
pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: "DriftlineAvailabilityBudgetBurnsFast",
        severity: Severity::Page,
        question: "Do so many requests fail that the error budget is gone within days?",
        expression: |of| of.burns(&[Slo::Availability], slo::Severity::Page),
        for_seconds: 2 * MINUTE,
        summary: "Requests to {{ $labels.model }} fail {{ $value | printf \"%.0f\" }} times as often as its objective allows.",
        is_real: (
            Dashboard::Overview,
            "Requests that failed",
            "the share of the model stays above its objective.",
        ),
        at_once: "Roll back what was deployed last: model server, route or proxy. If one backend fails, take it out of its cluster.",
        cause: "Which outcome grew (driftline-serving, \"Requests by outcome\") says whether servers answer errors, break off or are too slow.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineAvailabilityBudgetBurnsSlowly",
        severity: Severity::Ticket,
        opens_incident: false,
        question: "Do a few requests fail all the time?",
        expression: |of| of.burns(&[Slo::Availability], slo::Severity::Ticket),
        for_seconds: 15 * MINUTE,
        summary: "At the rate of the last three days the error budget of {{ $labels.model }} is gone before its 30 days are.",
        is_real: (
            Dashboard::Overview,
            "Error budgets left",
            "the budget of availability falls faster than the 30 days pass.",
        ),
        at_once: "Nothing at night. Put off risky changes of this model until the cause is known.",
        cause: "Compare outcomes by route and pod over three days: a steady share points at one client, one route or one pod.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineFirstTokenBudgetBurns",
        severity: Severity::Page,
        question: "Do users wait too long for the first token?",
        expression: |of| of.burns(&[Slo::Ttft], slo::Severity::Page),
        for_seconds: 2 * MINUTE,
        summary: "First tokens of {{ $labels.model }} are late {{ $value | printf \"%.0f\" }} times as often as its objective allows.",
        is_real: (
            Dashboard::Serving,
            "Time to first token by bucket",
            "the hot band has moved above the objective.",
        ),
        at_once: "Add replicas or shed load: lower the concurrency limit of the route, move batch clients elsewhere.",
        cause: "Queues in model servers (driftline-serving, \"Requests in model servers\"), longer prompts, or a cache that no longer hits.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineTokenPaceBudgetBurns",
        severity: Severity::Page,
        question: "Do tokens come too slowly once they come?",
        expression: |of| of.burns(&[Slo::Tpot], slo::Severity::Page),
        for_seconds: 2 * MINUTE,
        summary: "Answers of {{ $labels.model }} are too slow per token {{ $value | printf \"%.0f\" }} times as often as its objective allows.",
        is_real: (
            Dashboard::Serving,
            "Time per output token by bucket",
            "the hot band has moved above the objective.",
        ),
        at_once: "Lower the number of sequences that a server decodes at once, or add replicas.",
        cause: "Larger batches, longer contexts, a slower or throttled accelerator: compare pods.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineLatencyBudgetBurnsSlowly",
        severity: Severity::Ticket,
        opens_incident: false,
        question: "Are a few answers too slow all the time?",
        expression: |of| of.burns(&[Slo::Ttft, Slo::Tpot], slo::Severity::Ticket),
        for_seconds: 15 * MINUTE,
        summary: "At the rate of the last three days the {{ $labels.slo }} budget of {{ $labels.model }} is gone before its 30 days are.",
        is_real: (
            Dashboard::Overview,
            "Error budgets left",
            "the budget of ttft or tpot falls faster than the 30 days pass.",
        ),
        at_once: "Nothing at night. Plan capacity before the next peak.",
        cause: "Hours of the day in which the budget falls: at peaks it is capacity, at all hours a slower model or longer prompts.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineSlowFirstTokens",
        severity: Severity::Ticket,
        question: "Are first tokens slower than an hour ago, whatever the objective?",
        expression: slow_first_tokens,
        for_seconds: 5 * MINUTE,
        summary: "The first tokens of {{ $labels.model }} take {{ $value | printf \"%.1f\" }} times as long as an hour ago, at the 95th percentile.",
        is_real: (
            Dashboard::Serving,
            "Time to first token by bucket",
            "the hot band steps up within the last minutes.",
        ),
        at_once: "Undo what was deployed within the last quarter of an hour. Otherwise add replicas.",
        cause: "Queues, prompts or caches: the runbook has the query that tells them apart.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineErrorBurst",
        severity: Severity::Page,
        question: "Does the model server answer with errors?",
        expression: |of| {
            let errors = [Outcome::ErrorStatus, Outcome::ErrorEvent, Outcome::NoOutput];
            outcomes(of, &words(errors), 5 * MINUTE, 0.1, 10)
        },
        for_seconds: 2 * MINUTE,
        keep_firing_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.model }} are answered with errors.",
        is_real: (
            Dashboard::Serving,
            "Requests by outcome",
            "error_status, error_event or no_output takes a large part of the stack.",
        ),
        at_once: "Roll back the model server. If only one pod answers errors, take it out of rotation.",
        cause: "The status codes of the cluster, then the log of the model server at the first of them.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineTruncatedStreams",
        severity: Severity::Page,
        question: "Do answers end in the middle?",
        expression: |of| outcomes(of, &words([Outcome::Truncated]), 10 * MINUTE, 0.02, 5),
        for_seconds: 2 * MINUTE,
        keep_firing_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} of the answers of {{ $labels.model }} end without their end mark.",
        is_real: (Dashboard::Serving, "Requests by outcome", "truncated has a band of its own."),
        at_once: "Roll back the model server or the balancer between it and the proxy; drain pods that restart.",
        cause: "Restarts of model servers, their memory, and idle timeouts of whatever stands between them and the proxy.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineUpstreamFailures",
        severity: Severity::Page,
        question: "Can the proxy not reach the model server, or not in time?",
        expression: |of| {
            let failures = [Outcome::Timeout, Outcome::UpstreamReset, Outcome::LocalReply];
            outcomes(of, &words(failures), 5 * MINUTE, 0.05, 5)
        },
        for_seconds: 2 * MINUTE,
        keep_firing_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.model }} time out, are reset or get no model server.",
        is_real: (
            Dashboard::Serving,
            "Requests by outcome",
            "timeout, upstream_reset or local_reply has a band of its own.",
        ),
        at_once: "See that model servers run and are ready; restart or scale them. Roll back the last change of the route or cluster.",
        cause: "Health and circuit breakers of the cluster in the proxy's admin interface, then events of the pods.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineUsageMissing",
        severity: Severity::Ticket,
        question: "Do model servers no longer say how many tokens an answer has?",
        expression: |of| problems(of, &words([ReadProblem::UsageMissing]), 0.1),
        for_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} more of the answers of {{ $labels.model }} than on the day before come without usage.",
        is_real: (Dashboard::Itself, "Read problems by reason", "usage_missing has risen."),
        at_once: "Limits and bills by tokens are wrong from now on: tell who relies on them, and roll back the model server or client.",
        cause: "Clients that no longer send stream_options.include_usage, or a server that was changed.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineUnreadTraffic",
        severity: Severity::Ticket,
        question: "Does traffic pass that Driftline can no longer read?",
        expression: |of| {
            let apart = [ReadProblem::UsageMissing, ReadProblem::LoadReportMalformed];
            let unread: Vec<&str> = ReadProblem::ALL
                .into_iter()
                .filter(|reason| !apart.contains(reason))
                .map(ReadProblem::name)
                .collect();
            problems(of, &unread, 0.05)
        },
        for_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} more of the traffic of {{ $labels.model }} than on the day before cannot be read.",
        is_real: (
            Dashboard::Itself,
            "Read problems by reason",
            "a reason other than usage_missing has risen.",
        ),
        at_once: "Traffic is not harmed. Do not trust data and quality of this model until it is mended.",
        cause: "The reason names it: a new encoding, another content type, or bodies that are not what their path promises.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineNoRoom",
        severity: Severity::Ticket,
        scope: Scope::Proxy,
        question: "Has the filter run out of memory?",
        expression: |of| {
            let no_room = [equals(Label::Reason, Unmeasured::NoRoom.name())];
            format!("{} > 0", of.grown(PROXIES, &series(Metric::Unmeasured, &no_room), 10 * MINUTE))
        },
        for_seconds: 2 * MINUTE,
        keep_firing_seconds: 10 * MINUTE,
        summary: "{{ $value | printf \"%.0f\" }} streams passed {{ $labels.instance }} unmeasured in ten minutes, for lack of memory.",
        is_real: (Dashboard::Itself, "Streams that are not measured", "no_room is above 0."),
        at_once: "Traffic is not harmed. Add proxies or workers, so that each has fewer streams open.",
        cause: "Streams in flight, compressed bodies, or a configuration that has grown.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineMemoryLow",
        severity: Severity::Ticket,
        scope: Scope::Proxy,
        opens_incident: false,
        question: "Is the filter about to run out of memory?",
        expression: |of| {
            // A hot restart adds the memory of two processes up.
            let low = Metric::VmMemory.shape().name;
            format!(
                "max by ({PROXIES}) (min_over_time({low}[{}])) / {VM_BYTES} > 0.9",
                of.span(HOT_RESTART)
            )
        },
        for_seconds: 5 * MINUTE,
        summary: "A VM of {{ $labels.instance }} has used {{ $value | humanizePercentage }} of its memory for 20 minutes.",
        is_real: (Dashboard::Itself, "Memory of the fullest VM", "it is near 48 MiB."),
        at_once: "Nothing is lost yet. Put off larger configurations; add proxies before the next peak.",
        cause: "The size of the configuration, streams in flight, and compressed bodies.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineFilterFailing",
        severity: Severity::Page,
        scope: Scope::Proxy,
        question: "Does traffic pass a proxy without being counted?",
        needs: &[(READ_SHARE, read_share)],
        expression: |of| {
            let usual = format!("quantile_over_time(0.5, {READ_SHARE}[{}])", of.span(DAY));
            format!("{READ_SHARE} < 0.8 and {usual} >= 0.95\nor {READ_SHARE} < 0.5 * {usual}")
        },
        for_seconds: 5 * MINUTE,
        summary: "The filter counts {{ $value | humanizePercentage }} of the requests that {{ $labels.instance }} serves; it was more.",
        is_real: (
            Dashboard::Itself,
            "Requests that the filter counts",
            "the share of this proxy has fallen while its requests go on.",
        ),
        at_once: "Traffic passes, unmeasured. Restart the proxy, or drain it; only a new VM counts again.",
        cause: "\"Function: proxy_on_... failed\" in the proxy's log, with a backtrace.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineEvaluatorStopped",
        severity: Severity::Ticket,
        scope: Scope::Proxy,
        question: "Are verdicts no longer renewed?",
        expression: |of| {
            let counter = Metric::Evaluations.shape().name;
            let stands = format!("{} == 0", of.grown(PROXIES, counter, 15 * MINUTE));
            let before = of.grown_before(PROXIES, counter, HOUR, 15 * MINUTE);
            let stopped = format!("{stands} and {before} > 0");
            of.held_while(PROXIES, &stopped, "DriftlineEvaluatorStopped", &stands)
        },
        for_seconds: 5 * MINUTE,
        summary: "{{ $labels.instance }} has not compared live data with the profiles for 15 minutes; its verdicts are old.",
        is_real: (Dashboard::Itself, "Evaluations", "the line of this proxy is at 0."),
        at_once: "Do not trust drift and quality verdicts of this proxy. Restart it, or drain it.",
        cause: "A VM that died, or a proxy without memory for the windows: its log says which.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineScrapeLost",
        severity: Severity::Ticket,
        scope: Scope::Proxy,
        question: "Can Prometheus no longer scrape a proxy?",
        expression: |_| {
            format!("max by ({PROXIES}) (up) == 0 and on ({PROXIES}) {MODELS_OF_PROXIES}")
        },
        for_seconds: 5 * MINUTE,
        summary: "Prometheus cannot scrape {{ $labels.instance }} any more.",
        is_real: (Dashboard::Itself, "Proxies that are scraped", "this proxy is down."),
        at_once: "See whether the proxy serves. If it does, only its metrics are lost; if not, it is an outage.",
        cause: "Prometheus' page of targets names the error: refused, timeout, or an answer that is too large.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineModelUnseen",
        severity: Severity::Page,
        question: "Is there no proxy left that says anything about a model?",
        expression: |of| {
            let models = format!("group by ({MODEL}) ({MODELS_OF_PROXIES})");
            let scraped =
                format!("{MODELS_OF_PROXIES} and on ({PROXIES}) max by ({PROXIES}) (up) == 1");
            format!(
                "({models} unless on ({MODEL}) ({scraped}))\n\
                 or (group by ({MODEL}) (last_over_time({MODELS_OF_PROXIES}[{}]))\n  \
                 unless on () group({MODELS_OF_PROXIES}))",
                of.span(6 * HOUR)
            )
        },
        for_seconds: 5 * MINUTE,
        summary: "No proxy that serves {{ $labels.model }} can be scraped: nothing is known of it.",
        is_real: (
            Dashboard::Itself,
            "Proxies that are scraped",
            "all proxies are down, or there are none.",
        ),
        at_once: "Send a request to the model yourself. If it fails, start the proxies; if it answers, mend the scraping.",
        cause: "A change of labels, ports or network policies, or a gateway that was removed.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineNoTraffic",
        severity: Severity::Page,
        question: "Have requests stopped that always came?",
        expression: |of| {
            let requests = Metric::Requests.shape().name;
            let silent = format!("{} == 0", of.grown(MODEL, requests, 10 * MINUTE));
            // Twenty were to be expected: chance makes none of them once in 500 million.
            let before = of.grown_before(MODEL, requests, HOUR, 10 * MINUTE);
            let habit = of.grown_before(MODEL, requests, 10 * MINUTE, DAY);
            let stopped = format!("{silent} and {before} >= 120 unless {habit} == 0");
            of.held_while(MODEL, &stopped, "DriftlineNoTraffic", &silent)
        },
        for_seconds: 5 * MINUTE,
        summary: "No request to {{ $labels.model }} has ended for ten minutes; there were two a minute and more.",
        is_real: (
            Dashboard::Serving,
            "Requests by model",
            "the line of the model falls to 0 at once, not slowly.",
        ),
        at_once: "Send a request along the way of the clients. Roll back the last change of DNS, route or gateway.",
        cause: "Where requests still arrive: clients, balancer, gateway, this proxy.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineModelServerSaturated",
        severity: Severity::Ticket,
        question: "Do requests queue in the model servers?",
        expression: saturated,
        for_seconds: 10 * MINUTE,
        summary: "The model servers of {{ $labels.model }} are full: {{ $value | humanizePercentage }} of their requests wait, or of their cache is used.",
        is_real: (
            Dashboard::Serving,
            "Requests in model servers",
            "waiting is a large part of running.",
        ),
        at_once: "Add replicas. Until they are ready, limit requests per client or move batch work.",
        cause: "More requests, longer ones, or fewer servers than before.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineRequestsPileUp",
        severity: Severity::Page,
        question: "Do requests come in and not come out?",
        expression: pile_up,
        for_seconds: 5 * MINUTE,
        summary: "{{ $value | printf \"%.0f\" }} requests to {{ $labels.model }} are in flight, more than three times as many as an hour ago, and no more end than then.",
        is_real: (
            Dashboard::Serving,
            "Requests in flight",
            "the line of the model climbs while \"Requests by model\" does not.",
        ),
        at_once: "Restart model servers that hang, one at a time; set a timeout on the route so that requests fail rather than wait.",
        cause: "A server that accepts and never answers, a lock, or clients that keep streams open.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineNamesFull",
        severity: Severity::Info,
        scope: Scope::Proxy,
        opens_incident: false,
        question: "Are there almost as many names of models as may have series?",
        expression: names_full,
        for_seconds: 15 * MINUTE,
        summary: "{{ $labels.instance }} has series for {{ $value | printf \"%.0f\" }} names that match patterns; names_max is near, and further names count as other.",
        is_real: (
            Dashboard::Itself,
            "Names that match patterns",
            "the line of this proxy is near names_max.",
        ),
        at_once: "Nothing breaks: further names count together, as the model other.",
        cause: "A pattern that is too wide, or clients that put dates or users into names of models.",
        ..Alert::USUAL
    },
];
