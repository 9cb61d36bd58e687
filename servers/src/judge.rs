//! Compares what the filter counted with what the client did. It asks neither.

use std::collections::{BTreeMap, BTreeSet};

use driftline_testbed::scrape::{Scrape, Series};

use crate::{
    case::MODEL,
    client::{Bins, Counted},
};

const PREFIX: &str = "driftline_";
/// The role and the name of what the model answers.
const PREDICTION: &str = "prediction";
/// How many bins of a column a sentence names.
const BINS_SHOWN: usize = 4;

/// What came of one case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// Rows that the filter counted.
    pub rows: u64,
    /// Bins of features that are equal, and all.
    pub bins: (usize, usize),
    /// Bins of the prediction that are equal, and all.
    pub predictions: (usize, usize),
    /// `ok`, or the verdicts of the columns that have another one.
    pub verdict: String,
    /// Read problems.
    pub problems: u64,
    /// Breaches of the schema.
    pub breaches: u64,
    /// A sentence for each difference.
    pub differences: Vec<String>,
}

/// Whether every column has a verdict, and all that was sent is counted.
#[must_use]
pub fn is_settled(counted: &Counted, scrape: &Scrape) -> bool {
    let total = |metric: &str| value(scrape, metric, &[]);
    let verdicts = verdicts(scrape);
    counted.requests <= total("requests_total")
        && counted.rows <= total("instances_total")
        && counted.features.len() < verdicts.len()
        && verdicts.values().all(|verdict| verdict != "insufficient")
}

/// Compares everything.
#[must_use]
pub fn judge(counted: &Counted, scrape: &Scrape) -> Judged {
    let model = ("model", MODEL);
    let mut judged =
        Judged { rows: value(scrape, "instances_total", &[model]), ..Judged::default() };
    let differences = &mut judged.differences;
    for (metric, labels, expected) in [
        ("requests_total", &[model, ("outcome", "complete")][..], counted.requests),
        ("requests_total", &[], counted.requests),
        ("instances_total", &[model], counted.rows),
        ("predictions_total", &[model], counted.predictions),
        ("read_problems_total", &[], 0),
        ("schema_violations_total", &[], counted.breaches),
    ] {
        let found = value(scrape, metric, labels);
        if found != expected {
            differences.push(format!(
                "{metric}{}: {found}, expected {expected}{}",
                shown(labels),
                reasons(scrape, metric)
            ));
        }
    }
    for (feature, bins) in &counted.features {
        let (equal, all) = compare_bins(scrape, "feature", feature, bins, differences);
        judged.bins = (judged.bins.0 + equal, judged.bins.1 + all);
    }
    judged.predictions =
        compare_bins(scrape, PREDICTION, PREDICTION, &counted.prediction, differences);
    judged.problems = value(scrape, "read_problems_total", &[]);
    judged.breaches = value(scrape, "schema_violations_total", &[]);
    let verdicts = verdicts(scrape);
    let columns = counted.features.keys().map(String::as_str).chain([PREDICTION]);
    let others: Vec<String> = columns
        .map(|column| (column, verdicts.get(column).map_or("none", String::as_str)))
        .filter(|(_, verdict)| *verdict != "ok")
        .map(|(column, verdict)| format!("{verdict}: {column}"))
        .collect();
    judged.verdict = summary(&others, counted.features.len() + 1);
    if judged.verdict != "ok" {
        differences.push(format!("verdict {}", judged.verdict));
    }
    judged
}

/// The verdict of all columns, or the columns by name whose verdict is not `ok`.
fn summary(others: &[String], columns: usize) -> String {
    let words: BTreeSet<&str> = others.iter().filter_map(|it| it.split(':').next()).collect();
    match (words.first(), words.len()) {
        (None, _) => "ok".to_owned(),
        (Some(word), 1) if others.len() == columns => (*word).to_owned(),
        _ => others.join(", "),
    }
}

/// How much has been counted by which reason or outcome, if the counter has such labels.
fn reasons(scrape: &Scrape, metric: &str) -> String {
    let name = format!("{PREFIX}{metric}");
    let mut reasons: BTreeMap<&str, f64> = BTreeMap::new();
    for (series, value) in scrape.samples().filter(|(series, _)| series.name == name) {
        let label = series.label("reason").or_else(|| series.label("outcome"));
        if let Some(label) = label {
            *reasons.entry(label).or_default() += value;
        }
    }
    reasons.retain(|_, value| *value != 0.0);
    let texts: Vec<String> =
        reasons.iter().map(|(reason, value)| format!("{value} {reason}")).collect();
    if texts.is_empty() { String::new() } else { format!(" ({})", texts.join(", ")) }
}

