//! A real Envoy as a child of this process: HTTP/1.1 in, the filter, one upstream. It never touches another Envoy.
//!
//! The listener comes from a file (LDS), so that a configuration can be changed while traffic flows.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

use crate::{
    client::Request,
    folder::Folder,
    process::Process,
    scrape::{self, Scrape},
};

mod bootstrap;

/// Long enough for two busy cores to compile the filter; a healthy start takes half a second.
const START_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// What an error quotes of the log.
const LOG_TAIL_LINES: usize = 30;

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What an Envoy is to be.
#[derive(Clone, Debug)]
pub struct EnvoyOptions {
    /// The program.
    pub binary: PathBuf,
    /// The filter's module; without one, Envoy only forwards.
    pub filter: Option<PathBuf>,
    /// The filter's configuration, handed over as it is.
    pub config: String,
    /// Where requests go.
    pub upstream: SocketAddr,
    /// YAML that has `stats_config:` at its top, or nothing.
    pub stats_config: String,
    /// Worker threads, each with its own VM.
    pub workers: u32,
    /// Routes that go before the one to the upstream, as Envoy's JSON.
    pub routes: Vec<Value>,
    /// Clusters beside the one named `upstream`, as Envoy's JSON.
    pub clusters: Vec<Value>,
    /// Fields of the HTTP connection manager that go before ours, as Envoy's JSON.
    pub connection_manager: Map<String, Value>,
    /// HTTP filters that stand before ours, as Envoy's JSON.
    pub filters_before: Vec<Value>,
    /// Whether a filter that pauses at headers sees the body that follows; true unless set, as Driftline asks for it.
    pub allow_on_headers_stop_iteration: bool,
    /// How much of a body may be held back; Envoy's default is 1 MiB.
    pub buffer_bytes_max: Option<u32>,
    /// For `--component-log-level`, such as `wasm:trace`.
    pub component_log_level: String,
    /// How long an old listener may go on; Envoy's default is ten minutes.
    pub drain_seconds: Option<u32>,
    /// After how many seconds a parent ends that was restarted hot; without it, it cannot be.
    pub parent_shutdown_seconds: Option<u32>,
    /// Where requests go in; port 0 for any that is free.
    pub listen: SocketAddr,
    /// Where the admin interface is; likewise.
    pub admin: SocketAddr,
}

impl EnvoyOptions {
    /// One worker, no filter, default statistics.
    pub fn new(binary: impl Into<PathBuf>, upstream: SocketAddr) -> EnvoyOptions {
        EnvoyOptions {
            binary: binary.into(),
            filter: None,
            config: String::new(),
            upstream,
            stats_config: String::new(),
            workers: 1,
            routes: Vec::new(),
            clusters: Vec::new(),
            connection_manager: Map::new(),
            filters_before: Vec::new(),
            allow_on_headers_stop_iteration: true,
            buffer_bytes_max: None,
            component_log_level: "wasm:info".to_owned(),
            drain_seconds: None,
            parent_shutdown_seconds: None,
            listen: ANY_PORT,
            admin: ANY_PORT,
        }
    }

    /// Puts a filter in the chain.
    #[must_use]
    pub fn filter(mut self, module: impl Into<PathBuf>, config: impl Into<String>) -> EnvoyOptions {
        self.filter = Some(module.into());
        self.config = config.into();
        self
    }

    /// Takes HTTP/2 as well, and sends what has a path that begins so to a server of its own, which speaks nothing else.
    #[must_use]
    pub fn grpc(mut self, path_prefix: &str, server: SocketAddr) -> EnvoyOptions {
        self.connection_manager.insert("codec_type".to_owned(), json!("AUTO"));
        self.clusters.push(bootstrap::http2_cluster("grpc", server));
        let route = json!({"cluster": "grpc", "timeout": "0s"});
        self.routes.push(json!({"match": {"prefix": path_prefix}, "route": route}));
        self
    }
}

/// A running Envoy. It is ended, and its files removed, when this is dropped.
#[derive(Debug)]
pub struct Envoy {
    options: EnvoyOptions,
    process: Process,
    folder: Folder,
    admin: SocketAddr,
    listen: SocketAddr,
    /// How often it was restarted hot, and what it shares with its parent.
    epoch: u32,
    base_id: Option<String>,
    /// Those before it, which end by themselves.
    parents: Vec<(Process, Folder)>,
}

/// What Envoy did with a new configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Update {
    /// The new one is in force for new requests.
    Accepted,
    /// The old one stays; this is the reason that Envoy gives. What the filter said is in [`Envoy::log`].
    Refused(String),
}

