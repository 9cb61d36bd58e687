//! Python environments in `target`, with packages from PyPI. They never change the system's own packages.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    debian, paths,
    process::{find_program, output, run, say},
};

/// The purpose of an environment; completes the sentence "needed for ...".
const PURPOSE: &str = "packages from PyPI";

/// Returns the interpreter of the environment that the tests share, after creating it if it is missing or broken.
///
/// # Errors
///
/// If Python is missing, the error names the command that installs it.
pub fn set_up() -> Result<PathBuf> {
    set_up_at(&paths::venv())?;
    Ok(paths::python())
}

/// Creates an environment in a folder, if it is missing or broken there, and returns its interpreter.
///
/// # Errors
///
/// Those of [`set_up`].
pub fn set_up_at(folder: &Path) -> Result<PathBuf> {
    let python = folder.join("bin/python3");
    if output(Command::new(&python).args(["-m", "pip", "--version"])).is_ok() {
        return Ok(python);
    }
    say(&format!("python3: creating an environment at {}", folder.display()));
    if find_program("python3").is_none() {
        debian::install(&["python3", "python3-venv"], PURPOSE)?;
    }
    if make_environment("python3", folder).is_err() {
        say("the `venv` module of python3 does not work");
        debian::install(&["python3-venv"], PURPOSE)?;
        // The module belongs to Debian's Python, which may not be the first on the PATH.
        make_environment("/usr/bin/python3", folder)?;
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
    run(install(&python).args(packages)).with_context(|| {
        format!(
            "cannot install {list} from PyPI ({hint}): try `{} -m pip install {list}`",
            python.display()
        )
    })
}

/// Installs exactly what a file of requirements lists, into the environment of this interpreter. No code of a package runs
/// meanwhile.
///
/// # Errors
///
/// Those of [`fetch`].
pub fn fetch_listed(python: &Path, requirements: &Path, hint: &str) -> Result<()> {
    let list = requirements.display();
    say(&format!("pip: installing what {list} lists"));
    // The list is complete, so that pip need not look for versions that fit together.
    run(install(python).args(["--no-deps", "--requirement"]).arg(requirements))
        .with_context(|| format!("cannot install what {list} lists from PyPI ({hint})"))
}

fn install(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--disable-pip-version-check", "--quiet"]);
    command.args(["--only-binary", ":all:"]);
    command
}

/// Whether the environment has exactly this version of a package. False if there is no environment.
pub fn has(name: &str, version: &str) -> bool {
    const ASK: &str = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))";
    let installed = output(Command::new(paths::python()).args(["-c", ASK, name]));
    installed.is_ok_and(|installed| installed == version)
}

fn make_environment(python: &str, folder: &Path) -> Result<()> {
    // An interrupted run may have left a broken environment.
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    run(Command::new(python).args(["-m", "venv"]).arg(folder))
}
