//! What the story plays on: the model servers, and the proxy with the filter in front of them. It sends no request
//! but those for metrics.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use driftline_testbed::{
    envoy::{Envoy, EnvoyOptions},
    llm::Pace,
    models::ModelServer,
    rain::RainModel,
    scrape::{self, Scrape},
};
use host_sim::{
    FailurePolicy, Filter, WorldOptions,
    proxy::{Options, Server},
    stats::StatsConfig,
};
use tokio::time::sleep;

/// The labels and buckets that a user pastes into an Envoy.
const STATS_YAML: &str = include_str!("../../../envoy/stats.yaml");

/// What every exported name begins with; Envoy has hundreds of others.
const PREFIX: &str = "driftline_";

/// How often the metrics are read while they are waited for.
const POLL: Duration = Duration::from_millis(50);

/// Model servers and a proxy, all on localhost. They end when this is dropped.
pub(super) struct Stage {
    models: ModelServer,
    proxy: Proxy,
    host: String,
}

enum Proxy {
    Embedded(Server),
    Envoy(Box<Envoy>),
}

/// Which proxy to start.
#[derive(Clone, Debug)]
pub(super) enum Host {
    Embedded,
    /// The program.
    Envoy(PathBuf),
}

impl Stage {
    /// Starts everything, and waits until the proxy takes requests.
    ///
    /// # Errors
    ///
    /// If the filter is missing or no filter, or refuses the configuration, or if Envoy does not start.
    pub(super) async fn start(
        host: &Host,
        filter: &Path,
        workers: u16,
        config: String,
        rain: RainModel,
    ) -> Result<Stage> {
        let module = read_filter(filter)?;
        let models = ModelServer::start(Pace::default(), rain).await?;
        let proxy = match host {
            Host::Embedded => {
                let compiled = Filter::from_bytes(&module)
                    .with_context(|| format!("cannot load {}", filter.display()))?;
                let mut world = WorldOptions::with_config(config);
                world.allow_on_headers_stop_iteration = true;
                world.workers = workers.into();
                // As it is deployed: no crash of the filter stops the traffic.
                world.failure_policy = FailurePolicy::FailOpen;
                world.stats = StatsConfig::from_yaml(STATS_YAML)?;
                let options = Options::new(compiled, world, models.address().into());
                Proxy::Embedded(Server::start(options)?)
            }
            Host::Envoy(binary) => {
                let filter = fs::canonicalize(filter)?;
                let mut options =
                    EnvoyOptions::new(binary, models.address()).filter(filter, config);
                options.stats_config = STATS_YAML.to_owned();
                options.workers = workers.into();
                Proxy::Envoy(Box::new(Envoy::start(options).await?))
            }
        };
        let host = match &proxy {
            Proxy::Embedded(_) => "the embedded host".to_owned(),
            Proxy::Envoy(envoy) => envoy_version(&envoy.ask_admin("/server_info").await?),
        };
        Ok(Stage { models, proxy, host: format!("{host}, {workers} workers") })
    }

    /// Which proxy it is, for people.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn models(&self) -> &ModelServer {
        &self.models
    }

    /// Where clients connect.
    pub(super) fn listen(&self) -> SocketAddr {
        match &self.proxy {
            Proxy::Embedded(server) => server.listen_addr(),
            Proxy::Envoy(envoy) => envoy.listen(),
        }
    }

    /// Where the metrics are.
    pub(super) fn admin(&self) -> SocketAddr {
        match &self.proxy {
            Proxy::Embedded(server) => server.admin_addr(),
            Proxy::Envoy(envoy) => envoy.admin(),
        }
    }

    /// Scrapes the filter's metrics over HTTP, as Prometheus does.
    pub(super) async fn scrape(&self) -> Result<Scrape> {
        if let Proxy::Embedded(server) = &self.proxy {
            // Envoy's histograms show what was recorded before the last flush, every 0.1 s as it is started here.
            server.stats().flush();
        }
        let scrape = scrape::fetch(self.admin()).await;
        Ok(scrape.context("the proxy's metrics cannot be read")?.only_prefix(PREFIX))
    }

    /// Looks until the metrics are as wanted; `None` if they do not get so in time.
    pub(super) async fn until<R>(
        &self,
        limit: Duration,
        read: impl Fn(&Scrape) -> R,
        wanted: impl Fn(&R) -> bool,
    ) -> Result<Option<R>> {
        let started = Instant::now();
        while started.elapsed() < limit {
            let reading = read(&self.scrape().await?);
            if wanted(&reading) {
                return Ok(Some(reading));
            }
            sleep(POLL).await;
        }
        Ok(None)
    }
}

fn read_filter(filter: &Path) -> Result<Vec<u8>> {
    if !filter.is_file() {
        bail!(
            "there is no filter at {}: run `cargo xtask build`, which leaves it at target/driftline.wasm, \
             or name another one with --filter",
            filter.display()
        );
    }
    fs::read(filter).with_context(|| format!("cannot read {}", filter.display()))
}

/// `Envoy 1.40.0` from `<commit>/1.40.0/Clean/RELEASE/BoringSSL`.
fn envoy_version(server_info: &str) -> String {
    let info: Option<serde_json::Value> = serde_json::from_str(server_info).ok();
    let version = info.as_ref().and_then(|info| info["version"].as_str());
    match version.and_then(|version| version.split('/').nth(1)) {
        Some(version) => format!("Envoy {version}"),
        None => "Envoy".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_filter_says_how_to_build_it() {
        let error = read_filter(Path::new("no/such.wasm")).unwrap_err().to_string();
        assert!(error.contains("no/such.wasm") && error.contains("`cargo xtask build`"), "{error}");
    }

    #[test]
    fn envoys_version_is_the_second_part() {
        let info = r#"{"version": "3f2b1c/1.40.0/Clean/RELEASE/BoringSSL"}"#;
        assert_eq!(envoy_version(info), "Envoy 1.40.0");
        assert_eq!(envoy_version("{}"), "Envoy");
    }
}
