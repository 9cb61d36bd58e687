//! The Python environment in `target`, with packages from PyPI. It never changes the system's own packages.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{
    debian, paths,
    process::{find_program, output, run, say},
};

/// The purpose of the environment; completes the sentence "needed for ...".
const PURPOSE: &str = "packages from PyPI";

/// Returns the environment's interpreter, after creating the environment if it is missing or broken.
///
/// # Errors
///
/// If Python is missing, the error names the command that installs it.
pub fn set_up() -> Result<PathBuf> {
    let python = paths::python();
    if output(Command::new(&python).args(["-m", "pip", "--version"])).is_ok() {
        return Ok(python);
    }
    say(&format!("python3: creating an environment at {}", paths::venv().display()));
    if find_program("python3").is_none() {
        debian::install(&["python3", "python3-venv"], PURPOSE)?;
    }
    if make_environment("python3").is_err() {
        say("the `venv` module of python3 does not work");
        debian::install(&["python3-venv"], PURPOSE)?;
        // The module belongs to Debian's Python, which may not be the first on the PATH.
        make_environment("/usr/bin/python3")?;
    }
    Ok(python)
}

/// Installs packages, such as `name==1.2`, and their dependencies. No code of a package runs meanwhile.
///
/// # Errors
///
/// If one cannot be installed. `hint` is part of the message, and says where the packages exist.
pub fn fetch(packages: &[&str], hint: &str) -> Result<()> {
    let python = set_up()?;
    let list = packages.join(" ");
    say(&format!("pip: installing {list}"));
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "install", "--disable-pip-version-check", "--quiet"]);
    command.args(["--only-binary", ":all:"]).args(packages);
    run(&mut command).with_context(|| {
        format!(
            "cannot install {list} from PyPI ({hint}): try `{} -m pip install {list}`",
            python.display()
        )
    })
}

/// Whether the environment has exactly this version of a package. False if there is no environment.
pub fn has(name: &str, version: &str) -> bool {
    const ASK: &str = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))";
    let installed = output(Command::new(paths::python()).args(["-c", ASK, name]));
    installed.is_ok_and(|installed| installed == version)
}

fn make_environment(python: &str) -> Result<()> {
    let venv = paths::venv();
    // An interrupted run may have left a broken environment.
    if venv.exists() {
        fs::remove_dir_all(&venv).with_context(|| format!("cannot remove {}", venv.display()))?;
    }
    run(Command::new(python).args(["-m", "venv"]).arg(&venv))
}
