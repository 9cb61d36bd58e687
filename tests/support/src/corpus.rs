//! The corpora: exchanges as sent on the wire, each with what it must count, and the configuration for that.
//!
//! `tests/data/README.md` describes the files; `tests/data/llm/README.md` and `tests/data/predict/README.md` describe
//! what an exchange must count. A malformed file is a mistake of its author: reading it panics with the file, the line,
//! and the problem.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{events, exchanges, message::Message, profile};

pub use crate::{
    events::End,
    exchanges::Exchange,
    expectation::{Expectation, Values},
};

/// A folder of `tests/data` with exchanges, and the defaults of its cases.
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

/// The type of the prediction where there is none.
const NONE: &str = "none";

/// The extension of a file of exchanges.
const EXCHANGES: &str = "exchanges";
/// The extensions of other files in the folder of a corpus.
const OTHERS: [&str; 2] = ["md", "py"];

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
    /// Where the events in the response's body end.
    pub event_ends: Vec<End>,
    /// What it must count.
    pub expected: Expectation,
}

impl Case {
    /// The dialect, which is the name of its file.
    #[must_use]
    pub fn dialect(&self) -> &str {
        exchanges::dialect_of(&self.name)
    }
}

impl Corpus {
    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(self.folder)
    }

    /// All exchanges, by dialect, in the order of each file.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        files(&self.folder()).iter().flat_map(|file| read(file)).collect()
    }

    /// All exchanges, each with its expectation and its configuration.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        self.exchanges().into_iter().map(|exchange| self.case(exchange)).collect()
    }

    fn case(&self, exchange: Exchange) -> Case {
        let Exchange { name, path, request, status, response, expected } = exchange;
        let expected =
            Expectation::from_json(&expected).unwrap_or_else(|what| panic!("{name}: {what}"));
        let event_ends = match &expected.event_ends {
            Some(ends) => ends.iter().copied().map(Some).collect(),
            None => events::ends(&response.body),
        };
        let config = self.config(&expected);
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
            model.insert(
                "profile".to_owned(),
                profile::profile(&columns, prediction, &expected.answer),
            );
        }
        let mut models = vec![Value::Object(model)];
        if !["m", "other"].contains(&&*expected.model) {
            models.push(json!({"name": expected.model}));
        }
        let mut config =
            json!({"models": models, "event_bytes_max": 4096, "tick_milliseconds": 60000});
        if let Some(dialect) = &expected.declared {
            let mut endpoint = json!({"path": "/*", "dialect": dialect, "model": "m"});
            for (field, value) in &expected.endpoint {
                endpoint[field] = value.clone();
            }
            config["endpoints"] = json!([endpoint]);
        }
        config.to_string()
    }
}

/// The files of exchanges in a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path();
        let end = file.extension().and_then(|end| end.to_str()).unwrap_or_default();
        if end == EXCHANGES {
            files.push(file);
        } else {
            assert!(
                OTHERS.contains(&end),
                "{}: expected exchanges in the file of their dialect, <dialect>.{EXCHANGES}",
                file.display()
            );
        }
    }
    files.sort();
    files
}

/// The exchanges of a file.
fn read(file: &Path) -> Vec<Exchange> {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let dialect = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    exchanges::parse(dialect, &text)
        .unwrap_or_else(|problem| panic!("{}:{}: {}", file.display(), problem.line, problem.what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{counts, delivery::Delivery, native::Native};

    /// The example in `tests/data/README.md` is an exchange that counts what it says.
    #[test]
    fn the_example_of_the_readme_holds() {
        let readme = include_str!("../../data/README.md");
        let example =
            readme.split_once("```text\n").unwrap().1.split_once("=== the_next").unwrap().0;
        let [exchange] = &exchanges::parse("openai_chat", example).unwrap()[..] else {
            panic!("{example}");
        };
        let case = LLM.case(exchange.clone());
        assert!(case.response.body.ends_with(b"[DONE]\n\n"));
        for delivery in [Delivery::by_event(&case), Delivery::by_byte(&case)] {
            let (found, _) = Native::new(&case.config).run(&case, &delivery).unwrap();
            assert_eq!(counts::problems(&case, &delivery, found), [""; 0], "{}", delivery.name);
        }
    }
}
