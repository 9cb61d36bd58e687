//! The queries in the documentation are PromQL and ask for metrics that exist, and its count of series is what a
//! configuration makes. The queries are never run against data here.

use std::{env, fs, path::Path, process::Command};

use driftline_metrics::catalogue::{Kind, Metric};
use driftline_monitor::{config::Config, layout::Monitor};
use driftline_support::uniform_profile;
use driftline_testbed::pieces;
use serde_json::{Value, json};

use crate::expectation::PREFIX;

const README: &str = include_str!("../../README.md");
const LIMITS: &str = include_str!("../../docs/limits.md");
const READING_METRICS: &str = include_str!("../../docs/reading-metrics.md");

/// The expressions in the table of questions.
fn queries() -> Vec<String> {
    let queries: Vec<String> = READING_METRICS
        .lines()
        .skip_while(|line| !line.starts_with("| question | PromQL |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| Some(line.split_once('`')?.1.rsplit_once('`')?.0.replace("\\|", "|")))
        .collect();
    assert!(!queries.is_empty(), "docs/reading-metrics.md has no table of questions");
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

#[test]
fn the_limits_say_how_many_series_a_configuration_makes() {
    const BINS: usize = 4;
    /// What only moments have beside.
    const OF_AGES: usize = 4;
    let series = |config: Value| {
        let config = Config::from_json(config.to_string().as_bytes());
        Monitor::new(&config.unwrap_or_else(|error| panic!("{error}"))).series().len()
    };
    let listing = |models: Value, routes: &Value| {
        let mut config = json!({"models": models});
        if routes.is_array() {
            config["routes"] = routes.clone();
        }
        series(config)
    };
    let more = |model: Value, routes: &Value| {
        listing(json!([{"name": "a"}, model]), routes) - listing(json!([{"name": "a"}]), routes)
    };
    let (one_route, two_routes) = (Value::Null, json!(["r"]));
    let language = more(json!({"name": "b"}), &one_route);
    let predictive = json!({"name": "b", "type": "predictive"});
    let by_route = more(predictive.clone(), &two_routes) - more(predictive.clone(), &one_route);
    let once = more(predictive, &one_route) - by_route;
    let profile =
        |features| json!({"name": "m", "profile": uniform_profile::profile(features, BINS)});
    let feature = |measures: Option<Value>| {
        let [one, two] = [1, 2].map(|features| {
            let mut config = json!({"models": [profile(features)]});
            if let Some(measures) = &measures {
                config["measures"] = measures.clone();
            }
            series(config)
        });
        two - one - 2 * BINS
    };
    let (all, none) = (feature(None), feature(Some(json!([]))));
    let most = all + OF_AGES;
    let expected = [
        ("language model, on each listed route and on `other`", language.to_string()),
        ("predictive model, on each listed route and on `other`", by_route.to_string()),
        ("predictive model, once", once.to_string()),
        ("of `names_max`, if there is a pattern", language.to_string()),
        ("bin", 2.to_string()),
        (
            "feature and prediction",
            format!("up to {most}, of which `measures` can save {}", all - none),
        ),
    ];
    for (what, series) in expected {
        let row = format!("| {what} | {series} |");
        assert!(LIMITS.lines().any(|line| line == row), "docs/limits.md should say: {row}");
    }
}
