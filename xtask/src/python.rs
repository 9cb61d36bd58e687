//! The Python environment under `target`, and packages of PyPI in it. It never touches the system's own packages.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{
    debian, paths,
    process::{find_program, output, run, say},
};

/// What the environment is for, as the end of the sentence "needed for ...".
const PURPOSE: &str = "packages of PyPI";

/// Returns the environment's interpreter, after making the environment if there is none that works.
///
/// # Errors
///
/// Where there is no Python, the error names the command that installs it.
pub fn set_up() -> Result<PathBuf> {
    let python = paths::python();
    if output(Command::new(&python).args(["-m", "pip", "--version"])).is_ok() {
        return Ok(python);
    }
    say(&format!("python3: making an environment at {}", paths::venv().display()));
    if find_program("python3").is_none() {
        debian::install(&["python3", "python3-venv"], PURPOSE)?;
    }
    if make_environment("python3").is_err() {
        say("python3 has no `venv` module that works here");
        debian::install(&["python3-venv"], PURPOSE)?;
        // The module belongs to Debian's Python, which need not be the first on the PATH.
        make_environment("/usr/bin/python3")?;
    }
    Ok(python)
}

/// Fetches packages, such as `name==1.2`, with what they need. Nothing of a package is run while it is installed.
///
/// # Errors
///
/// If one cannot be had; `hint` then says where it exists.
pub fn fetch(packages: &[&str], hint: &str) -> Result<()> {
    let python = set_up()?;
    let list = packages.join(" ");
    say(&format!("pip: fetching {list}"));
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "install", "--disable-pip-version-check", "--quiet"]);
    command.args(["--only-binary", ":all:"]).args(packages);
    run(&mut command).with_context(|| {
        format!(
            "{list} cannot be had from PyPI ({hint}): try `{} -m pip install {list}`",
            python.display()
        )
    })
}

/// Whether the environment has a package in exactly this version. False, too, where there is no environment.
pub fn has(name: &str, version: &str) -> bool {
    const ASK: &str = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))";
    let installed = output(Command::new(paths::python()).args(["-c", ASK, name]));
    installed.is_ok_and(|installed| installed == version)
}

fn make_environment(python: &str) -> Result<()> {
    let venv = paths::venv();
    // Half an environment, from a run that was interrupted, is worse than none.
    if venv.exists() {
        fs::remove_dir_all(&venv).with_context(|| format!("cannot remove {}", venv.display()))?;
    }
    run(Command::new(python).args(["-m", "venv"]).arg(&venv))
}
