//! The dashboard of serving: the golden signals, and what is peculiar to language models.

use driftline_labels::{Outcome, RequestResult};
use driftline_metrics::catalogue::{Label, Metric};

use super::{
    Dashboard,
    grid::row,
    panel::{Panel, unit},
    queries::{Queries, most, ratio, sum},
};
use crate::promql::{differs, equals};

const MODEL: &[Label] = &[Label::Model];
const QUANTILES: [(f64, &str); 3] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")];

pub(super) fn dashboard(of: &Queries) -> Dashboard {
    Dashboard {
        name: "serving",
        title: "Serving",
        about: "How many requests, how many fail, how long do they take, and how full are the model servers?",
        variables: Vec::new(),
        rows: vec![
            row("Traffic", traffic(of)),
            row("Duration", durations(of)),
            row("First token", first_token(of)),
            row("Pace of tokens", pace(of)),
            row("Tokens", tokens(of)),
            row("Load of the model servers, as they report it", servers(of)),
            row("What could not be read", unread(of)),
        ],
    }
}

fn success() -> [String; 1] {
    [equals(Label::Result, RequestResult::Success.name())]
}

fn traffic(of: &Queries) -> Vec<Panel> {
    let outcome = &[Label::Outcome];
    let failed = [differs(Label::Outcome, Outcome::Complete.name())];
    vec![
        Panel::stacked(
            "Requests by outcome",
            "Requests that ended, by how they ended. Each is in one outcome.",
            unit::REQUESTS_PER_SECOND,
        )
        .ask("{{outcome}}", of.rate_of_occurring(outcome, Metric::Requests, &[]))
        .sized(6, 7),
        Panel::lines(
            "Requests by model",
            "Requests that ended, by the model that they named.",
            unit::REQUESTS_PER_SECOND,
        )
        .ask("{{model}}", of.rate(MODEL, Metric::Requests, &[]))
        .sized(6, 7),
        Panel::lines(
            "Share that failed",
            "Requests that ended otherwise than complete, in parts of all of the chosen models, by outcome. The dashed line is \
             all of them.",
            unit::SHARE,
        )
        .ask(
            "{{outcome}}",
            format!(
                "({}) / on () group_left () ({} > 0)",
                of.rate_of_occurring(outcome, Metric::Requests, &failed),
                of.rate(&[], Metric::Requests, &[])
            ),
        )
        .ask_dashed(
            "all",
            ratio(&of.rate(&[], Metric::Requests, &failed), &of.rate(&[], Metric::Requests, &[])),
        )
        .sized(6, 7),
        Panel::lines(
            "Requests in flight",
            "Requests that have not ended yet. While a proxy restarts, those of its parent are part of it.",
            unit::COUNT,
        )
        .ask("{{model}}", sum(MODEL, &of.of(Metric::RequestsInFlight, &[])))
        .sized(6, 7),
    ]
}

/// Quantiles of what succeeded, of all that is chosen.
fn quantiles(of: &Queries, metric: Metric, title: &'static str, about: &'static str) -> Panel {
    let panel = Panel::lines(title, about, unit::MICROSECONDS);
    QUANTILES.into_iter().fold(panel, |panel, (quantile, name)| {
        panel
            .ask(&format!("{{{{model}}}} {name}"), of.quantile(quantile, MODEL, metric, &success()))
    })
}

fn durations(of: &Queries) -> Vec<Panel> {
    let failure = [equals(Label::Result, RequestResult::Failure.name())];
    vec![
        quantiles(
            of,
            Metric::RequestDuration,
            "Duration",
            "From the request headers to the end of the exchange, of requests that are complete.",
        ),
        Panel::heat_map(
            "Duration by bucket",
            "How many complete requests took how long, all chosen models together.",
            unit::MICROSECONDS,
        )
        .ask("{{le}}", of.buckets(Metric::RequestDuration, &success())),
        Panel::lines(
            "Mean duration",
            "Exact means of complete requests and of those that failed.",
            unit::MICROSECONDS,
        )
        .ask("{{model}}", of.mean(MODEL, Metric::RequestDuration, &success()))
        .ask_dashed("{{model}} failed", of.mean(MODEL, Metric::RequestDuration, &failure)),
    ]
}

fn first_token(of: &Queries) -> Vec<Panel> {
    vec![
        quantiles(
            of,
            Metric::TimeToFirstToken,
            "Time to first token",
            "From the request headers to the first event with generated output. Streamed answers only.",
        ),
        Panel::heat_map(
            "Time to first token by bucket",
            "How many streams had their first token after how long, all chosen models together.",
            unit::MICROSECONDS,
        )
        .ask("{{le}}", of.buckets(Metric::TimeToFirstToken, &success())),
        Panel::lines(
            "First visible and last token, p95",
            "To the first output that a user sees, which reasoning is not, and to the last output.",
            unit::MICROSECONDS,
        )
        .ask(
            "{{model}} first visible",
            of.quantile(0.95, MODEL, Metric::TimeToFirstVisibleToken, &success()),
        )
        .ask("{{model}} last", of.quantile(0.95, MODEL, Metric::TimeToLastToken, &success())),
    ]
}

