//! What the clients know of all their exchanges, and what is wrong with what was counted. It never asks the proxy.
//!
//! A request that a client got through to the proxy is counted once. The record knows which these are: those that were
//! answered, and those whose head the model server has. So for every model and every reason
//!
//! ```text
//! driftline_requests_total{model} + driftline_unmeasured_streams_total{reason} = requests of the clients
//! ```
//!
//! by model and by reason, and all together are as many as Envoy's own `downstream_rq_total`. Within a model, each
//! outcome has at least the exchanges that can have no other one, and at most those that can have it.

use std::collections::BTreeMap;

use driftline_testbed::scrape::Scrape;

use super::{
    exchange::{Counted, Exchange},
    proxy::{ended, sum},
};

/// As in `crates/labels/src/outcome.rs`.
pub(super) const OUTCOMES: [&str; 9] = [
    "complete",
    "client_cancel",
    "upstream_reset",
    "timeout",
    "truncated",
    "error_event",
    "error_status",
    "no_output",
    "local_reply",
];
pub(super) const REASONS: [&str; 4] =
    ["no_request_headers", "unrecognised_path", "other_method", "declared_none"];

const READ_PROBLEMS: &str = "driftline_read_problems_total";

/// All exchanges so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// How many of each kind, by the names of kinds.
    pub(super) kinds: BTreeMap<&'static str, u64>,
    /// How many must be counted in each place.
    counted: BTreeMap<(String, Vec<&'static str>), u64>,
    /// By model: tokens of answers that are whole for sure, and those of each that may be whole.
    tokens: BTreeMap<String, [u64; 2]>,
    rows: BTreeMap<String, u64>,
    unmeasured: BTreeMap<&'static str, u64>,
    read_problems: BTreeMap<&'static str, u64>,
    /// Whether streams may find no room in a VM, and pass unmeasured: then a model may have fewer requests, by so many
    /// together, and what was read of bodies is not compared.
    pub(super) may_lack_room: bool,
    /// What no client should have seen.
    pub(super) problems: Vec<String>,
}

impl Record {
    /// Adds an exchange that got through; `whole` unless its client saw the answer break off.
    pub(super) fn add(&mut self, kind: &'static str, exchange: &Exchange, whole: bool) {
        *self.kinds.entry(kind).or_default() += 1;
        if let Some(reason) = exchange.problem {
            *self.read_problems.entry(reason).or_default() += 1;
        }
        match exchange.counted(whole) {
            Counted::Outcome(model, outcomes) => {
                let [surely, each] = self.tokens.entry(model.clone()).or_default();
                match outcomes {
                    [_] if whole => *surely += exchange.tokens,
                    [_] => {}
                    _ => *each = exchange.tokens,
                }
                *self.rows.entry(model.clone()).or_default() += exchange.rows;
                *self.counted.entry((model, outcomes.to_vec())).or_default() += 1;
            }
            Counted::Unmeasured(reason) => *self.unmeasured.entry(reason).or_default() += 1,
        }
    }

    /// How many requests got through.
    pub(super) fn requests(&self) -> u64 {
        self.counted.values().sum::<u64>() + self.unmeasured.values().sum::<u64>()
    }