impl Envoy {
    /// Starts an Envoy and waits until it takes requests.
    ///
    /// # Errors
    ///
    /// If it does not start, refuses the configuration or does not get ready; the end of its log is quoted.
    pub async fn start(options: EnvoyOptions) -> Result<Envoy> {
        let (folder, process) = start_process(&options, None, 0)?;
        let mut envoy = Envoy {
            options,
            process,
            folder,
            admin: ANY_PORT,
            listen: ANY_PORT,
            epoch: 0,
            base_id: None,
            parents: Vec::new(),
        };
        match envoy.wait_until_ready().await {
            Ok(()) => Ok(envoy),
            Err(error) => Err(error.context(format!(
                "Envoy did not get ready; its log ends with:\n{}",
                envoy.log_tail()
            ))),
        }
    }

    /// Where requests go in.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// The admin interface.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The process, for whoever measures its time and memory.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Everything that Envoy has logged.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.folder.file("envoy.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Asks the admin interface.
    pub async fn ask_admin(&self, path: &str) -> Result<String> {
        let response = Request::get(path).send(self.admin).await?;
        ensure!(response.status == 200, "{path} answered {}: {}", response.status, response.text());
        Ok(response.text())
    }

    /// Scrapes the statistics. Histogram samples are there 0.1 s after they were recorded.
    pub async fn scrape(&self) -> Result<Scrape> {
        scrape::fetch(self.admin).await
    }

    /// Gives the filter another configuration, and waits for what Envoy does with it.
    ///
    /// # Errors
    ///
    /// If Envoy does neither accept nor refuse it in time.
    pub async fn update_filter_config(&mut self, config: &str) -> Result<Update> {
        let new = EnvoyOptions { config: config.to_owned(), ..self.options.clone() };
        self.update(new).await
    }

    /// Gives Envoy other code of the filter, and waits for what Envoy does with it.
    ///
    /// # Errors
    ///
    /// If Envoy does neither accept nor refuse it in time.
    pub async fn update_filter_module(&mut self, module: impl Into<PathBuf>) -> Result<Update> {
        let new = EnvoyOptions { filter: Some(module.into()), ..self.options.clone() };
        self.update(new).await
    }

    async fn update(&mut self, new: EnvoyOptions) -> Result<Update> {
        let before = self.update_counts().await?;
        self.folder.write("lds.yaml", &bootstrap::listener(&new))?;
        let (accepted, refused) = self
            .wait_for("the new configuration", async |envoy: &Envoy| {
                let after = envoy.update_counts().await?;
                Ok((after != before).then_some((after.0 > before.0, after.1 > before.1)))
            })
            .await?;
        if refused {
            return Ok(Update::Refused(self.refusal().await?));
        }
        ensure!(accepted, "Envoy counts neither an update nor a refusal");
        self.options = new;
        // Accepted is not yet in force: the listener gets warm first.
        self.wait_for("the new listener", async |envoy: &Envoy| {
            let stats = envoy.ask_admin("/stats?filter=total_listeners_warming").await?;
            Ok((stat(&stats, "listener_manager.total_listeners_warming") == Some(0)).then_some(()))
        })
        .await?;
        Ok(Update::Accepted)
    }

    /// Tells Envoy to stop, waits until it has, and returns everything that it has logged.
    ///
    /// # Errors
    ///
    /// If it still runs after a while.
    pub async fn stop(self) -> Result<String> {
        let asked = Request::new("POST", "/quitquitquit").send(self.admin).await?;
        ensure!(asked.status == 200, "/quitquitquit answered {}", asked.status);
        let started = Instant::now();
        while self.process.ended().is_none() {
            ensure!(started.elapsed() < START_LIMIT, "Envoy still runs");
            tokio::time::sleep(POLL).await;
        }
        Ok(self.log())
    }

    /// Starts another Envoy that takes over this one's sockets while this one drains, as an upgrade of the program does. Until
    /// this one has ended, the new one shows the sum of both in each gauge; its counters begin at 0, and grow by both.
    ///
    /// # Errors
    ///
    /// If it was not started with `parent_shutdown_seconds`, or the new one does not get ready.
    pub async fn restart_hot(&mut self) -> Result<()> {
        ensure!(
            self.options.parent_shutdown_seconds.is_some(),
            "it was not started with `parent_shutdown_seconds`"
        );
        if self.base_id.is_none() {
            let text = fs::read_to_string(self.folder.file("base-id")).context("the base id")?;
            self.base_id = Some(text.trim().to_owned());
        }
        self.options.listen = self.listen;
        self.options.admin = self.admin;
        self.epoch += 1;
        let (folder, process) = start_process(&self.options, self.base_id.as_deref(), self.epoch)?;
        let parent = (
            std::mem::replace(&mut self.process, process),
            std::mem::replace(&mut self.folder, folder),
        );
        self.parents.push(parent);
        self.wait_until_ready().await.with_context(|| self.log_tail())
    }