/// Compares the bins of a column, and its values without one. Returns how many are equal, and how many there are.
fn compare_bins(
    scrape: &Scrape,
    role: &str,
    column: &str,
    counted: &Bins,
    differences: &mut Vec<String>,
) -> (usize, usize) {
    let labels = [("model", MODEL), ("role", role), ("feature", column)];
    let name = format!("{PREFIX}feature_bin_total");
    let mut found: Bins = scrape
        .samples()
        .filter(|(series, _)| series.matches(&name, &labels))
        .map(|(series, value)| (series.label("bin").unwrap_or_default().to_owned(), value as u64))
        .collect();
    found.insert("null".to_owned(), value(scrape, "feature_unbinned_total", &labels));
    for bin in counted.keys() {
        found.entry(bin.clone()).or_default();
    }
    let mut wrong = Vec::new();
    for (bin, found) in &found {
        let expected = counted.get(bin).copied().unwrap_or(0);
        if *found != expected {
            wrong.push(format!("{bin}: {found}, expected {expected}"));
        }
    }
    let equal = found.len() - wrong.len();
    if BINS_SHOWN < wrong.len() {
        let more = wrong.len() - BINS_SHOWN;
        wrong.truncate(BINS_SHOWN);
        wrong.push(format!("and {more} more"));
    }
    if !wrong.is_empty() {
        differences.push(format!("bins of {role} {column}: {}", wrong.join("; ")));
    }
    (equal, found.len())
}

/// The verdict of the fast window of every column.
fn verdicts(scrape: &Scrape) -> BTreeMap<String, String> {
    let name = format!("{PREFIX}feature_verdict");
    let labels = [("model", MODEL), ("window", "fast")];
    let holds =
        scrape.samples().filter(|(series, value)| series.matches(&name, &labels) && *value == 1.0);
    let label = |series: &Series, key: &str| series.label(key).unwrap_or_default().to_owned();
    holds.map(|(series, _)| (label(series, "feature"), label(series, "verdict"))).collect()
}

/// A count; there are none below 0 and none that a double cannot hold.
fn value(scrape: &Scrape, metric: &str, labels: &[(&str, &str)]) -> u64 {
    scrape.value(&format!("{PREFIX}{metric}"), labels).unwrap_or(0.0) as u64
}

fn shown(labels: &[(&str, &str)]) -> String {
    let texts: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if texts.is_empty() { String::new() } else { format!("{{{}}}", texts.join(",")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an Envoy shows after two rows, one in each bin of `age`, with the answers 0 and 1.
    const PAGE: &str = r#"
driftline_requests_total{model="customers",outcome="complete"} 2
driftline_instances_total{model="customers"} 2
driftline_predictions_total{model="customers"} 2
driftline_read_problems_total{model="customers",reason="response_malformed"} 0
driftline_feature_bin_total{model="customers",role="feature",feature="age",bin="00"} 1
driftline_feature_bin_total{model="customers",role="feature",feature="age",bin="01"} 1
driftline_feature_unbinned_total{model="customers",role="feature",feature="age",reason="null"} 0
driftline_feature_bin_total{model="customers",role="prediction",feature="prediction",bin="00"} 1
driftline_feature_bin_total{model="customers",role="prediction",feature="prediction",bin="01"} 1
driftline_feature_verdict{model="customers",feature="age",window="fast",verdict="ok"} 1
driftline_feature_verdict{model="customers",feature="age",window="fast",verdict="drift"} 0
driftline_feature_verdict{model="customers",feature="prediction",window="fast",verdict="ok"} 1
"#;

    fn counted() -> Counted {
        let bins: Bins = [("00".to_owned(), 1), ("01".to_owned(), 1)].into();
        Counted {
            requests: 2,
            rows: 2,
            predictions: 2,
            features: [("age".to_owned(), bins.clone())].into(),
            prediction: bins,
            ..Counted::default()
        }
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: &[&str]) {
        assert!(PAGE.contains(from));
        let scrape = Scrape::parse(&PAGE.replace(from, to)).unwrap();
        assert_eq!(judge(&counted(), &scrape).differences, expected);
    }

    #[test]
    fn what_is_equal_has_no_difference() {
        check("driftline", "driftline", &[]);
        let judged = judge(&counted(), &Scrape::parse(PAGE).unwrap());
        assert_eq!((judged.bins, judged.predictions, judged.rows), ((3, 3), (3, 3), 2));
        assert_eq!(judged.verdict, "ok");
    }

    #[test]
    fn each_difference_is_named() {
        check(
            r#"reason="response_malformed"} 0"#,
            r#"reason="response_malformed"} 3"#,
            &["read_problems_total: 3, expected 0 (3 response_malformed)"],
        );
        check(
            r#"feature="age",bin="01"} 1"#,
            r#"feature="age",bin="other"} 1"#,
            &["bins of feature age: 01: 0, expected 1; other: 1, expected 0"],
        );
        check(
            r#"feature="age",window="fast",verdict="ok""#,
            r#"feature="age",window="fast",verdict="late""#,
            &["verdict late: age"],
        );
        check(
            r#"outcome="complete""#,
            r#"outcome="no_output""#,
            &["requests_total{model=customers,outcome=complete}: 0, expected 2 (2 no_output)"],
        );
    }

    #[test]
    fn a_column_without_a_verdict_is_not_ok() {
        let scrape = Scrape::parse("").unwrap();
        assert_eq!(judge(&counted(), &scrape).verdict, "none");
    }
}
