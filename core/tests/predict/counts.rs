//! What an exchange changes in the series of a configuration, as people read it, and what a case says that it must.

use std::collections::BTreeMap;

use driftline_core::series::Series;

use super::case::{Case, Values};

/// Changes that are not 0, by series: `predictions_total{m}`. A histogram's is the number of its samples.
pub(crate) type Counts = BTreeMap<String, i64>;

/// How [`Counts`] calls a series: by the values of its labels, those left out that are empty.
pub(crate) fn name(series: &Series) -> String {
    let values = series.labels.iter().map(|(_, value)| value.as_str());
    let values: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
    let name = series.name.strip_prefix("driftline_").unwrap_or(&series.name);
    format!("{name}{{{}}}", values.join(","))
}

/// What is wrong with what was counted, a line each; empty if nothing is.
pub(crate) fn problems(case: &Case, mut found: Counts) -> Vec<String> {
    let mut expected = expected(case);
    // When an exchange ends is up to the delivery; that it was timed once is not.
    found.retain(|name, _| !name.starts_with("request_duration_microseconds"));
    let names: Vec<String> = expected.keys().chain(found.keys()).cloned().collect();
    let mut problems = Vec::new();
    for name in names {
        let (expected, found) = (expected.remove(&name), found.remove(&name));
        if expected != found {
            let [expected, found] = [expected, found].map(Option::unwrap_or_default);
            problems.push(format!("{name}: expected {expected}, found {found}"));
        }
    }
    problems
}

fn expected(case: &Case) -> Counts {
    let expected = &case.expected;
    let model = &expected.model;
    let mut counts = Counts::new();
    let mut add = |name: String, count: u64| {
        if count != 0 {
            *counts.entry(name).or_default() +=
                i64::try_from(count).expect("a count of a test is small");
        }
    };
    let result = if expected.outcome == "complete" { "success" } else { "failure" };
    add(format!("requests_total{{{model},{}}}", expected.outcome), 1);
    add(format!("request_duration_observations_total{{{model},{result}}}"), 1);
    add(format!("instances_total{{{model}}}"), expected.rows);
    add(format!("predictions_total{{{model}}}"), expected.predictions);
    for (problem, &count) in &expected.read_problems {
        add(format!("read_problems_total{{{model},{problem}}}"), count);
    }
    for (fault, &count) in &expected.faults {
        add(format!("schema_violations_total{{{model},{fault}}}"), count);
    }
    let features = expected.features.iter().map(|(name, values)| ("feature", &**name, values));
    let prediction = ("prediction", "prediction", &expected.prediction);
    for (role, name, values) in features.chain([prediction]) {
        for (bin, &count) in values {
            let metric =
                if is_reason(bin) { "feature_unbinned_total" } else { "feature_bin_total" };
            add(format!("{metric}{{{model},{role},{name},{bin}}}"), count);
            add("monitored_values_total{}".to_owned(), count);
        }
        for breach in ["wrong_type", "not_finite"] {
            let count = count_of(values, breach);
            add(format!("schema_violations_total{{{model},{role},{name},{breach}}}"), count);
        }
    }
    counts
}

/// Whether it is a reason to be in no bin.
fn is_reason(bin: &str) -> bool {
    ["null", "missing", "wrong_type", "not_finite"].contains(&bin)
}

fn count_of(values: &Values, bin: &str) -> u64 {
    values.get(bin).copied().unwrap_or(0)
}
