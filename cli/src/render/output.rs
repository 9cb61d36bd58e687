//! Files in a folder, replaced only if they are as they were written. It knows nothing of what is in them.
//!
//! What was written is noted with its SHA-256 in a file that `sha256sum --check` reads, too.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use driftline_operations::File;
use sha2::{Digest as _, Sha256};

/// What was written to a folder.
const NOTES: &str = "rendered.sha256";

/// Where files are written.
pub(super) struct Output<'o> {
    pub(super) folder: &'o Path,
    /// Whether files of others are replaced.
    pub(super) force: bool,
}

/// What was done; paths are relative to the folder.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Written {
    pub(super) new: Vec<String>,
    /// How many files were there already, as they are to be.
    pub(super) unchanged: usize,
    /// Files that were written before, from the same folders, and are no longer.
    pub(super) left_over: Vec<String>,
}

impl Output<'_> {
    /// Writes the files, or none of them.
    ///
    /// # Errors
    ///
    /// If a file is there that was not written by this, or was changed since: all such files are named. If one cannot be
    /// read or written.
    pub(super) fn write(&self, files: &[File]) -> anyhow::Result<Written> {
        let mut notes = self.notes()?;
        let mut written = Written::default();
        let mut to_write = Vec::new();
        let mut foreign = Vec::new();
        for file in files {
            let found = self.found(&file.path)?;
            let noted = notes.get(&file.path);
            let is_ours = found.as_ref().is_none_or(|found| noted == Some(&digest(found)));
            if found.as_deref() == Some(file.text.as_bytes()) {
                written.unchanged += 1;
            } else if is_ours || self.force {
                to_write.push(file);
            } else {
                foreign.push(self.folder.join(&file.path).display().to_string());
            }
        }
        if !foreign.is_empty() {
            bail!(
                "these files were not written by `driftline render`, or were changed since, and are not replaced: {}; move \
                 them away, render to another folder, or replace them with --force",
                foreign.join(", ")
            );
        }
        for file in to_write {
            write_file(&self.folder.join(&file.path), &file.text)?;
            written.new.push(file.path.clone());
        }
        written.left_over = self.left_over(&notes, files)?;
        for file in files {
            notes.insert(file.path.clone(), digest(file.text.as_bytes()));
        }
        let lines: String = notes.iter().fold(String::new(), |mut lines, (path, digest)| {
            let _ = writeln!(lines, "{digest}  {path}");
            lines
        });
        write_file(&self.folder.join(NOTES), &lines)?;
        Ok(written)
    }

    /// What was written, by path.
    fn notes(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let Some(notes) = self.found(NOTES)? else { return Ok(BTreeMap::new()) };
        let notes = String::from_utf8_lossy(&notes);
        let lines = notes.lines().filter_map(|line| line.split_once("  "));
        Ok(lines.map(|(digest, path)| (path.to_owned(), digest.to_owned())).collect())
    }

    /// Files that are as they were written, beside those that are written now, and are not among them.
    fn left_over(
        &self,
        notes: &BTreeMap<String, String>,
        files: &[File],
    ) -> anyhow::Result<Vec<String>> {
        let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let mut left_over = Vec::new();
        for (path, noted) in notes {
            let is_written = files.iter().any(|file| file.path == *path);
            let is_beside = files.iter().any(|file| folder(&file.path) == folder(path));
            if !is_written
                && is_beside
                && self.found(path)?.is_some_and(|found| digest(&found) == *noted)
            {
                left_over.push(path.clone());
            }
        }
        Ok(left_over)
    }

    /// What is in a file; `None` if there is none.
    fn found(&self, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let path: PathBuf = self.folder.join(path);
        match fs::read(&path) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(error).with_context(|| format!("--output: cannot read {}", path.display()))
            }
        }
    }
}

fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("--output: cannot write {}", path.display()))
}

fn digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("driftline-output-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn what_was_written_is_replaced_and_what_was_changed_is_not() {
        let folder = folder("replaced");
        let output = |force| Output { folder: &folder, force };
        let first = [file("a/b.yaml", "1\n"), file("c.yaml", "2\n")];
        assert_eq!(output(false).write(&first).unwrap().new, ["a/b.yaml", "c.yaml"]);
        assert_eq!(
            output(false).write(&first).unwrap(),
            Written { unchanged: 2, ..Written::default() }
        );

        let second = [file("a/b.yaml", "3\n"), file("c.yaml", "2\n")];
        let written = output(false).write(&second).unwrap();
        assert_eq!((written.new, written.unchanged), (vec!["a/b.yaml".to_owned()], 1));

        fs::write(folder.join("c.yaml"), "mine\n").unwrap();
        let third = [file("a/b.yaml", "4\n"), file("c.yaml", "5\n")];
        let error = output(false).write(&third).unwrap_err().to_string();
        assert!(error.contains("c.yaml") && !error.contains("b.yaml"), "{error}");
        assert_eq!(
            fs::read_to_string(folder.join("a/b.yaml")).unwrap(),
            "3\n",
            "nothing is written"
        );
        assert_eq!(output(true).write(&third).unwrap().new.len(), 2);
        assert_eq!(fs::read_to_string(folder.join("c.yaml")).unwrap(), "5\n");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn files_that_are_no_longer_rendered_are_named_where_their_neighbours_are() {
        let folder = folder("left-over");
        let output = Output { folder: &folder, force: false };
        let all = [file("a/b.yaml", "1\n"), file("a/c.yaml", "2\n"), file("d/e.yaml", "3\n")];
        output.write(&all).unwrap();
        assert_eq!(output.write(&all[..1]).unwrap().left_over, ["a/c.yaml"]);
        fs::write(folder.join("a/c.yaml"), "mine\n").unwrap();
        assert_eq!(output.write(&all[..1]).unwrap().left_over, [""; 0]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn files_of_others_are_all_named() {
        let folder = folder("foreign");
        fs::create_dir_all(&folder).unwrap();
        for name in ["a.yaml", "b.yaml"] {
            fs::write(folder.join(name), "mine\n").unwrap();
        }
        let files = [file("a.yaml", "1\n"), file("b.yaml", "mine\n"), file("c.yaml", "1\n")];
        let error = Output { folder: &folder, force: false }.write(&files).unwrap_err().to_string();
        assert!(error.contains("a.yaml") && !error.contains("b.yaml"), "{error}");
        assert!(!folder.join("c.yaml").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
