//! The workspace, as cargo describes it. It never reads a manifest itself.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::{cargo, output};

/// Selects all packages except the filter, which links only for wasm32.
///
/// Every native build selects all of them, and limits the targets only. Then each dependency has the same features in
/// every build, and is compiled once.
pub const PACKAGES: [&str; 3] = ["--workspace", "--exclude", "driftline-plugin"];

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
