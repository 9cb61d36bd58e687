//! Prometheus and promtool, from Debian. It never installs them on the system, so no service starts.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{debian, paths, process::find_program};

/// Returns the path of `promtool`, after downloading Debian's package if it is missing.
pub fn set_up_promtool() -> Result<PathBuf> {
    set_up("promtool")
}

/// Returns the path of `prometheus`, after downloading Debian's package if it is missing.
pub fn set_up_prometheus() -> Result<PathBuf> {
    set_up("prometheus")
}

fn set_up(program: &str) -> Result<PathBuf> {
    if let Some(found) = find_program(program) {
        return Ok(found);
    }
    let unpacked = paths::prometheus().join("usr/bin").join(program);
    if unpacked.exists() {
        return Ok(unpacked);
    }
    debian::unpack("prometheus", &paths::prometheus(), "the tests with Prometheus")?;
    if !unpacked.exists() {
        bail!(
            "Debian's package prometheus has no {program}: install Prometheus so that `{program}` is on the PATH"
        );
    }
    Ok(unpacked)
}
