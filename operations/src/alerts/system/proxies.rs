//! What alerts on the filter in its proxy ask. It says nothing of the servers behind it.

use driftline_labels::Outcome;
use driftline_metrics::catalogue::{Label, Metric};

use super::super::expression::{DAY, Expressions, MINUTE, PROXIES, series};
use crate::promql::equals;

/// Which share of its requests a proxy's filter counts.
pub(super) const READ_SHARE: &str = "driftline:proxy:read_share";

/// The share of the requests of a proxy, those of its admin interface excepted, that the filter counts in any way. A filter
/// that is replaced by one that never starts leaves no counters behind: then it is 0 where it was known before.
pub(super) fn read_share(of: &Expressions<'_>) -> String {
    let recent = 10 * MINUTE;
    let counted = [Metric::Requests, Metric::Unmeasured, Metric::FeedbackRequests]
        .map(|metric| of.growth(metric.shape().name, recent));
    let proxied = [ENVOY_REQUESTS, ISTIO_REQUESTS].map(|name| of.grown(PROXIES, name, recent));
    let proxied = format!("(({}) >= 20)", proxied.join("\n  or "));
    format!(
        "sum by ({PROXIES}) (\n  {}\n)\n/ {proxied}\n\
         or {proxied} * 0\nand on ({PROXIES}) last_over_time({READ_SHARE}[{}])",
        counted.join("\n  or "),
        of.span(DAY)
    )
}

/// What Envoy counts itself, and what Istio's proxies count, which do not export Envoy's own by default.
const ENVOY_REQUESTS: &str =
    "envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix!=\"admin\"}";
const ISTIO_REQUESTS: &str = "istio_requests_total";

/// How many names, each on each route, have series because they match a pattern, where that is near the limit.
pub(super) fn names_full(of: &Expressions<'_>) -> String {
    let config = of.settings().config;
    let listed = config.models.iter().filter(|model| !model.is_pattern()).map(|model| &*model.name);
    let known: Vec<String> =
        listed.chain([driftline_monitor::config::OTHER_NAME]).map(escaped).collect();
    let (model, route) = (Label::Model.name(), Label::Route.name());
    let requests = series(
        Metric::Requests,
        &[
            equals(Label::Outcome, Outcome::Complete.name()),
            format!("{model}!~\"{}\"", known.join("|")),
        ],
    );
    format!(
        "count by ({PROXIES}) (group by ({PROXIES}, {model}, {route}) ({requests})) >= {}",
        config.names_max * 9 / 10
    )
}

/// A name in a regular expression in a string of PromQL.
fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str(r"\\\\"),
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                escaped.push_str(r"\\");
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_matches_itself_alone() {
        assert_eq!(escaped(r#"a.b\"c"#), r#"a\\.b\\\\\"c"#);
    }
}