fn pace(of: &Queries) -> Vec<Panel> {
    vec![
        quantiles(
            of,
            Metric::TimePerOutputToken,
            "Time per output token",
            "TPOT: from the first token to the last, divided by the tokens after the first.",
        )
        .sized(6, 7),
        Panel::heat_map(
            "Time per output token by bucket",
            "How many streams had which TPOT, all chosen models together.",
            unit::MICROSECONDS,
        )
        .ask("{{le}}", of.buckets(Metric::TimePerOutputToken, &success()))
        .sized(6, 7),
        Panel::heat_map(
            "Gaps between chunks by bucket",
            "Time between two pieces of an answer with output. A piece may hold several tokens.",
            unit::MICROSECONDS,
        )
        .ask("{{le}}", of.buckets(Metric::InterChunkGap, &[]))
        .sized(6, 7),
        Panel::stacked(
            "Streams without TPOT",
            "Streamed answers for which TPOT could not be told, by reason.",
            unit::PER_SECOND,
        )
        .ask(
            "{{reason}}",
            of.rate_of_occurring(&[Label::Reason], Metric::TimePerOutputTokenSkipped, &[]),
        )
        .sized(6, 7),
    ]
}

fn tokens(of: &Queries) -> Vec<Panel> {
    vec![
        Panel::lines(
            "Tokens",
            "By the usage that model servers report. Input has cached tokens in it, output has reasoning.",
            unit::TOKENS_PER_SECOND,
        )
        .ask("{{model}} input", of.rate(MODEL, Metric::InputTokens, &[]))
        .ask("{{model}} output", of.rate(MODEL, Metric::OutputTokens, &[]))
        .ask("{{model}} reasoning", of.rate(MODEL, Metric::ReasoningTokens, &[]))
        .sized(6, 7),
        Panel::lines(
            "Input tokens read from a cache",
            "In parts of all input tokens.",
            unit::SHARE,
        )
        .ask(
            "{{model}}",
            ratio(
                &of.rate(MODEL, Metric::CachedInputTokens, &[]),
                &of.rate(MODEL, Metric::InputTokens, &[]),
            ),
        )
        .at_most(1.0)
        .sized(6, 7),
        Panel::lines("Output tokens of an answer", "In the mean.", unit::COUNT)
            .ask(
                "{{model}}",
                ratio(
                    &of.rate(MODEL, Metric::OutputTokens, &[]),
                    &of.rate(MODEL, Metric::Finished, &[]),
                ),
            )
            .sized(6, 7),
        Panel::stacked(
            "Why answers ended",
            "Answers by the finish reason that the model server gives.",
            unit::PER_SECOND,
        )
        .ask("{{reason}}", of.rate_of_occurring(&[Label::Reason], Metric::Finished, &[]))
        .sized(6, 7),
    ]
}

fn servers(of: &Queries) -> Vec<Panel> {
    // Until a report says something, all of them are 0.
    let reported = |metric: Metric, divisor: &str| {
        let some = of.of(Metric::LoadReports, &[]);
        most(MODEL, &format!("({} {divisor} and {some} > 0)", of.of(metric, &[])))
    };
    vec![
        Panel::lines(
            "Cache for keys and values",
            "How full it is, by the last report of any server; 0 if reports say nothing of it.",
            unit::SHARE,
        )
        .ask("{{model}}", reported(Metric::ServerKvCacheUsage, "/ 1e6"))
        .at_most(1.0)
        .sized(6, 7),
        Panel::lines(
            "Requests in model servers",
            "Those that run and those that wait, by the last report of any server; 0 if reports say nothing of them.",
            unit::COUNT,
        )
        .ask("{{model}} running", reported(Metric::ServerRequestsRunning, ""))
        .ask("{{model}} waiting", reported(Metric::ServerRequestsWaiting, ""))
        .sized(6, 7),
        Panel::lines(
            "Utilization",
            "Of processors, of memory, and by the server's own measure, by the last report of any server; 0 if reports \
             say nothing of it.",
            unit::SHARE,
        )
        .ask("{{model}} CPU", reported(Metric::ServerCpuUtilization, "/ 1e6"))
        .ask("{{model}} memory", reported(Metric::ServerMemoryUtilization, "/ 1e6"))
        .ask("{{model}} application", reported(Metric::ServerApplicationUtilization, "/ 1e6"))
        .sized(6, 7),
        Panel::lines(
            "Load reports",
            "Reports that could be read. Without any, the gauges beside this say nothing.",
            unit::PER_SECOND,
        )
        .ask("{{model}}", of.rate(MODEL, Metric::LoadReports, &[]))
        .sized(6, 7),
    ]
}

fn unread(of: &Queries) -> Vec<Panel> {
    vec![
        Panel::stacked(
            "Read problems by reason",
            "Requests, answers and events that could not be read as their dialect promises. They pass in any case.",
            unit::PER_SECOND,
        )
        .ask("{{reason}}", of.rate_of_occurring(&[Label::Reason], Metric::ReadProblems, &[]))
        .sized(12, 7),
        Panel::stacked(
            "Read problems by model",
            "The same by the model that the request named.",
            unit::PER_SECOND,
        )
        .ask("{{model}}", of.rate_of_occurring(MODEL, Metric::ReadProblems, &[]))
        .sized(12, 7),
    ]
}
