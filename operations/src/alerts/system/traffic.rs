//! What alerts on requests and on the servers of models ask. It says nothing of the proxy.

use driftline_labels::RequestResult;
use driftline_metrics::catalogue::{Label, Metric};

use super::super::expression::{
    DAY, Expressions, HOT_RESTART, HOUR, MINUTE, MODEL, companions, series,
};
use crate::promql::{equals, matching, one_of};

/// The share of requests that end so, where it is more than this and they are this many.
pub(super) fn outcomes(
    of: &Expressions<'_>,
    outcomes: &[&str],
    seconds: u64,
    share: f64,
    count: u32,
) -> String {
    let all = of.grown(MODEL, Metric::Requests.shape().name, seconds);
    let those = series(Metric::Requests, &[one_of(Label::Outcome, outcomes)]);
    let those = of.grown(MODEL, &those, seconds);
    format!("{those}\n/ {all} > {share}\nand {those} >= {count}")
}

/// By how much more of the requests than on the day before cannot be read for these reasons, where that is more than this.
pub(super) fn problems(of: &Expressions<'_>, reasons: &[&str], share: f64) -> String {
    let requests = Metric::Requests.shape().name;
    let problems = series(Metric::ReadProblems, &[one_of(Label::Reason, reasons)]);
    let recent = 15 * MINUTE;
    let now = format!(
        "{} / ({} >= 20)",
        of.grown(MODEL, &problems, recent),
        of.grown(MODEL, requests, recent)
    );
    let before = format!(
        "{} / ({} > 0)",
        of.grown_before(MODEL, &problems, DAY, recent),
        of.grown_before(MODEL, requests, DAY, recent)
    );
    format!("({now})\n- ({before}\n  or {now} * 0) > {share}")
}

/// How many times as long as an hour before: at the 95th percentile, where the mean has risen too.
pub(super) fn slow_first_tokens(of: &Expressions<'_>) -> String {
    let succeeded = [equals(Label::Result, RequestResult::Success.name())];
    let buckets =
        matching(&format!("{}_bucket", Metric::TimeToFirstToken.shape().name), &succeeded);
    let [sum, count] = companions(Metric::TimeToFirstToken).map(|name| matching(&name, &succeeded));
    let by_bucket = format!("le, {MODEL}");
    let (recent, before) = (5 * MINUTE, HOUR);
    let quantile = |grown: String| format!("histogram_quantile(0.95, {grown})");
    let now = quantile(of.grown(&by_bucket, &buckets, recent));
    let past = quantile(of.grown_before(&by_bucket, &buckets, HOUR, before));
    let mean = |grown: &dyn Fn(&str) -> String| format!("{} / {}", grown(&sum), grown(&count));
    let mean_now = mean(&|counter| of.grown(MODEL, counter, recent));
    let mean_past = mean(&|counter| of.grown_before(MODEL, counter, HOUR, before));
    format!(
        "{now}\n/ {past} > 2\n\
         and {now}\n  - {past} > 100000\n\
         and {mean_now}\n  > 1.5 * ({mean_past})\n\
         and {} >= 20\n\
         and {} >= 50",
        of.grown(MODEL, &count, recent),
        of.grown_before(MODEL, &count, HOUR, before)
    )
}

/// The share of requests that wait, or of the cache that is used, where that is too much. Only of servers that report.
pub(super) fn saturated(of: &Expressions<'_>) -> String {
    let mean = |metric: Metric| {
        format!(
            "sum by ({MODEL}) (avg_over_time({}[{}]))",
            metric.shape().name,
            of.span(5 * MINUTE)
        )
    };
    let [running, waiting] =
        [Metric::ServerRequestsRunning, Metric::ServerRequestsWaiting].map(mean);
    let cache = Metric::ServerKvCacheUsage.shape().name;
    let reports = of.grown(MODEL, Metric::LoadReports.shape().name, 10 * MINUTE);
    format!(
        "({waiting} / ({running} + {waiting} > 0) > 0.2\n\
         or max by ({MODEL}) (min_over_time({cache}[{}])) / 1e6 > 0.95)\n\
         and {reports} > 0",
        of.span(HOT_RESTART)
    )
}

/// Requests in flight, where they are more than three times those of the hour before and no more end. A hot restart doubles
/// them.
pub(super) fn pile_up(of: &Expressions<'_>) -> String {
    let in_flight = Metric::RequestsInFlight.shape().name;
    let ended = Metric::Requests.shape().name;
    let (recent, before) = (5 * MINUTE, 10 * MINUTE);
    let now = format!("sum by ({MODEL}) (avg_over_time({in_flight}[{}]))", of.span(recent));
    let past = format!(
        "sum by ({MODEL}) (avg_over_time({in_flight}[{}] offset {}))",
        of.span(HOUR),
        of.span(before)
    );
    format!(
        "{now} >= 10\nand {now} > 3 * {past}\nand {} * {} <= 1.5 * {}",
        of.grown(MODEL, ended, recent),
        HOUR / recent,
        of.grown_before(MODEL, ended, HOUR, before)
    )
}
