//! `@grafana/schema`, the types of Grafana's dashboards, and TypeScript, which checks them: from npm, at the versions of
//! `tests/grafana/schema/package-lock.json`. It runs no script of a package.

use std::path::PathBuf;

use anyhow::Result;

use crate::{node, paths};

/// Returns the folder with the packages, after installing them if they are missing or of other versions.
///
/// # Errors
///
/// Without Node.js or npm, or if a package cannot be had.
pub fn set_up() -> Result<PathBuf> {
    let folder = paths::grafana_schema();
    node::install(&paths::dashboard_check(), &folder, "the types of Grafana's dashboards")?;
    Ok(folder)
}
