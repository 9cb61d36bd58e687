//! The validators of rendered documents, from npm, as locked in `tests/validators`. It never runs code of a package.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{
    debian, paths,
    process::{find_program, run, say},
};

/// The purpose of Node.js; completes the sentence "needed for ...".
const PURPOSE: &str = "the validators of rendered documents";
/// The files that say which packages, and which bytes each of them has.
const MANIFEST: &str = "package.json";
const LOCK: &str = "package-lock.json";
/// A copy of the lock, made when everything is installed.
const INSTALLED: &str = "installed.json";

/// Installs the packages if they are missing, and returns the folder that has them.
///
/// # Errors
///
/// If Node.js is missing, the error names the command that installs it. If a package cannot be installed.
pub fn set_up() -> Result<PathBuf> {
    let folder = paths::node();
    if ["node", "npm"].iter().any(|program| find_program(program).is_none()) {
        debian::install(&["nodejs", "npm"], PURPOSE)?;
    }
    let read = |path: PathBuf| {
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let lock = read(paths::validators().join(LOCK))?;
    if fs::read_to_string(folder.join(INSTALLED)).is_ok_and(|installed| installed == lock) {
        return Ok(folder);
    }
    say(&format!("npm: installing the packages of {}", paths::validators().display()));
    let manifest = read(paths::validators().join(MANIFEST))?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    write(MANIFEST, &manifest)?;
    write(LOCK, &lock)?;
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args([
        "ci",
        "--include=dev",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]);
    // Some packages name a newer Node.js than they need.
    npm.args(["--loglevel", "error"]);
    run(&mut npm).context("cannot install the validators from npm: try `cargo xtask setup`")?;
    write(INSTALLED, &lock)?;
    Ok(folder)
}
