//! Packages of npm, as locked in the project, and the validators of rendered documents, which are some. It never runs code of
//! a package.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    debian, paths,
    process::{find_program, run, say},
};

/// The files that say which packages, and which bytes each of them has.
const MANIFEST: &str = "package.json";
const LOCK: &str = "package-lock.json";
/// A copy of the lock, made when everything is installed.
const INSTALLED: &str = "installed.json";

/// Installs the validators of rendered documents if they are missing, and returns the folder that has them.
///
/// # Errors
///
/// As [`install`].
pub fn set_up() -> Result<PathBuf> {
    let folder = paths::node();
    install(&paths::validators(), &folder, "the validators of rendered documents")?;
    Ok(folder)
}

/// Installs the packages that are locked in one folder into another one, unless they are there. `purpose` completes the
/// sentence "needed for ...".
///
/// # Errors
///
/// If Node.js is missing, the error names the command that installs it. If a package cannot be installed.
pub fn install(locked: &Path, folder: &Path, purpose: &str) -> Result<()> {
    if ["node", "npm"].iter().any(|program| find_program(program).is_none()) {
        debian::install(&["nodejs", "npm"], purpose)?;
    }
    let read = |path: PathBuf| {
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let lock = read(locked.join(LOCK))?;
    if fs::read_to_string(folder.join(INSTALLED)).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    say(&format!("npm: installing {purpose} into {}", folder.display()));
    let manifest = read(locked.join(MANIFEST))?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    write(MANIFEST, &manifest)?;
    write(LOCK, &lock)?;
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["ci", "--include=dev", "--ignore-scripts", "--no-audit"]);
    // Some packages name a newer Node.js than they need.
    npm.args(["--no-fund", "--loglevel", "error"]);
    run(&mut npm).with_context(|| format!("cannot install {purpose} from npm"))?;
    write(INSTALLED, &lock)
}
