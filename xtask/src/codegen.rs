//! Files that are generated from the core's tables. They are committed, so that people can read and copy them on the
//! web, and never edited by hand. Nothing here spells a metric, a label or a path.
//!
//! To add a file, write a module with a function that renders it, and add a row to [`OUTPUTS`].

mod configuration;
mod dialects;
mod limits;
mod metrics;
mod page;

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};
use driftline_monitor::config::Config;
use driftline_operations::{rules, settings::Settings, slo, stats};

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
    Output { path: "envoy/stats.yaml", render: || Ok(stats::render()) },
    Output { path: "envoy/drift.rules.yml", render: || rules_of("drift") },
    Output { path: "envoy/experiment.rules.yml", render: || rules_of("experiment") },
    Output { path: "envoy/serving.rules.yml", render: || rules_of("serving") },
    Output { path: "envoy/data.rules.yml", render: || rules_of("data") },
    Output { path: "envoy/quality.rules.yml", render: || rules_of("quality") },
    Output { path: "envoy/pods.rules.yml", render: || rules_of("pods") },
    Output { path: "envoy/slo.rules.yml", render: || rules_of("slo") },
    Output { path: "docs/dialects.md", render: dialects::render },
    Output { path: "docs/limits.md", render: limits::render },
    Output { path: "docs/configuration.md", render: configuration::render },
    Output {
        path: "docs/configuration.schema.json",
        render: || Ok(configuration::render_schema()),
    },
];

/// The rules of a subject for any configuration: without profiles, of which rules know more.
fn rules_of(subject: &str) -> Result<String> {
    let config = Config::from_json(br#"{"models": [{"name": "my-llm"}]}"#)?;
    let settings = Settings::of(&config);
    let path = format!("prometheus/{subject}.rules.yml");
    let mut files = rules::files(&settings).into_iter().chain([slo::file(&settings)]);
    let found = files.find(|file| file.path == path).with_context(|| format!("no {path}"))?;
    Ok(found.text)
}

/// Writes the stale files. With `check`, writes nothing, and fails if there are any.
///
/// # Errors
///
/// If `check` finds a stale file; if a file cannot be rendered or written.
pub fn run(check: bool) -> Result<()> {
    let stale = stale()?;
    let paths: Vec<&str> = stale.iter().map(|(output, _)| output.path).collect();
    if stale.is_empty() {
        say("all generated files are up to date");
        return Ok(());
    }
    if check {
        bail!("outdated: {}; run `cargo xtask codegen`", paths.join(", "));
    }
    stale.iter().try_for_each(|(output, text)| output.write(text))?;
    say(&format!("wrote {}", paths.join(", ")));
    Ok(())
}

/// Files that are missing or outdated, each with its new text.
fn stale() -> Result<Vec<(&'static Output, String)>> {
    let mut stale = Vec::new();
    for output in OUTPUTS {
        let text = (output.render)().with_context(|| output.path)?;
        if fs::read_to_string(output.file()).ok().as_ref() != Some(&text) {
            stale.push((output, text));
        }
    }
    Ok(stale)
}

impl Output {
    fn file(&self) -> PathBuf {
        paths::root().join(self.path)
    }

    fn write(&self, text: &str) -> Result<()> {
        let file = self.file();
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
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
        for (output, text) in &stale {
            output.write(text).unwrap();
        }
        let paths: Vec<&str> = stale.iter().map(|(output, _)| output.path).collect();
        assert!(
            paths.is_empty(),
            "these were outdated and have been rewritten, please commit them: {paths:?}"
        );
    }

    #[test]
    fn no_file_is_written_twice() {
        let paths: BTreeSet<&str> = OUTPUTS.iter().map(|output| output.path).collect();
        assert_eq!(paths.len(), OUTPUTS.len());
    }
}
