//! The dashboards, asked as Grafana asks them: of a real Prometheus that scraped a real Envoy with the filter, while all of
//! what they show went on. No question is refused, and each panel has something to show.
//!
//! The answers are drawn into `target/dashboards`, or into the folder that `DRIFTLINE_PICTURES` names; `cargo xtask
//! dashboards` has those of the documentation drawn. `DRIFTLINE_DASHBOARDS_SECONDS` is how long the load lasts.

mod documentation;
mod schema;
mod world;

use std::{
    env, fs,
    num::NonZeroU32,
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use driftline_grafana::{
    dashboard::Dashboard,
    draw,
    variables::Shown,
    view::{PanelView, View},
};
use driftline_monitor::config::Config;
use driftline_operations::{dashboards, render, settings::Settings, time_scale::TimeScale};
use driftline_testbed::{
    pieces,
    prometheus::{Prometheus, PrometheusOptions},
};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::stage::among_others;
use world::World;

/// How long the load lasts, in seconds, unless the environment says otherwise.
const LASTS: u64 = 30;
/// How often Prometheus scrapes, in seconds.
const SCRAPE: u64 = 2;
/// How much shorter than true the rules are: their minute is as long as a scrape, their hour two minutes.
const TIMES: NonZeroU32 = NonZeroU32::new(30).unwrap();
const LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);
/// As the configuration of the world has routes.
const CONFIG: &str = r#"{"models": [{"name": "rain"}], "routes": ["chat", "predict"]}"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn all() -> Vec<Dashboard> {
    let config = Config::from_json(CONFIG.as_bytes()).unwrap();
    let files = dashboards::files(&Settings::of(&config));
    files.iter().map(|file| Dashboard::parse(&file.text).unwrap()).collect()
}

/// All rules and alerts, at the pace of this story.
fn rules(config: &str) -> Vec<(String, String)> {
    let config = Config::from_json(config.as_bytes()).unwrap();
    let settings = Settings { scale: TimeScale::divided_by(TIMES), ..Settings::of(&config) };
    render::rules_by_name(&settings)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

#[test]
fn every_panel_has_something_to_show_of_a_real_prometheus_over_a_real_envoy() {
    let _among_others = among_others();
    let seconds = env::var("DRIFTLINE_DASHBOARDS_SECONDS");
    let seconds = seconds.map_or(LASTS, |text| text.parse().unwrap());
    let pictures = env::var_os("DRIFTLINE_PICTURES")
        .map_or_else(|| root().join("target/dashboards"), |folder| root().join(folder));
    fs::create_dir_all(&pictures).unwrap();
    let problems = Runtime::new().unwrap().block_on(async {
        let world = World::start(Duration::from_secs(seconds)).await;
        let interval = format!("{SCRAPE}s");
        let target = json!([{"targets": [world.envoy.admin().to_string()]}]);
        let options = PrometheusOptions {
            rules: rules(&world.config),
            ..PrometheusOptions::scraping(&target, &interval, &interval)
        };
        let prometheus = Prometheus::start(&pieces::prometheus().unwrap(), options).await.unwrap();
        let from = now();
        world.play().await;
        scraped(&prometheus).await;
        let shown = Shown { from, to: now(), scrape: SCRAPE as f64 };
        let mut problems = Vec::new();
        for dashboard in all() {
            problems.extend(look(&dashboard, &prometheus, shown, &pictures).await);
        }
        problems
    });
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// Waits until the last scrape was one that succeeded: on a busy machine one may take too long.
async fn scraped(prometheus: &Prometheus) {
    let started = Instant::now();
    while prometheus.query("up > 0").await.unwrap().is_empty() {
        assert!(started.elapsed() < LIMIT, "Prometheus cannot scrape Envoy");
        tokio::time::sleep(POLL).await;
    }
}

/// Asks a dashboard, draws it, and says what is wrong with its answers.
async fn look(
    dashboard: &Dashboard,
    prometheus: &Prometheus,
    shown: Shown,
    pictures: &Path,
) -> Vec<String> {
    let feature = [("feature", world::SEGMENT)];
    let has_feature = dashboard.templating.list.iter().any(|it| it.name == "feature");
    let chosen: &[(&str, &str)] = if has_feature { &feature } else { &[] };
    let view = View::ask(dashboard.clone(), prometheus, shown, chosen).await.unwrap();
    let name = &dashboard.uid;
    fs::write(pictures.join(format!("{name}.svg")), draw::dashboard(&view)).unwrap();
    let mut problems: Vec<String> = view.panels.iter().flat_map(wrong).collect();
    // Chosen values are written otherwise than all of them.
    let one = [("model", world::RAIN), ("version", "3")];
    let narrow = View::ask(dashboard.clone(), prometheus, shown, &one).await.unwrap();
    problems.extend(narrow.panels.iter().flat_map(refused));
    problems.into_iter().map(|problem| format!("{name}: {problem}")).collect()
}

fn refused(view: &PanelView) -> Vec<String> {
    let refused = view.answers.iter().filter_map(|answer| answer.refused.as_ref());
    refused.map(|problem| format!("{}: {problem}", view.title)).collect()
}

/// What is wrong with the answers to a panel's questions, each of which must have some.
fn wrong(view: &PanelView) -> Vec<String> {
    let mut problems = refused(view);
    for answer in view.answers.iter().filter(|answer| answer.refused.is_none()) {
        let has_value = answer.series.iter().any(|series| series.last().is_some());
        if !has_value {
            problems.push(format!("{}: nothing to show of {}", view.title, answer.question));
        }
    }
    problems
}
