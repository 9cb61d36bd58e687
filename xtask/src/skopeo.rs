//! `skopeo`, from Debian, which copies images. It never installs it on the system.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{debian, paths, process::find_program};

/// Returns the path of `skopeo`, after downloading Debian's package if it is missing.
///
/// # Errors
///
/// If it cannot be downloaded, the error names the command that installs it.
pub fn set_up() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let folder = paths::skopeo();
    debian::unpack_with_libraries("skopeo", &folder, "the tests of the images")?;
    write_launcher(&folder)
}

/// The `skopeo` on the `PATH`, else the one that [`set_up`] has unpacked.
pub fn find() -> Option<PathBuf> {
    let unpacked = launcher(&paths::skopeo());
    find_program("skopeo").or_else(|| unpacked.exists().then_some(unpacked))
}

fn launcher(folder: &Path) -> PathBuf {
    folder.join("skopeo")
}

/// Writes a script that starts the unpacked program with the libraries beside it. It works wherever the folder is moved.
fn write_launcher(folder: &Path) -> Result<PathBuf> {
    let mut libraries = Vec::new();
    for parent in ["usr/lib", "lib"] {
        // Debian has a folder for each architecture in it.
        for entry in fs::read_dir(folder.join(parent)).into_iter().flatten() {
            let name = entry.context("cannot list the libraries")?.file_name();
            libraries.push(format!("$here/{parent}/{}", name.to_string_lossy()));
        }
    }
    libraries.sort();
    let launcher = launcher(folder);
    let script = format!(
        "#!/bin/sh\nhere=${{0%/*}}\nLD_LIBRARY_PATH=\"{}\" exec \"$here/usr/bin/skopeo\" \"$@\"\n",
        libraries.join(":")
    );
    fs::write(&launcher, script)
        .and_then(|()| fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("cannot write {}", launcher.display()))?;
    Ok(launcher)
}
