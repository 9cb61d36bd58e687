//! Where a profile is written: a whole file or none, and never over the data that it is made of.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    process,
};

use anyhow::bail;

/// Finds out what speaks against writing before minutes are spent on reading.
pub(super) fn check(output: &Path, train: &Path) -> anyhow::Result<()> {
    if output.is_dir() {
        bail!("cannot write {}: it is a directory, expected a file", output.display());
    }
    let folder = folder_of(output);
    if !folder.is_dir() {
        bail!("cannot write {}: there is no folder {}", output.display(), folder.display());
    }
    if let (Ok(output), Ok(train)) = (fs::canonicalize(output), fs::canonicalize(train))
        && output == train
    {
        bail!("{} is the training data; expected another file for the profile", output.display());
    }
    Ok(())
}

/// Writes a file whole or not at all: first beside its place, then into it by renaming.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link is followed, so that it stays one. What is no file (a pipe, /dev/null) cannot be renamed onto.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if target.exists() && !target.is_file() {
        return fs::OpenOptions::new().write(true).open(&target)?.write_all(bytes);
    }
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", process::id()));
    let beside = target.with_file_name(name);
    let written = File::create(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        // What went wrong is said below; a left-over that cannot be removed is not worth a second message.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