    /// Ends this Envoy at once, and starts another one at the same addresses: what a container does that restarts
    /// within its pod.
    ///
    /// # Errors
    ///
    /// Those of [`Envoy::start`]; and that somebody took one of its ports meanwhile.
    pub async fn restart(self) -> Result<Envoy> {
        let (listen, admin) = (self.listen, self.admin);
        let options = EnvoyOptions { listen, admin, ..self.options.clone() };
        drop(self);
        Envoy::start(options).await
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        self.admin = self
            .wait_for("the admin address", async |envoy: &Envoy| {
                let text = fs::read_to_string(envoy.folder.file("admin")).unwrap_or_default();
                // It is written without a line break, so that half of it looks whole; only a port answers.
                let Ok(admin) = text.trim().parse() else {
                    return Ok(None);
                };
                Ok(Request::get("/ready").send(admin).await.is_ok().then_some(admin))
            })
            .await?;
        self.listen = self
            .wait_for("the listener", async |envoy: &Envoy| {
                let (_, refused) = envoy.update_counts().await?;
                if 0 < refused {
                    bail!("it refuses the configuration: {}", envoy.refusal().await?);
                }
                let listeners = envoy.ask_admin("/listeners?format=json").await?;
                Ok(listen_address(&serde_json::from_str(&listeners)?))
            })
            .await?;
        self.wait_for("readiness", async |envoy: &Envoy| {
            Ok(envoy.ask_admin("/ready").await.is_ok().then_some(()))
        })
        .await
    }

    async fn wait_for<T>(
        &self,
        what: &str,
        poll: impl AsyncFn(&Envoy) -> Result<Option<T>>,
    ) -> Result<T> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if let Some(found) = poll(self).await? {
                return Ok(found);
            }
            if let Some(status) = self.process.ended() {
                bail!("it ended while we waited for {what}: {status}");
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("no {what} after {} s", START_LIMIT.as_secs())
    }

    /// How many listener updates were accepted and refused so far.
    async fn update_counts(&self) -> Result<(u64, u64)> {
        let stats = self.ask_admin("/stats?filter=listener_manager.lds.update_").await?;
        let count =
            |name: &str| stat(&stats, &format!("listener_manager.lds.update_{name}")).unwrap_or(0);
        Ok((count("success"), count("rejected")))
    }

    async fn refusal(&self) -> Result<String> {
        let dump = self.ask_admin("/config_dump?resource=dynamic_listeners").await?;
        let dump: Value = serde_json::from_str(&dump)?;
        let details = dump.pointer("/configs/0/error_state/details").and_then(Value::as_str);
        Ok(details.context("Envoy gives no reason")?.to_owned())
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }
}

/// Writes the configuration into a new folder, and starts a process with it. One that is restarted hot has the base id of its
/// parent.
fn start_process(
    options: &EnvoyOptions,
    base_id: Option<&str>,
    epoch: u32,
) -> Result<(Folder, Process)> {
    let folder = Folder::new("envoy")?;
    folder.write("lds.yaml", &bootstrap::listener(options))?;
    folder.write("envoy.yaml", &bootstrap::bootstrap(options, &folder.file("lds.yaml")))?;
    let process = Process::start(&options.binary, &folder.file("envoy.log"), |command| {
        command
            .args(["--log-level", "warning"])
            // Its hints about this bootstrap would hide what the filter says.
            .args([
                "--component-log-level",
                &format!("main:error,misc:error,{}", options.component_log_level),
            ])
            .args(["--concurrency", &options.workers.to_string()])
            .arg("--config-path")
            .arg(folder.file("envoy.yaml"))
            .arg("--admin-address-path")
            .arg(folder.file("admin"));
        if let Some(seconds) = options.drain_seconds {
            command.args(["--drain-time-s", &seconds.to_string()]);
        }
        match (options.parent_shutdown_seconds, base_id) {
            (None, _) => command.arg("--disable-hot-restart"),
            (Some(seconds), None) => command
                .args(["--parent-shutdown-time-s", &seconds.to_string()])
                .arg("--use-dynamic-base-id")
                .arg("--base-id-path")
                .arg(folder.file("base-id")),
            (Some(seconds), Some(base_id)) => command
                .args(["--parent-shutdown-time-s", &seconds.to_string()])
                .args(["--base-id", base_id, "--restart-epoch", &epoch.to_string()]),
        };
    })?;
    Ok((folder, process))
}

/// The value of a line `name: 1` of `/stats`.
fn stat(stats: &str, name: &str) -> Option<u64> {
    stats.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.parse().ok())
}

fn listen_address(listeners: &Value) -> Option<SocketAddr> {
    let address = listeners.pointer("/listener_statuses/0/local_address/socket_address")?;
    let port = address.get("port_value")?.as_u64()?;
    format!("{}:{port}", address.get("address")?.as_str()?).parse().ok()
}

#[cfg(test)]
mod tests;
