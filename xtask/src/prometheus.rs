//! Prometheus and promtool, from Debian. It never installs them on the system, so no service is left running.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{debian, paths, process::find_program};

/// Returns the path of `promtool`, after fetching Debian's package if there is none.
pub fn set_up_promtool() -> Result<PathBuf> {
    set_up("promtool")
}

/// Returns the path of `prometheus`, after fetching Debian's package if there is none.
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
    debian::unpack("prometheus", &paths::prometheus(), "checking what Prometheus would read")?;
    if !unpacked.exists() {
        bail!(
            "Debian's package prometheus was fetched, but has no {program}: install Prometheus so that `{program}` is on the PATH"
        );
    }
    Ok(unpacked)
}
