//! The questions that rollouts and scalers ask of Prometheus. Each answer is one number, or none if there is too little to
//! say; none of them is NaN.

use driftline_labels::{Outcome, RequestResult};
use driftline_metrics::catalogue::{Label, Metric};

use crate::{
    outcomes::{ErrorClass, pattern},
    rules::experiment::{BASELINE, CANDIDATE, FIGURE},
    settings::Lookback,
};

/// Fewer requests than this are too few to say anything of.
const REQUESTS_MIN: u32 = 30;
/// Which first tokens are asked for.
const QUANTILE: f64 = 0.95;

/// Series of one model, as matchers between braces. Each value stands in double quotes of PromQL: it is escaped, or a mark
/// of a template.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    matchers: String,
}

impl Selection {
    /// All of a model.
    pub(super) fn of(model: &str) -> Selection {
        Selection { matchers: format!("{}=\"{model}\"", Label::Model.name()) }
    }

    /// Those of a route, by a regular expression.
    pub(super) fn route(self, expression: &str) -> Selection {
        self.and(&format!("{}=~\"{expression}\"", Label::Route.name()))
    }

    /// Those of a version, by a regular expression.
    pub(super) fn version(self, expression: &str) -> Selection {
        self.and(&format!("{}=~\"{expression}\"", Label::Version.name()))
    }

    /// Those that compare two versions, by what is compared.
    pub(super) fn versions(self, baseline: &str, candidate: &str, figures: &[&str]) -> Selection {
        let figures = figures.join("|");
        self.and(&format!(
            "{BASELINE}=\"{baseline}\", {CANDIDATE}=\"{candidate}\", {FIGURE}=~\"{figures}\""
        ))
    }

    fn and(self, matcher: &str) -> Selection {
        Selection { matchers: format!("{}, {matcher}", self.matchers) }
    }

    /// What a counter grew by, all series together.
    fn increase(&self, counter: &str, matcher: &str, range: &str) -> String {
        format!("sum(increase({counter}{{{}{matcher}}}[{range}]))", self.matchers)
    }

    /// The share of requests with one of these outcomes. A client that left counts on neither side.
    pub(super) fn error_ratio(&self, bad: &[Outcome], range: &str) -> String {
        let requests = Metric::Requests.definition().name;
        let outcome = Label::Outcome.name();
        let bad = format!(", {outcome}=~\"{}\"", pattern(bad.iter().copied()));
        let left = format!(", {outcome}!~\"{}\"", pattern(ErrorClass::Client.outcomes()));
        let (bad, all) =
            (self.increase(requests, &bad, range), self.increase(requests, &left, range));
        // Counters that never moved may be hidden.
        format!("({bad} or vector(0))\n/ ({all} >= {REQUESTS_MIN})")
    }

    /// The time to the first token that most requests keep to, in seconds.
    pub(super) fn first_token(&self, range: &str) -> String {
        let definition = Metric::TimeToFirstToken.definition();
        let observations = definition.companions().map(|[_, observations]| observations.name);
        let success = format!(", {}=\"{}\"", Label::Result.name(), RequestResult::Success.name());
        let matchers = &self.matchers;
        let buckets = format!("{}_bucket{{{matchers}{success}}}", definition.name);
        let observed = self.increase(&observations.unwrap_or_default(), &success, range);
        // Buckets follow their exact counters by some seconds, and a quantile of none of them is NaN, which no comparison passes.
        format!(
            "histogram_quantile({QUANTILE}, sum by (le) (increase({buckets}[{range}]))) / 1e6 >= 0\nand {observed} >= \
             {REQUESTS_MIN}"
        )
    }

    /// More than 0 where labels say that the model has become worse than on its reference.
    pub(super) fn quality(&self) -> String {
        let (window, verdict) = (Label::Window.name(), Label::Verdict.name());
        let name = Metric::QualityVerdict.definition().name;
        format!("max({name}{{{}, {window}=\"fast\", {verdict}=\"drift\"}})", self.matchers)
    }

    /// 1 where the candidate is surely worse than the baseline.
    pub(super) fn worse(&self, lookback: Lookback) -> String {
        format!("max(driftline:experiment:worse{}{{{}}})", lookback.name(), self.matchers)
    }

    /// Requests that are under way, on average. While Envoy restarts hot, those of both processes add up, as they should.
    pub(super) fn in_flight(&self, range: &str) -> String {
        let name = Metric::RequestsInFlight.definition().name;
        format!("sum(avg_over_time({name}{{{}}}[{range}]))", self.matchers)
    }
}
