//! The README's queries are PromQL and ask for metrics that exist, and its count of series is that of the core. The queries
//! are never run against data here.

use std::{env, fs, process::Command};

use driftline_core::{
    catalogue::{Kind, Metric},
    config::Config,
    monitor::Monitor,
};
use driftline_support::uniform_profile;
use driftline_testbed::pieces;
use serde_json::{Value, json};

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

#[test]
fn it_says_how_many_series_a_configuration_makes() {
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
    let sentence = format!(
        "{language} for each language model and each of `names_max`, {by_route} for each predictive model, each times \
         the listed routes and `other`, {once} more for each predictive model, 2 for each bin, and up to {most} for each feature and prediction, of which \
         `measures` can save {}.",
        all - none
    );
    assert!(README.contains(&sentence), "{sentence}");
}
