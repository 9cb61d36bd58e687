//! What holds of every dashboard, whatever is in it. Nothing here asks a server.

use std::collections::BTreeSet;

use driftline_metrics::catalogue::{Definition, Kind, Metric};
use driftline_monitor::config::Config;
use serde_json::Value;

use super::*;
use crate::{alerts, render};

const CONFIG: &str = r#"{"models": [{"name": "rain"}]}"#;
const WITH_ROUTES: &str = r#"{"models": [{"name": "rain"}], "routes": ["chat"]}"#;

fn rendered(config: &str) -> Vec<(String, Value)> {
    let config = Config::from_json(config.as_bytes()).unwrap();
    let files = files(&Settings::of(&config));
    files.into_iter().map(|it| (it.path, serde_json::from_str(&it.text).unwrap())).collect()
}

/// All panels of all dashboards, headings left out, each with where it is.
fn panels() -> Vec<(String, Value)> {
    let of_dashboard = |(path, dashboard): (String, Value)| {
        let panels = dashboard["panels"].as_array().unwrap().clone();
        panels.into_iter().filter(|panel| panel["type"] != "row").map(move |panel| {
            (format!("{path}: {}", panel["title"].as_str().unwrap_or("no title")), panel)
        })
    };
    rendered(WITH_ROUTES).into_iter().flat_map(of_dashboard).collect()
}

fn expressions() -> Vec<(String, String)> {
    let of_panel = |(place, panel): (String, Value)| {
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        targets
            .into_iter()
            .map(move |target| (place.clone(), target["expr"].as_str().unwrap().to_owned()))
    };
    panels().into_iter().flat_map(of_panel).collect()
}

#[test]
fn there_are_five_and_their_uids_are_fixed() {
    let uids: Vec<String> = rendered(CONFIG)
        .into_iter()
        .map(|(path, dashboard)| {
            let uid = dashboard["uid"].as_str().unwrap().to_owned();
            assert_eq!(path, format!("grafana/{uid}.json"));
            uid
        })
        .collect();
    let expected = ["overview", "serving", "data", "model", "itself"];
    assert_eq!(uids, expected.map(|name| format!("driftline-{name}")));
}

#[test]
fn every_panel_says_what_it_shows_and_asks_something() {
    for (place, panel) in panels() {
        let text = |pointer: &str| panel.pointer(pointer).and_then(Value::as_str).unwrap_or("");
        assert!(!text("/title").is_empty(), "{place}");
        assert!(text("/description").ends_with('.'), "{place}: its description is no sentence");
        if panel["type"] == "text" {
            continue;
        }
        assert!(!text("/fieldConfig/defaults/unit").is_empty(), "{place}: no unit");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{place} asks nothing");
        for target in targets {
            assert!(!target["expr"].as_str().unwrap().is_empty(), "{place}");
        }
    }
}

#[test]
fn titles_of_a_dashboard_are_unique() {
    let places: Vec<String> = panels().into_iter().map(|(place, _)| place).collect();
    let unique: BTreeSet<&String> = places.iter().collect();
    assert_eq!(unique.len(), places.len(), "{places:?}");
}

#[test]
fn no_panel_lies_on_another_one() {
    for (path, dashboard) in rendered(CONFIG) {
        let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for panel in dashboard["panels"].as_array().unwrap() {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{path}: an id twice");
            let [x, y, w, h] =
                ["x", "y", "w", "h"].map(|it| panel["gridPos"][it].as_u64().unwrap());
            assert!(x + w <= 24, "{path}: {} is beyond the edge", panel["title"]);
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{path}: {} overlaps", panel["title"]);
            }
        }
    }
}

