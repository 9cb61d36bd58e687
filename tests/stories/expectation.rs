//! What a story expects to see, line by line, and how it is compared with a scrape; it knows no metric.
//!
//! ```text
//! requests_total{model=demo-llm,outcome=complete} 1
//! time_to_first_token_microseconds_total{model=demo-llm,result=success} 250 ms
//! ```
//!
//! Names go without their prefix. A line is about the change that the story made, summed over all series that
//! have at least these labels. Counters that say how something went (those with an `outcome` or a `reason`) are a
//! closed set: each that changed must be listed, so that nothing is counted twice, or under two names.
//! All other metrics may come and go without any story noticing.

use std::collections::BTreeMap;

use driftline_testbed::scrape::{Scrape, Series};

/// What every name in a scrape of ours begins with.
pub(crate) const PREFIX: &str = "driftline_";

/// How far real clocks may be off. A machine that cannot keep this is seen by the client, and the story told again.
pub(crate) const PACE_TOLERANCE_MS: u64 = 25;
/// How late an end may be that no client can time, because it is not one that was promised.
const LATE_MS: f64 = 300.0;

/// What one exchange changed on one stage.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Where.
    pub(crate) stage: &'static str,
    /// Counters and histograms as they grew, gauges as they stand.
    pub(crate) changed: Scrape,
    /// Whether time was real there, so that times are only about right.
    pub(crate) is_real_time: bool,
    /// Whether what the client saw came at the times that the story says, as far as [`PACE_TOLERANCE_MS`] goes.
    pub(crate) kept_pace: bool,
}

impl Seen {
    /// Something seen where time is virtual.
    pub(crate) fn exact(stage: &'static str, changed: Scrape) -> Seen {
        Seen { stage, changed, is_real_time: false, kept_pace: true }
    }
}

/// One line.
struct Line {
    text: String,
    series: Series,
    value: Value,
}

#[derive(Clone, Copy)]
enum Value {
    Exactly(f64),
    Milliseconds(f64),
}

/// What is wrong with what was seen, a line each; empty if nothing is.
pub(crate) fn problems(seen: &Seen, lines: &[&str]) -> Vec<String> {
    let lines: Vec<Line> = lines.iter().map(|line| Line::read(line)).collect();
    let mut problems = Vec::new();
    for line in &lines {
        let labels: Vec<_> =
            line.series.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        match seen.changed.value(&line.series.name, &labels) {
            None => problems.push(format!("expected `{}`, there is no such series", line.text)),
            Some(found) if !line.value.allows(found, seen.is_real_time) => {
                problems.push(format!("expected `{}`, found {found}", line.text));
            }
            Some(_) => {}
        }
    }
    let expected: BTreeMap<_, _> = lines.iter().map(|line| (line.series.to_string(), ())).collect();
    for (series, value) in seen.changed.samples() {
        if is_verdict(series) && value != 0.0 && !expected.contains_key(&series.to_string()) {
            problems.push(format!("unexpected: {series} {value}"));
        }
    }
    problems.extend(contradictions(seen));
    problems.into_iter().map(|problem| format!("{}: {problem}", seen.stage)).collect()
}

/// What can never be, whatever was asked: an exchange that is over and in flight, or timed and not counted.
fn contradictions(seen: &Seen) -> Vec<String> {
    let changed = &seen.changed;
    let mut problems = Vec::new();
    for (series, value) in
        changed.samples().filter(|(series, _)| series.name.ends_with("_requests_in_flight"))
    {
        if value != 0.0 {
            problems.push(format!("still in flight: {series} {value}"));
        }
    }
    let total = |name: &str| changed.value(&format!("{PREFIX}{name}"), &[]).unwrap_or(0.0);
    let (ended, timed) = (total("requests_total"), total("request_duration_observations_total"));
    if ended != timed {
        problems.push(format!("{ended} requests ended and {timed} were timed"));
    }
    problems.extend(unsettled(changed));
    problems
}

/// Histograms whose number of samples is not that of the exact counter beside them.
///
/// Envoy merges histograms now and then, so for a moment this is no fault.
pub(crate) fn unsettled(scrape: &Scrape) -> Vec<String> {
    let mut problems = Vec::new();
    for (series, observations) in scrape.samples() {
        let Some(stem) = series.name.strip_suffix("_observations_total") else {
            continue;
        };
        // The histogram is named by its unit.
        let counts = ["microseconds", "seconds"]
            .map(|unit| Series { name: format!("{stem}_{unit}_count"), ..series.clone() });
        let found = counts.iter().find_map(|count| scrape.exactly(count));
        if found != Some(observations) {
            let [one, other] = counts.map(|count| count.to_string());
            problems.push(format!("{series} {observations}, but {one} or {other} {found:?}"));
        }
    }
    problems
}

/// Whether a series says how something went.
fn is_verdict(series: &Series) -> bool {
    series.name.starts_with(PREFIX)
        && (series.label("outcome").is_some() || series.label("reason").is_some())
}

impl Line {
    fn read(text: &str) -> Line {
        let read = || {
            let (name, rest) = text.split_once('{').unwrap_or((text, ""));
            let (labels, value) = match rest.split_once("} ") {
                Some(parts) => parts,
                None => ("", text.split_once(' ')?.1),
            };
            let labels = labels.split(',').filter(|label| !label.is_empty());
            let labels: Option<BTreeMap<String, String>> = labels
                .map(|label| label.split_once('=').map(|(k, v)| (k.into(), v.into())))
                .collect();
            let name = name.split(' ').next()?;
            let value = match value.strip_suffix(" ms") {
                Some(value) => Value::Milliseconds(value.parse().ok()?),
                None => Value::Exactly(value.parse().ok()?),
            };
            let series = Series { name: format!("{PREFIX}{name}"), labels: labels? };
            Some(Line { text: text.to_owned(), series, value })
        };
        read().unwrap_or_else(|| panic!("not a line of an expectation: `{text}`"))
    }
}

impl Value {
    fn allows(self, found: f64, is_real_time: bool) -> bool {
        match self {
            Value::Exactly(value) => found == value,
            Value::Milliseconds(value) if is_real_time => {
                let found = found / 1000.0;
                // Twice: both ends of a span may be off.
                value - 2.0 * PACE_TOLERANCE_MS as f64 <= found && found <= value + LATE_MS
            }
            Value::Milliseconds(value) => found == value * 1000.0,
        }
    }
}

#[test]
fn lines_say_what_is_expected_and_what_is_not() {
    let changed = Scrape::parse(
        "driftline_a_total{model=\"m\",outcome=\"x\"} 1\ndriftline_a_total{model=\"m\",outcome=\"y\"} 1\n\
         driftline_t_total{model=\"m\"} 3000\ndriftline_new_total 7\n",
    );
    let seen = Seen::exact("here", changed.unwrap());
    let check = |lines: &[&str], expected: &[&str]| assert_eq!(problems(&seen, lines), expected);
    let (x, y) = ("a_total{model=m,outcome=x} 1", "a_total{model=m,outcome=y} 1");
    check(&[x, y, "t_total{model=m} 3 ms", "new_total 7"], &[]);
    check(&[x], &["here: unexpected: driftline_a_total{model=\"m\",outcome=\"y\"} 1"]);
    check(
        &[x, y, "t_total 4 ms", "b_total 1"],
        &[
            "here: expected `t_total 4 ms`, found 3000",
            "here: expected `b_total 1`, there is no such series",
        ],
    );
}
