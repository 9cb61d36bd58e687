//! The README's queries are PromQL, and ask for metrics that exist. They are never run against data here.

use std::{env, fs, process::Command};

use driftline_core::catalogue::{Kind, Metric};
use driftline_testbed::pieces;

use crate::expectation::PREFIX;

const README: &str = include_str!("../../README.md");

/// The expressions in the table of questions.
fn queries() -> Vec<String> {
    let queries: Vec<String> = README
        .lines()
        .skip_while(|line| !line.starts_with("| question | PromQL |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| Some(line.split_once('`')?.1.rsplit_once('`')?.0.replace("\\|", "|")))
        .collect();
    assert!(!queries.is_empty(), "the README has no table of questions");
    queries
}

#[test]
fn prometheus_takes_the_queries() {
    let rules: String = queries()
        .iter()
        .enumerate()
        .map(|(index, query)| format!("  - record: readme:{index}\n    expr: |\n      {query}\n"))
        .collect();
    let file = env::temp_dir().join(format!("driftline-readme-{}.yml", std::process::id()));
    fs::write(&file, format!("groups:\n- name: readme\n  rules:\n{rules}")).unwrap();
    let checked = Command::new(pieces::promtool().unwrap())
        .args(["check", "rules"])
        .arg(&file)
        .output()
        .unwrap();
    fs::remove_file(&file).unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn the_queries_ask_for_metrics_that_exist() {
    let mut known = Vec::new();
    for definition in Metric::ALL.iter().map(|metric| metric.definition()) {
        known.push(definition.name.to_owned());
        if definition.kind == Kind::Histogram {
            known.push(format!("{}_bucket", definition.name));
        }
        known.extend(definition.companions().into_iter().flatten().map(|companion| companion.name));
    }
    for query in queries() {
        let is_part_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let names = query.split(|c| !is_part_of_a_name(c)).filter(|word| word.starts_with(PREFIX));
        for name in names {
            assert!(known.iter().any(|known| known == name), "{name} in {query}");
        }
    }
}
