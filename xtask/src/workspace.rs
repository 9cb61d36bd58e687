//! The workspace, as cargo describes it. It never reads a manifest itself.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::{cargo, output};

/// Selects all packages but the filter itself, which links only for wasm32, and the benches, which no test waits for.
///
/// The demo asks for the same features of what it shares with the tests, so nothing is compiled twice: see
/// `tests/stories/features.rs`.
pub const PACKAGES: [&str; 5] =
    ["--workspace", "--exclude", "driftline-plugin", "--exclude", "driftline-benches"];

/// The output of `cargo metadata` for the packages of the workspace.
///
/// # Errors
///
/// If cargo fails, or prints no JSON.
pub fn metadata() -> Result<Value> {
    let metadata = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    serde_json::from_str(&metadata).context("cargo metadata is not JSON")
}

/// The path of a binary that is built in the profile `dev`.
///
/// # Errors
///
/// Those of [`metadata`].
pub fn program(name: &str) -> Result<PathBuf> {
    let metadata = metadata()?;
    let target =
        metadata["target_directory"].as_str().context("cargo metadata has no target folder")?;
    Ok([target, "debug", name].iter().collect())
}
