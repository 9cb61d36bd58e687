//! What a rehearsal plays on: model servers, a real Envoy with the filter, and a real Prometheus with the rules of its
//! configuration, an hour of theirs in seconds. It turns no knob.

use std::{num::NonZeroU32, path::PathBuf};

use anyhow::{Context, Result, anyhow};
use driftline_monitor::config::Config;
use driftline_operations::{
    objectives::Objectives, render, settings::Settings, stats, time_scale::TimeScale,
};
use driftline_testbed::{
    envoy::{Envoy, EnvoyOptions, Update},
    models::ModelServer,
    pieces,
    prometheus::{Prometheus, PrometheusOptions},
    scorer::Scorer,
    scrape::Series,
};
use serde_json::json;

pub use crate::modules::Module;
use crate::{
    load::{LANGUAGE_MODEL, Load, TENANT, World},
    loans,
    modules::Modules,
};

/// The programs that a rehearsal needs.
#[derive(Clone, Debug)]
pub struct Pieces {
    envoy: PathBuf,
    prometheus: PathBuf,
    filter: PathBuf,
}

impl Pieces {
    /// Where `cargo xtask` has put them.
    ///
    /// # Errors
    ///
    /// Says which one is missing, and which command brings it.
    pub fn find() -> Result<Pieces> {
        Ok(Pieces {
            envoy: pieces::envoy()?,
            prometheus: pieces::prometheus()?,
            filter: pieces::filter()?,
        })
    }
}

/// How many times shorter than true everything is: an hour takes 15 seconds.
pub const TIMES: u32 = 240;
/// How often Prometheus scrapes and evaluates, in true seconds: four times a second.
const INTERVAL_SECONDS: u64 = 60;
/// How many names a pattern may admit.
pub const NAMES_MAX: usize = 20;
/// How long two Envoys run after a hot restart: half an hour of the rules.
const PARENT_SECONDS: u32 = 7;
/// What is promised of latency is shorter than by default, so that answers which break it do not take a third of an hour.
const OBJECTIVES: &str = r#"{"ttft": {"seconds": 0.5}, "tpot": {"seconds": 0.05}}"#;
/// A name of the target that does not change with its port.
const POD: &str = "gateway-0";

/// Everything, running.
#[derive(Debug)]
pub struct Stage {
    /// How Envoy is started, and at which addresses if it has been.
    options: EnvoyOptions,
    /// `None` while it is away.
    envoy: Option<Envoy>,
    prometheus: Prometheus,
    models: ModelServer,
    world: World,
    modules: Modules,
    _load: Load,
}

impl Stage {
    /// Starts everything, with a healthy world.
    ///
    /// # Errors
    ///
    /// If something does not start; what it said is quoted.
    pub async fn start(pieces: &Pieces) -> Result<Stage> {
        let world = World::default();
        let scorer = Scorer::new(loans::NAME, {
            let world = world.clone();
            move |instance| {
                let score = loans::score(instance);
                score + (0.5 - score) * world.knobs().score_flattening
            }
        });
        let pace = world.knobs().pace;
        let models = ModelServer::start_with(pace, scorer).await?;
        let config = configuration(false)?;
        let mut options =
            EnvoyOptions::new(&pieces.envoy, models.address()).filter(&pieces.filter, &*config);
        options.stats_config = stats::render(&Default::default());
        // Of two configurations, the old one ends soon.
        options.drain_seconds = Some(1);
        options.parent_shutdown_seconds = Some(PARENT_SECONDS);
        let envoy = Envoy::start(options.clone()).await?;
        options.listen = envoy.listen();
        options.admin = envoy.admin();
        let prometheus = start_prometheus(pieces, &config, &envoy).await?;
        let load = Load::start(envoy.listen(), &world);
        let modules = Modules::new(pieces.filter.clone());
        Ok(Stage { options, envoy: Some(envoy), prometheus, models, world, modules, _load: load })
    }

    /// What is wrong, to be turned; [`apply`](Stage::apply) afterwards.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Tells the servers what has changed.
    pub fn apply(&self) {
        let knobs = self.world.knobs().clone();
        self.models.set_pace(knobs.pace);
        self.models.set_trouble(knobs.trouble);
    }

