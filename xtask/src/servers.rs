//! Installs real model servers, each in an environment of its own, as `servers/NAME/requirements.txt` lists them.
//! It never starts one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{paths, python};

/// The server that tests start: the one that is asked in the most ways.
pub const TESTED: &str = "kserve";

/// Installs a server if it is missing or its list has changed, and returns the folder of all environments.
///
/// # Errors
///
/// If there is no server of this name, or it cannot be installed.
pub fn set_up(name: &str) -> Result<PathBuf> {
    let known = names()?;
    if !known.iter().any(|it| it == name) {
        bail!("`{name}` is no server: allowed is any of {}", known.join(", "));
    }
    let list = paths::server_sources().join(name).join("requirements.txt");
    let wanted = fs::read(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let folder = paths::servers().join(name);
    // It is written last, so that whatever it lists is there.
    let installed = folder.join("installed.txt");
    let venv = folder.join("venv");
    if fs::read(&installed).is_ok_and(|it| it == wanted) && venv.join("bin/python3").exists() {
        return Ok(paths::servers());
    }
    // What an older list had beside it would stay.
    remove(&venv)?;
    let python = python::set_up_at(&venv)?;
    python::fetch_listed(&python, &list, "its versions are for Python 3.11 on x86-64 Linux")?;
    fs::write(&installed, wanted)
        .with_context(|| format!("cannot write {}", installed.display()))?;
    Ok(paths::servers())
}

/// All servers, in the order of their names.
///
/// # Errors
///
/// If their sources cannot be listed.
pub fn names() -> Result<Vec<String>> {
    let sources = paths::server_sources();
    let entries =
        fs::read_dir(&sources).with_context(|| format!("cannot list {}", sources.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.path().join("requirements.txt").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_has_a_list_of_versions() {
        let names = names().unwrap();
        assert_eq!(names, ["bentoml", "kserve", "mlflow", "mlserver", "seldon"]);
        for name in names {
            let list = paths::server_sources().join(name).join("requirements.txt");
            let text = fs::read_to_string(&list).unwrap();
            let rows = text.lines().filter(|line| !line.starts_with('#'));
            for row in rows {
                assert_eq!(row.matches("==").count(), 1, "{}: {row}", list.display());
            }
        }
    }

    #[test]
    fn an_unknown_server_is_named() {
        let error = set_up("sklearn").unwrap_err().to_string();
        assert!(error.starts_with("`sklearn` is no server: allowed is any of bentoml,"), "{error}");
    }
}
