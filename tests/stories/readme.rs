//! The queries in the documentation are PromQL and ask for metrics that exist. They are never run against data here.

use std::{env, fs, path::Path};

use driftline_metrics::catalogue::{Kind, Metric};
use driftline_testbed::promtool;

use crate::expectation::PREFIX;

const README: &str = include_str!("../../README.md");
/// The pages that have questions with their queries.
const PAGES: [(&str, &str); 2] = [
    ("docs/reading-metrics.md", include_str!("../../docs/reading-metrics.md")),
    ("docs/feedback.md", include_str!("../../docs/feedback.md")),
];

/// The expressions in the tables of questions, to the byte, as people copy them from the file. A cell of a table has no bar,
/// so neither has a query.
fn queries() -> Vec<String> {
    PAGES.iter().flat_map(|(name, text)| queries_of(name, text)).collect()
}

fn queries_of(name: &str, text: &str) -> Vec<String> {
    let mut is_question = false;
    let queries: Vec<String> = text
        .lines()
        .filter(|line| {
            is_question =
                line.starts_with("| question | PromQL |") || is_question && line.starts_with('|');
            is_question && line.contains('`')
        })
        .filter_map(|line| Some(line.split_once('`')?.1.rsplit_once('`')?.0.to_owned()))
        .collect();
    assert!(!queries.is_empty(), "{name} has no table of questions");
    queries
}

#[test]
fn prometheus_takes_the_queries() {
    let rules: String = queries()
        .iter()
        .enumerate()
        .map(|(index, query)| format!("  - record: readme:{index}\n    expr: |\n      {query}\n"))
        .collect();
    let rules = format!("groups:\n- name: readme\n  rules:\n{rules}");
    assert_eq!(promtool::check(&[("readme.rules.yml", &rules)]), Ok(()));
}

#[test]
fn queries_and_the_readmes_excerpt_name_metrics_that_exist() {
    let mut known = Vec::new();
    for definition in Metric::ALL.iter().map(|metric| metric.definition()) {
        known.push(definition.name.to_owned());
        if definition.kind == Kind::Histogram {
            known.push(format!("{}_bucket", definition.name));
        }
        known.extend(definition.companions().into_iter().flatten().map(|companion| companion.name));
    }
    let excerpt: Vec<String> =
        README.lines().filter(|line| line.starts_with(PREFIX)).map(str::to_owned).collect();
    assert!(!excerpt.is_empty(), "the README shows no metrics");
    for query in queries().into_iter().chain(excerpt) {
        let is_part_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let names = query.split(|c| !is_part_of_a_name(c)).filter(|word| word.starts_with(PREFIX));
        for name in names {
            assert!(known.iter().any(|known| known == name), "{name} in {query}");
        }
    }
}

/// Wider ones scroll sideways where people read them.
#[test]
fn no_line_of_code_in_the_documentation_is_wider_than_120_columns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for folder in [root.to_owned(), root.join("docs")] {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|it| it == "md")));
    }
    assert!(pages.contains(&root.join("README.md")), "{pages:?}");
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let mut is_code = false;
        for (line, number) in text.lines().zip(1..) {
            is_code ^= line.trim_start().starts_with("```");
            assert!(!is_code || line.chars().count() <= 120, "{}:{number}: {line}", page.display());
        }
    }
}