    /// Deploys a configuration whose reference is skewed, or the true one again.
    ///
    /// # Errors
    ///
    /// If Envoy does not accept it.
    pub async fn deploy(&mut self, is_skewed: bool) -> Result<()> {
        let config = configuration(is_skewed)?;
        accepted(self.envoy()?.update_filter_config(&config).await?)
    }

    /// Replaces the filter's code.
    ///
    /// # Errors
    ///
    /// If Envoy does not accept it.
    pub async fn replace_filter(&mut self, module: Module) -> Result<()> {
        let file = self.modules.file(module)?;
        accepted(self.envoy()?.update_filter_module(file).await?)
    }

    /// Ends Envoy.
    pub fn end_proxy(&mut self) {
        self.envoy = None;
    }

    /// Starts Envoy again, at the addresses that it had.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub async fn start_proxy(&mut self) -> Result<()> {
        self.envoy = Some(Envoy::start(self.options.clone()).await?);
        Ok(())
    }

    /// Restarts Envoy hot, as an upgrade of the program does.
    ///
    /// # Errors
    ///
    /// If the new one does not get ready.
    pub async fn restart_hot(&mut self) -> Result<()> {
        self.envoy()?.restart_hot().await
    }

    fn envoy(&mut self) -> Result<&mut Envoy> {
        self.envoy.as_mut().context("Envoy has ended")
    }

    /// What a PromQL expression says now.
    ///
    /// # Errors
    ///
    /// What Prometheus says is wrong.
    pub async fn ask(&self, expression: &str) -> Result<Vec<(Series, f64)>> {
        self.prometheus.query(expression).await
    }
}

fn accepted(update: Update) -> Result<()> {
    match update {
        Update::Accepted => Ok(()),
        Update::Refused(why) => Err(anyhow!("Envoy refused the update: {why}")),
    }
}

/// At which scale everything is rendered.
pub fn scale() -> TimeScale {
    NonZeroU32::new(TIMES).map_or(TimeScale::TRUE, TimeScale::divided_by)
}

/// The filter's configuration. Its window is an hour at this scale.
fn configuration(is_skewed: bool) -> Result<String> {
    let models: Vec<String> = loans::VERSIONS
        .iter()
        .map(|version| {
            let profile = loans::profile(version, is_skewed)?;
            Ok(format!(
                r#"{{"name": "{}", "version": "{version}", "segments": [{{"feature": "region"}}], "kpis": [{{"name": "{}", "minimum": 0, "maximum": 100, "unit": 0.01}}], "profile": {profile}}}"#,
                loans::NAME,
                loans::KPI
            ))
        })
        .collect::<Result<_>>()?;
    Ok(format!(
        r#"{{"models": [{{"name": "{LANGUAGE_MODEL}"}}, {{"name": "{TENANT}*"}}, {}], "names_max": {NAMES_MAX}, "feedback": {{}}, "window_seconds": {}, "tick_milliseconds": 250, "request_load_reports": "text"}}"#,
        models.join(", "),
        scale().seconds(3600.0)
    ))
}

async fn start_prometheus(pieces: &Pieces, config: &str, envoy: &Envoy) -> Result<Prometheus> {
    let config = Config::from_json(config.as_bytes())
        .map_err(|error| anyhow!("the rehearsal's configuration: {error}"))?;
    let scale = scale();
    let objectives = Objectives::from_json(OBJECTIVES.as_bytes(), &config.buckets)
        .map_err(|error| anyhow!("the rehearsal's objectives: {error}"))?;
    let settings = Settings { scale, objectives, ..Settings::of(&config) };
    let interval = scale.span(INTERVAL_SECONDS);
    let target = json!([{"targets": [envoy.admin().to_string()], "labels": {"pod": POD}}]);
    let options = PrometheusOptions {
        rules: render::rules_by_name(&settings),
        ..PrometheusOptions::scraping(&target, &interval, &interval)
    };
    Prometheus::start(&pieces.prometheus, options).await
}
