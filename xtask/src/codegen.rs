//! Files that are generated from the core's tables. They are committed, so that people can read and copy them on the
//! web, and never edited by hand. Nothing here spells a metric, a label or a path.
//!
//! To add a file, write a module with a function that renders it, and add a row to [`OUTPUTS`]. The files of `envoy/` are
//! those of `driftline render`, and are there without a row.

mod configuration;
mod dialects;
mod limits;
mod metrics;
mod page;
mod rendered;
mod runbooks;

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};

use crate::{paths, process::say};

/// A generated file.
struct Output {
    /// Its path, relative to the root of the project.
    path: &'static str,
    /// Renders its text. Fails if a file that is only partly generated has no place for that part.
    render: fn() -> Result<String>,
}

/// All generated files.
const OUTPUTS: &[Output] = &[
    Output { path: "docs/metrics.md", render: || Ok(metrics::render()) },
    Output { path: "docs/dialects.md", render: dialects::render },
    Output { path: "docs/limits.md", render: limits::render },
    Output { path: "docs/configuration.md", render: configuration::render },
    Output {
        path: "docs/configuration.schema.json",
        render: || Ok(configuration::render_schema()),
    },
];

/// A generated file with the text that it must have.
#[derive(Debug)]
struct Generated {
    path: String,
    text: String,
}

/// Writes the stale files. With `check`, writes nothing, and fails if there are any.
///
/// # Errors
///
/// If `check` finds a stale file; if a file cannot be rendered or written.
pub fn run(check: bool) -> Result<()> {
    let stale = stale()?;
    let paths: Vec<&str> = stale.iter().map(|file| &*file.path).collect();
    if stale.is_empty() {
        say("all generated files are up to date");
        return Ok(());
    }
    if check {
        bail!("outdated: {}; run `cargo xtask codegen`", paths.join(", "));
    }
    stale.iter().try_for_each(Generated::write)?;
    say(&format!("wrote {}", paths.join(", ")));
    Ok(())
}

/// All generated files.
fn generated() -> Result<Vec<Generated>> {
    let mut files = rendered::files()?;
    files.extend(runbooks::pages()?.into_iter().map(|(path, text)| Generated { path, text }));
    for output in OUTPUTS {
        let text = (output.render)().with_context(|| output.path)?;
        files.push(Generated { path: output.path.to_owned(), text });
    }
    Ok(files)
}

/// Files that are missing or outdated.
fn stale() -> Result<Vec<Generated>> {
    let is_stale =
        |file: &Generated| fs::read_to_string(file.file()).ok().as_ref() != Some(&file.text);
    Ok(generated()?.into_iter().filter(is_stale).collect())
}

impl Generated {
    fn file(&self) -> PathBuf {
        paths::root().join(&self.path)
    }

    fn write(&self) -> Result<()> {
        let file = self.file();
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&file, &self.text).with_context(|| format!("cannot write {}", file.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Rewrites stale files and then fails, so that running the tests twice is the fix.
    #[test]
    fn generated_files_are_up_to_date() {
        let stale = stale().unwrap();
        for file in &stale {
            file.write().unwrap();
        }
        let paths: Vec<&str> = stale.iter().map(|file| &*file.path).collect();
        assert!(
            paths.is_empty(),
            "these were outdated and have been rewritten, please commit them: {paths:?}"
        );
    }

    #[test]
    fn no_file_is_written_twice() {
        let files = generated().unwrap();
        let paths: BTreeSet<&str> = files.iter().map(|file| &*file.path).collect();
        assert_eq!(paths.len(), files.len());
    }
}
