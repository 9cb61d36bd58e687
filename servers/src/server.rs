//! A real server as a child of `hold.py`, which ends it with all that it has started, even if this process is killed.
//! It predicts nothing.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use driftline_testbed::client::Request;
use tokio::time::{sleep, timeout};

use crate::{case::MODEL, place::Place};

/// Long enough for two busy cores to load all that MLflow loads; that takes some ten seconds.
const START_LIMIT: Duration = Duration::from_secs(120);
/// `hold.py` kills what does not end within ten seconds.
const END_LIMIT: Duration = Duration::from_secs(20);
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(100);
/// What an error quotes of the log.
const LOG_TAIL_LINES: usize = 30;

/// A running server. When this is dropped, `hold.py` is told to end it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: PathBuf,
    /// Where it answers HTTP.
    pub http: SocketAddr,
    /// Where it answers gRPC, if it does.
    pub grpc: SocketAddr,
}

impl Server {
    /// Starts a server of what was trained, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// If it ends, or is not ready in time; the end of its log is quoted.
    pub async fn start(place: &Place, served: &str, ready_path: &str) -> Result<Server> {
        let [http, grpc] = free_ports()?;
        let log = place.file("server.log");
        let file =
            File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        let script = place.python();
        let mut command = place.python();
        command
            .arg(place.common("hold.py"))
            .arg(script.get_program())
            .arg(place.own("serve.py"))
            .arg(place.folder())
            .args([MODEL, served, &http.port().to_string(), &grpc.port().to_string()]);
        // Ctrl-C in a terminal goes to a whole process group; this one ends when its standard input does.
        command.process_group(0).stdin(Stdio::piped()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let mut server = Server { child, log, http, grpc };
        match server.wait_until_ready(ready_path).await {
            Ok(()) => Ok(server),
            Err(error) => Err(error.context(format!("its log ends with:\n{}", server.log_tail()))),
        }
    }

    async fn wait_until_ready(&mut self, path: &str) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended before it was ready: {status}");
            }
            let asked = timeout(ANSWER_LIMIT, Request::get(path).send(self.http)).await;
            if asked.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status == 200)) {
                return Ok(());
            }
            sleep(POLL).await;
        }
        bail!("the server is not ready after {} s", START_LIMIT.as_secs())
    }

    /// Ends the server, and waits until all that it had started is gone.
    ///
    /// # Errors
    ///
    /// If something still runs after a while.
    pub async fn end(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let started = Instant::now();
        while started.elapsed() < END_LIMIT {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            sleep(POLL).await;
        }
        bail!("the server still runs {} s after it was to end", END_LIMIT.as_secs())
    }

    fn log_tail(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }
}

/// Two ports that were free a moment ago.
fn free_ports() -> Result<[SocketAddr; 2]> {
    let listeners = [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
    Ok([listeners[0].local_addr()?, listeners[1].local_addr()?])
}

/// Runs a script to its end, and returns what it prints. What it says on standard error is quoted if it fails.
///
/// # Errors
///
/// If it fails, or does not end in time.
pub(crate) async fn run(command: Command, limit: Duration) -> Result<String> {
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = timeout(limit, command.output()).await;
    let output = output.with_context(|| format!("not done within {} s", limit.as_secs()))??;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.trim().lines().next_back().unwrap_or("it says nothing");
        bail!("{}: {last}", output.status);
    }
    String::from_utf8(output.stdout).context("its output is not UTF-8")
}
