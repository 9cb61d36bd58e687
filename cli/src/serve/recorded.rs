//! What `driftline serve --record` writes down: which names, and what is said of those that it leaves out. It writes no
//! exchange.

use std::{collections::BTreeSet, fs, path::PathBuf};

use anyhow::{Context as _, ensure};
use driftline_inference::known::{generating, predicting};
use driftline_monitor::config::{Config, FEEDBACK_PATH};
use host_sim::{Recorder, RecorderOptions};
use serde_json::Value;

use super::say;

/// The options of recording.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Write every exchange to this new file, for `driftline replay`: times and sizes, and of headers, paths and queries
    /// what is known to hold no secret. Of everything else, the length.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Record bodies, too.
    #[arg(long, requires = "record")]
    record_bodies: bool,
    /// Record the value of this header, too, such as one that is a feature; may be repeated.
    #[arg(long, value_name = "NAME", requires = "record")]
    record_header: Vec<String>,
    /// Record this query parameter, too; may be repeated.
    #[arg(long, value_name = "NAME", requires = "record")]
    record_query: Vec<String>,
    /// Record this part of paths, too, such as the name of a model that the configuration does not list; may be repeated.
    ///
    /// The words of the dialects' paths, and what the configuration names, are always recorded.
    #[arg(long, value_name = "PATH", requires = "record")]
    record_path: Vec<String>,
}

impl Args {
    /// The recorder, if one was asked for.
    pub(super) fn recorder(&self, config: &[u8]) -> anyhow::Result<Option<Recorder>> {
        let Some(path) = &self.record else { return Ok(None) };
        for name in &self.record_header {
            let is_name =
                |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            ensure!(
                !name.is_empty() && name.bytes().all(is_name),
                "--record-header is {name:?}, it must be the name of a header, such as x-tier"
            );
        }
        let mut options = RecorderOptions::default();
        options.bodies = self.record_bodies;
        options.headers = self.record_header.iter().cloned().collect();
        options.query = self.record_query.iter().cloned().collect();
        options.paths = self.record_path.iter().cloned().chain(known_paths(config)).collect();
        for name in unrecorded(config, &options) {
            say(&format!(
                "the configuration reads the header `{name}`, whose values are not recorded; \
                 --record-header {name} records them"
            ));
        }
        let recorder = Recorder::create(path, &options);
        recorder.map(Some).with_context(|| {
            let is_empty = fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0);
            let advice = if is_empty { "; it is empty, so remove it" } else { "" };
            format!("--record: cannot make {}{advice}", path.display())
        })
    }

    /// Leaves no file without an exchange, which would refuse the next attempt, and says what is missing in one.
    pub(super) fn end(&self, recorder: Option<&Recorder>) -> anyhow::Result<()> {
        let (Some(path), Some(recorder)) = (&self.record, recorder) else { return Ok(()) };
        let missing = recorder.missing();
        if recorder.is_empty() {
            fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        ensure!(
            missing == 0,
            "--record: {missing} exchanges could not be written, and are missing in {}",
            path.display()
        );
        Ok(())
    }
}

/// Paths that hold no secret: those of the dialects, and what the configuration names.
fn known_paths(config: &[u8]) -> Vec<String> {
    let mut paths = vec![FEEDBACK_PATH.to_owned()];
    for dialect in generating().chain(predicting()) {
        paths.extend(dialect.paths().map(str::to_owned));
    }
    // It may be that of another filter.
    let Ok(config) = Config::from_json(config) else { return paths };
    for model in &config.models {
        let profile = model.profile.as_ref().and_then(|profile| profile.version.clone());
        paths.push(model.name.clone());
        paths.extend(model.version.iter().cloned().chain(profile));
    }
    let patterns = config.endpoints.iter().filter_map(|endpoint| endpoint.path.as_ref());
    paths.extend(patterns.map(|path| path.text().to_owned()));
    paths
}

/// The headers that a configuration reads and a recording does not have.
fn unrecorded(config: &[u8], options: &RecorderOptions) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Ok(config) = serde_json::from_slice(config) {
        headers(&config, &mut names);
    }
    let recorded = |name: &String| {
        let mut own = options
            .headers
            .iter()
            .map(String::as_str)
            .chain(RecorderOptions::HEADERS.iter().copied());
        own.any(|own| own.eq_ignore_ascii_case(name))
    };
    names.retain(|name| !recorded(name));
    names
}

/// All members `header` that are names. What a profile holds is never one.
fn headers(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(header) if name == "header" => drop(names.insert(header.clone())),
                    _ if name == "profile" => {}
                    _ => headers(value, names),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| headers(element, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_a_feature_is_named_unless_it_is_recorded() {
        let config =
            br#"{"models": [{"name": "rain", "features": [{"name": "t", "header": "x-tier"}],
            "segments": [{"header": "X-Region"}], "profile": {"header": "no"}}],
            "feedback": {"id": {"header": "x-request-id"}, "secret_header": "x-s"}}"#;
        let mut options = RecorderOptions::default();
        options.headers.insert("x-region".into());
        let names: Vec<String> = unrecorded(config, &options).into_iter().collect();
        assert_eq!(names, ["x-tier"]);
        assert!(unrecorded(b"no JSON", &options).is_empty());
    }

    #[test]
    fn names_of_the_configuration_are_known() {
        let config = br#"{"models": [{"name": "my-llm"}, {"name": "gpt-*"}],
            "endpoints": [{"path": "/team-a/*", "dialect": "openai_chat"}],
            "feedback": {"secret": "3fa1c7"}}"#;
        let paths = known_paths(config);
        for known in ["my-llm", "/team-a/*", "/chat/completions", "/models/{model}:generateContent"]
        {
            assert!(paths.iter().any(|path| path.ends_with(known)), "{known}: {paths:?}");
        }
        assert!(!paths.iter().any(|path| path.contains("3fa1c7")));
    }
}
