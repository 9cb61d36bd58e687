//! `@grafana/schema`, the types of Grafana's dashboards, and TypeScript, which checks them: from npm, at the versions of
//! `tests/grafana/schema/package-lock.json`. It runs no script of a package.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    paths,
    process::{find_program, run, say},
};

/// What decides which versions are installed.
const FILES: [&str; 2] = ["package.json", "package-lock.json"];
/// What npm writes when everything is there.
const INSTALLED: &str = "node_modules/.package-lock.json";

/// Returns the folder with the packages, after installing them if they are missing or of other versions.
///
/// # Errors
///
/// Without Node.js or npm, or if a package cannot be had.
pub fn set_up() -> Result<PathBuf> {
    let folder = paths::grafana_schema();
    if is_installed() {
        return Ok(folder);
    }
    if find_program("node").is_none() || find_program("npm").is_none() {
        bail!(
            "Node.js and npm (needed for the check of the dashboards): install with `sudo apt-get install nodejs npm`, \
             then try again"
        );
    }
    say(&format!("npm: installing @grafana/schema and typescript into {}", folder.display()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for file in FILES {
        let (from, to) = (paths::dashboard_check().join(file), folder.join(file));
        fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let mut command = Command::new("npm");
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]);
    run(command.current_dir(&folder))?;
    Ok(folder)
}

fn is_installed() -> bool {
    let is_same = |file: &&str| {
        let ours = fs::read(paths::dashboard_check().join(file));
        let theirs = fs::read(paths::grafana_schema().join(file));
        matches!((ours, theirs), (Ok(ours), Ok(theirs)) if ours == theirs)
    };
    FILES.iter().all(|file| is_same(&file)) && paths::grafana_schema().join(INSTALLED).exists()
}