#[test]
fn only_routes_that_are_configured_can_be_chosen() {
    let has_route = |config: &str| {
        let dashboards = rendered(config);
        let has_route: BTreeSet<bool> = dashboards
            .iter()
            .map(|(_, dashboard)| dashboard.to_string().contains("$route"))
            .collect();
        has_route.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(has_route(CONFIG), [false]);
    // Data, models and the alerts of the overview have no routes; the other dashboards have.
    assert!(has_route(WITH_ROUTES).contains(&true));
}

#[test]
fn spans_are_as_short_as_the_scale_says() {
    let config = Config::from_json(CONFIG.as_bytes()).unwrap();
    let scale = crate::time_scale::TimeScale::divided_by(240.try_into().unwrap());
    for file in files(&Settings { scale, ..Settings::of(&config) }) {
        let dashboard: Value = serde_json::from_str(&file.text).unwrap();
        assert_eq!(dashboard["time"]["from"], "now-15s", "{}", file.path);
    }
    for (place, expression) in expressions() {
        let ranges = expression.split('[').skip(1).filter_map(|it| it.split(']').next());
        for range in ranges {
            assert!(range.starts_with("$__"), "{place}: [{range}] does not shrink");
        }
    }
}

/// What dashboards may name: the filter's metrics, recording rules, and what proxies and Prometheus export themselves.
#[test]
fn every_metric_that_is_named_exists() {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for metric in Metric::ALL {
        let Definition { name, kind, .. } = metric.definition();
        if kind == Kind::Histogram {
            known.insert(format!("{name}_bucket"));
        } else {
            known.insert(name.to_owned());
        }
        known.extend(metric.definition().companions().into_iter().flatten().map(|it| it.name));
    }
    let config = Config::from_json(CONFIG.as_bytes()).unwrap();
    let settings = Settings::of(&config);
    for file in render::rule_files(&settings) {
        let records = file.text.lines().filter_map(|line| line.trim().strip_prefix("- record: "));
        known.extend(records.map(|name| name.trim_matches('"').to_owned()));
    }
    known.extend(OTHERS.map(str::to_owned));
    for (place, expression) in expressions() {
        for name in names(&expression) {
            assert!(known.contains(&name), "{place}: unknown {name} in {expression}");
        }
    }
}

/// What Envoy and Prometheus export themselves.
const OTHERS: [&str; 9] = [
    "ALERTS",
    "envoy_http_downstream_rq_total",
    "envoy_server_memory_allocated",
    "envoy_server_memory_heap_size",
    "envoy_server_memory_physical_size",
    "envoy_wasm_envoy_wasm_runtime_v8_active",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "up",
];

/// The names of metrics in an expression: words that are no function, no keyword, and no label.
fn names(expression: &str) -> Vec<String> {
    const LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
    const OPERATORS: [&str; 4] = ["and", "or", "unless", "bool"];
    let mut found = Vec::new();
    let mut rest = expression;
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == ':';
    while let Some(first) = rest.chars().next() {
        let after = |text: &'_ str, end: char| text.find(end).map_or(text.len(), |at| at + 1);
        if first == '{' || first == '[' {
            rest = &rest[after(rest, if first == '{' { '}' } else { ']' })..];
        } else if first == '"' {
            rest = &rest[1 + after(&rest[1..], '"')..];
        } else if first.is_ascii_alphabetic() {
            let end = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            rest = behind;
            let next = behind.trim_start();
            // `max by (le) (a)` and `max(a)`.
            let is_called = next.starts_with('(')
                || LISTS[..2].iter().any(|list| next.starts_with(&format!("{list} (")));
            if LISTS.contains(&word) {
                rest = &rest[after(rest, ')')..];
            } else if !is_called && !OPERATORS.contains(&word) {
                found.push(word.to_owned());
            }
        } else if first.is_ascii_digit() {
            rest = rest.trim_start_matches(|it: char| it.is_ascii_alphanumeric() || it == '.');
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

#[test]
fn names_are_found_among_functions_and_labels() {
    let expression = "histogram_quantile(0.95, sum by (le, model) (rate(a_bucket{b=\"c\"}[5m]))) > 1e6 \
                      and on (model) d:e or count({__name__=~\"f.+\"}) * 0";
    assert_eq!(names(expression), ["a_bucket", "d:e"]);
}

/// A proxy that restarts while its parent drains may show 2 where one is right.
#[test]
fn no_gauge_is_compared_for_being_one() {
    for (place, expression) in expressions() {
        assert!(!expression.contains("== 1") && !expression.contains("== bool 1"), "{place}");
        assert!(
            !expression.contains("increase(sum") && !expression.contains("rate(sum"),
            "{place}"
        );
    }
}

/// The panel that an alert names in its annotations exists, and links to the alert's runbook.
#[test]
fn each_alert_is_shown_by_a_panel_that_exists() {
    let dashboards = rendered(WITH_ROUTES);
    let mut missing = Vec::new();
    for (_, alert) in alerts::all() {
        let (dashboard, title, _) = alert.is_real;
        let (_, found) = dashboards.iter().find(|(_, it)| it["uid"] == dashboard.uid()).unwrap();
        let panels = found["panels"].as_array().unwrap();
        let url = format!("${{{}}}/{}.md", variables::RUNBOOKS, alert.name);
        let links = |panel: &Value| {
            panel["links"].as_array().is_some_and(|links| links.iter().any(|it| it["url"] == url))
        };
        if !panels.iter().any(|panel| panel["title"] == title && links(panel)) {
            missing.push(format!("{}: {title} for {}", dashboard.uid(), alert.name));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
