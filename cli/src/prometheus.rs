//! A real Prometheus beside the proxy, with the rules of its configuration; it neither changes nor reads the proxy itself.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, Result};
use driftline_monitor::config::Config;
use driftline_operations::{render, settings::Settings, time_scale::TimeScale};
use driftline_testbed::{
    pieces,
    prometheus::{Prometheus, PrometheusOptions},
};
use serde_json::json;

use crate::inputs::address;

/// Whether there is one, and where.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Args {
    /// Start a Prometheus that scrapes the proxy, with the rules and alerts of its configuration; its data ends with it.
    #[arg(
        long,
        value_name = "ADDRESS",
        value_parser = address,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "127.0.0.1:9090"
    )]
    prometheus: Option<SocketAddr>,
    /// The Prometheus for --prometheus; if nothing is said, the one on the PATH, else what `cargo xtask setup` has fetched.
    #[arg(long, value_name = "FILE", requires = "prometheus")]
    prometheus_binary: Option<PathBuf>,
}

/// Often enough for a rate over a minute.
const SCRAPE_SECONDS: u64 = 15;
/// How often rules are evaluated; and at a scale, what is scraped too, which would otherwise be many times a second.
const EVALUATION_SECONDS: u64 = 60;

impl Args {
    /// Whether there is to be one.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.prometheus.is_some()
    }

    /// Starts it, if it was asked for.
    ///
    /// # Errors
    ///
    /// If there is none, or it does not start.
    pub(crate) async fn start(
        &self,
        config: &Config,
        proxy: SocketAddr,
        scale: TimeScale,
    ) -> Result<Option<Prometheus>> {
        let Some(listen) = self.prometheus else { return Ok(None) };
        let binary = self.prometheus_binary.clone().map_or_else(pieces::prometheus, Ok);
        let binary = binary.context("--prometheus")?;
        let scrape = if scale.is_true() { SCRAPE_SECONDS } else { EVALUATION_SECONDS };
        let settings = Settings { scale, ..Settings::of(config) };
        let target = json!([{"targets": [proxy.to_string()]}]);
        let [scrape, evaluation] = [scrape, EVALUATION_SECONDS].map(|seconds| scale.span(seconds));
        let options = PrometheusOptions {
            listen,
            rules: render::rules_by_name(&settings),
            ..PrometheusOptions::scraping(&target, &scrape, &evaluation)
        };
        Prometheus::start(&binary, options).await.context("--prometheus").map(Some)
    }
}
