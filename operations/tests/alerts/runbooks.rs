//! Runbooks: every alert has a page of five steps, every page an alert, and every query in them parses and names metrics,
//! rules and labels that exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use driftline_metrics::catalogue::{Kind, Label, Metric};
use driftline_operations::{File, alerts, render, settings::RUNBOOKS};
use driftline_testbed::promtool;

use crate::with_settings;

const STEPS: [&str; 5] = [
    "## 1. Is it real?",
    "## 2. System, data or model?",
    "## 3. Stop the harm now",
    "## 4. Find the cause",
    "## 5. Afterwards",
];

/// What others export: Envoy 1.40, Istio's proxies, and Prometheus itself.
const OF_OTHERS: [&str; 13] = [
    "ALERTS",
    "envoy_cluster_membership_healthy",
    "envoy_cluster_membership_total",
    "envoy_cluster_upstream_cx_connect_fail",
    "envoy_cluster_upstream_cx_connect_ms_bucket",
    "envoy_cluster_upstream_rq_active",
    "envoy_cluster_upstream_rq_pending_overflow",
    "envoy_cluster_upstream_rq_timeout",
    "envoy_cluster_upstream_rq_xx",
    "envoy_http_downstream_rq_total",
    "istio_requests_total",
    "scrape_samples_scraped",
    "up",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(RUNBOOKS)
}

/// The pages by their names, the index among them.
fn pages() -> BTreeMap<String, String> {
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The queries of a page: its blocks of PromQL.
fn queries(page: &str) -> Vec<&str> {
    let blocks = page.split("```promql\n").skip(1);
    blocks.map(|block| block.split_once("\n```").map_or(block, |(query, _)| query)).collect()
}

#[test]
fn every_alert_has_a_page_of_five_steps_and_every_page_an_alert() {
    let mut pages = pages();
    assert!(pages.remove("README").is_some());
    let names: BTreeSet<String> = alerts::all().map(|(_, alert)| alert.name.to_owned()).collect();
    assert_eq!(pages.keys().cloned().collect::<BTreeSet<_>>(), names);
    for (name, page) in &pages {
        assert!(page.starts_with(&format!("# {name}\n")), "{name}");
        let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(headings, STEPS, "{name}");
        // Of the head, and of two steps at least.
        assert!(3 <= queries(page).len(), "{name} asks Prometheus");
        for step in page.split("\n## ").skip(1) {
            assert!(80 < step.len(), "{name}: {step}");
        }
    }
}

#[test]
fn no_two_pages_have_a_paragraph_in_common() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (name, page) in pages().into_iter().filter(|(name, _)| name != "README") {
        let steps = page.split_once(STEPS[0]).unwrap().1;
        let paragraphs = steps.split("\n\n").filter(|text| !text.starts_with("## "));
        // Headings of tables and single commands may be the same.
        for text in paragraphs.filter(|text| 120 < text.len() && !text.starts_with("```")) {
            if let Some(other) = seen.insert(text.to_owned(), name.clone()) {
                assert_eq!(other, name, "{text}");
            }
        }
    }
}

#[test]
fn every_query_parses() {
    let mut rules = String::from("groups:\n- name: runbooks\n  rules:\n");
    for (name, page) in pages() {
        for (number, query) in queries(&page).into_iter().enumerate() {
            let record = format!("runbook:{name}:{number}");
            // JSON is YAML.
            let rule = serde_json::json!({"record": record, "expr": query});
            rules += &format!("  - {rule}\n");
        }
    }
    promtool::check(&[("queries.rules.yml", &rules)]).unwrap();
}

#[test]
fn every_query_names_what_exists() {
    let names = names();
    for (page, text) in pages() {
        for query in queries(&text) {
            for (name, matched) in selectors(query) {
                if name == "__name__" {
                    continue;
                }
                let labels = names.get(&name);
                let labels =
                    labels.unwrap_or_else(|| panic!("{page}: there is no {name}:\n{query}"));
                if let Some(labels) = labels {
                    for label in matched {
                        let is_known = labels.contains(label.as_str());
                        assert!(is_known, "{page}: {name} has no label {label}:\n{query}");
                    }
                }
            }
        }
    }
}

/// All names, with the labels of metrics of the filter.
fn names() -> BTreeMap<String, Option<BTreeSet<&'static str>>> {
    let mut names: BTreeMap<String, _> =
        OF_OTHERS.iter().map(|name| ((*name).to_owned(), None)).collect();
    for metric in Metric::ALL {
        let definition = metric.definition();
        let of_target = ["job", "instance"].into_iter();
        let labels: BTreeSet<&str> =
            definition.labels.iter().map(|label| label.name()).chain(of_target).collect();
        for companion in definition.companions().into_iter().flatten() {
            names.insert(companion.name, Some(labels.clone()));
        }
        if definition.kind == Kind::Histogram {
            names.insert(format!("{}_bucket", definition.name), Some(labels));
        } else {
            names.insert(definition.name.to_owned(), Some(labels));
        }
    }
    let files = with_settings(render::rule_files);
    for File { text, .. } in &files {
        let records = text.lines().filter_map(|line| line.split_once("record: "));
        names.extend(records.map(|(_, name)| (name.trim_matches('"').to_owned(), None)));
    }
    names
}

/// The selectors of a query: names of series, with the labels that they match.
fn selectors(query: &str) -> Vec<(String, Vec<String>)> {
    let is_of_name =
        |character: char| character.is_ascii_alphanumeric() || "_:".contains(character);
    let mut found = Vec::new();
    let mut rest = without_strings(query);
    while let Some(start) = rest.find(|it: char| it.is_ascii_alphabetic() || it == '_') {
        // What begins with a digit is a span of time or a number.
        let is_number = rest[..start].ends_with(|it: char| it.is_ascii_digit());
        let word: String = rest[start..].chars().take_while(|it| is_of_name(*it)).collect();
        rest = rest[start + word.len()..].to_owned();
        let is_series = word.starts_with("driftline")
            || word.starts_with("envoy_")
                && !word.ends_with("_prefix")
                && !word.ends_with("_name")
                && word != "envoy_response_code_class"
            || word.starts_with("istio_")
            || word.starts_with("scrape_")
            || ["up", "ALERTS"].contains(&word.as_str());
        if is_number || !is_series {
            continue;
        }
        let matched = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let labels = matched.map_or_else(Vec::new, |(matchers, _)| {
            let names = matchers.split(',').map(|matcher| {
                matcher.trim().chars().take_while(|it| is_of_name(*it)).collect::<String>()
            });
            names.filter(|name| !name.is_empty()).collect()
        });
        found.push((word, labels));
    }
    found
}

/// The query with nothing between its quotes.
fn without_strings(query: &str) -> String {
    query.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

#[test]
fn selectors_are_found_with_their_labels() {
    assert_eq!(
        selectors(
            r#"sum by (model) (rate(driftline_a_total{model="up", le!~"x,y"}[5m])) / up > 1e6"#
        ),
        [
            ("driftline_a_total".to_owned(), vec!["model".to_owned(), "le".to_owned()]),
            ("up".to_owned(), vec![]),
        ]
    );
    assert!(Label::ALL.iter().any(|label| label.name() == "model"));
}