    /// What is wrong with the page at the end, a line each; `by_envoy` is how many requests Envoy counts itself.
    pub(super) fn differences(&self, page: &Scrape, by_envoy: u64) -> Vec<String> {
        let mut wrong = self.problems.clone();
        let mut check = |what: String, found: u64, low: u64, high: u64| {
            if !(low..=high).contains(&found) {
                wrong.push(format!("{what}: {found} are counted, expected {low} to {high}"));
            }
        };
        let all = self.requests();
        check("streams".to_owned(), ended(page), all, all);
        check("requests of Envoy".to_owned(), by_envoy, all, all);
        for model in self.models(page) {
            let in_flight = sum(page, "requests_in_flight", &[("model", &model)]);
            check(format!("{model} in flight"), in_flight, 0, 0);
            let all = self.expected(&model, |_| true);
            let least = |count| if self.may_lack_room { 0 } else { count };
            let found = sum(page, "requests_total", &[("model", &model)]);
            check(model.clone(), found, least(all), all);
            for outcome in OUTCOMES {
                let labels = [("model", model.as_str()), ("outcome", outcome)];
                let surely = self.expected(&model, |outcomes| outcomes == [outcome]);
                let maybe = self.expected(&model, |outcomes| outcomes.contains(&outcome));
                let found = sum(page, "requests_total", &labels);
                check(format!("{model} {outcome}"), found, least(surely), maybe);
            }
        }
        for reason in REASONS {
            let found = sum(page, "unmeasured_streams_total", &[("reason", reason)]);
            let expected = self.unmeasured.get(reason).copied().unwrap_or(0);
            check(format!("unmeasured {reason}"), found, expected, expected);
        }
        if self.may_lack_room {
            return wrong;
        }
        // Rows of what is not listed are counted, too, and nobody knows of each whether it got through.
        for (model, [surely, each]) in self.tokens.iter().filter(|(model, _)| *model != "other") {
            let labels = [("model", model.as_str()), ("outcome", "complete")];
            let raced = sum(page, "requests_total", &labels)
                .saturating_sub(self.expected(model, |outcomes| outcomes == ["complete"]));
            let tokens = surely + raced * each;
            let found = sum(page, "output_tokens_total", &labels[..1]);
            check(format!("tokens of {model}"), found, tokens, tokens);
            let (found, rows) = (sum(page, "instances_total", &labels[..1]), self.rows[model]);
            check(format!("rows of {model}"), found, rows, rows);
        }
        let mut reasons: Vec<&str> = self.read_problems.keys().copied().collect();
        let counted = page.samples().filter(|(series, _)| series.matches(READ_PROBLEMS, &[]));
        reasons.extend(counted.filter_map(|(series, _)| series.label("reason")));
        reasons.sort_unstable();
        reasons.dedup();
        for reason in reasons {
            let found = page.value(READ_PROBLEMS, &[("reason", reason)]).unwrap_or(0.0) as u64;
            let expected = self.read_problems.get(reason).copied().unwrap_or(0);
            check(format!("read problem {reason}"), found, expected, expected);
        }
        wrong
    }

    /// Those that clients asked, and those that were counted.
    fn models(&self, page: &Scrape) -> Vec<String> {
        let asked = self.counted.keys().map(|(model, _)| model.clone());
        let counted = page.samples().filter_map(|(series, _)| series.label("model"));
        let mut models: Vec<String> = asked.chain(counted.map(str::to_owned)).collect();
        models.sort_unstable();
        models.dedup();
        models
    }

    fn expected(&self, model: &str, fits: impl Fn(&[&str]) -> bool) -> u64 {
        let of_model =
            self.counted.iter().filter(|((of, outcomes), _)| of == model && fits(outcomes));
        of_model.map(|(_, count)| count).sum()
    }
}

#[test]
fn a_stream_that_is_lost_or_counted_elsewhere_is_named() {
    let mut record = Record::default();
    let asked = || Exchange::post("/v1/chat/completions", "");
    record.add("one", &asked().counts("a", &["complete"]), true);
    record.add("two", &asked().counts("a", &["complete", "client_cancel"]), true);
    record.add("three", &asked().passes("declared_none"), true);
    let check = |page: &str, by_envoy, wrong: &[&str]| {
        assert_eq!(record.differences(&Scrape::parse(page).unwrap(), by_envoy), wrong, "{page}");
    };
    const NONE: &str = "driftline_unmeasured_streams_total{reason=\"declared_none\"} 1\n";
    let requests = |model: &str, outcome: &str, count: u32| {
        format!("driftline_requests_total{{model={model:?},outcome={outcome:?}}} {count}\n")
    };
    check(&(requests("a", "complete", 2) + NONE), 3, &[]);
    let cancelled = requests("a", "complete", 1) + &requests("a", "client_cancel", 1) + NONE;
    check(&cancelled, 3, &[]);
    check(
        &(requests("a", "complete", 1) + NONE),
        3,
        &["streams: 2 are counted, expected 3 to 3", "a: 1 are counted, expected 2 to 2"],
    );
    check(
        &(requests("a", "complete", 1) + &requests("b", "complete", 1) + NONE),
        4,
        &[
            "requests of Envoy: 4 are counted, expected 3 to 3",
            "a: 1 are counted, expected 2 to 2",
            "b: 1 are counted, expected 0 to 0",
            "b complete: 1 are counted, expected 0 to 0",
        ],
    );
    let in_flight = "driftline_requests_in_flight{model=\"a\"} 1\n";
    check(
        &(cancelled + in_flight + "driftline_read_problems_total{reason=\"x\"} 1\n"),
        3,
        &[
            "a in flight: 1 are counted, expected 0 to 0",
            "read problem x: 1 are counted, expected 0 to 0",
        ],
    );
}
