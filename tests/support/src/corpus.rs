//! The corpora: exchanges as they stand on the wire, each with what it must count, and the configuration for that.
//!
//! How the files look is said in `tests/data/llm/README.md` and `tests/data/predict/README.md`. A file that does not look
//! so is a mistake of its author: reading it panics with the file and what is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    events,
    message::{Message, entries},
    profile,
};

pub use crate::{
    events::End,
    expectation::{Expectation, Values},
};

/// A folder of `tests/data` with exchanges, and what its cases need not say.
#[derive(Debug)]
pub struct Corpus {
    folder: &'static str,
    /// The features of the profile, each with its type.
    columns: &'static [(&'static str, &'static str)],
    /// The type of the prediction; with neither, there is no profile.
    prediction: &'static str,
}

/// Exchanges with language models, which have no profile.
pub const LLM: Corpus = Corpus { folder: "llm", columns: &[], prediction: NONE };

/// Exchanges with models that predict.
pub const PREDICT: Corpus = Corpus {
    folder: "predict",
    columns: &[("a", "number"), ("b", "number"), ("c", "category")],
    prediction: "number",
};

/// How the type of a prediction is called that does not exist.
const NONE: &str = "none";

/// An exchange and its expectation.
#[derive(Debug)]
pub struct Case {
    /// Its dialect and its own name: `openai_chat/a_plain_stream`.
    pub name: String,
    /// The configuration under which it is counted.
    pub config: String,
    /// The request's path, query included.
    pub path: String,
    /// The request, without its first line.
    pub request: Message,
    /// The response's status.
    pub status: u16,
    /// The response, without its first line.
    pub response: Message,
    /// Where the events of the response's body end.
    pub event_ends: Vec<End>,
    /// What it must count.
    pub expected: Expectation,
}

impl Case {
    /// The folder that it lies in, which is that of its dialect.
    #[must_use]
    pub fn dialect(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

impl Corpus {
    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(self.folder)
    }

    /// All files of its cases, by dialect and name.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let dialects = entries(&self.folder()).into_iter().filter(|entry| entry.is_dir());
        dialects.flat_map(|dialect| entries(&dialect)).collect()
    }

    /// All cases, by name.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        const PARTS: [&str; 3] = ["json", "request", "response"];
        let mut parts: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
        for file in self.files() {
            let part = file.extension().and_then(|part| part.to_str()).unwrap_or_default();
            // What a binary body was made from.
            if part == "messages" {
                continue;
            }
            assert!(
                PARTS.contains(&part),
                "{}: a case has files that end with .{}",
                file.display(),
                PARTS.join(", .")
            );
            parts.entry(file.with_extension("")).or_default().insert(part.to_owned());
        }
        let lacking = parts.iter().flat_map(|(case, found)| {
            let missing = PARTS.iter().filter(|part| !found.contains(**part));
            missing.map(|part| format!("{}.{part} is missing", case.display()))
        });
        let lacking: Vec<String> = lacking.collect();
        assert!(lacking.is_empty(), "{}", lacking.join("\n"));
        parts.keys().map(|case| self.read(case)).collect()
    }

    fn read(&self, case: &Path) -> Case {
        let folder = case.parent().and_then(Path::file_name).unwrap_or_default();
        let name = Path::new(folder).join(case.file_name().unwrap_or_default());
        let (path, request) = Message::request(&case.with_extension("request"));
        let (status, response) = Message::response(&case.with_extension("response"));
        let expected = Expectation::read(&case.with_extension("json"));
        let event_ends = match &expected.event_ends {
            Some(ends) => ends.iter().copied().map(Some).collect(),
            None => events::ends(&response.body),
        };
        let (name, config) = (name.display().to_string(), self.config(&expected));
        Case { name, config, path, request, status, response, event_ends, expected }
    }

    /// The model `m`, and the one that is counted. Events beyond 4 KiB are large, so that no large file is needed.
    fn config(&self, expected: &Expectation) -> String {
        let owned = |(name, kind): &(&str, &str)| ((*name).to_owned(), (*kind).to_owned());
        let columns =
            expected.columns.clone().unwrap_or_else(|| self.columns.iter().map(owned).collect());
        let prediction = expected.prediction_type.as_deref().unwrap_or(self.prediction);
        let prediction = Some(prediction).filter(|kind| *kind != NONE);
        let mut model = expected.settings.clone();
        model.insert("name".to_owned(), json!("m"));
        if !columns.is_empty() || prediction.is_some() {
            model.insert("profile".to_owned(), profile::profile(&columns, prediction));
        }
        let mut models = vec![Value::Object(model)];
        if !["m", "other"].contains(&&*expected.model) {
            models.push(json!({"name": expected.model}));
        }
        let mut config =
            json!({"models": models, "event_bytes_max": 4096, "tick_milliseconds": 60000});
        if let Some(dialect) = &expected.declared {
            config["endpoints"] = json!([{"path": "/*", "dialect": dialect, "model": "m"}]);
        }
        config.to_string()
    }
}
