//! Where the built filter and the programs lie that tests need. It never fetches or builds them.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

/// The built filter: `DRIFTLINE_WASM`, else where `cargo xtask build` leaves it.
pub fn filter() -> Result<PathBuf> {
    find("DRIFTLINE_WASM", "driftline.wasm", "cargo xtask build")
}

/// The core's arithmetic as a filter: `DRIFTLINE_ARITHMETIC`, else where `cargo xtask build` leaves it.
pub fn arithmetic() -> Result<PathBuf> {
    find("DRIFTLINE_ARITHMETIC", "arithmetic.wasm", "cargo xtask build")
}

/// Envoy: `DRIFTLINE_ENVOY`, else where `cargo xtask setup` puts it.
pub fn envoy() -> Result<PathBuf> {
    find("DRIFTLINE_ENVOY", "venv/bin/envoy", "cargo xtask setup")
}

/// A Python that has the clients of `tests/clients`: `DRIFTLINE_PYTHON`, else where `cargo xtask setup` puts it.
pub fn python() -> Result<PathBuf> {
    find("DRIFTLINE_PYTHON", "venv/bin/python3", "cargo xtask setup")
}

/// The folder with the environments of real model servers: `DRIFTLINE_SERVERS`, else where `cargo xtask servers` makes them.
pub fn servers() -> Result<PathBuf> {
    find("DRIFTLINE_SERVERS", "servers", "cargo xtask servers")
}

/// promtool: `DRIFTLINE_PROMTOOL`, else the one on the `PATH`, else where `cargo xtask setup` puts it.
pub fn promtool() -> Result<PathBuf> {
    on_path_or_find("promtool", "DRIFTLINE_PROMTOOL")
}

/// Prometheus: `DRIFTLINE_PROMETHEUS`, else the one on the `PATH`, else where `cargo xtask setup` puts it.
pub fn prometheus() -> Result<PathBuf> {
    on_path_or_find("prometheus", "DRIFTLINE_PROMETHEUS")
}

/// A folder with the packages of `tests/validators`: `DRIFTLINE_VALIDATORS`, else where `cargo xtask setup` puts them.
pub fn validators() -> Result<PathBuf> {
    find("DRIFTLINE_VALIDATORS", "node", "cargo xtask setup")
}

/// The folder in which npm has installed Grafana's schema: `DRIFTLINE_GRAFANA_SCHEMA`, else where `cargo xtask setup` puts it.
pub fn grafana_schema() -> Result<PathBuf> {
    find("DRIFTLINE_GRAFANA_SCHEMA", "grafana-schema", "cargo xtask setup")
}

fn on_path_or_find(program: &str, variable: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path =
        env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    match on_path {
        Some(file) if env::var_os(variable).is_none() => Ok(file),
        _ => find(variable, &format!("prometheus/usr/bin/{program}"), "cargo xtask setup"),
    }
}

fn find(variable: &str, in_target: &str, command: &str) -> Result<PathBuf> {
    let path = match env::var_os(variable) {
        Some(path) => PathBuf::from(path),
        None => {
            let workspace =
                Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
            workspace.join("target").join(in_target)
        }
    };
    ensure!(
        path.exists(),
        "{} is not there: run `{command}`, or name it in {variable}",
        path.display()
    );
    Ok(path)
}
